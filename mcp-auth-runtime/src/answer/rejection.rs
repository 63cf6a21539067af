//! The only map from error to answer: every status code, JSON-RPC code and header of a refusal is chosen here. stdio
//! answers the same JSON-RPC error, without the HTTP around it.

use std::borrow::Cow;

use ::http::header::{ACCEPT, ACCEPT_ENCODING, ALLOW, RETRY_AFTER};
use ::http::{HeaderValue, StatusCode};
use mcp_auth_core::challenge::BearerError;
use mcp_auth_core::seen::echoed;
use mcp_auth_core::{Era, LoginTerms, Role, ScopeSet};
use rmcp::model::{ClientCapabilities, ErrorCode, ErrorData};

use super::data::Facts;
use super::row::{Rank, Row, Says};
use crate::authn::ScopePrefix;
use crate::authz::{LoginFault, login_needed};
use crate::declared::{Kind, UnfitClaims};
use crate::envelope::HeaderMismatch;
use crate::owned::{Crowded, TRY_AGAIN};

/// Why a message is not served, as the client is told.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Rejection {
    /// No credentials, and some are needed: 401 without `error` (RFC 6750 §3.1).
    Unauthenticated {
        /// The scopes that the challenge asks for.
        scopes: ScopeSet,
    },
    /// An invalid token: 401 `invalid_token`.
    InvalidToken {
        /// Why, in words that give nothing away to a stranger.
        reason: String,
        /// What else there is to know, such as which claim is missing: for the audit alone.
        detail: Option<String>,
        /// What that most often means at the identity provider: for the log alone.
        hint: Option<&'static str>,
        /// The scopes that the challenge asks for.
        scopes: ScopeSet,
    },
    /// A token that is bound to a key, without a good proof: 401 `invalid_dpop_proof` (RFC 9449 §7.1), or `use_dpop_nonce`.
    InvalidProof {
        /// What is wrong with the proof, in words that hold nothing of it.
        reason: String,
        /// Whether a nonce is all that it lacks.
        needs_nonce: bool,
        /// The scopes that the challenge asks for.
        scopes: ScopeSet,
    },
    /// A token that holds too little: 403 `insufficient_scope`.
    InsufficientScope {
        /// All the operation needs.
        required: ScopeSet,
        /// The declared scopes the token holds.
        held: ScopeSet,
    },
    /// A caller who lacks scopes that no login brings: 403 `insufficient_scope`, which names no scope to ask for.
    MissingScope {
        /// All the operation needs.
        required: ScopeSet,
        /// The declared scopes the caller holds.
        held: ScopeSet,
    },
    /// A token whose person did not log in as the operation needs: 401 `insufficient_user_authentication` (RFC 9470 §3).
    InsufficientLogin {
        /// How they have to log in.
        terms: LoginTerms,
        /// What is wrong with the login behind this token.
        fault: LoginFault,
        /// The scopes that the challenge asks for.
        scopes: ScopeSet,
    },
    /// A credential for which no person logs in, and one is needed who does: 403 without a challenge.
    NoPerson {
        /// How they would have to log in.
        terms: LoginTerms,
    },
    /// A caller whom the server's own guard refuses: 403 without a challenge.
    Refused {
        /// What the caller may read.
        reason: String,
    },
    /// Values that fill no scope that the caller holds, of a message that has no answer of its own for that: 403 without a challenge.
    Unfit {
        /// What is wrong with them.
        reason: String,
    },
    /// A caller who holds none of the roles that are needed: 403 without a challenge.
    MissingRole {
        /// The roles of which one suffices.
        any_of: Vec<Role>,
    },
    /// An `Authorization` header that cannot be read: 400 `invalid_request`.
    MalformedAuthorization {
        /// What is wrong with it.
        reason: String,
    },
    /// The issuer's keys are not available, or the issuer cannot be asked: 503, a fault of the server and not of the client.
    KeysUnavailable {
        /// When to try again, in seconds (`Retry-After`).
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
    /// A method that does not exist, or that this caller may not know of: -32601.
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
        /// The methods it does serve, as in `Allow`.
        allow: &'static str,
    },
    /// A body past the limit: 413.
    BodyTooLarge {
        /// The limit, in bytes.
        limit: usize,
        /// The key that sets it.
        key: &'static str,
    },
    /// A body of which no more is read without credentials, while they might be needed for what it asks: 401.
    TooLargeUnverified {
        /// The limit, in bytes.
        limit: usize,
        /// The scopes that the challenge asks for.
        scopes: ScopeSet,
    },
    /// A body that came too slowly: 408.
    BodyTimeout,
    /// A body that broke off: 400.
    BodyBroken,
    /// A compressed body: 415. Nothing is inflated before it is authorized.
    ContentEncoding,
    /// A body that is not JSON in UTF-8, by one `Content-Type`: 415.
    ContentType,
    /// A client that does not accept what it would be answered with: 406.
    NotAcceptable {
        /// What to send in `Accept`.
        send: &'static str,
    },
    /// A session that is not there, or not this caller's: 404.
    UnknownSession,
    /// The caller has as much as one may have: 429; or all have as much as there is: 503.
    Crowded(Crowded),
    /// The store cannot tell now to whom the session or the task belongs: 503.
    StoreUnavailable,
    /// A request without one readable `Host`, or with two: 400 (RFC 9112 §3.2).
    BadHost {
        /// What is wrong with it.
        what: &'static str,
    },
    /// An authority that this server does not answer for: 403.
    HostNotAllowed {
        /// The setting in which an operator allows one.
        setting: String,
    },
    /// A web page of an origin that may not call: 403 (MCP transports, security).
    OriginNotAllowed {
        /// The setting in which an operator allows one.
        setting: String,
    },
    /// The built-in issuer, asked from where it does not answer: 403.
    IssuerOutOfReach {
        /// What is wrong with the way.
        why: Cow<'static, str>,
    },
    /// HTTP that cannot be framed with certainty: 400 (RFC 9112 §6).
    BadFraming {
        /// What is wrong with it.
        what: &'static str,
    },
    /// A transfer coding besides `chunked`: 501 (RFC 9112 §6.1).
    TransferCoding,
    /// A header section over `limits.header_bytes`: 431.
    HeadTooLong {
        /// The limit, in bytes.
        limit: usize,
    },
    /// More header fields than `limits.headers`: 431.
    TooManyHeaders {
        /// The limit.
        limit: usize,
    },
    /// A request target longer than any server takes: 414.
    TargetTooLong,
    /// A path that nothing is at: 404.
    NothingHere {
        /// The path of the MCP endpoint.
        path: String,
    },
    /// A claim of the token that an operation takes is missing or of another shape: 403 without a challenge.
    UnfitClaims(UnfitClaims),
    /// What an operation refuses by itself: 403.
    Forbidden {
        /// Why, in the operation's words.
        text: String,
    },
    /// A message that reached dispatch without its own permit: 403. A mistake of this library.
    NoPermit,
    /// A mistake of this library; the answer gives no detail: 500.
    Internal,
}

