//! The cases, and how the server decides them.

use std::collections::BTreeMap;

use futures_util::stream::{self, StreamExt as _};
use mcp_auth::testing::Era;
use serde_json::json;

use super::case::{Case, Proof};
use super::oracle::{self, Ask, Outcome};
use super::sent::Sent;
use super::served::{Served, World};
use super::settings::Settings;
use crate::matrix::seed::Seed;

/// How many cases each server gets.
const CASES: usize = 230;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_thousand_generated_cases_of_bound_tokens_are_decided_as_a_simple_oracle_says() {
    let mut seed = Seed::of_this_run("bound tokens");
    let world = World::new().await;
    let (mut different, mut all) = (Vec::new(), 0);
    let mut came_to = BTreeMap::<(u16, Option<String>), usize>::new();
    for settings in Settings::all(&mut seed) {
        let served = Served::start(&world, settings.clone()).await;
        let cases: Vec<Case> = (0..CASES).map(|_| Case::random(&mut seed, &settings)).collect();
        let decided = stream::iter(&cases).map(|case| decide(&served, case));
        let decided: Vec<Decided> = decided.buffer_unordered(4).collect().await;
        let should_run: usize = decided.iter().map(|decided| decided.should_run).sum();
        for outcome in decided.iter().filter_map(|decided| decided.expected.as_ref()) {
            let error = outcome.challenges.first().and_then(|(_, error)| error.clone());
            *came_to.entry((outcome.status, error)).or_default() += 1;
        }
        let wrong: Vec<String> = decided.into_iter().filter_map(|decided| decided.different).collect();
        if wrong.is_empty() {
            let ran = served.everything.ran();
            assert_eq!(ran, should_run, "a tool ran that was refused, or did not: {settings:?}");
        }
        different.extend(wrong);
        all += CASES;
    }
    let shown = different[..different.len().min(12)].join("\n");
    assert!(different.is_empty(), "{} of {all}:\n{shown}", different.len());
    // A generator that comes to one thing only would show nothing.
    for (status, error, least) in [
        (200, None, 200),
        (400, Some("invalid_request"), 100),
        (401, None, 20),
        (401, Some("invalid_token"), 500),
        (401, Some("invalid_dpop_proof"), 100),
        (401, Some("use_dpop_nonce"), 20),
        (403, Some("insufficient_scope"), 30),
    ] {
        let count = came_to.get(&(status, error.map(str::to_owned))).copied().unwrap_or_default();
        assert!(count >= least, "{count} cases come to {status} {error:?}: {came_to:?}");
    }
}

/// How a case was decided.
#[derive(Default)]
struct Decided {
    /// What is not as the oracle says, if anything.
    different: Option<String>,
    /// What it should have come to.
    expected: Option<Outcome>,
    /// How many tools should have run.
    should_run: usize,
}

async fn decide(served: &Served<'_>, case: &Case) -> Decided {
    let (token, best) = (served.token(case), case.at_its_best());
    let mut decided = Decided::default();
    let can_be_served = oracle::expected(&served.settings, &best, Ask::Open).is_served();
    let session = match (case.is_seen, case.era) {
        (true, Era::Legacy(_)) if can_be_served => Some(open(served, &best, &token).await),
        _ => None,
    };
    let session = match session.transpose() {
        Ok(session) => session,
        Err(why) => return Decided { different: Some(format!("{why}: {case:?}")), ..decided },
    };
    let is_of_a_session = matches!(case.era, Era::Legacy(_));
    let ask = match &session {
        None if is_of_a_session => Ask::Open,
        Some(_) if case.ends => Ask::End,
        _ => Ask::Call(case.tool),
    };
    if case.is_seen && session.is_none() {
        let before = if can_be_served { &best } else { case };
        let lists = Sent { era: case.era, method: "tools/list", params: json!({}), session: None };
        served.send(lists, &served.presented(before, ask, &token)).await;
    }
    let presented = served.presented(case, ask, &token);
    let first = Case { proof: Proof::Good, ..case.clone() };
    let tries = if case.proof == Proof::Replayed { vec![&first, case] } else { vec![case] };
    for tried in tries {
        let got = served.send(Sent::of(case.era, ask, session.as_deref()), &presented).await;
        let (found, expected) = (got.outcome(case), oracle::expected(&served.settings, tried, ask));
        decided.should_run += usize::from(expected.is_served() && matches!(ask, Ask::Call(_)));
        if found != expected {
            let (body, set) = (&got.body, &served.settings);
            let different =
                format!("{found:?},\n  not {expected:?}:\n  {ask:?} of {tried:?}\n  {set:?} {body}");
            decided.different.get_or_insert(different);
        }
        decided.expected = Some(expected);
    }
    decided
}

/// Opens a session, with everything that the token needs.
async fn open(served: &Served<'_>, best: &Case, token: &str) -> Result<String, String> {
    let opens = Sent::of(best.era, Ask::Open, None);
    let got = served.send(opens, &served.presented(best, Ask::Open, token)).await;
    let Some(session) = got.session else {
        return Err(format!("no session, but {} {}", got.status, got.body));
    };
    let method = "notifications/initialized";
    let sent = Sent { era: best.era, method, params: json!({}), session: Some(&session) };
    let got = served.send(sent, &served.presented(best, Ask::Open, token)).await;
    match got.status {
        202 => Ok(session),
        status => Err(format!("the session is not taken up: {status} {}", got.body)),
    }
}
