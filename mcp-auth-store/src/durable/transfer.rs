//! All rows of a store at once: copied to another store, or written to a backup and read back.
//!
//! A backup is text, one JSON value a line: what it is, each row, and how many there were, so that one that was cut off is noticed. What
//! is sealed stays encrypted with the key of its store.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write as Out};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::record::{content, gone, put};
use super::rows::{Content, Key, MOST, Row};
use super::store::Durable;
use super::vault::Unopened;
use super::version::{self, MIN_VERSION};
use super::{OpenError, sealing_keys};
use crate::StoreError;

/// So many rows are read and written at once.
const AT_ONCE: usize = 100;
/// The longest line of a backup, in bytes: several times what a row may be.
const LONGEST: u64 = 1024 * 1024;
/// What the first line of a backup says.
const FORMAT: &str = "mcp-auth store backup";

/// Why a store was not copied, backed up or restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// The store that would be filled holds something already.
    #[error("the store to fill is not empty: use one that was never used")]
    NotEmpty,
    /// It is not a backup, or not the whole of one.
    #[error("line {line} of the backup: {why}")]
    Backup {
        /// Which line, from 1.
        line: usize,
        /// What is wrong there.
        why: String,
    },
    /// Some of it is encrypted with a key that was not given.
    #[error(
        "it is encrypted with another key than those that are given: give that one too, as one from before"
    )]
    Key,
    /// A newer release wrote it.
    #[error(transparent)]
    Newer(OpenError),
    /// A file cannot be read or written.
    #[error("the backup cannot be read or written: {0}")]
    Io(#[from] io::Error),
    /// One of the stores could not do it.
    #[error("the store cannot do it: {}", .0.cause())]
    Store(StoreError),
}