/// Whether the error of an operation says that its caller may not, in the codes that refusals have here.
pub(crate) fn is_refusal(error: &ErrorData) -> bool {
    matches!(error.code, ErrorCode(401 | 403))
}

/// The error of a request whose method nothing answers.
pub(crate) fn unknown_method(method: &str) -> ErrorData {
    ErrorData::new(ErrorCode::METHOD_NOT_FOUND, format!("unknown method: {}", echoed(method)), None)
}

impl Rejection {
    /// What it is answered with: one row each, and no `_`, so that a new one chooses everything.
    pub(super) fn row(&self) -> Row<'_> {
        const FORBIDDEN: StatusCode = StatusCode::FORBIDDEN;
        const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;
        const UNAVAILABLE: StatusCode = StatusCode::SERVICE_UNAVAILABLE;
        match self {
            // Settled before the caller is known.
            Self::BadFraming { what } | Self::BadHost { what } => Row::new(BAD_REQUEST, Rank::Early, *what),
            Self::TransferCoding => {
                let text = "the only transfer coding that is read here is chunked";
                Row::new(StatusCode::NOT_IMPLEMENTED, Rank::Early, text)
            }
            Self::HeadTooLong { limit } => {
                let text = format!("the header section is longer than {limit} bytes (limits.header_bytes)");
                Row::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Rank::Early, text)
            }
            Self::TooManyHeaders { limit } => {
                let text = format!("the request has more than {limit} header fields (limits.headers)");
                Row::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, Rank::Early, text)
            }
            Self::TargetTooLong => {
                Row::new(StatusCode::URI_TOO_LONG, Rank::Early, "the request target is too long")
            }
            Self::NothingHere { path } => {
                let text = format!("nothing is here; the MCP endpoint of this server is at {path}");
                Row::new(StatusCode::NOT_FOUND, Rank::Early, text)
            }
            Self::HostNotAllowed { setting } => {
                let text = format!("this host is not served here; if it should be, add it to {setting}");
                Row::new(FORBIDDEN, Rank::Early, text)
            }
            Self::OriginNotAllowed { setting } => {
                let text = format!("this origin may not call this server; if it should, add it to {setting}");
                Row::new(FORBIDDEN, Rank::Early, text)
            }
            Self::IssuerOutOfReach { why } => Row::new(FORBIDDEN, Rank::Early, why.as_ref()),
            Self::BodyTooLarge { limit, key } => {
                let text = format!("the body is larger than {limit} bytes ({key})");
                Row::new(StatusCode::PAYLOAD_TOO_LARGE, Rank::Early, text)
            }
            Self::BodyTimeout => {
                let text = "the body came too slowly (limits.body_timeout)";
                Row::new(StatusCode::REQUEST_TIMEOUT, Rank::Early, text)
            }
            Self::Internal => Row::new(StatusCode::INTERNAL_SERVER_ERROR, Rank::Early, "internal error"),

            // By the credential.
            Self::Unauthenticated { scopes } => {
                Row::new(StatusCode::UNAUTHORIZED, Rank::Credential, "authentication required")
                    .says(Says::Challenge { error: None, scopes: Some(scopes) })
            }
            Self::TooLargeUnverified { limit, scopes } => {
                let text = format!(
                    "authentication required: of a body without a token only {limit} bytes are read (limits.unverified_body)"
                );
                Row::new(StatusCode::UNAUTHORIZED, Rank::Credential, text)
                    .says(Says::Challenge { error: None, scopes: Some(scopes) })
            }
            Self::InvalidToken { reason, scopes, .. } => {
                Row::new(StatusCode::UNAUTHORIZED, Rank::Credential, reason)
                    .says(Says::Challenge { error: Some(BearerError::InvalidToken), scopes: Some(scopes) })
            }
            Self::InvalidProof { reason, needs_nonce, scopes } => {
                let error = Some(match needs_nonce {
                    true => BearerError::UseDpopNonce,
                    false => BearerError::InvalidDpopProof,
                });
                Row::new(StatusCode::UNAUTHORIZED, Rank::Credential, reason)
                    .says(Says::Challenge { error, scopes: Some(scopes) })
            }
            Self::MalformedAuthorization { reason } => Row::new(BAD_REQUEST, Rank::Credential, reason)
                .says(Says::Challenge { error: Some(BearerError::InvalidRequest), scopes: None }),
            Self::KeysUnavailable { retry_after } => {
                let text = "tokens cannot be checked right now; try again";
                Row::new(UNAVAILABLE, Rank::Credential, text).header(RETRY_AFTER, (*retry_after).into())
            }

            // By the message as such.
            Self::BadMessage { code, reason } => Row::new(BAD_REQUEST, Rank::Message, reason).code(*code),
            Self::UnknownMethod { method, era } => {
                let status = match era {
                    Era::Sessions => StatusCode::OK,
                    Era::Stateless => StatusCode::NOT_FOUND,
                };
                let error = unknown_method(method);
                Row::new(status, Rank::Message, error.message).code(error.code.0)
            }
            Self::HeaderMismatch(mismatch) => Row::new(BAD_REQUEST, Rank::Message, mismatch.to_string())
                .code(mismatch.code().0)
                .says(Says::Other(mismatch.to_error_data().data)),
            Self::MethodNotAllowed { allow } => {
                let text = format!("method not allowed; this endpoint serves {allow}");
                Row::new(StatusCode::METHOD_NOT_ALLOWED, Rank::Message, text)
                    .header(ALLOW, HeaderValue::from_static(allow))
            }
            // RFC 9110 §15.5.16: a 415 about the content coding says which codings are taken.
            Self::ContentEncoding => {
                let text = "compressed bodies are not accepted; send it plain";
                Row::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Rank::Message, text)
                    .header(ACCEPT_ENCODING, HeaderValue::from_static("identity"))
            }
            Self::ContentType => {
                let text = "send one content-type: application/json, in UTF-8";
                Row::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Rank::Message, text)
                    .header(ACCEPT, HeaderValue::from_static("application/json"))
            }
            Self::NotAcceptable { send } => {
                let text =
                    format!("the answer is not in a form that the client accepts; send accept: {send}");
                Row::new(StatusCode::NOT_ACCEPTABLE, Rank::Message, text)
            }
            Self::BodyBroken => Row::new(BAD_REQUEST, Rank::Message, "the body broke off"),

            // By who wants what.
            Self::InsufficientScope { required, held } => {
                let text = format!("this needs the scope {required}");
                Row::new(FORBIDDEN, Rank::Decision, text).says(Says::Scopes { required, held })
            }
            Self::MissingScope { required, held } => {
                let text = format!("this needs the scope {required}, which no login brings");
                Row::new(FORBIDDEN, Rank::Decision, text).says(Says::Lacks { required, held })
            }
            // The caller is known, so it is said after what is wrong with the message.
            Self::InsufficientLogin { terms, fault, scopes } => {
                let text = login_needed(terms, *fault).to_string();
                Row::new(StatusCode::UNAUTHORIZED, Rank::Decision, text).says(Says::Login { terms, scopes })
            }
            Self::NoPerson { terms } => {
                let text = login_needed(terms, LoginFault::NoPerson).to_string();
                Row::new(FORBIDDEN, Rank::Decision, text)
            }
            Self::Unfit { reason } | Self::Refused { reason } => Row::new(FORBIDDEN, Rank::Decision, reason),
            // No scope is named: no token that the caller could get would hold the role.
            Self::MissingRole { any_of } => {
                let roles: Vec<&str> = any_of.iter().map(Role::as_str).collect();
                Row::new(FORBIDDEN, Rank::Decision, format!("this needs the role {}", roles.join(" or ")))
            }
            Self::Unknown { kind, name } => {
                let name = echoed(name);
                let text = format!("unknown {kind}: {name}");
                let says = if *kind == Kind::Resource { Says::Uri(name) } else { Says::Nothing };
                Row::new(StatusCode::OK, Rank::Decision, text).code(ErrorCode::INVALID_PARAMS.0).says(says)
            }
            Self::TasksNotDeclared => {
                let needed = ClientCapabilities::builder().enable_tasks().build();
                let text = "the client does not declare the tasks extension";
                Row::new(BAD_REQUEST, Rank::Decision, text)
                    .code(ErrorCode::MISSING_REQUIRED_CLIENT_CAPABILITY.0)
                    .says(Says::Other(ErrorData::missing_required_client_capability(needed).data))
            }
            Self::UnfitClaims(UnfitClaims { claim: Some(claim), is_missing: true }) => Row::new(
                FORBIDDEN,
                Rank::Decision,
                format!("the token lacks the claim `{claim}`, which this operation needs"),
            ),
            Self::UnfitClaims(UnfitClaims { claim: None, .. }) => {
                Row::new(FORBIDDEN, Rank::Decision, "the token lacks a claim this operation needs")
            }
            Self::UnfitClaims(UnfitClaims { claim: Some(claim), is_missing: false }) => {
                let text = format!("the token's claim `{claim}` is not what this operation needs");
                Row::new(FORBIDDEN, Rank::Decision, text)
            }
            Self::Forbidden { text } => Row::new(FORBIDDEN, Rank::Decision, text),
            Self::NoPermit => Row::new(FORBIDDEN, Rank::Decision, "this message was not authorized"),
            Self::UnknownSession => {
                Row::new(StatusCode::NOT_FOUND, Rank::Decision, "unknown session; initialize again")
            }
            Self::Crowded(crowded) => {
                let status = match crowded {
                    Crowded::Caller { .. } => StatusCode::TOO_MANY_REQUESTS,
                    Crowded::Server { .. } => UNAVAILABLE,
                };
                let seconds = HeaderValue::from(crowded.retry_after());
                Row::new(status, Rank::Decision, crowded.to_string()).header(RETRY_AFTER, seconds)
            }
            Self::StoreUnavailable => {
                Row::new(UNAVAILABLE, Rank::Decision, "the store is unavailable; try again later")
                    .header(RETRY_AFTER, HeaderValue::from(TRY_AGAIN))
            }
        }
    }

    /// When it is settled: an earlier rank is answered first.
    pub(crate) fn rank(&self) -> Rank {
        self.row().rank
    }

    /// One sentence for those who read the client's log.
    pub(crate) fn message(&self) -> Cow<'_, str> {
        self.row().text
    }

    /// What the audit says of it: the same, and what only the operator may know.
    pub(crate) fn audited(&self) -> Cow<'_, str> {
        match self {
            Self::InvalidToken { reason, detail: Some(detail), .. } => format!("{reason}: {detail}").into(),
            _ => self.message(),
        }
    }

    /// What it most often means at the identity provider: for the log alone.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::InvalidToken { hint, .. } => *hint,
            _ => None,
        }
    }

    /// The same refusal of a token, which is known to mean this most often.
    #[must_use]
    pub(crate) fn hinting(mut self, means: Option<&'static str>) -> Self {
        if let Self::InvalidToken { hint, .. } = &mut self {
            *hint = means;
        }
        self
    }

    /// The same refusal, its challenge naming `scopes` where it is one for those who have yet to say who they are.
    #[must_use]
    pub(crate) fn with_scopes(self, scopes: ScopeSet) -> Self {
        match self {
            Self::InvalidToken { reason, detail, hint, .. } => {
                Self::InvalidToken { reason, detail, hint, scopes }
            }
            Self::InvalidProof { reason, needs_nonce, .. } => {
                Self::InvalidProof { reason, needs_nonce, scopes }
            }
            Self::Unauthenticated { .. } => Self::Unauthenticated { scopes },
            Self::TooLargeUnverified { limit, .. } => Self::TooLargeUnverified { limit, scopes },
            other => other,
        }
    }

    /// The same, in which scopes are called what they are called at the issuer.
    pub(crate) fn asking_with(mut self, prefix: &ScopePrefix) -> Self {
        match &mut self {
            Self::Unauthenticated { scopes }
            | Self::InvalidToken { scopes, .. }
            | Self::InvalidProof { scopes, .. }
            | Self::TooLargeUnverified { scopes, .. }
            | Self::InsufficientLogin { scopes, .. } => *scopes = prefix.asked(scopes),
            Self::InsufficientScope { required, held } => {
                (*required, *held) = (prefix.asked(required), prefix.asked(held));
            }
            _ => {}
        }
        self
    }

    /// The JSON-RPC error where there is no HTTP around it: what the challenge would have said, in `data`.
    pub(crate) fn error_data(&self) -> ErrorData {
        let row = self.row();
        let challenge = row.challenge();
        let data = Facts::of(&row, challenge.as_ref(), None).to_value();
        ErrorData::new(ErrorCode(row.code), row.text.into_owned(), data)
    }
}
