//! People log in at GitHub, or at a GitHub Enterprise Server: its API says who they are, and of which organizations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use mcp_auth_issuer::{Fetch, FetchError, FetchFuture, FetchRequest, Fetched, Params};
use serde_json::{Value, json};

use crate::bridge::{app, back, leave};
use crate::harness::*;
use crate::upstream::{Reply, asks_the_person, ok, text};

pub(crate) const AUTHORIZE: &str = "https://github.com/login/oauth/authorize";

/// GitHub: what it answers, and what it was asked.
pub(crate) struct GitHub {
    user: Mutex<Value>,
    /// The names of all organizations of the person.
    organizations: Mutex<Vec<String>>,
    /// What it answers at a path instead, always.
    replies: Mutex<HashMap<String, Reply>>,
    asked: Mutex<Vec<FetchRequest>>,
}

impl GitHub {
    pub(crate) fn new() -> Arc<Self> {
        let user = json!({
            "login": "octocat", "id": 583231, "node_id": "MDQ6VXNlcjU4MzIzMQ==", "name": "Ann Lee", "email": "ann@example.com",
            "company": null, "plan": { "name": "pro" },
        });
        Arc::new(Self {
            user: Mutex::new(user),
            organizations: Mutex::new(vec!["Our-Org".to_owned()]),
            replies: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    /// What `GET /user` says of her from now on.
    pub(crate) fn is(&self, member: &str, value: Value) {
        self.user.lock().unwrap()[member] = value;
    }

    /// The organizations that she is in from now on.
    pub(crate) fn is_in(&self, organizations: &[&str]) {
        *self.organizations.lock().unwrap() = organizations.iter().map(|name| (*name).to_owned()).collect();
    }

    /// It answers as it does again.
    pub(crate) fn replies_by_itself(&self) {
        self.replies.lock().unwrap().clear();
    }

    /// The refresh token that was presented last.
    pub(crate) fn presented(&self) -> String {
        let asked = self.asked.lock().unwrap();
        let forms = asked.iter().rev().filter_map(|request| {
            let form = Params::parse(std::str::from_utf8(&request.body).ok()?).ok()?;
            form.get("refresh_token").map(str::to_owned)
        });
        forms.into_iter().next().expect("one was presented")
    }

    pub(crate) fn reply(&self, path: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(path.to_owned(), reply);
    }

    fn answer(&self, request: &FetchRequest) -> Reply {
        let path = request.url.path();
        if let Some(reply) = self.replies.lock().unwrap().get(path) {
            return match reply {
                Ok(answer) => Ok(answer.clone()),
                Err(_) => Err(FetchError::Timeout),
            };
        }
        let header = |name: &str| request.headers.get(name).map(|value| value.to_str().unwrap());
        if path.ends_with("/login/oauth/access_token") {
            // Without `Accept` it answers with a form.
            assert_eq!(header("accept"), Some("application/json"));
            return ok(&json!({ "access_token": "gho_secret", "token_type": "bearer", "scope": "read:org" }));
        }
        // It refuses whoever does not say who asks.
        assert_eq!(header("accept"), Some("application/vnd.github+json"));
        assert!(header("user-agent").is_some_and(|agent| !agent.is_empty()));
        assert_eq!(header("authorization"), Some("Bearer gho_secret"));
        match path.trim_start_matches("/api/v3") {
            "/user" => ok(&self.user.lock().unwrap()),
            "/user/orgs" => {
                let query = Params::parse(request.url.query().unwrap_or_default()).unwrap();
                let number = |name: &str| query.get(name).unwrap().parse::<usize>().unwrap();
                let (size, page) = (number("per_page"), number("page"));
                assert!(size <= 100, "as many as the API gives");
                let all = self.organizations.lock().unwrap();
                let page = all.iter().skip((page - 1) * size).take(size);
                ok(&page.map(|login| json!({ "login": login, "id": 1 })).collect::<Vec<_>>().into())
            }
            _ => text(404, "{}"),
        }
    }

    /// How often this path was asked.
    pub(crate) fn times(&self, path: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|request| request.url.path() == path).count()
    }
}

impl Fetch for GitHub {
    fn fetch(&self, request: FetchRequest, max_bytes: usize) -> FetchFuture<'_> {
        let answer = self.answer(&request);
        self.asked.lock().unwrap().push(request);
        let answer = answer.and_then(|(status, body)| match body.len() > max_bytes {
            true => Err(FetchError::TooLarge { limit: max_bytes }),
            false => Ok(Fetched {
                status: StatusCode::from_u16(status).unwrap(),
                headers: http::HeaderMap::new(),
                body: body.into(),
            }),
        });
        Box::pin(async { answer })
    }
}

async fn comes_back(browser: &mut Browser, url: &str) -> Answer {
    let request = leave(browser, url, ("GitHub", AUTHORIZE)).await;
    browser.get(&back(&request)).await
}

async fn ends(app: &App) -> StatusCode {
    let client = app.public_client().await;
    comes_back(&mut Browser::new(app), &authorize_url(&client, &[])).await.status
}

const BY_NUMBER: &str = "provider = \"github\"\nallow = { subjects = [\"583231\"] }";
const BY_ORGANIZATION: &str = "provider = \"github\"\nallow = { organizations = [\"OUR-org\"] }";

#[tokio::test]
async fn a_person_of_github_is_known_by_their_number_and_no_token_of_github_goes_on() {
    let github = GitHub::new();
    let lines =
        "provider = \"github\"\nallow = { subjects = [\"583231\"] }\nclaims = [\"login\", \"organizations\"]";
    let app = app(lines, github.clone());
    let client = app.public_client().await;
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[]);
    let request = leave(&mut browser, &url, ("GitHub", AUTHORIZE)).await;
    assert_eq!(request.get("scope"), Some("read:org"), "organizations are passed on");
    for name in ["nonce", "max_age", "prompt", "acr_values"] {
        assert_eq!(request.get(name), None, "{name} is of OpenID Connect");
    }
    let answer = browser.get(&back(&request)).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let consent = browser.get(answer.header("location")).await;
    assert!(consent.body.contains("<bdi>Ann Lee</bdi>"), "{}", consent.body);
    let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
    let answer = app.token(&redeem(&client, &code)).await;
    assert!(!answer.body.contains("gho_"));
    let claims = app.claims(answer.json()["access_token"].as_str().unwrap());
    assert!(claims["sub"].as_str().unwrap().starts_with("oidc_"));
    assert_eq!((&claims["login"], &claims["organizations"]), (&json!("octocat"), &json!(["our-org"])));
    assert_eq!(claims["auth_time"], 0, "GitHub does not say when");
    assert!(claims.get("email").is_none());

