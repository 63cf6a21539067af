//! Clients in SQLite.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::columns::{Hash, Json, Scopes};
use super::store::SqliteStore;
use crate::{Client, Clients, GrantTypes, StoreFuture};

/// So many clients are kept. Anyone can register one.
const MOST_CLIENTS: i64 = 10_000;

impl Clients for SqliteStore {
    fn register(&self, client: Client) -> StoreFuture<'_, ()> {
        Box::pin(self.thread.step(move |step| {
            step.execute("DELETE FROM clients WHERE id = ?1", [&client.id])?;
            make_room(step)?;
            let (refresh, scopes) = match &client.grant_types {
                GrantTypes::AuthorizationCode { refresh } => (Some(*refresh), None),
                GrantTypes::ClientCredentials { scopes } => (None, Some(Scopes(scopes.clone()))),
            };
            let mut insert = step.prepare_cached(
                "INSERT INTO clients (id, name, redirect_uris, refresh, scopes, secret, last_used)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT coalesce(max(last_used), 0) + 1 FROM clients))",
            )?;
            let (uris, secret) = (Json(&client.redirect_uris), client.secret.map(Hash));
            insert.execute(params![client.id, client.name, uris, refresh, scopes, secret]).map(drop)
        }))
    }

    fn find<'a>(&'a self, id: &'a str) -> StoreFuture<'a, Option<Client>> {
        let id = id.to_owned();
        Box::pin(self.thread.read(move |step| {
            let mut find = step.prepare_cached(
                "SELECT name, redirect_uris, refresh, scopes, secret FROM clients WHERE id = ?1",
            )?;
            let client = |row: &rusqlite::Row<'_>| {
                let grant_types = match row.get::<_, Option<Scopes>>(3)? {
                    Some(Scopes(scopes)) => GrantTypes::ClientCredentials { scopes },
                    None => GrantTypes::AuthorizationCode {
                        refresh: row.get::<_, Option<bool>>(2)? == Some(true),
                    },
                };
                let Json(redirect_uris) = row.get(1)?;
                let secret = row.get::<_, Option<Hash>>(4)?.map(|hash| hash.0);
                Ok(Client { id: id.clone(), name: row.get(0)?, redirect_uris, grant_types, secret })
            };
            find.query_row([&id], client).optional()
        }))
    }
}

/// Where there are too many, the one goes that was used longest ago; first those that nobody ever allowed anything.
fn make_room(step: &Transaction<'_>) -> rusqlite::Result<()> {
    let count: i64 = step.prepare_cached("SELECT count(*) FROM clients")?.query_row([], |row| row.get(0))?;
    if count < MOST_CLIENTS {
        return Ok(());
    }
    // In the order of the index, so that none of the others is read.
    let mut unused = step.prepare_cached(
        "DELETE FROM clients WHERE id = (SELECT id FROM clients
         WHERE NOT EXISTS (SELECT 1 FROM consents WHERE client_id = clients.id) ORDER BY last_used LIMIT 1)",
    )?;
    if unused.execute([])? == 0 {
        let mut oldest = step.prepare_cached(
            "DELETE FROM clients WHERE id = (SELECT id FROM clients ORDER BY last_used LIMIT 1)",
        )?;
        oldest.execute([])?;
    }
    Ok(())
}
