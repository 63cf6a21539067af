//! What a server says of a token that it refuses, in the words of mcp-auth servers: each with the check that it belongs to,
//! and the fix.

use super::challenge::bearer;
use crate::doctor::checks::{
    AUTHENTICATED, Check, TOKEN_AUDIENCE, TOKEN_FORMAT, TOKEN_ISSUER, TOKEN_KEY, TOKEN_LIFETIME,
};
use crate::doctor::mcp::Reply;
use crate::doctor::quote::quote;
use crate::doctor::step::Step;

/// Each `error_description` of mcp-auth (`TokenError::description`), its check, and what to do.
const SAID: [(&str, Check, &str); 16] = [
    (
        "the token is malformed",
        TOKEN_FORMAT,
        "let the issuer give JWT access tokens (some do so only if an audience is asked for), and send the whole token",
    ),
    ("the token is too long", TOKEN_FORMAT, "let the issuer put less into it: servers read 16 KiB at most"),
    (
        "the token is not an access token",
        TOKEN_FORMAT,
        "send the access_token of the token response, not its id_token; a server that demands at+jwt takes no other typ",
    ),
    (
        "the token's algorithm is not allowed",
        TOKEN_FORMAT,
        "let the issuer sign with RS256, ES256 or EdDSA, or say its algorithm in the `alg` of its key, or add it (mcp-auth: \
         [[auth.issuers]] algorithms)",
    ),
    (
        "the token lacks a required claim",
        TOKEN_FORMAT,
        "let the issuer put `iss`, `sub`, `aud` and `exp` into access tokens (RFC 9068 §2.2); the server's log names the \
         claim",
    ),
    (
        "the token has a malformed claim",
        TOKEN_FORMAT,
        "look into the server's log, which names the claim: the issuer has to write it as RFC 9068 §2.2 has it",
    ),
    (
        "a claim of the token is not what this server asks for",
        TOKEN_FORMAT,
        "look into the server's log, which names the claim; is it an access token of this issuer, and not another kind of its \
         tokens? (mcp-auth: [[auth.issuers]] require_claims, refuse_claims)",
    ),
    (
        "the token is bound to its sender's key",
        TOKEN_FORMAT,
        "ask the issuer for bearer tokens: this one is bound by DPoP or a certificate",
    ),
    (
        "the token's issuer is not trusted here",
        TOKEN_ISSUER,
        "let the server trust its issuer exactly as `iss` is written (mcp-auth: [[auth.issuers]] issuer)",
    ),
    (
        "the token is not for this resource",
        TOKEN_AUDIENCE,
        "ask for the token with the resource that the server means, or let it accept this `aud` (mcp-auth: [[auth.issuers]] \
         audience)",
    ),
    (
        "the token's key is unknown",
        TOKEN_KEY,
        "let the server read the keys of the issuer that signed this token (mcp-auth: [[auth.issuers]] jwks_uri)",
    ),
    (
        "the token's signature is wrong",
        TOKEN_KEY,
        "let the server read the keys of the issuer that signed this token (mcp-auth: [[auth.issuers]] jwks_uri)",
    ),
    (
        "the token expired",
        TOKEN_LIFETIME,
        "get a new token; if this one is new, set the server's clock by NTP",
    ),
    ("the token is not valid yet", TOKEN_LIFETIME, "set the clocks of server and issuer by NTP"),
    (
        "the token lives too long",
        TOKEN_LIFETIME,
        "shorten the life of access tokens at the issuer, or raise max_token_lifetime (mcp-auth: [[auth.issuers]])",
    ),
    (
        "the token's client is not allowed",
        AUTHENTICATED,
        "add the client to allowed_clients (mcp-auth: [[auth.issuers]]), or log in with one that is there",
    ),
];

/// The step that a refusal leads to, if the server says a reason that we know.
pub(crate) fn said(reply: &Reply) -> Option<(Check, Step)> {
    let challenge = bearer(&reply.answer)?;
    let described = challenge.get("error_description")?;
    let (text, check, fix) = row(described)?;
    Some((*check, check.fail(format!("the server says {}", quote(text)), *fix)))
}

/// What is known of these words; a server may say more behind a colon.
fn row(described: &str) -> Option<&'static (&'static str, Check, &'static str)> {
    let says = |text: &str| {
        described.strip_prefix(text).is_some_and(|more| more.is_empty() || more.starts_with(':'))
    };
    SAID.iter().find(|(text, ..)| says(text))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use mcp_auth_runtime::facade::TokenError;

    use super::*;
    use crate::doctor::judge::token::check_of;

    #[test]
    fn what_a_server_of_ours_says_leads_to_the_check_that_tells_of_it() {
        let all = [
            TokenError::TooLong { bytes: 2, max: 1 },
            TokenError::Unclaimed,
            TokenError::Malformed("x"),
            TokenError::Algorithm,
            TokenError::IdToken,
            TokenError::UnknownKey,
            TokenError::Signature,
            TokenError::MissingClaim("sub"),
            TokenError::Claim { claim: "sub", fault: "x" },
            TokenError::Subject { claim: "uid".to_owned(), fault: "x" },
            TokenError::RequiredClaim { claim: "x".to_owned() },
            TokenError::RefusedClaim { claim: "x".to_owned() },
            TokenError::SeveralAudiences,
            TokenError::Expired { ago_secs: 1 },
            TokenError::NotYetValid { claim: "nbf", in_secs: 1 },
            TokenError::LivesTooLong { lifetime_secs: 2, max_secs: 1 },
            TokenError::SenderConstrained,
        ];
        for error in all {
            let (_, check, fix) =
                row(error.description()).unwrap_or_else(|| panic!("{}", error.description()));
            assert_eq!(check.id, check_of(&error).id, "{error}");
            assert!(!fix.is_empty());
        }
        // Not of the token: keys that are not there are 503.
        let ours = TokenError::KeysUnavailable { retry_after: Duration::ZERO, cause: None };
        assert!(row(ours.description()).is_none());
        assert!(row("the token expired yesterday").is_none(), "other words");
    }
}
