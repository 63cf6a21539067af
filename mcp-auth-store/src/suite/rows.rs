//! Promises of [`Rows`], which every database keeps.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::race::at_once;
use crate::durable::{Before, Change, Content, Key, MOST, Rows, Write};

type Fresh = Arc<dyn Rows>;

fn content(body: &str) -> Content {
    Content { body: body.to_owned(), sealed: None, groups: vec![], rank: 0, forget_at: MOST }
}

fn write(id: &str, before: Before, after: Option<Content>) -> Write {
    Write { key: Key::new("things", id), before, after }
}

async fn done(rows: &Fresh, stamp: u64, writes: Vec<Write>) -> bool {
    rows.commit(Change { writes, stamp }).await.unwrap()
}

async fn body(rows: &Fresh, id: &str) -> Option<String> {
    let read = rows.read(vec![Key::new("things", id)]).await.unwrap();
    assert_eq!(read.len(), 1);
    read.into_iter().next().unwrap().map(|row| row.content.body)
}

/// Every part of it, of any text and at both ends of each number, and in the order in which it is asked.
pub async fn what_was_written_is_read_as_it_was(rows: Fresh) {
    let full = Content {
        body: "{\"name\":\"m\u{131}lk \u{1f95b} ' \\\" % ; --\"}".to_owned(),
        sealed: Some((0..=255).collect()),
        groups: vec!["of a".to_owned(), "of \u{1f95b}'; --".to_owned()],
        rank: MOST,
        forget_at: MOST,
    };
    let small = Content { rank: 0, forget_at: 0, sealed: Some(vec![]), ..content("{}") };
    let odd = "an id: {with} 'odd' \"text\" * ? [\u{1f95b}] \\ \n";
    let last = (1 << 63) - 1;
    assert!(
        done(
            &rows,
            last,
            vec![write(odd, Before::Absent, Some(full.clone())), write("", Before::Any, Some(small.clone()))]
        )
        .await
    );
    let keys = ["", "absent", odd].map(|id| Key::new("things", id)).to_vec();
    let read = rows.read(keys.clone()).await.unwrap();
    assert_eq!(
        read[0].as_ref().map(|row| (&row.key, &row.content, row.stamp)),
        Some((&keys[0], &small, last))
    );
    assert_eq!(read[1], None);
    assert_eq!(
        read[2].as_ref().map(|row| (&row.key, &row.content, row.stamp)),
        Some((&keys[2], &full, last))
    );
    assert_eq!(rows.read(vec![Key::new("others", odd)]).await.unwrap(), [None], "of its kind alone");
    assert_eq!(rows.read(vec![]).await.unwrap(), []);
}

/// A row that is not what it has to be stops the change, and one that may be anything does not.
pub async fn a_row_is_changed_where_it_is_what_it_has_to_be(rows: Fresh) {
    let one = |before, after: Option<&str>| vec![write("a", before, after.map(content))];
    assert!(!done(&rows, 1, one(Before::Stamp(1), Some("never"))).await, "there is none");
    assert!(done(&rows, 1, one(Before::Absent, Some("first"))).await);
    assert!(!done(&rows, 2, one(Before::Absent, Some("never"))).await);
    assert!(!done(&rows, 2, one(Before::Stamp(7), Some("never"))).await);
    assert_eq!(body(&rows, "a").await.as_deref(), Some("first"));
    assert!(done(&rows, 2, one(Before::Stamp(1), Some("second"))).await);
    assert!(!done(&rows, 3, one(Before::Stamp(1), None)).await);
    assert_eq!(body(&rows, "a").await.as_deref(), Some("second"));
    assert!(done(&rows, 3, one(Before::Any, Some("third"))).await);
    assert!(done(&rows, 4, one(Before::Stamp(3), None)).await);
    assert_eq!(body(&rows, "a").await, None);
    assert!(done(&rows, 5, one(Before::Any, None)).await, "to remove nothing is done too");
    assert!(done(&rows, 5, one(Before::Any, Some("fourth"))).await);
    assert_eq!(body(&rows, "a").await.as_deref(), Some("fourth"));
    assert!(done(&rows, 6, vec![]).await);
}

/// Whichever of the rows it is, and whatever the others were to become.
pub async fn nothing_of_a_change_is_done_where_one_row_is_not_what_it_has_to_be(rows: Fresh) {
    let before = Content { groups: vec!["g".to_owned()], ..content("before") };
    for id in ["a", "b", "c"] {
        assert!(done(&rows, 1, vec![write(id, Before::Absent, Some(before.clone()))]).await);
    }
    for wrong in ["a", "b", "c"] {
        let writes = [
            ("a", Some(Content { groups: vec!["h".to_owned()], ..content("after") })),
            ("b", None),
            ("c", Some(content("after"))),
            ("d", Some(content("after"))),
        ];
        let writes = writes.map(|(id, after)| {
            let before = if id == "d" { Before::Any } else { Before::Stamp(if id == wrong { 9 } else { 1 }) };
            write(id, before, after)
        });
        assert!(!done(&rows, 2, writes.to_vec()).await);
        for id in ["a", "b", "c"] {
            assert_eq!(body(&rows, id).await.as_deref(), Some("before"), "{wrong} {id}");
        }
        assert_eq!(body(&rows, "d").await, None);
        assert_eq!(
            (rows.count("g".into(), 0).await.unwrap(), rows.count("h".into(), 0).await.unwrap()),
            (3, 0)
        );
    }
}

