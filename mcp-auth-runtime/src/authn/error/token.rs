//! Why a presented credential was not accepted.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::seen::Excerpt;

use super::keys::{KeysError, chain};
use super::presented::Fault;
use crate::authn::dpop::ProofError;
use crate::authn::verifier::api_key::ApiKeyError;
use crate::authn::verifier::introspection::error::IntrospectionError;

/// Why a presented token was not accepted. The text is for the log: it names the rule and, where that settles
/// the matter, an identifier the token carries; never the token, a signature or any other claim.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than 16 KiB.
    #[error("token is {bytes} bytes, at most {max}")]
    TooLong {
        /// Length of the token, in bytes.
        bytes: usize,
        /// The limit it exceeds, in the same unit.
        max: usize,
    },
    /// No configured kind of credential is like this; it was sent nowhere.
    #[error("token is not of a kind that this server accepts")]
    Unclaimed,
    /// Not three parts of base64url around two JSON objects (RFC 7515 §7.1).
    #[error("token is not a compact JWS: {0}")]
    Malformed(&'static str),
    /// The JOSE header has a parameter we must not pass over (RFC 7515 §4).
    #[error("token header `{parameter}` {fault}")]
    JoseHeader {
        /// The header parameter.
        parameter: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// `alg` is not one that this issuer, or the token's key, may be used with (RFC 8725 §3.1).
    #[error("token algorithm is not allowed for its issuer and its key")]
    Algorithm,
    /// `typ` is that of another kind of token (RFC 9068 §4, RFC 8725 §3.11).
    #[error("token type {0} is not that of an access token")]
    Type(Excerpt),
    /// `iss` does not equal a configured issuer, byte for byte.
    #[error("token issuer {0} is not configured; issuers are compared byte for byte")]
    UnknownIssuer(Excerpt),
    /// What its issuer says of it has no `iss`, and could be about several issuers.
    #[error(
        "its issuer's answer has no `iss`, and more than one of the names of its issuer could be meant; where all of them mean \
         the same subjects, shared_subjects says so, and tenant_claim names the claim of a tenant"
    )]
    UnsaidIssuer,
    /// The issuer has no key with this `kid`.
    #[error("issuer has no key with the token's kid")]
    UnknownKey,
    /// No key of the issuer made this signature.
    #[error("token signature is wrong")]
    Signature,
    /// A required claim is absent.
    #[error("token claim `{0}` is absent")]
    MissingClaim(&'static str),
    /// A claim has the wrong shape.
    #[error("token claim `{claim}` {fault}")]
    Claim {
        /// The claim.
        claim: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The claim that names the subject is absent or has the wrong shape, where it is not `sub`.
    #[error("token claim `{claim}`, which names the subject, {fault}")]
    Subject {
        /// The claim, by the configuration's name for it.
        claim: String,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// A claim does not say what the issuer's `require_claims` asks for.
    #[error("token claim `{claim}` does not say what require_claims of its issuer asks for")]
    RequiredClaim {
        /// The claim, as the configuration writes it.
        claim: String,
    },
    /// A claim says what the issuer's `refuse_claims` names.
    #[error("token claim `{claim}` says what refuse_claims of its issuer names")]
    RefusedClaim {
        /// The claim, as the configuration writes it.
        claim: String,
    },
    /// The claim that names the tenant does not say the one that `iss` names.
    #[error("token claim `{claim}` is not the tenant that its issuer names")]
    Tenant {
        /// The claim, as the configuration writes it.
        claim: String,
    },
    /// `aud` holds none of our resource indicators (RFC 8707 §2, RFC 9068 §4).
    #[error("token audience is {0}, not one of this server; audiences are compared byte for byte")]
    Audience(Excerpt),
    /// `aud` names others too, and the issuer is set to `single_audience`.
    #[error("token is for several audiences, its issuer is set to one")]
    SeveralAudiences,
    /// `exp` plus the clock skew has passed (RFC 9068 §4).
    #[error("token expired {ago_secs}s ago")]
    Expired {
        /// How long ago, without the skew.
        ago_secs: u64,
    },
    /// `nbf` or `iat` less the clock skew has not come yet (RFC 7519 §4.1.5, §4.1.6).
    #[error(
        "token is not valid yet: its `{claim}` is {in_secs}s ahead; do the clocks of its issuer and this server agree?"
    )]
    NotYetValid {
        /// Which of the two.
        claim: &'static str,
        /// How long until then, without the skew.
        in_secs: u64,
    },
    /// It lives longer than the issuer's `max_token_lifetime`.
    #[error("token lives {lifetime_secs}s, its issuer is set to at most {max_secs}s")]
    LivesTooLong {
        /// `exp - iat`, or `exp - now` without `iat`.
        lifetime_secs: u64,
        /// The limit it exceeds, in the same unit.
        max_secs: u64,
    },
    /// `cnf`: bound to a key of its sender, so it cannot come as a bearer token (RFC 9449 §7.2, RFC 8705 §3).
    #[error("token is sender-constrained (cnf) and was presented as a bearer token")]
    SenderConstrained,
    /// It is not bound to a key, and came with a proof, or from an issuer whose tokens must be bound (`dpop`).
    #[error("token is not bound to a key (cnf.jkt)")]
    Unbound,
    /// It is not bound to a client certificate, and its issuer's tokens must be (`certificate_bound`).
    #[error(
        "token is not bound to a client certificate (cnf.x5t#S256), and its issuer is set to certificate_bound = \"required\""
    )]
    NoBoundCertificate,
    /// It is bound to a client certificate, and the request came without one (RFC 8705 §3).
    #[error("token is bound to a client certificate (cnf.x5t#S256), and the request came without one")]
    NoCertificate,
    /// It is bound to another client certificate than the one that the request came with (RFC 8705 §3).
    #[error("token is bound to another client certificate (cnf.x5t#S256) than the one of this request")]
    OtherCertificate,
    /// The proof beside it does not show that its client sent it (RFC 9449 §4.3).
    #[error("{0}")]
    Proof(#[from] ProofError),
    /// An ID token (OpenID Connect Core §3.1.3.6): it says who logged in, not who may call.
    #[error("token is an ID token, not an access token")]
    IdToken,
    /// A verifier of the program's own does not accept it.
    #[error("credential is not accepted by the program's verifier {name:?}")]
    Program {
        /// The name of the verifier.
        name: Arc<str>,
    },
    /// An operator denied it (`[[auth.deny]]`).
    #[error("credential is denied by auth.deny")]
    Denied,
    /// The built-in issuer revoked it, in this process or another one on its store.
    #[error("token was revoked")]
    Revoked,
    /// Our trouble, not the client's: what the built-in issuer revoked was not read for too long.
    #[error("the store cannot tell now whether the token was revoked")]
    RevocationsUnavailable {
        /// When to come back.
        retry_after: Duration,
    },
    /// Its client is not one of the issuer's `allowed_clients`.
    #[error("token client is not allowed")]
    Client,
    /// It bears the prefix of an API key, and is not accepted as one.
    #[error(transparent)]
    ApiKey(#[from] ApiKeyError),
    /// Its issuer was asked, and says that it is not active: expired, revoked, or never made (RFC 7662 §2.2).
    #[error("token is not active, says its issuer")]
    Inactive,
    /// Our trouble, not the client's: the issuer could not be asked about it, or did not say.
    #[error("the issuer did not say whether the token is active: {}", chain(&**cause))]
    NotAnswered {
        /// When to come back.
        retry_after: Duration,
        /// What went wrong.
        cause: Arc<IntrospectionError>,
    },
    /// Our trouble, not the client's: whether its proof was used before cannot be told.
    #[error("the store cannot tell now whether a proof was used")]
    StoreUnavailable {
        /// When to come back.
        retry_after: Duration,
    },
    /// A verifier of the program's own cannot check credentials now.
    #[error("the program's verifier {name:?} cannot check credentials now")]
    ProgramUnavailable {
        /// The name of the verifier.
        name: Arc<str>,
        /// When to come back.
        retry_after: Duration,
    },
    /// Our trouble, not the client's: the issuer's keys were never loaded, are too old, or could not be asked for
    /// a key that the token names.
    #[error("issuer keys unavailable")]
    KeysUnavailable {
        /// When to come back.
        retry_after: Duration,
        /// What went wrong last, if an attempt was made.
        #[source]
        cause: Option<Arc<KeysError>>,
    },
}

impl TokenError {
    /// Whose fault it is.
    pub(in crate::authn) fn fault(&self) -> Fault {
        match self {
            Self::Proof(error) => Fault::InvalidProof { needs_nonce: error.needs_nonce() },
            other => {
                let unavailable = |retry_after| Fault::Unavailable { retry_after };
                other.retry_after().map_or(Fault::InvalidToken, unavailable)
            }
        }
    }

    /// When to come back, where it is our trouble and not the token's: no token can be checked now.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::KeysUnavailable { retry_after, .. }
            | Self::StoreUnavailable { retry_after }
            | Self::RevocationsUnavailable { retry_after }
            | Self::NotAnswered { retry_after, .. }
            | Self::ProgramUnavailable { retry_after, .. } => Some(*retry_after),
            Self::TooLong { .. }
            | Self::Unclaimed
            | Self::Malformed(_)
            | Self::JoseHeader { .. }
            | Self::Algorithm
            | Self::Type(_)
            | Self::UnknownIssuer(_)
            | Self::UnsaidIssuer
            | Self::UnknownKey
            | Self::Signature
            | Self::MissingClaim(_)
            | Self::Claim { .. }
            | Self::Subject { .. }
            | Self::RequiredClaim { .. }
            | Self::RefusedClaim { .. }
            | Self::Tenant { .. }
            | Self::Audience(_)
            | Self::SeveralAudiences
            | Self::Expired { .. }
            | Self::NotYetValid { .. }
            | Self::LivesTooLong { .. }
            | Self::SenderConstrained
            | Self::Unbound
            | Self::NoBoundCertificate
            | Self::NoCertificate
            | Self::OtherCertificate
            | Self::Proof(_)
            | Self::IdToken
            | Self::Inactive
            | Self::Client
            | Self::Denied
            | Self::Revoked
            | Self::Program { .. }
            | Self::ApiKey(_) => None,
        }
    }

    /// What the client may read, as [`AuthnError::description`] says.
    pub fn description(&self) -> &'static str {
        match self {
            Self::TooLong { .. } => "the token is too long",
            Self::Unclaimed | Self::Malformed(_) | Self::JoseHeader { .. } => "the token is malformed",
            Self::Algorithm => "the token's algorithm is not allowed",
            Self::Type(_) | Self::IdToken => "the token is not an access token",
            Self::UnknownIssuer(_) => "the token's issuer is not trusted here",
            Self::UnknownKey => "the token's key is unknown",
            Self::Signature => "the token's signature is wrong",
            Self::MissingClaim(_) | Self::UnsaidIssuer => "the token lacks a required claim",
            Self::Claim { .. } | Self::Subject { .. } => "the token has a malformed claim",
            Self::RequiredClaim { .. } | Self::RefusedClaim { .. } | Self::Tenant { .. } => {
                "a claim of the token is not what this server asks for"
            }
            Self::Audience(_) | Self::SeveralAudiences => "the token is not for this resource",
            Self::Expired { .. } => "the token expired",
            Self::NotYetValid { .. } => {
                "the token is not valid yet: check the clocks of its issuer and of this server"
            }
            Self::LivesTooLong { .. } => "the token lives too long",
            Self::Denied => "the token is not accepted any more",
            Self::Revoked => "the token was revoked",
            Self::Program { .. } => "the token is not accepted",
            Self::SenderConstrained => "the token is bound to its sender's key",
            Self::Unbound => "the token is not bound to a key",
            Self::NoBoundCertificate => "the token is not bound to a client certificate",
            Self::NoCertificate => {
                "the token is bound to a client certificate and the request came without one"
            }
            Self::OtherCertificate => "the token is bound to another client certificate",
            Self::Proof(error) => error.description(),
            Self::Client => "the token's client is not allowed",
            Self::ApiKey(error) => error.description(),
            Self::Inactive => "the token is not active",
            Self::StoreUnavailable { .. }
            | Self::RevocationsUnavailable { .. }
            | Self::KeysUnavailable { .. }
            | Self::NotAnswered { .. }
            | Self::ProgramUnavailable { .. } => "tokens cannot be checked right now",
        }
    }

    /// One of each kind, for tests that walk all of them, here and in the command's.
    #[doc(hidden)]
    pub fn one_of_each() -> Vec<Self> {
        let e = || Excerpt::of("x");
        let cause = Some(Arc::new(KeysError::NoUsableKey { skipped: 1, first: None }));
        let mut all = vec![
            Self::TooLong { bytes: 2, max: 1 },
            Self::Unclaimed,
            Self::Malformed("x"),
            Self::JoseHeader { parameter: "x", fault: "y" },
            Self::Algorithm,
            Self::Type(e()),
            Self::UnknownIssuer(e()),
            Self::UnsaidIssuer,
            Self::UnknownKey,
            Self::Signature,
            Self::MissingClaim("x"),
            Self::Claim { claim: "x", fault: "y" },
            Self::Subject { claim: "x".into(), fault: "y" },
            Self::RequiredClaim { claim: "x".into() },
            Self::RefusedClaim { claim: "x".into() },
            Self::Tenant { claim: "x".into() },
            Self::Audience(e()),
            Self::SeveralAudiences,
            Self::Expired { ago_secs: 1 },
            Self::NotYetValid { claim: "x", in_secs: 1 },
            Self::LivesTooLong { lifetime_secs: 2, max_secs: 1 },
            Self::SenderConstrained,
            Self::Unbound,
            Self::NoBoundCertificate,
            Self::NoCertificate,
            Self::OtherCertificate,
            Self::IdToken,
            Self::Program { name: "x".into() },
            Self::ProgramUnavailable { name: "x".into(), retry_after: Duration::from_secs(1) },
            Self::StoreUnavailable { retry_after: Duration::from_secs(1) },
            Self::Denied,
            Self::Revoked,
            Self::RevocationsUnavailable { retry_after: Duration::from_secs(1) },
            Self::Client,
            ApiKeyError::Malformed(mcp_auth_core::InvalidApiKey::Prefix).into(),
            ApiKeyError::Malformed(mcp_auth_core::InvalidApiKey::Checksum).into(),
            ApiKeyError::Unknown.into(),
            ApiKeyError::Expired { name: "ci".to_owned(), ago_secs: 1, for_addresses: false }.into(),
            ApiKeyError::Address { name: "ci".to_owned(), from: None }.into(),
            Self::Inactive,
            Self::NotAnswered {
                retry_after: Duration::from_secs(1),
                cause: Arc::new(IntrospectionError::Crowded),
            },
            Self::KeysUnavailable { retry_after: Duration::from_secs(1), cause },
        ];
        all.extend(ProofError::one_of_each().into_iter().map(Self::Proof));
        all
    }
}
