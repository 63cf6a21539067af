//! The only map from error to answer: every status code, JSON-RPC code and challenge of the gate is chosen
//! here. stdio answers the same JSON-RPC error, without the HTTP around it (`http`).

mod http;

use ::http::StatusCode;
use rmcp::model::{ClientCapabilities, ErrorCode, ErrorData};
use serde_json::Value;

use crate::authn::{AuthnError, Fault};
use crate::authz::{Connect, Denied};
use crate::declared::Kind;
use crate::envelope::{Envelope, EnvelopeError, HeaderMismatch};
use mcp_auth_core::challenge::{BearerError, Challenge, Scheme};
use mcp_auth_core::{Era, ScopeSet};
use mcp_auth_store::StoreError;

/// Why a message is not served, as the client is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Rejection {
    /// No credentials, and some are needed: 401 without `error` (RFC 6750 §3.1).
    Unauthenticated {
        /// What to ask for.
        scopes: ScopeSet,
    },
    /// A token that is no good: 401 `invalid_token`.
    InvalidToken {
        /// Why, in words fit for strangers.
        reason: String,
        /// What to ask for.
        scopes: ScopeSet,
    },
    /// A token that holds too little: 403 `insufficient_scope`.
    InsufficientScope {
        /// All the operation needs.
        required: ScopeSet,
        /// The declared scopes the token holds.
        held: ScopeSet,
    },
    /// An `Authorization` header that cannot be read: 400 `invalid_request`.
    MalformedAuthorization {
        /// What is wrong with it.
        reason: String,
    },
    /// The issuer's keys cannot be had: 503, our trouble and not the client's.
    KeysUnavailable {
        /// When to come back, in seconds.
        retry_after: u64,
    },
    /// An operation that does not exist, or that this caller may not know of: -32602 in a 200, as rmcp
    /// answers unknown names.
    Unknown {
        /// What kind of thing it was taken for.
        kind: Kind,
        /// What the message named.
        name: String,
    },
    /// A method that this caller may not know of: -32601, as rmcp answers unknown methods.
    UnknownMethod {
        /// What the message named.
        method: String,
        /// Before 2026-07-28 it is said in a 200: 404 would end the session.
        era: Era,
    },
    /// A body that is not one well-formed JSON-RPC message: 400.
    BadMessage {
        /// -32700, -32600 or -32602.
        code: i32,
        /// What is wrong with it.
        reason: String,
    },
    /// A `tasks/…` request of a client that does not say it can follow tasks: 400 and -32021 (SEP-2663).
    TasksNotDeclared,
    /// Headers that contradict the body: 400 and -32020 (SEP-2243).
    HeaderMismatch(HeaderMismatch),
    /// A method the endpoint does not serve: 405.
    MethodNotAllowed {
        /// What it does serve.
        allow: &'static str,
    },
    /// A body past the limit: 413.
    BodyTooLarge,
    /// A body that came too slowly: 408.
    BodyTimeout,
    /// A body that broke off: 400.
    BodyBroken,
    /// A compressed body: 415. Nothing is inflated before it is authorized.
    ContentEncoding,
    /// A session that is not there, or not this caller's: 404.
    UnknownSession,
    /// As many sessions as `limits.sessions` allows: 503.
    TooManySessions,
    /// Whose the session is, or the task, cannot be said now: 503.
    StoreUnavailable,
}

impl Rejection {
    /// What a denied message is answered. A task that is unknown to this caller is no news to a client that
    /// could not follow it.
    pub fn of(denied: &Denied, message: &Envelope) -> Self {
        match denied {
            Denied::Unknown { kind: Kind::Task, .. }
                if message.era() == Era::Stateless && !message.declares_tasks =>
            {
                Self::TasksNotDeclared
            }
            denied => Self::from(denied).for_era(message.era()),
        }
    }

    /// The same refusal, its challenge naming `scopes`.
    #[must_use]
    pub fn with_scopes(self, wanted: ScopeSet) -> Self {
        match self {
            Self::InvalidToken { reason, .. } => Self::InvalidToken { reason, scopes: wanted },
            Self::Unauthenticated { .. } => Self::Unauthenticated { scopes: wanted },
            other => other,
        }
    }

    /// Whether it is answered even to who would get 401 otherwise: it was settled before anybody was asked.
    pub fn outranks_401(&self) -> bool {
        matches!(self, Self::BodyTooLarge | Self::BodyTimeout)
    }

