//! Clients that manage what is kept of them (RFC 7592), and initial access tokens (RFC 7591 §3).

use axum::body::Body;
use http::{Method, Request, StatusCode};
use mcp_auth_issuer::{InitialAccessToken, RegistrationOptions, SecretHash};
use serde_json::{Value, json};

use crate::fresh::fresh_outage;
use crate::harness::*;
use crate::key_auth::{claims, key, signed, with_assertion};

const TOKEN: &str = "0123456789abcdefghijklmnopqrstuv";

pub(crate) async fn send(
    app: &App,
    method: Method,
    url: &str,
    authorization: Option<&str>,
    body: Option<&Value>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(url.strip_prefix(ISSUER).unwrap_or(url));
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let body = body.map(|body| {
        request = std::mem::take(&mut request).header("content-type", "application/json");
        body.to_string()
    });
    app.send(request.body(Body::from(body.unwrap_or_default())).unwrap()).await
}

/// A client that registered, where it manages itself, and its credential there.
pub(crate) struct Managed {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) bearer: String,
    secret: String,
}

pub(crate) async fn managed(app: &App, method: &str) -> Managed {
    let document = app.register(&metadata(&[REDIRECT], method)).await.json();
    let text = |member: &str| document[member].as_str().unwrap_or_default().to_owned();
    let bearer = format!("Bearer {}", text("registration_access_token"));
    let (id, url) = (text("client_id"), text("registration_client_uri"));
    assert_eq!(url, format!("{ISSUER}/register/{id}"));
    Managed { id, url, bearer, secret: text("client_secret") }
}

/// What a client sends to change itself.
pub(crate) fn put(client: &Managed, change: &Value) -> Value {
    let mut sent = metadata(&[REDIRECT], "client_secret_basic");
    sent["client_id"] = json!(client.id);
    sent.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    sent
}

#[tokio::test]
async fn a_confidential_client_reads_changes_and_removes_what_is_kept_of_it() {
    let app = App::new();
    let client = managed(&app, "client_secret_basic").await;
    let bearer = Some(&*client.bearer);
    let read = send(&app, Method::GET, &client.url, bearer, None).await;
    assert_eq!((read.status, read.header("cache-control")), (StatusCode::OK, "no-store"));
    assert_eq!(read.json()["client_id"], *client.id);
    assert_eq!(read.json()["registration_client_uri"], *client.url);
    assert_eq!(
        format!("Bearer {}", read.json()["registration_access_token"].as_str().unwrap()),
        client.bearer
    );
    assert!(read.json().get("client_secret").is_none(), "only its hash is kept");

    let url = "https://app.example/cb";
    let sent = put(
        &client,
        &json!({ "client_name": "Renamed", "redirect_uris": [url], "client_secret": client.secret }),
    );
    let changed = send(&app, Method::PUT, &client.url, bearer, Some(&sent)).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(changed.header("cache-control"), "no-store");
    let read = send(&app, Method::GET, &client.url, bearer, None).await.json();
    assert_eq!((&read["client_name"], &read["redirect_uris"]), (&json!("Renamed"), &json!([url])));
    app.get(&authorize_url(&client.id, &[])).await.assert_local_error(400);
    assert_eq!(app.get(&authorize_url(&client.id, &[("redirect_uri", url)])).await.status, StatusCode::OK);

    let removed = send(&app, Method::DELETE, &client.url, bearer, None).await;
    assert_eq!((removed.status, &*removed.body), (StatusCode::NO_CONTENT, ""));
    assert_eq!(removed.header("cache-control"), "no-store");
    send(&app, Method::GET, &client.url, bearer, None).await.assert_error(401, "invalid_token");
    send(&app, Method::DELETE, &client.url, bearer, None).await.assert_error(401, "invalid_token");
    app.get(&authorize_url(&client.id, &[("redirect_uri", url)])).await.assert_local_error(400);
}

