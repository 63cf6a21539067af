//! Which JWTs are not assertions of a profile: what was made for one purpose is not taken for another (RFC 8725 §3.11).

use serde_json::{Map, Value};

/// Why an assertion is not one of its issuer's profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotOfProfile {
    #[error("the assertion does not have the typ oauth-id-jag+jwt")]
    OtherTypeThanIdJag,
    #[error("the assertion does not name the client that presents it in client_id")]
    OtherClient,
    #[error("the assertion does not name this server, and no other, in resource")]
    OtherResource,
    #[error("the assertion has no iat")]
    NoIat,
    #[error("the assertion has no jti of 1 to 256 bytes")]
    NoJti,
    #[error("the assertion names an actor, which is not supported")]
    Actor,
    #[error("the assertion has authorization_details, which are not supported")]
    AuthorizationDetails,
    #[error("the assertion names a tenant, which is not supported")]
    Tenant,
    #[error("the assertion says its scopes in scp, and not in scope")]
    ScopesInScp,
    #[error("the assertion has a scope that is not a string")]
    MalformedScope,
    #[error("the assertion has a sub that is too long")]
    LongSubject,
    #[error("the assertion has another typ than JWT")]
    OtherTypeThanJwt,
    #[error("the assertion is not of a workload that is listed")]
    UnlistedWorkload,
    #[error("the assertion is of an issuer that is not trusted with workloads")]
    NoWorkloads,
    #[error("the assertion is an ID token")]
    IdToken,
}

/// Claims by which an ID token is known (OpenID Connect Core 1.0 §2, §3.3.2.11).
const OF_ID_TOKENS: [&str; 4] = ["nonce", "at_hash", "c_hash", "azp"];

/// Refuses an ID token: it says who logged in, to the client that the person used.
pub(super) fn refuse_id_token(claims: &Map<String, Value>) -> Result<(), NotOfProfile> {
    match OF_ID_TOKENS.iter().any(|claim| claims.contains_key(*claim)) {
        true => Err(NotOfProfile::IdToken),
        false => Ok(()),
    }
}
