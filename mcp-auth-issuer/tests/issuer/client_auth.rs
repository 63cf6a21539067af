//! Client authentication at the token endpoint.

use axum::body::Body;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use http::{Request, StatusCode};
use mcp_auth_issuer::{GrantType, NamedClient};
use mcp_auth_runtime::facade::ClientAddress;

use crate::fresh::fresh_outage;
use crate::harness::*;

async fn basic(app: &App, authorization: &str, form: &[(&str, &str)]) -> Answer {
    let request = Request::post("/token")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", authorization);
    app.send(request.body(Body::from(encode(form))).unwrap()).await
}

fn credential(text: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(text))
}

#[tokio::test]
async fn basic_and_post_authenticate() {
    let app = App::new();
    let grant = ("grant_type", "client_credentials");
    let encoded = credential("nightly+job:s3cret%3A+with+%25%2B+in+it");
    assert_eq!(basic(&app, &encoded, &[grant]).await.status, StatusCode::OK);
    let lower = encoded.replace("Basic", "basic");
    assert_eq!(basic(&app, &lower, &[grant, ("client_id", "nightly job")]).await.status, StatusCode::OK);
    let post = [grant, ("client_id", "nightly job"), ("client_secret", "s3cret: with %+ in it")];
    assert_eq!(app.token(&post).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_secret_in_basic_is_taken_form_encoded_or_as_it_stands() {
    let app = App::new();
    let grant = ("grant_type", "client_credentials");
    for sent in ["nightly job:s3cret: with %+ in it", "nightly+job:s3cret%3A+with+%25%2B+in+it"] {
        assert_eq!(basic(&app, &credential(sent), &[grant]).await.status, StatusCode::OK, "{sent}");
        let named = [grant, ("client_id", "nightly job")];
        assert_eq!(basic(&app, &credential(sent), &named).await.status, StatusCode::OK, "{sent}");
    }
    // Neither reading of these is the secret, and both parts are read in the same way.
    for sent in [
        "nightly job:s3cret: with %25+ in it",
        "nightly+job:s3cret: with %+ in it",
        "nightly job:s3cret:+with+%+in+it",
        "nightly job:",
    ] {
        basic(&app, &credential(sent), &[grant]).await.assert_error(401, "invalid_client");
    }
}

#[tokio::test]
async fn p24_b17_bad_authentication_is_401_with_a_challenge() {
    let app = App::new();
    let public = app.public_client().await;
    let grant = ("grant_type", "client_credentials");
    let good = "nightly+job:s3cret%3A+with+%25%2B+in+it";
    for header in [
        "Basic",
        "Basic !!!",
        "Basic bm9jb2xvbg==",
        "Bearer abc",
        &credential("nightly+job:wrong"),
        &credential("nightly+job:"),
        &credential("nobody:x"),
        &credential(&format!("{public}:x")),
        &credential("%zz:x"),
    ] {
        let answer = basic(&app, header, &[grant]).await;
        answer.assert_error(401, "invalid_client");
        assert!(answer.header("www-authenticate").starts_with("Basic "), "{header}");
    }
    let two = [grant, ("client_secret", "s3cret: with %+ in it")];
    basic(&app, &credential(good), &two).await.assert_error(401, "invalid_client");
    let other_id = [grant, ("client_id", &*public)];
    basic(&app, &credential(good), &other_id).await.assert_error(401, "invalid_client");
    for form in [
        vec![grant],
        vec![grant, ("client_id", "nobody")],
        vec![grant, ("client_id", "nightly job")],
        vec![grant, ("client_id", "nightly job"), ("client_secret", "wrong")],
        vec![grant, ("client_id", &public), ("client_secret", "anything")],
    ] {
        app.token(&form).await.assert_error(401, "invalid_client");
    }
    let headers = Request::post("/token").header("content-type", "application/x-www-form-urlencoded");
    let headers = headers.header("authorization", credential(good)).header("authorization", credential(good));
    app.send(headers.body(Body::from(encode(&[grant]))).unwrap()).await.assert_error(401, "invalid_client");
}

/// A client that sends the same credentials to each of them can tell so by the realm (RFC 7617 §2.2).
#[tokio::test]
async fn b17_every_endpoint_at_which_clients_authenticate_names_the_same_realm() {
    let app = crate::device::app();
    for path in ["/token", "/par", "/revoke", "/introspect", "/device_authorization"] {
        let answer = app.post_form(path, &[("client_id", "vault"), ("client_secret", "wrong")]).await;
        answer.assert_error(401, "invalid_client");
        assert_eq!(answer.header("www-authenticate"), "Basic realm=\"OAuth clients\"", "{path}");
    }
    let other = app.get("/register/nobody").await;
    other.assert_error(401, "invalid_token");
    assert_eq!(other.header("www-authenticate"), "Bearer realm=\"client registration\"");
}

#[tokio::test]
async fn confidential_clients_that_registered_authenticate_to_redeem_a_code() {
    let app = App::new();
    let document = app.register(&metadata(&[REDIRECT], "client_secret_basic")).await.json();
    let (id, secret) = (document["client_id"].as_str().unwrap(), document["client_secret"].as_str().unwrap());
    let code = app.code(id, &[]).await;
    app.token(&redeem(id, &code)).await.assert_error(401, "invalid_client");
    let tokens = basic(&app, &credential(&format!("{id}:{secret}")), &redeem(id, &code)).await;
    assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    let tokens = tokens.json();
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", id), ("refresh_token", refresh)];
    app.token(&form).await.assert_error(401, "invalid_client");
}

/// Sends the secret of this client in a form from `address`.
async fn from(app: &App, address: &str, path: &str, (id, secret): (&str, &str)) -> StatusCode {
    let form =
        [("grant_type", "client_credentials"), ("token", "x"), ("client_id", id), ("client_secret", secret)];
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ClientAddress(address.parse().ok()));
    app.send(request.body(Body::from(encode(&form))).unwrap()).await.status
}

/// Of two readings of one header the one counts by which a secret was tried.
#[tokio::test]
async fn p24_a_guess_counts_also_where_the_identifier_can_be_read_in_two_ways() {
    let plus = NamedClient::machine("svc+ci", "a secret of enough characters", Default::default());
    let app = App::with(|_| (), |options| options.clients.push(plus));
    for n in 0..20 {
        let request = Request::post("/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", credential(&format!("svc+ci:guess {n}")))
            .extension(ClientAddress("192.0.2.1".parse().ok()));
        let form = [("grant_type", "client_credentials"), ("client_id", "svc+ci")];
        let status = app.send(request.body(Body::from(encode(&form))).unwrap()).await.status;
        let refused = if n < 10 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(status, refused, "{n}");
    }
}

/// RFC 6749 §2.3.1.
#[tokio::test]
async fn p24_who_guesses_a_client_secret_at_any_endpoint_has_to_wait_and_locks_nobody_else_out() {
    const RIGHT: (&str, &str) = ("nightly job", "s3cret: with %+ in it");
    let devices = NamedClient {
        grant_types: [GrantType::DeviceCode].into(),
        ..NamedClient::machine("tv", "a secret of enough characters", Default::default())
    };
    for path in ["/token", "/introspect", "/revoke", "/par", "/device_authorization"] {
        let app = App::with(
            |_| (),
            |options| {
                options.device_code = true;
                options.clients.push(devices.clone());
            },
        );
        let is_let_in = |status: StatusCode| {
            status != StatusCode::UNAUTHORIZED && status != StatusCode::TOO_MANY_REQUESTS
        };
        for n in 0..50 {
            assert!(
                is_let_in(from(&app, "192.0.2.1", path, RIGHT).await),
                "{path} {n}: a right one counts for nothing"
            );
        }
        for n in 0..20 {
            let guessed = from(&app, "192.0.2.1", path, ("nightly job", &format!("guess {n}"))).await;
            let refused = if n < 10 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS };
            assert_eq!(guessed, refused, "{path} {n}");
        }
        let also_right = from(&app, "192.0.2.1", path, RIGHT).await;
        assert_eq!(
            also_right,
            StatusCode::TOO_MANY_REQUESTS,
            "{path}: the right one is not told from the others"
        );
        assert!(
            is_let_in(from(&app, "192.0.2.2", path, RIGHT).await),
            "{path}: the client itself is elsewhere"
        );
        let tv = ("tv", "a secret of enough characters");
        assert!(is_let_in(from(&app, "192.0.2.1", path, tv).await), "{path}: another client");
        app.advance(6);
        assert!(is_let_in(from(&app, "192.0.2.1", path, RIGHT).await), "{path}: later");
    }
}

