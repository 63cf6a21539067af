//! The own login example as a whole, over sockets: a client registers, its person logs in at the shop, and what the shop answers counts
//! once, there and then.

use mcp_auth::config::{ProcessContext, SecretText};
use mcp_auth::own_login::SharedKey;
use mcp_auth::testing::Client;
use mcp_auth::{Config, Running, Server};
use mcp_auth_tests::clock::MovedClock;
use mcp_auth_tests::person::{self, Cookies};
use mcp_auth_tests::site::Served;
use reqwest::header::{COOKIE, LOCATION};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

#[path = "../../examples/own-login/main.rs"]
#[allow(dead_code, reason = "an example is a program, and its main is not called here")]
mod own_login;

use own_login::Orders;
use own_login::application::Application;

const KEY: &str = "a secret that shop and MCP server share";
const CHECK: &str = "what the MCP server shows to the shop";
/// Nothing listens there: the test reads where a browser would be sent.
const REDIRECT: &str = "http://127.0.0.1:9/callback";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// The MCP server and the shop, each on a port of its own.
struct Site {
    running: Running,
    clock: MovedClock,
    shop: Served,
    _state: tempfile::TempDir,
}

impl Site {
    /// A shop that signs with this key, as the one that this issuer knows.
    async fn start(key: &str, issuer: Option<&str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shop = format!("http://{}", listener.local_addr().unwrap());
        let state = tempfile::tempdir().unwrap();
        let example = include_str!("../../examples/own-login/mcp.toml");
        let example =
            example.replace("http://127.0.0.1:3000", &shop).replace("127.0.0.1:8080", "127.0.0.1:0");
        let example = example.replace("[issuer]", &format!("[issuer]\nstate_dir = {:?}", state.path()));
        let process = ProcessContext::empty();
        let process = process.variable("OWN_LOGIN_KEY", KEY).variable("OWN_LOGIN_CHECK_SECRET", CHECK);
        let config = Config::builder().process(process).toml(&example).build().unwrap();
        let clock = MovedClock::system();
        let server = Server::builder(Orders).config(config).ambient(clock.ambient());
        let running = server.start().await.unwrap();
        let own = running.resource().strip_suffix("/mcp").unwrap();
        let key = SharedKey::new(&SecretText::new(key)).unwrap();
        let application = Application::new(issuer.unwrap_or(own), &shop, key, SecretText::new(CHECK));
        let shop = Served::on(listener, application.router());
        Self { running, clock, shop, _state: state }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.running.resource().strip_suffix("/mcp").unwrap())
    }

    /// Registers a client; the URL at which it sends its person, and its identifier.
    async fn client(&self) -> (String, String) {
        let metadata = json!({
            "client_name": "Editor", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
        });
        let registered = crate::wire::http().post(self.at("/register")).json(&metadata).send().await.unwrap();
        let registered: Value = registered.json().await.unwrap();
        let client = registered["client_id"].as_str().unwrap().to_owned();
        let mut url = Url::parse(&self.at("/authorize")).unwrap();
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &client),
            ("redirect_uri", REDIRECT),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
            ("scope", "orders.read"),
        ]);
        (url.into(), client)
    }

    async fn token(&self, form: &[(&str, &str)]) -> (u16, Value) {
        let answer = crate::wire::http().post(self.at("/token")).form(form).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

/// A person's browser.
#[derive(Clone)]
struct Browser {
    http: reqwest::Client,
    cookies: Cookies,
}

/// What a browser is shown, or sent to.
struct Shown {
    status: u16,
    html: String,
    location: String,
}

impl Browser {
    fn new() -> Self {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        Self { http: http.build().unwrap(), cookies: Cookies::default() }
    }

    async fn send(&mut self, request: reqwest::RequestBuilder) -> Shown {
        let request = match self.cookies.header() {
            Some(cookies) => request.header(COOKIE, cookies),
            None => request,
        };
        let answer = request.send().await.unwrap();
        self.cookies.keep(answer.headers());
        let location = answer.headers().get(LOCATION).map_or("", |to| to.to_str().unwrap()).to_owned();
        Shown { status: answer.status().as_u16(), html: answer.text().await.unwrap(), location }
    }

    async fn get(&mut self, url: &str) -> Shown {
        self.send(self.http.get(url)).await
    }

    async fn post(&mut self, url: &str, form: &[(&str, &str)]) -> Shown {
        self.send(self.http.post(url).form(form)).await
    }

    /// Presses a button of one of the MCP server's own pages.
    async fn press(&mut self, site: &Site, page: &Shown, decision: &str) -> Shown {
        let action = site.at(&person::form_action(&page.html));
        self.post(&action, &[("csrf", &person::csrf(&page.html)), ("decision", decision)]).await
    }

    /// Goes to the shop's page from the authorization request; where the shop is asked.
    async fn go(&mut self, site: &Site, url: &str) -> String {
        let page = self.get(url).await;
        assert_eq!(page.status, 200, "{}", page.html);
        let away = self.press(site, &page, "login").await;
        assert_eq!(away.status, 303, "{}", away.html);
        assert!(away.location.starts_with(&site.shop.at("/mcp-login?transaction=")), "{}", away.location);
        away.location
    }

    /// Logs in at the shop; where it sends the browser back to.
    async fn log_in(&mut self, shop: &str) -> String {
        let form = self.get(shop).await;
        assert!(form.status == 200 && form.html.contains("Editor"), "{}", form.html);
        let wrong = self.post(shop, &[("user", "ann"), ("password", "tables and rugs")]).await;
        assert!(wrong.status == 200 && wrong.html.contains("did not work"), "{}", wrong.html);
        let back = self.post(shop, &[("user", "ann"), ("password", "lamps and chairs")]).await;
        assert_eq!(back.status, 303, "{}", back.html);
        back.location
    }

    /// Whether the page of the request still asks for a login.
    async fn is_nobody(&mut self, url: &str) -> bool {
        let page = self.get(url).await;
        page.html.contains("Continue to") && !page.html.contains("value=\"allow\"")
    }
}

#[tokio::test]
async fn a_person_logs_in_at_the_shop_and_their_client_calls_a_tool_and_refreshes() {
    let site = Site::start(KEY, None).await;
    let (url, client) = site.client().await;
    let mut browser = Browser::new();
    let shop = browser.go(&site, &url).await;
    let back = browser.log_in(&shop).await;
    let page = browser.get(&back).await;
    assert_eq!(page.status, 303, "{}", page.html);
    let consent = browser.get(&site.at(&page.location)).await;
    assert!(
        consent.html.contains("<bdi>ann</bdi>") && consent.html.contains("See your orders"),
        "{}",
        consent.html
    );
    let allowed = browser.press(&site, &consent, "allow").await;
    let code = Url::parse(&allowed.location).unwrap();
    let code = code.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &*client),
        ("code", &*code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", REDIRECT),
    ];
    let (status, tokens) = site.token(&form).await;
    assert_eq!(status, 200, "{tokens}");
    let token = tokens["access_token"].as_str().unwrap();
    let orders = Client::new(site.running.resource()).token(token).call_tool("list_orders", json!({})).await;
    assert_eq!(orders.text(), Some("orders of user-1: 3 lamps"), "{}", orders.body());

    // The shop still knows her, and says so.
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let form = [("grant_type", "refresh_token"), ("client_id", &*client), ("refresh_token", refresh)];
    let (status, next) = site.token(&form).await;
    assert_eq!(status, 200, "{next}");
}