impl From<StoreError> for TransferError {
    fn from(error: StoreError) -> Self {
        match error.cause().downcast_ref() {
            Some(Unopened::Key) => Self::Key,
            _ => Self::Store(error),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    format: String,
    min_version: i64,
}

#[derive(Serialize, Deserialize)]
struct Line {
    kind: String,
    id: String,
    body: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sealed: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    groups: Vec<String>,
    rank: u64,
    forget_at: u64,
}

#[derive(Serialize, Deserialize)]
struct Tail {
    rows: u64,
}

impl Durable {
    /// Copies all that has not ended at `now` (Unix seconds) to `to`, which holds nothing yet, and returns how many rows that were. What is
    /// sealed is encrypted with the keys of `to`. No server may use either of them meanwhile.
    ///
    /// # Errors
    /// [`TransferError`]; `to` may hold some of the rows then.
    pub async fn copy_to(&self, to: &Self, now: u64) -> Result<u64, TransferError> {
        to.begins_to_be_filled(now).await?;
        let (mut from, mut count) = (None, 0);
        loop {
            let page = self.rows.page(from, AT_ONCE).await?;
            let mut rows = Vec::with_capacity(page.rows.len());
            for row in page.rows {
                if row.content.forget_at > now && !is_the_stores_own(&row.key) {
                    rows.push((row.key.clone(), to.resealed(self, &row.key, row.content)?));
                }
            }
            count += to.fill(rows, now).await?;
            from = page.next;
            if from.is_none() {
                to.is_filled(now).await?;
                return Ok(count);
            }
        }
    }

    /// How many rows of each kind have not ended at `now` (Unix seconds).
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn census(&self, now: u64) -> Result<BTreeMap<String, u64>, StoreError> {
        let (mut from, mut census) = (None, BTreeMap::new());
        loop {
            let page = self.rows.page(from, AT_ONCE).await?;
            for Row { key, .. } in page.rows.into_iter().filter(|row| row.content.forget_at > now) {
                *census.entry(key.kind).or_default() += 1;
            }
            from = page.next;
            if from.is_none() {
                return Ok(census);
            }
        }
    }

    /// Writes all that has not ended at `now` (Unix seconds) to `out`, and returns how many rows that were. Servers may go on meanwhile:
    /// each row is as it was at some moment of it.
    ///
    /// # Errors
    /// [`TransferError`]; `out` holds no whole backup then.
    pub async fn backup(&self, out: &mut (dyn Out + Send), now: u64) -> Result<u64, TransferError> {
        line(out, &Head { format: FORMAT.to_owned(), min_version: MIN_VERSION })?;
        let (mut from, mut rows) = (None, 0);
        loop {
            let page = self.rows.page(from, AT_ONCE).await?;
            for Row { key, content, .. } in page.rows {
                if content.forget_at <= now || is_the_stores_own(&key) {
                    continue;
                }
                let Content { body, sealed, groups, rank, forget_at } = content;
                let sealed = sealed.map(|sealed| STANDARD.encode(sealed));
                line(out, &Line { kind: key.kind, id: key.id, body, sealed, groups, rank, forget_at })?;
                rows += 1;
            }
            from = page.next;
            if from.is_none() {
                line(out, &Tail { rows })?;
                out.flush()?;
                return Ok(rows);
            }
        }
    }

    /// Fills this store, which holds nothing yet, with what [`backup`](Self::backup) wrote and has not ended at `now` (Unix seconds), and
    /// returns how many rows that were. What is sealed there has to be encrypted with one of the keys of this store. The whole backup is
    /// looked through by `open` before anything is written, and opened again to be restored.
    ///
    /// # Errors
    /// [`TransferError`]; nothing was written where the backup itself is wrong.
    pub async fn restore<R: BufRead + Send>(
        &self,
        mut open: impl FnMut() -> io::Result<R>,
        now: u64,
    ) -> Result<u64, TransferError> {
        self.is_to_be_filled().await?;
        for row in Rows::of(open()?)? {
            let (key, content) = row?;
            self.resealed(self, &key, content)?;
        }
        self.begins_to_be_filled(now).await?;
        let (mut rows, mut count) = (Vec::new(), 0);
        for row in Rows::of(open()?)? {
            let (key, content) = row?;
            if content.forget_at > now {
                let content = self.resealed(self, &key, content)?;
                rows.push((key, content));
            }
            if rows.len() == AT_ONCE {
                count += self.fill(std::mem::take(&mut rows), now).await?;
            }
        }
        count += self.fill(rows, now).await?;
        self.is_filled(now).await?;
        Ok(count)
    }

    /// From here on no server starts with it until it is filled.
    async fn begins_to_be_filled(&self, now: u64) -> Result<(), TransferError> {
        self.is_to_be_filled().await?;
        let marker = content(&serde_json::json!({}), MOST)?;
        match self.commit(vec![put(&filling(), None, marker)], now).await? {
            true => Ok(()),
            false => Err(TransferError::NotEmpty),
        }
    }

    async fn is_filled(&self, now: u64) -> Result<(), TransferError> {
        self.commit(vec![gone(filling())], now).await?;
        Ok(())
    }

    /// Whether it holds nothing but what it made itself as it was opened.
    async fn is_to_be_filled(&self) -> Result<(), TransferError> {
        let mut from = None;
        loop {
            let page = self.rows.page(from, 2).await?;
            if page.rows.iter().any(|row| !is_the_stores_own(&row.key)) {
                return Err(TransferError::NotEmpty);
            }
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    /// `content` of the row `key` of `from`, encrypted with the key of this store.
    fn resealed(&self, from: &Self, key: &Key, content: Content) -> Result<Content, StoreError> {
        let secret = content.sealed.as_deref().map(|sealed| from.unseal(key, Some(sealed))).transpose()?;
        let sealed = secret.map(|secret| self.seal(key, &secret)).transpose()?;
        Ok(Content { sealed, ..content })
    }

    async fn fill(&self, rows: Vec<(Key, Content)>, now: u64) -> Result<u64, TransferError> {
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        let writes: Vec<_> = rows.into_iter().map(|(key, content)| put(&key, None, content)).collect();
        match writes.is_empty() || self.commit(writes, now).await? {
            true => Ok(count),
            false => Err(TransferError::NotEmpty),
        }
    }
}

/// The row that is there while a store is filled: until all of it is there, it is not a store.
pub(super) fn filling() -> Key {
    Key::new("transfers", "filling")
}

/// The row by which a store knows its own key.
fn is_the_stores_own(key: &Key) -> bool {
    *key == sealing_keys::tried()
}

fn line(out: &mut (dyn Out + Send), value: &impl Serialize) -> Result<(), TransferError> {
    let mut text = serde_json::to_string(value).map_err(io::Error::other)?;
    text.push('\n');
    Ok(out.write_all(text.as_bytes())?)
}

/// The rows of a backup, in their order, and at last whether those were all.
struct Rows<R> {
    from: R,
    line: usize,
    rows: u64,
    is_over: bool,
}

impl<R: BufRead> Rows<R> {
    fn of(from: R) -> Result<Self, TransferError> {
        let mut rows = Self { from, line: 0, rows: 0, is_over: false };
        let head: Option<Head> = rows.next_line()?.and_then(|text| serde_json::from_str(&text).ok());
        match head.filter(|head| head.format == FORMAT) {
            Some(head) => version::admit(head.min_version).map_err(TransferError::Newer)?,
            None => return Err(rows.wrong("this is not a backup of a store")),
        }
        Ok(rows)
    }

    fn next_line(&mut self) -> Result<Option<String>, TransferError> {
        let mut text = String::new();
        self.line += 1;
        let read = io::Read::take(&mut self.from, LONGEST).read_line(&mut text);
        match read {
            Ok(0) => Ok(None),
            Ok(_) if !text.ends_with('\n') => Err(self.wrong("it ends in the middle, or is too long")),
            Ok(_) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(self.wrong("it is not text")),
            Err(error) => Err(error.into()),
        }
    }

    fn wrong(&self, why: impl Into<String>) -> TransferError {
        TransferError::Backup { line: self.line, why: why.into() }
    }

    fn row(&mut self) -> Result<Option<(Key, Content)>, TransferError> {
        let cut = "the backup was cut off: its last line is missing";
        let Some(text) = self.next_line()? else { return Err(self.wrong(cut)) };
        if let Ok(Tail { rows }) = serde_json::from_str(&text) {
            return match rows == self.rows && self.next_line()?.is_none() {
                true => Ok(None),
                false => Err(self.wrong("the backup does not hold as many rows as it says")),
            };
        }
        // What stands in a row is not for an error.
        let Ok(line) = serde_json::from_str::<Line>(&text) else {
            return Err(self.wrong("this is not a row"));
        };
        self.rows += 1;
        let sealed = line.sealed.map(|sealed| STANDARD.decode(sealed)).transpose();
        let sealed = sealed.map_err(|_| self.wrong("what is sealed is not base64"))?;
        let Line { kind, id, body, groups, rank, forget_at, .. } = line;
        Ok(Some((Key { kind, id }, Content { body, sealed, groups, rank, forget_at })))
    }
}

impl<R: BufRead> Iterator for Rows<R> {
    type Item = Result<(Key, Content), TransferError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = self.row();
        self.is_over = !matches!(row, Ok(Some(_)));
        row.transpose()
    }
}