/// Sends each of these secrets at once from one address, and gives what each is answered.
async fn at_once(app: &App, secrets: Vec<String>) -> Vec<StatusCode> {
    let sent = secrets.into_iter().map(|secret| {
        let app = app.clone();
        tokio::spawn(async move { from(&app, "192.0.2.1", "/token", ("nightly job", &secret)).await })
    });
    let mut answered = Vec::new();
    for sent in sent.collect::<Vec<_>>() {
        answered.push(sent.await.unwrap());
    }
    answered
}

/// RFC 6749 §2.3.1.
#[tokio::test]
async fn p42_of_a_hundred_guesses_at_once_no_more_are_told_than_one_after_the_other() {
    let app = App::on(fresh_outage().store(), |_| (), |_| ());
    let mut secrets: Vec<String> = (0..100).map(|n| format!("guess {n}")).collect();
    secrets.push("s3cret: with %+ in it".to_owned());
    let answered = at_once(&app, secrets).await;
    let told = answered.iter().filter(|status| **status == StatusCode::UNAUTHORIZED).count();
    let refused = answered.iter().filter(|status| **status == StatusCode::TOO_MANY_REQUESTS).count();
    assert_eq!((told, refused), (10, 91));
    assert_eq!(answered[100], StatusCode::TOO_MANY_REQUESTS, "the right one is not told from the others");
}

