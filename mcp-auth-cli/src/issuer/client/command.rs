//! The subcommands of `mcp-auth issuer client`.

use std::process::ExitCode;

use mcp_auth_issuer::{ClientLine, ClientOrigin, Clients};
use mcp_auth_runtime::config::Config;

use super::listing;
use crate::Failure;
use crate::configuration::Configuration;
use crate::issuer::opened::{Opened, opened};
use crate::terminal::{Terminal, json};

/// Manages the clients of the built-in issuer: those of the configuration, those that registered, and those that describe themselves.
///
/// What is kept of them is in the store that the configuration names. The server may run meanwhile.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    configuration: Configuration,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(List),
    Remove(Remove),
}

/// Shows every client that the configuration names, that registered, or that somebody allowed something.
///
/// What a client says of itself proves nothing. Of one that describes itself, the host of its URL is who publishes it.
#[derive(Debug, clap::Args)]
struct List {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Removes a client, and ends all that people allowed it.
///
/// Its registration, codes and grants end, what people said need not be asked again is asked again, and its access tokens are revoked: at once
/// on the servers of this store, within `store.revocation_lag`.
#[derive(Debug, clap::Args)]
struct Remove {
    /// Its identifier, as `mcp-auth issuer client list` shows it.
    client_id: String,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    opened(&arguments.configuration, async |Opened { config, store, ambient }| {
        let clients = match config.built_in_issuer() {
            Some(issuer) => Clients::configured(store, ambient, issuer),
            None => Clients::new(store, ambient),
        };
        match &arguments.command {
            Command::List(List { json: as_json }) => {
                let listed = clients.list().await?;
                match as_json {
                    true => terminal.line(json(&listed)?),
                    false => terminal.table(&listing::table(&listed)),
                }
            }
            Command::Remove(Remove { client_id }) => {
                let removed = clients.remove(client_id).await;
                let removed = removed.map_err(|error| format!("{client_id:?}: {error}"))?;
                terminal.line(format_args!("{client_id:?} is removed, and its access tokens are revoked"));
                if let Some(how) = back(&removed, &config) {
                    terminal.note(format_args!("note: {how}"));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// How a client that was removed can come back, and what prevents it.
fn back(removed: &ClientLine, config: &Config) -> Option<String> {
    let (id, issuer) = (&removed.client_id, config.resource().origin().to_string());
    match removed.origin {
        ClientOrigin::Configured => Some(format!(
            "{id:?} is in issuer.clients, so it can come back: take it out there, and restart the servers."
        )),
        ClientOrigin::Registered => Some(
            "it can register again, as another client. With issuer.registration.open = false nobody registers without a token of yours."
                .to_owned(),
        ),
        ClientOrigin::Document => Some(format!(
            "{id:?} describes itself, so people can allow it something again. To keep it out, add [[auth.deny]] with client = {id:?} and \
             issuer = {issuer:?}; issuer.client_documents.enabled = false keeps out all that describe themselves."
        )),
        // Nothing lets it in.
        ClientOrigin::Gone => None,
    }
}