/// RFC 7592 §3: the values as registered.
#[tokio::test]
async fn a_client_is_answered_the_method_that_it_registered_and_changed() {
    let app = App::new();
    let (basic, post) = ("client_secret_basic", "client_secret_post");
    for (first, next) in [(basic, post), (post, basic), (post, post)] {
        let client = managed(&app, first).await;
        let read = async || send(&app, Method::GET, &client.url, Some(&client.bearer), None).await.json();
        assert_eq!(read().await["token_endpoint_auth_method"], first);
        let sent = put(&client, &json!({ "token_endpoint_auth_method": next }));
        let changed = send(&app, Method::PUT, &client.url, Some(&client.bearer), Some(&sent)).await;
        assert_eq!(changed.json()["token_endpoint_auth_method"], next, "{}", changed.body);
        assert_eq!(read().await["token_endpoint_auth_method"], next);
    }
}

#[tokio::test]
async fn a_client_that_removes_itself_takes_its_grants_and_tokens_with_it() {
    let app = App::new();
    let client = managed(&app, "client_secret_post").await;
    let code = app.code(&client.id, &[]).await;
    let mut form = redeem(&client.id, &code);
    form.push(("client_secret", &client.secret));
    let tokens = app.token(&form).await.json();
    let about = async || {
        let token = tokens["access_token"].as_str().unwrap();
        let form =
            [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it"), ("token", token)];
        app.post_form("/introspect", &form).await.json()["active"].clone()
    };
    assert_eq!(about().await, true);
    assert_eq!(
        send(&app, Method::DELETE, &client.url, Some(&client.bearer), None).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(about().await, false);
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &*client.id),
        ("client_secret", &*client.secret),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    app.token(&refresh).await.assert_error(401, "invalid_client");
}

/// No grant of it is kept that could end.
#[tokio::test]
async fn with_a_client_that_does_not_refresh_its_access_tokens_end_too() {
    let app = App::new();
    let tokens = async |client: &Managed| {
        let code = app.code(&client.id, &[]).await;
        let mut form = redeem(&client.id, &code);
        form.push(("client_secret", &client.secret));
        let answer = app.token(&form).await.json();
        assert!(answer.get("refresh_token").is_none());
        answer["access_token"].as_str().unwrap().to_owned()
    };
    let is_active = async |token: &str| {
        let form =
            [("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it"), ("token", token)];
        app.post_form("/introspect", &form).await.json()["active"] == true
    };
    let mut both = Vec::new();
    for _ in 0..2 {
        let mut sent = metadata(&[REDIRECT], "client_secret_post");
        sent["grant_types"] = json!(["authorization_code"]);
        let document = app.register(&sent).await.json();
        let text = |member: &str| document[member].as_str().unwrap().to_owned();
        let client = Managed {
            id: text("client_id"),
            url: text("registration_client_uri"),
            bearer: format!("Bearer {}", text("registration_access_token")),
            secret: text("client_secret"),
        };
        let token = tokens(&client).await;
        both.push((client, token));
    }
    let [(removed, its), (_, of_other)] = &both[..] else { unreachable!() };
    assert!(is_active(its).await && is_active(of_other).await);
    let answer = send(&app, Method::DELETE, &removed.url, Some(&removed.bearer), None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(!is_active(its).await && is_active(of_other).await);
}

#[tokio::test]
async fn without_its_own_token_nobody_reads_changes_or_removes_a_client() {
    let app = App::new();
    let (client, other) =
        (managed(&app, "client_secret_basic").await, managed(&app, "client_secret_basic").await);
    let shared = app.public_client().await;
    let sent = put(&client, &json!({ "redirect_uris": ["https://evil.example/cb"] }));
    let unknown = format!("{ISSUER}/register/client_AAAAAAAAAAAAAAAAAAAAAA");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        for (url, bearer) in [
            (&*client.url, None),
            (&client.url, Some("Bearer wrong")),
            (&client.url, Some(&*other.bearer)),
            (&client.url, Some("Bearer ")),
            (&client.url, Some("Basic bm9jb2xvbg==")),
            (&unknown, Some(&*client.bearer)),
            (&format!("{ISSUER}/register/{shared}"), Some(&*client.bearer)),
            (&format!("{ISSUER}/register/nightly%20job"), Some(&*client.bearer)),
        ] {
            let answer = send(&app, method.clone(), url, bearer, Some(&sent)).await;
            answer.assert_error(401, "invalid_token");
            let challenge = answer.header("www-authenticate");
            assert!(challenge.starts_with("Bearer "), "{challenge}");
            assert_eq!(challenge.contains("error="), bearer.is_some(), "{challenge}");
        }
    }
    let read = send(&app, Method::GET, &client.url, Some(&client.bearer), None).await;
    assert_eq!(read.json()["redirect_uris"], json!([REDIRECT]), "nothing changed");
}

#[tokio::test]
async fn a_change_names_the_client_and_keeps_how_it_authenticates() {
    let app = App::new();
    let client = managed(&app, "client_secret_basic").await;
    let at =
        async |sent: &Value| send(&app, Method::PUT, &client.url, Some(&client.bearer), Some(sent)).await;
    for change in [
        json!({ "client_id": "client_AAAAAAAAAAAAAAAAAAAAAA" }),
        json!({ "client_id": null }),
        json!({ "client_secret": "another" }),
        json!({ "client_secret": 7 }),
        json!({ "registration_access_token": "x" }),
        json!({ "registration_client_uri": "x" }),
        json!({ "client_id_issued_at": 1 }),
        json!({ "client_secret_expires_at": 0 }),
        json!({ "token_endpoint_auth_method": "none" }),
        json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": key().jwks() }),
        json!({ "grant_types": ["client_credentials"] }),
        json!({ "response_types": ["token"] }),
    ] {
        at(&put(&client, &change)).await.assert_error(400, "invalid_client_metadata");
    }
    for bad in [json!([]), json!(["http://evil.example/cb"]), json!(["javascript:alert(1)"])] {
        at(&put(&client, &json!({ "redirect_uris": bad }))).await.assert_error(400, "invalid_redirect_uri");
    }
    at(&json!([])).await.assert_error(400, "invalid_client_metadata");
    let read = send(&app, Method::GET, &client.url, Some(&client.bearer), None).await.json();
    assert_eq!((&read["redirect_uris"], &read["client_name"]), (&json!([REDIRECT]), &json!("Test client")));
    let whole = put(&client, &json!({ "client_name": null, "grant_types": ["authorization_code"] }));
    let changed = at(&whole).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert!(changed.json().get("client_name").is_none(), "what is left out is gone");
    assert_eq!(changed.json()["grant_types"], json!(["authorization_code"]));
}

#[tokio::test]
async fn a_client_registers_its_keys_authenticates_by_them_and_changes_them() {
    let app = App::new();
    let (old, new) = (key(), key());
    let by = |key: &Value| {
        let mut sent = metadata(&[REDIRECT], "private_key_jwt");
        sent["jwks"] = key.clone();
        sent
    };
    let answer = app.register(&by(&old.jwks())).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
    let document = answer.json();
    assert_eq!(document["jwks"], old.jwks());
    assert!(document.get("client_secret").is_none());
    let id = document["client_id"].as_str().unwrap();
    let code = app.code(id, &[]).await;
    let form = redeem(id, &code);
    app.token(&form).await.assert_error(401, "invalid_client");
    let wrong = signed(&new, &claims(id, "1", START));
    app.token(&with_assertion(&form, &wrong)).await.assert_error(401, "invalid_client");
    let right = signed(&old, &claims(id, "2", START));
    let tokens = app.token(&with_assertion(&form, &right)).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);

    let mut sent = by(&new.jwks());
    sent["client_id"] = json!(id);
    let bearer = format!("Bearer {}", document["registration_access_token"].as_str().unwrap());
    let url = document["registration_client_uri"].as_str().unwrap();
    let changed = send(&app, Method::PUT, url, Some(&bearer), Some(&sent)).await;
    assert_eq!(changed.json()["jwks"], new.jwks(), "{}", changed.body);
    let token = tokens.json()["refresh_token"].as_str().unwrap().to_owned();
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", &*token)];
    let by_new = signed(&new, &claims(id, "3", START));
    app.token(&with_assertion(&refresh, &by_new)).await.assert_error(400, "invalid_grant");

    let again = app.register(&by(&old.jwks())).await.json();
    assert_ne!(again["client_id"], *id, "one that authenticates is new each time");
}

