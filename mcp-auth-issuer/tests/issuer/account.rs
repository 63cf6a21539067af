//! A person's own page.

use http::StatusCode;
use serde_json::Value;

use crate::harness::*;

const ACCOUNT: &str = "/account";

/// Logs in at the page, as `developer`.
async fn visit(app: &App) -> (Browser, Answer) {
    let mut browser = Browser::new(app);
    let login = browser.get(ACCOUNT).await;
    assert!(!login.body.contains("Application"), "no application asks: {}", login.body);
    let form = [("csrf", &*csrf(&login)), ("decision", "login"), ("user", "developer")];
    let back = browser.post(ACCOUNT, &form).await;
    assert_eq!((back.status, back.header("location")), (StatusCode::SEE_OTHER, ACCOUNT));
    let page = browser.get(ACCOUNT).await;
    assert_eq!(page.status, StatusCode::OK);
    (browser, page)
}

/// The name of the first application on the page.
fn first(page: &Answer) -> String {
    let (_, rest) = page.body.split_once("name=\"application\" value=\"").expect("an application");
    rest.split_once('"').unwrap().0.to_owned()
}

async fn refreshes(app: &App, client: &str, tokens: &Value) -> bool {
    let token = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
    app.token(&form).await.status == StatusCode::OK
}

#[tokio::test]
async fn a_person_sees_what_they_let_in_and_ends_it() {
    let app = App::new();
    let (ended, kept) = (app.public_client().await, app.another_client().await);
    let tokens = app.tokens(&ended, &[]).await;
    app.advance(60);
    let others = app.tokens(&kept, &[("scope", "todos.write")]).await;
    app.advance(120);
    let (mut browser, page) = visit(&app).await;
    for said in
        ["Test client", "Another client", "Add &amp; change your todos", "3 minutes ago", "2 minutes ago"]
    {
        assert!(page.body.contains(said), "{said}: {}", page.body);
    }
    let secret = tokens["refresh_token"].as_str().unwrap().split('.').next().unwrap();
    assert!(!page.body.contains(secret), "what a refresh token begins with is not on the page");

    let end = [("csrf", &*csrf(&page)), ("decision", "end"), ("application", &*first(&page))];
    assert_eq!(browser.post(ACCOUNT, &end).await.header("location"), ACCOUNT);
    let page = browser.get(ACCOUNT).await;
    assert!(!page.body.contains("Test client") && page.body.contains("Another client"), "{}", page.body);
    assert!(!refreshes(&app, &ended, &tokens).await);
    assert!(refreshes(&app, &kept, &others).await);
}

#[tokio::test]
async fn a_log_out_ends_the_login_and_on_a_tick_all_access() {
    let app = App::new();
    let client = app.public_client().await;
    for (everywhere, goes_on) in [("no", true), ("yes", false)] {
        let tokens = app.tokens(&client, &[]).await;
        let (mut browser, page) = visit(&app).await;
        let form = [("csrf", &*csrf(&page)), ("decision", "logout"), ("everywhere", everywhere)];
        assert_eq!(browser.post(ACCOUNT, &form).await.header("location"), ACCOUNT);
        let page = browser.get(ACCOUNT).await;
        assert!(page.body.contains("Continue as"), "{}", page.body);
        assert_eq!(refreshes(&app, &client, &tokens).await, goes_on, "{everywhere}");
    }
}

#[tokio::test]
async fn nobody_ends_what_another_person_let_in() {
    let app = App::with(|_| (), |options| options.users = vec!["developer".into(), "mallory".into()]);
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let (_, page) = visit(&app).await;
    let application = first(&page);
    let mut mallory = Browser::new(&app);
    let login = mallory.get(ACCOUNT).await;
    mallory.post(ACCOUNT, &[("csrf", &csrf(&login)), ("decision", "login"), ("user", "mallory")]).await;
    let page = mallory.get(ACCOUNT).await;
    assert!(!page.body.contains("Test client"), "{}", page.body);
    let form = [("csrf", &*csrf(&page)), ("decision", "end"), ("application", &*application)];
    assert_eq!(mallory.post(ACCOUNT, &form).await.status, StatusCode::SEE_OTHER);
    assert!(refreshes(&app, &client, &tokens).await);
}

/// A form of another site, of another browser, or of nobody.
#[tokio::test]
async fn forms_that_the_page_did_not_show_to_this_browser_end_nothing() {
    let app = App::new();
    let client = app.public_client().await;
    let tokens = app.tokens(&client, &[]).await;
    let (mut browser, page) = visit(&app).await;
    let (_, elsewhere) = visit(&app).await;
    let (own, application) = (csrf(&page), first(&page));
    for csrf in [csrf(&elsewhere), String::new(), format!("{own}x")] {
        let form = [("csrf", &*csrf), ("decision", "end"), ("application", &*application)];
        browser.post(ACCOUNT, &form).await.assert_local_error(403);
    }
    browser.origin = Some("https://evil.example".to_owned());
    let form = [("csrf", &*own), ("decision", "logout"), ("everywhere", "yes")];
    browser.post(ACCOUNT, &form).await.assert_local_error(403);
    let nobody = app.post_form(ACCOUNT, &form).await;
    nobody.assert_local_error(403);
    assert!(refreshes(&app, &client, &tokens).await);
}
