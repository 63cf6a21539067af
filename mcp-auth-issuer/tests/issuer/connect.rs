//! A person connects an account at a provider at which nobody logs in, because a tool acts for them there: on a page of the issuer, at which the one
//! who was asked is logged in, and nobody else.

use std::collections::BTreeMap;

use http::StatusCode;
use mcp_auth_issuer::upstream::UpstreamOptions;
use mcp_auth_issuer::{DevelopmentLogin, IssuerOptions, Params, Store};
use mcp_auth_runtime::config::{Config, ProcessContext};
use mcp_auth_runtime::facade::{NoUpstreamToken, UpstreamConnection};
use mcp_auth_store::{Answer as Said, Confirmation, Connection, SecretHash, Taken};
use mcp_auth_tests::clock::MovedClock;
use serde_json::{Value, json};

use crate::bridge::{StandIn, back};
use crate::fresh::{fresh_outage, fresh_store};
use crate::harness::*;
use crate::other_login::Another;
use crate::upstream::text;

/// A secret as the server makes them.
const ID: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
pub(crate) const URL: &str = "/authorize/connect?id=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
/// Where the providers send people back to.
const BACK: &str = "/authorize/login/idp";
const GOOGLE: &str = "provider = \"google\"\nallow = { domains = [\"example.com\"] }\nscopes = [\"openid\", \"https://www.googleapis.com/auth/calendar.readonly\"]";

/// An issuer at which alice and bob log in, and at which a call of alice waits for an account.
pub(crate) struct Bench {
    pub(crate) app: App,
    store: Store,
    pub(crate) stand_in: StandIn,
}

/// `[upstreams.idp]` with these lines, at which nobody logs in.
fn connections(lines: &str) -> Vec<UpstreamOptions> {
    let text =
        format!("[issuer]\n[upstreams.idp]\nclient_id = \"us\"\nclient_secret = \"env:SECRET\"\n{lines}");
    let process = ProcessContext::empty().variable("SECRET", "s3cret");
    let config = Config::builder().process(process).toml(&text).build().unwrap();
    IssuerOptions::configured(&config, config.built_in_issuer().unwrap()).unwrap().connections
}

fn alice() -> DevelopmentLogin {
    DevelopmentLogin::new(vec!["alice".to_owned()])
}

impl Bench {
    pub(crate) async fn new() -> Self {
        Self::at(StandIn::google(), GOOGLE, fresh_store()).await
    }

    async fn at(stand_in: StandIn, lines: &str, store: Store) -> Self {
        let fetch = stand_in.provider.clone();
        let app = App::on(
            store.clone(),
            |setup| setup.fetch = fetch,
            |options| {
                options.connections = connections(lines);
                options.users = vec!["alice".to_owned(), "bob".to_owned()];
            },
        );
        app.is_secret("upstream-access");
        app.is_secret("upstream-refresh-1");
        let bench = Self { app, store, stand_in };
        assert!(bench.waits(Some("idp")).await);
        bench
    }

    pub(crate) async fn waits(&self, connects: Option<&str>) -> bool {
        let call = Confirmation {
            subject: "alice".into(),
            client_id: Some(self.app.public_client().await),
            tool: "events".into(),
            connects: connects.map(str::to_owned),
            arguments: String::new(),
            expires_at: self.app.now() + 600,
        };
        self.store.confirmations().ask(SecretHash::of(ID), call, self.app.now()).await.unwrap()
    }

    async fn taken(&self) -> Taken {
        self.store.confirmations().take(SecretHash::of(ID), self.app.now()).await.unwrap()
    }

