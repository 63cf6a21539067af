//! A refresh follows the provider that the person logged in at: whether it still knows them, whether they are let in still, and what it says of
//! them now. What cannot be told now uses nothing up.

use std::time::Duration;

use http::StatusCode;
use mcp_auth_issuer::upstream::UpstreamLogin;
use mcp_auth_issuer::{FetchError, NamedClient, Params, Store};
use mcp_auth_tests::clock::MovedClock;
use serde_json::{Value, json};

use crate::bridge::{StandIn, TENANT, back, leave, options};
use crate::fresh::fresh_store;
use crate::harness::*;
use crate::upstream::{Reply, asks_the_person, ok, text};

/// How long an access token of ours lives here, in seconds: so often a provider is asked.
pub(crate) const A_WHILE: u64 = 600;

/// A provider, an issuer at which Ann logged in there, and her refresh token.
pub(crate) struct Here {
    pub(crate) stand_in: StandIn,
    pub(crate) store: Store,
    pub(crate) clock: MovedClock,
    pub(crate) app: App,
    pub(crate) client: String,
    pub(crate) token: String,
}

/// An issuer at which people log in at this provider.
pub(crate) fn app_of(stand_in: &StandIn, lines: &str, store: &Store, clock: &MovedClock) -> App {
    let login = UpstreamLogin::new(options(lines), stand_in.provider.clone(), clock.ambient()).unwrap();
    App::at_clock(clock, store.clone(), login, |options| {
        options.access_token_lifetime = Duration::from_secs(A_WHILE);
        options.clients.push(NamedClient::public("app", [REDIRECT.parse().unwrap()]));
    })
}

