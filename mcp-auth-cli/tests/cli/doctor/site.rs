//! A correct MCP server with its authorization server, on two free ports, which a test can change. It is written
//! without mcp-auth, so that doctor is tested against independent code.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth::ambient::SystemClock;
use mcp_auth::testing::{TestIssuer, Token};
use mcp_auth_tests::site::Served;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::process::{mcp_auth, stdout};

/// How both servers behave; a test changes one thing.
pub(crate) struct Plan {
    pub(crate) url: String,
    pub(crate) issuer: String,
    pub(crate) metadata: Value,
    pub(crate) metadata_at_path: bool,
    pub(crate) metadata_at_root: bool,
    /// Status of the answer to a request without a token; with 200 every caller is accepted.
    pub(crate) refusal: u16,
    pub(crate) challenge: Option<String>,
    pub(crate) body: Option<(&'static str, String)>,
    pub(crate) redirect: Option<String>,
    pub(crate) exposes_challenge: bool,
    /// The challenge that a call of the tool `write_note` gets.
    pub(crate) tool_challenge: Option<String>,
    pub(crate) issuer_metadata: Value,
    pub(crate) issuer_found: bool,
    pub(crate) jwks: Value,
    /// How many seconds the server's clock is ahead.
    pub(crate) ahead: i64,
    /// The resource identifier that the server looks for in `aud`; empty for a server that wants none.
    pub(crate) audience: String,
    /// Whether it looks at signatures at all.
    pub(crate) checks_signatures: bool,
    /// The `error_description` for a token that is refused; else one that repeats the token, as some servers do.
    pub(crate) says: Option<String>,
}

/// A running site.
pub(crate) struct Site {
    pub(crate) url: String,
    /// The address where the server listens, as `host:port`.
    pub(crate) address: String,
    pub(crate) issuer: TestIssuer,
    _serving: [Served; 2],
}

/// The output of doctor with `--json`.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) json: Value,
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

impl Site {
    pub(crate) async fn start(change: impl FnOnce(&mut Plan)) -> Self {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let authorization = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = server.local_addr().unwrap().to_string();
        let origin = format!("http://{address}");
        let issuer_url = format!("http://{}", authorization.local_addr().unwrap());
        let issuer = TestIssuer::new(issuer_url.clone(), Arc::new(SystemClock));
        let mut plan = good(&origin, &issuer_url, &issuer);
        change(&mut plan);
        let url = plan.url.clone();
        let plan = Arc::new(plan);
        let mcp = Router::new().fallback(mcp_server).with_state(Arc::clone(&plan));
        let login = Router::new().fallback(authorization_server).with_state(plan);
        let serving = [Served::on(server, mcp), Served::on(authorization, login)];
        Self { url, address, issuer, _serving: serving }
    }

    /// A token that this server accepts for reading notes.
    pub(crate) fn token(&self) -> Token {
        self.issuer.token("alice", &self.url).scope("notes.read")
    }

    pub(crate) async fn doctor(&self) -> Report {
        doctor(&self.url, &[], None).await
    }

    pub(crate) async fn doctor_with(&self, token: impl Into<String>, arguments: &[&str]) -> Report {
        doctor(&self.url, arguments, Some(token.into())).await
    }
}

/// Runs doctor with `--json`; the token is passed in the environment.
pub(crate) async fn doctor(url: &str, arguments: &[&str], token: Option<String>) -> Report {
    let mut command = mcp_auth();
    command.args(["doctor", url, "--json"]).args(arguments);
    if let Some(token) = &token {
        command.env("DOCTORS_TOKEN", token).args(["--token", "env:DOCTORS_TOKEN"]);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = stdout(&output);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let json = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}{errors}"));
    let report = Report { json, code: output.status.code(), text: text + &errors };
    if let Some(token) = token {
        report.holds_nothing_of(&token);
    }
    report
}

impl Report {
    pub(crate) fn step(&self, id: &str) -> &Value {
        let steps = self.json["steps"].as_array().unwrap();
        steps.iter().find(|step| step["step"] == id).unwrap_or_else(|| panic!("no step {id}"))
    }

    pub(crate) fn verdict(&self, id: &str) -> &str {
        self.step(id)["verdict"].as_str().unwrap()
    }

    pub(crate) fn with_verdict(&self, verdict: &str) -> Vec<&Value> {
        let steps = self.json["steps"].as_array().unwrap();
        steps.iter().filter(|step| step["verdict"] == verdict).collect()
    }

