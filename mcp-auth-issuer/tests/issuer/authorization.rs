//! The authorization request: which ones are refused, and who is told.

use http::StatusCode;

use crate::harness::*;

#[tokio::test]
async fn good_request_shows_a_page_and_changes_nothing() {
    let app = App::new();
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    for _ in 0..3 {
        assert_eq!(app.get(&url).await.status, StatusCode::OK);
    }
    let head = http::Request::head(&url).body(axum::body::Body::empty()).unwrap();
    assert_eq!(app.send(head).await.status, StatusCode::OK);
    let consent = Browser::new(&app).log_in(&url).await;
    assert!(consent.body.contains("value=\"allow\""), "the link still works after a client tried it");
}

#[tokio::test]
async fn p01_unknown_or_absent_client_gets_a_page_and_no_redirect() {
    let app = App::new();
    for id in ["", "nobody", "https://client.test/metadata.json", "nightly job"] {
        app.get(&authorize_url(id, &[])).await.assert_local_error(400);
    }
}

#[tokio::test]
async fn b04_p02_unregistered_redirect_uri_gets_a_page_and_no_redirect() {
    let app = App::new();
    let client = app.public_client().await;
    for uri in [
        "https://evil.example/callback",
        "http://127.0.0.1:33418/callback/",
        "http://127.0.0.1:33418/callback?x",
        "http://127.0.0.1:33418/CALLBACK",
        "http://127.0.0.1:33418/callback#f",
        "http://127.0.0.1:33418/%63allback",
        "http://localhost:33418/callback",
        "http://localhost.evil:33418/callback",
        "http://0.0.0.0:33418/callback",
        "http://127.0.0.1:33418@evil.example/callback",
        "javascript:alert(1)",
        "//127.0.0.1/callback",
        "https://evil.example/<script>\u{202e}",
    ] {
        let page = app.get(&authorize_url(&client, &[("redirect_uri", uri)])).await;
        page.assert_local_error(400);
        assert!(
            !page.body.contains("href") && !page.body.contains("<script") && !page.body.contains('\u{202e}')
        );
        assert!(
            page.body.contains(&uri.replace('<', "&lt;").replace('>', "&gt;").replace('\u{202e}', "")),
            "{uri}"
        );
    }
}

#[tokio::test]
async fn p03_loopback_port_is_free() {
    let app = App::new();
    let client = app.public_client().await;
    let other = "http://127.0.0.1:50000/callback";
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[("redirect_uri", other)])).await;
    let back = browser.submit(&consent, "allow").await;
    assert!(back.header("location").starts_with("http://127.0.0.1:50000/callback?code="));
    let code = back.param("code").unwrap();
    let form = redeem(&client, &code);
    app.token(&form).await.assert_error(400, "invalid_grant");
    assert_eq!(app.token(&changed(&form, ("redirect_uri", other))).await.status, StatusCode::OK);
}

#[tokio::test]
async fn redirect_uri_may_be_left_out_if_only_one_is_registered() {
    let app = App::new();
    let one = app.public_client().await;
    assert_eq!(app.get(&authorize_url(&one, &[("redirect_uri", "")])).await.status, StatusCode::OK);
    let two = app.register(&metadata(&[REDIRECT, "https://client.example/cb"], "none")).await.json();
    let two = two["client_id"].as_str().unwrap();
    app.get(&authorize_url(two, &[("redirect_uri", "")])).await.assert_local_error(400);
}

#[tokio::test]
async fn b05_p05_every_client_needs_a_code_challenge_with_s256() {
    let app = App::new();
    let public = app.allowed_client().await;
    let confidential = app.register(&metadata(&[REDIRECT], "client_secret_basic")).await.json();
    let confidential = confidential["client_id"].as_str().unwrap();
    app.code(confidential, &[]).await;
    for client in [&*public, confidential] {
        for change in [
            ("code_challenge", ""),
            ("code_challenge_method", ""),
            ("code_challenge_method", "plain"),
            ("code_challenge_method", "s256"),
            ("code_challenge", "short"),
            ("code_challenge", VERIFIER),
        ] {
            app.get(&authorize_url(client, &[change])).await.assert_redirect_error("invalid_request");
        }
    }
}

