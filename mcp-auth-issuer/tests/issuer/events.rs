//! Each thing that happens at the issuer is one audit event, with exactly its fields.

use axum::body::Body;
use http::{Method, Request, StatusCode};
use mcp_auth_issuer::{Clients, KeyRing, People, SigningAlgorithm};
use mcp_auth_runtime::facade::ClientAddress;
use mcp_auth_store::{Caps, Store};
use serde_json::json;

use crate::accounts::{PASSWORD, log_in, site, site_with, unlimited};
use crate::device::{GRANT, enter, television};
use crate::fresh::fresh_store;
use crate::harness::*;
use crate::managed::{managed, put, send};
use crate::site::{CLIENT, document};
use crate::witness::{audited, listen};
use crate::{
    assertions, confirm, connect, device, documents, exchange, factors, keys, own_login, password_change,
    pushed, upstream,
};

const ROBOT: [(&str, &str); 2] = [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it")];
/// Where browsers and clients come from.
const FROM: &str = "192.0.2.7";

/// What happened since this was asked last: the level, the event, and its fields by name.
fn happened() -> Vec<String> {
    let line = |said: crate::witness::Said| {
        let mut fields = said.fields;
        let event = fields.remove("event").expect("a name");
        let fields: String = fields.iter().map(|(name, value)| format!(" {name}={value}")).collect();
        format!("{} {event}{fields}", said.level)
    };
    audited().into_iter().map(line).collect()
}

/// Checks all that happened since this was asked last; `*` at the end of a line stands for its rest.
#[track_caller]
fn happened_are(expected: &[&str]) {
    let lines = happened();
    let is = |(line, expected): (&String, &&str)| match expected.strip_suffix('*') {
        Some(begins) => line.starts_with(begins),
        None => line == expected,
    };
    let all = lines.len() == expected.len() && lines.iter().zip(expected).all(is);
    assert!(all, "{lines:#?}\nare not\n{expected:#?}");
}

fn at(app: &App) -> Browser {
    let mut browser = Browser::new(app);
    browser.address = FROM.parse().ok();
    browser
}

async fn post(app: &App, path: &str, form: &[(&str, &str)]) -> Answer {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    let request = request.extension(ClientAddress(FROM.parse().ok()));
    app.send(request.body(Body::from(encode(form))).unwrap()).await
}

#[tokio::test]
async fn each_event_that_there_is_happens_in_a_test_of_this_file() {
    let reference = include_str!("../../../docs/src/issuer-events.md");
    let (events, _fields) = reference.split_once("## Fields").unwrap();
    let names = events.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let names: Vec<_> = names.map(|(name, _)| name).collect();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        let is_expected = [" ", "*", "\""].iter().any(|end| {
            ["INFO", "WARN", "ERROR"]
                .iter()
                .any(|level| include_str!("events.rs").contains(&format!("{level} {name}{end}")))
        });
        assert!(is_expected, "{name} happens in no test");
    }
}

#[tokio::test]
async fn of_clients_each_registration_and_what_becomes_of_it_is_said() {
    let app = App::new();
    happened();
    let public = app.public_client().await;
    let registered = |id: &str, method: &str| {
        format!(
            "INFO client_registered auth_method=\"{method}\" client_id=\"{id}\" client_name=\"Test client\" \
             redirect_uris=[\"{REDIRECT}\"]"
        )
    };
    happened_are(&[&registered(&public, "none")]);
    let own = managed(&app, "client_secret_basic").await;
    let id = &own.id;
    happened_are(&[&registered(id, "client_secret_basic")]);
    app.register(&metadata(&["http://evil.example/cb"], "none")).await;
    app.register(&json!({ "redirect_uris": "a secret in the wrong place" })).await;
    happened_are(&[
        "WARN registration_refused reason=\"redirect URI *",
        "WARN registration_refused reason=\"no client metadata: Data at line 1, column *",
    ]);

    let bearer = Some(&*own.bearer);
    send(&app, Method::GET, &own.url, bearer, None).await;
    send(&app, Method::PUT, &own.url, bearer, Some(&put(&own, &json!({ "client_name": "New" })))).await;
    send(
        &app,
        Method::PUT,
        &own.url,
        bearer,
        Some(&put(&own, &json!({ "client_secret": "not its secret" }))),
    )
    .await;
    send(&app, Method::GET, &own.url, Some("Bearer a-wrong-token-of-somebody"), None).await;
    send(&app, Method::DELETE, &own.url, bearer, None).await;
    happened_are(&[
        &format!("INFO client_read client_id=\"{id}\""),
        &format!("INFO client_changed client_id=\"{id}\" client_name=\"New\" redirect_uris=[\"{REDIRECT}\"]"),
        &format!(
            "WARN client_management_refused client_id=\"{id}\" reason=\"client_secret is not that of the client\" what=change"
        ),
        "WARN client_management_refused reason=\"the registration access token is wrong, or there is no such client\" what=read",
        &format!("INFO client_removed by=client client_id=\"{id}\""),
    ]);
}

