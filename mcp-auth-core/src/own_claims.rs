//! What tokens of an issuer in this process say in a way of our own.

/// The claim in which an issuer in this process names roles of the configuration: a list of their names. Tokens of others may
/// say what they like there.
pub const ROLES_CLAIM: &str = "urn:mcp-auth:roles";

/// The claim in which an issuer in this process names the grant that a token came of, so that it can be revoked with it.
pub const GRANT_CLAIM: &str = "grant_id";

/// The client that the person allowed it, in a token that another client got in exchange (RFC 8693).
pub const GRANTED_TO_CLAIM: &str = "granted_to";

/// The times of the newest revocations that the issuer knew of when it issued the token, by what was revoked: an object of Unix seconds.
pub const KNOWN_REVOCATIONS_CLAIM: &str = "known_revocations";

/// The newest of these times, as releases before wrote and read it. It does not tell what was revoked then, so it counts for nothing any more.
pub const AFTER_REVOCATION_CLAIM: &str = "after_revocation";

/// When the person logged in that a token is for (RFC 9068 §2.2.1). What a client gets for itself does not say it.
pub const AUTH_TIME_CLAIM: &str = "auth_time";

/// What `acr` says of a login with a password alone, with accounts of the built-in issuer.
pub const ACR_BY_PASSWORD: &str = "urn:mcp-auth:pwd";

/// The same of a login with two factors: a password and a second one, or a passkey whose authenticator verified its person.
pub const ACR_BY_TWO_FACTORS: &str = "urn:mcp-auth:mfa";

/// What `acr` can say of a login with an account, the strongest first. Both also where a second factor is required: the login at which a person
/// sets it up is by their password alone, and so were logins before it was required; and an application that asks for a password alone is told
/// that it has got that.
pub const ACR_VALUES_OF_ACCOUNTS: [&str; 2] = [ACR_BY_TWO_FACTORS, ACR_BY_PASSWORD];

/// Whether the built-in issuer writes this claim into every token itself, or what it says means more than a value.
pub fn is_of_every_token(claim: &str) -> bool {
    const WRITTEN: [&str; 22] = [
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
        AUTH_TIME_CLAIM,
        "acr",
        "amr",
        // What the issuer keeps of a login beside the three above.
        "login_version",
        "at_hash",
        "c_hash",
        GRANT_CLAIM,
        GRANTED_TO_CLAIM,
        KNOWN_REVOCATIONS_CLAIM,
        AFTER_REVOCATION_CLAIM,
    ];
    WRITTEN.contains(&claim) || claim == ROLES_CLAIM
}

/// Whether no login may say this claim for the tokens of its people: what the built-in issuer writes itself, and who may act for the person
/// (RFC 8693 §4.4).
pub fn is_for_no_login(claim: &str) -> bool {
    is_of_every_token(claim) || claim == "may_act"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_issuer_says_of_a_login_is_not_for_the_configuration_to_say() {
        for claim in [
            "auth_time",
            "acr",
            "amr",
            "login_version",
            "sub",
            "cnf",
            GRANT_CLAIM,
            GRANTED_TO_CLAIM,
            KNOWN_REVOCATIONS_CLAIM,
            AFTER_REVOCATION_CLAIM,
            ROLES_CLAIM,
        ] {
            assert!(is_of_every_token(claim), "{claim}");
        }
        for claim in ["team", "ACR", "acr_values", ""] {
            assert!(!is_of_every_token(claim) && !is_for_no_login(claim), "{claim}");
        }
        assert!(is_for_no_login("may_act") && is_for_no_login("sub") && !is_of_every_token("may_act"));
    }
}