/// What was there and what was not, one row and several.
pub async fn of_a_hundred_changes_at_once_one_is_done(rows: Fresh) {
    for before in [Before::Absent, Before::Stamp(1)] {
        let outcomes = at_once(|n| {
            let rows = Arc::clone(&rows);
            async move {
                // In two orders, so that two of them would wait for each other.
                let mut writes =
                    ["a", "b"].map(|id| write(id, before, Some(content(&n.to_string())))).to_vec();
                if n % 2 == 1 {
                    writes.reverse();
                }
                let stamp = if before == Before::Absent { 1 } else { 2 + n as u64 };
                (n, done(&rows, stamp, writes).await)
            }
        })
        .await;
        let winners: Vec<_> = outcomes.into_iter().filter(|(_, done)| *done).collect();
        assert_eq!(winners.len(), 1, "{before:?}");
        let winner = winners[0].0.to_string();
        for id in ["a", "b"] {
            assert_eq!(body(&rows, id).await.as_deref(), Some(&*winner));
        }
    }
}

/// By rank, then by identifier; a row that is gone or has left it is not in it, whatever its name.
pub async fn a_group_is_read_in_its_order(rows: Fresh) {
    let member = |rank| Content { groups: vec!["g".to_owned(), "all".to_owned()], rank, ..content("x") };
    for (id, rank) in [("d", 2), ("b", 1), ("c", 10), ("a", 2)] {
        assert!(done(&rows, 1, vec![write(id, Before::Absent, Some(member(rank)))]).await);
    }
    let ids = async |most| {
        let first = rows.first_of("g".into(), most).await.unwrap();
        first.into_iter().map(|row| row.key.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(10).await, ["b", "a", "d", "c"]);
    assert_eq!(ids(2).await, ["b", "a"]);
    assert_eq!(ids(0).await, [""; 0]);
    for (from, so_many) in [(0, 4), (2, 3), (3, 1), (10, 1), (11, 0)] {
        assert_eq!(rows.count("g".into(), from).await.unwrap(), so_many, "{from}");
    }
    assert_eq!(rows.count("another".into(), 0).await.unwrap(), 0);
    assert!(done(&rows, 2, vec![write("b", Before::Any, None)]).await);
    let left = Content { groups: vec!["all".to_owned()], ..member(2) };
    assert!(done(&rows, 2, vec![write("a", Before::Any, Some(left))]).await);
    assert!(done(&rows, 2, vec![write("c", Before::Any, Some(member(1)))]).await);
    assert_eq!(ids(10).await, ["c", "d"]);
    assert_eq!(rows.count("all".into(), 0).await.unwrap(), 3);
    let odd = "of \"a\" \\ {b} * \u{1f95b}\u{1}\n";
    let there = Content { groups: vec![odd.to_owned()], ..member(1) };
    assert!(done(&rows, 3, vec![write("e", Before::Absent, Some(there))]).await);
    assert_eq!(rows.count(odd.into(), 0).await.unwrap(), 1);
    assert!(done(&rows, 4, vec![write("e", Before::Stamp(3), Some(member(1)))]).await);
    assert_eq!(rows.count(odd.into(), 0).await.unwrap(), 0, "it has left it");
}

/// No others, and with them they leave their groups.
pub async fn what_has_ended_is_swept_a_few_at_a_time(rows: Fresh) {
    for at in 1..=10_u64 {
        let ends = Content { groups: vec!["g".to_owned()], forget_at: at, ..content("x") };
        assert!(done(&rows, 1, vec![write(&at.to_string(), Before::Absent, Some(ends))]).await);
    }
    assert_eq!(rows.sweep(0, 100).await.unwrap(), 0);
    assert!(body(&rows, "1").await.is_some(), "it stays until it is swept");
    assert_eq!(rows.sweep(5, 3).await.unwrap(), 3);
    assert_eq!(rows.sweep(5, 3).await.unwrap(), 2);
    assert_eq!(rows.sweep(5, 3).await.unwrap(), 0);
    assert_eq!(body(&rows, "5").await, None);
    assert!(body(&rows, "6").await.is_some());
    assert_eq!(rows.count("g".into(), 0).await.unwrap(), 5);
    let later = Content { forget_at: 100, ..content("x") };
    assert!(done(&rows, 2, vec![write("6", Before::Any, Some(later))]).await);
    assert_eq!(rows.sweep(10, 100).await.unwrap(), 4);
    assert!(body(&rows, "6").await.is_some(), "it was to end later");
}

/// Each row is in one of the pages, also of a kind that no release knows yet.
pub async fn pages_hold_every_row(rows: Fresh) {
    let mut all = BTreeSet::new();
    for n in 0..57 {
        let key = Key::new(if n % 2 == 0 { "things" } else { "of_the_future" }, format!("{n}"));
        let wrote = Write { key: key.clone(), before: Before::Absent, after: Some(content(&n.to_string())) };
        assert!(done(&rows, 1, vec![wrote]).await);
        all.insert(key);
    }
    let (mut found, mut from) = (BTreeSet::new(), None);
    loop {
        let page = rows.page(from, 10).await.unwrap();
        found.extend(page.rows.into_iter().map(|row| row.key));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    assert_eq!(found, all);
}
