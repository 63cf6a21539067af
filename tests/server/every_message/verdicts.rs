//! The walk through the table: every row, every caller, both eras, both values of `auth.connect`.

use super::rule::Rule::OwnTask;
use super::rule::{SERVED, Who, verdict};
use super::sender::{Sender, start};
use super::table::TABLE;

/// Walks the table; collects every difference, so that one run shows them all.
async fn walk(connect: &str, modern: bool) {
    let (each, server, http) = start(connect).await;
    let mut wrong = Vec::new();
    for row in TABLE {
        for who in [Who::Anonymous, Who::WithoutScopes, Who::WithTheScope] {
            let sender = Sender::new(&http, &server, modern, who);
            let before = each.ran();
            let outcome = sender.send(row).await;
            let expected = match (verdict(row.2.at(modern), connect, who), modern, who) {
                (SERVED, true, _) => row.3,
                (SERVED, false, Who::Anonymous) => row.without_session(),
                (SERVED, false, _) => row.4,
                (refused, ..) => refused,
            };
            if outcome != expected {
                wrong.push(format!("{} {} {who:?}: {outcome}, not {expected}", row.0, row.1));
            }
            if !outcome.starts_with("200 result") && each.ran() != before {
                wrong.push(format!("{} {} {who:?}: {outcome}, and it ran", row.0, row.1));
            }
        }
    }
    assert!(wrong.is_empty(), "connect = {connect:?}, modern = {modern}\n{}", wrong.join("\n"));
}

#[tokio::test]
async fn every_message_has_its_verdict_on_2026_07_28_when_connecting_needs_a_token() {
    walk("authenticated", true).await;
}

#[tokio::test]
async fn every_message_has_its_verdict_on_2025_11_25_when_connecting_needs_a_token() {
    walk("authenticated", false).await;
}

#[tokio::test]
async fn every_message_has_its_verdict_on_2026_07_28_when_everyone_may_connect() {
    walk("anonymous", true).await;
}

#[tokio::test]
async fn every_message_has_its_verdict_on_2025_11_25_when_everyone_may_connect() {
    walk("anonymous", false).await;
}

#[tokio::test]
async fn a_task_answers_other_callers_like_an_unknown_one() {
    let (each, server, http) = start("authenticated").await;
    let before = each.ran();
    for modern in [true, false] {
        let mut mallory = Sender::new(&http, &server, modern, Who::WithTheScope);
        mallory.token = Some(server.token("mallory").scope("use").mint());
        let mut other_client = Sender::new(&http, &server, modern, Who::WithTheScope);
        other_client.token = Some(server.token("alice").client("another").scope("use").mint());
        for row in TABLE.iter().filter(|row| row.2 == OwnTask) {
            assert_eq!(mallory.send(row).await, "200 -32602", "{}", row.0);
            assert_eq!(other_client.send(row).await, "200 -32602", "{}", row.0);
        }
    }
    assert_eq!(each.ran(), before);
}
