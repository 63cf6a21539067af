//! The pages the person sees, and what protects their decision.

use http::StatusCode;
use serde_json::json;

use mcp_auth_issuer::IssuerOptions;

use crate::harness::*;

async fn named_client(app: &App, name: &str, redirect: &str) -> String {
    let mut metadata = metadata(&[redirect], "none");
    metadata["client_name"] = json!(name);
    app.register(&metadata).await.json()["client_id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn b12_page_names_client_destination_user_and_each_scope() {
    let app = App::new();
    let client = named_client(&app, "Inspector", REDIRECT).await;
    let page = Browser::new(&app)
        .log_in(&authorize_url(&client, &[("scope", "todos.read todos.write admin")]))
        .await;
    for part in [
        "<title>Allow access to todos?</title>",
        "<dd><bdi class=\"claim\">Inspector</bdi>",
        "Its own claim, not verified.",
        "<dd><code class=\"url\">http://localhost:8080/mcp</code></dd>",
        "<strong><bdi>developer</bdi></strong>",
        "<dd><strong>127.0.0.1</strong>",
        "Read your &lt;todos&gt;</bdi> <code>todos.read</code>",
        "Add &amp; change your todos</bdi> <code>todos.write</code>",
        "<code class=\"what\">admin</code>",
        "for 15 minutes at a time, renewed without asking. Unused for 14 days, it must ask again.",
        "value=\"allow\"",
        "value=\"deny\"",
    ] {
        assert!(page.body.contains(part), "{part} in {}", page.body);
    }
    for active in ["<script", "onclick", "href", "src=", "autofocus", "tabindex", "style="] {
        assert!(!page.body.contains(active), "{active} in {}", page.body);
    }
}

#[tokio::test]
async fn a_scope_with_a_value_is_asked_for_with_its_value_and_given_as_it_was_asked() {
    let app = App::new();
    let client = named_client(&app, "Inspector", REDIRECT).await;
    let mut browser = Browser::new(&app);
    let page = browser.log_in(&authorize_url(&client, &[("scope", "files:my.photos:read")])).await;
    let line = "Read the files in</bdi>: <strong>my.photos</strong> <code>files:my.photos:read</code>";
    assert!(page.body.contains(line), "{}", page.body);
    for unknown in ["files:{}:read", "files:*:read", "files:a:write", "files:a:b:read"] {
        let refused = app.get(&authorize_url(&client, &[("scope", unknown)])).await;
        assert!(refused.body.contains("is unknown here"), "{unknown}: {} {}", refused.status, refused.body);
    }
    let supported = app.get("/.well-known/oauth-authorization-server").await.json();
    assert_eq!(supported["scopes_supported"], json!(["admin", "todos.read", "todos.write"]));
}

#[tokio::test]
async fn what_the_server_names_itself_is_shown_before_scopes_with_values_of_a_client() {
    let app = App::new();
    let client = named_client(&app, "Inspector", REDIRECT).await;
    let many: Vec<String> = (0..64).map(|n| format!("files:a{n}:read")).collect();
    let asked = format!("{} todos.write", many.join(" "));
    let page = Browser::new(&app).log_in(&authorize_url(&client, &[("scope", &asked)])).await;
    let at = |text: &str| page.body.find(text).unwrap_or_else(|| panic!("{text} in {}", page.body));
    assert!(at("<code>todos.write</code>") < at("<code>files:a0:read</code>"));
    let more = format!("{asked} files:b:read");
    let refused = app.get(&authorize_url(&client, &[("scope", &more)])).await;
    assert!(refused.body.contains("more than 64 scopes with a value"), "{}", refused.body);
}

#[tokio::test]
async fn a_person_with_the_name_of_a_client_cannot_log_in_and_another_can() {
    let log_in = async |client: &str| {
        let options = |options: &mut IssuerOptions| {
            options.users = vec!["ann".to_owned()];
            options.clients[0].id = client.to_owned();
        };
        let app = App::for_people(&["developer"], options);
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let login = browser.get(&authorize_url(&client, &[])).await;
        let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "developer")];
        browser.post(&form_action(&login), &form).await
    };
    assert_eq!(log_in("nightly job").await.status, StatusCode::SEE_OTHER);
    let refused = log_in("developer").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.body.contains("That name cannot log in here"), "{}", refused.body);
    assert!(!refused.body.contains("value=\"allow\""), "{}", refused.body);
}

