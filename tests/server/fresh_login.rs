//! Rules that need a recent login, or one by certain means: 401 `insufficient_user_authentication` (RFC 9470), on every revision.

use mcp_auth::prelude::*;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Answer, Era, TestServer, Token};
use mcp_auth_tests::clock::MovedClock;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jsonwebtoken::Algorithm;

use crate::api_keys::made;
use crate::authorization_server::{self, AuthorizationServer, Key};

#[derive(Clone, Default)]
struct Bank {
    /// How often a method ran.
    ran: Arc<AtomicUsize>,
}

impl Bank {
    fn ran(&self) -> &'static str {
        self.ran.fetch_add(1, Ordering::SeqCst);
        "done"
    }
}

#[server]
impl Bank {
    #[tool(scope = "bank.pay", login = "5m")]
    async fn pay(&self) -> &'static str {
        self.ran()
    }

    #[tool(any_acr = ["phr", "phrh"])]
    async fn sign(&self) -> &'static str {
        self.ran()
    }

    #[tool(scope = "bank.pay", role = "owner", login = "1m", acr = "phr")]
    async fn close(&self) -> &'static str {
        self.ran()
    }

    #[tool(authenticated)]
    async fn balance(&self) -> &'static str {
        self.ran()
    }

    #[prompt(authenticated, login = "5m")]
    async fn plan(&self) -> &'static str {
        self.ran()
    }

    #[resource(uri = "account://{id}", scope = "bank.read", login = "5m")]
    async fn account(&self, id: String) -> String {
        self.ran();
        id
    }
}

const TOML: &str = r#"
[roles.owner]
when = { claim = "owner", equals = "yes" }
"#;

async fn started(more: &str) -> (Bank, TestServer, MovedClock) {
    let (bank, clock) = (Bank::default(), MovedClock::at(1_800_000_000));
    let builder = TestServer::builder(bank.clone()).ambient(clock.ambient());
    let builder = builder.toml(&format!("{more}\n{TOML}")).expect("a configuration");
    (bank, builder.start().await.expect("a server"), clock)
}

fn now(clock: &MovedClock) -> u64 {
    clock.ambient().clock.unix_now()
}

/// A token of a person with these scopes.
fn token(server: &TestServer, scopes: &str) -> Token {
    server.token("ann").scope(scopes).claim("client_id", "app")
}

/// The status, the text, and what a client would log in again for: error, age, ways and scopes.
fn said(answer: &Answer) -> (u16, String, Option<[Option<String>; 4]>) {
    let text = answer.error().map_or_else(
        || answer.text().unwrap_or_default().to_owned(),
        |error| error["message"].as_str().unwrap_or_default().to_owned(),
    );
    let asked = answer.challenge().map(|challenge| {
        ["error", "max_age", "acr_values", "scope"].map(|name| challenge.get(name).map(str::to_owned))
    });
    (answer.status(), text, asked)
}

fn asks(max_age: Option<&str>, acr: Option<&str>, scope: Option<&str>) -> Option<[Option<String>; 4]> {
    Some([Some("insufficient_user_authentication"), max_age, acr, scope].map(|part| part.map(str::to_owned)))
}

#[tokio::test]
async fn t91_an_old_login_is_asked_for_again_and_a_new_one_passes() {
    let (bank, server, clock) = started("").await;
    for era in Era::ALL {
        let before = bank.ran.load(Ordering::SeqCst);
        let client = server.client().era(era).token(token(&server, "bank.pay bank.read").logged_in(299));
        assert_eq!(client.call_tool("pay", json!({})).await.text(), Some("done"), "{era:?}");
        // The token was verified and is remembered; its login gets older all the same.
        clock.advance(2);
        let old = said(&client.call_tool("pay", json!({})).await);
        let text = "this needs a login that is not older than 5m".to_owned();
        assert_eq!(old, (401, text.clone(), asks(Some("300"), None, Some("bank.pay bank.read"))), "{era:?}");
        for refused in [
            said(&client.get_prompt("plan", json!({})).await),
            said(&client.read_resource("account://1").await),
        ] {
            assert_eq!((refused.0, &refused.1), (401, &text), "{era:?}");
            assert_eq!(refused.2, old.2, "{era:?}");
        }
        // What needs none goes on.
        assert_eq!(client.call_tool("balance", json!({})).await.text(), Some("done"));
        let again = server.client().era(era).token(token(&server, "bank.pay").logged_in(0));
        assert_eq!(again.call_tool("pay", json!({})).await.text(), Some("done"), "{era:?}");
        assert_eq!(bank.ran.load(Ordering::SeqCst) - before, 3, "{era:?}");
    }
}

