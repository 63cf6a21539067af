//! The cases as `mcp-auth check` foresees them over stdio: by the same oracle, and nothing is started, fetched or run.

use std::sync::Arc;

use mcp_auth::Handler as _;
use mcp_auth::ambient::{Clock as _, SystemClock};
use mcp_auth::testing::TestIssuer;
use mcp_auth_runtime::config::{Config, ProcessContext};
use mcp_auth_runtime::facade::{Declaration, Registry, StdioCaller, stdio_caller};

use super::credential::{Credential, keys_toml};
use super::operation::{OPERATIONS, Operation, Outcome};
use super::oracle::{self, Who};
use super::rules::Rules;
use super::seed::Seed;
use crate::everything::{CONFIG, Everything};
use crate::launch::RESOURCE;

/// How many cases there are, each with other rules and another credential.
const CASES: usize = 3_000;

/// What is foreseen of a credential.
#[derive(Debug, PartialEq)]
enum Foreseen {
    /// A start would refuse it.
    Refused,
    /// A start asks its issuer about it.
    Asked,
    /// Its bearer may call these tools, if its signature is good, where that is left to check.
    Known { is_whole: bool, may: Vec<&'static str> },
}

#[test]
fn thousands_of_generated_credentials_are_foreseen_as_the_same_oracle_says() {
    let mut seed = Seed::of_this_run("foreseen");
    let (registry, _) = Everything::operations().build().expect("operations");
    // Nothing answers for it, so what is said does not depend on its keys.
    let issuer = TestIssuer::new("https://login.test", Arc::new(SystemClock));
    let (mut different, mut counts) = (Vec::new(), [0; 3]);
    for _ in 0..CASES {
        let rules = Rules::random(&mut seed);
        let now = SystemClock.unix_now();
        let credential = Credential::random(&mut seed, &rules, issuer.issuer(), RESOURCE, now);
        let Some(text) = credential.text(&issuer.token("alice", RESOURCE)) else { continue };
        if text == "x" {
            continue; // a placeholder, which nobody judges
        }
        let who = || oracle::who(&unsigned(&credential), &rules, issuer.issuer(), RESOURCE, now);
        let expected = match oracle::may_be_asked(&credential, &rules, issuer.issuer()) {
            true => Foreseen::Asked,
            false => match who() {
                Who::Refused | Who::Nobody | Who::CannotTell => Foreseen::Refused,
                who @ Who::Holds(_) => Foreseen::Known {
                    is_whole: matches!(credential, Credential::Key(_)),
                    may: tools(|operation| oracle::outcome(&who, operation, false) == Outcome::Ran),
                },
            },
        };
        counts[match expected {
            Foreseen::Refused => 0,
            Foreseen::Asked => 1,
            Foreseen::Known { .. } => 2,
        }] += 1;
        let found = foreseen(&config(&rules, issuer.issuer(), &text), &registry);
        if found != expected {
            different.push(format!("{found:?}, not {expected:?}: {credential:?} {rules:?}"));
        }
    }
    assert!(different.is_empty(), "{}:\n{}", different.len(), different.join("\n"));
    assert!(counts.iter().all(|count| *count > CASES / 20), "each kind has its share: {counts:?}");
}

/// The tools of the cases of which this holds.
fn tools(holds: impl Fn(Operation) -> bool) -> Vec<&'static str> {
    OPERATIONS.iter().filter(|operation| holds(**operation)).map(|operation| operation.tool).collect()
}

fn config(rules: &Rules, issuer: &str, credential: &str) -> Config {
    let trusted = rules.toml(issuer, &format!("{issuer}/jwks"), &format!("{issuer}/introspect"));
    let over_stdio = format!(
        "[server]\ntransport = \"stdio\"\npublic_url = {RESOURCE:?}\n[stdio]\ncredential = \"env:CASE\""
    );
    let process = ProcessContext::empty().variable("CASE", credential);
    let toml = format!("{CONFIG}\n{over_stdio}\n{trusted}\n{}", keys_toml());
    Config::builder().process(process).toml(&toml).build().expect("a configuration")
}

fn foreseen(config: &Config, registry: &Registry) -> Foreseen {
    let checked = config.check(registry).expect("a configuration without conflicts");
    match stdio_caller(config, &checked, None) {
        Ok(StdioCaller::Bearer { who, is_whole }) => {
            let admits = |operation: Operation| {
                let named = |(id, found): &(_, &Declaration)| {
                    found.name() == operation.tool && checked.policy.admits(*id, &who)
                };
                registry.iter().any(|found| named(&found))
            };
            Foreseen::Known { is_whole, may: tools(admits) }
        }
        Ok(StdioCaller::Asked) => Foreseen::Asked,
        Ok(other) => panic!("{other:?}"),
        Err(_) => Foreseen::Refused,
    }
}

/// What is left of a credential without its issuer's keys: whether one of them signed it cannot be seen.
fn unsigned(credential: &Credential) -> Credential {
    let mut credential = credential.clone();
    if let Credential::Token(token) = &mut credential {
        token.by_a_stranger = false;
        token.header.take_if(|(name, _)| *name == "kid");
    }
    credential
}
