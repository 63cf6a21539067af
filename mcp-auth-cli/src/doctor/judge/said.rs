//! What a server says of a token that it refuses, in the words of mcp-auth servers: each with the check that it belongs to,
//! and the fix.

use super::challenge::bearer;
use crate::doctor::checks::{
    AUTHENTICATED, Check, TOKEN_AUDIENCE, TOKEN_FORMAT, TOKEN_ISSUER, TOKEN_KEY, TOKEN_LIFETIME,
};
use crate::doctor::judge::token::Reached;
use crate::doctor::mcp::Reply;
use crate::doctor::quote::quote;
use crate::doctor::step::Step;

/// Each `error_description` of mcp-auth (`TokenError::description`), its check, and what to do.
const SAID: [(&str, Check, &str); 28] = [
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
        "the token is bound to a client certificate and the request came without one",
        TOKEN_FORMAT,
        "ask the issuer for bearer tokens: this command shows no certificate. A client that does needs a server that sees it (mcp-auth: \
         [server.tls] client_certificates, server.client_cert_header)",
    ),
    (
        "the token is bound to another client certificate",
        TOKEN_FORMAT,
        "get a new token with the certificate that the client shows",
    ),
    (
        "the token is not bound to a client certificate",
        TOKEN_FORMAT,
        "ask the issuer for tokens that are bound to a certificate, or let the server take plain ones (mcp-auth: [[auth.issuers]] \
         certificate_bound)",
    ),
    (
        "the token is not bound to a key",
        TOKEN_FORMAT,
        "ask the issuer for tokens that are bound by DPoP, or let the server take plain ones (mcp-auth: [[auth.issuers]] dpop)",
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
    (
        "the token is not active",
        TOKEN_LIFETIME,
        "get a new token: its issuer was asked, and says that this one expired, was revoked, or is not its own",
    ),
    (
        "the token was revoked",
        AUTHENTICATED,
        "log in again: the issuer of the server revoked this token, or ended the login that it came of",
    ),
    (
        "the token is not accepted any more",
        AUTHENTICATED,
        "get a new token: the operator of the server denied this one, its client or its subject (mcp-auth: [[auth.deny]])",
    ),
    (
        "the token is not accepted",
        AUTHENTICATED,
        "ask the operator of the server for a credential that it accepts: a verifier of its own program refused this one \
         (mcp-auth: auth.verifiers)",
    ),
    (
        "this is not an API key",
        TOKEN_FORMAT,
        "send a token in `Authorization: Bearer`; in `X-API-Key` stands a key, which begins with mcpk_",
    ),
    ("the API key is malformed; was it copied whole?", TOKEN_FORMAT, API_KEY_NOT_WHOLE),
    (
        "the API key is not accepted",
        AUTHENTICATED,
        "let the server have a block with the key's digest, or call from an address that its block allows; the server's log \
         says which (mcp-auth: [[auth.api_keys]] digest, allowed_addresses; behind a proxy server.trusted_proxies)",
    ),
    (
        "the API key expired",
        TOKEN_LIFETIME,
        "make a new key (mcp-auth key new), and put its block into the server's configuration",
    ),
];

/// What mends an API key that is not whole.
pub(crate) const API_KEY_NOT_WHOLE: &str = "copy the key again, from its first character to its last; if it is lost, make a new one (mcp-auth key new)";

/// The step that a refusal leads to, if the server says a reason that we know.
pub(crate) fn said(reply: &Reply) -> Option<(Check, Step)> {
    let challenge = bearer(&reply.answer)?;
    let described = challenge.get("error_description")?;
    let (text, check, fix) = row(described)?;
    Some((*check, check.fail(format!("the server says {}", quote(text)), *fix)))
}

/// How far a server of ours had checked the token when it gave this answer. It checks the issuer first, then the key and the
/// audience, then times and clients.
pub(crate) fn reached(reply: &Reply) -> Reached {
    let challenge = bearer(&reply.answer);
    let described = challenge.as_ref().and_then(|challenge| challenge.get("error_description"));
    let Some((text, ..)) = described.and_then(row) else { return Reached::Nothing };
    match *text {
        "the token's key is unknown"
        | "the token's signature is wrong"
        | "a claim of the token is not what this server asks for"
        | "the token is not for this resource" => Reached::Issuer,
        "the token expired"
        | "the token is not valid yet"
        | "the token lives too long"
        | "the token's client is not allowed" => Reached::Audience,
        _ => Reached::Nothing,
    }
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
    use mcp_auth_runtime::facade::TokenError;

    use super::*;
    use crate::doctor::judge::token::check_of;

    #[test]
    fn what_a_server_of_ours_says_leads_to_the_check_that_tells_of_it() {
        for error in TokenError::one_of_each() {
            let said = row(error.description());
            // It sends no proofs.
            if matches!(error, TokenError::Proof(_)) {
                continue;
            }
            // Not of the token: what cannot be asked now is 503.
            if error.retry_after().is_some() {
                assert!(said.is_none(), "{error}");
                continue;
            }
            let (_, check, fix) = said.unwrap_or_else(|| panic!("{}", error.description()));
            // A claim is told of where that claim is; the description does not say which it is.
            if !matches!(error, TokenError::MissingClaim(_) | TokenError::Claim { .. }) {
                assert_eq!(check.id, check_of(&error).id, "{error}");
            }
            assert!(!fix.is_empty());
        }
        assert!(row("the token expired yesterday").is_none(), "other words");
        assert!(row("the token is not accepted here").is_none(), "other words");
    }
}
