//! The cases over stdio: a process for each credential, which it either refuses at its start or decides each call by.

use mcp_auth::ambient::{Clock as _, SystemClock};
use mcp_auth::serde_json::Value;
use mcp_auth::testing::Era;

use super::credential::{Credential, keys_toml};
use super::operation::{OPERATIONS, Outcome};
use super::oracle::{self, Who};
use super::rules::Rules;
use super::seed::Seed;
use crate::everything::CONFIG;
use crate::launch::{self, Issuer, RESOURCE};

/// How many processes there are, each with other rules and another credential.
const PROCESSES: usize = 60;

#[tokio::test]
async fn hundreds_of_generated_cases_over_stdio_are_decided_as_the_same_oracle_says() {
    let mut seed = Seed::of_this_run("over stdio");
    let issuer = Issuer::start().await;
    let mut different = Vec::new();
    for _ in 0..PROCESSES {
        let rules = Rules::random(&mut seed);
        let now = SystemClock.unix_now();
        let credential = loop {
            // Without a credential the caller is the local one, which no token says anything about.
            match Credential::random(&mut seed, issuer.name(), RESOURCE, now) {
                Credential::None => {}
                credential => break credential,
            }
        };
        let trusted = format!(
            "[[auth.issuers]]\nissuer = {:?}\njwks_uri = \"{}/jwks\"\n{}\n{}",
            issuer.name(),
            issuer.name(),
            rules.toml(),
            keys_toml()
        );
        let launch = launch::toml(&format!("{CONFIG}\n{trusted}"))
            .variable("MCP_SERVER__PUBLIC_URL", RESOURCE)
            .variable("MCP_STDIO__CREDENTIAL", "env:CASE_CREDENTIAL")
            .variable("CASE_CREDENTIAL", &credential.text(&issuer.token("alice")).expect("a credential"));
        let who = oracle::who(&credential, &rules, issuer.name(), RESOURCE, now);
        if let Who::Refused = who {
            let ended = launch.variable("MCP_SERVER__TRANSPORT", "stdio").run().await;
            // Garbage may also look like a placeholder, which is said before it is judged.
            ended.refused(&["environment variable CASE_CREDENTIAL"]);
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
    }
    assert!(different.is_empty(), "{}:\n{}", different.len(), different.join("\n"));
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