#[tokio::test]
async fn what_a_scope_brings_along_is_named_unless_it_is_asked_for_itself() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let includes = "This includes:";
    let admin = browser.log_in(&authorize_url(&client, &[("scope", "admin")])).await;
    let (_, included) = admin.body.split_once(includes).expect("what admin includes");
    assert!(included.contains("<code>todos.read</code>") && included.contains("<code>todos.write</code>"));
    for complete in ["todos.read", "todos.read todos.write", "admin todos.read todos.write"] {
        let page = browser.get(&authorize_url(&client, &[("scope", complete)])).await;
        assert!(page.body.contains("value=\"allow\"") && !page.body.contains(includes), "{complete}");
    }
}

#[tokio::test]
async fn a_client_without_refresh_tokens_is_not_said_to_renew() {
    let app = App::new();
    let mut metadata = metadata(&[REDIRECT], "none");
    metadata["grant_types"] = json!(["authorization_code"]);
    let client = app.register(&metadata).await.json()["client_id"].as_str().unwrap().to_owned();
    let page = Browser::new(&app).log_in(&authorize_url(&client, &[])).await;
    assert!(page.body.contains("</bdi> for 15 minutes.</p>"), "{}", page.body);
}

#[tokio::test]
async fn deny_comes_first_and_no_page_has_a_field_that_enter_would_submit() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let login = browser.get(&authorize_url(&client, &[])).await;
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    assert!(consent.body.find("value=\"deny\"") < consent.body.find("value=\"allow\""));
    for page in [login, consent] {
        // Of a box Enter presses the first button, which denies.
        let unseen =
            ["hidden", "checkbox"].map(|kind| page.body.matches(&format!("<input type=\"{kind}\"")).count());
        assert_eq!(page.body.matches("<input").count(), unseen.iter().sum::<usize>());
        assert_eq!(page.body.matches("<button").count(), page.body.matches("type=\"submit\"").count());
    }
}

#[tokio::test]
async fn b16_web_clients_get_the_strong_warning_and_clients_on_this_computer_the_mild_one() {
    let app = App::new();
    let (mild, strong) = ("any program here can take any name", "Your answer leaves this computer.");
    for redirect in [REDIRECT, "cursor://anysphere.cursor-retrieval/oauth"] {
        let local = named_client(&app, "x", redirect).await;
        let page = Browser::new(&app).log_in(&authorize_url(&local, &[("redirect_uri", redirect)])).await;
        assert!(page.body.contains(mild) && !page.body.contains(strong), "{}", page.body);
    }
    for (host, shown, mixed) in [
        ("xn--pple-43d.example", "<dd><strong>xn--pple-43d.example</strong>", true),
        (
            "claude.ai.evil.example",
            "<dd><span class=\"quiet\">claude.ai.</span><strong>evil.example</strong>",
            false,
        ),
        ("apple.example", "<dd><strong>apple.example</strong>", false),
    ] {
        let redirect = format!("https://{host}/cb");
        let web = named_client(&app, "Apple", &redirect).await;
        let page = Browser::new(&app).log_in(&authorize_url(&web, &[("redirect_uri", &redirect)])).await;
        assert!(page.body.contains(strong) && !page.body.contains(mild), "{}", page.body);
        assert!(page.body.contains(shown), "{}", page.body);
        assert_eq!(page.body.contains("may look like that of another site"), mixed, "{host}");
        let warned = page.body.find(strong).unwrap();
        assert!(warned < page.body.find("It will be able to").unwrap(), "before what is asked for");
    }
}

#[tokio::test]
async fn p12_a_name_of_mixed_alphabets_is_pointed_out() {
    let app = App::new();
    let hint = "It mixes alphabets";
    for (name, mixed) in [("\u{421}laude", true), ("Claude", false)] {
        let client = named_client(&app, name, REDIRECT).await;
        let page = app.get(&authorize_url(&client, &[])).await;
        assert_eq!(page.body.contains(hint), mixed, "{name}");
    }
}

