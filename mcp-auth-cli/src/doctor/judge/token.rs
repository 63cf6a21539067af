//! Compares the token's claims with what server and issuer say, to explain a 401.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::clock::span;
use super::jwks::text;
use crate::doctor::address::difference;
use crate::doctor::checks::{
    TOKEN_AUDIENCE, TOKEN_FORMAT, TOKEN_ISSUER, TOKEN_KEY, TOKEN_LIFETIME, TOKEN_SCOPES,
};
use crate::doctor::quote::{quote, quote_all};
use crate::doctor::step::Step;
use crate::doctor::token::{Jwt, Shape};

/// The clock difference that verifiers usually allow, in seconds.
const SKEW: i64 = 30;
/// The `typ` values that an access token may have (RFC 9068 §2.1, and what providers send).
const TYPES: [&str; 3] = ["at+jwt", "application/at+jwt", "jwt"];

pub(crate) fn format(shape: &Shape) -> Step {
    let jwt = match shape {
        Shape::Opaque => return TOKEN_FORMAT.ok("opaque: only its issuer can say what it holds"),
        Shape::Encrypted => {
            return TOKEN_FORMAT.ok("an encrypted JWT: only the server can read it");
        }
        Shape::Jwt(jwt) => jwt,
    };
    let algorithm = jwt.header("alg").unwrap_or_default();
    let kind = jwt.header("typ");
    if algorithm.is_empty() || algorithm.eq_ignore_ascii_case("none") || algorithm.starts_with("HS") {
        return TOKEN_FORMAT.fail(
            format!("alg is {}: no server that has only public keys can accept it", quote(algorithm)),
            "let the issuer sign access tokens with RS256, ES256 or EdDSA",
        );
    }
    if kind.is_some_and(|kind| !TYPES.contains(&kind.to_ascii_lowercase().as_str())) {
        return TOKEN_FORMAT.fail(
            format!("typ is {}: not an access token", quote(kind.unwrap_or_default())),
            "send the access_token of the token response, not its id_token or a logout token",
        );
    }
    if jwt.claims.contains_key("nonce") || jwt.claims.contains_key("at_hash") {
        return TOKEN_FORMAT.warn(
            "it has the claims of an ID token, which is for the client and not for a server",
            "send the access_token of the token response",
        );
    }
    TOKEN_FORMAT.ok(format!(
        "JWT, typ {}, alg {}, kid {}",
        kind.map_or("absent".to_owned(), quote),
        quote(algorithm),
        jwt.header("kid").map_or("absent".to_owned(), quote)
    ))
}

/// `issuers` are the issuers that the server trusts, as its metadata and their own metadata name them.
pub(crate) fn issuer(jwt: &Jwt, issuers: &[String]) -> Step {
    let Some(iss) = jwt.claim("iss") else {
        return TOKEN_ISSUER
            .fail("the token has no `iss`", "let the issuer name itself in its access tokens");
    };
    if issuers.iter().any(|issuer| issuer == iss) {
        return TOKEN_ISSUER.ok(quote(iss));
    }
    let Some(listed) = issuers.first() else {
        return TOKEN_ISSUER.skipped("no authorization server is known to compare with");
    };
    let cause = issuers.iter().find_map(|issuer| {
        let difference = difference(issuer, iss)?;
        difference.is_near().then(|| format!(" ({})", difference.cause()))
    });
    TOKEN_ISSUER.fail(
        format!(
            "wrong issuer: the token's `iss` is {}, the server trusts {}{}",
            quote(iss),
            quote_all(issuers),
            cause.unwrap_or_default()
        ),
        format!(
            "get the token from {}, or let the server trust its issuer exactly as `iss` is written",
            quote(listed)
        ),
    )
}

/// `accepted` are the names of the resource: the one in its metadata first, then the URL.
pub(crate) fn audience(jwt: &Jwt, accepted: &[String]) -> Step {
    let audiences = jwt.audiences();
    let Some(resource) = accepted.first() else {
        return TOKEN_AUDIENCE.skipped("no resource is known to compare with");
    };
    if audiences.is_empty() {
        return TOKEN_AUDIENCE.fail(
            "the token has no `aud`: it names no server",
            format!(
                "send resource={} in the authorization and token request, and let the issuer honour it",
                quote(resource)
            ),
        );
    }
    if audiences.iter().any(|audience| accepted.contains(audience)) {
        return TOKEN_AUDIENCE.ok(quote_all(&audiences));
    }
    let near = audiences.iter().find_map(|audience| difference(resource, audience));
    let near = near.filter(|difference| difference.is_near());
    TOKEN_AUDIENCE.fail(
        format!(
            "wrong audience: the token's `aud` is {}, the server is {}{}",
            quote_all(&audiences),
            quote(resource),
            near.map_or(String::new(), |difference| format!(" ({})", difference.cause()))
        ),
        format!(
            "ask for the token with resource={} (RFC 8707), or register that as the API's identifier at the issuer; \
             where the issuer can only say {}, let the server accept that (mcp-auth: [[auth.issuers]] audience)",
            quote(resource),
            quote_all(&audiences)
        ),
    )
}

