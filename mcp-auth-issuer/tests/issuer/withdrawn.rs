//! What the configuration gives no more is revoked when the server starts with it: access tokens of before are refused at once.

use aws_lc_rs::digest;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use http::StatusCode;
use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_issuer::upstream::{Admitted, AdmittedLists};
use mcp_auth_issuer::{
    AssertionKeys, AssertionOptions, AssertionProfile, ClaimAt, ClaimTest, GrantType, IssuerError,
    IssuerOptions, KeySource, LoginOptions, NamedClient, NamedCredential, SigningKey, Workload,
};
use mcp_auth_store::Store;
use serde_json::{Value, json};

use crate::dpop::key;
use crate::fresh::{fresh_outage, fresh_store};
use crate::harness::*;
use crate::upstream;

const SECRET: &str = "a secret of enough characters";
const SITE: &str = "https://app.example/cb";
const ROLES: &str = "urn:mcp-auth:roles";
/// For so long what was lost is lost again at each start.
const MEMORY: u64 = 70 * 60;

type Change = fn(&mut IssuerOptions);
/// A change, and the tokens that are refused after it.
type Case = (&'static str, Change, &'static [(&'static str, &'static str)]);
/// Who is let in: these, or anyone.
type Rule = Option<&'static [&'static str]>;

/// A server that is stopped and started again with another configuration.
struct Server {
    store: Store,
    key: SigningKey,
}

impl Server {
    fn new() -> Self {
        Self { store: fresh_store(), key: key() }
    }

    async fn try_start(
        &self,
        after: u64,
        change: impl FnOnce(&mut IssuerOptions),
    ) -> Result<App, IssuerError> {
        App::started(&self.store, START + after, |options| {
            options.signing_key = KeySource::Given(self.key.clone());
            options.clients = vec![named("gateway", &[GrantType::ClientCredentials], "")];
            change(options);
        })
        .await
    }

    /// The issuer, started so many seconds after the beginning.
    async fn start(&self, after: u64, change: impl FnOnce(&mut IssuerOptions)) -> App {
        self.try_start(after, change).await.unwrap()
    }

    /// An access token that was issued at the beginning.
    fn token(&self, (subject, client): (&str, &str)) -> String {
        let claims = json!({
            "iss": ISSUER, "sub": subject, "aud": RESOURCE, "client_id": client, "scope": "todos.read",
            "iat": START, "exp": START + 3600, "jti": format!("{subject} {client}"),
        });
        self.key.mint(&claims).unwrap()
    }
}

fn named(id: &str, grants: &[GrantType], scopes: &str) -> NamedClient {
    NamedClient {
        grant_types: grants.iter().copied().collect(),
        ..NamedClient::machine(id, SECRET, ScopeSet::parse_lossy(scopes))
    }
}

