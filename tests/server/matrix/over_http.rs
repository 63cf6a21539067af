//! The cases over HTTP, on every revision.

use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use mcp_auth::ambient::SystemClock;
use mcp_auth::authn::{Fetch, FetchFuture, FetchRequest, Fetched};
use mcp_auth::http::{HeaderMap, StatusCode};
use mcp_auth::serde_json::Value;
use mcp_auth::testing::{Answer, Era, TestIssuer};

use super::credential::{Credential, keys_toml};
use super::endpoint::Endpoint;
use super::operation::{OPERATIONS, Outcome};
use super::oracle;
use super::rules::Rules;
use super::seed::Seed;
use crate::everything::Everything;

const ISSUER: &str = "https://matrix.test";
/// How many servers there are, each with other rules.
const SERVERS: usize = 25;
/// How many cases each gets.
const CASES: usize = 420;

/// Answers with the keys of the issuer, and about tokens.
struct Issuer {
    keys: Value,
    endpoint: Endpoint,
}

impl Fetch for Issuer {
    fn fetch(&self, asks: FetchRequest, _: usize) -> FetchFuture<'_> {
        let (status, body) = match asks.url.path() {
            "/keys" => (200, self.keys.to_string()),
            "/introspect" => self.endpoint.answer(&asks.body),
            other => panic!("{other} is asked for"),
        };
        let status = StatusCode::from_u16(status).expect("a status");
        Box::pin(async move { Ok(Fetched { status, headers: HeaderMap::new(), body: body.into() }) })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_generated_cases_over_http_are_decided_as_a_simple_oracle_says() {
    let mut seed = Seed::of_this_run("over HTTP");
    let mut different = Vec::new();
    for _ in 0..SERVERS {
        let rules = Rules::random(&mut seed);
        different.extend(one_server(&mut seed, &rules).await);
    }
    assert!(different.is_empty(), "{} of {}:\n{}", different.len(), SERVERS * CASES, different.join("\n"));
}

/// The cases that were decided otherwise.
async fn one_server(seed: &mut Seed, rules: &Rules) -> Vec<String> {
    let everything = Everything::default();
    let issuer = TestIssuer::new(ISSUER, Arc::new(SystemClock));
    let own = rules.toml(ISSUER, &format!("{ISSUER}/keys"), &format!("{ISSUER}/introspect"));
    let trusted = format!("{own}\n{}", keys_toml());
    let endpoint = Endpoint::default();
    let fetch = Issuer { keys: issuer.jwks(), endpoint: endpoint.clone() };
    let server = everything.builder(&trusted).fetch(Arc::new(fetch)).start().await.expect("a server");
    let now = mcp_auth::ambient::Clock::unix_now(&SystemClock);
    let like = issuer.token("alice", server.url());
    let mut cases = Vec::new();
    for _ in 0..CASES {
        let credential = Credential::random(seed, rules, ISSUER, server.url(), now);
        let who = oracle::who(&credential, rules, ISSUER, server.url(), now);
        let operation = seed.one_of(&OPERATIONS);
        let era = seed.one_of(&Era::ALL);
        let expected = oracle::outcome(&who, operation, era != Era::Stateless);
        let text = credential.text(&like);
        if let Some(text) = &text {
            endpoint.tell(text, &credential);
        }
        cases.push((credential, text, operation, era, expected));
    }
    let should_run = cases.iter().filter(|(.., expected)| *expected == Outcome::Ran).count();
    let decided = stream::iter(&cases).map(|(credential, text, operation, era, expected)| {
        let client = server.client().era(*era);
        async move {
            let client = match text {
                Some(text) => client.token(text),
                None => client.without_token(),
            };
            let found = outcome(&client.call_tool(operation.tool, operation.arguments()).await);
            (found != *expected).then(|| {
                format!("{found:?}, not {expected:?}: {credential:?} {operation:?} {era:?} {rules:?}")
            })
        }
    });
    let mut different: Vec<String> =
        decided.buffer_unordered(4).filter_map(std::future::ready).collect().await;
    for (credential, text, ..) in &cases {
        let (may, was) = (
            oracle::may_be_asked(credential, rules, ISSUER),
            text.as_ref().is_some_and(|text| endpoint.was_asked(text)),
        );
        if may != was {
            different.push(format!("the issuer was asked: {was}, not {may}: {credential:?} {rules:?}"));
        }
    }
    if different.is_empty() {
        assert_eq!(everything.ran(), should_run, "a tool ran for an answer that says otherwise, or did not");
    }
    different
}

fn outcome(answer: &Answer) -> Outcome {
    let challenge = answer.challenge();
    let error = challenge.as_ref().and_then(|challenge| challenge.error());
    match (answer.status(), error, answer.error_code()) {
        (503, ..) => Outcome::Unavailable,
        (200, _, None) if answer.is_success() => Outcome::Ran,
        (401, None, _) => Outcome::LogIn,
        (401, Some("invalid_token"), _) => Outcome::BadToken,
        (403, Some("insufficient_scope"), _) => Outcome::Forbidden,
        (_, _, Some(-32602)) => Outcome::Unknown,
        (status, ..) => Outcome::Other(status),
    }
}
