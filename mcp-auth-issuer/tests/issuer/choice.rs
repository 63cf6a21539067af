//! The scopes that a person leaves ticked.

use http::StatusCode;

use crate::harness::*;

const ALL: (&str, &str) = ("scope", "todos.read todos.write admin files:a:read");

async fn granted(app: &App, client: &str, back: &Answer) -> String {
    let tokens = app.token(&redeem(client, &back.param("code").expect("a code"))).await.json();
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.claims(token)["scope"], tokens["scope"], "the token says the same");
    tokens["scope"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn each_scope_has_a_ticked_box_and_one_that_the_server_needs_cannot_be_unticked() {
    let app = App::new();
    let client = app.public_client().await;
    let consent = Browser::new(&app).log_in(&authorize_url(&client, &[ALL])).await;
    for optional in ["todos.write", "admin", "files:a:read"] {
        let boxed = format!("<input type=\"checkbox\" name=\"scope\" value=\"{optional}\" checked>");
        assert!(consent.body.contains(&boxed), "{optional}: {}", consent.body);
    }
    let needed = "<label class=\"choice\"><input type=\"checkbox\" checked disabled><span><bdi class=\"what\">Read your";
    assert!(consent.body.contains(needed), "{}", consent.body);
    assert!(consent.body.contains("Needed for any use of this server."));
    assert!(!consent.body.contains("value=\"todos.read\""));
    // Each box has its words as a label.
    assert_eq!(consent.body.matches("type=\"checkbox\"").count(), consent.body.matches("<label").count());

    let all = App::with(|setup| setup.default_scopes = Default::default(), |_| ());
    let client = all.public_client().await;
    let consent = Browser::new(&all).log_in(&authorize_url(&client, &[])).await;
    assert!(
        consent.body.contains("value=\"todos.read\" checked") && !consent.body.contains("Needed for any use")
    );
}

#[tokio::test]
async fn what_is_unticked_is_not_granted_and_what_is_left_is() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    browser.log_in(&authorize_url(&client, &[ALL])).await;
    for (ticked, scopes) in [
        (&[][..], "todos.read"),
        (&[("scope", "admin")], "admin todos.read"),
        (&[("scope", "files:a:read"), ("scope", "todos.write")], "files:a:read todos.read todos.write"),
        (&[("scope", "todos.write"), ("scope", "todos.write")], "todos.read todos.write"),
    ] {
        let consent = browser.get(&authorize_url(&client, &[ALL])).await;
        let back = browser.submit_with(&consent, "allow", ticked).await;
        assert_eq!(granted(&app, &client, &back).await, scopes, "{ticked:?}");
    }
    let consent = browser.get(&authorize_url(&client, &[ALL])).await;
    let back = browser.submit(&consent, "allow").await;
    assert_eq!(
        granted(&app, &client, &back).await,
        "admin files:a:read todos.read todos.write",
        "as it was shown"
    );
}

#[tokio::test]
async fn a_refresh_gives_no_scope_that_was_unticked() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[ALL])).await;
    let back = browser.submit_with(&consent, "allow", &[("scope", "todos.write")]).await;
    let tokens = app.token(&redeem(&client, &back.param("code").unwrap())).await.json();
    let refresh = [
        ("grant_type", "refresh_token"),
        ("client_id", &*client),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ];
    let wider = [&refresh[..], &[("scope", "admin")]].concat();
    app.token(&wider).await.assert_error(400, "invalid_scope");
    assert_eq!(app.token(&refresh).await.json()["scope"], "todos.read todos.write");
}

#[tokio::test]
async fn a_form_that_allows_what_was_not_asked_for_allows_nothing() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[("scope", "todos.read todos.write")])).await;
    for forged in ["admin", "files:a:read", "unknown", "todos.write admin", "TODOS.WRITE", " todos.write"] {
        let refused =
            browser.submit_with(&consent, "allow", &[("scope", "todos.write"), ("scope", forged)]).await;
        refused.assert_local_error(400);
        assert!(refused.body.contains("This form is not what was shown"), "{forged}: {}", refused.body);
    }
    let back = browser.submit(&consent, "allow").await;
    assert_eq!(granted(&app, &client, &back).await, "todos.read todos.write", "the page counts still");
}

#[tokio::test]
async fn a_form_with_nothing_ticked_is_shown_again_and_denying_needs_no_tick() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[("scope", "todos.write admin")]);
    let consent = browser.log_in(&url).await;
    let again = browser.submit_with(&consent, "allow", &[]).await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(
        !again.headers.contains_key("location") && again.body.contains("nothing was ticked"),
        "{}",
        again.body
    );
    assert!(again.body.contains("role=\"alert\"") && again.body.contains("value=\"admin\" checked"));
    let back = browser.submit_with(&again, "allow", &[("scope", "admin")]).await;
    assert_eq!(granted(&app, &client, &back).await, "admin");
    let consent = browser.get(&url).await;
    browser.submit_with(&consent, "deny", &[]).await.assert_redirect_error("access_denied");
}

#[tokio::test]
async fn of_a_step_up_what_is_new_comes_first_and_what_was_allowed_stays_ticked_beneath() {
    let app = App::new();
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[("scope", "todos.read todos.write")])).await;
    browser.submit(&consent, "allow").await.param("code").expect("a code");
    let consent = browser.get(&authorize_url(&client, &[("scope", "admin todos.read todos.write")])).await;
    let at = |text: &str| consent.body.find(text).unwrap_or_else(|| panic!("{text} in {}", consent.body));
    assert!(at("It will also be able to") < at("value=\"admin\" checked"));
    assert!(at("value=\"admin\" checked") < at("You allowed it before to"));
    assert!(at("You allowed it before to") < at("value=\"todos.write\" checked"));
    let back = browser.submit(&consent, "allow").await;
    assert_eq!(
        granted(&app, &client, &back).await,
        "admin todos.read todos.write",
        "nothing is lost silently"
    );

    let other = Browser::new(&app).log_in(&authorize_url(&app.another_client().await, &[ALL])).await;
    assert!(!other.body.contains("You allowed it before to"), "that was another client");
}

#[tokio::test]
async fn a_page_of_many_scopes_is_answered_as_it_is_shown() {
    let app = App::new();
    let client = app.public_client().await;
    let many: Vec<String> = (0..64).map(|n| format!("files:{}{n}:read", "long-name-".repeat(8))).collect();
    let asked = format!("{} todos.write", many.join(" "));
    let mut browser = Browser::new(&app);
    let consent = browser.log_in(&authorize_url(&client, &[("scope", &asked)])).await;
    let back = browser.submit(&consent, "allow").await;
    assert_eq!(granted(&app, &client, &back).await.split(' ').count(), 65);
}

#[tokio::test]
async fn more_scopes_than_a_form_can_hold_are_allowed_together_or_not_at_all() {
    let with = |count: usize| {
        App::with(
            |setup| {
                setup.scopes = (0..count).map(|n| (format!("scope{n}"), None)).collect();
                setup.hierarchy = Default::default();
                setup.families.clear();
                setup.default_scopes = Default::default();
            },
            |options| options.clients.clear(),
        )
    };
    for (count, can_choose) in [(256, true), (257, false)] {
        let app = with(count);
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let consent = browser.log_in(&authorize_url(&client, &[("scope", "")])).await;
        assert_eq!(consent.body.contains("allowed together, or not at all"), !can_choose, "{count}");
        assert_eq!(consent.body.contains("name=\"scope\""), can_choose, "{count}");
        let back = browser.submit(&consent, "allow").await;
        assert_eq!(granted(&app, &client, &back).await.split(' ').count(), count);
    }
}
