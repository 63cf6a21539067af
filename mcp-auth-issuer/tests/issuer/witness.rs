//! What the issuer writes to the log while a test runs, and the secrets that the test sent and was given. When the test is over, none of
//! them may stand in the log: every test of this folder looks.
//!
//! A value is a secret unless its name says that it is not. So the next parameter is one too.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Mutex;

use http::HeaderMap;
use serde_json::Value;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::Registry;

const AUDIT: &str = "mcp_auth::audit::issuer";
/// Shorter values stand in texts by chance.
const SHORTEST: usize = 8;
/// What is not secret, by its name in a form, a query or JSON.
const PUBLIC: &[&str] = &[
    "acr",
    "acr_values",
    "amr",
    "application",
    "application_type",
    "aud",
    "client_assertion_type",
    "client_id",
    "client_name",
    "client_uri",
    "code_challenge_method",
    "crv",
    "decision",
    "error",
    "error_description",
    "error_uri",
    "grant_id",
    "grant_type",
    "grant_types",
    "iss",
    "issued_token_type",
    "jwks_uri",
    "kid",
    "logo_uri",
    "prompt",
    "redirect_uri",
    "redirect_uris",
    "registration_client_uri",
    "requested_token_type",
    "resource",
    "response_mode",
    "response_type",
    "response_types",
    "scope",
    "sub",
    "subject_token_type",
    "token_endpoint_auth_method",
    "token_type",
    "token_type_hint",
    "ui_locales",
    "user",
    "verification_uri",
];

/// One event of the log.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) target: &'static str,
    pub(crate) level: tracing::Level,
    pub(crate) fields: BTreeMap<&'static str, String>,
}

thread_local! {
    static HEARD: RefCell<Vec<Said>> = const { RefCell::new(Vec::new()) };
    /// How much of it was asked for.
    static ASKED: Cell<usize> = const { Cell::new(0) };
}

/// The audit events since this was asked last, by this thread.
pub(crate) fn audited() -> Vec<Said> {
    HEARD.with_borrow(|heard| {
        let new = heard[ASKED.replace(heard.len())..].iter();
        new.filter(|said| said.target == AUDIT).cloned().collect()
    })
}

/// Listens to every event, before the first one. Otherwise tracing may permanently disable an event that no subscriber listened to at its
/// first occurrence.
pub(crate) fn listen() {
    static LISTENING: std::sync::Once = std::sync::Once::new();
    LISTENING.call_once(|| tracing::subscriber::set_global_default(Registry::default().with(Ear)).unwrap());
}

struct Ear;

impl<S: tracing::Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        if !metadata.target().starts_with("mcp_auth") {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        let said = Said { target: metadata.target(), level: *metadata.level(), fields: fields.0 };
        HEARD.with_borrow_mut(|heard| heard.push(said));
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl tracing::field::Visit for Fields {
    fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }
}

/// The secrets of one issuer's test.
#[derive(Default)]
pub(crate) struct Secrets {
    secret: Mutex<BTreeSet<String>>,
    public: Mutex<BTreeSet<String>>,
}

impl Secrets {
    /// What a test sends.
    pub(crate) fn sent(&self, url: &str, headers: &HeaderMap, body: &str) {
        self.query(url);
        for name in ["authorization", "dpop"] {
            let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            for part in values.flat_map(|value| value.split(' ').skip(usize::from(name == "authorization"))) {
                self.secret(part);
            }
        }
        let cookies = headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
        for cookie in cookies.flat_map(|cookies| cookies.split("; ")) {
            self.secret(cookie.split_once('=').map_or("", |(_, value)| value));
        }
        self.body(body);
    }

    /// What it gets.
    pub(crate) fn given(&self, headers: &HeaderMap, body: &str) {
        for cookie in headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()) {
            let value = cookie.split_once('=').map_or("", |(_, rest)| rest);
            self.secret(value.split_once(';').map_or(value, |(value, _)| value));
        }
        if let Some(location) = headers.get("location").and_then(|value| value.to_str().ok()) {
            self.query(location);
        }
        for name in ["csrf", "login", "begun"] {
            for after in body.split(&format!("name=\"{name}\" value=\"")).skip(1) {
                self.secret(after.split_once('"').map_or("", |(value, _)| value));
            }
        }
        for after in body.split("<li><code class=\"url\">").skip(1) {
            self.secret(after.split_once('<').map_or("", |(value, _)| value));
        }
        for after in body.split("?secret=").skip(1) {
            self.secret(after.split_once('&').map_or("", |(value, _)| value));
        }
        self.body(body);
    }

    fn query(&self, url: &str) {
        if let Some((_, query)) = url.split_once('?') {
            self.form(query);
        }
    }

    fn body(&self, body: &str) {
        match serde_json::from_str::<Value>(body) {
            Ok(value) => self.json("", &value),
            Err(_) if !body.starts_with('<') => self.form(body),
            Err(_) => {}
        }
    }

    fn form(&self, form: &str) {
        for (name, value) in url::form_urlencoded::parse(form.as_bytes()) {
            self.named(&name, &value);
        }
    }

    fn json(&self, name: &str, value: &Value) {
        match value {
            Value::String(text) => self.named(name, text),
            Value::Array(all) => all.iter().for_each(|value| self.json(name, value)),
            Value::Object(all) => all.iter().for_each(|(name, value)| self.json(name, value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn named(&self, name: &str, value: &str) {
        match PUBLIC.contains(&name) || name.ends_with("_supported") {
            true => self.public(value),
            false => self.secret(value),
        }
    }

    pub(crate) fn public(&self, text: &str) {
        self.public.lock().unwrap().insert(text.to_owned());
    }

    /// A secret, and each part of one that has parts.
    pub(crate) fn secret(&self, text: &str) {
        let parts = text.split('.').chain([text]).filter(|part| part.len() >= SHORTEST);
        self.secret.lock().unwrap().extend(parts.map(str::to_owned));
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let (secret, public) = (self.secret.get_mut().unwrap(), self.public.get_mut().unwrap());
        let secret: Vec<_> =
            secret.iter().filter(|text| !public.iter().any(|public| public.contains(*text))).collect();
        HEARD.with_borrow(|heard| {
            for said in heard {
                for (field, value) in &said.fields {
                    let found = secret.iter().find(|secret| value.contains(**secret));
                    assert!(found.is_none(), "{found:?} stands in the log: {field} of {said:?}");
                }
            }
        });
    }
}

#[test]
fn c19_a_test_fails_whose_secret_stands_in_the_log_and_no_other() {
    listen();
    let look = |secret: &str| {
        let secrets = Secrets::default();
        secrets.sent(&format!("/a?state={secret}&client_id=a-public-one"), &HeaderMap::new(), "");
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| drop(secrets))).is_ok()
    };
    tracing::info!(target: "mcp_auth_issuer", said = "of a-public-one: some-secret-of-somebody", "x");
    assert!(look("another-secret") && look("a-public-one"));
    assert!(!look("some-secret-of-somebody"));
}