/// What was used is remembered, and whoever registers signs as many as they like.
#[tokio::test]
async fn a_client_that_nobody_allowed_anything_authenticates_by_few_assertions_and_others_by_more() {
    let app = App::new();
    let key = key();
    let register = async |name: &str| {
        let mut sent = metadata(&[REDIRECT], "private_key_jwt");
        (sent["jwks"], sent["client_name"]) = (key.jwks(), json!(name));
        app.register(&sent).await.json()["client_id"].as_str().unwrap().to_owned()
    };
    let (stranger, other, allowed) = (register("one").await, register("two").await, register("three").await);
    app.code(&allowed, &[]).await;
    let form = [("grant_type", "authorization_code"), ("code", "unknown")];
    let send = async |client: &str, jti: usize| {
        let assertion = signed(&key, &claims(client, &jti.to_string(), START));
        app.token(&with_assertion(&form, &assertion)).await
    };
    for jti in 0..20 {
        send(&stranger, jti).await.assert_error(400, "invalid_grant");
    }
    let refused = send(&stranger, 20).await;
    refused.assert_error(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "3");
    send(&other, 0).await.assert_error(400, "invalid_grant");
    for jti in 0..200 {
        send(&allowed, jti).await.assert_error(400, "invalid_grant");
    }
    app.advance(3);
    send(&stranger, 20).await.assert_error(400, "invalid_grant");
    send(&stranger, 20).await.assert_error(429, "temporarily_unavailable");
}