async fn is_good(app: &App, token: &str) -> bool {
    let form = [("client_id", "gateway"), ("client_secret", SECRET), ("token", token)];
    let answer = app.post_form("/introspect", &form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["active"] == true
}

fn said(claims: &Value) -> serde_json::Map<String, Value> {
    claims.as_object().unwrap().clone()
}

/// Clients, programs and people of every kind.
fn all(options: &mut IssuerOptions) {
    let app = NamedClient::public("app", [REDIRECT.parse().unwrap(), SITE.parse().unwrap()]);
    let job =
        named("job", &[GrantType::ClientCredentials, GrantType::TokenExchange], "todos.read todos.write");
    let mut agent = named("agent", &[GrantType::TokenExchange], "todos.read");
    agent.exchange_from = ["app".to_owned(), "a registered one".to_owned()].into();
    let editor = named("editor", &[GrantType::JwtBearer], "todos.read");
    options.clients.extend([app, job, agent, editor]);
    options.users = vec!["ann".to_owned(), "bob".to_owned()];
    options.claims = [
        ("ann".to_owned(), said(&json!({ ROLES: ["admin", "reader"], "tenant": "a", "teams": ["x", "y"] }))),
        ("job".to_owned(), said(&json!({ ROLES: ["robot"] }))),
        ("bob".to_owned(), said(&json!({}))),
    ]
    .into();
    let owner = ClaimAt { written: "owner".into(), names: vec!["owner".into()] };
    let deploy = Workload {
        client_id: "deploy".into(),
        subject: "repo:a".into(),
        require_claims: [(owner, ClaimTest::OneOf(vec!["1".into()]))].into_iter().collect(),
        scopes: ScopeSet::parse_lossy("todos.read todos.write"),
    };
    let issuer = |issuer: &str, profile| AssertionOptions {
        issuer: issuer.parse().unwrap(),
        keys: AssertionKeys::Discovery,
        profile,
        max_lifetime: std::time::Duration::from_secs(300),
    };
    options.assertions = vec![
        issuer("https://idp.example", AssertionProfile::IdJag),
        issuer("https://ci.example", AssertionProfile::Workload(vec![deploy])),
    ];
}

/// Whose tokens there are: the subject, and the client.
const TOKENS: [(&str, &str); 8] = [
    ("ann", "app"),
    ("ann", "a registered one"),
    ("bob", "app"),
    ("bob", "agent"),
    ("bob", "a registered one"),
    ("job", "job"),
    ("https://idp.example#cy", "editor"),
    ("deploy", "deploy"),
];

/// A copied refresh token slept until the same name was written again.
#[tokio::test]
async fn a_client_or_person_that_was_taken_out_and_comes_back_begins_anew() {
    const NOTHING: Change = |_| ();
    let cases: [(&str, Change, bool); 5] = [
        ("the client is gone", |options| options.clients.retain(|client| client.id != "app"), false),
        ("the person is gone", |options| options.users.retain(|user| user != "bob"), false),
        ("another client is gone", |options| options.clients.retain(|client| client.id != "job"), true),
        ("another person is gone", |options| options.users.retain(|user| user != "ann"), true),
        ("nothing is gone", NOTHING, true),
    ];
    for (what, change, goes_on) in cases {
        let server = Server::new();
        let app = server.start(0, all).await;
        let mut browser = Browser::new(&app);
        let page = browser.get(&authorize_url("app", &[])).await;
        let form = [("csrf", &*csrf(&page)), ("decision", "login"), ("user", "bob")];
        let back = browser.post(&form_action(&page), &form).await;
        let consent = browser.get(back.header("location")).await;
        let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
        let tokens = app.token(&redeem("app", &code)).await.json();
        let token = tokens["refresh_token"].as_str().unwrap().to_owned();
        let without = |options: &mut IssuerOptions| {
            all(options);
            change(options);
        };
        server.start(60, without).await;
        let app = server.start(120, all).await;
        let refresh = [("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", &*token)];
        let answer = app.token(&refresh).await;
        match goes_on {
            true => assert_eq!(answer.status, StatusCode::OK, "{what}: {}", answer.body),
            false => answer.assert_error(400, "invalid_grant"),
        }
    }
}

/// Starts with everything, and then with this change of it: the tokens that are refused then.
async fn refused_after(before: Change, change: Change) -> Vec<(&'static str, &'static str)> {
    let server = Server::new();
    let app = server.start(0, before).await;
    for of in TOKENS {
        assert!(is_good(&app, &server.token(of)).await, "{of:?}");
    }
    let app = server
        .start(60, |options| {
            before(options);
            change(options);
        })
        .await;
    let mut refused = Vec::new();
    for of in TOKENS {
        if !is_good(&app, &server.token(of)).await {
            refused.push(of);
        }
    }
    refused
}

fn client<'a>(options: &'a mut IssuerOptions, id: &str) -> &'a mut NamedClient {
    options.clients.iter_mut().find(|client| client.id == id).unwrap()
}

fn deploy(options: &mut IssuerOptions) -> &mut Workload {
    match &mut options.assertions[1].profile {
        AssertionProfile::Workload(workloads) => &mut workloads[0],
        AssertionProfile::IdJag => panic!("a workload"),
    }
}