    /// Checks that doctor finds the mistake at this step, names it as the cause, and says the fix.
    #[track_caller]
    pub(crate) fn names(&self, id: &str, verdict: &str, seen: &str, fix: &str) {
        let step = self.step(id);
        assert_eq!(step["verdict"], verdict, "{}", self.text);
        assert!(step["seen"].as_str().unwrap().contains(seen), "{step}");
        assert!(step["fix"].as_str().unwrap().contains(fix), "{step}");
        assert!(step["source"].as_str().is_some_and(|source| !source.is_empty()));
        let diagnosis = &self.json["diagnosis"];
        assert_eq!(diagnosis["step"], id, "{}", self.text);
        assert!(diagnosis["text"].as_str().unwrap().contains(seen), "{diagnosis}");
        assert!(diagnosis["fix"].as_str().unwrap().contains(fix), "{diagnosis}");
        let expected = i32::from(verdict == "fail");
        assert_eq!(self.code, Some(expected), "{}", self.text);
        assert_eq!(self.json["exit"], expected);
    }

    /// As [`names`](Self::names), and checks that nothing else failed or warned.
    #[track_caller]
    pub(crate) fn names_only(&self, id: &str, verdict: &str, seen: &str, fix: &str) {
        self.names(id, verdict, seen, fix);
        let others = self.with_verdict("fail").into_iter().chain(self.with_verdict("warn"));
        let others: Vec<&Value> = others.filter(|step| step["step"] != id).collect();
        assert!(others.is_empty(), "{others:#?}");
    }

    #[track_caller]
    pub(crate) fn is_healthy(&self) {
        assert!(
            self.with_verdict("fail").is_empty() && self.with_verdict("warn").is_empty(),
            "{}",
            self.text
        );
        assert_eq!(self.code, Some(0));
        assert!(
            self.json["diagnosis"]["text"].as_str().unwrap().starts_with("nothing is wrong"),
            "{}",
            self.text
        );
    }