#[tokio::test]
async fn keys_of_a_client_that_registers_are_public_and_in_one_place() {
    let app = App::new();
    let good = key().jwks();
    let mut private = good.clone();
    private["keys"][0]["d"] = json!("c2VjcmV0");
    let url = json!("https://app.example/jwks.json");
    for (jwks, jwks_uri) in [
        (None, None),
        (Some(good.clone()), Some(url.clone())),
        (Some(private), None),
        (Some(json!({ "keys": [] })), None),
        (Some(json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] })), None),
        (Some(json!("x")), None),
        (None, Some(json!("http://app.example/jwks.json"))),
        (None, Some(json!("https://10.0.0.7/jwks.json"))),
        (None, Some(json!("https://intranet/jwks.json"))),
        (None, Some(json!("https://app.example:8443/jwks.json"))),
    ] {
        let mut sent = metadata(&[REDIRECT], "private_key_jwt");
        if let Some(jwks) = jwks {
            sent["jwks"] = jwks;
        }
        if let Some(jwks_uri) = jwks_uri {
            sent["jwks_uri"] = jwks_uri;
        }
        let answer = app.register(&sent).await;
        answer.assert_error(400, "invalid_client_metadata");
        assert!(!answer.body.contains("c2VjcmV0"), "{}", answer.body);
    }
    let mut sent = metadata(&[REDIRECT], "private_key_jwt");
    sent["jwks_uri"] = url.clone();
    assert_eq!(app.register(&sent).await.json()["jwks_uri"], url);
}

fn options(open: bool) -> RegistrationOptions {
    let token = InitialAccessToken { name: "ci".into(), hash: SecretHash::of(TOKEN) };
    RegistrationOptions { open, initial_access_tokens: vec![token] }
}

#[tokio::test]
async fn with_an_initial_access_token_a_client_is_new_each_time_and_manages_itself() {
    for open in [true, false] {
        let app = App::with(|_| (), |all| all.registration = options(open));
        let sent = metadata(&[REDIRECT], "none");
        let register = async |authorization: Option<&str>| {
            send(&app, Method::POST, "/register", authorization, Some(&sent)).await
        };
        let bearer = format!("Bearer {TOKEN}");
        let (one, two) = (register(Some(&bearer)).await, register(Some(&bearer)).await);
        assert_eq!(one.status, StatusCode::CREATED, "{}", one.body);
        assert_ne!(one.json()["client_id"], two.json()["client_id"]);
        let url = one.json()["registration_client_uri"].as_str().unwrap().to_owned();
        let own = format!("Bearer {}", one.json()["registration_access_token"].as_str().unwrap());
        assert_eq!(send(&app, Method::GET, &url, Some(&own), None).await.status, StatusCode::OK);
        send(&app, Method::GET, &url, Some(&bearer), None).await.assert_error(401, "invalid_token");
        for wrong in ["Bearer wrong", "Bearer ", "Basic bm9jb2xvbg=="] {
            register(Some(wrong)).await.assert_error(401, "invalid_token");
        }
        let without = register(None).await;
        match open {
            true => {
                assert_eq!(without.status, StatusCode::CREATED);
                assert!(
                    without.json().get("registration_access_token").is_none(),
                    "it may be many programs'"
                );
            }
            false => {
                without.assert_error(401, "invalid_token");
                assert_eq!(without.header("www-authenticate"), "Bearer realm=\"client registration\"");
            }
        }
    }
}

