//! Device codes (RFC 8628): a device asks, a person enters its code on a page and answers, and the device polls.

use std::net::SocketAddr;

use axum::body::Body;
use http::{Request, StatusCode};
use mcp_auth_core::SecretText;
use mcp_auth_issuer::{IssuerOptions, NamedClient, NamedCredential, Store};
use mcp_auth_runtime::facade::ClientAddress;
use mcp_auth_store::{GrantType, Outage};
use serde_json::Value;

use crate::fresh::{fresh_outage, fresh_store};
use crate::harness::*;

pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
pub(crate) const PAGE: &str = "/authorize/device";
pub(crate) const SECRET: &str = "a secret of the vault's own";

/// A client of the configuration that may present this; without a secret it is public.
fn client(id: &str, secret: Option<&str>, grant_types: &[GrantType]) -> NamedClient {
    let credential =
        secret.map_or(NamedCredential::Public, |secret| NamedCredential::Secret(SecretText::new(secret)));
    let grant_types = grant_types.iter().copied().collect();
    NamedClient { credential, grant_types, ..NamedClient::public(id, []) }
}

/// A television and a printer, which are public; a vault, which has a secret and does not refresh; and a client that may not.
pub(crate) fn devices(options: &mut IssuerOptions) {
    options.device_code = true;
    options.clients.extend([
        client("tv", None, &[GrantType::DeviceCode, GrantType::RefreshToken]),
        client("printer", None, &[GrantType::DeviceCode]),
        client("vault", Some(SECRET), &[GrantType::DeviceCode]),
    ]);
}

pub(crate) fn app() -> App {
    App::with(|_| (), devices)
}

fn app_on(store: &Store) -> App {
    App::on(store.clone(), |_| (), devices)
}

/// The device asks; the whole answer.
pub(crate) async fn ask(app: &App, form: &[(&str, &str)]) -> Value {
    let answer = app.post_form("/device_authorization", form).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()
}

/// The television asks; its device code and its user code.
pub(crate) async fn television(app: &App) -> (String, String) {
    let begun = ask(app, &[("client_id", "tv"), ("scope", "todos.read todos.write")]).await;
    let text = |name: &str| begun[name].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

async fn poll(app: &App, device_code: &str) -> Answer {
    app.token(&[("grant_type", GRANT), ("client_id", "tv"), ("device_code", device_code)]).await
}

/// Logs in on the page where codes are entered, as this person; what is shown then.
pub(crate) async fn log_in(browser: &mut Browser, url: &str, person: &str) -> Answer {
    let login = browser.get(url).await;
    assert_eq!(login.status, StatusCode::OK, "{}", login.body);
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", person)];
    let back = browser.post(&form_action(&login), &form).await;
    assert_eq!(back.status, StatusCode::SEE_OTHER, "{}", back.body);
    browser.get(back.header("location")).await
}

/// Enters a code on that page.
pub(crate) async fn enter(browser: &mut Browser, page: &Answer, code: &str) -> Answer {
    let form = [("csrf", &*csrf(page)), ("decision", "code"), ("user_code", code)];
    browser.post(&form_action(page), &form).await
}

/// A browser in which the developer sees what is asked for with this code.
async fn at_consent(app: &App, code: &str) -> (Browser, Answer) {
    let mut browser = Browser::new(app);
    let page = log_in(&mut browser, PAGE, "developer").await;
    let consent = enter(&mut browser, &page, code).await;
    assert!(consent.body.contains("value=\"allow\""), "{} {}", consent.status, consent.body);
    (browser, consent)
}

pub(crate) async fn answer(app: &App, code: &str, decision: &str) -> Answer {
    let (mut browser, consent) = at_consent(app, code).await;
    browser.submit(&consent, decision).await
}

#[tokio::test]
async fn a_device_gets_what_a_person_allowed_elsewhere_and_refreshes_it() {
    let app = app();
    let form =
        [("client_id", "tv"), ("scope", "todos.read todos.write offline_access"), ("resource", RESOURCE)];
    let begun = app.post_form("/device_authorization", &form).await;
    assert_eq!(begun.header("cache-control"), "no-store");
    let begun = begun.json();
    let code = begun["user_code"].as_str().unwrap();
    assert!(code.len() == 9 && code.as_bytes()[4] == b'-', "{code}");
    assert_eq!(begun["verification_uri"], format!("{ISSUER}{PAGE}"));
    assert_eq!(begun["verification_uri_complete"], format!("{ISSUER}{PAGE}?user_code={code}"));
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&600.into(), &5.into()));
    let device_code = begun["device_code"].as_str().unwrap();
    assert_eq!(device_code.len(), 43);

    poll(&app, device_code).await.assert_error(400, "authorization_pending");
    let done = answer(&app, code, "allow").await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    app.advance(5);
    let tokens = poll(&app, device_code).await;
    assert_eq!(tokens.header("cache-control"), "no-store");
    let tokens = tokens.json();
    assert_eq!(tokens["scope"], "todos.read todos.write");
    let said = app.claims(tokens["access_token"].as_str().unwrap());
    assert_eq!((&said["sub"], &said["client_id"]), (&"developer".into(), &"tv".into()));
    assert_eq!(said["auth_time"], START);
    assert!(said["grant_id"].is_string());

    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "tv"), ("refresh_token", refresh)];
    let refreshed = app.token(&form).await;
    assert_eq!(refreshed.status, StatusCode::OK, "{}", refreshed.body);
    assert_eq!(refreshed.json()["scope"], "todos.read todos.write");
}