#[tokio::test]
async fn p06_repeated_parameters_are_refused() {
    let app = App::new();
    let client = app.allowed_client().await;
    let url = authorize_url(&client, &[]);
    app.get(&format!("{url}&client_id={client}")).await.assert_local_error(400);
    app.get(&format!("{url}&redirect_uri=http://127.0.0.1/callback")).await.assert_local_error(400);
    for repeated in ["scope=admin", "scope=", "response_type=code", "code_challenge=x", "unheard=1&unheard=2"]
    {
        let answer = app.get(&format!("{url}&{repeated}")).await;
        answer.assert_redirect_error("invalid_request");
        assert_eq!(answer.param("state").as_deref(), Some("the state"));
    }
    let answer = app.get(&format!("{url}&state=other")).await;
    answer.assert_redirect_error("invalid_request");
    assert_eq!(answer.param("state"), None, "which one would it be?");
}

#[tokio::test]
async fn p07_only_response_type_code() {
    let app = App::new();
    let client = app.allowed_client().await;
    for response_type in ["token", "code id_token", "id_token", "none"] {
        let answer = app.get(&authorize_url(&client, &[("response_type", response_type)])).await;
        answer.assert_redirect_error("unsupported_response_type");
    }
    app.get(&authorize_url(&client, &[("response_type", "")])).await.assert_redirect_error("invalid_request");
    for mode in ["fragment", "form_post"] {
        app.get(&authorize_url(&client, &[("response_mode", mode)]))
            .await
            .assert_redirect_error("invalid_request");
    }
    assert_eq!(app.get(&authorize_url(&client, &[("response_mode", "query")])).await.status, StatusCode::OK);
}

#[tokio::test]
async fn p09_resource_is_this_server_or_invalid_target() {
    let app = App::new();
    let client = app.allowed_client().await;
    for ok in ["", RESOURCE, "HTTP://LOCALHOST:8080/mcp"] {
        assert_eq!(
            app.get(&authorize_url(&client, &[("resource", ok)])).await.status,
            StatusCode::OK,
            "{ok}"
        );
    }
    for other in [
        "http://localhost:8080/mcp/",
        "http://localhost:8080/MCP",
        "http://localhost:8080",
        "http://localhost:8080/x/../mcp",
        "http://localhost:8080/mcp#f",
        "http://localhost:8080/mcp?x",
        "http://localhost:8080.evil/mcp",
        "https://localhost:8080/mcp",
        "/mcp",
        "mcp",
    ] {
        app.get(&authorize_url(&client, &[("resource", other)]))
            .await
            .assert_redirect_error("invalid_target");
    }
    let twice = format!("{}&resource={RESOURCE}", authorize_url(&client, &[]));
    app.get(&twice).await.assert_redirect_error("invalid_target");
    let empty = format!("{}&resource=", authorize_url(&client, &[("resource", "")]));
    app.get(&empty).await.assert_redirect_error("invalid_target");
}

#[tokio::test]
async fn resource_without_path_may_carry_the_slash_that_url_libraries_add() {
    let app = App::with(|s| s.resource = ISSUER.parse().unwrap(), |_| ());
    let client = app.public_client().await;
    app.code(&client, &[("resource", "")]).await;
    assert_eq!(
        app.get(&authorize_url(&client, &[("resource", "http://localhost:8080/")])).await.status,
        StatusCode::OK
    );
    let answer = app.get(&authorize_url(&client, &[("resource", "http://localhost:8080/x")])).await;
    answer.assert_redirect_error("invalid_target");
}

