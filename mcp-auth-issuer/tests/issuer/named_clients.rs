//! Clients that the operator registered, and that people log in with.

use http::StatusCode;
use mcp_auth_issuer::{ClientDocuments, NamedClient, NamedCredential, SecretHash};

use crate::harness::*;

const SECRET: &str = "0123456789abcdefghijklmnopqrstuv";

fn app(change: impl FnOnce(&mut NamedClient)) -> App {
    let mut client = NamedClient::public("our app", [REDIRECT.parse().unwrap()]);
    client.name = Some("Our app".to_owned());
    change(&mut client);
    App::with(|_| (), |options| options.clients.push(client))
}

#[tokio::test]
async fn a_client_of_the_configuration_gets_codes_and_refreshes_without_registering() {
    let app = app(|_| ());
    let page = Browser::new(&app).get(&authorize_url("our app", &[])).await;
    assert!(page.body.contains("Our app"), "{}", page.body);
    let tokens = app.tokens("our app", &[]).await;
    assert_eq!(app.claims(tokens["access_token"].as_str().unwrap())["client_id"], "our app");
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", "our app"), ("refresh_token", refresh)];
    assert_eq!(app.token(&form).await.status, StatusCode::OK);
    let url = authorize_url("our app", &[("redirect_uri", "https://evil.example/cb")]);
    app.get(&url).await.assert_local_error(400);
    let alone = [("grant_type", "client_credentials"), ("client_id", "our app")];
    app.token(&alone).await.assert_error(400, "unauthorized_client");
}

/// Its name is the operator's. That of a client that registered, or that describes itself, is its own claim, and stays marked so.
#[tokio::test]
async fn no_page_calls_the_name_of_a_client_of_the_configuration_its_own_claim() {
    let app = app(|_| ());
    let (named, claimed) = (authorize_url("our app", &[]), authorize_url(&app.public_client().await, &[]));
    for (url, name, is_a_claim) in
        [(&named, "<strong><bdi>Our app</bdi></strong>", false), (&claimed, "Test client", true)]
    {
        let mut fresh = Browser::new(&app);
        let login = fresh.get(url).await;
        let consent = fresh.log_in(url).await;
        for page in [&login, &consent] {
            assert!(page.body.contains(name), "{}", page.body);
            assert_eq!(page.body.contains("Its own claim, not verified."), is_a_claim, "{}", page.body);
            assert_eq!(
                page.body.contains("Known to this server as <code><bdi>our app</bdi></code>."),
                !is_a_claim
            );
        }
    }
}

#[tokio::test]
async fn a_client_of_which_only_the_hash_of_the_secret_is_known_authenticates_by_the_secret() {
    let app = app(|client| client.credential = NamedCredential::SecretHash(SecretHash::of(SECRET)));
    let code = app.code("our app", &[]).await;
    let form = redeem("our app", &code);
    app.token(&form).await.assert_error(401, "invalid_client");
    let hash = SecretHash::of(SECRET).digits();
    app.token(&changed(&form, ("client_secret", &hash))).await.assert_error(401, "invalid_client");
    assert_eq!(app.token(&changed(&form, ("client_secret", SECRET))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_client_of_the_configuration_that_is_named_like_a_url_is_not_taken_for_one_that_describes_itself() {
    let id = "https://our.example/app.json";
    let client = NamedClient::public(id, [REDIRECT.parse().unwrap()]);
    let off = ClientDocuments { enabled: false, ..ClientDocuments::default() };
    let app = App::with(
        |_| (),
        |options| {
            options.clients.push(client);
            options.client_documents = off;
        },
    );
    let mut browser = Browser::new(&app);
    // It has one redirect URI, which nobody can change meanwhile, so it need not be sent.
    let url = authorize_url(id, &[("redirect_uri", "")]);
    let login = browser.get(&url).await;
    let consent = browser.log_in(&url).await;
    for page in [&login, &consent] {
        assert!(!page.body.contains("Published by") && !page.body.contains("our.example</"), "{}", page.body);
    }
    let code = browser.submit(&consent, "allow").await.param("code").unwrap();
    assert_eq!(app.token(&redeem(id, &code)).await.status, StatusCode::OK, "nothing is fetched for it");
    app.get(&authorize_url("https://other.example/app.json", &[])).await.assert_local_error(400);
}

/// It was taken for a stranger until somebody had allowed it something: its requests counted among theirs, and its first error was told on a page.
#[tokio::test]
async fn a_client_of_the_configuration_is_known_before_anybody_allowed_it_something_and_one_that_registered_is_not()
 {
    let web = "https://app.example/cb";
    let app = app(|client| client.redirect_uris.push(web.parse().unwrap()));
    let registered = app.register(&metadata(&[web], "none")).await;
    let registered = registered.json()["client_id"].as_str().unwrap().to_owned();
    for (client, is_known) in [("our app", true), (&*registered, false)] {
        let asked =
            |extra: &[(&str, &str)]| authorize_url(client, &[&[("redirect_uri", web)], extra].concat());
        for (extra, code) in [(("scope", "nothing"), "invalid_scope"), (("prompt", "none"), "login_required")]
        {
            let answer = app.get(&asked(&[extra])).await;
            match is_known {
                true => {
                    assert!(answer.header("location").starts_with(web), "{} {}", answer.status, answer.body);
                    assert_eq!(answer.param("error").as_deref(), Some(code));
                }
                false => answer.assert_local_error(400),
            }
        }
        // "Cancel and go back", before anybody has logged in.
        let mut browser = Browser::new(&app);
        let login = browser.get(&asked(&[])).await;
        let back = browser.submit(&login, "deny").await;
        match is_known {
            true => assert!(back.header("location").starts_with(web), "{} {}", back.status, back.body),
            false => back.assert_local_error(403),
        }
    }
}

#[tokio::test]
async fn p28_strangers_who_push_take_nothing_from_a_client_of_the_configuration_that_nobody_allowed_anything()
{
    let app = app(|client| client.credential = NamedCredential::SecretHash(SecretHash::of(SECRET)));
    let stranger = app.register(&metadata(&[REDIRECT], "client_secret_post")).await.json();
    let text = |name: &str| stranger[name].as_str().unwrap().to_owned();
    let (id, secret) = (text("client_id"), text("client_secret"));
    let push = async |client: &str, secret: &str| {
        let mut params = authorize_params(client, &[]);
        params.push(("client_secret".to_owned(), secret.to_owned()));
        let form: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        app.post_form("/par", &form).await.status
    };
    for n in 0..121 {
        let expected = if n < 120 { StatusCode::CREATED } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(push(&id, &secret).await, expected, "{n}");
    }
    for n in 0..150 {
        assert_eq!(push("our app", SECRET).await, StatusCode::CREATED, "{n}");
    }
}