fn claim<'a>(options: &'a mut IssuerOptions, subject: &str, claim: &str) -> &'a mut Value {
    &mut options.claims.get_mut(subject).unwrap()[claim]
}

/// What was exchanged for a token of a client ends with it.
const OF_APP: [(&str, &str); 3] = [("ann", "app"), ("bob", "app"), ("bob", "agent")];
const OF_ANN: [(&str, &str); 2] = [("ann", "app"), ("ann", "a registered one")];
const OF_JOB: [(&str, &str); 1] = [("job", "job")];
const OF_AGENT: [(&str, &str); 1] = [("bob", "agent")];
const OF_DEPLOY: [(&str, &str); 1] = [("deploy", "deploy")];
const OF_EDITOR: [(&str, &str); 1] = [("https://idp.example#cy", "editor")];

#[tokio::test]
async fn p41_tokens_of_a_client_that_is_removed_or_may_do_less_are_refused_and_no_others() {
    let cases: [Case; 14] = [
        ("removed", |o| o.clients.retain(|client| client.id != "app"), &OF_APP),
        ("renamed", |o| client(o, "app").id = "our app".into(), &OF_APP),
        ("a redirect URI", |o| drop(client(o, "app").redirect_uris.pop()), &OF_APP),
        ("refresh", |o| client(o, "app").grant_types = [GrantType::AuthorizationCode].into(), &OF_APP),
        (
            "public no more",
            |o| client(o, "app").credential = NamedCredential::Secret(SecretText::new(SECRET)),
            &OF_APP,
        ),
        ("a job is removed", |o| o.clients.retain(|client| client.id != "job"), &OF_JOB),
        ("a scope", |o| client(o, "job").scopes = ScopeSet::parse_lossy("todos.read"), &OF_JOB),
        ("a grant type", |o| client(o, "job").grant_types = [GrantType::ClientCredentials].into(), &OF_JOB),
        ("exchange_from", |o| drop(client(o, "agent").exchange_from.pop_last()), &OF_AGENT),
        ("an identity provider", |o| drop(o.assertions.remove(0)), &OF_EDITOR),
        ("a platform", |o| drop(o.assertions.remove(1)), &OF_DEPLOY),
        ("a workload's scope", |o| deploy(o).scopes = ScopeSet::parse_lossy("todos.read"), &OF_DEPLOY),
        ("a workload's subject", |o| deploy(o).subject = "repo:b".into(), &OF_DEPLOY),
        (
            "a workload's rules",
            |o| {
                let owner = ClaimAt { written: "owner".into(), names: vec!["owner".into()] };
                let rule = (owner, ClaimTest::OneOf(vec!["2".into()]));
                deploy(o).require_claims = [rule].into_iter().collect();
            },
            &OF_DEPLOY,
        ),
    ];
    for (name, change, refused) in cases {
        assert_eq!(refused_after(all, change).await, refused, "{name}");
    }
}

/// The token names the last one of them alone, and the first.
#[tokio::test]
async fn p44_what_was_exchanged_twice_ends_with_each_client_that_it_came_through() {
    let before: Change = |options| {
        all(options);
        client(options, "job").exchange_from = ["agent".to_owned()].into();
    };
    let changes: [Change; 2] = [
        |options| client(options, "agent").exchange_from.clear(),
        |options| drop(client(options, "app").redirect_uris.pop()),
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let refused = refused_after(before, change).await;
        for of in [("job", "job"), ("bob", "agent")] {
            assert!(refused.contains(&of), "{number}: {of:?} {refused:?}");
        }
        assert!(!refused.contains(&("deploy", "deploy")), "{number}");
    }
    let refused = refused_after(before, |options| client(options, "job").exchange_from.clear()).await;
    assert_eq!(refused, [("job", "job")], "who is behind in the chain ends nothing of those before");
}