pub(crate) async fn refresh(app: &App, client: &str, token: &str) -> Answer {
    app.token(&[("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)]).await
}

impl Here {
    pub(crate) async fn new(stand_in: StandIn, lines: &str) -> Self {
        let (store, clock) = (fresh_store(), MovedClock::at(START));
        stand_in.provider.refreshes(|refreshes| refreshes.rotates = true);
        let app = app_of(&stand_in, lines, &store, &clock);
        app.is_secret("upstream-access");
        (1..9).for_each(|n| app.is_secret(&format!("upstream-refresh-{n}")));
        let (claims, client, token) = stand_in.token(&app, &json!({ "team": "a" })).await;
        assert_eq!(claims["team"], "a");
        Self { stand_in, store, clock, app, client, token }
    }

    /// A while later, when the provider says this otherwise.
    pub(crate) fn later(&self, changes: &Value) {
        self.app.advance(A_WHILE);
        self.stand_in.will_say((self.app.now(), None), changes);
    }

    /// A refresh, which succeeds: what the new access token says.
    pub(crate) async fn goes_on(&mut self) -> Value {
        let answer = refresh(&self.app, &self.client, &self.token).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        self.token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
        self.app.claims(answer.json()["access_token"].as_str().unwrap())
    }

    /// A refresh, which cannot be answered now.
    async fn is_unavailable(&self, why: &str) {
        let answer = refresh(&self.app, &self.client, &self.token).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{why}: {}", answer.body);
        answer.assert_error(503, "temporarily_unavailable");
        assert!(answer.headers.contains_key("retry-after"), "{why}");
    }

    /// A refresh, which finds that it is over.
    pub(crate) async fn is_over(&self) {
        refresh(&self.app, &self.client, &self.token).await.assert_error(400, "invalid_grant");
    }

    pub(crate) fn token_path(&self) -> String {
        self.stand_in.provider.path("token_endpoint")
    }

    /// The next token request is answered so.
    pub(crate) fn answers(&self, reply: Reply) {
        self.stand_in.provider.reply(&self.token_path(), reply);
    }
}

/// Each preset, with the lines by which Ann is let in, and what the provider says of her when she is not any more.
pub(crate) fn presets() -> Vec<(StandIn, String, Value)> {
    let claims = "claims = [\"team\"]";
    let entra = format!("issuer = \"https://login.microsoftonline.com/{TENANT}/v2.0\"");
    vec![
        (
            StandIn::google(),
            format!("provider = \"google\"\nallow = {{ domains = [\"example.com\"] }}\n{claims}"),
            json!({ "hd": "other.example" }),
        ),
        (
            StandIn::cognito(),
            format!(
                "provider = \"cognito\"\nissuer = \"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A\"\nallow = {{ groups = [\"admins\"] }}\n{claims}"
            ),
            json!({ "cognito:groups": ["staff"] }),
        ),
        (
            StandIn::okta(),
            format!(
                "provider = \"okta\"\nissuer = \"https://example.okta.com\"\nallow = {{ groups = [\"staff\"] }}\n{claims}"
            ),
            json!({ "groups": null }),
        ),
        (
            StandIn::entra(TENANT),
            format!("provider = \"entra\"\n{entra}\nallow = {{ groups = [\"g1\"] }}\n{claims}"),
            json!({ "groups": ["g2"] }),
        ),
        (
            StandIn::plain(),
            format!(
                "issuer = \"https://example.eu.auth0.com/\"\nscopes = [\"openid\", \"offline_access\"]\nallow = {{ organizations = [\"org_1\"] }}\n{claims}"
            ),
            json!({ "org_id": null }),
        ),
    ]
}

pub(crate) fn okta() -> (StandIn, String) {
    let (stand_in, lines, _) = presets().remove(2);
    (stand_in, lines)
}

#[tokio::test]
async fn a_refresh_asks_the_provider_once_in_a_while_and_says_what_it_says_now() {
    for (stand_in, lines, _) in presets() {
        let mut here = Here::new(stand_in, &lines).await;
        let asked = |here: &Here| here.stand_in.provider.presented();
        assert_eq!(here.goes_on().await["team"], "a");
        here.app.advance(A_WHILE - 1);
        assert_eq!(here.goes_on().await["team"], "a");
        assert_eq!(asked(&here), [""; 0], "what is known is recent: {lines}");
        here.app.advance(1);
        here.stand_in.will_say((here.app.now(), None), &json!({ "team": "b" }));
        assert_eq!(here.goes_on().await["team"], "b");
        assert_eq!(here.goes_on().await["team"], "b", "also where nobody is asked");
        here.later(&json!({ "team": null }));
        assert_eq!(here.goes_on().await["team"], Value::Null);
        // Each refresh token of the provider is used once.
        assert_eq!(asked(&here), ["upstream-refresh-1", "upstream-refresh-2"], "{lines}");
        let request = here.stand_in.provider.last(&here.token_path());
        let form = Params::parse(std::str::from_utf8(&request.body).unwrap()).unwrap();
        assert_eq!(form.get("grant_type"), Some("refresh_token"));
        assert_eq!(form.get("scope"), None, "they stay as they are");
        assert!(request.headers.contains_key("authorization"), "as for a code");
    }
}

/// What a provider answers that is not an answer, and what it is.
type Bad = (&'static str, fn() -> Reply);

#[tokio::test]
async fn p16_what_the_provider_cannot_say_now_is_503_at_a_refresh_and_uses_nothing_up() {
    let replies: [Bad; 14] = [
        ("timeout", || Err(FetchError::Timeout)),
        ("500", || text(500, "")),
        ("503 with a page", || text(503, "<html>")),
        ("429", || text(429, "{}")),
        ("302", || text(302, "")),
        ("a page", || text(200, "<html>")),
        ("nothing", || text(200, "{}")),
        ("a list", || text(200, "[]")),
        ("1 MB", || Ok((200, vec![b' '; 1024 * 1024]))),
        ("a wrong secret", || text(401, r#"{"error":"invalid_client"}"#)),
        ("a wrong secret, with 400", || text(400, r#"{"error":"invalid_client"}"#)),
        ("not registered for refresh", || text(400, r#"{"error":"unauthorized_client"}"#)),
        ("400 without a reason", || text(400, "{}")),
        ("a duplicate member", || text(200, r#"{"access_token":"a","access_token":"b"}"#)),
    ];
    for (stand_in, lines, _) in presets() {
        let mut here = Here::new(stand_in, &lines).await;
        here.later(&json!({ "team": "b" }));
        for (why, reply) in replies {
            here.answers(reply());
            here.is_unavailable(why).await;
        }
        assert_eq!(here.goes_on().await["team"], "b", "{lines}");
        assert_eq!(here.stand_in.provider.presented(), ["upstream-refresh-1"]);
    }
}

/// Its refresh token is used up there, so the next one is not to be lost.
#[tokio::test]
async fn p16_an_id_token_that_cannot_be_verified_now_is_503_and_the_new_refresh_token_is_kept() {
    for (stand_in, lines, _) in presets() {
        let mut here = Here::new(stand_in, &lines).await;
        for (claim, wrong) in [
            ("aud", json!("them")),
            ("iss", json!("https://x.example")),
            ("exp", json!(START)),
            ("nonce", json!("n")),
        ] {
            here.later(&json!({ claim: wrong }));
            here.is_unavailable(claim).await;
        }
        here.later(&json!({ "team": "c" }));
        assert_eq!(here.goes_on().await["team"], "c");
        let expected: Vec<_> = (1..=5).map(|n| format!("upstream-refresh-{n}")).collect();
        assert_eq!(here.stand_in.provider.presented(), expected, "{lines}");
    }
}

#[tokio::test]
async fn what_the_provider_ended_is_over_here_and_stays_so() {
    for (stand_in, lines, _) in presets() {
        let mut here = Here::new(stand_in, &lines).await;
        here.stand_in.provider.revokes();
        assert_eq!(here.goes_on().await["team"], "a", "it was asked a moment ago");
        let other = here.stand_in.token(&here.app, &json!({ "team": "a" })).await.2;
        here.stand_in.provider.revokes();
        here.later(&json!({}));
        here.is_over().await;
        assert_eq!(here.stand_in.provider.presented(), ["upstream-refresh-2"]);
        here.is_over().await;
        // So is what another client of hers has, and nobody is asked for it once more.
        refresh(&here.app, &here.client, &other).await.assert_error(400, "invalid_grant");
        assert_eq!(here.stand_in.provider.presented().len(), 1, "{lines}");
        // She logs in again.
        here.app.advance(1);
        let (_, client, token) = logged_in_now(&here).await;
        assert_eq!(refresh(&here.app, &client, &token).await.status, StatusCode::OK);
        // Whoever copied the token of before has nothing by her login.
        refresh(&here.app, &here.client, &other).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_code_of_a_browser_that_logged_in_a_while_ago_follows_the_provider_too() {
    for (stand_in, lines, out) in presets() {
        let here = Here::new(stand_in, &lines).await;
        let mut browser = Browser::new(&here.app);
        let url = authorize_url(&here.client, &[]);
        here.stand_in.comes_back(&mut browser, &url, &json!({})).await;
        let redeemed = async |browser: &mut Browser| {
            let page = browser.get(&url).await;
            assert!(asks_the_person(&page), "{lines}: {}", page.body);
            let code = browser.submit(&page, "allow").await.param("code").expect("a code");
            here.app.token(&redeem(&here.client, &code)).await
        };
        here.later(&json!({ "team": "b" }));
        let answer = redeemed(&mut browser).await;
        let claims = here.app.claims(answer.json()["access_token"].as_str().expect("a token"));
        assert_eq!(claims["team"], "b", "{lines}");
        here.later(&out);
        redeemed(&mut browser).await.assert_error(400, "invalid_grant");
        assert!(!asks_the_person(&browser.get(&url).await), "{lines}");
    }
}

/// Auth0 answers with 403; Entra ID says that the person has to come.
#[tokio::test]
async fn every_way_in_which_a_provider_says_no_ends_it() {
    for (status, error) in [
        (400, "invalid_grant"),
        (401, "invalid_grant"),
        (403, "invalid_grant"),
        (400, "interaction_required"),
        (400, "login_required"),
        (401, "consent_required"),
    ] {
        let (stand_in, lines) = okta();
        let here = Here::new(stand_in, &lines).await;
        here.later(&json!({}));
        here.answers(text(status, &format!(r#"{{"error":"{error}"}}"#)));
        here.is_over().await;
        here.is_over().await;
        assert_eq!(here.stand_in.provider.presented(), [""; 0], "{error}: nobody asks again");
    }
}

/// She logs in at the time of the clock.
async fn logged_in_now(here: &Here) -> (Value, String, String) {
    let now = here.app.now();
    here.stand_in.token(&here.app, &json!({ "iat": now, "exp": now + 300, "team": "a" })).await
}

#[tokio::test]
async fn who_is_not_let_in_any_more_loses_what_they_have_and_their_browser() {
    for (stand_in, lines, out) in presets() {
        let mut here = Here::new(stand_in, &lines).await;
        let mut browser = Browser::new(&here.app);
        let url = authorize_url(&here.client, &[]);
        assert_eq!(
            here.stand_in.comes_back(&mut browser, &url, &json!({})).await.status,
            StatusCode::SEE_OTHER
        );
        assert!(asks_the_person(&browser.get(&url).await));
        here.later(&json!({}));
        here.goes_on().await;
        here.later(&out);
        here.is_over().await;
        assert!(!asks_the_person(&browser.get(&url).await), "{lines}");
        here.later(&json!({}));
        here.is_over().await;
    }
}

impl Here {
    /// The issuer starts again with these lines.
    fn starts_with(&mut self, lines: &str) {
        self.app = app_of(&self.stand_in, lines, &self.store, &self.clock);
    }

    fn asked(&self) -> usize {
        self.stand_in.provider.presented().len()
    }
}

/// No time passes in it: what is said of her is new, and would not be asked for again.
#[tokio::test]
async fn what_let_somebody_in_and_is_taken_out_of_allow_ends_what_they_have_at_the_next_refresh() {
    for (stand_in, lines, _) in presets() {
        let allow = lines.lines().find(|line| line.starts_with("allow")).unwrap().to_owned();
        let entry = allow.split('"').nth(1).unwrap();
        let other = lines.replace(entry, "another");
        let mut here = Here::new(stand_in, &lines).await;
        let mut browser = Browser::new(&here.app);
        let url = authorize_url(&here.client, &[]);
        assert_eq!(
            here.stand_in.comes_back(&mut browser, &url, &json!({})).await.status,
            StatusCode::SEE_OTHER
        );

        // More is nobody's loss, and nobody is asked.
        here.starts_with(&lines.replace(entry, &format!("{entry}\", \"another")));
        here.goes_on().await;
        here.starts_with(&lines.replace(&allow, "allow = \"anyone\""));
        here.goes_on().await;
        assert_eq!(here.asked(), 0, "{lines}");

        here.starts_with(&other);
        here.is_over().await;
        assert_eq!(here.asked(), 1, "{lines}");
        let mut browser = browser.at(&here.app);
        assert!(!asks_the_person(&browser.get(&url).await), "{lines}");
        here.starts_with(&lines);
        here.is_over().await;
    }
}

#[tokio::test]
async fn who_is_let_in_by_another_entry_too_goes_on_and_is_asked_for_once() {
    let (stand_in, lines) = okta();
    let mut here = Here::new(stand_in, &lines).await;
    let other = lines.replace("groups = [\"staff\"]", "domains = [\"example.com\"]");
    assert_ne!(lines, other);
    here.stand_in
        .will_say((here.app.now(), None), &json!({ "email": "ann@example.com", "email_verified": true }));
    here.starts_with(&other);
    for _ in 0..3 {
        here.goes_on().await;
        assert_eq!(here.asked(), 1);
    }
    // The provider has to say so now: what it cannot say is no reason to go on, and none to end it.
    here.starts_with(&lines.replace("staff", "admins"));
    here.answers(text(500, ""));
    here.is_unavailable("it does not answer").await;
    here.starts_with(&other);
    here.goes_on().await;
}

#[tokio::test]
async fn who_cannot_be_asked_for_goes_on_only_by_what_let_them_in() {
    let start = "issuer = \"https://example.eu.auth0.com/\"\nclaims = [\"team\"]\nallow = ";
    let lines = |allow: &str| format!("{start}{allow}");
    let (org, both) = ("{ organizations = [\"org_1\"] }", "{ organizations = [\"org_1\", \"org_2\"] }");
    let (other, groups) =
        ("{ organizations = [\"org_2\"] }", "{ groups = [\"org_1\"] }\ngroups_claim = \"groups\"");
    for (before, after, goes_on) in [
        (org, both, true),
        (both, org, true),
        (org, "\"anyone\"", true),
        ("\"anyone\"", "\"anyone\"", true),
        ("\"anyone\"", org, false),
        (both, other, false),
        (org, groups, false),
    ] {
        let stand_in = StandIn::plain();
        stand_in.provider.refreshes(|refreshes| refreshes.gives = false);
        let mut here = Here::new(stand_in, &lines(before)).await;
        here.starts_with(&lines(after));
        match goes_on {
            true => assert_eq!(here.goes_on().await["team"], "a", "{before} to {after}"),
            false => here.is_over().await,
        }
    }
}

#[tokio::test]
async fn a_claim_that_is_taken_out_of_claims_is_said_no_more() {
    let (stand_in, lines) = okta();
    let mut here = Here::new(stand_in, &lines).await;
    here.starts_with(&lines.replace("claims = [\"team\"]", ""));
    assert_eq!(here.goes_on().await.get("team"), None);
    assert_eq!(here.asked(), 0);
}

#[tokio::test]
async fn a_provider_that_names_another_person_at_a_refresh_is_not_followed() {
    let changes = |stand_in: &StandIn| match stand_in.provider.path("jwks_uri").contains("discovery") {
        true => json!({ "oid": "77777777-7777-8888-9999-000000000000" }),
        false => json!({ "sub": "another" }),
    };
    for (stand_in, lines, _) in presets() {
        let other = changes(&stand_in);
        let here = Here::new(stand_in, &lines).await;
        here.later(&other);
        here.is_over().await;
    }
}

/// OpenID Connect Core 1.0 §12.2 and §5.3.
#[tokio::test]
async fn without_a_new_id_token_the_userinfo_endpoint_says_who_it_is() {
    let userinfo = "https://example.eu.auth0.com/userinfo";
    let metadata = json!({
        "issuer": "https://example.eu.auth0.com/", "authorization_endpoint": "https://example.eu.auth0.com/authorize",
        "token_endpoint": "https://example.eu.auth0.com/oauth/token", "userinfo_endpoint": userinfo,
        "jwks_uri": "https://example.eu.auth0.com/.well-known/jwks.json",
    });
    let (stand_in, lines, _) = presets().remove(4);
    stand_in.provider.publishes(metadata);
    stand_in.provider.refreshes(|refreshes| refreshes.without_id_token = true);
    let mut here = Here::new(stand_in, &lines).await;
    let says = |reply: Reply| here.stand_in.provider.reply("/userinfo", reply);
    let ann = json!({ "sub": "auth0|17", "org_id": "org_1", "team": "b" });
    for reply in [
        text(500, ""),
        text(401, "{}"),
        text(200, "<html>"),
        Err(FetchError::Timeout),
        ok(&json!({ "org_id": "org_1" })),
        Ok((200, vec![b' '; 1024 * 1024])),
    ] {
        here.later(&json!({}));
        says(reply);
        here.is_unavailable("userinfo").await;
    }
    here.later(&json!({}));
    says(ok(&ann));
    let token = here.goes_on().await;
    assert_eq!(token["team"], "b");
    let asked = here.stand_in.provider.last("/userinfo");
    assert_eq!(asked.headers["authorization"], "Bearer upstream-access");
    here.later(&json!({}));
    here.stand_in.provider.reply("/userinfo", ok(&json!({ "sub": "auth0|17", "org_id": "org_2" })));
    here.is_over().await;
}

#[tokio::test]
async fn a_provider_that_says_nothing_at_a_refresh_is_followed_for_whether_it_refreshes() {
    let (stand_in, lines, _) = presets().remove(4);
    stand_in.provider.refreshes(|refreshes| refreshes.without_id_token = true);
    let mut here = Here::new(stand_in, &lines).await;
    here.later(&json!({ "team": "not said" }));
    assert_eq!(here.goes_on().await["team"], "a");
    assert_eq!(here.stand_in.provider.presented().len(), 1);
    here.stand_in.provider.revokes();
    here.later(&json!({}));
    here.is_over().await;
}

#[tokio::test]
async fn a_provider_without_refresh_tokens_is_asked_nothing_until_the_next_login() {
    let stand_in = StandIn::plain();
    stand_in.provider.refreshes(|refreshes| refreshes.gives = false);
    let lines = "issuer = \"https://example.eu.auth0.com/\"\nallow = \"anyone\"\nclaims = [\"team\"]";
    let mut here = Here::new(stand_in, lines).await;
    let before = here.stand_in.provider.times(&here.token_path());
    for _ in 0..3 {
        here.later(&json!({ "team": "b" }));
        assert_eq!(here.goes_on().await["team"], "a");
    }
    assert_eq!(here.stand_in.provider.times(&here.token_path()), before);
}

#[tokio::test]
async fn an_access_token_of_the_provider_that_ends_sooner_is_a_reason_to_ask() {
    let (stand_in, lines) = okta();
    stand_in.provider.refreshes(|refreshes| refreshes.expires_in = Some(60));
    let mut here = Here::new(stand_in, &lines).await;
    here.app.advance(59);
    here.goes_on().await;
    assert_eq!(here.stand_in.provider.presented().len(), 0);
    here.app.advance(1);
    here.stand_in.will_say((here.app.now(), None), &json!({}));
    here.goes_on().await;
    assert_eq!(here.stand_in.provider.presented().len(), 1);
}

/// They would end the provider's family of refresh tokens, if more than one asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twenty_refreshes_at_two_issuers_on_one_store_one_asks_the_provider() {
    let (stand_in, lines) = okta();
    let here = Here::new(stand_in, &lines).await;
    let second = app_of(&here.stand_in, &lines, &here.store, &here.clock);
    let mut browser = Browser::new(&here.app);
    let url = authorize_url("app", &[]);
    here.stand_in.comes_back(&mut browser, &url, &json!({ "team": "a" })).await;
    let mut tokens = Vec::new();
    for _ in 0..20 {
        let consent = browser.get(&url).await;
        let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
        let given = here.app.token(&redeem("app", &code)).await.json();
        tokens.push(given["refresh_token"].as_str().unwrap().to_owned());
    }
    here.later(&json!({ "team": "b" }));
    here.stand_in.provider.refreshes(|refreshes| refreshes.takes = Duration::from_millis(300));
    let mut running = tokio::task::JoinSet::new();
    for (n, token) in tokens.into_iter().enumerate() {
        let app = if n % 2 == 0 { here.app.clone() } else { second.clone() };
        running.spawn(async move {
            let answer = refresh(&app, "app", &token).await;
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
            app.claims(answer.json()["access_token"].as_str().unwrap())["team"].clone()
        });
    }
    let teams = running.join_all().await;
    assert_eq!(teams, vec![json!("b"); 20]);
    assert_eq!(here.stand_in.provider.presented(), ["upstream-refresh-2"]);
}

#[tokio::test]
async fn a_client_that_goes_away_in_the_middle_loses_nothing_that_the_provider_gave() {
    let (stand_in, lines) = okta();
    let mut here = Here::new(stand_in, &lines).await;
    here.later(&json!({ "team": "b" }));
    here.stand_in.provider.refreshes(|refreshes| refreshes.takes = Duration::from_millis(200));
    let gone = refresh(&here.app, &here.client, &here.token);
    assert!(tokio::time::timeout(Duration::from_millis(50), gone).await.is_err(), "it waits still");
    assert_eq!(here.goes_on().await["team"], "b", "it waits for the answer to the other one");
    assert_eq!(here.stand_in.provider.presented(), ["upstream-refresh-1"]);
}

#[tokio::test]
async fn an_old_refresh_token_of_ours_and_a_question_about_one_ask_the_provider_nothing() {
    let (stand_in, lines) = okta();
    let mut here = Here::new(stand_in, &lines).await;
    let old = here.token.clone();
    here.goes_on().await;
    here.later(&json!({}));
    here.stand_in.provider.revokes();
    let robot = [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it")];
    let told = here.app.post_form("/introspect", &[&robot[..], &[("token", &*here.token)]].concat()).await;
    assert_eq!(told.json()["active"], true, "{}", told.body);
    refresh(&here.app, "another", &here.token).await.assert_error(401, "invalid_client");
    refresh(&here.app, &here.client, &old).await.assert_error(400, "invalid_grant");
    assert_eq!(here.stand_in.provider.presented(), [""; 0]);
    here.is_over().await;
}

#[tokio::test]
async fn a_person_of_whom_nothing_is_kept_logs_in_again() {
    let (stand_in, lines) = okta();
    let here = Here::new(stand_in, &lines).await;
    let subject = {
        let people = here.store.people().list(START).await.unwrap();
        people[0].subject.clone()
    };
    here.store.upstream_grants().forget_person(&subject, START).await.unwrap();
    here.is_over().await;
}

#[tokio::test]
async fn no_token_of_the_provider_is_in_any_answer() {
    let (stand_in, lines) = okta();
    let mut here = Here::new(stand_in, &lines).await;
    here.later(&json!({}));
    let answer = refresh(&here.app, &here.client, &here.token).await;
    assert!(!answer.body.contains("upstream-"), "{}", answer.body);
    here.token = answer.json()["refresh_token"].as_str().unwrap().to_owned();
    assert!(!here.goes_on().await.to_string().contains("upstream-"));
}

/// Google gives a refresh token once: who is known here, and comes without one, is not asked for anything more.
#[tokio::test]
async fn consent_is_asked_for_at_the_provider_only_where_no_refresh_token_is_kept() {
    let google = StandIn::google();
    google.provider.refreshes(|refreshes| refreshes.gives = false);
    let (store, clock) = (fresh_store(), MovedClock::at(START));
    let app =
        app_of(&google, "provider = \"google\"\nallow = { domains = [\"example.com\"] }", &store, &clock);
    let at = "https://accounts.google.com/o/oauth2/v2/auth";
    let url = authorize_url("app", &[]);
    let mut browser = Browser::new(&app);
    let request = leave(&mut browser, &url, ("Google", at)).await;
    assert_eq!((request.get("access_type"), request.get("prompt")), (Some("offline"), None));
    google.will_say((START, request.get("nonce")), &json!({}));
    let again = browser.get(&back(&request)).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER, "{}", again.body);
    assert!(again.location().as_str().starts_with(at), "{}", again.location());
    let second = Params::parse(again.location().query().unwrap()).unwrap();
    assert_eq!((second.get("access_type"), second.get("prompt")), (Some("offline"), Some("consent")));
    for new in ["state", "nonce", "code_challenge"] {
        assert_ne!(second.get(new), request.get(new), "{new}");
    }
    assert_ne!(browser.get(&back(&request)).await.status, StatusCode::SEE_OTHER, "the first is used up");

    google.provider.refreshes(|refreshes| refreshes.gives = true);
    google.will_say((START, second.get("nonce")), &json!({}));
    let done = browser.get(&back(&second)).await;
    assert!(asks_the_person(&browser.get(done.header("location")).await), "{}", done.body);

    // From now on one is kept.
    google.provider.refreshes(|refreshes| refreshes.gives = false);
    let mut other = Browser::new(&app);
    let done = google.comes_back(&mut other, &url, &json!({})).await;
    assert!(asks_the_person(&other.get(done.header("location")).await), "{}", done.body);
    // One who still gets none goes on without.
    let mut third = Browser::new(&app);
    let request = leave(&mut third, &url, ("Google", at)).await;
    google.will_say((START, request.get("nonce")), &json!({ "sub": "18" }));
    let again = third.get(&back(&request)).await;
    let second = Params::parse(again.location().query().unwrap()).unwrap();
    google.will_say((START, second.get("nonce")), &json!({ "sub": "18" }));
    let done = third.get(&back(&second)).await;
    assert!(asks_the_person(&third.get(done.header("location")).await), "{}", done.body);
}

#[tokio::test]
async fn each_preset_asks_for_what_gives_a_refresh_token() {
    for (stand_in, lines, _) in presets() {
        let lines = lines.replace("scopes = [\"openid\", \"offline_access\"]\n", "");
        let app = app_of(&stand_in, &lines, &fresh_store(), &MovedClock::at(START));
        let request = leave(&mut Browser::new(&app), &authorize_url("app", &[]), stand_in.seen()).await;
        let scopes: Vec<_> = request.get("scope").unwrap().split(' ').collect();
        let asks = (scopes.contains(&"offline_access"), request.get("access_type"));
        let expected = match stand_in.seen().0 {
            "Google" => (false, Some("offline")),
            "Okta" | "Microsoft" => (true, None),
            _ => (false, None),
        };
        assert_eq!(asks, expected, "{lines}");
    }
}
