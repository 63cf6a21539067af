//! A whole server with a provider beside it, over real sockets: people log in there or connect an account there, their roles come from its claims, and
//! tools call its API.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use mcp_auth::ambient::{Clock as _, SystemClock};
use mcp_auth::prelude::*;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{self, Era, TestIssuer};
use mcp_auth_tests::person::{Browser, Led};
use mcp_auth_tests::site::{Served, Site};
use rmcp::service::ServiceError;

use crate::login::{Client, asked, lifecycles};

/// What a provider knows, and what it was asked.
struct Provider {
    issuer: TestIssuer,
    /// What its ID tokens say of everybody.
    claims: Mutex<Value>,
    /// The nonce and the challenge of each code.
    codes: Mutex<HashMap<String, HashMap<String, String>>>,
    /// How many access tokens it gave; the last one alone is good.
    given: Mutex<usize>,
    ended: Mutex<bool>,
    /// By how many seconds its clock is ahead: it goes with that of the server.
    later: Mutex<u64>,
}

/// A provider at which everybody is logged in already.
struct Started {
    provider: Arc<Provider>,
    served: Served,
}

impl Started {
    async fn new() -> Self {
        let mut provider = None;
        let served = Served::with(|url| {
            let made = Arc::new(Provider {
                issuer: TestIssuer::new(url, Arc::new(SystemClock)),
                claims: Mutex::new(json!({ "name": "Ann Lee", "groups": ["editors"] })),
                codes: Mutex::default(),
                given: Mutex::default(),
                ended: Mutex::default(),
                later: Mutex::default(),
            });
            provider = Some(Arc::clone(&made));
            Router::new()
                .route("/.well-known/openid-configuration", get(metadata))
                .route("/authorize", get(authorize))
                .route("/token", post(token))
                .route("/jwks", get(jwks))
                .route("/api/events", get(events))
                .with_state(made)
        });
        let served = served.await;
        Self { provider: provider.unwrap(), served }
    }

    /// `[upstreams.idp]` of it, with these lines.
    fn table(&self, lines: &str) -> String {
        let issuer = self.served.at("");
        format!(
            "[upstreams.idp]\nissuer = {issuer:?}\nclient_id = \"us\"\nallow = \"anyone\"\nscopes = [\"openid\", \"offline_access\"]\n{lines}\n"
        )
    }

    /// It is so many seconds later, here and at the server.
    fn later(&self, site: &Site<Calendar>, seconds: u64) {
        *self.provider.later.lock().unwrap() += seconds;
        site.clock().advance(seconds);
    }

    fn says(&self, claims: Value) {
        *self.provider.claims.lock().unwrap() = claims;
    }
}

/// What a form says.
fn pairs(form: &str) -> HashMap<String, String> {
    url::form_urlencoded::parse(form.as_bytes()).into_owned().collect()
}

async fn metadata(State(provider): State<Arc<Provider>>) -> Json<Value> {
    let at = provider.issuer.issuer();
    Json(json!({
        "issuer": at, "authorization_endpoint": format!("{at}/authorize"), "token_endpoint": format!("{at}/token"),
        "jwks_uri": format!("{at}/jwks"), "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "code_challenge_methods_supported": ["S256"], "token_endpoint_auth_methods_supported": ["client_secret_post", "none"],
    }))
}

async fn jwks(State(provider): State<Arc<Provider>>) -> Json<Value> {
    Json(provider.issuer.jwks())
}

/// It asks nothing and sends the person back.
async fn authorize(State(provider): State<Arc<Provider>>, RawQuery(request): RawQuery) -> Redirect {
    let request = pairs(&request.unwrap_or_default());
    let mut codes = provider.codes.lock().unwrap();
    let code = format!("code-{}", codes.len());
    let back = format!("{}?code={code}&state={}", request["redirect_uri"], request["state"]);
    codes.insert(code, request);
    Redirect::to(&back)
}