#[tokio::test]
async fn p10_hostile_state_comes_back_encoded_and_exact() {
    let app = App::new();
    let client = app.allowed_client().await;
    for state in [
        "a\r\nSet-Cookie: x=y",
        "<script>alert(1)</script>",
        "&code=evil&iss=evil",
        "é漢\u{202e}",
        "a+b%20c#d",
    ] {
        let answer = app.get(&authorize_url(&client, &[("state", state), ("response_type", "x")])).await;
        answer.assert_redirect_error("unsupported_response_type");
        assert_eq!(answer.param("state").as_deref(), Some(state));
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    app.get(&authorize_url(&client, &[("state", &"x".repeat(20_000))])).await.assert_local_error(400);
    app.get(&format!("{}%ff", authorize_url(&client, &[]))).await.assert_local_error(400);
}

#[tokio::test]
async fn p31_request_objects_and_claims_are_refused() {
    let app = App::new();
    let client = app.allowed_client().await;
    for (name, code) in [
        ("request", "request_not_supported"),
        ("request_uri", "request_uri_not_supported"),
        ("registration", "registration_not_supported"),
        ("claims", "invalid_request"),
    ] {
        app.get(&authorize_url(&client, &[(name, "http://169.254.169.254/")]))
            .await
            .assert_redirect_error(code);
    }
}

#[tokio::test]
async fn scopes_unknown_are_refused_habits_ignored_and_none_means_default() {
    let app = App::new();
    let client = app.allowed_client().await;
    for bad in ["nothing", "todos.read nothing", "todos.read\ttodos.write", "a\"b"] {
        app.get(&authorize_url(&client, &[("scope", bad)])).await.assert_redirect_error("invalid_scope");
    }
    for (asked, granted) in [
        ("", "todos.read"),
        ("offline_access", "todos.read"),
        ("openid profile admin", "admin"),
        ("todos.write offline_access", "todos.write"),
    ] {
        assert_eq!(app.tokens(&client, &[("scope", asked)]).await["scope"], granted, "{asked}");
    }
    let all = App::with(|s| s.default_scopes = Default::default(), |_| ());
    let client = all.public_client().await;
    assert_eq!(all.tokens(&client, &[("scope", "")]).await["scope"], "admin todos.read todos.write");
}

#[tokio::test]
async fn prompt_none_is_told_that_a_person_must_be_asked() {
    let app = App::new();
    let client = app.allowed_client().await;
    let url = authorize_url(&client, &[("prompt", "none")]);
    app.get(&url).await.assert_redirect_error("login_required");
    let mut browser = Browser::new(&app);
    browser.log_in(&authorize_url(&client, &[("prompt", "consent")])).await;
    browser.get(&url).await.assert_redirect_error("consent_required");
}

#[tokio::test]
async fn b02_iss_stands_once_in_success_and_error() {
    let app = App::new();
    let redirect = "https://client.example/cb?tenant=1";
    let client =
        app.register(&metadata(&[redirect], "none")).await.json()["client_id"].as_str().unwrap().to_owned();
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[("redirect_uri", redirect)]);
    browser.log_in(&url).await;
    for decision in ["allow", "deny"] {
        let consent = browser.get(&url).await;
        let back = browser.submit(&consent, decision).await;
        let location = back.header("location");
        assert!(location.starts_with("https://client.example/cb?tenant=1&"), "{location}");
        assert_eq!(location.matches("iss=").count(), 1);
        assert_eq!(back.param("iss").as_deref(), Some(ISSUER));
        assert_eq!(back.param("state").as_deref(), Some("the state"));
    }
}

#[tokio::test]
async fn private_use_schemes_are_answered_as_registered() {
    let app = App::new();
    let redirect = "cursor://anysphere.cursor-mcp/oauth/callback";
    let client =
        app.register(&metadata(&[redirect], "none")).await.json()["client_id"].as_str().unwrap().to_owned();
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[("redirect_uri", redirect)])).await;
    assert!(consent.body.contains("<dd><strong>cursor:</strong>"), "{}", consent.body);
    assert!(consent.body.contains("The application on this computer that opens such links."));
    let back = browser.submit(&consent, "allow").await;
    assert!(back.header("location").starts_with("cursor://anysphere.cursor-mcp/oauth/callback?code="));
}

