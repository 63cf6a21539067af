//! What the operator denies (`[[auth.deny]]`) is not renewed, redeemed, exchanged or called active.

use aws_lc_rs::digest;
use http::StatusCode;
use mcp_auth_core::{ScopeSet, hex};
use mcp_auth_issuer::{GrantType, IssuerOptions, NamedClient};
use mcp_auth_runtime::testing::TestDenyList;
use serde_json::{Value, json};

use crate::device::{GRANT as DEVICE, answer, devices, television};
use crate::fresh::fresh_store;
use crate::harness::*;

const SECRET: &str = "a secret of enough characters";

/// An issuer, and what its operator denies.
struct Bench {
    app: App,
    deny: TestDenyList,
}

impl Bench {
    fn new() -> Self {
        Self::with(|_| ())
    }

    fn with(more: impl FnOnce(&mut IssuerOptions)) -> Self {
        let deny = TestDenyList::of(ISSUER);
        let denied = deny.denied();
        let app = App::on(
            fresh_store(),
            |setup| setup.denied = denied,
            |options| {
                for id in ["gateway", "agent"] {
                    options.clients.push(NamedClient {
                        grant_types: [GrantType::TokenExchange, GrantType::ClientCredentials].into(),
                        ..NamedClient::machine(id, SECRET, ScopeSet::parse_lossy("todos.read"))
                    });
                }
                more(options);
            },
        );
        Self { app, deny }
    }

    /// Denies what `rule` says of this issuer.
    fn deny(&self, mut rule: Value) {
        rule["issuer"] = json!(ISSUER);
        self.deny.set(json!([rule])).unwrap();
    }

    fn allow(&self) {
        self.deny.set(json!([])).unwrap();
    }

    async fn refresh(&self, client: &str, tokens: &Value) -> Answer {
        let token = text(tokens, "refresh_token");
        let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
        self.app.token(&form).await
    }

    async fn machine(&self, id: &str, more: &[(&str, &str)]) -> Answer {
        self.app.token(&[&[("client_id", id), ("client_secret", SECRET)], more].concat()).await
    }

    async fn exchange(&self, id: &str, subject_token: &str) -> Answer {
        let more = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
            ("subject_token", subject_token),
            ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ];
        self.machine(id, &more).await
    }

    async fn is_active(&self, token: &str) -> bool {
        let form = [("client_id", "gateway"), ("client_secret", SECRET), ("token", token)];
        let told = self.app.post_form("/introspect", &form).await.json();
        assert!(told["active"] == true || told == json!({ "active": false }), "{told}");
        told["active"] == true
    }
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap()
}

fn sha256(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    hex::written(&hash.as_ref().try_into().unwrap()).to_string()
}

/// A moment, as the configuration writes it, some seconds after the start of the test's clock.
fn moment(after: u64) -> String {
    format!("2027-01-15T08:00:{after:02}Z")
}

#[tokio::test]
async fn what_is_denied_is_not_refreshed_and_its_grant_is_dead_when_the_rule_is_gone() {
    let bench = Bench::new();
    let client = bench.app.public_client().await;
    let rules = |tokens: &Value| {
        [
            json!({}),
            json!({ "subject": "developer" }),
            json!({ "client": client }),
            json!({ "subject": "developer", "client": client }),
            json!({ "issued_before": moment(1) }),
            json!({ "sha256": sha256(text(tokens, "refresh_token")) }),
        ]
    };
    for number in 0..6 {
        let tokens = bench.app.tokens(&client, &[]).await;
        let rule = rules(&tokens)[number].clone();
        bench.deny(rule.clone());
        assert!(!bench.is_active(text(&tokens, "refresh_token")).await, "{rule}");
        bench.refresh(&client, &tokens).await.assert_error(400, "invalid_grant");
        bench.allow();
        bench.refresh(&client, &tokens).await.assert_error(400, "invalid_grant");
        assert!(!bench.is_active(text(&tokens, "access_token")).await, "on servers without the rule too");
    }
}

#[tokio::test]
async fn what_is_denied_of_others_is_refreshed() {
    let bench = Bench::new();
    let client = bench.app.public_client().await;
    let mut tokens = bench.app.tokens(&client, &[]).await;
    let jti = bench.app.claims(text(&tokens, "access_token"))["jti"].clone();
    for rule in [
        json!({ "subject": "ann" }),
        json!({ "client": "developer" }),
        json!({ "subject": "developer", "client": "another" }),
        json!({ "issued_before": moment(0) }),
        json!({ "sha256": sha256("another") }),
        // One access token, and not the grant that it came of.
        json!({ "jti": jti }),
    ] {
        bench.deny(rule.clone());
        let answer = bench.refresh(&client, &tokens).await;
        assert_eq!(answer.status, StatusCode::OK, "{rule} {}", answer.body);
        tokens = answer.json();
    }
    bench.deny.set(json!([{ "issuer": "https://other.example", "subject": "developer" }])).unwrap();
    assert_eq!(bench.refresh(&client, &tokens).await.status, StatusCode::OK);
}