    /// The same refusal, to a client of `era`.
    #[must_use]
    pub fn for_era(self, era: Era) -> Self {
        match self {
            Self::UnknownMethod { method, .. } => Self::UnknownMethod { method, era },
            other => other,
        }
    }

    /// Whether an anonymous caller is answered 401 instead, because nothing is served to it anyway.
    pub fn yields_to_401(&self, connect: Connect) -> bool {
        connect == Connect::Authenticated
            && matches!(
                self,
                Self::BadMessage { .. }
                    | Self::UnknownMethod { .. }
                    | Self::HeaderMismatch(_)
                    | Self::ContentEncoding
                    | Self::BodyBroken
                    | Self::MethodNotAllowed { .. }
            )
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Unauthenticated { .. } | Self::InvalidToken { .. } => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope { .. } => StatusCode::FORBIDDEN,
            Self::KeysUnavailable { .. } | Self::TooManySessions | Self::StoreUnavailable => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::Unknown { .. } | Self::UnknownMethod { era: Era::Sessions, .. } => StatusCode::OK,
            Self::UnknownMethod { era: Era::Stateless, .. } => StatusCode::NOT_FOUND,
            Self::MalformedAuthorization { .. }
            | Self::BadMessage { .. }
            | Self::TasksNotDeclared
            | Self::HeaderMismatch(_)
            | Self::BodyBroken => StatusCode::BAD_REQUEST,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::ContentEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::UnknownSession => StatusCode::NOT_FOUND,
        }
    }

    /// The challenge, where RFC 6750 §3 wants one.
    pub fn challenge(&self) -> Option<Challenge> {
        let (error, scopes) = match self {
            Self::Unauthenticated { scopes } => (None, scopes.clone()),
            Self::InvalidToken { scopes, .. } => (Some(BearerError::InvalidToken), scopes.clone()),
            Self::InsufficientScope { required, held } => {
                (Some(BearerError::InsufficientScope), required.iter().chain(held).cloned().collect())
            }
            Self::MalformedAuthorization { .. } => (Some(BearerError::InvalidRequest), ScopeSet::new()),
            _ => return None,
        };
        let error = error.map(|error| (error, self.message()));
        Some(Challenge { scheme: Scheme::Bearer, error, scopes })
    }

    /// The JSON-RPC error code. 401 and 403 lie outside the range JSON-RPC reserves.
    pub fn code(&self) -> i32 {
        match self {
            Self::BadMessage { code, .. } => *code,
            Self::TasksNotDeclared => ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY.0,
            Self::HeaderMismatch(mismatch) => mismatch.code().0,
            Self::Unknown { .. } => -32602,
            Self::UnknownMethod { .. } => -32601,
            other => i32::from(other.status().as_u16()),
        }
    }

    /// One sentence for whoever reads the client's log.
    pub fn message(&self) -> String {
        match self {
            Self::Unauthenticated { .. } => "authentication required".to_owned(),
            Self::InvalidToken { reason, .. }
            | Self::MalformedAuthorization { reason }
            | Self::BadMessage { reason, .. } => reason.clone(),
            Self::TasksNotDeclared => "the client does not declare the tasks extension".to_owned(),
            Self::HeaderMismatch(mismatch) => mismatch.to_string(),
            Self::InsufficientScope { required, .. } => format!("this needs the scope {required}"),
            Self::KeysUnavailable { .. } => "the issuer's keys are unavailable; try again".to_owned(),
            Self::Unknown { kind, name } => format!("unknown {kind}: {name}"),
            Self::UnknownMethod { method, .. } => method.clone(),
            Self::MethodNotAllowed { allow } => format!("method not allowed; this endpoint serves {allow}"),
            Self::BodyTooLarge => "the body is larger than this server takes".to_owned(),
            Self::BodyTimeout => "the body came too slowly".to_owned(),
            Self::BodyBroken => "the body broke off".to_owned(),
            Self::ContentEncoding => "compressed bodies are not accepted; send it plain".to_owned(),
            Self::UnknownSession => "unknown session; initialize again".to_owned(),
            Self::TooManySessions => "too many open sessions; try again later".to_owned(),
            Self::StoreUnavailable => "the store is unavailable; try again later".to_owned(),
        }
    }

    /// The same facts as the challenge, for clients that read bodies: RFC 6750's words as members.
    pub(crate) fn data(&self, resource_metadata: Option<&str>) -> Option<Value> {
        let challenge = self.challenge();
        let facts = self.facts(challenge.as_ref(), resource_metadata);
        if facts.is_empty() { None } else { serde_json::to_value(facts).ok() }
    }

    /// The same, as it is written; `challenge` is this rejection's own.
    fn facts<'a>(
        &'a self,
        challenge: Option<&'a Challenge>,
        resource_metadata: Option<&'a str>,
    ) -> Facts<'a> {
        let mut facts = Facts::default();
        if let Some(challenge) = challenge {
            facts.error = challenge.error.as_ref().map(|(error, _)| error.code());
            facts.scope = Some(&challenge.scopes).filter(|scopes| !scopes.is_empty()).map(AsText);
            facts.resource_metadata = resource_metadata;
        }
        match self {
            Self::TasksNotDeclared => {
                let needed = ClientCapabilities::builder().enable_tasks().build();
                facts.other = ErrorData::missing_required_client_capability(needed).data;
            }
            Self::HeaderMismatch(mismatch) => facts.other = mismatch.to_error_data().data,
            Self::InsufficientScope { required, held } => {
                (facts.required, facts.held) = (Some(required), Some(held));
            }
            Self::Unknown { kind: Kind::Resource, name } => facts.uri = Some(name),
            _ => {}
        }
        facts
    }

    /// The JSON-RPC error on stdio: what the challenge would have said, in `data`.
    pub(crate) fn error_data(&self) -> ErrorData {
        ErrorData::new(ErrorCode(self.code()), self.message(), self.data(None))
    }
}