/// `now` is the time of the server's clock in Unix seconds, according to its `Date`.
pub(crate) fn lifetime(jwt: &Jwt, now: i64) -> Step {
    let Some(expires) = jwt.seconds("exp") else {
        return TOKEN_LIFETIME
            .fail("the token has no usable `exp`", "let the issuer date its tokens (RFC 9068 §2.2)");
    };
    let not_before = jwt.seconds("nbf");
    if expires.saturating_add(SKEW) < now {
        return TOKEN_LIFETIME.fail(
            format!(
                "expired: `exp` {expires} was {} ago by the server's clock",
                span(now.saturating_sub(expires))
            ),
            "get a new token: refresh it, or log in again (mcp-auth login)",
        );
    }
    if let Some(start) = not_before.filter(|start| start.saturating_sub(SKEW) > now) {
        return TOKEN_LIFETIME.fail(
            format!(
                "not valid yet: `nbf` {start} is in {} by the server's clock",
                span(start.saturating_sub(now))
            ),
            "wait, or set the clock of issuer or server by NTP",
        );
    }
    let left = expires.saturating_sub(now);
    TOKEN_LIFETIME.ok(if left < 0 {
        format!("exp {expires}, {} ago: within the usual skew", span(left))
    } else {
        format!("exp {expires}, in {}", span(left))
    })
}

/// `keys` is the key set of the token's issuer.
pub(crate) fn key(jwt: &Jwt, keys: Option<&[Map<String, Value>]>) -> Step {
    let Some(keys) = keys else {
        return TOKEN_KEY.skipped("the issuer's keys were not read");
    };
    let algorithm = jwt.header("alg").unwrap_or_default();
    let Some(kid) = jwt.header("kid") else {
        return TOKEN_KEY.warn(
            format!("the token names no `kid`; {} keys to try", keys.len()),
            "let the issuer name the key in the token's header",
        );
    };
    let named: Vec<&Map<String, Value>> = keys.iter().filter(|key| text(key, "kid") == kid).collect();
    if named.is_empty() {
        let known: Vec<&str> = keys.iter().map(|key| text(key, "kid")).collect();
        return TOKEN_KEY.fail(
            format!("unknown key: the token was signed with {}, the issuer publishes {}", quote(kid), quote_all(&known)),
            "get a new token: this one is from before a key rotation, or another issuer or environment signed it",
        );
    }
    if named.iter().all(|key| !fits(key, algorithm)) {
        return TOKEN_KEY.fail(
            format!("the key {} is not one for alg {}", quote(kid), quote(algorithm)),
            "let the issuer publish alg, kty and crv of the key as it signs with it",
        );
    }
    TOKEN_KEY.ok(format!("{}, which the issuer publishes", quote(kid)))
}

fn fits(key: &Map<String, Value>, algorithm: &str) -> bool {
    let stated = text(key, "alg");
    let kind = match algorithm {
        "RS256" | "RS384" | "RS512" | "PS256" | "PS384" | "PS512" => ("RSA", ""),
        "ES256" => ("EC", "P-256"),
        "ES384" => ("EC", "P-384"),
        "ES512" => ("EC", "P-521"),
        "EdDSA" | "Ed25519" => ("OKP", ""),
        _ => return stated == algorithm,
    };
    let aliases = ["EdDSA", "Ed25519"];
    let agrees = stated.is_empty()
        || stated == algorithm
        || (aliases.contains(&stated) && aliases.contains(&algorithm));
    agrees && text(key, "kty") == kind.0 && (kind.1.is_empty() || text(key, "crv") == kind.1)
}

