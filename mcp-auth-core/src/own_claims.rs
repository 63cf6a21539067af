//! What tokens of an issuer in this process say in a way of our own.

/// The claim in which an issuer in this process names roles of the configuration: a list of their names. Tokens of others may
/// say what they like there.
pub const ROLES_CLAIM: &str = "urn:mcp-auth:roles";

/// The claim in which an issuer in this process names the grant that a token came of, so that it can be revoked with it.
pub const GRANT_CLAIM: &str = "grant_id";

/// Whether the built-in issuer writes this claim into every token itself, or what it says means more than a value.
pub fn is_of_every_token(claim: &str) -> bool {
    const WRITTEN: [&str; 16] = [
        "iss",
        "sub",
        "aud",
        "exp",
        "nbf",
        "iat",
        "jti",
        "client_id",
        "azp",
        "scope",
        "cnf",
        "act",
        "auth_time",
        "at_hash",
        "c_hash",
        GRANT_CLAIM,
    ];
    WRITTEN.contains(&claim) || claim == ROLES_CLAIM
}
