//! The clients of which something is kept.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::record::{alive, gone, read};
use super::rows::Row;
use super::store::Durable;
use super::{clients, codes, device_codes};
use crate::aggregate::CONSENT_MEMORY;
use crate::{Client, Grant, KnownClients, ListedClient, StoreError, StoreFuture};

/// So many rows are read at once.
const AT_ONCE: usize = 500;

/// What somebody allowed, as far as it is looked at here.
#[derive(Deserialize)]
struct Consent {
    client_id: String,
    #[serde(default)]
    is_ended: bool,
}

impl KnownClients for Durable {
    fn list(&self, now: u64) -> StoreFuture<'_, Vec<ListedClient>> {
        Box::pin(async move {
            let mut known = BTreeMap::<String, ListedClient>::new();
            // A row may be on two pages.
            let (mut from, mut seen) = (None, HashSet::new());
            loop {
                let page = self.rows.page(from, AT_ONCE).await?;
                for row in page.rows.iter().filter_map(|row| alive(Some(row), now)) {
                    let is_counted = matches!(&*row.key.kind, "clients" | "grants" | "consents");
                    if is_counted && seen.insert((row.key.kind.clone(), row.key.id.clone())) {
                        add(&mut known, row)?;
                    }
                }
                from = page.next;
                if from.is_none() {
                    return Ok(known.into_values().collect());
                }
            }
        })
    }

    fn end_codes<'a>(&'a self, client_id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let mut from = None;
            loop {
                let page = self.rows.page(from, AT_ONCE).await?;
                let mut writes = Vec::new();
                for row in &page.rows {
                    let is_theirs = match &*row.key.kind {
                        "codes" => matches!(codes::of_client(row, client_id)?, Some(codes::Use::Unused)),
                        "device_codes" => device_codes::is_of_client(row, client_id)?,
                        _ => false,
                    };
                    // One that was redeemed meanwhile goes too: its grant ends with those of its client.
                    writes.extend(is_theirs.then(|| gone(row.key.clone())));
                }
                if !writes.is_empty() {
                    self.commit(writes, now).await?;
                }
                from = page.next;
                if from.is_none() {
                    return Ok(());
                }
            }
        })
    }
}

/// What a row says of a client.
fn add(known: &mut BTreeMap<String, ListedClient>, row: &Row) -> Result<(), StoreError> {
    let mut of = |client_id: &str, tell: &dyn Fn(&mut ListedClient)| {
        tell(known.entry(client_id.to_owned()).or_insert_with_key(|id| ListedClient::new(id)));
    };
    match &*row.key.kind {
        "clients" => {
            let client: Client = read(row)?;
            of(&client.id, &|known| {
                known.registered = Some(client.clone());
                if clients::is_used(row) {
                    known.used(row.content.rank);
                }
            });
        }
        "grants" => {
            let grant: Grant = read(row)?;
            of(&grant.client_id, &|known| known.granted(&grant.redirect_uri, grant.last_used));
        }
        _ => {
            let Consent { client_id, is_ended } = read(row)?;
            // The step that allows something sets this time, and no other does.
            let at = row.content.forget_at.saturating_sub(CONSENT_MEMORY);
            of(&client_id, &|known| {
                known.people += u64::from(!is_ended);
                known.used(at);
            });
        }
    }
    Ok(())
}