async fn token(State(provider): State<Arc<Provider>>, form: String) -> Response {
    let form = pairs(&form);
    let refused = || (StatusCode::BAD_REQUEST, Json(json!({ "error": "invalid_grant" }))).into_response();
    let request = form.get("code").and_then(|code| provider.codes.lock().unwrap().remove(code));
    let is_refresh = form.get("refresh_token").is_some_and(|token| token == "provider-refresh");
    if *provider.ended.lock().unwrap() || !(is_refresh || request.is_some()) {
        return refused();
    }
    let now = SystemClock.unix_now() + *provider.later.lock().unwrap();
    let id_token = provider.issuer.token("17", "us").header("typ", "JWT").without_claim("client_id");
    let mut id_token = id_token.claim("iat", now).claim("exp", now + 300);
    if let Some(nonce) = request.and_then(|request| request.get("nonce").cloned()) {
        id_token = id_token.claim("nonce", nonce);
    }
    for (name, value) in provider.claims.lock().unwrap().as_object().unwrap() {
        id_token = id_token.claim(name, value.clone());
    }
    let mut given = provider.given.lock().unwrap();
    *given += 1;
    let answer = json!({
        "token_type": "Bearer", "access_token": format!("provider-access-{given}"), "expires_in": 300,
        "refresh_token": "provider-refresh", "id_token": id_token.mint(),
    });
    Json(answer).into_response()
}

/// Its API, for the last access token that it gave.
async fn events(State(provider): State<Arc<Provider>>, headers: HeaderMap) -> (StatusCode, String) {
    let good = format!("Bearer provider-access-{}", provider.given.lock().unwrap());
    match headers.get("authorization").is_some_and(|sent| *sent == *good) {
        true => (StatusCode::OK, "lunch".to_owned()),
        false => (StatusCode::UNAUTHORIZED, "no".to_owned()),
    }
}

/// A calendar, which is at the provider.
#[derive(Clone)]
struct Calendar {
    api: String,
}

#[server(name = "calendar")]
impl Calendar {
    /// What is on today.
    #[tool(scope = "calendar", upstream = "idp")]
    async fn events(&self, idp: Upstream) -> Result<String, ToolError> {
        let token = idp.access_token().await?;
        let answer = crate::wire::http().get(&self.api).bearer_auth(token.expose()).send().await;
        answer.map_err(ToolError::from)?.text().await.map_err(ToolError::from)
    }

    /// For editors.
    #[tool(scope = "calendar", role = "editor")]
    fn edit(&self) -> &'static str {
        "edited"
    }

    /// Who calls.
    #[tool(scope = "calendar")]
    fn whoami(&self, caller: Caller) -> String {
        caller.subject().to_owned()
    }
}

async fn site(provider: &Started, toml: &str) -> Site<Calendar> {
    let calendar = Calendar { api: provider.served.at("/api/events") };
    let roles = "[roles.editor]\nwhen = { claim = \"groups\", contains = \"editors\" }\n";
    Site::start(calendar, &format!("auth.base_scopes = [\"calendar\"]\n{toml}\n{roles}")).await
}

/// A person allows the client that asks at `url`, and logs in at the provider; where the client is sent.
async fn logs_in(browser: &mut Browser, url: &str) -> String {
    let asks = browser.open(url).await;
    assert!(asks.html.contains("Allow, and log in at"), "{}", asks.html);
    let there = browser.answer(&asks, "allow").await;
    match browser.through(&there).await {
        Led::Out(callback) => callback,
        // Nobody was known at this browser: they see who they are, and are asked once more.
        Led::To(page) => {
            assert!(page.html.contains("Ann Lee"), "{}", page.html);
            browser.answer(&page, "allow").await
        }
    }
}