/// `needed` are the scopes that the 401 asked for.
pub(crate) fn scopes(jwt: &Jwt, needed: &[String]) -> Step {
    let held: BTreeSet<String> = jwt.scopes().unwrap_or_default().into_iter().collect();
    let shown: Vec<&String> = held.iter().collect();
    let missing: Vec<&String> = needed.iter().filter(|scope| !held.contains(*scope)).collect();
    let shown = if shown.is_empty() { "none".to_owned() } else { quote_all(&shown) };
    if missing.is_empty() {
        return TOKEN_SCOPES.ok(shown);
    }
    TOKEN_SCOPES.warn(
        format!("the token holds {shown}; the challenge asks for {} too", quote_all(&missing)),
        "ask for these when logging in, unless a scope the token holds includes them",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::doctor::step::Verdict;

    fn jwt(header: Value, claims: Value) -> Jwt {
        Jwt { header: header.as_object().unwrap().clone(), claims: claims.as_object().unwrap().clone() }
    }

    fn claims(claims: Value) -> Jwt {
        jwt(json!({ "alg": "ES256" }), claims)
    }

    #[test]
    fn t24_an_audience_with_a_slash_more_is_wrong_and_named() {
        let accepted = ["https://a.example/mcp".to_owned()];
        assert_eq!(
            audience(&claims(json!({ "aud": "https://a.example/mcp" })), &accepted).verdict,
            Verdict::Ok
        );
        assert_eq!(
            audience(&claims(json!({ "aud": ["x", "https://a.example/mcp"] })), &accepted).verdict,
            Verdict::Ok
        );
        let step = audience(&claims(json!({ "aud": "https://a.example/mcp/" })), &accepted);
        assert_eq!(step.verdict, Verdict::Fail);
        assert!(step.seen.contains("trailing slash more"), "{}", step.seen);
        assert_eq!(audience(&claims(json!({})), &accepted).verdict, Verdict::Fail);
    }

    #[test]
    fn t28_an_issuer_is_compared_byte_for_byte() {
        let trusted = ["https://a.example/".to_owned()];
        assert_eq!(issuer(&claims(json!({ "iss": "https://a.example/" })), &trusted).verdict, Verdict::Ok);
        for iss in ["https://a.example", "https://A.example/", "https://b.example/"] {
            assert_eq!(issuer(&claims(json!({ "iss": iss })), &trusted).verdict, Verdict::Fail, "{iss}");
        }
    }

    #[test]
    fn t36_lifetime_allows_the_usual_skew() {
        for (token, verdict) in [
            (json!({ "exp": 1000 + 60 }), Verdict::Ok),
            (json!({ "exp": 1000 - 25 }), Verdict::Ok),
            (json!({ "exp": 1000 - 35 }), Verdict::Fail),
            (json!({ "exp": 2000, "nbf": 1025 }), Verdict::Ok),
            (json!({ "exp": 2000, "nbf": 1035 }), Verdict::Fail),
            (json!({ "exp": "2000" }), Verdict::Fail),
            (json!({ "exp": i64::MIN }), Verdict::Fail),
            (json!({ "exp": -1e300 }), Verdict::Fail),
            (json!({ "exp": 1e300 }), Verdict::Ok),
            (json!({ "exp": 2000, "nbf": i64::MAX }), Verdict::Fail),
        ] {
            assert_eq!(lifetime(&claims(token.clone()), 1000).verdict, verdict, "{token}");
        }
    }

    #[test]
    fn a_key_is_found_by_kid_and_has_to_fit_the_algorithm() {
        let set = [json!({ "kty": "EC", "crv": "P-256", "kid": "a" }).as_object().unwrap().clone()];
        let token = |header: Value| jwt(header, json!({}));
        assert_eq!(key(&token(json!({ "alg": "ES256", "kid": "a" })), Some(&set)).verdict, Verdict::Ok);
        assert_eq!(key(&token(json!({ "alg": "RS256", "kid": "a" })), Some(&set)).verdict, Verdict::Fail);
        assert_eq!(key(&token(json!({ "alg": "ES256", "kid": "b" })), Some(&set)).verdict, Verdict::Fail);
        assert_eq!(key(&token(json!({ "alg": "ES256" })), Some(&set)).verdict, Verdict::Warn);
    }

    #[test]
    fn t18_a_token_that_is_not_an_access_token_is_reported() {
        let judged = |header: Value, claims: Value| format(&Shape::Jwt(jwt(header, claims))).verdict;
        assert_eq!(judged(json!({ "alg": "RS256", "typ": "JWT" }), json!({})), Verdict::Ok);
        assert_eq!(judged(json!({ "alg": "HS256" }), json!({})), Verdict::Fail);
        assert_eq!(judged(json!({ "alg": "RS256", "typ": "logout+jwt" }), json!({})), Verdict::Fail);
        assert_eq!(judged(json!({ "alg": "RS256" }), json!({ "nonce": "x" })), Verdict::Warn);
        assert_eq!(format(&Shape::Opaque).verdict, Verdict::Ok);
    }
}