    /// What is kept for these people.
    async fn kept(&self) -> BTreeMap<&'static str, Option<String>> {
        let mut all = BTreeMap::new();
        for subject in ["alice", "bob"] {
            let of = Connection { subject, upstream: "idp" };
            let kept = self.store.upstream_grants().find(of, self.app.now()).await.unwrap();
            all.insert(subject, kept.and_then(|kept| kept.account?.name));
        }
        all
    }

    async fn is(&self, what: UpstreamConnection) {
        assert_eq!(self.app.upstreams.connection("idp", "alice").await.unwrap(), what);
    }

    /// A browser at which this person is logged in.
    pub(crate) async fn browser_of(&self, person: &str) -> Browser {
        let mut browser = Browser::new(&self.app);
        let login = browser.get("/account").await;
        assert_eq!(browser.answer_login(&login, &[("user", person)]).await.status, StatusCode::SEE_OTHER);
        browser
    }

    /// Presses "Connect", comes back from the provider, which says this of the account, and says that it is the one; else where it ended.
    pub(crate) async fn connects(&self, browser: &mut Browser, changes: &Value) -> Answer {
        let there = self.there(browser, changes).await;
        came_back(browser, &there).await
    }

    /// Presses "Connect": what the provider is asked.
    async fn there(&self, browser: &mut Browser, changes: &Value) -> Params {
        let page = browser.get(URL).await;
        let away = browser.submit(&page, "connect").await;
        assert_eq!(away.status, StatusCode::SEE_OTHER, "{}", away.body);
        let there = Params::parse(away.location().query().unwrap()).unwrap();
        self.stand_in.will_say((self.app.now(), there.get("nonce")), changes);
        there
    }
}

/// Comes back from the provider, and says that the account that the page shows is the one; else where it ended.
async fn came_back(browser: &mut Browser, there: &Params) -> Answer {
    let answer = browser.get(&back(there)).await;
    match answer.headers.get("location").is_some_and(|location| location == URL) {
        true => {
            let named = browser.get(URL).await;
            uses(browser, &named).await
        }
        false => answer,
    }
}

/// Says that the account that the page shows is the one.
async fn uses(browser: &mut Browser, page: &Answer) -> Answer {
    let account = hidden(page, "account").expect("the page names an account");
    browser.submit_with(page, "use", &[("account", &account)]).await
}

fn nobody() -> BTreeMap<&'static str, Option<String>> {
    [("alice", None), ("bob", None)].into()
}

#[tokio::test]
async fn who_was_asked_connects_an_account_and_the_call_goes_on() {
    let bench = Bench::new().await;
    bench.is(UpstreamConnection::NotConnected).await;
    let mut browser = Browser::new(&bench.app);
    let login = browser.get(URL).await;
    assert!(login.body.contains("name=\"user\"") && !login.body.contains("calendar"), "{}", login.body);
    let answered = browser.answer_login(&login, &[("user", "alice")]).await;
    let page = browser.get(answered.header("location")).await;
    for part in [
        "Connect your account at <bdi>Google</bdi> to <bdi>todos</bdi>?",
        "<bdi class=\"claim\">Test client</bdi>",
        "<bdi>events</bdi>",
        "<strong><bdi>alice</bdi></strong>",
        "<bdi>accounts.google.com</bdi>",
        "<code>https://www.googleapis.com/auth/calendar.readonly</code>",
    ] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
    let there = bench.there(&mut browser, &json!({})).await;
    for (name, value) in [
        ("redirect_uri", "http://localhost:8080/authorize/login/idp"),
        ("code_challenge_method", "S256"),
        ("scope", "https://www.googleapis.com/auth/calendar.readonly openid"),
        ("access_type", "offline"),
    ] {
        assert_eq!(there.get(name), Some(value), "{name}");
    }
    let named = browser.get(&back(&there)).await;
    assert_eq!((named.status, named.header("location")), (StatusCode::SEE_OTHER, URL));
    let named = browser.get(URL).await;
    for part in ["Connect this account at <bdi>Google</bdi>", "<bdi>Ann Lee</bdi>", "Use another account"] {
        assert!(named.body.contains(part), "{part} in {}", named.body);
    }
    // Until she says so, no tool acts for it: it may be one that she did not mean.
    assert_eq!((bench.taken().await, bench.kept().await), (Taken::Waiting, nobody()));
    bench.is(UpstreamConnection::NotConnected).await;
    let done = uses(&mut browser, &named).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert!(done.body.contains("<bdi>Ann Lee</bdi>") && !done.body.contains("<form"), "{}", done.body);
    assert_eq!(bench.taken().await, Taken::Answered(Said::Allowed));
    assert_eq!(bench.kept().await, [("alice", Some("Ann Lee".to_owned())), ("bob", None)].into());
    bench.is(UpstreamConnection::Connected).await;
    let token = bench.app.upstreams.access_token("idp", "alice").await.unwrap();
    assert_eq!(token.expose(), "upstream-access");
    for other in ["bob", "nobody"] {
        let none = bench.app.upstreams.access_token("idp", other).await;
        assert!(matches!(none, Err(NoUpstreamToken::Connect)), "{other}");
    }
    assert_eq!(browser.get(URL).await.status, StatusCode::GONE);
    // She is logged in as before: the account is not a login.
    assert!(browser.get("/account").await.body.contains("<strong><bdi>alice</bdi></strong>"));
}

