//! What counts once.

use std::slice::from_ref;

use super::record::{alive, content, put};
use super::rows::Key;
use super::store::Durable;
use crate::{SecretHash, Spent, StoreFuture};

impl Spent for Durable {
    fn spend(&self, hash: SecretHash, until: u64, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let key = Key::new("spent", hash.digits());
            self.step(from_ref(&key), now, |rows| {
                let row = rows[0].as_ref();
                match alive(row, now) {
                    Some(_) => Ok((false, vec![])),
                    None => Ok((true, vec![put(&key, row, content(&serde_json::json!({}), until)?)])),
                }
            })
            .await
        })
    }
}