#[tokio::test]
async fn p12_client_names_are_escaped_cut_and_stripped_of_what_disguises() {
    let app = App::new();
    let name = format!("</bdi><script>alert(1)</script>\u{202e}evil\u{200b}{}", "x".repeat(150));
    let client = named_client(&app, &name, REDIRECT).await;
    let mut browser = Browser::new(&app);
    let login = browser.get(&authorize_url(&client, &[])).await;
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    for page in [login, consent] {
        assert!(page.body.contains("&lt;/bdi&gt;&lt;script&gt;alert(1)"));
        assert!(
            !page.body.contains("<script")
                && !page.body.contains('\u{202e}')
                && !page.body.contains('\u{200b}')
        );
        assert!(!page.body.contains(&"x".repeat(60)) && page.body.contains('…'));
    }
}

#[tokio::test]
async fn b11_pages_cannot_be_framed_scripted_cached_or_leaked() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let login = browser.get(&authorize_url(&client, &[])).await;
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    let error = app.get(&authorize_url("nobody", &[])).await;
    for (page, has_forms) in [(login, true), (consent, true), (error, false)] {
        let policy = page.header("content-security-policy");
        for directive in
            ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "style-src 'sha256-"]
        {
            assert!(policy.contains(directive), "{directive} in {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"));
        // Chromium would stop the redirect to the client.
        assert_eq!(policy.ends_with("; form-action 'none'"), !has_forms, "{policy}");
        assert_eq!(policy.contains("form-action"), !has_forms, "{policy}");
        assert_eq!(page.body.contains("<form"), has_forms, "{}", page.body);
        assert_eq!(page.header("x-frame-options"), "DENY");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
        assert_eq!(page.header("referrer-policy"), "same-origin");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8");

        let style = page.body.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, style.as_bytes());
        let hash = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, hash);
        assert!(policy.contains(&format!("'sha256-{hash}'")), "the policy admits the page's own style");
    }
}

#[tokio::test]
async fn denying_tells_the_client_access_denied() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    let back = browser.submit(&consent, "deny").await;
    back.assert_redirect_error("access_denied");
    assert_eq!(back.param("state").as_deref(), Some("the state"));
}

#[tokio::test]
async fn denying_needs_no_login_and_still_the_form_of_this_browser() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let login = browser.get(&authorize_url(&client, &[])).await;
    Browser::new(&app).submit(&login, "deny").await.assert_local_error(403);
    browser.submit(&login, "deny").await.assert_redirect_error("access_denied");
}

#[tokio::test]
async fn allowing_needs_a_login() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let login = browser.get(&authorize_url(&client, &[])).await;
    let answer = browser.submit(&login, "allow").await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!answer.headers.contains_key("location") && answer.body.contains("Continue as"));
}

#[tokio::test]
async fn a_page_is_answered_once_and_the_same_request_can_be_looked_at_again() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    let mut codes = vec![browser.submit(&consent, "allow").await.param("code").unwrap()];
    for decision in ["allow", "deny"] {
        let again = browser.submit(&consent, decision).await;
        again.assert_local_error(403);
        assert!(again.body.contains("This page was answered before"), "{}", again.body);
    }
    let second = browser.get(&form_action(&consent)).await;
    codes.push(browser.submit(&second, "allow").await.param("code").unwrap());
    assert_ne!(codes[0], codes[1]);
    for code in codes.iter().rev() {
        assert_eq!(app.token(&redeem(&client, code)).await.status, StatusCode::OK);
        app.token(&redeem(&client, code)).await.assert_error(400, "invalid_grant");
    }
}

#[tokio::test]
async fn a_page_that_was_denied_cannot_be_allowed_any_more() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    browser.submit(&consent, "deny").await.assert_redirect_error("access_denied");
    browser.submit(&consent, "allow").await.assert_local_error(403);
}