/// MCP, elicitation, "Phishing": the link is of one person's call, and another one's account would answer it.
#[tokio::test]
async fn j54_who_opens_the_link_of_another_person_connects_nothing() {
    let bench = Bench::new().await;
    let mut browser = Browser::new(&bench.app);
    let login = browser.get(URL).await;
    let page = browser.answer_login(&login, &[("user", "bob")]).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
    assert!(!page.body.contains("alice") && !page.body.contains("<bdi>events"), "{}", page.body);
    assert_eq!(bench.taken().await, Taken::Answered(Said::Foreign));
    assert_eq!(bench.kept().await, nobody());
}

#[tokio::test]
async fn who_is_logged_in_as_another_person_is_asked_to_log_in_and_cannot_press_the_button() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("bob").await;
    let page = browser.get(URL).await;
    assert!(page.body.contains("name=\"user\"") && !page.body.contains("value=\"connect\""), "{}", page.body);
    let refused = browser.submit(&page, "connect").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("name=\"user\""), "{}", refused.body);
    assert_eq!((bench.taken().await, bench.kept().await), (Taken::Waiting, nobody()));
}

#[tokio::test]
async fn j54_the_answer_of_the_provider_counts_at_the_browser_of_the_person_who_went_there_alone_and_once() {
    let bench = Bench::new().await;
    let mut alice = bench.browser_of("alice").await;
    let there = bench.there(&mut alice, &json!({})).await;
    let page = Browser::new(&bench.app).get(&back(&there)).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
    for mut other in [bench.browser_of("bob").await, bench.browser_of("alice").await] {
        let there = bench.there(&mut alice, &json!({})).await;
        let page = other.get(&back(&there)).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{}", page.body);
        assert_eq!(alice.get(&back(&there)).await.status, StatusCode::BAD_REQUEST, "it is used up");
    }
    for bad in [
        back(&there).replace(BACK, "/authorize/login"),
        back(&there).replace(BACK, "/authorize/login/other"),
        back(&there).replace("state=", "state=x"),
        format!("{}&state=x", back(&there)),
    ] {
        let page = alice.get(&bad).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{bad}: {}", page.body);
    }
    let other_issuer = alice.get(&format!("{}&iss=https%3A%2F%2Fevil.example", back(&there))).await;
    assert_eq!(other_issuer.status, StatusCode::FORBIDDEN, "{}", other_issuer.body);
    assert_eq!((bench.taken().await, bench.kept().await), (Taken::Waiting, nobody()));
    let done = bench.connects(&mut alice, &json!({})).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
}

/// She logs out, or somebody else logs in, while the provider has the browser.
#[tokio::test]
async fn who_is_not_logged_in_any_more_connects_nothing() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    let there = bench.there(&mut browser, &json!({})).await;
    let account = browser.get("/account").await;
    browser.submit(&account, "logout").await;
    let page = browser.get(&back(&there)).await;
    assert!(page.status.is_client_error() && page.body.contains("name=\"user\""), "{}", page.body);
    assert_eq!((bench.taken().await, bench.kept().await), (Taken::Waiting, nobody()));
}

#[tokio::test]
async fn who_says_no_here_ends_it_and_who_says_no_there_may_try_again() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    let there = bench.there(&mut browser, &json!({})).await;
    let cancelled = back(&there).replace("code=c", "error=access_denied");
    let page = browser.get(&cancelled).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("role=\"alert\"") && page.body.contains("value=\"connect\""), "{}", page.body);
    assert_eq!(bench.taken().await, Taken::Waiting);
    let denied = browser.submit(&page, "deny").await;
    assert_eq!(denied.status, StatusCode::OK, "{}", denied.body);
    assert_eq!(browser.get(URL).await.status, StatusCode::GONE);
    assert_eq!((bench.taken().await, bench.kept().await), (Taken::Answered(Said::Denied), nobody()));
}