/// The rule is in the past when the operator writes it, and a thief is quicker.
#[tokio::test]
async fn a_grant_from_before_the_moment_is_denied_however_new_its_refresh_token_is() {
    let bench = Bench::new();
    let client = bench.app.public_client().await;
    let tokens = bench.app.tokens(&client, &[]).await;
    bench.app.advance(100);
    let tokens = bench.refresh(&client, &tokens).await.json();
    let later = bench.app.tokens(&client, &[]).await;
    bench.deny(json!({ "issued_before": moment(50) }));
    bench.refresh(&client, &tokens).await.assert_error(400, "invalid_grant");
    assert_eq!(bench.refresh(&client, &later).await.status, StatusCode::OK, "allowed after it");
}

#[tokio::test]
async fn a_code_of_a_denied_person_client_or_moment_waits() {
    let bench = Bench::new();
    let client = bench.app.public_client().await;
    for rule in [
        json!({ "subject": "developer" }),
        json!({ "client": client }),
        json!({ "issued_before": moment(1) }),
    ] {
        let code = bench.app.code(&client, &[]).await;
        bench.deny(rule.clone());
        bench.app.token(&redeem(&client, &code)).await.assert_error(400, "invalid_grant");
        bench.deny(json!({ "subject": "ann" }));
        let answer = bench.app.token(&redeem(&client, &code)).await;
        assert_eq!(answer.status, StatusCode::OK, "nothing was used up: {rule} {}", answer.body);
        bench.allow();
    }
}

#[tokio::test]
async fn a_device_that_a_denied_person_let_in_gets_nothing() {
    let bench = Bench::with(devices);
    let app = &bench.app;
    for (rule, is_denied) in [
        (json!({ "subject": "developer" }), true),
        (json!({ "client": "tv" }), true),
        (json!({ "issued_before": moment(1) }), true),
        (json!({ "subject": "ann" }), false),
    ] {
        let (device_code, user_code) = television(app).await;
        answer(app, &user_code, "allow").await;
        bench.deny(rule.clone());
        let form = [("grant_type", DEVICE), ("client_id", "tv"), ("device_code", &*device_code)];
        let answer = app.token(&form).await;
        match is_denied {
            true => answer.assert_error(400, "invalid_grant"),
            false => assert_eq!(answer.status, StatusCode::OK, "{rule} {}", answer.body),
        }
        bench.allow();
    }
}

#[tokio::test]
async fn a_denied_token_is_not_exchanged_and_not_active() {
    let bench = Bench::new();
    let granted = bench.machine("agent", &[("grant_type", "client_credentials")]).await.json();
    let token = text(&granted, "access_token");
    let jti = bench.app.claims(token)["jti"].clone();
    for (rule, is_denied) in [
        (json!({ "jti": jti }), true),
        (json!({ "subject": "agent" }), true),
        (json!({ "client": "agent" }), true),
        (json!({ "issued_before": moment(1) }), true),
        (json!({ "sha256": sha256(token) }), true),
        (json!({ "sha256": sha256(token.rsplit_once('.').unwrap().0) }), true),
        (json!({ "jti": "another" }), false),
        (json!({ "subject": "ann" }), false),
        (json!({ "issued_before": moment(0) }), false),
    ] {
        bench.deny(rule.clone());
        assert_eq!(bench.is_active(token).await, !is_denied, "{rule}");
        let answer = bench.exchange("agent", token).await;
        match is_denied {
            true => answer.assert_error(400, "invalid_request"),
            false => assert_eq!(answer.status, StatusCode::OK, "{rule} {}", answer.body),
        }
    }
    bench.allow();
    assert!(bench.is_active(token).await, "nothing was revoked");
}

#[tokio::test]
async fn what_a_denied_actor_got_is_not_active_and_it_gets_no_more() {
    let bench = Bench::with(|options| {
        let agent = options.clients.iter_mut().find(|client| client.id == "agent").unwrap();
        agent.exchange_from = ["our app".to_owned()].into();
        options.clients.push(NamedClient::public("our app", [REDIRECT.parse().unwrap()]));
    });
    let tokens = bench.app.tokens("our app", &[]).await;
    let token = text(&tokens, "access_token");
    let exchanged = bench.exchange("agent", token).await.json();
    assert!(bench.is_active(text(&exchanged, "access_token")).await);
    for rule in [json!({ "client": "agent" }), json!({ "subject": "agent" })] {
        bench.deny(rule);
        assert!(!bench.is_active(text(&exchanged, "access_token")).await);
        assert!(bench.is_active(token).await, "the person is not meant");
        bench.exchange("agent", token).await.assert_error(400, "invalid_grant");
        let own = bench.machine("agent", &[("grant_type", "client_credentials")]).await;
        own.assert_error(400, "invalid_grant");
        let other = bench.machine("gateway", &[("grant_type", "client_credentials")]).await;
        assert_eq!(other.status, StatusCode::OK, "{}", other.body);
    }
}