/// Hosted clients register at each connection.
#[tokio::test]
async fn a_public_client_that_registers_again_is_not_said_and_one_with_a_secret_is_new_each_time() {
    let app = App::new();
    let public = app.public_client().await;
    happened();
    for _ in 0..20 {
        assert_eq!(app.public_client().await, public);
    }
    happened_are(&[]);
    for _ in 0..2 {
        let id = managed(&app, "client_secret_basic").await.id;
        happened_are(&[&format!(
            "INFO client_registered auth_method=\"client_secret_basic\" client_id=\"{id}\"*"
        )]);
    }
    // One that was forgotten is new.
    app.advance(2 * 60 * 60);
    let again = app.public_client().await;
    assert_ne!(again, public);
    happened_are(&[&format!("INFO client_registered auth_method=\"none\" client_id=\"{again}\"*")]);
}

#[tokio::test]
async fn a_client_that_has_to_go_for_another_one_is_said() {
    let app = App::on(Store::memory(Caps { clients: 1, ..Caps::default() }), |_| (), |_| ());
    let first = app.public_client().await;
    happened();
    let second = app.another_client().await;
    happened_are(&[
        &format!("WARN client_evicted client_id=\"{first}\""),
        &format!("INFO client_registered auth_method=\"none\" client_id=\"{second}\"*"),
    ]);
}

/// Those that nobody else uses.
#[tokio::test]
async fn a_client_that_has_to_go_for_another_one_of_its_person_is_said_and_its_tokens_end() {
    let store = Store::memory(Caps::default());
    let app = App::on(store.clone(), |_| (), |_| ());
    let (first, last) = (app.public_client().await, app.another_client().await);
    let tokens = app.tokens(&first, &[]).await;
    for n in 0..199 {
        let name = format!("One of many {n}");
        let mut said = metadata(&[REDIRECT], "none");
        said["client_name"] = json!(name);
        let id = app.register(&said).await.json()["client_id"].as_str().unwrap().to_owned();
        app.advance(1);
        app.code(&id, &[]).await;
    }
    let form = [&[("token", tokens["access_token"].as_str().unwrap())], &ROBOT[..]].concat();
    let is_active = async || app.post_form("/introspect", &form).await.json()["active"].clone();
    assert_eq!(is_active().await, true);
    happened();
    app.code(&last, &[]).await;
    let evicted = format!("WARN client_evicted client_id=\"{first}\"");
    assert!(happened().contains(&evicted));
    assert_eq!(is_active().await, false);
}

#[tokio::test]
async fn a_client_that_describes_itself_is_said_once_it_was_read_or_was_not() {
    let (app, site) = documents::app_and_site().await;
    let _ = document(CLIENT);
    happened();
    app.get(&authorize_url(CLIENT, &[])).await;
    happened_are(&[&format!("INFO client_described client_id=\"{CLIENT}\" client_name=\"Documented\"*")]);
    let missing = "https://other.test/nothing.json";
    site.put_with(missing, 404, "content-type: text/plain", "no");
    app.get(&authorize_url(missing, &[])).await;
    happened_are(&[
        &format!("WARN client_not_described client_id=\"{missing}\" reason=*"),
        &format!(
            "WARN authorization_refused client_id=\"{missing}\" reason=\"the client metadata document cannot be used: *"
        ),
    ]);
}

