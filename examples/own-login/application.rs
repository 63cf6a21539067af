//! The application: its users, its sessions, and the three routes by which its MCP server takes its login.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use mcp_auth::ambient::{Clock as _, Random as _, SystemClock, SystemRandom};
use mcp_auth::config::SecretText;
use mcp_auth::own_login::{Answer, Request, SharedKey, cancelled};
use mcp_auth::serde_json::{Value, json};
use mcp_auth::url::form_urlencoded;

/// Users and their passwords, for demonstration. An application has its own way to keep and to compare them.
const USERS: [(&str, &str, &str); 2] =
    [("user-1", "ann", "lamps and chairs"), ("user-2", "bob", "tables and rugs")];

/// An application with users of its own.
#[derive(Clone)]
pub(crate) struct Application(Arc<Inner>);

struct Inner {
    /// The issuer identifier of the MCP server that it answers. It is configured: an address from a request could be anybody's.
    issuer: String,
    /// Its own origin.
    origin: String,
    key: SharedKey,
    /// By which the MCP server shows itself when it asks who has an account.
    check_secret: SecretText,
    sessions: Mutex<HashMap<String, Session>>,
}

/// Who is logged in at a browser, and since when.
#[derive(Clone, Copy)]
struct Session {
    user: &'static str,
    name: &'static str,
    auth_time: u64,
}

impl Application {
    pub(crate) fn new(issuer: &str, origin: &str, key: SharedKey, check_secret: SecretText) -> Self {
        let (issuer, origin) = (issuer.to_owned(), origin.to_owned());
        Self(Arc::new(Inner { issuer, origin, key, check_secret, sessions: Mutex::default() }))
    }

    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/mcp-login", get(show).post(log_in))
            .route("/mcp-login/check", post(check))
            .with_state(self)
    }

    /// Sends the browser back to the MCP server with a signed answer.
    fn answer(&self, request: &Request, session: Session) -> Response {
        let answer = Answer {
            issuer: &self.0.issuer,
            application: &self.0.origin,
            transaction: &request.transaction,
            subject: session.user,
            auth_time: session.auth_time,
            name: Some(session.name),
            acr: None,
            amr: &["pwd"],
        };
        see_other(answer.location(&self.0.key, SystemClock.unix_now()))
    }

    /// Who is logged in at this browser.
    fn session(&self, headers: &HeaderMap) -> Option<Session> {
        let cookies = headers.get_all(COOKIE).into_iter().filter_map(|cookies| cookies.to_str().ok());
        let mut pairs =
            cookies.flat_map(|cookies| cookies.split("; ")).filter_map(|pair| pair.split_once('='));
        let id = pairs.find(|(name, _)| *name == "application-session")?.1;
        self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied()
    }

    /// Logs a user in at a browser; returns the value of its cookie.
    fn begin(&self, session: Session) -> String {
        let mut id = [0; 32];
        SystemRandom.fill(&mut id);
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut sessions = self.0.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.insert(id.clone(), session);
        id
    }
}

/// `GET /mcp-login`: the MCP server sent a person here. One who is logged in already goes straight back, unless a newer login is asked for.
async fn show(State(application): State<Application>, uri: Uri, headers: HeaderMap) -> Response {
    let Some(request) = Request::read(uri.query().unwrap_or_default()) else {
        return (StatusCode::BAD_REQUEST, "this page is opened by the MCP server").into_response();
    };
    match application.session(&headers) {
        Some(session) if request.takes(session.auth_time, SystemClock.unix_now()) => {
            application.answer(&request, session)
        }
        _ => form(&request, ""),
    }
}

/// `POST /mcp-login`: the application's own login form. The request of the MCP server is in the query still.
async fn log_in(State(application): State<Application>, uri: Uri, body: String) -> Response {
    let Some(request) = Request::read(uri.query().unwrap_or_default()) else {
        return (StatusCode::BAD_REQUEST, "this page is opened by the MCP server").into_response();
    };
    let fields: HashMap<String, String> = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    if field("cancel") == "yes" {
        return see_other(cancelled(&application.0.issuer, &request.transaction));
    }
    let known =
        USERS.iter().find(|(_, name, password)| *name == field("user") && *password == field("password"));
    let Some((user, name, _)) = known else {
        return form(&request, "<p role=alert>That did not work. Try again.</p>");
    };
    let session = Session { user, name, auth_time: SystemClock.unix_now() };
    let cookie =
        format!("application-session={}; Path=/; HttpOnly; SameSite=Lax", application.begin(session));
    let mut response = application.answer(&request, session);
    if let Ok(cookie) = cookie.parse() {
        response.headers_mut().insert(SET_COOKIE, cookie);
    }
    response
}

/// `POST /mcp-login/check`: the MCP server asks whether a user still has an account.
async fn check(State(application): State<Application>, headers: HeaderMap, body: String) -> Response {
    let bearer = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    if bearer.map(SecretText::new).as_ref() != Some(&application.0.check_secret) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let asked: Value = mcp_auth::serde_json::from_str(&body).unwrap_or_default();
    let active = USERS.iter().any(|(user, ..)| asked["sub"] == *user);
    json!({ "active": active }).to_string().into_response()
}

/// The login form. Its action is this page with the same query, so that the answer is for the same login.
fn form(request: &Request, notice: &str) -> Response {
    // What the MCP client calls itself is a stranger's text.
    let client = escaped(request.client_name.as_deref().unwrap_or("An application"));
    let user = escaped(request.login_hint.as_deref().unwrap_or_default());
    let page = format!(
        "<!doctype html><title>Log in</title><h1>Log in to the shop</h1>{notice}\
         <p>{client} wants to use the shop for you. After this page you are asked what it may do.</p>\
         <form method=post><input name=user value=\"{user}\" autocomplete=username>\
         <input name=password type=password autocomplete=current-password><button>Log in</button></form>\
         <form method=post><button name=cancel value=yes>Cancel</button></form>"
    );
    let headers = [
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("cache-control", "no-store"),
    ];
    (headers, Html(page)).into_response()
}

fn see_other(location: String) -> Response {
    // The answer stands in the address: it is not kept, and no referrer passes it on.
    let headers =
        [(LOCATION, location), (CACHE_CONTROL, "no-store".into()), (REFERRER_POLICY, "no-referrer".into())];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