    #[track_caller]
    fn holds_nothing_of(&self, token: &str) {
        for secret in token.split('.').chain([token]).filter(|part| part.len() > 8) {
            assert!(!self.text.contains(secret), "the output holds a part of the token");
        }
    }
}

fn good(origin: &str, issuer_url: &str, issuer: &TestIssuer) -> Plan {
    let url = format!("{origin}/mcp");
    let metadata_url = format!("{origin}/.well-known/oauth-protected-resource/mcp");
    Plan {
        metadata: json!({
            "resource": url, "authorization_servers": [issuer_url],
            "scopes_supported": ["notes.read", "notes.write"], "bearer_methods_supported": ["header"],
        }),
        metadata_at_path: true,
        metadata_at_root: false,
        refusal: 401,
        challenge: Some(format!("Bearer resource_metadata=\"{metadata_url}\", scope=\"notes.read\"")),
        body: None,
        redirect: None,
        exposes_challenge: true,
        tool_challenge: Some(format!(
            "Bearer error=\"insufficient_scope\", scope=\"notes.write\", resource_metadata=\"{metadata_url}\""
        )),
        issuer_metadata: json!({
            "issuer": issuer_url,
            "authorization_endpoint": format!("{issuer_url}/authorize"),
            "token_endpoint": format!("{issuer_url}/token"),
            "registration_endpoint": format!("{issuer_url}/register"),
            "jwks_uri": format!("{issuer_url}/jwks"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
        }),
        issuer_found: true,
        jwks: issuer.jwks(),
        ahead: 0,
        audience: url.clone(),
        checks_signatures: true,
        says: None,
        issuer: issuer_url.to_owned(),
        url,
    }
}

async fn mcp_server(
    State(plan): State<Arc<Plan>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let date = SystemTime::now() + Duration::from_secs(plan.ahead.max(0).unsigned_abs())
        - Duration::from_secs(plan.ahead.min(0).unsigned_abs());
    let mut response = match uri.path() {
        "/.well-known/oauth-protected-resource/mcp" if plan.metadata_at_path => json_of(200, &plan.metadata),
        "/.well-known/oauth-protected-resource" if plan.metadata_at_root => json_of(200, &plan.metadata),
        "/mcp" | "/mcp/" if method == Method::OPTIONS => preflight(),
        "/mcp" | "/mcp/" => endpoint(&plan, &headers, &body),
        _ => status(404),
    };
    let headers = response.headers_mut();
    headers.insert("date", httpdate::fmt_http_date(date).parse().unwrap());
    headers.insert("access-control-allow-origin", "*".parse().unwrap());
    if plan.exposes_challenge {
        headers.insert("access-control-expose-headers", "WWW-Authenticate".parse().unwrap());
    }
    response
}

fn endpoint(plan: &Plan, headers: &HeaderMap, body: &[u8]) -> Response<Body> {
    if let Some(location) = &plan.redirect {
        let mut response = status(307);
        response.headers_mut().insert("location", location.parse().unwrap());
        return response;
    }
    if let Some((media_type, body)) = &plan.body {
        let mut response = Response::new(Body::from(body.clone()));
        *response.status_mut() = plan.refusal.try_into().unwrap();
        response.headers_mut().insert("content-type", media_type.parse().unwrap());
        return response;
    }
    let token =
        headers.get("authorization").map(|value| value.to_str().unwrap().trim_start_matches("Bearer "));
    match token {
        None if plan.refusal == 200 => answer(plan, body, &["notes.read"]),
        None => {
            let mut response = status(plan.refusal);
            if let Some(challenge) = &plan.challenge {
                response.headers_mut().insert("www-authenticate", challenge.parse().unwrap());
            }
            response
        }
        Some(token) => match scopes_of(plan, token) {
            Some(scopes) => answer(plan, body, &scopes.split(' ').collect::<Vec<_>>()),
            None => {
                // Where the error repeats the token, doctor must not print it.
                let says = plan.says.clone().unwrap_or_else(|| format!("bad token {token}"));
                let challenge = format!("Bearer error=\"invalid_token\", error_description=\"{says}\"");
                let mut response = status(401);
                response.headers_mut().insert("www-authenticate", challenge.parse().unwrap());
                response
            }
        },
    }
}

/// The scopes of a token, if it is for this server, from its issuer, not expired, and signed with a known key.
fn scopes_of(plan: &Plan, token: &str) -> Option<String> {
    let mut parts = token.split('.').map(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let header: Value = serde_json::from_slice(&parts.next()??).ok()?;
    let claims: Value = serde_json::from_slice(&parts.next()??).ok()?;
    // What doctor puts in place of a signature.
    let is_signed = parts.next()??.iter().any(|byte| *byte != 0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64 + plan.ahead;
    let is_known = plan.jwks["keys"].as_array()?.iter().any(|key| key["kid"] == header["kid"]);
    let is_for_it = match plan.audience.as_str() {
        "" => claims.get("aud").is_none(),
        audience => claims["aud"] == audience,
    };
    let is_good = is_for_it
        && claims["iss"] == plan.issuer.as_str()
        && claims["exp"].as_i64()? > now
        && is_known
        && (is_signed || !plan.checks_signatures);
    is_good.then(|| claims["scope"].as_str().unwrap_or_default().to_owned())
}

fn answer(plan: &Plan, body: &[u8], scopes: &[&str]) -> Response<Body> {
    let message: Value = serde_json::from_slice(body).unwrap_or_default();
    let result = match message["method"].as_str().unwrap_or_default() {
        "server/discover" => json!({ "supportedVersions": ["2026-07-28", "2025-11-25"], "capabilities": {} }),
        "initialize" => json!({
            "protocolVersion": "2025-11-25", "capabilities": {}, "serverInfo": { "name": "notes", "version": "0" },
        }),
        "tools/list" => json!({ "tools": [{ "name": "list_notes" }, { "name": "write_note" }] }),
        "tools/call" if message["params"]["name"] == "write_note" && !scopes.contains(&"notes.write") => {
            let mut response = status(403);
            if let Some(challenge) = &plan.tool_challenge {
                response.headers_mut().insert("www-authenticate", challenge.parse().unwrap());
            }
            return response;
        }
        "tools/call" if message["params"]["name"] == "list_notes" => json!({ "content": [] }),
        "notifications/initialized" => return status(202),
        _ => {
            let error = json!({ "code": -32602, "message": "unknown tool" });
            return json_of(200, &json!({ "jsonrpc": "2.0", "id": message["id"], "error": error }));
        }
    };
    json_of(200, &json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }))
}

async fn authorization_server(State(plan): State<Arc<Plan>>, headers: HeaderMap, uri: Uri) -> Response<Body> {
    assert!(!headers.contains_key("authorization"), "the token was sent to the authorization server");
    match uri.path() {
        "/.well-known/oauth-authorization-server" if plan.issuer_found => json_of(200, &plan.issuer_metadata),
        "/jwks" => json_of(200, &plan.jwks),
        _ => status(404),
    }
}

fn preflight() -> Response<Body> {
    let mut response = status(204);
    let allowed = "authorization, content-type, mcp-protocol-version, mcp-method, mcp-name";
    response.headers_mut().insert("access-control-allow-headers", allowed.parse().unwrap());
    response
}

fn status(status: u16) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status.try_into().unwrap();
    response
}

fn json_of(code: u16, value: &Value) -> Response<Body> {
    let mut response = status(code);
    *response.body_mut() = Body::from(value.to_string());
    response.headers_mut().insert("content-type", "application/json".parse().unwrap());
    response
}