#[tokio::test]
async fn who_is_logged_in_at_the_shop_goes_straight_back_unless_a_new_login_is_asked_for() {
    let site = Site::start(KEY, None).await;
    let (url, _) = site.client().await;
    let mut browser = Browser::new();
    let shop = browser.go(&site, &url).await;
    browser.log_in(&shop).await;
    // Its own session is enough, without the form.
    let shop = browser.go(&site, &url).await;
    let back = browser.get(&shop).await;
    assert_eq!(back.status, 303, "{}", back.html);
    assert_eq!(browser.get(&back.location).await.status, 303);
    let again = format!("{url}&prompt=login");
    let shop = browser.go(&site, &again).await;
    let form = browser.get(&shop).await;
    assert!(form.html.contains("name=password"), "{}", form.html);
    // Who cancels there is back on the page with its buttons.
    let cancelled = browser.post(&shop, &[("cancel", "yes")]).await;
    let page = browser.get(&cancelled.location).await;
    assert!(page.status == 403 && page.html.contains("You did not log in."), "{}", page.html);
}

#[tokio::test]
async fn an_answer_of_the_shop_counts_once_in_its_browser_for_its_login_and_for_a_minute() {
    let site = Site::start(KEY, None).await;
    let (url, _) = site.client().await;
    let parameter = |location: &str, name: &str| {
        let url = Url::parse(location).unwrap();
        url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned()
    };

    // In another browser.
    let (mut hers, mut his) = (Browser::new(), Browser::new());
    let shop = hers.go(&site, &url).await;
    let back = hers.log_in(&shop).await;
    his.go(&site, &url).await;
    assert_eq!(his.get(&back).await.status, 400);
    assert!(his.is_nobody(&url).await);

    // For another login of the same browser.
    let mut browser = Browser::new();
    let (one, two) = (browser.go(&site, &url).await, browser.go(&site, &url).await);
    let back = browser.log_in(&one).await;
    let mixed = back.replace(&parameter(&one, "transaction"), &parameter(&two, "transaction"));
    assert_eq!(browser.get(&mixed).await.status, 403);
    assert!(browser.is_nobody(&url).await);

    // Without a signature, under `alg` none.
    let shop = browser.go(&site, &url).await;
    let back = browser.get(&shop).await.location;
    let answer = parameter(&back, "answer");
    let unsigned = back.replace(&answer[..answer.find('.').unwrap()], "eyJhbGciOiJub25lIn0");
    assert_eq!(browser.get(&unsigned).await.status, 403);

    // Two minutes later.
    let shop = browser.go(&site, &url).await;
    let back = browser.get(&shop).await.location;
    site.clock.advance(120);
    assert_eq!(browser.get(&back).await.status, 403);
    assert!(browser.is_nobody(&url).await);
}