#[tokio::test]
async fn p42_a_hundred_right_secrets_at_once_are_all_let_in_and_so_are_those_among_a_few_wrong_ones() {
    let app = App::on(fresh_outage().store(), |_| (), |_| ());
    let right = || "s3cret: with %+ in it".to_owned();
    let answered = at_once(&app, (0..100).map(|_| right()).collect()).await;
    assert_eq!(answered, [StatusCode::OK; 100]);
    let mixed = |n: usize| if n.is_multiple_of(25) { format!("guess {n}") } else { right() };
    for (n, status) in at_once(&app, (0..100).map(mixed).collect()).await.into_iter().enumerate() {
        let expected = if n.is_multiple_of(25) { StatusCode::UNAUTHORIZED } else { StatusCode::OK };
        assert_eq!(status, expected, "{n}");
    }
}

/// The two readings of one header name two clients: each is guarded by its own count, however the identifier is sent.
#[tokio::test]
async fn p42_a_secret_that_is_tried_for_two_clients_counts_for_both() {
    let client = |id: &str| NamedClient::machine(id, "a secret of enough characters", Default::default());
    let clients = [client("svc+ci"), client("svc ci")];
    let app = App::with(|_| (), |options| options.clients.extend(clients));
    let sent = async |secret: &str| {
        let request = Request::post("/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", credential(&format!("svc+ci:{secret}")))
            .extension(ClientAddress("192.0.2.1".parse().ok()));
        let form = encode(&[("grant_type", "client_credentials")]);
        app.send(request.body(Body::from(form)).unwrap()).await.status
    };
    for n in 0..10 {
        assert_eq!(sent(&format!("guess {n}")).await, StatusCode::UNAUTHORIZED, "{n}");
    }
    assert_eq!(sent("another guess").await, StatusCode::TOO_MANY_REQUESTS);
    for id in ["svc+ci", "svc ci"] {
        let right = from(&app, "192.0.2.1", "/token", (id, "a secret of enough characters")).await;
        assert_eq!(right, StatusCode::TOO_MANY_REQUESTS, "{id}");
    }
    let elsewhere = from(&app, "192.0.2.2", "/token", ("svc+ci", "a secret of enough characters")).await;
    assert_eq!(elsewhere, StatusCode::OK);
}

