//! Why the caller of a request could not be verified, and whose fault that is.

use std::fmt;
use std::time::Duration;

use super::token::TokenError;
use crate::authn::certificate::CertificateFault;

/// Why the caller of a request could not be verified.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AuthnError {
    /// No credential can be read from the request.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The credential is not accepted.
    #[error(transparent)]
    Token(#[from] TokenError),
}

impl AuthnError {
    /// Whose fault it is.
    pub fn fault(&self) -> Fault {
        match self {
            Self::Credential(_) => Fault::InvalidRequest,
            Self::Token(error) => error.fault(),
        }
    }

    /// What the client is not told and who reads the audit should know: which claim is missing or malformed, and how, but
    /// never its value; which API key it was.
    pub fn detail(&self) -> Option<String> {
        match self {
            Self::Token(TokenError::ApiKey(error)) => Some(error.to_string()),
            Self::Token(TokenError::MissingClaim(claim)) => Some(format!("`{claim}`")),
            Self::Token(TokenError::Claim { claim, fault }) => Some(format!("`{claim}` {fault}")),
            Self::Token(TokenError::Subject { claim, fault }) => Some(format!("`{claim}` {fault}")),
            Self::Token(TokenError::Tenant { claim }) => Some(format!("`{claim}`, by tenant_claim")),
            Self::Token(TokenError::RequiredClaim { claim }) => Some(format!("`{claim}`, by require_claims")),
            Self::Token(TokenError::RefusedClaim { claim }) => Some(format!("`{claim}`, by refuse_claims")),
            Self::Token(_) | Self::Credential(_) => None,
        }
    }

    /// What the client may read: an `error_description` (`%x20-21 / %x23-5B / %x5D-7E`, RFC 6750 §3), fixed
    /// per cause, with nothing of the credential in it.
    pub fn description(&self) -> &'static str {
        match self {
            Self::Credential(CredentialError::Repeated) => "the request holds more than one credential",
            Self::Credential(CredentialError::NotOneKey) => "the X-API-Key header does not hold one API key",
            Self::Credential(CredentialError::NotTokenAlone) => {
                "the header that carries the token does not hold one token alone"
            }
            Self::Credential(CredentialError::NotAscii | CredentialError::NotOneToken) => {
                "the Authorization header is not one scheme and one token"
            }
            Self::Credential(CredentialError::ClientCertificate(fault)) => fault.description(),
            Self::Token(error) => error.description(),
        }
    }
}

/// Why no credential can be read from a request (RFC 6750 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CredentialError {
    /// Two credentials: the header occurs twice or holds two, or the query or a form names another.
    Repeated,
    /// Bytes outside ASCII.
    NotAscii,
    /// The Bearer scheme without exactly one b64token.
    NotOneToken,
    /// Anything but one b64token in the header that `auth.token_header` names.
    NotTokenAlone,
    /// An `X-API-Key` header that is empty, holds bytes outside ASCII, or more than one word.
    NotOneKey,
    /// The certificate of the client cannot be read.
    ClientCertificate(CertificateFault),
}

impl fmt::Display for CredentialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientCertificate(fault) => return fault.fmt(f),
            Self::Repeated => "request holds more than one credential",
            Self::NotAscii => "authorization header holds bytes outside ascii",
            Self::NotOneToken => {
                "authorization header is not `Bearer` and one b64token (RFC 6750 section 2.1)"
            }
            Self::NotTokenAlone => "header that auth.token_header names does not hold one b64token alone",
            Self::NotOneKey => "x-api-key header does not hold one API key",
        })
    }
}

impl std::error::Error for CredentialError {}

/// Whose fault an [`AuthnError`] is, in RFC 6750 §3.1's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `invalid_request`: the request is malformed.
    InvalidRequest,
    /// `invalid_token`: another token may do.
    InvalidToken,
    /// `invalid_dpop_proof` (RFC 9449 §7.1): the token may do, with a proof that is good.
    InvalidProof {
        /// `use_dpop_nonce` instead (RFC 9449 §9): with a nonce that the answer brings.
        needs_nonce: bool,
    },
    /// Ours: no token can be checked now.
    Unavailable {
        /// When to come back; at least one second.
        retry_after: Duration,
    },
}

#[cfg(test)]
mod tests {
    use super::super::token::TokenError;
    use super::*;

    fn one_of_each() -> Vec<AuthnError> {
        use CredentialError::{ClientCertificate, NotAscii, NotOneKey, NotOneToken, NotTokenAlone, Repeated};
        let headers = [Repeated, NotAscii, NotOneToken, NotTokenAlone, NotOneKey];
        let tokens = TokenError::one_of_each().into_iter().map(AuthnError::from);
        let certificates = CertificateFault::one_of_each().map(ClientCertificate);
        headers.into_iter().chain(certificates).map(AuthnError::from).chain(tokens).collect()
    }

    #[test]
    fn the_list_of_one_of_each_leaves_out_no_kind() {
        let list = format!("{:?}", TokenError::one_of_each());
        for (source, name) in [
            (include_str!("token.rs"), "TokenError"),
            (include_str!("../verifier/api_key/error.rs"), "ApiKeyError"),
            (include_str!("../dpop/error.rs"), "ProofError"),
        ] {
            let body = source.split(&format!("pub enum {name} {{\n")).nth(1).expect("the enum");
            let body = body.split("\n}\n").next().expect("its end");
            let lines = body.lines().filter_map(|line| line.strip_prefix("    "));
            let kinds = lines.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
            let kinds: Vec<&str> =
                kinds.filter_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric()).next()).collect();
            assert!(kinds.len() > 3, "{kinds:?}");
            for kind in kinds {
                assert!(list.contains(kind), "{name}::{kind} is not in the list");
            }
        }
    }

    #[test]
    fn a17_every_description_is_safe_in_a_challenge() {
        for error in one_of_each() {
            let text = error.description();
            let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
            assert!(!text.is_empty() && text.bytes().all(allowed), "{text}");
        }
    }

    #[test]
    fn only_the_header_is_a_bad_request_and_only_an_issuer_that_cannot_be_asked_is_our_fault() {
        for error in one_of_each() {
            let expected = match error {
                AuthnError::Credential(_) => Fault::InvalidRequest,
                AuthnError::Token(
                    TokenError::KeysUnavailable { retry_after, .. }
                    | TokenError::StoreUnavailable { retry_after }
                    | TokenError::RevocationsUnavailable { retry_after }
                    | TokenError::NotAnswered { retry_after, .. }
                    | TokenError::ProgramUnavailable { retry_after, .. },
                ) => Fault::Unavailable { retry_after },
                AuthnError::Token(TokenError::Proof(error)) => {
                    Fault::InvalidProof { needs_nonce: error.needs_nonce() }
                }
                _ => Fault::InvalidToken,
            };
            assert_eq!(error.fault(), expected, "{error}");
        }
    }
}
