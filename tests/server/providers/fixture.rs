//! An issuer that behaves as its provider's documentation says, and a server that is set to it by its preset.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jsonwebtoken::Algorithm;
use mcp_auth::authn::{Fetch, FetchFuture, FetchRequest, Fetched};
use mcp_auth::config::process::ProcessContext;
use mcp_auth::config::provider::ProviderName;
use mcp_auth::http::{HeaderMap, StatusCode};
use mcp_auth::prelude::*;
use mcp_auth::serde_json::{self, Value, json};
use mcp_auth::testing::Answer;
use mcp_auth::{Config, Running, Server};

use crate::authorization_server::{Key, now};

/// Stands for all lines of the example that are for some only, the table `introspection` among them.
pub const INTROSPECTION: &str = "with introspection";

/// One provider.
pub struct Fixture {
    pub provider: &'static str,
    /// What stands in the example's `[[auth.issuers]]` besides.
    pub more: &'static str,
    /// Its documents by their URLs. `KEYS` in one stands for its JWK Set.
    pub documents: Vec<(&'static str, Value)>,
    pub algorithm: Algorithm,
    /// The header of its tokens besides `alg` and `kid`.
    pub header: Value,
    /// The claims of a good token, without `iat` and `exp`; or the answer about one.
    pub claims: Value,
    /// Whom a tool sees: subject, client, whether it is a program, scopes.
    pub caller: Value,
    /// Others that the same issuer signs, or calls active: what they are, and the changes; null removes, `@` stands before a
    /// member of the header.
    pub refused: Vec<(&'static str, Value)>,
}

#[derive(Clone)]
struct Todos;

#[server(name = "todos")]
impl Todos {
    /// Who calls.
    #[tool(authenticated)]
    async fn who(&self, caller: Caller) -> String {
        json!([caller.subject(), caller.client_id(), caller.is_client(), caller.scopes().to_string()])
            .to_string()
    }

    /// List the todos.
    #[tool(scope = "todos.read")]
    async fn list_todos(&self) -> &'static str {
        "water the plants"
    }
}

/// A credential that is refused.
pub enum Presented {
    /// A token of the issuer, with these changes.
    Signed(Value),
    /// This text.
    Text(&'static str),
}

/// What is written of decisions, as JSON.
#[derive(Clone, Default)]
struct AuditLog(Arc<Mutex<Vec<u8>>>);

impl AuditLog {
    /// Until the guard is dropped, of this thread.
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_env_filter("mcp_auth::audit=info")
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).expect("text")
    }
}

impl std::io::Write for AuditLog {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The documents of an issuer, and what it answers to a POST.
struct Issuer {
    documents: HashMap<String, Value>,
    /// By what the body holds.
    answers: Vec<(String, StatusCode, Value)>,
}

impl Fetch for Issuer {
    fn fetch(&self, request: FetchRequest, _: usize) -> FetchFuture<'_> {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let asked = self.answers.iter().find(|(part, ..)| !body.is_empty() && body.contains(part));
        let found = match asked {
            Some((_, status, answer)) => Some((*status, answer.clone())),
            None => {
                self.documents.get(request.url.as_str()).map(|document| (StatusCode::OK, document.clone()))
            }
        };
        let (status, body) = found.unwrap_or((StatusCode::NOT_FOUND, json!({ "error": "not found" })));
        Box::pin(
            async move { Ok(Fetched { status, headers: HeaderMap::new(), body: body.to_string().into() }) },
        )
    }
}

impl Fixture {
    /// One of this provider, whose tokens are signed with RS256 and typed `JWT`, with nothing in them yet.
    pub fn of(provider: &'static str) -> Self {
        Self {
            provider,
            more: "",
            documents: Vec::new(),
            algorithm: Algorithm::RS256,
            header: json!({ "typ": "JWT" }),
            claims: json!({}),
            caller: json!([]),
            refused: Vec::new(),
        }
    }

    /// Signed tokens: the good one is accepted, the others are not.
    pub async fn holds_for_signed_tokens(self) {
        let key = Key::new(self.algorithm, "k1");
        let set = json!({ "keys": [key.jwk()] });
        let document = |value: &Value| if value == "KEYS" { set.clone() } else { value.clone() };
        let documents = self.documents.iter().map(|(url, value)| ((*url).to_owned(), document(value)));
        let issuer = Issuer { documents: documents.collect(), answers: Vec::new() };
        let running = self.start(issuer).await;
        let good = self.token(&key, &json!({}));
        self.accepts(&running, &good).await;
        for (what, changes) in &self.refused {
            self.refuses(&running, &self.token(&key, changes), what).await;
        }
        let stranger = Key::new(self.algorithm, "k1");
        if self.algorithm != Algorithm::RS256 {
            self.refuses(&running, &self.token(&stranger, &json!({})), "a stranger's").await;
        }
    }

    /// Opaque tokens that begin so: the good one is accepted, the others are not, though they are active.
    pub async fn holds_for_opaque_tokens(self, prefix: &str) {
        let mut answers = vec![(format!("{prefix}good"), StatusCode::OK, self.answer(&json!({})))];
        for (index, (_, changes)) in self.refused.iter().enumerate() {
            answers.push((format!("{prefix}bad{index}x"), StatusCode::OK, self.answer(changes)));
        }
        answers.push((
            format!("{prefix}unknown"),
            StatusCode::NOT_FOUND,
            json!({ "active": false, "error": "invalid_token" }),
        ));
        let documents = self.documents.iter().map(|(url, value)| ((*url).to_owned(), value.clone()));
        let running = self.start(Issuer { documents: documents.collect(), answers }).await;
        self.accepts(&running, &format!("{prefix}good")).await;
        for (index, (what, _)) in self.refused.iter().enumerate() {
            self.refuses(&running, &format!("{prefix}bad{index}x"), what).await;
        }
    }

