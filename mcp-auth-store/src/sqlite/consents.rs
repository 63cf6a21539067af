//! Consents in SQLite: they are removed together with their client.

use mcp_auth_core::ScopeSet;
use rusqlite::{OptionalExtension as _, params};

use super::columns::Scopes;
use super::store::SqliteStore;
use crate::{Consents, StoreFuture};

impl Consents for SqliteStore {
    fn allowed<'a>(&'a self, subject: &'a str, client_id: &'a str) -> StoreFuture<'a, ScopeSet> {
        let (subject, client_id) = (subject.to_owned(), client_id.to_owned());
        Box::pin(self.thread.read(move |step| {
            let mut find =
                step.prepare_cached("SELECT scopes FROM consents WHERE client_id = ?1 AND subject = ?2")?;
            let scopes = find.query_row(params![client_id, subject], |row| row.get::<_, Scopes>(0));
            Ok(scopes.optional()?.map(|scopes| scopes.0).unwrap_or_default())
        }))
    }

    fn any<'a>(&'a self, client_id: &'a str) -> StoreFuture<'a, bool> {
        let client_id = client_id.to_owned();
        Box::pin(self.thread.read(move |step| {
            step.prepare_cached("SELECT 1 FROM consents WHERE client_id = ?1")?.exists([client_id])
        }))
    }
}
