//! Browsers in which a person is logged in.

use super::people;
use super::record::{alive, changed, content, gone, put, read};
use super::rows::{Before, Key, Write};
use super::store::Durable;
use crate::{Browser, BrowserSessions, SecretHash, StoreFuture};

fn key(id: SecretHash) -> Key {
    Key::new("browser_sessions", id.digits())
}

/// The logins of one person.
fn group(subject: &str) -> String {
    format!("browser_sessions of {subject}")
}

impl BrowserSessions for Durable {
    fn begin(
        &self,
        before: Option<SecretHash>,
        id: SecretHash,
        browser: Browser,
        now: u64,
    ) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut kept = content(&browser, browser.expires_at)?;
            kept.groups = vec![group(&browser.subject)];
            kept.rank = kept.forget_at;
            let begun = Write { key: key(id), before: Before::Any, after: Some(kept) };
            let ended = before.filter(|before| *before != id).map(|before| gone(key(before)));
            let person = [people::key(&browser.subject)];
            let known = self.rows.read(person.to_vec()).await?;
            if people::is_known(known.first().and_then(Option::as_ref), &browser, now)? {
                return self.commit([begun].into_iter().chain(ended).collect(), now).await.map(drop);
            }
            self.step(&person, now, |rows| {
                let person = people::logged_in(rows[0].as_ref(), &browser, now)?;
                Ok(((), [person, begun.clone()].into_iter().chain(ended.clone()).collect()))
            })
            .await
        })
    }

    fn find(&self, id: SecretHash, now: u64) -> StoreFuture<'_, Option<Browser>> {
        Box::pin(async move { alive(self.row(key(id)).await?.as_ref(), now).map(read).transpose() })
    }

    fn answered(&self, id: SecretHash, request: SecretHash, now: u64) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.step(&[key(id)], now, |rows| {
                let Some(row) = alive(rows[0].as_ref(), now) else { return Ok(((), vec![])) };
                let Some(after) = read::<Browser>(row)?.after(request) else { return Ok(((), vec![])) };
                Ok(((), vec![put(&row.key, Some(row), changed(row, &after, row.content.forget_at)?)]))
            })
            .await
        })
    }

    fn end(&self, id: SecretHash) -> StoreFuture<'_, ()> {
        Box::pin(async move { self.commit(vec![gone(key(id))], 0).await.map(drop) })
    }

    fn end_of_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.forget_group(group(subject), now).await })
    }
}