#[tokio::test]
async fn t90_a_time_that_is_not_said_or_cannot_be_is_no_recent_login() {
    let (bank, server, clock) = started("").await;
    let now = now(&clock);
    let unsaid =
        "this needs a login that is not older than 5m, and the token does not say when its person logged in";
    for auth_time in [
        Value::Null,
        json!(now.to_string()),
        json!(now * 1000),
        json!(now + 3600),
        json!(-1),
        json!([now]),
        json!(true),
        json!({}),
    ] {
        let token = token(&server, "bank.pay").claim("auth_time", auth_time.clone());
        let answer = server.client().token(token).call_tool("pay", json!({})).await;
        let expected = (401, unsaid.to_owned(), asks(Some("300"), None, Some("bank.pay")));
        assert_eq!(said(&answer), expected, "{auth_time}");
    }
    let without = server.client().token(token(&server, "bank.pay")).call_tool("pay", json!({})).await;
    assert_eq!(said(&without).0, 401);
    assert_eq!(bank.ran.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_login_by_other_means_is_asked_for_again_by_those_that_are_needed() {
    let (bank, server, _) = started("").await;
    for era in Era::ALL {
        let call = async |token: Token| {
            said(&server.client().era(era).token(token).call_tool("sign", json!({})).await)
        };
        for acr in [json!("phr"), json!("phrh"), json!(["pwd", "phr"])] {
            assert_eq!(call(token(&server, "").claim("acr", acr.clone())).await.1, "done", "{acr} {era:?}");
        }
        let before = bank.ran.load(Ordering::SeqCst);
        for acr in [json!("pwd"), json!("phr phrh"), json!("PHR"), json!(1), json!(["pwd"]), Value::Null] {
            let (status, text, asked) = call(token(&server, "").claim("acr", acr.clone())).await;
            assert_eq!((status, asked), (401, asks(None, Some("phr phrh"), None)), "{acr} {era:?}");
            assert!(text.starts_with("this needs a login by phr or phrh"), "{text}");
        }
        assert_eq!(bank.ran.load(Ordering::SeqCst), before);
    }
}

#[tokio::test]
async fn what_another_login_does_not_mend_is_said_first() {
    let (bank, server, _) = started("").await;
    for era in Era::ALL {
        let call = async |token: Token, tool: &'static str| {
            said(&server.client().era(era).token(token).call_tool(tool, json!({})).await)
        };
        let stranger = call(token(&server, "bank.pay").logged_in(999), "close").await;
        assert_eq!(stranger, (403, "this needs the role owner".to_owned(), None), "{era:?}");
        let poor = call(token(&server, "").claim("owner", "yes").logged_in(999), "close").await;
        assert_eq!((poor.0, poor.1.as_str()), (403, "this needs the scope bank.pay"), "{era:?}");
        let owner = token(&server, "bank.pay").claim("owner", "yes");
        let both = asks(Some("60"), Some("phr"), Some("bank.pay"));
        for weak in [owner.clone().logged_in(0), owner.clone().logged_in(61).claim("acr", "phr")] {
            assert_eq!(call(weak, "close").await.2, both, "one challenge says all of it");
        }
        assert_eq!(call(owner.logged_in(60).claim("acr", "phr"), "close").await.1, "done");
        let nobody = server.client().era(era).call_tool("pay", json!({})).await;
        let first = nobody.challenge().expect("a challenge");
        assert_eq!((nobody.status(), first.get("error"), first.get("max_age")), (401, None, None));
    }
    assert!(bank.ran.load(Ordering::SeqCst) > 0);
}

#[tokio::test]
async fn who_never_logs_in_is_refused_in_words_and_without_a_challenge() {
    let key = made();
    let (with_keys, keys, _) = started(&key.block("ci", "scopes = [\"bank.pay\"]")).await;
    let (with_tokens, tokens, _) = started("").await;
    let words = "this needs a login that is not older than 5m, and no person logs in for such a credential";
    for era in Era::ALL {
        let program = tokens.token("app").scope("bank.pay").claim("client_id", "app").logged_in(0);
        for client in [keys.client().token(key.text()), tokens.client().token(program)] {
            let answer = client.era(era).call_tool("pay", json!({})).await;
            assert_eq!(said(&answer), (403, words.to_owned(), None), "{era:?}");
        }
    }
    let ran = |bank: &Bank| bank.ran.load(Ordering::SeqCst);
    assert_eq!((ran(&with_keys), ran(&with_tokens)), (0, 0));
}

#[tokio::test]
async fn an_operator_adds_a_login_and_never_takes_one_away() {
    let added = "[tools.balance]\nlogin = \"10m\"\n[tools.pay]\nlogin = \"1h\"\nacr = [\"phr\"]\n\
                 [tools.sign]\nacr = [\"x\", \"phrh\"]\n[prompts.plan]\nlogin = \"30s\"\n\
                 [resources.\"account://{id}\"]\nacr = [\"phr\"]\n";
    let (_, server, _) = started(added).await;
    let client = |ago: u64, acr: &str| {
        server.client().token(token(&server, "bank.pay bank.read").logged_in(ago).claim("acr", acr))
    };
    for (answer, asked) in [
        (client(601, "pwd").call_tool("balance", json!({})).await, Some((Some("600"), None))),
        (client(600, "pwd").call_tool("balance", json!({})).await, None),
        (client(301, "phr").call_tool("pay", json!({})).await, Some((Some("300"), Some("phr")))),
        (client(300, "pwd").call_tool("pay", json!({})).await, Some((Some("300"), Some("phr")))),
        (client(300, "phr").call_tool("pay", json!({})).await, None),
        (client(0, "phr").call_tool("sign", json!({})).await, Some((None, Some("phrh")))),
        (client(0, "phrh").call_tool("sign", json!({})).await, None),
        (client(31, "").get_prompt("plan", json!({})).await, Some((Some("30"), None))),
        (client(0, "pwd").read_resource("account://1").await, Some((Some("300"), Some("phr")))),
        (client(0, "phr").read_resource("account://1").await, None),
    ] {
        let said = said(&answer).2.map(|[_, max_age, acr, _]| (max_age, acr));
        let said = said.as_ref().map(|(max_age, acr)| (max_age.as_deref(), acr.as_deref()));
        assert_eq!(said, asked, "{}", answer.body());
    }
    for (toml, why) in [
        ("[tools.sign]\nacr = [\"x\"]", "tool `sign` takes none of these, so no login would do"),
        ("[tools.pay]\nlogin = \"0s\"", "at least \"1s\""),
        ("[tools.pay]\nlogin = \"31d\"", "at most \"30d\""),
        ("[tools.pay]\nacr = [\"a b\"]", "an `acr` cannot contain ' '"),
    ] {
        let builder = TestServer::builder(Bank::default()).toml(&format!("{toml}\n{TOML}"));
        let error = match builder {
            Ok(builder) => builder.start().await.map(drop).expect_err(toml).to_string(),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(why), "{toml}: {error}");
    }
}

#[tokio::test]
async fn a_refusal_as_a_result_shows_the_challenge_in_its_meta() {
    let (_, server, _) = started("auth.denial = \"tool-error\"").await;
    for era in Era::ALL {
        let client = server.client().era(era).token(token(&server, "bank.pay").logged_in(999));
        let answer = client.call_tool("pay", json!({})).await;
        assert_eq!(answer.status(), 200, "{era:?}");
        let result = answer.result().expect("a result");
        let challenge = result["_meta"]["mcp/www_authenticate"][0].as_str().expect("a challenge");
        assert!(
            challenge.starts_with("Bearer error=\"insufficient_user_authentication\"")
                && challenge.contains("max_age=\"300\""),
            "{challenge}"
        );
        assert_eq!(result["_meta"]["mcp-auth/refusal"]["max_age"], 300);
        assert_eq!(result["isError"], true);
    }
}

#[tokio::test]
async fn other_claims_say_the_login_where_the_configuration_names_them() {
    let key = Key::new(Algorithm::ES256, "k");
    let issuer = AuthorizationServer::with_keys(&[&key]).await;
    let names =
        "auth_time_claims = [\"https://bank.example/auth_time\", \"auth_time\"]\nacr_claims = [\"acrs\"]";
    let builder = TestServer::builder(Bank::default())
        .toml(&issuer.toml(names))
        .and_then(|builder| builder.toml(TOML))
        .expect("a configuration");
    let server = builder.start().await.expect("a server");
    let call = async |claims: Value, tool: &'static str| {
        let token = key.token(&issuer.claims(server.url(), claims));
        server.client().token(token).call_tool(tool, json!({})).await.text() == Some("done")
    };
    let ago = |seconds: u64| authorization_server::now() - seconds;
    for (claims, tool, passes) in [
        (json!({ "https://bank.example/auth_time": ago(10), "auth_time": ago(999) }), "pay", true),
        (json!({ "https://bank.example/auth_time": ago(999), "auth_time": ago(10) }), "pay", false),
        (json!({ "auth_time": ago(10) }), "pay", true),
        (json!({ "acrs": ["c1", "phr"] }), "sign", true),
        (json!({ "acr": "phr" }), "sign", false),
    ] {
        let mut all = claims.clone();
        all["scope"] = json!("bank.pay");
        assert_eq!(call(all, tool).await, passes, "{claims}");
    }
}
