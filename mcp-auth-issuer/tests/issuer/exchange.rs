//! Token exchange (RFC 8693).

use http::StatusCode;
use mcp_auth_core::ScopeSet;
use mcp_auth_issuer::{GrantType, IssuerOptions, KeySource, NamedClient, SigningKey};
use mcp_auth_store::{Revoked, Store};
use serde_json::{Value, json};

use crate::dpop::{key, proof, token};
use crate::fresh::{fresh_outage, fresh_store};
use crate::harness::*;

const EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

fn agent(id: &str, scopes: &str, exchange_from: &[&str]) -> NamedClient {
    NamedClient {
        grant_types: [GrantType::TokenExchange, GrantType::ClientCredentials].into(),
        exchange_from: exchange_from.iter().map(|id| (*id).to_owned()).collect(),
        ..NamedClient::machine(id, "a secret of enough characters", ScopeSet::parse_lossy(scopes))
    }
}

/// An issuer whose clients `agent` and `helper` may exchange tokens: those of a public client that is registered first, and of each other.
pub(crate) struct Bench {
    pub(crate) app: App,
    pub(crate) public: String,
    key: SigningKey,
    store: Store,
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(more: impl FnOnce(&mut IssuerOptions)) -> Self {
        // The identifier of the public client is known once it has registered, so a first process registers it.
        let (store, key) = (fresh_store(), key());
        let public = App::on(store.clone(), |_| (), |_| ()).public_client().await;
        let of_public = [&*public, "agent"];
        let app = App::on(
            store.clone(),
            |_| (),
            |options| {
                options.signing_key = KeySource::Given(key.clone());
                options.clients.extend([
                    agent("agent", "todos.read todos.write", &of_public),
                    agent("helper", "todos.read", &of_public),
                    agent("stranger", "todos.read", &[]),
                ]);
                more(options);
            },
        );
        Self { app, public, key, store }
    }

    /// An access token of the person, for the public client.
    pub(crate) async fn subject(&self, scope: &str) -> String {
        let tokens = self.app.tokens(&self.public, &[("scope", scope)]).await;
        tokens["access_token"].as_str().unwrap().to_owned()
    }

    /// What the claims of a good token for the public client are, with this change.
    fn minted(&self, name: &str, value: Value) -> String {
        let mut claims = json!({
            "iss": ISSUER, "sub": "developer", "aud": RESOURCE, "client_id": self.public, "scope": "todos.read",
            "iat": START, "exp": START + 600, "jti": "j", "grant_id": "g",
        });
        claims[name] = value;
        self.key.mint(&claims).unwrap()
    }

    pub(crate) async fn exchange(&self, client: &str, subject: &str, changes: &[(&str, &str)]) -> Answer {
        self.exchange_with(client, subject, changes, &[]).await
    }

    async fn exchange_with(
        &self,
        client: &str,
        subject: &str,
        changes: &[(&str, &str)],
        proofs: &[&str],
    ) -> Answer {
        let mut form = vec![
            ("grant_type", EXCHANGE),
            ("client_id", client),
            ("client_secret", "a secret of enough characters"),
            ("subject_token", subject),
            ("subject_token_type", ACCESS_TOKEN),
        ];
        for change in changes {
            form = changed(&form, *change);
        }
        token(&self.app, &form, proofs).await
    }

    #[track_caller]
    fn claims(&self, answer: &Answer) -> Value {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        self.app.claims(answer.json()["access_token"].as_str().unwrap())
    }
}

#[tokio::test]
async fn an_agent_gets_a_narrower_token_for_the_same_person_that_says_who_acts() {
    let bench = Bench::new().await;
    let subject = bench.subject("todos.read todos.write").await;
    let answer = bench.exchange("agent", &subject, &[("scope", "todos.read"), ("resource", RESOURCE)]).await;
    let (claims, before) = (bench.claims(&answer), bench.app.claims(&subject));
    let told = answer.json();
    assert_eq!((&told["issued_token_type"], &told["token_type"]), (&json!(ACCESS_TOKEN), &json!("Bearer")));
    assert_eq!((&told["scope"], told.get("refresh_token")), (&json!("todos.read"), None));
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!("developer"), &json!("agent")));
    assert_eq!(claims["act"], json!({ "sub": "agent" }));
    assert_eq!((&claims["scope"], &claims["aud"]), (&json!("todos.read"), &json!(RESOURCE)));
    assert_ne!(claims["jti"], before["jti"]);
    for same in ["grant_id", "auth_time"] {
        assert_eq!(claims[same], before[same], "{same}");
        assert!(!claims[same].is_null(), "{same}");
    }
}