/// RFC 9700 §4.11.2: a link to this server must not lead to an address at which only its sender has looked.
#[tokio::test]
async fn p07_no_mistake_and_no_prompt_none_sends_a_person_to_a_client_that_nobody_allowed() {
    let app = App::new();
    let stranger = app.public_client().await;
    let (known, mut browser) = (app.allowed_client().await, Browser::new(&app));
    browser.log_in(&authorize_url(&known, &[])).await;
    for change in [
        ("response_type", "token"),
        ("response_type", "code id_token"),
        ("response_type", ""),
        ("response_mode", "fragment"),
        ("prompt", "none"),
        ("scope", "nothing"),
        ("resource", "https://other.example/mcp"),
        ("code_challenge", ""),
        ("code_challenge_method", "plain"),
        ("request_uri", "https://evil.example/request"),
        ("claims", "{}"),
    ] {
        for person in [&mut Browser::new(&app), &mut browser] {
            let page = person.get(&authorize_url(&stranger, &[change])).await;
            page.assert_local_error(400);
            assert!(
                page.body.contains("The mistake") && !page.body.contains("href"),
                "{change:?}: {}",
                page.body
            );
            let told = person.get(&authorize_url(&known, &[change])).await;
            assert!(told.header("location").starts_with(REDIRECT), "{change:?}: {}", told.body);
        }
    }
    app.code(&stranger, &[]).await;
    app.get(&authorize_url(&stranger, &[("prompt", "none")])).await.assert_redirect_error("login_required");
}

/// CVE-2025-4143 of workers-oauth-provider: the redirect URI was verified when the page was shown, and not when it was answered.
#[tokio::test]
async fn cve_2025_4143_the_redirect_uri_is_verified_again_when_consent_is_given() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    let form = [("csrf", &*csrf(&consent)), ("decision", "allow")];
    for elsewhere in ["https://evil.example/callback", "http://127.0.0.1:33418/other", "javascript:alert(1)"]
    {
        let refused = browser.post(&authorize_url(&client, &[("redirect_uri", elsewhere)]), &form).await;
        refused.assert_local_error(400);
    }
    // One that is registered, and was not shown.
    let unseen = authorize_url(&client, &[("redirect_uri", "http://127.0.0.1:1/callback")]);
    browser.post(&unseen, &form).await.assert_local_error(403);
    let back = browser.submit(&consent, "allow").await;
    assert!(back.header("location").starts_with(&format!("{REDIRECT}?code=")));
}

/// CVE-2025-4144 of the same: a code that was asked for with a challenge could be redeemed without its verifier.
#[tokio::test]
async fn cve_2025_4144_no_code_is_asked_for_or_redeemed_without_pkce() {
    let app = App::new();
    let client = app.allowed_client().await;
    for without in ["code_challenge", "code_challenge_method"] {
        app.get(&authorize_url(&client, &[(without, "")])).await.assert_redirect_error("invalid_request");
    }
    let code = app.code(&client, &[]).await;
    let form = redeem(&client, &code);
    app.token(&changed(&form, ("code_verifier", ""))).await.assert_error(400, "invalid_grant");
    app.token(&changed(&form, ("code_verifier", &challenge()))).await.assert_error(400, "invalid_grant");
    assert_eq!(app.token(&form).await.status, StatusCode::OK, "with it, it is");
}

#[tokio::test]
async fn dpop_jkt_is_a_thumbprint() {
    let app = App::new();
    let client = app.allowed_client().await;
    let jkt = challenge();
    assert_eq!(app.get(&authorize_url(&client, &[("dpop_jkt", &jkt)])).await.status, StatusCode::OK);
    for bad in ["short", &jkt[1..], "0ZcOCORZNYy=DWpqq30jZyJGHTN0d2HglBV3uiguA4I"] {
        app.get(&authorize_url(&client, &[("dpop_jkt", bad)])).await.assert_redirect_error("invalid_request");
    }
}