#[tokio::test]
async fn an_answer_is_used_up_by_the_first_who_brings_it() {
    let site = Site::start(KEY, None).await;
    let (url, _) = site.client().await;
    let mut browser = Browser::new();
    let shop = browser.go(&site, &url).await;
    let back = browser.log_in(&shop).await;
    let before = browser.clone();
    assert_eq!(browser.get(&back).await.status, 303);
    // With the cookie of before, too.
    for mut again in [browser, before] {
        assert_eq!(again.get(&back).await.status, 400);
    }
}

#[tokio::test]
async fn a_shop_with_another_key_or_one_that_answers_another_server_logs_nobody_in() {
    for (key, issuer) in
        [("a secret that only the other shop knows", None), (KEY, Some("https://other.example.com"))]
    {
        let site = Site::start(key, issuer).await;
        let (url, _) = site.client().await;
        let mut browser = Browser::new();
        let shop = browser.go(&site, &url).await;
        let back = browser.log_in(&shop).await;
        // Where the answer is for another server, it is brought here all the same.
        let brought = issuer.map_or(back.clone(), |other| back.replace(other, &site.at("")));
        let refused = browser.get(&brought).await;
        assert_eq!(refused.status, 403, "{}", refused.html);
        assert!(browser.is_nobody(&url).await);
    }
}

#[tokio::test]
async fn the_shop_tells_nobody_else_who_has_an_account() {
    let site = Site::start(KEY, None).await;
    let ask = async |secret: &str, subject: &str| {
        let request = crate::wire::http().post(site.shop.at("/mcp-login/check")).bearer_auth(secret);
        let answer = request.body(json!({ "sub": subject }).to_string()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    assert_eq!(ask(CHECK, "user-1").await, (200, r#"{"active":true}"#.to_owned()));
    assert_eq!(ask(CHECK, "user-9").await, (200, r#"{"active":false}"#.to_owned()));
    assert_eq!(ask("guessed", "user-1").await.0, 401);
}
