//! A newer release that uses the same rows: what it writes has a field that this release does not know.

use mcp_auth_store::durable::{Before, Change, Key, Page, Row, Rows, Write};
use mcp_auth_store::{SqliteRows, StoreFuture};
use serde_json::{Map, Value};

/// The field that only the newer release knows.
const UNKNOWN: &str = "of_the_next_release";

/// Of these kinds a row that has ended is made anew: the one before is not changed.
const MADE_ANEW: [&str; 3] = ["spent", "tasks", "user_codes"];

/// Rows of which the newer release wrote each one first.
pub(crate) struct NextRelease(pub(crate) SqliteRows);

impl Rows for NextRelease {
    fn commit(&self, mut change: Change) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            for write in &mut change.writes {
                Self::as_the_newer_one(write);
            }
            self.0.commit(change).await
        })
    }

    fn read(&self, keys: Vec<Key>) -> StoreFuture<'_, Vec<Option<Row>>> {
        self.0.read(keys)
    }

    fn first_of(&self, group: String, most: usize) -> StoreFuture<'_, Vec<Row>> {
        self.0.first_of(group, most)
    }

    fn count(&self, group: String, from: u64) -> StoreFuture<'_, u64> {
        self.0.count(group, from)
    }

    fn sweep(&self, now: u64, most: usize) -> StoreFuture<'_, usize> {
        self.0.sweep(now, most)
    }

    fn page(&self, from: Option<String>, most: usize) -> StoreFuture<'_, Page> {
        self.0.page(from, most)
    }

    fn place(&self) -> String {
        self.0.place()
    }
}

impl NextRelease {
    /// A row that is new gets the field. Of one that is changed the field is there already, and this release has to leave it there.
    fn as_the_newer_one(write: &mut Write) {
        let Some(after) = &mut write.after else { return };
        let mut body: Map<String, Value> = serde_json::from_str(&after.body).expect("an object");
        match write.before {
            Before::Stamp(_) if !MADE_ANEW.contains(&&*write.key.kind) => {
                assert!(
                    body.contains_key(UNKNOWN),
                    "{:?} lost what it did not know: {}",
                    write.key,
                    after.body
                );
            }
            _ => {
                body.insert(UNKNOWN.to_owned(), "what this release does not know".into());
                after.body = Value::Object(body).to_string();
            }
        }
    }
}