/// The provider takes the account that is open there, which may be another one, or somebody else's.
#[tokio::test]
async fn j54_an_account_that_the_person_did_not_mean_is_not_connected() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    let wrong = bench.there(&mut browser, &json!({ "sub": "666", "name": "Mallory" })).await;
    browser.get(&back(&wrong)).await;
    let page = browser.get(URL).await;
    assert!(page.body.contains("<bdi>Mallory</bdi>"), "{}", page.body);
    // Another one has come since: the press is for the one that the page shows.
    let right = bench.there(&mut browser, &json!({})).await;
    browser.get(&back(&right)).await;
    let refused = uses(&mut browser, &page).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.body);
    assert!(refused.body.contains("<bdi>Ann Lee</bdi>"), "{}", refused.body);
    assert_eq!((bench.taken().await, bench.kept().await), (Taken::Waiting, nobody()));
    for account in ["", "666", "oidc_x"] {
        let answer = browser.submit_with(&page, "use", &[("account", account)]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{account}");
    }
    // Whoever says no leaves nothing behind.
    browser.submit(&refused, "deny").await;
    assert_eq!(bench.taken().await, Taken::Answered(Said::Denied));
    bench.waits(Some("idp")).await;
    let page = browser.get(URL).await;
    assert!(page.body.contains("value=\"connect\"") && !page.body.contains("Ann Lee"), "{}", page.body);
}

/// Somebody else may have her name there, and another provider gets nothing of the one before.
#[tokio::test]
async fn what_was_connected_counts_at_that_login_and_that_provider_alone() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    bench.connects(&mut browser, &json!({})).await;
    bench.is(UpstreamConnection::Connected).await;
    let at_another_login = App::on_with_login(bench.store.clone(), Another(alice()), |options| {
        options.connections = connections(GOOGLE);
    });
    let okta = StandIn::okta();
    let moved =
        "provider = \"okta\"\nissuer = \"https://example.okta.com\"\nallow = { domains = [\"example.com\"] }";
    let fetch = okta.provider.clone();
    let at_another_provider = App::on(
        bench.store.clone(),
        |setup| setup.fetch = fetch,
        |options| options.connections = connections(moved),
    );
    for app in [at_another_login, at_another_provider] {
        let is = app.upstreams.connection("idp", "alice").await.unwrap();
        assert_eq!(is, UpstreamConnection::NotConnected);
        let token = app.upstreams.access_token("idp", "alice").await;
        assert!(matches!(token, Err(NoUpstreamToken::Connect)));
    }
    assert_eq!((okta.provider.presented(), bench.stand_in.provider.presented()), (vec![], vec![]));
    bench.is(UpstreamConnection::Connected).await;
}

/// A press that is under way counts no more either.
#[tokio::test]
async fn what_was_denied_in_another_window_is_not_connected() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    let page = browser.get(URL).await;
    let there = bench.there(&mut browser, &json!({})).await;
    browser.submit(&page, "deny").await;
    assert_eq!(browser.get(&back(&there)).await.status, StatusCode::GONE);
    assert_eq!((bench.taken().await, bench.kept().await), (Taken::Answered(Said::Denied), nobody()));
}

#[tokio::test]
async fn an_account_that_allow_does_not_name_is_not_connected() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    for changes in [
        json!({ "hd": null }),
        json!({ "hd": "other.example" }),
        json!({ "aud": "them" }),
        json!({ "nonce": "n" }),
    ] {
        let page = bench.connects(&mut browser, &changes).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{changes}: {}", page.body);
        assert!(
            page.body.contains("role=\"alert\"") && page.body.contains("value=\"connect\""),
            "{}",
            page.body
        );
    }
    assert_eq!((bench.taken().await, bench.kept().await), (Taken::Waiting, nobody()));
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_not_an_answer() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    for reply in [text(500, ""), text(200, "<html>"), text(401, r#"{"error":"invalid_client"}"#)] {
        let there = bench.there(&mut browser, &json!({})).await;
        bench.stand_in.provider.reply(&bench.stand_in.provider.path("token_endpoint"), reply);
        let page = browser.get(&back(&there)).await;
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE, "{}", page.body);
        assert!(page.body.contains("value=\"connect\""), "{}", page.body);
    }
    assert_eq!(bench.connects(&mut browser, &json!({})).await.status, StatusCode::OK);
}