#[tokio::test]
async fn of_authorization_each_login_consent_and_refusal_is_said() {
    let app = App::new();
    let client = app.public_client().await;
    happened();
    let mut browser = at(&app);
    let url = authorize_url(&client, &[("scope", "todos.read todos.write")]);
    let consent = browser.log_in(&url).await;
    let of = format!("address={FROM} client_id=\"{client}\"");
    happened_are(&[&format!(
        "INFO login_succeeded address={FROM} amr=[] client_id=\"{client}\" subject=\"developer\""
    )]);
    browser.submit_with(&consent, "allow", &[("scope", "todos.read")]).await;
    browser.submit_with(&consent, "allow", &[("scope", "todos.read")]).await;
    let consent = browser.get(&url).await;
    browser.submit(&consent, "deny").await;
    browser.submit(&consent, "logout").await;
    let page = browser.get(&url).await;
    browser.submit(&page, "deny").await;
    happened_are(&[
        &format!(
            "INFO access_allowed address={FROM} asked=todos.read todos.write client_id=\"{client}\" remember=false scopes=todos.read \
             subject=\"developer\" unasked=false"
        ),
        &format!("WARN authorization_refused {of} reason=\"the form was answered before\" told=person"),
        &format!("INFO access_denied {of} subject=\"developer\""),
        &format!("INFO logged_out address={FROM} everywhere=false subject=\"developer\""),
        &format!("INFO access_denied {of}"),
    ]);
    app.get(&authorize_url(&client, &[("code_challenge_method", "plain")])).await;
    app.get(&authorize_url("a client that is not one", &[])).await;
    let stranger = app.another_client().await;
    happened();
    app.get(&authorize_url(&stranger, &[("response_type", "token")])).await;
    happened_are(&[&format!(
        "WARN authorization_refused client_id=\"{stranger}\" reason=\"response_type is not code; no person has allowed the client anything \
             yet\" told=person"
    )]);
    let mut browser = at(&app);
    browser.get(&authorize_url(&client, &[("code_challenge_method", "plain")])).await;
    browser.get(&authorize_url("a client that is not one", &[])).await;
    browser.get(&authorize_url(&client, &[("redirect_uri", "http://127.0.0.1/another")])).await;
    happened_are(&[
        &format!(
            "WARN authorization_refused {of} reason=\"code_challenge_method is not S256\" redirect_uri=\"{REDIRECT}\" told=client"
        ),
        &format!("WARN authorization_refused address={FROM} reason=\"client_id is unknown\" told=person"),
        &format!(
            "WARN authorization_refused {of} reason=\"redirect_uri is not registered for the client\" told=person"
        ),
    ]);
    pushed::push(&app, &client, &[]).await;
    pushed::push(&app, &client, &[("response_type", "token")]).await;
    pushed::push(&app, "a client that is not one", &[]).await;
    happened_are(&[
        &format!("INFO request_pushed client_id=\"{client}\""),
        &format!("WARN push_refused client_id=\"{client}\" reason=\"response_type is not code\""),
        "WARN push_refused reason=\"client authentication: client_id is unknown\"",
    ]);
    // Nobody logs in by a name that is not offered, and it is not said which.
    let page = at(&app).get(&url).await;
    let mut other = at(&app);
    let page = match page.status {
        StatusCode::OK => other.get(&url).await,
        status => panic!("{status}"),
    };
    other.answer_login(&page, &[("user", "mallory")]).await;
    happened_are(&[&format!(
        "WARN login_refused {of} reason=\"the name is not in issuer.users; the page may be from before a restart\""
    )]);
}

#[tokio::test]
async fn what_a_person_need_not_be_asked_is_said_too() {
    let web = "https://client.example/cb";
    let app = App::new();
    let client =
        app.register(&metadata(&[web], "none")).await.json()["client_id"].as_str().unwrap().to_owned();
    let url = authorize_url(&client, &[("redirect_uri", web)]);
    let mut browser = at(&app);
    let consent = browser.log_in(&url).await;
    happened();
    browser.submit_with(&consent, "allow", &[("scope", "todos.read"), ("remember", "yes")]).await;
    browser.get(&url).await;
    let allowed = |unasked: bool| {
        format!(
            "INFO access_allowed address={FROM} asked=todos.read client_id=\"{client}\" remember=true scopes=todos.read \
             subject=\"developer\" unasked={unasked}"
        )
    };
    happened_are(&[&allowed(false), &allowed(true)]);
}

