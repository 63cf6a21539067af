//! Calls that wait for their person. Their arguments are encrypted.

use std::slice::from_ref;

use serde::{Deserialize, Serialize};

use super::record::{alive, changed, content, put, read, removed};
use super::rows::{Content, Key, Row};
use super::store::Durable;
use crate::{Answer, Confirmation, Confirmations, MOST_WAITING, SecretHash, StoreError, StoreFuture, Taken};

/// A call, without its arguments.
#[derive(Serialize, Deserialize)]
struct Asked {
    subject: String,
    client_id: Option<String>,
    tool: String,
    connects: Option<String>,
    expires_at: u64,
    answer: Option<Answer>,
}

fn key(id: SecretHash) -> Key {
    Key::new("confirmations", id.digits())
}

/// The calls of one person that wait, by the time at which they end.
fn waiting(subject: &str) -> String {
    format!("confirmations of {subject}")
}

/// The same, of calls that wait for an account.
fn waiting_for_account(subject: &str) -> String {
    format!("connections of {subject}")
}

impl Confirmations for Durable {
    fn ask(&self, id: SecretHash, confirmation: Confirmation, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let Confirmation { subject, client_id, tool, connects, arguments, expires_at } = confirmation;
            let group = match connects {
                None => waiting(&subject),
                Some(_) => waiting_for_account(&subject),
            };
            let at_most = u64::try_from(MOST_WAITING).unwrap_or(u64::MAX);
            if self.rows.count(group.clone(), now.saturating_add(1)).await? >= at_most {
                return Ok(false);
            }
            let key = key(id);
            let sealed = Some(self.seal(&key, arguments.as_bytes())?);
            let asked = Asked { subject, client_id, tool, connects, expires_at, answer: None };
            let kept = content(&asked, expires_at)?;
            let kept = Content { sealed, groups: vec![group], rank: kept.forget_at, ..kept };
            self.step(from_ref(&key), now, |rows| Ok((true, vec![put(&key, rows[0].as_ref(), kept.clone())])))
                .await
        })
    }

    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Confirmation>> {
        Box::pin(async move {
            let row = self.row(key(id)).await?;
            let Some(row) = alive(row.as_ref(), now) else { return Ok(None) };
            let Asked { subject, client_id, tool, connects, expires_at, answer } = read(row)?;
            if answer.is_some() {
                return Ok(None);
            }
            let arguments = self.unseal(&row.key, row.content.sealed.as_deref())?;
            let arguments = String::from_utf8(arguments).map_err(StoreError::new)?;
            Ok(Some(Confirmation { subject, client_id, tool, connects, arguments, expires_at }))
        })
    }

    fn answer(&self, id: SecretHash, answer: Answer, now: u64) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            self.step(&[key(id)], now, |rows| {
                let Some(row) = alive(rows[0].as_ref(), now) else { return Ok((false, vec![])) };
                let asked: Asked = read(row)?;
                if asked.answer.is_some() {
                    return Ok((false, vec![]));
                }
                // It waits no longer, so it makes room for another one.
                let answered = Asked { answer: Some(answer), ..asked };
                let answered = Content { groups: vec![], ..changed(row, &answered, row.content.forget_at)? };
                Ok((true, vec![put(&row.key, Some(row), answered)]))
            })
            .await
        })
    }

    fn take(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Taken> {
        Box::pin(async move {
            self.step(&[key(id)], now, |rows| {
                let answer = |row: &Row| read::<Asked>(row).map(|asked| asked.answer);
                match rows[0].as_ref() {
                    None => Ok((Taken::Gone, vec![])),
                    Some(row) if alive(Some(row), now).is_none() => Ok((Taken::Gone, vec![])),
                    Some(row) => match answer(row)? {
                        None => Ok((Taken::Waiting, vec![])),
                        Some(answer) => Ok((Taken::Answered(answer), vec![removed(row)])),
                    },
                }
            })
            .await
        })
    }

    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.forget_group(waiting(subject), now).await?;
            self.forget_group(waiting_for_account(subject), now).await
        })
    }
}