#[tokio::test]
async fn strangers_and_wrong_tokens_use_up_nothing_of_what_a_holder_of_an_initial_access_token_has() {
    for open in [true, false] {
        let (other, limit) = ("abcdefghijklmnopqrstuvwxyz012345", 3);
        let app = App::with(
            |_| (),
            |all| {
                let mut registration = options(open);
                let token = InitialAccessToken { name: "other".into(), hash: SecretHash::of(other) };
                registration.initial_access_tokens.push(token);
                (all.registration, all.registrations_per_minute) = (registration, limit);
            },
        );
        let sent = metadata(&[REDIRECT], "none");
        let register = async |token: Option<&str>| {
            let bearer = token.map(|token| format!("Bearer {token}"));
            send(&app, Method::POST, "/register", bearer.as_deref(), Some(&sent)).await
        };
        for _ in 0..10 {
            register(Some("wrong")).await.assert_error(401, "invalid_token");
            let stranger = register(None).await.status;
            assert_ne!(stranger == StatusCode::UNAUTHORIZED, open, "{stranger}");
        }
        for holder in [TOKEN, other] {
            for _ in 0..limit {
                assert_eq!(register(Some(holder)).await.status, StatusCode::CREATED);
            }
            register(Some(holder)).await.assert_error(429, "temporarily_unavailable");
        }
        // And the other way round.
        app.advance(60);
        for _ in 0..limit + 1 {
            register(Some(TOKEN)).await;
        }
        assert_eq!(register(None).await.status == StatusCode::CREATED, open);
    }
}

#[tokio::test]
async fn an_issuer_at_which_nobody_may_register_says_so() {
    let closed = RegistrationOptions { open: false, initial_access_tokens: Vec::new() };
    let app = App::with(|_| (), |all| all.registration = closed);
    let document = app.get("/.well-known/oauth-authorization-server").await.json();
    assert!(document.get("registration_endpoint").is_none());
    app.register(&metadata(&[REDIRECT], "none")).await.assert_error(401, "invalid_token");
    let with_token = App::with(|_| (), |all| all.registration = options(false));
    let document = with_token.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(document["registration_endpoint"], format!("{ISSUER}/register"));
}

#[tokio::test]
async fn a_page_of_any_origin_may_manage_a_client_by_its_token_and_no_cookie_counts() {
    let app = App::new();
    let client = managed(&app, "client_secret_basic").await;
    for method in ["GET", "PUT", "DELETE"] {
        let asked = Request::options(client.url.strip_prefix(ISSUER).unwrap())
            .header("origin", "https://app.example")
            .header("access-control-request-method", method)
            .header("access-control-request-headers", "authorization,content-type");
        let answer = app.send(asked.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("access-control-allow-methods").contains(method));
        assert!(answer.header("access-control-allow-headers").contains("authorization"));
        assert!(!answer.headers.contains_key("access-control-allow-credentials"));
    }
}

#[tokio::test]
async fn a_client_is_managed_unless_the_store_is_down() {
    let outage = fresh_outage();
    let app = App::on(outage.store(), |_| (), |_| ());
    let client = managed(&app, "client_secret_basic").await;
    outage.begin();
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let sent = put(&client, &json!({}));
        let answer = send(&app, method, &client.url, Some(&client.bearer), Some(&sent)).await;
        answer.assert_error(503, "temporarily_unavailable");
    }
    outage.end();
    let answer = send(&app, Method::GET, &client.url, Some(&client.bearer), None).await;
    assert_eq!(answer.status, StatusCode::OK);
}