    /// What the audit says in `hint` of each of these; the client is told nothing of it, and the log nothing of the token.
    pub async fn hints(self, refused: &[Presented]) -> Vec<Option<String>> {
        let log = AuditLog::default();
        let _guard = log.listen();
        let key = Key::new(self.algorithm, "k1");
        let set = json!({ "keys": [key.jwk()] });
        let document = |value: &Value| if value == "KEYS" { set.clone() } else { value.clone() };
        let documents = self.documents.iter().map(|(url, value)| ((*url).to_owned(), document(value)));
        let answers = vec![("inactive".to_owned(), StatusCode::OK, json!({ "active": false }))];
        let running = self.start(Issuer { documents: documents.collect(), answers }).await;
        let mut hints = Vec::new();
        for presented in refused {
            let token = match presented {
                Presented::Signed(changes) => self.token(&key, changes),
                Presented::Text(text) => (*text).to_owned(),
            };
            let answer = self.call(&running, &token, "who").await;
            assert_eq!(answer.status(), 401, "{}", answer.body());
            let written = log.take();
            let event: Value = serde_json::from_str(written.trim()).expect("one event");
            let hint = event["fields"]["hint"].as_str().map(str::to_owned);
            let told = format!("{}{:?}", answer.body(), answer.header("www-authenticate"));
            assert!(hint.as_ref().is_none_or(|hint| !told.contains(hint.as_str())), "{told}");
            for part in token.split('.').filter(|part| part.len() > 8) {
                assert!(!written.contains(part), "{written}");
            }
            hints.push(hint);
        }
        hints
    }

    async fn start(&self, issuer: Issuer) -> Running {
        let provider: ProviderName = self.provider.parse().expect("a preset");
        let example = provider.provider().example();
        let example = match self.more {
            INTROSPECTION => example.replace("\n#", "\n"),
            more => example.replacen("provider ", &format!("{more}\nprovider "), 1),
        };
        let names = example.split("\"env:").skip(1).filter_map(|rest| rest.split('"').next());
        let process = names
            .fold(ProcessContext::empty(), |process, name| process.variable(name, "a-secret-of-the-test"));
        let config =
            Config::builder().process(process).toml(&example).toml("server.listen = \"127.0.0.1:0\"").build();
        let config = config.unwrap_or_else(|error| panic!("{}: {error}\n{example}", self.provider));
        let server = Server::builder(Todos).config(config).fetch(Arc::new(issuer));
        server.start().await.unwrap_or_else(|error| panic!("{}: {error}\n{example}", self.provider))
    }

    fn token(&self, key: &Key, changes: &Value) -> String {
        let mut header = self.header.clone();
        header["alg"] = format!("{:?}", self.algorithm).into();
        header["kid"] = "k1".into();
        let mut claims = self.claims.clone();
        let now = now();
        claims["iat"] = now.into();
        claims["exp"] = (now + 600).into();
        change(&mut header, &mut claims, changes);
        key.compact(&header.to_string(), claims.to_string())
    }

    fn answer(&self, changes: &Value) -> Value {
        let mut answer = self.claims.clone();
        let exp = now() + 600;
        if answer["exp"] == "TEXT" {
            answer["exp"] = exp.to_string().into();
        } else if answer["exp"] == "SOON" {
            answer["exp"] = exp.into();
        }
        change(&mut json!({}), &mut answer, changes);
        answer
    }

    async fn accepts(&self, running: &Running, token: &str) {
        let answer = self.call(running, token, "who").await;
        let caller = answer
            .text()
            .unwrap_or_else(|| panic!("{}: {} {}", self.provider, answer.status(), answer.body()));
        let caller: Value = serde_json::from_str(caller).expect("JSON");
        assert_eq!(caller, self.caller, "{}", self.provider);
        let has = self.caller[3]
            .as_str()
            .is_some_and(|scopes| scopes.split(' ').any(|scope| scope == "todos.read"));
        let listed = self.call(running, token, "list_todos").await;
        assert_eq!(listed.status(), if has { 200 } else { 403 }, "{}: {}", self.provider, listed.body());
    }

    async fn refuses(&self, running: &Running, token: &str, what: &str) {
        let answer = self.call(running, token, "who").await;
        assert_eq!(answer.status(), 401, "{}: {what}: {}", self.provider, answer.body());
        let challenge = answer.challenge().expect("a challenge");
        assert_eq!(challenge.error(), Some("invalid_token"), "{}: {what}", self.provider);
    }

    async fn call(&self, running: &Running, token: &str, tool: &str) -> Answer {
        let client = mcp_auth::testing::Client::new(format!("http://{}/mcp", running.address()));
        let client = match self.provider {
            "cloudflare-access" => client.header("cf-access-jwt-assertion", token),
            _ => client.token(token),
        };
        client.call_tool(tool, json!({})).await
    }
}

fn change(header: &mut Value, claims: &mut Value, changes: &Value) {
    for (name, value) in changes.as_object().expect("changes") {
        let (into, name) = match name.strip_prefix('@') {
            Some(name) => (&mut *header, name),
            None => (&mut *claims, name.as_str()),
        };
        let into = into.as_object_mut().expect("an object");
        match value.is_null() {
            true => into.remove(name),
            false => into.insert(name.to_owned(), value.clone()),
        };
    }
}