#[tokio::test]
async fn p41_tokens_of_a_person_who_lost_a_role_a_claim_or_the_login_are_refused_and_no_others() {
    let cases: [Case; 8] = [
        ("a role", |o| *claim(o, "ann", ROLES) = json!(["reader"]), &OF_ANN),
        ("another role", |o| *claim(o, "ann", ROLES) = json!(["admin", "reader of less"]), &OF_ANN),
        ("a claim changed", |o| *claim(o, "ann", "tenant") = json!("b"), &OF_ANN),
        ("a claim's list", |o| *claim(o, "ann", "teams") = json!(["x"]), &OF_ANN),
        ("a claim removed", |o| drop(o.claims.get_mut("ann").unwrap().remove("tenant")), &OF_ANN),
        ("all of it", |o| drop(o.claims.remove("ann")), &OF_ANN),
        ("a client's role", |o| *claim(o, "job", ROLES) = json!([]), &OF_JOB),
        ("the login", |o| o.users = vec!["bob".to_owned()], &OF_ANN),
    ];
    for (name, change, refused) in cases {
        assert_eq!(refused_after(all, change).await, refused, "{name}");
    }
}

#[tokio::test]
async fn where_people_lost_something_whom_the_configuration_does_not_name_tokens_of_all_people_are_refused() {
    let of_programs = |of: &(&str, &str)| of.0 == of.1;
    let cases: [(&str, Change); 2] = [
        ("descriptions of clients", |o| o.client_documents.enabled = false),
        ("another login", |o| o.login = LoginOptions::Upstream(Box::new(upstream::options()))),
    ];
    for (name, change) in cases {
        let refused = refused_after(all, change).await;
        let people: Vec<_> = TOKENS.into_iter().filter(|of| !of_programs(of)).collect();
        assert_eq!(refused, people, "{name}");
    }
}

#[tokio::test]
async fn p41_a_configuration_that_gives_the_same_or_more_revokes_nothing() {
    let cases: [(&str, Change); 13] = [
        ("the same", |_| ()),
        ("a role", |o| *claim(o, "ann", ROLES) = json!(["reader", "writer", "admin"])),
        ("a claim", |o| drop(o.claims.get_mut("bob").unwrap().insert("tenant".into(), json!("a")))),
        ("a person", |o| o.users.push("cy".to_owned())),
        ("the order", |o| o.users.reverse()),
        ("a client", |o| o.clients.push(named("new", &[GrantType::ClientCredentials], "todos.read"))),
        ("a scope", |o| client(o, "agent").scopes = ScopeSet::parse_lossy("todos.read todos.write")),
        ("a wider scope", |o| client(o, "job").scopes = ScopeSet::parse_lossy("admin")),
        ("a grant type", |o| client(o, "job").grant_types.extend([GrantType::JwtBearer])),
        ("a redirect URI", |o| client(o, "app").redirect_uris.push("https://b.example/cb".parse().unwrap())),
        ("exchange_from", |o| client(o, "agent").exchange_from.extend(["another".to_owned()])),
        ("a name and a secret", |o| {
            client(o, "app").name = Some("Our app".into());
            client(o, "job").credential =
                NamedCredential::Secret(SecretText::new("another of enough characters"));
        }),
        ("what it keeps", |o| o.session_lifetime = std::time::Duration::from_secs(60)),
    ];
    for (name, change) in cases {
        assert_eq!(refused_after(all, change).await, [], "{name}");
    }
}

/// As `sub` of our tokens names them.
fn at_provider(sub: &str) -> String {
    let hash = digest::digest(&digest::SHA256, format!("https://login.example\n{sub}").as_bytes());
    format!("oidc_{}", BASE64_URL_SAFE_NO_PAD.encode(hash))
}