    let asked = github.asked.lock().unwrap();
    let form = Params::parse(std::str::from_utf8(&asked[0].body).unwrap()).unwrap();
    assert_eq!((form.get("client_id"), form.get("client_secret")), (Some("us"), Some("s3cret")));
    assert!(form.get("code_verifier").is_some_and(|verifier| verifier.len() >= 43));
    let hosts: Vec<_> = asked.iter().map(|request| request.url.host_str().unwrap()).collect();
    assert_eq!(hosts, ["github.com", "api.github.com", "api.github.com"]);
}

#[tokio::test]
async fn another_number_is_another_person_whatever_the_login_is() {
    let github = GitHub::new();
    let app = app(BY_NUMBER, github.clone());
    assert_eq!(ends(&app).await, StatusCode::SEE_OTHER);
    assert_eq!(github.times("/user/orgs"), 0, "nobody asks for organizations that nothing goes by");
    github.user.lock().unwrap()["id"] = json!(583232);
    assert_eq!(ends(&app).await, StatusCode::FORBIDDEN);
    for id in [json!("583231"), json!(583231.5), json!(-1), json!(0), Value::Null] {
        github.user.lock().unwrap()["id"] = id.clone();
        assert_eq!(ends(&app).await, StatusCode::SERVICE_UNAVAILABLE, "{id}");
    }
}