/// As on the page of an application.
#[tokio::test]
async fn what_is_unticked_on_the_device_page_is_in_no_token() {
    let app = app();
    for (ticked, scopes) in [
        (&[][..], "todos.read"),
        (&[("scope", "admin")], "admin todos.read"),
        (&[("scope", "todos.write"), ("scope", "admin")], "admin todos.read todos.write"),
    ] {
        let begun = ask(&app, &[("client_id", "tv"), ("scope", "todos.read todos.write admin")]).await;
        let (mut browser, consent) = at_consent(&app, begun["user_code"].as_str().unwrap()).await;
        for optional in ["todos.write", "admin"] {
            let boxed = format!("<input type=\"checkbox\" name=\"scope\" value=\"{optional}\" checked>");
            assert!(consent.body.contains(&boxed), "{optional}: {}", consent.body);
        }
        assert!(consent.body.contains("Needed for any use of this server."), "{}", consent.body);
        let done = browser.submit_with(&consent, "allow", ticked).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        app.advance(30);
        let tokens = poll(&app, begun["device_code"].as_str().unwrap()).await.json();
        assert_eq!(tokens["scope"], scopes, "{ticked:?}");
        let refresh = [
            ("grant_type", "refresh_token"),
            ("client_id", "tv"),
            ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ];
        let refreshed = app.token(&refresh).await.json();
        for tokens in [&tokens, &refreshed] {
            assert_eq!(app.claims(tokens["access_token"].as_str().unwrap())["scope"], scopes, "{ticked:?}");
        }
        // What was unticked was not allowed either, as the next page says.
        let page = browser.get(PAGE).await;
        let again = ask(&app, &[("client_id", "tv"), ("scope", "todos.write")]).await;
        let page = enter(&mut browser, &page, again["user_code"].as_str().unwrap()).await;
        let is_known = scopes.contains("todos.write");
        assert_eq!(page.body.contains("allowed before"), is_known, "{}", page.body);
    }
}