#[tokio::test]
async fn tokens_of_a_person_who_lost_the_rule_that_lets_them_in_are_refused() {
    let admit = |admitted: Rule| {
        let mut upstream = upstream::options();
        upstream.admitted = match admitted {
            None => Admitted::Anyone,
            Some(all) => Admitted::subjects(all.iter().copied()),
        };
        move |options: &mut IssuerOptions| options.login = LoginOptions::Upstream(Box::new(upstream))
    };
    let (ann, bob) = (at_provider("17"), at_provider("18"));
    let cases: [(&str, Rule, Rule, (bool, bool)); 5] = [
        ("the same", Some(&["17", "18"]), Some(&["18", "17"]), (true, true)),
        ("one of the list", Some(&["17", "18"]), Some(&["17"]), (true, false)),
        ("a list becomes anyone", Some(&["17", "18"]), None, (true, true)),
        // Who came in besides is not known: each client refreshes, and then the rule is asked.
        ("anyone becomes a list", None, Some(&["17"]), (false, false)),
        ("anyone stays", None, None, (true, true)),
    ];
    for (name, before, after, good) in cases {
        let server = Server::new();
        let tokens = [server.token((&ann, "app")), server.token((&bob, "app"))];
        let of_program = server.token(("gateway", "gateway"));
        server.start(0, admit(before)).await;
        let app = server.start(60, admit(after)).await;
        assert_eq!((is_good(&app, &tokens[0]).await, is_good(&app, &tokens[1]).await), good, "{name}");
        assert!(is_good(&app, &of_program).await, "{name}");
    }
}

#[tokio::test]
async fn tokens_of_all_people_are_refused_after_a_domain_or_a_claim_is_taken_away_and_of_none_after_one_more()
{
    let by = |domains: &[&str], claims: &[&str]| {
        let mut upstream = upstream::options();
        let domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
        upstream.admitted = match claims.contains(&"anyone") {
            true => Admitted::Anyone,
            false => Admitted::Listed(AdmittedLists {
                domains,
                subjects: ["17".to_owned()].into(),
                ..AdmittedLists::default()
            }),
        };
        let claims = claims.iter().filter(|claim| **claim != "anyone");
        upstream.claims = claims.map(|claim| vec![(*claim).to_owned()]).collect();
        move |options: &mut IssuerOptions| options.login = LoginOptions::Upstream(Box::new(upstream))
    };
    type By = (&'static [&'static str], &'static [&'static str]);
    let cases: [(&str, By, By, bool); 6] = [
        ("the same", (&["a.example"], &["groups"]), (&["a.example"], &["groups"]), true),
        ("a domain more", (&["a.example"], &[]), (&["a.example", "b.example"], &[]), true),
        ("a claim more", (&["a.example"], &[]), (&["a.example"], &["groups"]), true),
        ("a domain less", (&["a.example", "b.example"], &[]), (&["a.example"], &[]), false),
        ("a claim less", (&["a.example"], &["groups"]), (&["a.example"], &[]), false),
        ("anyone becomes a domain", (&[], &["anyone"]), (&["a.example"], &[]), false),
    ];
    for (name, before, after, good) in cases {
        let server = Server::new();
        let token = server.token((&at_provider("18"), "app"));
        let of_program = server.token(("gateway", "gateway"));
        server.start(0, by(before.0, before.1)).await;
        let app = server.start(60, by(after.0, after.1)).await;
        assert_eq!(is_good(&app, &token).await, good, "{name}");
        assert!(is_good(&app, &of_program).await, "{name}");
    }
}

fn with_app(options: &mut IssuerOptions) {
    options.clients.push(NamedClient::public("app", [REDIRECT.parse().unwrap()]));
}

async fn refreshed(app: &App, token: &Value) -> Answer {
    let refresh = token["refresh_token"].as_str().unwrap();
    app.token(&[("grant_type", "refresh_token"), ("client_id", "app"), ("refresh_token", refresh)]).await
}