/// A customer with an IPv6 network of 48 bits has 65 536 networks of 64 bits.
#[tokio::test]
async fn p43_who_has_many_ipv6_networks_guesses_four_times_as_often_and_no_more() {
    let app = App::new();
    let mut guessed = 0;
    for network in 0..100 {
        let from_network = format!("2001:db8:1:{network:x}::1");
        let status = from(&app, &from_network, "/token", ("nightly job", "guess")).await;
        guessed += usize::from(status == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(guessed, 40);
    let right = ("nightly job", "s3cret: with %+ in it");
    let there = from(&app, "2001:db8:1:ffff::1", "/token", right).await;
    assert_eq!(there, StatusCode::TOO_MANY_REQUESTS, "the right one is not told from the others");
    for other in ["2001:db8:2::1", "192.0.2.1"] {
        assert_eq!(from(&app, other, "/token", right).await, StatusCode::OK, "{other}");
    }
}

/// Many a provider gives each of its customers some addresses of one network.
#[tokio::test]
async fn p46_neighbours_who_guess_do_not_shut_out_a_client_that_was_right_from_its_address_before() {
    let app = App::new();
    let right = ("nightly job", "s3cret: with %+ in it");
    let (known, also_known, new) = ("2001:db8:1:1::1", "192.0.2.1", "2001:db8:1:1::2");
    for address in [known, also_known] {
        assert_eq!(from(&app, address, "/token", right).await, StatusCode::OK);
    }
    for n in 0..100 {
        from(&app, &format!("2001:db8:1:{n:x}::ffff"), "/token", ("nightly job", "guess")).await;
        from(&app, &format!("2001:db8:1:1::{n:x}f"), "/token", ("nightly job", "guess")).await;
    }
    assert_eq!(from(&app, new, "/token", right).await, StatusCode::TOO_MANY_REQUESTS);
    for _ in 0..20 {
        assert_eq!(from(&app, known, "/token", right).await, StatusCode::OK);
    }
    // Who is at that very address guesses no more often than from any other.
    for address in [known, also_known] {
        let mut told = 0;
        for n in 0..30 {
            let guessed = from(&app, address, "/token", ("nightly job", &format!("guess {n}"))).await;
            told += usize::from(guessed == StatusCode::UNAUTHORIZED);
        }
        assert_eq!(told, 10, "{address}");
        assert_eq!(from(&app, address, "/token", right).await, StatusCode::TOO_MANY_REQUESTS);
    }
}

/// A client that reads as another one in one of two readings is not taken for that one.
#[tokio::test]
async fn who_has_the_secret_of_one_client_guesses_that_of_another_no_more_often() {
    let client = |id: &str, secret: &str| NamedClient::machine(id, secret, Default::default());
    let clients = [client("svc+ci", "the secret of the one"), client("svc ci", "the secret of the other")];
    let app = App::with(|_| (), |options| options.clients.extend(clients));
    let mut told = 0;
    for n in 0..50 {
        let address = format!("2001:db8:1:1::{n:x}");
        let request = Request::post("/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", credential("svc+ci:the secret of the one"))
            .extension(ClientAddress(address.parse().ok()));
        let form = encode(&[("grant_type", "client_credentials")]);
        app.send(request.body(Body::from(form)).unwrap()).await;
        let guessed = from(&app, &address, "/token", ("svc ci", "guess")).await;
        told += usize::from(guessed == StatusCode::UNAUTHORIZED);
    }
    assert_eq!(told, 10);
}

/// One of 256 random bits is found by nobody, so guesses of neighbours are no reason to refuse it.
#[tokio::test]
async fn p46_a_right_secret_that_was_made_here_is_let_in_whatever_others_guessed_at_its_address() {
    let app = App::new();
    let document = app.register(&metadata(&[REDIRECT], "client_secret_post")).await.json();
    let (id, secret) = (document["client_id"].as_str().unwrap(), document["client_secret"].as_str().unwrap());
    for n in 0..20 {
        let guessed = from(&app, "192.0.2.1", "/revoke", (id, &format!("guess {n}"))).await;
        let refused = if n < 10 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(guessed, refused, "{n}");
    }
    assert_eq!(from(&app, "192.0.2.1", "/revoke", (id, secret)).await, StatusCode::OK);
}

/// There is no end to names that no client has, and each would be kept.
#[tokio::test]
async fn secrets_of_clients_that_do_not_exist_are_counted_together() {
    let app = App::new();
    let public = app.public_client().await;
    for n in 0..20 {
        let name = format!("nobody {n}");
        let id = if n % 2 == 0 { &*name } else { &*public };
        let guessed = from(&app, "192.0.2.1", "/token", (id, "guess")).await;
        let refused = if n < 10 { StatusCode::UNAUTHORIZED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(guessed, refused, "{n}");
    }
    let right = ("nightly job", "s3cret: with %+ in it");
    assert_eq!(from(&app, "192.0.2.1", "/token", right).await, StatusCode::OK);
}

/// The TypeScript SDK sends the secret as it stands, which is wrong as it is read first.
#[tokio::test]
async fn a_secret_that_is_right_in_its_second_reading_is_not_counted() {
    let app = App::new();
    for n in 0..30 {
        let request = Request::post("/token")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", credential("nightly job:s3cret: with %+ in it"))
            .extension(ClientAddress("192.0.2.1".parse().ok()));
        let form = encode(&[("grant_type", "client_credentials")]);
        assert_eq!(app.send(request.body(Body::from(form)).unwrap()).await.status, StatusCode::OK, "{n}");
    }
}