/// `data` of a JSON-RPC error: each member where it says something.
#[derive(Debug, Default, PartialEq, serde::Serialize)]
pub(crate) struct Facts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<AsText<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_metadata: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    required: Option<&'a ScopeSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<&'a ScopeSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    uri: Option<&'a str>,
    /// What another specification says stands here.
    #[serde(flatten)]
    other: Option<Value>,
}

impl Facts<'_> {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Scopes as one string, separated by spaces.
#[derive(Debug, PartialEq)]
struct AsText<'a>(&'a ScopeSet);

impl serde::Serialize for AsText<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self.0)
    }
}

/// The status of a JSON-RPC error that a handler answered (MCP 2026-07-28 Streamable HTTP): 200 but for what is about
/// the request itself; before 2026-07-28 always 200.
pub(crate) fn status_of_error(code: ErrorCode, era: Era) -> StatusCode {
    match code {
        _ if era == Era::Sessions => StatusCode::OK,
        ErrorCode::UNSUPPORTED_PROTOCOL_VERSION
        | ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY
        | ErrorCode::HEADER_MISMATCH => StatusCode::BAD_REQUEST,
        ErrorCode::METHOD_NOT_FOUND => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

impl From<&Denied> for Rejection {
    fn from(denied: &Denied) -> Self {
        match denied {
            Denied::Unauthenticated { scopes } => Self::Unauthenticated { scopes: scopes.clone() },
            Denied::InsufficientScope { required, held } => {
                Self::InsufficientScope { required: required.clone(), held: held.clone() }
            }
            Denied::Unknown { kind: Kind::Method, name } => {
                Self::UnknownMethod { method: name.clone(), era: Era::Stateless }
            }
            Denied::Unknown { kind, name } => Self::Unknown { kind: *kind, name: name.clone() },
        }
    }
}

impl From<&EnvelopeError> for Rejection {
    fn from(error: &EnvelopeError) -> Self {
        Self::BadMessage { code: error.code().0, reason: error.to_string() }
    }
}

impl From<&AuthnError> for Rejection {
    fn from(error: &AuthnError) -> Self {
        let reason = error.description().to_owned();
        match error.fault() {
            Fault::InvalidRequest => Self::MalformedAuthorization { reason },
            Fault::InvalidToken => Self::InvalidToken { reason, scopes: ScopeSet::new() },
            Fault::Unavailable { retry_after } => {
                Self::KeysUnavailable { retry_after: retry_after.as_secs().max(1) }
            }
        }
    }
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        tracing::error!(cause = %error.cause(), "{error}");
        Self::StoreUnavailable
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The JSON-RPC error object, over HTTP or on stdio.
    fn error_object(rejection: &Rejection, resource_metadata: Option<&str>) -> Value {
        let mut error = rejection.error_data();
        error.data = rejection.data(resource_metadata);
        serde_json::to_value(error).unwrap()
    }

    fn scopes(text: &str) -> ScopeSet {
        ScopeSet::parse_lossy(text)
    }

    #[test]
    fn insufficient_scope_says_the_same_in_the_challenge_and_in_the_body() {
        let rejection = Rejection::InsufficientScope { required: scopes("write"), held: scopes("read") };
        assert_eq!((rejection.status().as_u16(), rejection.code()), (403, 403));
        assert_eq!(rejection.challenge().unwrap().scopes.to_string(), "read write");
        assert_eq!(
            error_object(&rejection, Some("https://x/.well-known/oauth-protected-resource")),
            json!({
                "code": 403,
                "message": "this needs the scope write",
                "data": {
                    "error": "insufficient_scope", "scope": "read write", "required": ["write"], "held": ["read"],
                    "resource_metadata": "https://x/.well-known/oauth-protected-resource",
                },
            })
        );
    }

    #[test]
    fn on_stdio_the_data_names_no_metadata() {
        let rejection = Rejection::Unauthenticated { scopes: scopes("read") };
        assert_eq!(
            error_object(&rejection, None),
            json!({ "code": 401, "message": "authentication required", "data": { "scope": "read" } })
        );
    }

    #[test]
    fn jwks_outage_answers_503_not_401_and_carries_no_challenge() {
        let unavailable = Rejection::KeysUnavailable { retry_after: 3 };
        assert_eq!(unavailable.status().as_u16(), 503);
        assert!(unavailable.challenge().is_none());
    }

    #[test]
    fn a_hidden_method_answers_as_rmcp_answers_an_unknown_one() {
        let denied = Denied::Unknown { kind: Kind::Method, name: "acme/hidden".to_owned() };
        let [now, before] = [Era::Stateless, Era::Sessions].map(|era| Rejection::from(&denied).for_era(era));
        assert_eq!((now.status().as_u16(), before.status().as_u16()), (404, 200));
        for rejection in [now, before] {
            assert_eq!(error_object(&rejection, None), json!({ "code": -32601, "message": "acme/hidden" }));
        }
    }

    #[test]
    fn an_unknown_resource_names_its_uri() {
        let unknown = Rejection::Unknown { kind: Kind::Resource, name: "a://b".to_owned() };
        assert_eq!(error_object(&unknown, None)["data"]["uri"], "a://b");
        assert_eq!((unknown.status().as_u16(), unknown.code()), (200, -32602));
    }

    #[test]
    fn what_was_settled_before_anybody_was_asked_outranks_401() {
        for earlier in [Rejection::BodyTooLarge, Rejection::BodyTimeout] {
            assert!(earlier.outranks_401(), "{earlier:?}");
        }
        for later in [Rejection::BodyBroken, Rejection::ContentEncoding, Rejection::UnknownSession] {
            assert!(!later.outranks_401(), "{later:?}");
        }
    }

    #[test]
    fn an_unknown_task_asks_a_modern_client_for_the_capability_it_did_not_declare() {
        let denied = Denied::Unknown { kind: Kind::Task, name: "t".to_owned() };
        let get = |meta: Value| {
            let params = json!({ "taskId": "t", "_meta": meta });
            let text =
                json!({ "jsonrpc": "2.0", "id": 1, "method": "tasks/get", "params": params }).to_string();
            let envelope = crate::envelope::read(&text.into(), crate::envelope::EnvelopeLimits::default());
            Rejection::of(&denied, &envelope.unwrap())
        };
        let modern = |capabilities: Value| {
            json!({
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientCapabilities": capabilities,
            })
        };
        let refused = get(modern(json!({})));
        assert_eq!((refused.status().as_u16(), refused.code()), (400, -32021));
        let tasks = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
        assert_eq!(error_object(&refused, None)["data"]["requiredCapabilities"], tasks);
        for told in [modern(tasks), json!({})] {
            assert_eq!(get(told).code(), -32602);
        }
    }

    #[test]
    fn only_what_is_wrong_with_the_message_yields_to_401_and_only_where_connecting_needs_a_token() {
        let bad = Rejection::BadMessage { code: -32700, reason: String::new() };
        assert!(bad.yields_to_401(Connect::Authenticated));
        assert!(!bad.yields_to_401(Connect::Anonymous));
        for earlier in [Rejection::BodyTooLarge, Rejection::BodyTimeout] {
            assert!(!earlier.yields_to_401(Connect::Authenticated), "{earlier:?}");
        }
    }
}
