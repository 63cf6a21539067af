//! A record as the body of a row. What a newer release put there and this one does not know stays in it: its fields, not what it adds to
//! the inside of one. A release that has to add something there asks for its own [version](super::version) as the lowest.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::rows::{Before, Content, Key, MOST, Row, Write};
use crate::StoreError;

/// The record of a row.
///
/// # Errors
/// A body that is not such a record: a release that is too old for it, or a row that something else changed.
pub(super) fn read<T: DeserializeOwned>(row: &Row) -> Result<T, StoreError> {
    serde_json::from_str(&row.content.body).map_err(StoreError::new)
}

/// A new row of `record`, which nothing seals, in no group.
pub(super) fn content(record: &impl Serialize, forget_at: u64) -> Result<Content, StoreError> {
    let body = serde_json::to_string(record).map_err(StoreError::new)?;
    Ok(Content { body, sealed: None, groups: Vec::new(), rank: 0, forget_at: forget_at.min(MOST) })
}

/// `row` with `record` for the record in it. A field that can become nothing again is written as `null`, and never left out: what is left
/// out stays as it was.
pub(super) fn changed(row: &Row, record: &impl Serialize, forget_at: u64) -> Result<Content, StoreError> {
    let mut held: Map<String, Value> = read(row)?;
    if let Value::Object(known) = serde_json::to_value(record).map_err(StoreError::new)? {
        held.extend(known);
    }
    let body = Value::Object(held).to_string();
    Ok(Content { body, forget_at: forget_at.min(MOST), ..row.content.clone() })
}

/// The same where there may be no row yet.
pub(super) fn of(row: Option<&Row>, record: &impl Serialize, forget_at: u64) -> Result<Content, StoreError> {
    match row {
        Some(row) => changed(row, record, forget_at),
        None => content(record, forget_at),
    }
}

/// What a row that was read has to be when it is written.
pub(super) fn as_read(row: Option<&Row>) -> Before {
    row.map_or(Before::Absent, |row| Before::Stamp(row.stamp))
}

/// The row that was read becomes this.
pub(super) fn put(key: &Key, row: Option<&Row>, after: Content) -> Write {
    Write { key: key.clone(), before: as_read(row), after: Some(after) }
}

/// The row that was read is removed.
pub(super) fn removed(row: &Row) -> Write {
    Write { key: row.key.clone(), before: Before::Stamp(row.stamp), after: None }
}

/// The row goes, whatever it holds.
pub(super) fn gone(key: Key) -> Write {
    Write { key, before: Before::Any, after: None }
}

/// A row that has not ended.
pub(super) fn alive(row: Option<&Row>, now: u64) -> Option<&Row> {
    row.filter(|row| row.content.forget_at > now)
}