#[tokio::test]
async fn a_device_page_with_nothing_ticked_is_shown_again_and_a_forged_one_allows_nothing() {
    let app = App::with(|setup| setup.default_scopes = Default::default(), devices);
    let begun = ask(&app, &[("client_id", "tv"), ("scope", "todos.write")]).await;
    let (mut browser, consent) = at_consent(&app, begun["user_code"].as_str().unwrap()).await;
    let forged =
        browser.submit_with(&consent, "allow", &[("scope", "todos.write"), ("scope", "admin")]).await;
    assert_eq!(forged.status, StatusCode::BAD_REQUEST);
    assert!(forged.body.contains("This form is not what was shown"), "{}", forged.body);
    let again = browser.submit_with(&consent, "allow", &[]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(
        again.body.contains("nothing was ticked") && again.body.contains("value=\"allow\""),
        "{}",
        again.body
    );
    let device_code = begun["device_code"].as_str().unwrap();
    poll(&app, device_code).await.assert_error(400, "authorization_pending");
    assert_eq!(browser.submit(&again, "allow").await.status, StatusCode::OK);
    app.advance(5);
    assert_eq!(poll(&app, device_code).await.json()["scope"], "todos.write");
}

#[tokio::test]
async fn the_page_warns_and_shows_who_asks_for_what_from_where_and_since_when() {
    let app = app();
    let request =
        Request::post("/device_authorization").header("content-type", "application/x-www-form-urlencoded");
    let from: SocketAddr = "[::ffff:192.0.2.7]:4711".parse().unwrap();
    let body = encode(&[("client_id", "tv"), ("scope", "todos.read admin")]);
    let begun = app
        .send(request.extension(ClientAddress(Some(from.ip()))).body(Body::from(body)).unwrap())
        .await
        .json();
    app.advance(185);
    let (_, page) = at_consent(&app, begun["user_code"].as_str().unwrap()).await;
    for part in [
        "<title>Allow a device access to todos?</title>",
        "Only go on if you started this yourself on a device in front of you.",
        "<code><bdi>tv</bdi></code>",
        begun["user_code"].as_str().unwrap(),
        "3 minutes ago, from the address <code class=\"url\"><bdi>192.0.2.7</bdi></code>",
        "Read your &lt;todos&gt;",
        "<code class=\"what\">admin</code>",
        "<strong><bdi>developer</bdi></strong>",
        "renewed without asking",
    ] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
    let (deny, allow) =
        (page.body.find("value=\"deny\"").unwrap(), page.body.find("value=\"allow\"").unwrap());
    assert!(deny < allow, "Enter pressed by mistake denies");

    let (_, code) = television(&app).await;
    let (_, page) = at_consent(&app, &code).await;
    assert!(
        page.body.contains("less than a minute ago, from an address that this server does not know"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn b11_the_pages_for_devices_cannot_be_framed_or_kept() {
    let app = app();
    let (_, code) = television(&app).await;
    let mut browser = Browser::new(&app);
    let login = browser.get(PAGE).await;
    let form = log_in(&mut browser, PAGE, "developer").await;
    let consent = enter(&mut browser, &form, &code).await;
    let ended = browser.submit(&consent, "deny").await;
    let gone = browser.submit(&consent, "deny").await;
    assert_eq!(gone.status, StatusCode::GONE);
    for page in [login, form, consent, ended, gone] {
        assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("cache-control"), "no-store");
        assert!(!page.headers.keys().any(|name| name.as_str().starts_with("access-control")));
        assert!(!page.body.contains("<script"));
    }
}

#[tokio::test]
async fn a_link_with_a_code_fills_it_in_and_submits_nothing() {
    let app = app();
    let (device_code, code) = television(&app).await;
    let complete = format!("{PAGE}?user_code={code}");
    let mut browser = Browser::new(&app);
    let page = log_in(&mut browser, &complete, "developer").await;
    assert!(page.body.contains(&format!("value=\"{code}\"")), "{}", page.body);
    assert!(page.body.contains("This code came with the link."), "{}", page.body);
    assert!(!page.body.contains("value=\"allow\"") && !page.body.contains("todos.read"), "{}", page.body);
    // However often it is opened: a look at it is not a try.
    for _ in 0..20 {
        assert_eq!(browser.get(&complete).await.status, StatusCode::OK);
    }
    // Neither its form nor one of an answer's URL allows anything before the code was entered.
    let answer_url = format!("{PAGE}?answer={code}");
    let opened = browser.get(&answer_url).await;
    assert!(!opened.body.contains("value=\"allow\""), "{}", opened.body);
    assert_eq!(form_action(&opened), complete);
    for url in [&complete, &answer_url] {
        for decision in ["allow", "deny"] {
            for token in [csrf(&page), csrf(&opened)] {
                browser.post(url, &[("csrf", &token), ("decision", decision), ("user_code", &code)]).await;
            }
        }
    }
    poll(&app, &device_code).await.assert_error(400, "authorization_pending");
    let consent = enter(&mut browser, &page, &code).await;
    assert_eq!(browser.submit(&consent, "allow").await.status, StatusCode::OK);
    assert_eq!(poll(&app, &device_code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_code_may_be_typed_in_small_letters_and_with_spaces_and_dashes() {
    let app = app();
    let (_, code) = television(&app).await;
    let plain = code.replace('-', "");
    let mut browser = Browser::new(&app);
    let page = log_in(&mut browser, PAGE, "developer").await;
    for typed in [plain.to_lowercase(), format!(" {} {} ", &plain[..2], &plain[2..]), format!("{plain}-")] {
        let consent = enter(&mut browser, &page, &typed).await;
        assert!(consent.body.contains("value=\"allow\""), "{typed}: {}", consent.body);
        app.advance(60);
    }
    for typed in ["", "x", &code[1..], &format!("{code}B"), "AAAA-AAAA", "<script>"] {
        let wrong = enter(&mut browser, &page, typed).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{typed}");
        assert!(wrong.body.contains("A code has eight letters"), "{typed}: {}", wrong.body);
        assert!(!wrong.body.contains("<script>"));
    }
}

#[tokio::test]
async fn a_denied_device_is_told_so_and_gets_nothing() {
    let app = app();
    let (device_code, code) = television(&app).await;
    assert_eq!(answer(&app, &code, "deny").await.status, StatusCode::OK);
    for _ in 0..2 {
        poll(&app, &device_code).await.assert_error(400, "access_denied");
    }
}

#[tokio::test]
async fn a_device_that_polls_too_soon_is_told_to_slow_down() {
    let app = app();
    let (device_code, code) = television(&app).await;
    poll(&app, &device_code).await.assert_error(400, "authorization_pending");
    app.advance(4);
    poll(&app, &device_code).await.assert_error(400, "slow_down");
    app.advance(9);
    poll(&app, &device_code).await.assert_error(400, "slow_down");
    app.advance(15);
    poll(&app, &device_code).await.assert_error(400, "authorization_pending");
    answer(&app, &code, "allow").await;
    assert_eq!(poll(&app, &device_code).await.status, StatusCode::OK, "what was allowed is given at once");
}

#[tokio::test]
async fn a_code_expires_for_the_person_and_for_the_device() {
    let app = app();
    let (device_code, code) = television(&app).await;
    let (allowed_code, allowed) = television(&app).await;
    answer(&app, &allowed, "allow").await;
    let (mut browser, consent) = at_consent(&app, &code).await;
    app.advance(600);
    assert_eq!(browser.submit(&consent, "allow").await.status, StatusCode::GONE);
    let page = browser.get(PAGE).await;
    let wrong = enter(&mut browser, &page, &code).await;
    assert!(wrong.body.contains("No device waits with this code."), "{}", wrong.body);
    for late in [&device_code, &allowed_code] {
        poll(&app, late).await.assert_error(400, "expired_token");
    }
}

#[tokio::test]
async fn p18_a_device_code_is_used_once() {
    let app = app();
    let (device_code, code) = television(&app).await;
    answer(&app, &code, "allow").await;
    let polls = (0..20).map(|_| {
        let (app, device_code) = (app.clone(), device_code.clone());
        tokio::spawn(async move { poll(&app, &device_code).await })
    });
    let mut tokens = Vec::new();
    for polled in polls.collect::<Vec<_>>() {
        let polled = polled.await.unwrap();
        match polled.status {
            StatusCode::OK => tokens.push(polled.json()),
            _ => polled.assert_error(400, "invalid_grant"),
        }
    }
    assert_eq!(tokens.len(), 1);
    poll(&app, &device_code).await.assert_error(400, "invalid_grant");
    let refresh = tokens[0]["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "tv"), ("refresh_token", refresh)];
    assert_eq!(app.token(&form).await.status, StatusCode::OK, "what it got stays");
}

#[tokio::test]
async fn p19_a_device_code_of_another_client_is_refused_and_stays_as_it_was() {
    let app = app();
    let (device_code, code) = television(&app).await;
    let others = [("grant_type", GRANT), ("client_id", "printer"), ("device_code", &*device_code)];
    for _ in 0..3 {
        app.token(&others).await.assert_error(400, "invalid_grant");
    }
    poll(&app, &device_code).await.assert_error(400, "authorization_pending");
    answer(&app, &code, "allow").await;
    app.token(&others).await.assert_error(400, "invalid_grant");
    let elsewhere = [
        ("grant_type", GRANT),
        ("client_id", "tv"),
        ("device_code", &device_code),
        ("resource", "http://other/mcp"),
    ];
    app.token(&elsewhere).await.assert_error(400, "invalid_target");
    assert_eq!(poll(&app, &device_code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_device_code_that_was_never_given_is_refused_and_so_is_a_user_code_in_its_place() {
    let app = app();
    let (_, code) = television(&app).await;
    for unknown in ["x", &code, &"A".repeat(43)] {
        poll(&app, unknown).await.assert_error(400, "invalid_grant");
    }
    poll(&app, "").await.assert_error(400, "invalid_request");
    let twice = [("grant_type", GRANT), ("client_id", "tv"), ("device_code", "x"), ("device_code", "y")];
    app.token(&twice).await.assert_error(400, "invalid_request");
}

#[tokio::test]
async fn only_clients_of_the_configuration_that_name_the_grant_may_use_devices() {
    let app = app();
    let registered = app.public_client().await;
    let wants_it = app
        .register(&serde_json::json!({
            "client_name": "A device", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", GRANT],
        }))
        .await
        .json()["client_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let secret = ("client_secret", "s3cret: with %+ in it");
    for form in [
        vec![("client_id", &*registered)],
        vec![("client_id", &wants_it)],
        vec![("client_id", "nightly job"), secret],
    ] {
        app.post_form("/device_authorization", &form).await.assert_error(400, "unauthorized_client");
        let poll = [&form[..], &[("grant_type", GRANT), ("device_code", "x")]].concat();
        app.token(&poll).await.assert_error(400, "unauthorized_client");
    }
    for form in [
        vec![],
        vec![("client_id", "nobody")],
        vec![("client_id", "vault")],
        vec![("client_id", "vault"), ("client_secret", "wrong")],
        vec![("client_id", "tv"), ("client_secret", "anything")],
    ] {
        app.post_form("/device_authorization", &form).await.assert_error(401, "invalid_client");
    }
    let begun = ask(&app, &[("client_id", "vault"), ("client_secret", SECRET)]).await;
    answer(&app, begun["user_code"].as_str().unwrap(), "allow").await;
    let code = begun["device_code"].as_str().unwrap();
    let form =
        [("grant_type", GRANT), ("client_id", "vault"), ("device_code", code), ("client_secret", SECRET)];
    app.token(&changed(&form, ("client_secret", ""))).await.assert_error(401, "invalid_client");
    let tokens = app.token(&form).await.json();
    assert_eq!(tokens["scope"], "todos.read", "the default");
    assert!(tokens.get("refresh_token").is_none(), "it does not refresh");
}

#[tokio::test]
async fn a_device_asks_by_the_rules_of_every_request() {
    let app = app();
    let with = |name: &'static str, value: &'static str| vec![("client_id", "tv"), (name, value)];
    for (form, code) in [
        (with("scope", "todos.read nothing"), "invalid_scope"),
        (with("scope", "a\tb"), "invalid_scope"),
        (with("resource", "http://other/mcp"), "invalid_target"),
        (with("resource", ""), "invalid_target"),
        ([with("resource", RESOURCE), with("resource", RESOURCE)[1..].to_vec()].concat(), "invalid_target"),
        ([with("scope", "admin"), with("scope", "admin")[1..].to_vec()].concat(), "invalid_request"),
        (with("client_id", "tv"), "invalid_request"),
    ] {
        app.post_form("/device_authorization", &form).await.assert_error(400, code);
    }
    let json = Request::post("/device_authorization").header("content-type", "application/json");
    app.send(json.body(Body::from("{}")).unwrap()).await.assert_error(400, "invalid_request");
    assert_eq!(app.get("/device_authorization").await.status, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn devices_are_there_where_they_are_turned_on_for_a_client_and_nowhere_else() {
    let names = async |app: &App| {
        let metadata = app.get("/.well-known/oauth-authorization-server").await.json();
        let endpoint = metadata.get("device_authorization_endpoint").cloned();
        (endpoint, metadata["grant_types_supported"].as_array().unwrap().contains(&GRANT.into()))
    };
    assert_eq!(names(&app()).await, (Some(format!("{ISSUER}/device_authorization").into()), true));
    let without_client = App::with(|_| (), |options| options.device_code = true);
    for app in [App::new(), without_client] {
        assert_eq!(names(&app).await, (None, false));
        assert_eq!(app.post_form("/device_authorization", &[]).await.status, StatusCode::NOT_FOUND);
        assert_eq!(app.get(PAGE).await.status, StatusCode::NOT_FOUND);
        let form = [("grant_type", GRANT), ("device_code", "x"), ("client_id", "nightly job")];
        let form = [&form[..], &[("client_secret", "s3cret: with %+ in it")]].concat();
        app.token(&form).await.assert_error(400, "unsupported_grant_type");
    }
}

#[tokio::test]
async fn who_is_logged_in_already_sees_as_whom_and_can_change_that() {
    let app = App::with(
        |_| (),
        |options| {
            devices(options);
            options.users = vec!["alice".into(), "bob".into()];
        },
    );
    let (_, code) = television(&app).await;
    let mut browser = Browser::new(&app);
    // For a client, as every day.
    let client = app.public_client().await;
    log_in(&mut browser, &authorize_url(&client, &[]), "alice").await;
    let page = browser.get(&format!("{PAGE}?user_code={code}")).await;
    assert!(page.body.contains("<strong><bdi>alice</bdi></strong>"), "{}", page.body);
    let back = browser.submit(&page, "logout").await;
    assert_eq!(back.header("location"), format!("{PAGE}?user_code={code}"));
    let page = log_in(&mut browser, back.header("location"), "bob").await;
    assert!(page.body.contains("<strong><bdi>bob</bdi></strong>"), "{}", page.body);
    let consent = enter(&mut browser, &page, &code).await;
    assert!(
        consent.body.contains("Allow:</strong> it can do what is ticked as <bdi>bob</bdi>"),
        "{}",
        consent.body
    );
    let back = browser.submit(&consent, "logout").await;
    assert_eq!(back.header("location"), format!("{PAGE}?user_code={code}"));
    assert!(browser.get(back.header("location")).await.body.contains("name=\"user\""));
    assert_ne!(browser.submit(&consent, "allow").await.status, StatusCode::OK, "that login is over");
}

#[tokio::test]
async fn nothing_of_a_device_is_shown_before_a_person_has_logged_in() {
    let app = app();
    let (device_code, code) = television(&app).await;
    let mut browser = Browser::new(&app);
    let login = browser.get(&format!("{PAGE}?user_code={code}")).await;
    assert!(!login.body.contains("Application") && !login.body.contains("tv"), "{}", login.body);
    // Nor is a code looked up for somebody who has not.
    let entered = enter(&mut browser, &login, &code).await;
    assert!(entered.body.contains("name=\"user\"") && !entered.body.contains("value=\"allow\""));
    let cancelled = browser.submit(&login, "deny").await;
    assert!(cancelled.body.contains("You did not log in"), "{}", cancelled.body);
    poll(&app, &device_code).await.assert_error(400, "authorization_pending");
}

#[tokio::test]
async fn a_login_that_ended_while_the_page_was_open_allows_nothing() {
    let app = App::with(
        |_| (),
        |options| {
            devices(options);
            options.session_lifetime = std::time::Duration::from_secs(60);
        },
    );
    let (device_code, code) = television(&app).await;
    let (mut browser, consent) = at_consent(&app, &code).await;
    app.advance(60);
    let again = browser.submit(&consent, "allow").await;
    assert_eq!(again.status, StatusCode::FORBIDDEN);
    assert!(again.body.contains("name=\"user\""), "{}", again.body);
    assert_eq!(form_action(&again), format!("{PAGE}?user_code={code}"), "the code is entered again");
    poll(&app, &device_code).await.assert_error(400, "authorization_pending");
}

#[tokio::test]
async fn b12_a_form_of_another_page_another_browser_or_another_site_answers_nothing() {
    let app = app();
    let (device_code, code) = television(&app).await;
    let (mut browser, consent) = at_consent(&app, &code).await;
    let (url, own, allow) = (form_action(&consent), csrf(&consent), ("decision", "allow"));
    let (_, other) = television(&app).await;
    let (_, others) = at_consent(&app, &other).await;
    let foreign = browser.get(&authorize_url(&app.public_client().await, &[])).await;
    for token in ["", "x", &own[1..], &csrf(&foreign), &csrf(&others)] {
        assert_eq!(browser.post(&url, &[("csrf", token), allow]).await.status, StatusCode::FORBIDDEN);
    }
    let form = [("csrf", &*own), allow];
    assert_eq!(
        browser.post(&form_action(&others), &form).await.status,
        StatusCode::FORBIDDEN,
        "of another device"
    );
    assert_eq!(Browser::new(&app).post(&url, &form).await.status, StatusCode::FORBIDDEN);
    for origin in ["null", "https://evil.example"] {
        let mut posed = browser.clone();
        posed.origin = Some(origin.to_owned());
        assert_eq!(posed.post(&url, &form).await.status, StatusCode::FORBIDDEN);
    }
    let twice = [("csrf", &*own), allow, ("decision", "deny")];
    assert_eq!(browser.post(&url, &twice).await.status, StatusCode::FORBIDDEN);
    let rebound = Request::get(PAGE).header("host", "evil.example").body(Body::empty()).unwrap();
    assert_eq!(app.send(rebound).await.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.get(&format!("{PAGE}?user_code=%")).await.status, StatusCode::BAD_REQUEST);
    poll(&app, &device_code).await.assert_error(400, "authorization_pending");
}

#[tokio::test]
async fn the_first_answer_counts_whoever_gives_it() {
    let app = app();
    let (device_code, code) = television(&app).await;
    let (mut one, consent) = at_consent(&app, &code).await;
    let (mut other, same) = at_consent(&app, &code).await;
    assert_eq!(one.submit(&consent, "deny").await.status, StatusCode::OK);
    assert_eq!(other.submit(&same, "allow").await.status, StatusCode::GONE);
    assert_eq!(one.submit(&consent, "allow").await.status, StatusCode::GONE);
    poll(&app, &device_code).await.assert_error(400, "access_denied");
}

#[tokio::test]
async fn the_next_page_says_what_was_allowed_before() {
    let app = app();
    let begun = ask(&app, &[("client_id", "tv"), ("scope", "todos.read")]).await;
    answer(&app, begun["user_code"].as_str().unwrap(), "allow").await;
    let (_, code) = television(&app).await;
    let (_, page) = at_consent(&app, &code).await;
    assert!(page.body.contains("allowed before") && page.body.contains("new</span>"), "{}", page.body);
}

#[tokio::test]
async fn what_one_process_was_asked_is_answered_in_another_and_polled_in_a_third() {
    let store = fresh_store();
    let (device_code, code) = television(&app_on(&store)).await;
    answer(&app_on(&store), &code, "allow").await;
    assert_eq!(poll(&app_on(&store), &device_code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_person_who_can_no_longer_log_in_gives_a_device_nothing() {
    let store = fresh_store();
    let (device_code, code) = television(&app_on(&store)).await;
    answer(&app_on(&store), &code, "allow").await;
    let without = |options: &mut IssuerOptions| {
        devices(options);
        options.users = vec!["somebody else".into()];
    };
    poll(&App::on(store, |_| (), without), &device_code).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_client_that_lost_the_grant_gets_nothing_any_more() {
    let store = fresh_store();
    let asked = app_on(&store);
    let (_, waiting) = television(&asked).await;
    let (device_code, code) = television(&asked).await;
    answer(&asked, &code, "allow").await;
    let tokens = poll(&asked, &device_code).await.json();
    let without = |options: &mut IssuerOptions| {
        devices(options);
        options.clients.iter_mut().for_each(|client| {
            if client.id == "tv" {
                client.grant_types.remove(&GrantType::DeviceCode);
            }
        });
    };
    let app = App::on(store, |_| (), without);
    let mut browser = Browser::new(&app);
    let page = log_in(&mut browser, PAGE, "developer").await;
    let wrong = enter(&mut browser, &page, &waiting).await;
    assert!(wrong.body.contains("No device waits with this code."), "{}", wrong.body);
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "tv"), ("refresh_token", refresh)];
    app.token(&form).await.assert_error(400, "invalid_grant");
    asked.token(&form).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn while_the_store_is_down_nothing_is_asked_shown_answered_or_given() {
    let outage = fresh_outage();
    let app = App::on(outage.store(), |_| (), devices);
    let (device_code, code) = television(&app).await;
    let (mut browser, consent) = at_consent(&app, &code).await;
    let page = browser.get(PAGE).await;
    outage.begin();
    let asked = app.post_form("/device_authorization", &[("client_id", "tv")]).await;
    asked.assert_error(503, "temporarily_unavailable");
    poll(&app, &device_code).await.assert_error(503, "temporarily_unavailable");
    for answer in [
        browser.get(PAGE).await,
        enter(&mut browser, &page, &code).await,
        browser.submit(&consent, "allow").await,
        browser.submit(&consent, "deny").await,
    ] {
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{}", answer.body);
        assert!(!answer.body.contains(Outage::CAUSE) && !answer.headers.contains_key("set-cookie"));
    }
    outage.end();
    poll(&app, &device_code).await.assert_error(400, "authorization_pending");
    assert_eq!(browser.submit(&consent, "allow").await.status, StatusCode::OK);
    outage.begin();
    poll(&app, &device_code).await.assert_error(503, "temporarily_unavailable");
    outage.end();
    assert_eq!(poll(&app, &device_code).await.status, StatusCode::OK, "a poll that failed used nothing up");
}

#[tokio::test]
async fn a_device_code_that_was_allowed_for_another_public_url_gives_no_token() {
    let store = fresh_store();
    let before = app_on(&store);
    let after =
        App::on(store, |setup| setup.resource = "http://localhost:8080/v2/mcp".parse().unwrap(), devices);
    let (device_code, user_code) = television(&before).await;
    assert_eq!(answer(&before, &user_code, "allow").await.status, StatusCode::OK);
    poll(&after, &device_code).await.assert_error(400, "invalid_grant");
    assert_eq!(poll(&before, &device_code).await.status, StatusCode::OK);
}