/// The secret of one page says nothing at the other.
#[tokio::test]
async fn a_call_that_waits_for_a_yes_is_not_one_that_waits_for_an_account() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    let confirm = URL.replace("connect", "confirm");
    assert_eq!(browser.get(&confirm).await.status, StatusCode::GONE);
    bench.app.advance(600);
    assert_eq!(browser.get(URL).await.status, StatusCode::GONE, "ten minutes have passed");
    assert!(bench.waits(None).await);
    assert_eq!(browser.get(URL).await.status, StatusCode::GONE);
    assert_eq!(browser.get(&confirm).await.status, StatusCode::OK);
    for bad in ["/authorize/connect", "/authorize/connect?id=", "/authorize/connect?id=short"] {
        assert_eq!(browser.get(bad).await.status, StatusCode::GONE, "{bad}");
    }
}

/// A tool would act for the one, and the person had chosen the other.
#[tokio::test]
async fn another_account_takes_the_place_of_the_one_before_with_all_that_it_had() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    bench.connects(&mut browser, &json!({})).await;
    assert_eq!(bench.taken().await, Taken::Answered(Said::Allowed));
    bench.waits(Some("idp")).await;
    bench.stand_in.provider.refreshes(|refreshes| refreshes.gives = false);
    let other = json!({ "sub": "999", "name": "Ann at work" });
    // No refresh token comes, and the one that is kept is of another account: it is asked for once more.
    let again = bench.connects(&mut browser, &other).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.body);
    let there = Params::parse(again.location().query().unwrap()).unwrap();
    assert_eq!(there.get("prompt"), Some("consent"));
    bench.stand_in.will_say((bench.app.now(), there.get("nonce")), &other);
    assert_eq!(came_back(&mut browser, &there).await.status, StatusCode::OK);
    assert_eq!(bench.kept().await["alice"].as_deref(), Some("Ann at work"));
    let of = Connection { subject: "alice", upstream: "idp" };
    let kept = bench.store.upstream_grants().find(of, START).await.unwrap().unwrap();
    assert_eq!(kept.refresh_token, None);
}

#[tokio::test]
async fn a_connected_account_is_followed_and_asked_for_again_when_its_provider_ended_it() {
    let bench = Bench::new().await;
    bench
        .stand_in
        .provider
        .refreshes(|refreshes| (refreshes.rotates, refreshes.expires_in) = (true, Some(600)));
    let mut browser = bench.browser_of("alice").await;
    bench.connects(&mut browser, &json!({})).await;
    let token = async || bench.app.upstreams.access_token("idp", "alice").await;
    bench.app.advance(600);
    bench.stand_in.will_say((bench.app.now(), None), &json!({}));
    token().await.unwrap();
    assert_eq!(bench.stand_in.provider.presented(), ["upstream-refresh-1"]);
    bench.is(UpstreamConnection::Connected).await;
    // It names another account by now: nothing of that is taken.
    bench.app.advance(600);
    bench.stand_in.will_say((bench.app.now(), None), &json!({ "sub": "999" }));
    assert!(matches!(token().await, Err(NoUpstreamToken::Connect)));
    bench.is(UpstreamConnection::NotConnected).await;
    let mut later = bench.browser_of("alice").await;
    bench.waits(Some("idp")).await;
    assert_eq!(bench.connects(&mut later, &json!({})).await.status, StatusCode::OK);
    token().await.unwrap();
    bench.app.advance(600);
    bench.stand_in.provider.revokes();
    assert!(matches!(token().await, Err(NoUpstreamToken::Connect)));
    bench.is(UpstreamConnection::NotConnected).await;
    // She is logged in here as before: the account is not her login.
    assert!(bench.browser_of("alice").await.get("/account").await.body.contains("alice"));
}