#[tokio::test]
async fn of_twenty_answers_that_arrive_together_one_gives_a_code() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    let (action, token) = (form_action(&consent), csrf(&consent));
    let mut sent = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let (mut browser, action, token) = (browser.clone(), action.clone(), token.clone());
        sent.spawn(
            async move { browser.post(&action, &[("csrf", &token), ("decision", "allow")]).await.status },
        );
    }
    let statuses = sent.join_all().await;
    assert_eq!(statuses.iter().filter(|status| **status == StatusCode::SEE_OTHER).count(), 1, "{statuses:?}");
}

#[tokio::test]
async fn denying_before_the_login_leads_to_no_web_site_that_nobody_allowed() {
    let app = App::new();
    let redirect = "https://client.example/cb";
    let client = named_client(&app, "x", redirect).await;
    let url = authorize_url(&client, &[("redirect_uri", redirect)]);
    let mut browser = Browser::new(&app);
    let login = browser.get(&url).await;
    let page = browser.submit(&login, "deny").await;
    page.assert_local_error(403);
    assert!(page.body.contains("client.example") && !page.body.contains("href"), "{}", page.body);
    let consent = browser.log_in(&url).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    let mut other = Browser::new(&app);
    let login = other.get(&url).await;
    assert!(other.submit(&login, "deny").await.header("location").starts_with(redirect));
}

#[tokio::test]
async fn p11_consent_is_asked_every_time_and_p13_for_each_client() {
    let app = App::new();
    let (a, b) = (app.public_client().await, app.another_client().await);
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&a, &[])).await;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some());
    for client in [a, b] {
        let again = browser.get(&authorize_url(&client, &[])).await;
        assert_eq!(again.status, StatusCode::OK);
        assert!(again.body.contains("value=\"allow\""));
    }
}

#[tokio::test]
async fn csrf_token_fits_one_browser_and_one_exact_request() {
    let app = App::new();
    let (a, b) = (app.public_client().await, app.another_client().await);
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&a, &[])).await;
    let token = csrf(&consent);
    let allow = |token: &str| vec![("decision", "allow".to_owned()), ("csrf", token.to_owned())];
    let send = async |browser: &mut Browser, url: String, form: Vec<(&str, String)>| {
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        browser.post(&url, &form).await
    };
    for url in [
        authorize_url(&b, &[]),
        authorize_url(&a, &[("scope", "todos.read admin")]),
        authorize_url(&a, &[("redirect_uri", "http://127.0.0.1:1/callback")]),
        authorize_url(&a, &[("state", "other")]),
    ] {
        send(&mut browser, url, allow(&token)).await.assert_local_error(403);
    }
    let url = form_action(&consent);
    for bad in ["", "x", &token[1..]] {
        send(&mut browser, url.clone(), allow(bad)).await.assert_local_error(403);
    }
    let mut other = Browser::new(&app);
    other.log_in(&authorize_url(&a, &[])).await;
    send(&mut other, url.clone(), allow(&token)).await.assert_local_error(403);
    send(&mut Browser::new(&app), url.clone(), allow(&token)).await.assert_local_error(403);
    let mut twice = allow(&token);
    twice.push(("decision", "deny".to_owned()));
    send(&mut browser, url.clone(), twice).await.assert_local_error(403);
    assert!(send(&mut browser, url, allow(&token)).await.param("code").is_some(), "and the right one works");
}

#[tokio::test]
async fn forms_of_other_sites_and_rebound_names_are_refused() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    for origin in ["null", "https://evil.example", "http://localhost:8081", "http://127.0.0.1:8080"] {
        browser.origin = Some(origin.to_owned());
        browser.submit(&consent, "allow").await.assert_local_error(403);
    }
    browser.origin = None;
    assert!(browser.submit(&consent, "allow").await.param("code").is_some(), "old browsers send none");
    for host in ["evil.example", "evil.example:8080", "localhost", "127.0.0.1:8080"] {
        let request = http::Request::get(authorize_url(&client, &[])).header("host", host);
        let answer = app.send(request.body(axum::body::Body::empty()).unwrap()).await;
        answer.assert_local_error(403);
        assert!(!answer.body.contains("csrf"));
    }
}

