//! The list of clients.

use mcp_auth_issuer::{ClientLine, ClientOrigin};

use crate::issuer::time::written;
use crate::terminal::{Cell, Table};

/// A row for each client.
pub(super) fn table(clients: &[ClientLine]) -> Table<7> {
    let heading = ["CLIENT", "KNOWN BY", "NAME", "ANSWERED AT", "PEOPLE", "GRANTS", "LAST USE"];
    let mut table = Table::headed(0, heading);
    for client in clients {
        let hosts: Vec<&str> = client.redirect_hosts.iter().map(String::as_str).collect();
        table.row([
            Cell::from(&client.client_id),
            Cell::from(known_by(client.origin)),
            Cell::from(client.name.as_deref().unwrap_or_default()),
            Cell::from(hosts.join(", ")),
            Cell::from(client.people.to_string()),
            Cell::from(client.grants.to_string()),
            Cell::from(client.last_used.map_or_else(|| "never".to_owned(), written)),
        ]);
    }
    table
}

fn known_by(origin: ClientOrigin) -> &'static str {
    match origin {
        ClientOrigin::Configured => "configuration",
        ClientOrigin::Registered => "registration",
        ClientOrigin::Document => "its document",
        ClientOrigin::Gone => "nothing any more",
    }
}
