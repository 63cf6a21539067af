//! Rows in Redis: each change is one script.

use redis::{RedisResult, pipe};

use super::connect::RedisRows;
use crate::durable::{Before, Change, Content, Key, MOST, Page, Row, Rows};
use crate::{StoreError, StoreFuture};

/// The fields of a row, in the order in which [`row`] and `listed.lua` read them.
const FIELDS: [&str; 6] = ["body", "sealed", "groups", "rank", "forget_at", "stamp"];

/// The values of the fields of a row; `None` where it has none.
type Held = Vec<Option<Vec<u8>>>;

impl Rows for RedisRows {
    fn read(&self, keys: Vec<Key>) -> StoreFuture<'_, Vec<Option<Row>>> {
        Box::pin(async move {
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let mut reads = pipe();
            for key in &keys {
                reads.cmd("HMGET").arg(self.key_of_row(key)).arg(&FIELDS);
            }
            let all: Vec<Held> =
                self.link.run(async |mut server| reads.query_async(&mut server).await).await?;
            if all.len() != keys.len() {
                return Err(StoreError::new("the server answers something else than what was asked"));
            }
            keys.into_iter().zip(all).map(|(key, held)| row(key, held)).collect()
        })
    }

    fn commit(&self, change: Change) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            if change.writes.is_empty() {
                return Ok(true);
            }
            let mut commit = self.scripts.commit.prepare_invoke();
            commit.arg(&*self.link.place.base).arg(change.stamp).arg(MOST);
            for write in &change.writes {
                commit.key(self.key_of_row(&write.key)).arg(member(&write.key));
                match write.before {
                    Before::Any => commit.arg("any"),
                    Before::Absent => commit.arg("absent"),
                    Before::Stamp(stamp) => commit.arg(stamp),
                };
                let Some(Content { body, sealed, groups, rank, forget_at }) = &write.after else {
                    commit.arg("gone");
                    continue;
                };
                let written = serde_json::to_string(groups).map_err(StoreError::new)?;
                commit.arg("put").arg(body).arg(written).arg(*rank).arg(*forget_at);
                commit.arg(if sealed.is_some() { "sealed" } else { "" });
                commit.arg(sealed.as_deref().unwrap_or_default()).arg(groups.len());
                for group in groups {
                    commit.arg(group);
                }
            }
            let done: i64 = self.link.run(async |mut server| commit.invoke_async(&mut server).await).await?;
            Ok(done == 1)
        })
    }

    fn first_of(&self, group: String, most: usize) -> StoreFuture<'_, Vec<Row>> {
        Box::pin(async move {
            let set = self.key_of_group(&group);
            Ok(self.listed(set, "ranked", "-inf", most).await?.rows)
        })
    }

    fn count(&self, group: String, from: u64) -> StoreFuture<'_, u64> {
        Box::pin(async move {
            let mut count = redis::cmd("ZCOUNT");
            count.arg(self.key_of_group(&group)).arg(from).arg("+inf");
            Ok(self.link.run(async |mut server| count.query_async(&mut server).await).await?)
        })
    }

    fn sweep(&self, now: u64, most: usize) -> StoreFuture<'_, usize> {
        Box::pin(async move {
            let mut sweep = self.scripts.sweep.prepare_invoke();
            sweep.key(self.key("ends"));
            sweep.arg(&*self.link.place.base).arg(now.min(MOST)).arg(limit(most));
            Ok(self.link.run(async |mut server| sweep.invoke_async(&mut server).await).await?)
        })
    }

    fn page(&self, from: Option<String>, most: usize) -> StoreFuture<'_, Page> {
        Box::pin(async move {
            // By name, and not by a cursor of the server: that one means nothing to a server that was restarted.
            let after = from.map_or_else(|| "-".to_owned(), |last| format!("({last}"));
            let Listed { rows, last, all } = self.listed(self.key("rows"), "named", &after, most).await?;
            Ok(Page { rows, next: last.filter(|_| all == most) })
        })
    }

    fn place(&self) -> String {
        self.link.place.to_string()
    }

    fn trouble(&self) -> StoreFuture<'_, Vec<String>> {
        Box::pin(self.found())
    }
}

/// Rows of a set.
struct Listed {
    rows: Vec<Row>,
    /// The last member.
    last: Option<String>,
    /// How many members there were.
    all: usize,
}

impl RedisRows {
    async fn listed(&self, set: String, by: &str, from: &str, most: usize) -> Result<Listed, StoreError> {
        let mut list = self.scripts.listed.prepare_invoke();
        list.key(set).arg(&*self.link.place.base).arg(by).arg(from).arg(limit(most));
        let listed =
            async |mut server| -> RedisResult<Vec<(String, Held)>> { list.invoke_async(&mut server).await };
        let listed = self.link.run(listed).await?;
        let (last, all) = (listed.last().map(|(member, _)| member.clone()), listed.len());
        let mut rows = Vec::with_capacity(all);
        for (member, held) in listed {
            let (id, kind) = member
                .split_once('\0')
                .ok_or_else(|| StoreError::new("a set of the store holds something that is not a row"))?;
            rows.extend(row(Key::new(kind, id), held)?);
        }
        Ok(Listed { rows, last, all })
    }
}

/// What stands for a row in a set. Members of one rank are in the order of their bytes: that of their identifiers.
fn member(key: &Key) -> String {
    format!("{}\0{}", key.id, key.kind)
}

fn row(key: Key, held: Held) -> Result<Option<Row>, StoreError> {
    let fault = || StoreError::new("a row of the store was changed by something else");
    let Ok([body, sealed, groups, rank, forget_at, stamp]) = <[_; 6]>::try_from(held) else {
        return Err(fault());
    };
    let Some(stamp) = stamp else { return Ok(None) };
    let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.ok_or_else(fault)?).map_err(StoreError::new);
    let number = |bytes| text(bytes)?.parse::<u64>().map_err(StoreError::new);
    let groups = serde_json::from_str(&text(groups)?).map_err(StoreError::new)?;
    let (rank, forget_at) = (number(rank)?, number(forget_at)?);
    let content = Content { body: text(body)?, sealed, groups, rank, forget_at };
    Ok(Some(Row { key, content, stamp: number(Some(stamp))? }))
}

/// The server's numbers are signed.
fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