#[tokio::test]
async fn who_lost_a_role_refreshes_and_the_next_token_without_it_is_good() {
    let server = Server::new();
    let with = |roles: &[&str]| {
        let claims = said(&json!({ ROLES: roles }));
        move |options: &mut IssuerOptions| {
            with_app(options);
            options.claims = [("developer".to_owned(), claims)].into();
        }
    };
    let tokens = server.start(0, with(&["admin", "reader"])).await.tokens("app", &[]).await;
    let app = server.start(60, with(&["reader"])).await;
    assert!(!is_good(&app, tokens["access_token"].as_str().unwrap()).await);
    app.advance(1);
    let next = refreshed(&app, &tokens).await.json();
    let token = next["access_token"].as_str().unwrap();
    assert_eq!(app.claims(token)[ROLES], json!(["reader"]));
    assert!(is_good(&app, token).await);
}

#[tokio::test]
async fn a_client_that_comes_back_gets_good_tokens_and_those_of_before_stay_refused() {
    let server = Server::new();
    let app = server.start(0, with_app).await;
    let before = app.tokens("app", &[]).await;
    let without = server.start(60, |_| ()).await;
    assert!(!is_good(&without, before["access_token"].as_str().unwrap()).await);
    refreshed(&without, &before).await.assert_error(401, "invalid_client");
    let back = server.start(120, with_app).await;
    assert!(!is_good(&back, before["access_token"].as_str().unwrap()).await);
    let tokens = back.tokens("app", &[]).await;
    assert!(is_good(&back, tokens["access_token"].as_str().unwrap()).await);
}

/// A rolling restart: processes with the configuration of before are replaced one after the other, and go on until then.
#[tokio::test]
async fn what_a_process_with_the_configuration_of_before_issues_ends_when_the_last_one_is_replaced() {
    let server = Server::new();
    let old = server.start(0, with_app).await;
    server.start(60, |_| ()).await;
    old.advance(90);
    let late = old.tokens("app", &[]).await;
    let late = late["access_token"].as_str().unwrap();
    let last = server.start(120, |_| ()).await;
    assert!(!is_good(&last, late).await);
    // One that starts with it once more gives it again, and so on, once for each start.
    let stale = server.start(180, with_app).await;
    let token = stale.tokens("app", &[]).await;
    let token = token["access_token"].as_str().unwrap();
    assert!(is_good(&stale, token).await);
    let again = server.start(240, |_| ()).await;
    assert!(!is_good(&again, token).await);
    // In the end nothing is revoked any more.
    let later = server.start(240 + MEMORY, with_app).await;
    let token = later.tokens("app", &[]).await;
    let token = token["access_token"].as_str().unwrap();
    assert!(is_good(&server.start(300 + MEMORY, with_app).await, token).await);
}

#[tokio::test]
async fn a_start_that_fails_revokes_nothing() {
    let server = Server::new();
    let app = server.start(0, all).await;
    let token = server.token(("bob", "app"));
    let refused = server.try_start(60, |options| options.users.clear()).await;
    assert!(matches!(refused, Err(IssuerError::Option(_))));
    assert!(is_good(&app, &token).await);
    assert!(is_good(&server.start(120, all).await, &token).await);
}

#[tokio::test]
async fn p41_a_store_that_is_down_starts_no_issuer_and_what_was_lost_is_lost_at_the_next_start() {
    let outage = fresh_outage();
    let server = Server { store: outage.store(), key: key() };
    let token = server.token(("bob", "app"));
    server.start(0, all).await;
    outage.begin();
    assert!(matches!(server.try_start(60, |_| ()).await, Err(IssuerError::Store(_))));
    let own_keys = App::started(&server.store, START + 60, |_| ()).await;
    assert!(matches!(own_keys, Err(IssuerError::Key(_))));
    outage.end();
    assert!(!is_good(&server.start(120, |_| ()).await, &token).await);
}

/// A store in memory is a new one after a restart. The book says so beside the key that outlives it.
#[tokio::test]
async fn a_store_that_knows_of_no_start_before_revokes_nothing() {
    let server = Server::new();
    let token = server.token(("ann", "app"));
    assert!(is_good(&server.start(60, |_| ()).await, &token).await);
}