#[tokio::test]
async fn of_tokens_each_one_and_each_refusal_replay_and_revocation_is_said() {
    let app = App::new();
    let client = app.public_client().await;
    let code = app.code(&client, &[]).await;
    happened();
    let tokens = post(&app, "/token", &redeem(&client, &code)).await.json();
    let access = tokens["access_token"].as_str().unwrap();
    let claims = app.claims(access);
    let grant = claims["grant_id"].as_str().unwrap();
    let of = format!("address={FROM} client_id=\"{client}\"");
    let issued = |kind: &str| {
        format!(
            "INFO token_issued {of} grant={kind} grant_id=\"{grant}\" is_bound=false scopes=todos.read subject=\"developer\""
        )
    };
    happened_are(&[&issued("authorization_code")]);
    let old = tokens["refresh_token"].as_str().unwrap();
    let refresh = |token: &str| {
        [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", token)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let send = async |token: &str| {
        let form = refresh(token);
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        post(&app, "/token", &form).await
    };
    let next = send(old).await.json();
    happened_are(&[&issued("refresh_token")]);

    let refused = |kind: &str, why: &str| format!("WARN token_refused {of} grant={kind} reason=\"{why}\"");
    let ended = |why: &str| {
        format!(
            "WARN grant_ended by=issuer client_id=\"{client}\" grant_id=\"{grant}\" reason=\"{why}\" subject=\"developer\""
        )
    };
    send(old).await.assert_error(400, "invalid_grant");
    let why = "an old refresh token was used: its family is dead";
    happened_are(&[&ended(why), &refused("refresh_token", why)]);
    send(next["refresh_token"].as_str().unwrap()).await.assert_error(400, "invalid_grant");
    happened_are(&[&refused("refresh_token", "the refresh token is unknown, expired or revoked")]);

    let code = app.code(&client, &[]).await;
    post(&app, "/token", &redeem(&client, &code)).await;
    happened();
    post(&app, "/token", &redeem(&client, &code)).await.assert_error(400, "invalid_grant");
    let why = "the code was used before: its tokens are dead";
    happened_are(&[
        &ended(why).replace(&format!("grant_id=\"{grant}\" "), ""),
        &refused("authorization_code", why),
    ]);

    post(&app, "/token", &[&ROBOT[..], &[("grant_type", "client_credentials")]].concat()).await;
    post(
        &app,
        "/token",
        &[
            ("grant_type", "client_credentials"),
            ("client_id", "nightly job"),
            ("client_secret", "a wrong secret"),
        ],
    )
    .await;
    post(&app, "/token", &[("grant_type", "made up"), ROBOT[0], ROBOT[1]]).await;
    happened_are(&[
        &format!(
            "INFO token_issued address={FROM} client_id=\"nightly job\" grant=client_credentials is_bound=false \
             scopes=todos.read todos.write subject=\"nightly job\""
        ),
        &format!(
            "WARN token_refused address={FROM} grant=client_credentials reason=\"client authentication: client_secret is wrong\""
        ),
        &format!(
            "WARN token_refused address={FROM} client_id=\"nightly job\" reason=\"grant_type is not supported\""
        ),
    ]);

    let tokens = app.tokens(&client, &[]).await;
    let (access, token) =
        (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
    let named = app.claims(access)["grant_id"].as_str().unwrap().to_owned();
    happened();
    let introspect =
        async |token: &str| post(&app, "/introspect", &[ROBOT[0], ROBOT[1], ("token", token)]).await;
    introspect(access).await;
    post(&app, "/revoke", &[("client_id", &client), ("token", access)]).await;
    introspect(access).await;
    post(&app, "/revoke", &[("client_id", &client), ("token", token)]).await;
    post(&app, "/introspect", &[("client_id", &client), ("token", token)]).await;
    post(&app, "/revoke", &[("client_id", "nobody at all"), ("token", token)]).await;
    happened_are(&[
        &format!(
            "INFO token_introspected address={FROM} client_id=\"nightly job\" is_active=true subject=\"developer\""
        ),
        &format!("INFO token_revoked {of} ended=token subject=\"developer\""),
        &format!("INFO token_introspected address={FROM} client_id=\"nightly job\" is_active=false"),
        &format!(
            "WARN grant_ended address={FROM} by=client client_id=\"{client}\" grant_id=\"{named}\" reason=\"its refresh token was revoked\" \
             subject=\"developer\""
        ),
        &format!("WARN introspection_refused {of} reason=\"the client may not use this grant\""),
        &format!(
            "WARN revocation_refused address={FROM} reason=\"client authentication: client_id is unknown\""
        ),
    ]);
}

#[tokio::test]
async fn what_a_token_was_exchanged_for_and_which_assertion_stood_for_it_is_said() {
    let bench = exchange::Bench::new().await;
    let subject = bench.subject("todos.read").await;
    let grant = bench.app.claims(&subject)["grant_id"].as_str().unwrap().to_owned();
    happened();
    bench.exchange("agent", &subject, &[]).await;
    bench.exchange("stranger", &subject, &[]).await;
    happened_are(&[
        &format!(
            "INFO token_issued client_id=\"agent\" grant=token_exchange grant_id=\"{grant}\" is_bound=false of_client=\"{}\" \
             scopes=todos.read subject=\"developer\"",
            bench.public
        ),
        "WARN token_refused client_id=\"stranger\" grant=token_exchange reason=\"subject token: issued to a client *",
    ]);

    let bench = assertions::Bench::new();
    happened();
    bench.present(&bench.good_id_jag(), &[]).await;
    bench.present_alone(&bench.of_workload("owner", json!("1")), &[]).await;
    bench.present_alone(&bench.of_workload("owner", json!("2")), &[]).await;
    happened_are(&[
        "INFO token_issued assertion_issuer=\"https://idp.example\" assertion_subject=\"demo-user@example.com\" client_id=\"editor\" \
         grant=jwt_bearer is_bound=false *",
        "INFO token_issued assertion_issuer=\"https://platform.example\" assertion_subject=\"conformance-workload\" \
         client_id=\"conformance-wif-workload\" grant=jwt_bearer is_bound=false scopes=todos.read subject=\"conformance-wif-workload\"",
        "WARN token_refused grant=jwt_bearer reason=*",
    ]);
}

#[tokio::test]
async fn of_devices_each_code_answer_and_wrong_code_is_said() {
    let app = device::app();
    happened();
    let (_, allowed) = television(&app).await;
    let (device_code, denied) = television(&app).await;
    post(&app, "/device_authorization", &[ROBOT[0], ROBOT[1]]).await;
    let begun = "INFO device_code_issued client_id=\"tv\" scopes=todos.read todos.write";
    let refused = format!(
        "WARN device_code_refused address={FROM} client_id=\"nightly job\" reason=\"the client may not use this grant\""
    );
    happened_are(&[begun, begun, &refused]);

    let mut browser = at(&app);
    let page = device::log_in(&mut browser, device::PAGE, "developer").await;
    happened_are(&[&format!("INFO login_succeeded address={FROM} amr=[] subject=\"developer\"")]);
    let consent = enter(&mut browser, &page, &allowed).await;
    browser.submit(&consent, "allow").await;
    browser.submit(&consent, "allow").await;
    let consent = enter(&mut browser, &page, &denied).await;
    browser.submit(&consent, "deny").await;
    for _ in 0..4 {
        enter(&mut browser, &page, "BBBB-BBBB").await;
    }
    let who = format!("address={FROM} client_id=\"tv\"");
    let wrong = format!(
        "WARN user_code_refused address={FROM} reason=\"no device waits for it\" subject=\"developer\""
    );
    happened_are(&[
        &format!("INFO device_allowed {who} scopes=todos.read todos.write subject=\"developer\""),
        &format!("WARN user_code_refused address={FROM} reason=\"no device waits for it any more\""),
        &format!("INFO device_denied {who} subject=\"developer\""),
        &wrong,
        &wrong,
        &wrong,
        &format!(
            "WARN user_code_refused address={FROM} reason=\"too many codes\" subject=\"developer\" wait=*"
        ),
    ]);
    browser.post(device::PAGE, &[("csrf", "a made-up token"), ("decision", "code")]).await;
    app.advance(20);
    post(&app, "/token", &[("grant_type", GRANT), ("client_id", "tv"), ("device_code", &device_code)]).await;
    happened_are(&[
        &format!(
            "WARN page_refused address={FROM} page=device reason=\"the form's CSRF token does not fit this browser and request\""
        ),
        &format!("WARN token_refused {who} grant=device_code reason=\"the user denied the device\""),
    ]);
}

#[tokio::test]
async fn what_a_person_ends_on_their_page_is_said() {
    let app = App::new();
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let grant = app.claims(tokens["access_token"].as_str().unwrap())["grant_id"].as_str().unwrap().to_owned();
    let mut browser = at(&app);
    let login = browser.get("/account").await;
    browser.answer_login(&login, &[("user", "developer")]).await;
    let page = browser.get("/account").await;
    happened();
    browser
        .post("/account", &[("csrf", &*csrf(&page)), ("decision", "end"), ("application", &*client)])
        .await;
    browser.post("/account", &[("csrf", &*csrf(&page)), ("decision", "logout"), ("everywhere", "yes")]).await;
    browser.post("/account", &[("csrf", &*csrf(&page)), ("decision", "made up")]).await;
    happened_are(&[
        &format!(
            "WARN grant_ended address={FROM} by=person client_id=\"{client}\" grant_id=\"{grant}\" reason=\"its person ended it\" \
             subject=\"developer\""
        ),
        &format!("INFO logged_out address={FROM} everywhere=true subject=\"developer\""),
        &format!("WARN page_refused address={FROM} page=account reason=*"),
    ]);
}

#[tokio::test]
async fn of_accounts_what_an_operator_does_and_how_a_login_ends_is_said() {
    let (app, operator, ..) = site().await;
    happened_are(&["INFO account_added by_link=false subject=\"ann\""]);
    app.is_public("ann");
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    happened();
    let of = format!("address={FROM} client_id=\"{client}\"");
    log_in(&mut at(&app), &url, "ann", "not her password").await;
    // What was typed may be a password.
    log_in(&mut at(&app), &url, "typed in the wrong field", PASSWORD).await;
    log_in(&mut at(&app), &url, "ANN", PASSWORD).await;
    for _ in 0..3 {
        log_in(&mut at(&app), &url, "ann", "not her password").await;
    }
    let wrong = format!("WARN login_refused {of} reason=\"wrong password\" subject=\"ann\"");
    let lines = happened();
    assert_eq!(lines[0], wrong);
    assert_eq!(lines[1], format!("WARN login_refused {of} reason=\"unknown name\""));
    assert_eq!(
        lines[2],
        format!(
            "INFO login_succeeded acr=\"urn:mcp-auth:pwd\" address={FROM} amr=[\"pwd\"] client_id=\"{client}\" subject=\"ann\""
        )
    );
    for _ in 0..10 {
        log_in(&mut at(&app), &url, "ann", "not her password").await;
    }
    assert!(happened().last().unwrap().starts_with(&format!("WARN login_limited {of} wait=")));

    operator.disable("ann").await.unwrap();
    operator.enable("ann").await.unwrap();
    let link = operator.reset("ann", true).await.unwrap();
    let other = operator.add("bob", None, None).await.unwrap();
    assert!(other.is_some());
    operator.people(ISSUER).delete("bob").await.unwrap();
    happened_are(&[
        "WARN account_disabled subject=\"ann\"",
        "INFO account_enabled subject=\"ann\"",
        "WARN account_reset and_factors=true subject=\"ann\"",
        "INFO account_added by_link=true subject=\"bob\"",
        "WARN account_deleted subject=\"bob\"",
    ]);
    let (link, mut browser) = (link.path.expose(), at(&app));
    let page = browser.get(link).await;
    let set = async |browser: &mut Browser, password: &str| {
        browser.post(link, &[("csrf", &csrf(&page)), ("password", password), ("again", password)]).await
    };
    set(&mut browser, "too short").await;
    set(&mut browser, "a new one of hers").await;
    browser.get(link).await;
    happened_are(&[
        &format!("WARN password_link_refused address={FROM} reason=\"a password has *"),
        &format!("INFO password_set address={FROM} subject=\"ann\""),
        &format!("WARN password_link_refused address={FROM} reason=\"the link does not work\""),
    ]);
}

#[tokio::test]
async fn of_second_factors_each_change_and_each_wrong_one_is_said() {
    let (app, ..) = site_with(unlimited()).await;
    app.is_public("ann");
    let mut browser = at(&app);
    let page = factors::overview(&mut browser).await;
    let setup = factors::press(&mut browser, &page, "begin", &[]).await;
    let key = factors::key(&setup);
    happened();
    let refused =
        factors::press(&mut browser, &setup, "confirm", &[("code", &factors::wrong(&key, START))]).await;
    let done =
        factors::press(&mut browser, &refused, "confirm", &[("code", &factors::shown(&key, START))]).await;
    let recovery =
        done.body.split("<li><code class=\"url\">").nth(1).unwrap().split_once('<').unwrap().0.to_owned();
    happened_are(&[
        &format!(
            "WARN second_factor_change_refused address={FROM} factor=codes reason=\"the code is not right\" subject=\"ann\""
        ),
        &format!("INFO second_factor_set_up address={FROM} factor=codes subject=\"ann\""),
    ]);
    app.advance(60);
    let mut other = at(&app);
    let form = factors::second_form(&mut other, factors::FACTORS).await;
    let again = other.answer_login(&form, &[("code", &factors::wrong(&key, START + 60))]).await;
    let again = other.answer_login(&again, &[("code", "abcd-efgh-ijkl-mnop")]).await;
    other.answer_login(&again, &[("code", &recovery)]).await;
    happened_are(&[
        &format!("WARN second_factor_refused address={FROM} reason=\"wrong one-time code\" subject=\"ann\""),
        &format!("WARN second_factor_refused address={FROM} reason=\"no recovery code that is left, *"),
        &format!("WARN recovery_code_used address={FROM} left=9 subject=\"ann\""),
        &format!(
            "INFO login_succeeded acr=\"urn:mcp-auth:mfa\" address={FROM} amr=[\"pwd\", \"otp\", \"mfa\"] subject=\"ann\""
        ),
    ]);
    let page = other.get(factors::FACTORS).await;
    factors::press(&mut other, &page, "renew", &[]).await;
    factors::press(&mut other, &page, "remove", &[]).await;
    happened_are(&[
        &format!("INFO recovery_codes_renewed address={FROM} subject=\"ann\""),
        &format!("WARN second_factor_removed address={FROM} factor=codes subject=\"ann\""),
    ]);
}

#[tokio::test]
async fn of_ones_own_password_each_change_and_each_refusal_is_said_and_no_password() {
    let (app, ..) = site_with(unlimited()).await;
    app.is_public("ann");
    let mut browser = at(&app);
    let page = factors::overview(&mut browser).await;
    happened();
    let page = password_change::sends(&mut browser, &page, "not her password", password_change::NEW).await;
    let page = password_change::sends(&mut browser, &page, PASSWORD, "too short").await;
    password_change::sends(&mut browser, &page, PASSWORD, password_change::NEW).await;
    let refused = format!("WARN password_change_refused address={FROM} reason=");
    happened_are(&[
        &format!("{refused}\"the current password is not right\" subject=\"ann\""),
        &format!("{refused}\"a password has at least *"),
        &format!("INFO password_changed address={FROM} subject=\"ann\""),
    ]);
}

#[tokio::test]
async fn a_second_factor_that_is_tried_too_often_is_said() {
    let (app, ..) = site().await;
    app.is_public("ann");
    let (key, _) = factors::set_up(&app, START).await;
    app.advance(60);
    let mut browser = at(&app);
    let mut form = factors::second_form(&mut browser, factors::FACTORS).await;
    happened();
    for _ in 0..20 {
        form = browser.answer_login(&form, &[("code", &factors::wrong(&key, START + 60))]).await;
        if !form.body.contains("one-time-code") {
            break;
        }
    }
    let lines = happened();
    let [.., limited, login] = lines.as_slice() else { panic!("{lines:?}") };
    assert!(
        limited.starts_with(&format!("WARN second_factor_limited address={FROM} subject=\"ann\" wait=")),
        "{limited}"
    );
    assert!(login.starts_with("WARN login_limited "), "{login}");
}

#[tokio::test]
async fn of_a_call_who_confirmed_or_denied_it_is_said() {
    for (user, decision, said) in
        [("alice", "allow", "INFO call_confirmed"), ("alice", "deny", "INFO call_denied")]
    {
        let bench = confirm::Bench::new().await;
        let mut browser = at(&bench.app);
        let page = confirm::log_in(&mut browser, user).await;
        let login = happened().pop().unwrap();
        browser.submit(&page, decision).await;
        browser.get(confirm::URL).await;
        let client = login.split_once("client_id=").unwrap().1.split_once(' ').unwrap().0;
        happened_are(&[
            &format!(
                "{said} address={FROM} client_id={client} subject=\"alice\" tool=\"delete \\u{{202e}}it\""
            ),
            &format!("WARN page_refused address={FROM} page=confirm reason=\"no call waits there\""),
        ]);
    }
    let bench = confirm::Bench::new().await;
    happened();
    confirm::log_in(&mut at(&bench.app), "bob").await;
    happened_are(&["WARN call_not_theirs address=192.0.2.7 caller=\"alice\" client_id=*"]);
}

#[tokio::test]
async fn of_an_account_that_a_tool_acts_for_what_becomes_of_it_is_said() {
    let bench = connect::Bench::new().await;
    let mut browser = bench.browser_of("alice").await;
    happened();
    bench.connects(&mut browser, &json!({ "hd": null })).await;
    bench.connects(&mut browser, &json!({})).await;
    happened_are(&[
        "WARN person_not_admitted *",
        "WARN connection_failed client_id=*",
        "INFO account_connected account=\"oidc_*",
    ]);
    let account = browser.get("/account").await;
    let form = [("csrf", &*csrf(&account)), ("decision", "disconnect"), ("upstream", "idp")];
    browser.post("/account", &form).await;
    browser.post("/account", &form).await;
    happened_are(&["INFO account_disconnected subject=\"alice\" upstream=\"idp\""]);
    bench.waits(Some("idp")).await;
    let page = browser.get(connect::URL).await;
    browser.submit(&page, "deny").await;
    browser.get(connect::URL).await;
    happened_are(&[
        "INFO connection_denied client_id=*",
        "WARN page_refused page=connect reason=\"no call waits there\"",
    ]);
    bench.waits(Some("idp")).await;
    let mut other = Browser::new(&bench.app);
    let login = other.get(connect::URL).await;
    other.answer_login(&login, &[("user", "bob")]).await;
    happened_are(&["WARN account_not_theirs caller=\"alice\" client_id=*"]);
}

#[tokio::test]
async fn of_signing_keys_each_new_one_and_each_that_went_away_is_said() {
    let (directory, es256) = (tempfile::tempdir().unwrap(), SigningAlgorithm::Es256);
    listen();
    let (app, ring, outage) = keys::one().await;
    let kid = ring.current(START).kid().to_owned();
    happened_are(&[&format!("INFO signing_key_made algorithm=\"ES256\" kid=\"{kid}\"")]);
    KeyRing::in_dir(directory.path(), es256, START).unwrap();
    let elsewhere = KeyRing::find_in_store(&outage.store(), START).await.unwrap().unwrap();
    assert!(happened()[0].starts_with("INFO signing_key_made algorithm=\"ES256\" kid="));
    ring.rotate(es256, std::time::Duration::from_secs(5), START).await.unwrap();
    ring.rotate(es256, std::time::Duration::from_secs(5), START).await.unwrap();
    let lines = happened();
    assert_eq!(lines.len(), 1, "a key that waits already is not said again: {lines:?}");
    assert!(lines[0].starts_with("INFO signing_key_added algorithm=\"ES256\" kid="), "{lines:?}");
    assert!(lines[0].ends_with(&format!(" signs_from={}", START + 365)), "{lines:?}");
    ring.replace(es256, START).await.unwrap();
    let lines = happened();
    assert!(
        lines[0].starts_with("WARN signing_key_withdrawn kid=")
            && lines[1].starts_with("WARN signing_key_withdrawn kid=")
    );
    assert!(lines[2].starts_with("WARN signing_keys_replaced algorithm=\"ES256\" kid="), "{lines:?}");
    elsewhere.read(START).await.unwrap();
    happened_are(&[&format!("WARN signing_key_withdrawn kid=\"{kid}\"")]);
    drop(app);
}

#[tokio::test]
async fn what_the_configuration_gives_no_more_is_said_with_what_it_was() {
    let store = fresh_store();
    let role = |role: &str| json!({ "urn:mcp-auth:roles": [role] }).as_object().unwrap().clone();
    App::started(&store, START, |options| {
        options.users.push("ann".to_owned());
        options.claims = [("developer".to_owned(), role("admin"))].into();
    })
    .await
    .unwrap();
    happened();
    let less = |options: &mut mcp_auth_issuer::IssuerOptions| {
        options.clients.clear();
        options.client_documents.enabled = false;
        options.claims = [("developer".to_owned(), role("reader"))].into();
    };
    App::started(&store, START + 60, less).await.unwrap();
    let lost = |of: &str, what: &str| {
        format!("WARN access_withdrawn reason=\"the configuration does not give this any more: {what}\"{of}")
    };
    let mut lines = happened();
    lines.sort();
    let of_client =
        "authentication by client_secret, grant type client_credentials, scope todos.read, scope todos.write";
    assert_eq!(
        lines,
        [
            lost("", of_client).replace(" reason", " client_id=\"nightly job\" reason"),
            lost("", "client_documents"),
            lost(" subject=\"ann\"", "login"),
            lost(" subject=\"developer\"", "role admin"),
        ]
    );
}

#[tokio::test]
async fn who_is_not_let_in_after_a_login_elsewhere_is_said() {
    let provider = upstream::Provider::new();
    let app = upstream::app(&provider, |_| ());
    happened();
    upstream::ends(&app, &provider, &json!({ "sub": "somebody else" })).await;
    let lines = happened();
    let last: Vec<_> = lines.iter().rev().take(2).rev().map(String::as_str).collect();
    assert_eq!(
        last[0],
        "WARN person_not_admitted assertion_issuer=\"https://login.example\" assertion_subject=\"somebody else\" \
         missing=[\"subjects (none of the person's is listed)\"]"
    );
    assert!(last[1].starts_with("WARN login_refused client_id="), "{last:?}");
    assert!(last[1].contains("the person is not among those who are let in"), "{last:?}");

    let app = own_login::app_with(own_login::options(mcp_auth_issuer::own_login::AnswerKey::shared(
        own_login::key(),
    )));
    let client = app.public_client().await;
    let mut browser = at(&app);
    let request = own_login::leave(&mut browser, &authorize_url(&client, &[])).await;
    happened();
    browser.get(&format!("/authorize/login?transaction={}&error=access_denied", request.transaction)).await;
    browser.get(&own_login::good(&request.transaction)).await;
    let request = own_login::leave(&mut browser, &authorize_url(&client, &[])).await;
    let forged = own_login::good(&request.transaction).replace("answer=", "answer=e30.");
    browser.get(&forged).await;
    happened_are(&[
        &format!("INFO login_cancelled address={FROM} client_id=\"{client}\""),
        &format!(
            "WARN page_refused address={FROM} page=login reason=\"no login was begun under that name in this browser, or it is used up\""
        ),
        &format!(
            "WARN login_refused address={FROM} client_id=\"{client}\" reason=\"the answer of the other page does not prove who the user is: *"
        ),
    ]);
}

#[tokio::test]
async fn trouble_of_the_server_is_an_error_and_nobodys_fault() {
    let (app, _, _, outage) = site().await;
    let client = app.public_client().await;
    happened();
    outage.begin();
    app.register(&metadata(&[REDIRECT], "none")).await;
    app.token(&[("grant_type", "refresh_token"), ("client_id", &client), ("refresh_token", "a.b")]).await;
    app.get(&authorize_url(&client, &[])).await;
    let lines = happened();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.iter().all(|line| line.starts_with("ERROR ")), "{lines:?}");
}

#[tokio::test]
async fn of_clients_what_an_operator_does_is_said() {
    let store = Store::memory(Caps::default());
    let app = App::on(store.clone(), |_| (), |_| ());
    let client = app.public_client().await;
    happened();
    let operator = Clients::new(store, app.ambient());
    operator.list().await.unwrap();
    operator.remove(&client).await.unwrap();
    assert!(operator.remove(&client).await.is_err());
    happened_are(&[&format!("INFO client_removed by=operator client_id=\"{client}\"")]);
}

#[tokio::test]
async fn of_people_without_an_account_what_an_operator_does_is_said() {
    let store = fresh_store();
    let app = App::on(store.clone(), |_| (), |_| ());
    app.is_public("developer");
    let client = app.public_client().await;
    app.tokens(&client, &[]).await;
    happened();
    let operator = People::new(store, app.ambient(), ISSUER);
    operator.log_out("developer").await.unwrap();
    operator.delete("developer").await.unwrap();
    happened_are(&[
        "WARN person_logged_out subject=\"developer\"",
        "WARN person_deleted subject=\"developer\"",
    ]);
}