/// rmcp's own client goes the whole way: the provider's claims give roles, and a refresh follows what it says later.
#[tokio::test]
async fn people_log_in_at_a_provider_and_its_claims_give_and_take_roles() {
    for (lifecycle, _) in lifecycles() {
        let provider = Started::new().await;
        let table = provider.table("claims = [\"groups\"]");
        let site = site(&provider, &format!("issuer.login = \"idp\"\n{table}")).await;
        let challenge = Client::challenged(&site, lifecycle.clone()).await;
        let mut oauth = asked(&site, &challenge).await;
        let url = oauth.get_authorization_url().await.unwrap();
        let mut browser = Browser::new();
        let callback = logs_in(&mut browser, &url).await;
        oauth.handle_callback_url(&callback).await.unwrap();
        let client =
            Client::connect(&site, oauth.into_authorization_manager().unwrap(), lifecycle).await.unwrap();
        let call = async |tool| client.call(tool, json!({})).await;
        let who = call("whoami").await.unwrap();
        assert!(who.starts_with("oidc_"), "{who}");
        assert_eq!(call("edit").await.unwrap(), "edited");
        assert_eq!(call("events").await.unwrap(), "lunch");

        // The provider takes the group away: the next refresh says so, and the person is the same.
        provider.says(json!({ "name": "Ann Lee", "groups": [] }));
        provider.later(&site, 16 * 60);
        assert_eq!(call("whoami").await.unwrap(), who);
        refused(call("edit").await);
        assert_eq!(call("events").await.unwrap(), "lunch", "with a token that was refreshed");

        // It ends the login: the next refresh is the last one.
        *provider.provider.ended.lock().unwrap() = true;
        provider.later(&site, 16 * 60);
        let over = call("whoami").await.unwrap_err();
        assert!(client.tokens.lock().await.refresh_token().await.is_err(), "{over}");
    }
}

/// The person is not an editor.
fn refused(answer: Result<String, ServiceError>) {
    match answer {
        Ok(text) => assert!(text.contains("role"), "{text}"),
        Err(error) => assert!(format!("{error:?}").contains("role"), "{error:?}"),
    }
}

/// On each revision, by the page in a browser.
#[tokio::test]
async fn people_connect_an_account_at_a_provider_and_tools_act_for_them_there() {
    for era in Era::ALL {
        let provider = Started::new().await;
        let site = site(&provider, &provider.table("")).await;
        let [(lifecycle, _), _] = lifecycles();
        let challenge = Client::challenged(&site, lifecycle.clone()).await;
        let mut oauth = asked(&site, &challenge).await;
        let url = oauth.get_authorization_url().await.unwrap();
        let callback = Browser::new().decide(&url, "alice", "allow").await;
        oauth.handle_callback_url(&callback).await.unwrap();
        let manager = oauth.into_authorization_manager().unwrap();
        let token = Client::connect(&site, manager, lifecycle).await.unwrap().token().await;

        for (user, said) in [
            ("bob", "another person than the caller opened the page that connects the account"),
            ("alice", "lunch"),
        ] {
            let (opened, mut opens) = tokio::sync::mpsc::unbounded_channel();
            let client = testing::Client::new(site.url()).era(era).token(&token).person(move |question| {
                opened.send(question["url"].as_str().expect("a page is to be opened").to_owned()).unwrap();
                json!({ "action": "accept" })
            });
            let person = async {
                let url = opens.recv().await.expect("a page");
                connects(&mut Browser::new(), &url, user).await
            };
            let (answer, page) = tokio::join!(client.call_tool("events", json!({})), person);
            assert_eq!(answer.text(), Some(said), "{era:?} {user}: {} {page}", answer.body());
        }
        // From then on nobody is asked, and what the provider gave is refreshed.
        let client = testing::Client::new(site.url()).era(era).token(&token);
        provider.later(&site, 10 * 60);
        assert_eq!(client.call_tool("events", json!({})).await.text(), Some("lunch"));
        assert_eq!(*provider.provider.given.lock().unwrap(), 2);
    }
}

/// Opens the page on which an account is connected, logs in as `user`, and connects it; the page at the end.
async fn connects(browser: &mut Browser, url: &str, user: &str) -> String {
    let page = browser.consent(url, user).await;
    if !page.html.contains("value=\"connect\"") {
        return page.html;
    }
    let there = browser.answer(&page, "connect").await;
    let Led::To(named) = browser.through(&there).await else { panic!("a page shows the account") };
    assert!(named.html.contains("Ann Lee"), "{}", named.html);
    match browser.press(&named, "use").await {
        Led::To(page) => page.html,
        Led::Out(location) => panic!("the page says that it is connected; was sent to {location}"),
    }
}