#[tokio::test]
async fn a_person_sees_their_connected_accounts_and_disconnects_them() {
    let bench = Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    assert!(!browser.get("/account").await.body.contains("disconnect"));
    bench.connects(&mut browser, &json!({ "name": "<b>Ann</b>" })).await;
    let mut bob = bench.browser_of("bob").await;
    let theirs = bob.get("/account").await;
    assert!(!theirs.body.contains("Google"), "{}", theirs.body);
    let stolen = [("csrf", &*csrf(&theirs)), ("decision", "disconnect"), ("upstream", "idp")];
    bob.post("/account", &stolen).await;
    let page = browser.get("/account").await;
    assert!(page.body.contains("&lt;b&gt;Ann&lt;/b&gt;") && page.body.contains("Google"), "{}", page.body);
    for (upstream, is_left) in [("other", true), ("", true), ("idp", false), ("idp", false)] {
        let form = [("csrf", &*csrf(&page)), ("decision", "disconnect"), ("upstream", upstream)];
        assert_eq!(browser.post("/account", &form).await.status, StatusCode::SEE_OTHER);
        assert_eq!(bench.kept().await["alice"].is_some(), is_left, "{upstream:?}");
    }
    bench.is(UpstreamConnection::NotConnected).await;
}

#[tokio::test]
async fn a_store_that_is_down_connects_nothing_and_says_so() {
    let outage = fresh_outage();
    let bench = Bench::at(StandIn::google(), GOOGLE, outage.store()).await;
    let mut browser = bench.browser_of("alice").await;
    let there = bench.there(&mut browser, &json!({})).await;
    outage.begin();
    for url in [URL, &back(&there)] {
        assert_eq!(browser.get(url).await.status, StatusCode::SERVICE_UNAVAILABLE, "{url}");
    }
    assert!(bench.app.upstreams.connection("idp", "alice").await.is_err());
    outage.end();
    assert_eq!(browser.get(&back(&there)).await.status, StatusCode::SEE_OTHER);
    let named = browser.get(URL).await;
    // It fails at each step of the last press, and says so; then it is done as if nothing had been.
    for steps in 0..40 {
        outage.begin_after(steps);
        let answer = uses(&mut browser, &named).await;
        outage.end();
        if answer.status == StatusCode::OK {
            assert_eq!(bench.taken().await, Taken::Answered(Said::Allowed));
            assert!(steps > 3 && bench.kept().await["alice"].is_some(), "{steps}");
            return;
        }
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{steps}: {}", answer.body);
        assert_eq!(bench.taken().await, Taken::Waiting, "{steps}");
    }
    panic!("it never came to its end");
}

#[tokio::test]
async fn an_issuer_without_such_providers_has_nothing_to_connect() {
    let clock = MovedClock::at(START);
    let app = App::at_clock(&clock, fresh_store(), alice(), |_| ());
    assert!(!app.upstreams.knows("idp"));
    let is = app.upstreams.connection("idp", "alice").await.unwrap();
    assert_eq!(is, UpstreamConnection::LogsIn);
    assert_eq!(app.get(URL).await.status, StatusCode::GONE);
}

/// "nightly job" is a client of the operator, so nobody logs in under that name: neither does who comes by an assertion.
#[tokio::test]
async fn who_cannot_log_in_here_has_nothing_to_connect() {
    let bench = Bench::new().await;
    let is = bench.app.upstreams.connection("idp", "nightly job").await.unwrap();
    assert_eq!(is, UpstreamConnection::CannotConnect);
    let token = bench.app.upstreams.access_token("idp", "nightly job").await;
    assert!(matches!(token, Err(NoUpstreamToken::CannotConnect)));
}

#[tokio::test]
async fn two_providers_of_one_name_are_refused() {
    let twice = [connections(GOOGLE), connections(GOOGLE)].concat();
    let refused = App::started(&fresh_store(), START, |options| options.connections = twice).await;
    let why = refused.err().expect("it does not start").to_string();
    assert_eq!(why, "upstreams.idp: another provider has this name");
}
