//! Who is calling. In reading order: `credential` (what a request presents),
//! `api_key_header` (the other place where a key may stand), `authenticator` (the way of a
//! credential), `verifier` (one implementation of [`Verify`] for each kind of credential), `confirmation` (what a
//! credential is bound to), `binding_mode` (whether tokens may or must be bound), `binding` (its check against each request), `dpop` (proofs of the key that a token is bound to), `roles` (which roles the claims of a credential
//! give), `scope_prefix` (what issuers write in front of scopes), `cache` (credentials that were verified a moment ago), `deny` (credentials
//! that are refused although they verify), `recheck` (credentials that are asked about again while something is open), `revoked` (tokens that the built-in issuer revoked), `principal` (who it is, as everything after this folder
//! knows it), `claims_set` (what its credential says), `login` (how its person logged in), `sender` (who sent a request, as far as its connection says), `certificate` (that of a client), `identity` (a principal, or anonymous), `actor` (who acts for it), `local` (the caller of a stdio server without a credential),
//! `signed_text` (a JWT that is not an access token), `caller` (what a tool sees), `opaque_key` (how callers are told apart), `foresight` (what can be said before anyone is asked), `fetch` (how documents of issuers are
//! fetched). `error` says everything that can be wrong, and whose fault it is, `hint` what it most often means at an identity
//! provider. Nothing here knows of tools, or of HTTP statuses we answer.

mod actor;
pub(crate) mod api_key_header;
mod authenticator;
mod binding;
mod binding_mode;
mod cache;
pub(crate) mod caller;
mod certificate;
mod claims_set;
mod confirmation;
pub(crate) mod credential;
mod deny;
mod dpop;
pub(crate) mod error;
pub(crate) mod fetch;
mod foresight;
pub(crate) mod hint;
mod identity;
pub(crate) mod local;
mod login;
mod opaque_key;
mod principal;
mod recheck;
mod revoked;
mod roles;
mod scope_prefix;
mod sender;
mod signed_text;
pub(crate) mod verifier;

#[cfg(test)]
pub(crate) mod tests;

pub use actor::Actor;
pub use authenticator::Authenticator;
pub use binding_mode::BindingMode;
pub use cache::CacheBounds;
pub(crate) use cache::CredentialHash;
pub use caller::Caller;
pub use certificate::CertificateFormat;
pub(crate) use certificate::{CertificateFault, CertificateThumbprint};
pub use credential::Credential;
pub use deny::DeniedIssued;
pub(crate) use deny::{Denied, DenyList, DenyRule};
pub use dpop::algorithms as proof_algorithms;
pub use dpop::{Dpop, ProofError, TokenProof, TokenProofs};
pub(crate) use error::Fault;
pub use error::{AuthnError, FetchError, TokenError};
pub use fetch::{Fetch, HttpFetch};
pub(crate) use fetch::{is_plain_from, may_ask};
pub(crate) use foresight::Foresight;
pub(crate) use hint::{Aud, Hint, Hinted, Hints, Sign, looks_like};
pub use identity::Identity;
pub use login::Login;
pub use principal::Held;
pub(crate) use principal::{Facts, Principal, Via};
pub(crate) use revoked::{RevocationPace, Revocations};
pub(crate) use roles::{RoleGrants, RoleRule, RoleRules};
pub(crate) use scope_prefix::ScopePrefix;
pub(crate) use sender::Sender;
pub use signed_text::{SignedText, verifies};
pub use verifier::api_key::{
    API_KEY_ISSUER, ApiKeyDigest, ApiKeyError, ApiKeyRules, ApiKeyVerifier, InvalidDigest,
};
pub(crate) use verifier::claims::{ACR_CLAIM, AUTH_TIME_CLAIM, DEFAULT_CLIENT_CLAIMS, SUBJECT_CLAIM};
pub use verifier::claims::{ANY_TENANT, Accepted, Tenant, TokenRules};
pub use verifier::claims::{ClaimAt, ClaimTest, ClaimTests};
pub(crate) use verifier::introspection::{AssertionKey, both_could_be_asked};
pub use verifier::introspection::{
    ClientAuth, IntrospectionKind, IntrospectionRules, IntrospectionVerifier, InvalidKey, Reach,
};
pub(crate) use verifier::jwt::{A_YEAR, RefusedAlgorithm};
pub use verifier::jwt::{
    Algorithm, Assertion, AssertionIssuer, Examined, InvalidKeys, IssuerRules, JwtVerifier, JwtVerifierError,
    KeySource, KnownKeys, MalformedJwt, NotAsserted, OwnKeys, PublicKeys, ReadingKeys, SignatureError,
    UnverifiedJwt, VerifiedJwt, examine, freshness_lifetime, has_private_member,
};
pub use verifier::jwt::{IssuerMetadata, KeyRefresh, Unpublished};
pub use verifier::{CredentialFacts, CredentialFuture, CredentialVerifier, RefusedCredential};
pub(crate) use verifier::{IssuerState, LoadFailure, PROGRAM_ISSUER, ProgramVerifier, Verify};

pub(crate) use opaque_key::opaque_key;

#[cfg(test)]
pub(crate) use tests::principals::{holder, holder_of, holder_until, principal_by, principal_of};