#[tokio::test]
async fn who_acted_before_stays_in_the_token_and_who_acts_already_does_not_act_twice() {
    let bench = Bench::new().await;
    let first = bench.exchange("agent", &bench.subject("todos.read").await, &[]).await.json();
    let first = first["access_token"].as_str().unwrap();
    let second = bench.exchange("helper", first, &[]).await;
    assert_eq!(bench.claims(&second)["act"], json!({ "sub": "helper", "act": { "sub": "agent" } }));
    let own = bench.exchange("agent", first, &[]).await;
    assert_eq!(bench.claims(&own)["act"], json!({ "sub": "agent" }));
    let chain = |length: usize| {
        (1..length).fold(json!({ "sub": "x" }), |act, n| json!({ "sub": format!("x{n}"), "act": act }))
    };
    let seven = bench.exchange("agent", &bench.minted("act", chain(7)), &[]).await;
    assert_eq!(seven.status, StatusCode::OK, "{}", seven.body);
    let eight = bench.exchange("agent", &bench.minted("act", chain(8)), &[]).await;
    eight.assert_error(400, "invalid_request");
    bench.exchange("agent", &bench.minted("act", json!("x")), &[]).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn a_token_that_is_not_good_or_not_for_this_client_is_not_exchanged() {
    let bench = Bench::new().await;
    let good = bench.minted("jti", json!("j"));
    assert_eq!(bench.exchange("agent", &good, &[]).await.status, StatusCode::OK);
    let foreign = key().mint(&bench.app.claims(&good)).unwrap();
    let other_type = json!({ "typ": "JWT", "alg": "ES256" });
    let other_type = bench.key.mint_with_header(&other_type, &bench.app.claims(&good)).unwrap();
    let refresh = bench.app.tokens(&bench.public, &[]).await["refresh_token"].as_str().unwrap().to_owned();
    for (bad, why) in [
        (foreign, "of another key"),
        (other_type, "not an access token"),
        (refresh, "a refresh token"),
        ("x.y.z".to_owned(), "no token"),
        (bench.minted("exp", json!(START)), "expired"),
        (bench.minted("aud", json!("http://other.example/mcp")), "for another server"),
        (bench.minted("aud", json!([RESOURCE, "http://other.example/mcp"])), "for another server too"),
        (bench.minted("iss", json!("http://localhost:8081")), "of another issuer with the same key"),
        (bench.minted("client_id", json!("another")), "of a client that is not listed"),
        (bench.minted("cnf", json!({ "x5t#S256": "x" })), "bound to a certificate"),
        (bench.minted("cnf", json!({})), "bound to something unknown"),
    ] {
        let answer = bench.exchange("agent", &bad, &[]).await;
        answer.assert_error(400, "invalid_request");
        assert!(answer.json()["error_description"].as_str().unwrap().contains("subject token"), "{why}");
    }
    bench.exchange("stranger", &good, &[]).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn a_client_exchanges_its_own_tokens_and_no_other_one_exchanges_what_it_got_for_itself() {
    let bench = Bench::new().await;
    let machine = [
        ("grant_type", "client_credentials"),
        ("client_id", "agent"),
        ("client_secret", "a secret of enough characters"),
    ];
    let own = bench.app.token(&machine).await.json();
    let own = own["access_token"].as_str().unwrap();
    let claims = bench.claims(&bench.exchange("agent", own, &[("scope", "todos.read")]).await);
    assert_eq!((&claims["sub"], &claims["scope"]), (&json!("agent"), &json!("todos.read")));
    // `helper` lists `agent`, but would be given a token that looks like a person's.
    bench.exchange("helper", own, &[]).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn p44_a_revoked_token_is_not_exchanged_and_the_end_of_the_grant_ends_what_was_exchanged() {
    let bench = Bench::new().await;
    let subject = bench.subject("todos.read").await;
    let exchanged = bench.exchange("agent", &subject, &[]).await.json();
    let exchanged = exchanged["access_token"].as_str().unwrap();
    let is_active = async |token: &str| {
        let asked =
            [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it"), ("token", token)];
        bench.app.post_form("/introspect", &asked).await.json()["active"].as_bool().unwrap()
    };
    assert!(is_active(exchanged).await);
    let grant = bench.app.claims(&subject)["grant_id"].as_str().unwrap().to_owned();
    bench.store.revocations().revoke(Revoked::Grant(grant), START).await.unwrap();
    assert!(!is_active(&subject).await && !is_active(exchanged).await);
    bench.exchange("agent", &subject, &[]).await.assert_error(400, "invalid_request");
    bench.exchange("helper", exchanged, &[]).await.assert_error(400, "invalid_request");
    let one = bench.subject("todos.read").await;
    let jti = bench.app.claims(&one)["jti"].as_str().unwrap().to_owned();
    assert_eq!(bench.exchange("agent", &one, &[]).await.status, StatusCode::OK);
    bench.store.revocations().revoke(Revoked::Token(jti), START).await.unwrap();
    bench.exchange("agent", &one, &[]).await.assert_error(400, "invalid_request");
}

/// It has no grant that they could end with.
#[tokio::test]
async fn p44_with_a_token_that_a_client_got_for_itself_what_it_was_exchanged_for_ends() {
    let bench = Bench::new().await;
    let machine = [
        ("grant_type", "client_credentials"),
        ("client_id", "agent"),
        ("client_secret", "a secret of enough characters"),
    ];
    let token = |answer: &Answer| answer.json()["access_token"].as_str().unwrap().to_owned();
    let is_active = async |token: &str| {
        let asked =
            [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it"), ("token", token)];
        bench.app.post_form("/introspect", &asked).await.json()["active"].as_bool().unwrap()
    };
    let mut chains = Vec::new();
    for _ in 0..2 {
        let own = token(&bench.app.token(&machine).await);
        let first = token(&bench.exchange("agent", &own, &[]).await);
        let second = token(&bench.exchange("agent", &first, &[]).await);
        chains.push([own, first, second]);
    }
    let revoke = async |token: &str| {
        let form =
            [("client_id", "agent"), ("client_secret", "a secret of enough characters"), ("token", token)];
        assert_eq!(bench.app.post_form("/revoke", &form).await.status, StatusCode::OK);
    };
    revoke(&chains[0][0]).await;
    for token in &chains[0] {
        assert!(!is_active(token).await);
    }
    for token in &chains[1] {
        assert!(is_active(token).await, "of another subject token");
    }
    revoke(&chains[1][1]).await;
    assert!(is_active(&chains[1][0]).await, "what is revoked in exchange leaves the subject token");
}

#[tokio::test]
async fn scopes_are_within_those_of_the_token_and_of_the_client_and_implied_ones_count() {
    let bench = Bench::new().await;
    let scope = |answer: &Answer| answer.json()["scope"].clone();
    let read = bench.subject("todos.read").await;
    bench.exchange("agent", &read, &[("scope", "todos.write")]).await.assert_error(400, "invalid_scope");
    bench.exchange("agent", &read, &[("scope", "nothing")]).await.assert_error(400, "invalid_scope");
    let admin = bench.subject("admin").await;
    bench.exchange("agent", &admin, &[("scope", "admin")]).await.assert_error(400, "invalid_scope");
    assert_eq!(scope(&bench.exchange("agent", &admin, &[]).await), "todos.read todos.write");
    let files = bench.subject("files:a:read").await;
    bench.exchange("agent", &files, &[]).await.assert_error(400, "invalid_scope");
    assert_eq!(scope(&bench.exchange("agent", &admin, &[("scope", "todos.read")]).await), "todos.read");
    let both = bench.subject("todos.read todos.write").await;
    assert_eq!(scope(&bench.exchange("agent", &both, &[]).await), "todos.read todos.write");
    assert_eq!(scope(&bench.exchange("helper", &both, &[]).await), "todos.read", "what the client may have");
    bench.exchange("helper", &both, &[("scope", "todos.write")]).await.assert_error(400, "invalid_scope");
}

#[tokio::test]
async fn what_was_exchanged_ends_with_the_subject_token_and_never_lives_longer_than_others() {
    let bench = Bench::new().await;
    let subject = bench.subject("todos.read").await;
    let until = bench.app.claims(&subject)["exp"].as_u64().unwrap();
    bench.app.advance(until - START - 10);
    let answer = bench.exchange("agent", &subject, &[]).await;
    assert_eq!(
        (bench.claims(&answer)["exp"].as_u64(), answer.json()["expires_in"].as_u64()),
        (Some(until), Some(10))
    );
    let long = bench.minted("exp", json!(START + 3000));
    let now = until - 10;
    assert_eq!(
        bench.claims(&bench.exchange("agent", &long, &[]).await)["exp"].as_u64(),
        Some((now + 900).min(START + 3000))
    );
    bench.app.advance(10);
    bench.exchange("agent", &subject, &[]).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn a_bound_token_needs_a_proof_of_its_key_and_the_new_one_is_bound_to_it() {
    let bench = Bench::new().await;
    let own = key();
    let bound = bench.minted("cnf", json!({ "jkt": own.kid() }));
    bench.exchange("agent", &bound, &[]).await.assert_error(400, "invalid_dpop_proof");
    let other = bench.exchange_with("agent", &bound, &[], &[&proof(&key())]).await;
    other.assert_error(400, "invalid_request");
    let once = proof(&own);
    let answer = bench.exchange_with("agent", &bound, &[], &[&once]).await;
    assert_eq!(
        (&bench.claims(&answer)["cnf"], &answer.json()["token_type"]),
        (&json!({ "jkt": own.kid() }), &json!("DPoP"))
    );
    bench.exchange_with("agent", &bound, &[], &[&once]).await.assert_error(400, "invalid_dpop_proof");
    // A token that is not bound may be exchanged for one that is.
    let free = bench.subject("todos.read").await;
    let answer = bench.exchange_with("agent", &free, &[], &[&proof(&own)]).await;
    assert_eq!(bench.claims(&answer)["cnf"]["jkt"], own.kid());
}

#[tokio::test]
async fn may_act_of_the_token_names_the_only_actor() {
    let bench = Bench::new().await;
    for named in
        [json!({ "sub": "agent" }), json!({ "client_id": "agent" }), json!({ "sub": "agent", "iss": ISSUER })]
    {
        let answer = bench.exchange("agent", &bench.minted("may_act", named.clone()), &[]).await;
        assert_eq!(answer.status, StatusCode::OK, "{named}: {}", answer.body);
    }
    for named in [
        json!({ "sub": "helper" }),
        json!({ "sub": "agent", "client_id": "helper" }),
        json!({ "sub": "agent", "iss": "http://other.example" }),
        json!({ "sub": "agent", "email": "agent@example.com" }),
        json!({ "iss": ISSUER }),
        json!({}),
        json!("agent"),
        json!(null),
    ] {
        let answer = bench.exchange("agent", &bench.minted("may_act", named.clone()), &[]).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{named}");
        answer.assert_error(400, "invalid_request");
    }
}

#[tokio::test]
async fn what_is_asked_for_is_an_access_token_for_this_server_and_the_client_is_the_actor() {
    let bench = Bench::new().await;
    let subject = bench.subject("todos.read").await;
    let jwt = "urn:ietf:params:oauth:token-type:jwt";
    for fine in [
        ("subject_token_type", jwt),
        ("requested_token_type", ACCESS_TOKEN),
        ("audience", RESOURCE),
        ("resource", RESOURCE),
    ] {
        let answer = bench.exchange("agent", &subject, &[fine]).await;
        assert_eq!(answer.status, StatusCode::OK, "{fine:?}: {}", answer.body);
    }
    for (change, code) in [
        (("subject_token", ""), "invalid_request"),
        (("subject_token_type", ""), "invalid_request"),
        (("subject_token_type", "urn:ietf:params:oauth:token-type:id_token"), "invalid_request"),
        (("subject_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "invalid_request"),
        (("requested_token_type", "urn:ietf:params:oauth:token-type:refresh_token"), "invalid_request"),
        (("requested_token_type", "urn:ietf:params:oauth:token-type:id-jag"), "invalid_request"),
        (("requested_token_type", jwt), "invalid_request"),
        (("audience", "http://other.example/mcp"), "invalid_target"),
        (("resource", "http://other.example/mcp"), "invalid_target"),
        (("actor_token", "x"), "invalid_request"),
        (("actor_token_type", ACCESS_TOKEN), "invalid_request"),
    ] {
        bench.exchange("agent", &subject, &[change]).await.assert_error(400, code);
    }
}

#[tokio::test]
async fn only_a_confidential_client_that_the_operator_named_for_it_exchanges_tokens() {
    let bench = Bench::new().await;
    let subject = bench.subject("todos.read").await;
    let send = async |id: &str, secret: &str| {
        let form = [
            ("grant_type", EXCHANGE),
            ("client_id", id),
            ("subject_token", &*subject),
            ("subject_token_type", ACCESS_TOKEN),
        ];
        let form = match secret {
            "" => form.to_vec(),
            secret => changed(&form, ("client_secret", secret)),
        };
        bench.app.token(&form).await
    };
    send(&bench.public, "").await.assert_error(400, "unauthorized_client");
    let machine = send("nightly job", "s3cret: with %+ in it").await;
    machine.assert_error(400, "unauthorized_client");
    let mut document = metadata(&[REDIRECT], "client_secret_post");
    document["grant_types"] = json!(["authorization_code", EXCHANGE]);
    let registered = bench.app.register(&document).await.json();
    let [id, secret] =
        ["client_id", "client_secret"].map(|name| registered[name].as_str().unwrap().to_owned());
    send(&id, &secret).await.assert_error(400, "unauthorized_client");
    send("agent", "wrong").await.assert_error(401, "invalid_client");
    send("agent", "").await.assert_error(401, "invalid_client");
}

#[tokio::test]
async fn nothing_is_exchanged_while_the_store_cannot_say_what_is_revoked() {
    let outage = fresh_outage();
    let key = key();
    let app = App::on(
        outage.store(),
        |_| (),
        |options| {
            options.signing_key = KeySource::Given(key.clone());
            options.clients.push(agent("agent", "todos.read", &["app"]));
        },
    );
    let claims = json!({
        "iss": ISSUER, "sub": "developer", "aud": RESOURCE, "client_id": "app", "scope": "todos.read",
        "iat": START, "exp": START + 600, "jti": "j", "grant_id": "g",
    });
    let subject = key.mint(&claims).unwrap();
    let form = [
        ("grant_type", EXCHANGE),
        ("client_id", "agent"),
        ("client_secret", "a secret of enough characters"),
        ("subject_token", &subject),
        ("subject_token_type", ACCESS_TOKEN),
    ];
    outage.begin();
    app.token(&form).await.assert_error(503, "temporarily_unavailable");
    outage.end();
    assert_eq!(app.token(&form).await.status, StatusCode::OK);
}

/// An agent that revoked many exchanged tokens at once cut off everybody who used it, and itself.
#[tokio::test]
async fn a_client_that_revokes_very_many_exchanged_tokens_of_one_person_loses_those_of_this_person_alone() {
    let bench = Bench::new().await;
    let token = |answer: &Answer| answer.json()["access_token"].as_str().unwrap().to_owned();
    let is_active = async |token: &str| {
        let asked =
            [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it"), ("token", token)];
        bench.app.post_form("/introspect", &asked).await.json()["active"].as_bool().unwrap()
    };
    let revoke = async |token: &str| {
        let form =
            [("client_id", "agent"), ("client_secret", "a secret of enough characters"), ("token", token)];
        assert_eq!(bench.app.post_form("/revoke", &form).await.status, StatusCode::OK);
    };
    let hers = bench.minted("sub", json!("ann"));
    let of_ann = token(&bench.exchange("agent", &hers, &[]).await);
    let machine = [
        ("grant_type", "client_credentials"),
        ("client_id", "agent"),
        ("client_secret", "a secret of enough characters"),
    ];
    let own = token(&bench.app.token(&machine).await);
    let subject = bench.subject("todos.read").await;
    let kept = token(&bench.exchange("agent", &subject, &[]).await);
    for number in 0..61 {
        assert!(is_active(&kept).await, "{number}");
        let one = token(&bench.exchange("agent", &subject, &[]).await);
        revoke(&one).await;
        assert!(!is_active(&one).await, "{number}");
    }
    assert!(!is_active(&kept).await, "all that the agent had of this person");
    assert!(is_active(&of_ann).await, "of another person");
    assert!(is_active(&own).await, "what it got for itself");
    assert!(is_active(&subject).await, "what the person allowed the other client");
    // The same of what it got for itself: what it has of people stays.
    let (one, another) = (token(&bench.app.token(&machine).await), token(&bench.app.token(&machine).await));
    revoke(&one).await;
    assert!(!is_active(&another).await && is_active(&of_ann).await);
}