#[tokio::test]
async fn people_of_an_organization_are_let_in_also_where_it_is_on_a_later_page() {
    let github = GitHub::new();
    let app = app(BY_ORGANIZATION, github.clone());
    let many = |length: usize| (0..length).map(|n| format!("org-{n}"));
    let is = |names: Vec<String>| *github.organizations.lock().unwrap() = names;
    assert_eq!(ends(&app).await, StatusCode::SEE_OTHER);
    is(many(250).chain(["our-org".to_owned()]).collect());
    assert_eq!(ends(&app).await, StatusCode::SEE_OTHER);
    for others in
        [vec![], many(3).collect(), many(100).collect(), vec!["our-org2".to_owned(), "our".to_owned()]]
    {
        is(others.clone());
        assert_eq!(ends(&app).await, StatusCode::FORBIDDEN, "{}", others.len());
    }
    // So many are not read, and nobody is refused for what was not read.
    is(many(1500).collect());
    let before = github.times("/user/orgs");
    assert_eq!(ends(&app).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(github.times("/user/orgs") - before, 10);
}

#[tokio::test]
async fn p16_an_api_that_is_down_or_answers_nonsense_is_said_on_a_page_and_refuses_nobody() {
    let huge = || Ok((200, vec![b' '; 1024 * 1024]));
    let paths = ["/user", "/user/orgs", "/login/oauth/access_token"];
    for path in paths {
        for reply in [
            Err(FetchError::Timeout),
            text(500, ""),
            text(403, r#"{"message":"rate limit exceeded"}"#),
            text(302, ""),
            text(200, "<html>"),
            text(200, r#"{"id":583231,"id":1}"#),
            text(200, "5"),
            text(200, "{}"),
            huge(),
        ] {
            let github = GitHub::new();
            let shown = format!("{path} {reply:?}").chars().take(80).collect::<String>();
            github.reply(path, reply);
            let app = app(BY_ORGANIZATION, github);
            assert_eq!(ends(&app).await, StatusCode::SERVICE_UNAVAILABLE, "{shown}");
        }
    }
    let github = GitHub::new();
    github.reply("/user/orgs", ok(&json!([{ "id": 1 }])));
    assert_eq!(ends(&app(BY_ORGANIZATION, github)).await, StatusCode::SERVICE_UNAVAILABLE);
}

/// GitHub let the same person in again, whom the browser had just logged out.
#[tokio::test]
async fn who_used_another_account_came_back_from_github_as_the_same_person() {
    let app = app(BY_NUMBER, GitHub::new());
    let client = app.public_client().await;
    let (mut browser, url) = (Browser::new(&app), authorize_url(&client, &[]));
    let request = leave(&mut browser, &url, ("GitHub", AUTHORIZE)).await;
    assert_eq!(request.get("prompt"), None);
    let back = browser.get(&back(&request)).await;
    let consent = browser.get(back.header("location")).await;
    assert_eq!(browser.submit(&consent, "logout").await.status, StatusCode::SEE_OTHER);
    let request = leave(&mut browser, &url, ("GitHub", AUTHORIZE)).await;
    assert_eq!(request.get("prompt"), Some("select_account"));
}

/// The page said where people log in, and not what their provider is asked for.
#[tokio::test]
async fn the_page_before_the_provider_kept_back_what_the_provider_is_asked_for() {
    for (lines, is_said) in [(BY_ORGANIZATION, true), (BY_NUMBER, false)] {
        let app = app(lines, GitHub::new());
        let client = app.public_client().await;
        let page = Browser::new(&app).get(&authorize_url(&client, &[])).await;
        assert_eq!(page.body.contains("It is asked for <code>read:org</code>."), is_said, "{}", page.body);
        assert_eq!(page.body.contains("It is asked for"), is_said, "{}", page.body);
    }
}

#[tokio::test]
async fn an_error_that_github_answers_with_200_is_one() {
    for (error, status) in [
        ("bad_verification_code", StatusCode::FORBIDDEN),
        ("incorrect_client_credentials", StatusCode::SERVICE_UNAVAILABLE),
        ("redirect_uri_mismatch", StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let github = GitHub::new();
        github
            .reply("/login/oauth/access_token", ok(&json!({ "error": error, "access_token": "gho_secret" })));
        let app = app(BY_NUMBER, github.clone());
        assert_eq!(ends(&app).await, status, "{error}");
        assert_eq!(github.times("/user"), 0);
    }
}

#[tokio::test]
async fn a_login_of_some_age_is_asked_for_in_vain_and_the_page_says_so_without_a_way_there() {
    let github = GitHub::new();
    let app = app(BY_NUMBER, github.clone());
    let client = app.public_client().await;
    for asked in [("prompt", "login"), ("max_age", "0"), ("max_age", "300")] {
        let mut browser = Browser::new(&app);
        let page = browser.get(&authorize_url(&client, &[asked])).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{asked:?}");
        assert!(page.body.contains("nor say when you logged in there"), "{}", page.body);
        assert!(
            !page.body.contains("Continue to") && !page.body.contains("value=\"allow\""),
            "{}",
            page.body
        );
        let answer = browser.submit(&page, "deny").await;
        assert_eq!(answer.param("error").as_deref(), Some("access_denied"), "{}", answer.body);
        // Also one who posts the button of another page.
        let pressed = browser.submit(&page, "login").await;
        assert_eq!(pressed.status, StatusCode::FORBIDDEN, "{}", pressed.body);
    }
    // A browser that is logged in already is not asked without need, and with it neither.
    let mut browser = Browser::new(&app);
    let url = authorize_url(&client, &[]);
    assert_eq!(comes_back(&mut browser, &url).await.status, StatusCode::SEE_OTHER);
    assert!(asks_the_person(&browser.get(&url).await));
    let page = browser.get(&authorize_url(&client, &[("max_age", "300")])).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{}", page.body);
    assert!(
        github.asked.lock().unwrap().iter().all(|request| request.url.path() != "/login/oauth/authorize")
    );
}

#[tokio::test]
async fn an_enterprise_server_is_asked_at_its_own_endpoints_and_its_people_are_others() {
    let subject = async |lines: &str, at: &str| {
        let github = GitHub::new();
        let app = app(lines, github.clone());
        let client = app.public_client().await;
        let mut browser = Browser::new(&app);
        let url = authorize_url(&client, &[]);
        let request = leave(&mut browser, &url, ("GitHub", at)).await;
        let answer = browser.get(&back(&request)).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let consent = browser.get(answer.header("location")).await;
        let code = browser.submit(&consent, "allow").await.param("code").expect("a code");
        let tokens = app.token(&redeem(&client, &code)).await.json();
        let hosts: Vec<_> =
            github.asked.lock().unwrap().iter().map(|request| request.url.to_string()).collect();
        (app.claims(tokens["access_token"].as_str().unwrap())["sub"].clone(), hosts)
    };
    let (public, _) = subject(BY_NUMBER, AUTHORIZE).await;
    let at = "https://gh.example/login/oauth/authorize";
    let lines = format!(
        "{BY_NUMBER}\nauthorization_endpoint = \"{at}\"\ntoken_endpoint = \"https://gh.example/login/oauth/access_token\"\napi = \"https://gh.example/api/v3\""
    );
    let (own, asked) = subject(&lines, at).await;
    assert_ne!(own, public, "the same number there is another person");
    assert_eq!(asked, ["https://gh.example/login/oauth/access_token", "https://gh.example/api/v3/user"]);
}
