//! The cases over stdio: a process for each credential, which it either refuses at its start or decides each call by.

use axum::body::Bytes;
use mcp_auth::ambient::{Clock as _, SystemClock};
use mcp_auth::http::StatusCode;
use mcp_auth::serde_json::Value;
use mcp_auth::testing::Era;

use super::credential::{Credential, keys_toml};
use super::endpoint::Endpoint;
use super::operation::{OPERATIONS, Outcome};
use super::oracle::{self, Who};
use super::rules::Rules;
use super::seed::Seed;
use crate::everything::CONFIG;
use crate::launch::{self, Issuer, RESOURCE};
use mcp_auth_tests::site::Served;

/// How many processes there are, each with other rules and another credential.
const PROCESSES: usize = 60;

#[tokio::test]
async fn hundreds_of_generated_cases_over_stdio_are_decided_as_the_same_oracle_says() {
    let mut seed = Seed::of_this_run("over stdio");
    let issuer = Issuer::start().await;
    let endpoint = Endpoint::default();
    let served = serve(endpoint.clone()).await;
    let mut different = Vec::new();
    for _ in 0..PROCESSES {
        let rules = Rules::random(&mut seed);
        let now = SystemClock.unix_now();
        let credential = loop {
            // Without a credential the caller is the local one, which no token says anything about.
            match Credential::random(&mut seed, &rules, issuer.name(), RESOURCE, now) {
                Credential::None => {}
                credential => break credential,
            }
        };
        let own = rules.toml(issuer.name(), &format!("{}/jwks", issuer.name()), &served.at("/introspect"));
        let trusted = format!("{own}\n{}", keys_toml());
        let text = credential.text(&issuer.token("alice")).expect("a credential");
        endpoint.tell(&text, &credential);
        let launch = launch::toml(&format!("{CONFIG}\n{trusted}"))
            .variable("MCP_SERVER__PUBLIC_URL", RESOURCE)
            .variable("MCP_STDIO__CREDENTIAL", "env:CASE_CREDENTIAL")
            .variable("CASE_CREDENTIAL", &text);
        let who = oracle::who(&credential, &rules, issuer.name(), RESOURCE, now);
        let may = oracle::may_be_asked(&credential, &rules, issuer.name());
        let why = match who {
            Who::Refused => Some(""),
            Who::CannotTell => Some("the issuer did not say"),
            Who::Nobody | Who::Holds(_) => None,
        };
        if let Some(why) = why {
            let ended = launch.variable("MCP_SERVER__TRANSPORT", "stdio").run().await;
            // Garbage may also look like a placeholder, which is said before it is judged.
            ended.refused(&["environment variable CASE_CREDENTIAL", why]);
            let was = endpoint.was_asked(&text);
            let is_judged = !matches!(credential, Credential::Garbage(_));
            assert!(was == may || (!was && !is_judged), "{credential:?} {rules:?}");
            continue;
        }
        let era = seed.one_of(&[Era::Stateless, Era::Legacy("2025-11-25")]);
        let mut pipe = launch.stdio().era(era);
        pipe.open().await;
        for operation in OPERATIONS {
            let found = outcome(&pipe.call_tool(operation.tool, operation.arguments()).await);
            let expected = oracle::outcome(&who, operation, false);
            if found != expected {
                different.push(format!(
                    "{found:?}, not {expected:?}: {credential:?} {operation:?} {era:?} {rules:?}"
                ));
            }
        }
        assert_eq!(endpoint.was_asked(&text), may, "{credential:?} {rules:?}");
    }
    assert!(different.is_empty(), "{}:\n{}", different.len(), different.join("\n"));
}

/// The endpoint, over HTTP as a process asks it.
async fn serve(endpoint: Endpoint) -> Served {
    let answer = move |form: Bytes| async move {
        let (status, body) = endpoint.answer(&form);
        (StatusCode::from_u16(status).expect("a status"), body)
    };
    Served::new(axum::Router::new().route("/introspect", axum::routing::post(answer))).await
}

fn outcome(message: &Value) -> Outcome {
    match (&message["error"]["code"], &message["error"]["data"]["error"]) {
        (Value::Null, _) if message["result"]["isError"] != Value::Bool(true) => Outcome::Ran,
        (code, Value::String(error)) if code == 401 && error == "invalid_token" => Outcome::BadToken,
        (code, _) if code == 401 => Outcome::LogIn,
        (code, _) if code == 403 => Outcome::Forbidden,
        (code, _) if code == -32602 => Outcome::Unknown,
        _ => Outcome::Other(0),
    }
}
