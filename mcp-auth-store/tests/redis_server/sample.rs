//! A change of every kind of write, and whether it was done.

use mcp_auth_store::RedisRows;
use mcp_auth_store::durable::{Before, Change, Content, Key, Rows as _, Write};

pub(crate) fn content(body: &str, groups: &[&str]) -> Content {
    let groups = groups.iter().map(|&group| group.to_owned()).collect();
    Content { body: body.to_owned(), sealed: None, groups, rank: 1, forget_at: 50 }
}

pub(crate) fn write(id: &str, before: Before, after: Option<Content>) -> Write {
    Write { key: Key::new("things", id), before, after }
}

/// A change of every kind of write: to one row that is there, one that is new, and one that goes.
pub(crate) fn change(stamp: u64) -> Change {
    let writes = vec![
        write("goes", Before::Any, None),
        write("there", Before::Stamp(1), Some(content("after", &["h"]))),
        write("new", Before::Absent, Some(content("after", &["g", "h"]))),
    ];
    Change { writes, stamp }
}

/// Whether all of [`change`] was done, or nothing of it.
pub(crate) async fn was_done(rows: &RedisRows) -> bool {
    let keys = ["goes", "there", "new"].map(|id| Key::new("things", id)).to_vec();
    let bodies: Vec<_> = rows
        .read(keys)
        .await
        .expect("a step")
        .into_iter()
        .map(|row| row.map(|row| row.content.body))
        .collect();
    let bodies: Vec<_> = bodies.iter().map(Option::as_deref).collect();
    let groups =
        (rows.count("g".into(), 0).await.expect("a step"), rows.count("h".into(), 0).await.expect("a step"));
    let all = rows.page(None, 100).await.expect("a step").rows.len();
    match (&*bodies, groups, all) {
        ([Some("before"), Some("before"), None], (2, 0), 2) => false,
        ([None, Some("after"), Some("after")], (1, 2), 2) => true,
        other => panic!("a change was done by half: {other:?}"),
    }
}

pub(crate) async fn before(rows: &RedisRows) {
    let writes = ["goes", "there"].map(|id| write(id, Before::Absent, Some(content("before", &["g"]))));
    assert!(rows.commit(Change { writes: writes.to_vec(), stamp: 1 }).await.expect("a step"));
}