#[tokio::test]
async fn p30_session_identifier_changes_at_login() {
    let app = App::new();
    let client = app.public_client().await;
    let url = authorize_url(&client, &[]);
    let planted = Browser::new(&app).get(&url).await.header("set-cookie").to_owned();
    let (name, value) = planted.split_once(';').unwrap().0.split_once('=').unwrap();

    let mut victim = Browser::new(&app);
    victim.cookies.0.insert(name.into(), value.into());
    victim.log_in(&url).await;
    assert_ne!(victim.cookies.0[name], value);

    let mut attacker = Browser::new(&app);
    attacker.cookies.0.insert(name.into(), value.into());
    assert!(
        !attacker.get(&url).await.body.contains("value=\"allow\""),
        "the planted identifier is worth nothing"
    );
}

#[tokio::test]
async fn unknown_users_do_not_log_in() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let login = browser.get(&authorize_url(&client, &[])).await;
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "mallory")];
    let answer = browser.post(&form_action(&login), &form).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("That name cannot log in here; these can: developer."), "{}", answer.body);
    assert!(answer.body.contains("<title>Not logged in: Log in to todos</title>"));
    assert!(!answer.body.contains("mallory"));
    assert!(!browser.get(&authorize_url(&client, &[])).await.body.contains("value=\"allow\""));
}

#[tokio::test]
async fn logging_out_and_time_end_the_session() {
    let app = App::new();
    let client = app.public_client().await;
    app.tokens(&client, &[]).await;
    let url = authorize_url(&client, &[]);
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&url).await;
    assert_eq!(browser.submit(&consent, "logout").await.status, StatusCode::SEE_OTHER);
    assert!(browser.get(&url).await.body.contains("Continue as"));
    let stale = browser.submit(&consent, "allow").await;
    assert_eq!(stale.status, StatusCode::FORBIDDEN);
    assert!(stale.body.contains("Your login had ended") && stale.body.contains("Continue as"));
    assert_eq!(form_action(&stale), form_action(&consent), "log in again, same request");

    let consent = browser.log_in(&url).await;
    app.advance(8 * 3600);
    let late = browser.submit(&consent, "allow").await;
    assert!(!late.headers.contains_key("location") && late.body.contains("Your login had ended"));
}

#[tokio::test]
async fn an_expired_page_leads_back_to_the_same_request() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[])).await;
    browser.cookies.0.clear();
    let expired = browser.submit(&consent, "allow").await;
    expired.assert_local_error(403);
    let link = expired.body.split_once("href=\"").unwrap().1.split_once('"').unwrap().0.replace("&amp;", "&");
    assert_eq!(link, form_action(&consent));
    let again = browser.log_in(&link).await;
    assert!(browser.submit(&again, "allow").await.param("code").is_some());
}

#[tokio::test]
async fn b10_p34_every_redirect_after_a_form_is_303() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let login = browser.get(&authorize_url(&client, &[])).await;
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "developer")];
    let after_login = browser.post(&form_action(&login), &form).await;
    let consent = browser.get(after_login.header("location")).await;
    let after_allow = browser.submit(&consent, "allow").await;
    let consent = browser.get(&form_action(&consent)).await;
    let after_deny = browser.submit(&consent, "deny").await;
    let after_logout = browser.submit(&consent, "logout").await;
    for answer in [after_login, after_allow, after_deny, after_logout] {
        assert_eq!(answer.status, StatusCode::SEE_OTHER);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
    }
}

#[tokio::test]
async fn b13_cookie_is_out_of_reach_of_scripts_and_other_sites_forms() {
    let app = App::new();
    let client = app.public_client().await;
    let cookie = app.get(&authorize_url(&client, &[])).await.header("set-cookie").to_owned();
    assert!(cookie.starts_with("mcp-auth-browser-8080="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{cookie}");
    let https = App::with(
        |s| {
            s.issuer = "https://localhost:8443".parse().unwrap();
            s.resource = "https://localhost:8443/mcp".parse().unwrap();
        },
        |_| (),
    );
    let client = https.public_client().await;
    let cookie =
        https.get(&authorize_url(&client, &[("resource", "")])).await.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-mcp-auth-session="), "{cookie}");
    assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"), "{cookie}");
}
