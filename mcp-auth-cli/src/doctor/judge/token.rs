//! Explains what a server finds wrong with a token, by what server and issuer say. Whether something is wrong is the
//! verdict of the server's own code (`mcp_auth_runtime::facade::examine`); here are the words.

use mcp_auth_core::ScopeSet;
use mcp_auth_runtime::config::provider::{ProviderName, WideAudience, wide_audience};
use mcp_auth_runtime::facade::{Algorithm, ApiKeyError, TokenError};
use serde_json::{Map, Value};

use super::clock::span;
use super::jwks::text;
use super::said::API_KEY_NOT_WHOLE;
use crate::doctor::address::difference;
use crate::doctor::checks::{
    AUTHENTICATED, Check, TOKEN_AUDIENCE, TOKEN_FORMAT, TOKEN_ISSUER, TOKEN_KEY, TOKEN_LIFETIME, TOKEN_SCOPES,
};
use crate::doctor::quote::{quote, quote_all};
use crate::doctor::step::Step;
use crate::doctor::token::{Jwt, Shape};

/// How far the server itself went with the token, by its answer: what it passed is not wrong, whatever it looks like from
/// outside. Its configuration may name what its metadata does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reached {
    /// Nothing is known.
    Nothing,
    /// It trusts the issuer.
    Issuer,
    /// It takes the audience as its own.
    Audience,
    /// It accepts the token, and refuses the same one with another signature.
    All,
}

/// The check that tells of a fault.
pub(crate) fn check_of(fault: &TokenError) -> Check {
    match fault {
        TokenError::UnknownIssuer(_) => TOKEN_ISSUER,
        TokenError::Audience(_) | TokenError::SeveralAudiences => TOKEN_AUDIENCE,
        TokenError::Expired { .. } | TokenError::NotYetValid { .. } | TokenError::LivesTooLong { .. } => {
            TOKEN_LIFETIME
        }
        TokenError::Inactive | TokenError::ApiKey(ApiKeyError::Expired { .. }) => TOKEN_LIFETIME,
        TokenError::UnknownKey | TokenError::Signature => TOKEN_KEY,
        TokenError::Client
        | TokenError::Denied
        | TokenError::Revoked
        | TokenError::Program { .. }
        | TokenError::ApiKey(ApiKeyError::Unknown | ApiKeyError::Address { .. }) => AUTHENTICATED,
        TokenError::MissingClaim(claim) | TokenError::Claim { claim, .. } => match *claim {
            "iss" => TOKEN_ISSUER,
            "aud" => TOKEN_AUDIENCE,
            "exp" | "nbf" | "iat" => TOKEN_LIFETIME,
            _ => TOKEN_FORMAT,
        },
        _ => TOKEN_FORMAT,
    }
}

/// The first fault that this check tells of.
fn fault_of(check: Check, faults: &[TokenError]) -> Option<&TokenError> {
    faults.iter().find(|fault| check_of(fault).id == check.id)
}

/// `faults` are what an mcp-auth server with the usual settings finds wrong, as for all checks of the token.
pub(crate) fn format(shape: &Shape, faults: &[TokenError], reached: Reached) -> Step {
    let jwt = match shape {
        Shape::ApiKey(Ok(())) => return TOKEN_FORMAT.ok("an API key of mcp-auth"),
        Shape::ApiKey(Err(why)) => {
            return TOKEN_FORMAT
                .fail(format!("an API key of mcp-auth that is not whole: {why}"), API_KEY_NOT_WHOLE);
        }
        Shape::Opaque => return TOKEN_FORMAT.ok("opaque: only its issuer can say what it holds"),
        Shape::Encrypted => {
            return TOKEN_FORMAT.ok("an encrypted JWT: only the server can read it");
        }
        Shape::Jwt(jwt) => jwt,
    };
    let (algorithm, kind) = (jwt.header("alg").unwrap_or_default(), jwt.header("typ"));
    match fault_of(TOKEN_FORMAT, faults) {
        None => TOKEN_FORMAT.ok(format!(
            "JWT, typ {}, alg {}, kid {}",
            kind.map_or("absent".to_owned(), quote),
            quote(algorithm),
            jwt.header("kid").map_or("absent".to_owned(), quote)
        )),
        Some(TokenError::Algorithm) if algorithm.parse::<Algorithm>().is_ok() => TOKEN_FORMAT.warn(
            format!("alg is {}, which its key does not say: a server accepts it only if it is set to", quote(algorithm)),
            "let the issuer say it in the `alg` of that key, or sign with RS256, ES256 or EdDSA; or add it to the server's \
             algorithms (mcp-auth: [[auth.issuers]] algorithms)",
        ),
        Some(TokenError::Algorithm) => TOKEN_FORMAT.fail(
            format!("alg is {}: no server that has only public keys can accept it", quote(algorithm)),
            "let the issuer sign access tokens with RS256, ES256 or EdDSA",
        ),
        Some(TokenError::Type(_)) => TOKEN_FORMAT.fail(
            format!("typ is {}: not an access token", quote(kind.unwrap_or_default())),
            "send the access_token of the token response, not its id_token or a logout token",
        ),
        Some(TokenError::IdToken) => TOKEN_FORMAT.fail(
            "it has the claims of an ID token, which is for the client and not for a server",
            "send the access_token of the token response",
        ),
        Some(TokenError::SenderConstrained) => TOKEN_FORMAT.fail(
            "it is bound to its sender's key (`cnf`), and a bearer token is not",
            "ask the issuer for bearer tokens: MCP clients send no proof",
        ),
        Some(fault @ (TokenError::MissingClaim(_) | TokenError::Claim { .. })) if reached == Reached::All => {
            TOKEN_FORMAT.warn(
                format!("{fault}; the server accepts it all the same, so it looks elsewhere"),
                lacking(fault),
            )
        }
        Some(fault) => TOKEN_FORMAT.fail(fault.to_string(), lacking(fault)),
    }
}

/// What mends a claim that is missing or malformed.
fn lacking(fault: &TokenError) -> String {
    match fault {
        TokenError::MissingClaim(claim) | TokenError::Claim { claim, .. } => {
            format!("let the issuer put `{claim}` into its access tokens as RFC 9068 §2.2 has it")
        }
        _ => "send the access_token of the token response as it came".to_owned(),
    }
}

/// `issuers` are the issuers that the server trusts, as its metadata and their own metadata name them.
pub(crate) fn issuer(jwt: &Jwt, issuers: &[String], faults: &[TokenError], reached: Reached) -> Step {
    let Some(iss) = jwt.claim("iss") else {
        return TOKEN_ISSUER
            .fail("the token has no `iss`", "let the issuer name itself in its access tokens");
    };
    if !issuers.is_empty() && fault_of(TOKEN_ISSUER, faults).is_none() {
        return TOKEN_ISSUER.ok(quote(iss));
    }
    if reached >= Reached::Issuer {
        return TOKEN_ISSUER.ok(third_name(iss, issuers));
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

/// In words: an issuer that the server trusts although its metadata does not name it.
fn third_name(iss: &str, published: &[String]) -> String {
    let whose = ProviderName::of_issuer(iss)
        .map_or_else(String::new, |name| format!(", an issuer of {}", name.provider().title));
    let named = match published {
        [] => "the metadata names none that could be read".to_owned(),
        published => format!("the metadata names {}", quote_all(published)),
    };
    format!(
        "the server trusts {}{whose}; {named}: tokens and metadata name the issuer differently",
        quote(iss)
    )
}

/// `accepted` are the names of the resource: the one in its metadata first, then the URL.
pub(crate) fn audience(jwt: &Jwt, accepted: &[String], faults: &[TokenError], reached: Reached) -> Step {
    let audiences = jwt.audiences();
    let Some(resource) = accepted.first() else {
        return TOKEN_AUDIENCE.skipped("no resource is known to compare with");
    };
    let wide = wide(jwt, &audiences);
    let differs = fault_of(TOKEN_AUDIENCE, faults)
        .is_some_and(|fault| matches!(fault, TokenError::MissingClaim(_) | TokenError::Audience(_)));
    if differs
        && reached >= Reached::Audience
        && let Some(stands_for) = accepted_wide(&audiences, wide)
    {
        return TOKEN_AUDIENCE.warn(
            format!("the server accepts {stands_for}. Tokens that people gave to other servers pass here too"),
            format!(
                "let the issuer write {} into `aud` if it can; else let the server accept certain clients only (mcp-auth: \
                 [[auth.issuers]] allowed_clients)",
                quote(resource)
            ),
        );
    }
    if audiences.is_empty() {
        return TOKEN_AUDIENCE.fail(
            "the token has no `aud`: it names no server",
            format!(
                "send resource={} in the authorization and token request, and let the issuer honour it",
                quote(resource)
            ),
        );
    }
    match fault_of(TOKEN_AUDIENCE, faults) {
        None => return TOKEN_AUDIENCE.ok(quote_all(&audiences)),
        Some(fault @ TokenError::Claim { .. }) => {
            return TOKEN_AUDIENCE.fail(fault.to_string(), lacking(fault));
        }
        Some(_) => {}
    }
    let near = audiences.iter().find_map(|audience| difference(resource, audience));
    let near = near.filter(|difference| difference.is_near());
    TOKEN_AUDIENCE.fail(
        format!(
            "wrong audience: the token's `aud` is {}, the server is {}{}",
            quote_all(&audiences),
            quote(resource),
            match (near, wide) {
                (Some(difference), _) => format!(" ({})", difference.cause()),
                (None, Some(wide)) =>
                    format!(" (at {} that stands for {})", wide.provider.title, wide.stands_for),
                (None, None) => String::new(),
            }
        ),
        format!(
            "ask for the token with resource={} (RFC 8707), or register that as the API's identifier at the issuer; \
             where the issuer can only say {}, let the server accept that (mcp-auth: [[auth.issuers]] audience)",
            quote(resource),
            quote_all(&audiences)
        ),
    )
}

/// What is known of an `aud` that is wider than one server.
fn wide(jwt: &Jwt, audiences: &[String]) -> Option<WideAudience> {
    let issuer = jwt.claim("iss").unwrap_or_default();
    match audiences {
        [] => wide_audience(None, issuer, None),
        audiences => audiences.iter().find_map(|aud| wide_audience(None, issuer, Some(aud))),
    }
}

/// In words: an `aud` that a server may accept although it does not name it. A URL names another server, and without `aud` a
/// token names none, unless the provider is known for it.
fn accepted_wide(audiences: &[String], wide: Option<WideAudience>) -> Option<String> {
    let is_url = |aud: &String| aud.starts_with("https://") || aud.starts_with("http://");
    let seen = match audiences {
        [] => "a token without `aud`".to_owned(),
        audiences => format!("`aud` {}", quote_all(audiences)),
    };
    match wide {
        Some(wide) => Some(format!("{seen}: at {} that stands for {}", wide.provider.title, wide.stands_for)),
        None if audiences.is_empty() || audiences.iter().any(is_url) => None,
        None => Some(format!("{seen}, which is not its URL: it may stand for a whole project or a client")),
    }
}

/// `now` is the time of the server's clock in Unix seconds, according to its `Date`.
pub(crate) fn lifetime(jwt: &Jwt, now: i64, faults: &[TokenError]) -> Step {
    let expires = jwt.seconds("exp").unwrap_or_default();
    let seconds = |seconds: &u64| span(i64::try_from(*seconds).unwrap_or(i64::MAX));
    match fault_of(TOKEN_LIFETIME, faults) {
        Some(TokenError::Expired { ago_secs }) => TOKEN_LIFETIME.fail(
            format!("expired: `exp` {expires} was {} ago by the server's clock", seconds(ago_secs)),
            "get a new token: refresh it, or log in again (mcp-auth login)",
        ),
        Some(TokenError::NotYetValid { claim, in_secs }) => TOKEN_LIFETIME.fail(
            format!("not valid yet: its `{claim}` is {} ahead of the server's clock", seconds(in_secs)),
            "wait, or set the clock of issuer or server by NTP",
        ),
        Some(TokenError::LivesTooLong { lifetime_secs, max_secs }) => TOKEN_LIFETIME.warn(
            format!(
                "it lives {}, longer than the {} that a server accepts unless it is set otherwise",
                seconds(lifetime_secs),
                seconds(max_secs)
            ),
            "shorten the life of access tokens at the issuer, or raise max_token_lifetime (mcp-auth: [[auth.issuers]])",
        ),
        Some(fault) => TOKEN_LIFETIME.fail(
            fault.to_string(),
            "let the issuer date its tokens in whole seconds (RFC 9068 §2.2, RFC 7519 §4.1)",
        ),
        None => {
            let left = expires.saturating_sub(now);
            TOKEN_LIFETIME.ok(if left < 0 {
                format!("exp {expires}, {} ago: within the usual skew", span(left))
            } else {
                format!("exp {expires}, in {}", span(left))
            })
        }
    }
}

/// `keys` is the key set of the token's issuer.
pub(crate) fn key(
    jwt: &Jwt,
    keys: Option<&[Map<String, Value>]>,
    faults: &[TokenError],
    reached: Reached,
) -> Step {
    let Some(keys) = keys else {
        return TOKEN_KEY.skipped("the issuer's keys were not read");
    };
    let kid = jwt.header("kid");
    match (fault_of(TOKEN_KEY, faults), kid) {
        (Some(_), _) if reached == Reached::All => TOKEN_KEY.warn(
            "the server knows a key that made this signature; the authorization servers of its metadata publish none",
            "nothing, if the server is set to take the keys from elsewhere (mcp-auth: [[auth.issuers]] jwks_uri)",
        ),
        (Some(TokenError::Signature), _) => TOKEN_KEY.fail(
            "the signature is wrong: no key that the issuer publishes made it",
            "get a new token: another issuer of this name or another environment signed it, or it was changed",
        ),
        (Some(_), kid) if keys.iter().any(|key| Some(text(key, "kid")) == kid) => TOKEN_KEY.fail(
            format!(
                "the key {} is not one for alg {}, or servers cannot use it",
                quote(kid.unwrap_or_default()),
                quote(jwt.header("alg").unwrap_or_default())
            ),
            "let the issuer publish alg, kty and crv of the key as it signs with it",
        ),
        (Some(_), kid) => {
            let known: Vec<&str> = keys.iter().map(|key| text(key, "kid")).collect();
            let with = kid.map_or("a key it does not name".to_owned(), quote);
            TOKEN_KEY.fail(
                format!("unknown key: the token was signed with {with}, the issuer publishes {}", quote_all(&known)),
                "get a new token: this one is from before a key rotation, or another issuer or environment signed it",
            )
        }
        (None, None) => TOKEN_KEY.warn(
            format!("the token names no `kid`; {} keys to try", keys.len()),
            "let the issuer name the key in the token's header",
        ),
        (None, Some(kid)) => TOKEN_KEY.ok(format!("{}, which the issuer publishes", quote(kid))),
    }
}

/// Claims in which issuers put scopes besides `scope` (RFC 9068 §2.2.3).
const OTHER_SCOPE_CLAIMS: [&str; 3] = ["scp", "permissions", "scopes"];

/// `needed` are the scopes that the 401 asked for, `held` those that a server sees.
pub(crate) fn scopes(jwt: &Jwt, needed: &[String], held: &ScopeSet) -> Step {
    let shown: Vec<String> = held.iter().map(ToString::to_string).collect();
    let missing: Vec<&String> = needed.iter().filter(|scope| !held.contains(scope)).collect();
    let shown = if shown.is_empty() { "none".to_owned() } else { quote_all(&shown) };
    let elsewhere = OTHER_SCOPE_CLAIMS.iter().find(|claim| jwt.claims.contains_key(**claim));
    match elsewhere.filter(|_| !jwt.claims.contains_key("scope")) {
        Some(claim) => TOKEN_SCOPES.warn(
            format!("the token has no `scope`; a server sees the scopes in `{claim}` only if it is told to look there"),
            format!(
                "let the issuer write `scope` (RFC 9068 §2.2.3), or let the server read the other claim (mcp-auth: \
                 [[auth.issuers]] scope_claims = [\"{claim}\"])"
            ),
        ),
        None if missing.is_empty() => TOKEN_SCOPES.ok(shown),
        None => TOKEN_SCOPES.warn(
            format!("the token holds {shown}; the challenge asks for {} too", quote_all(&missing)),
            "ask for these when logging in, unless a scope the token holds includes them",
        ),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use mcp_auth_runtime::facade::{IssuerRules, KeySource, examine};
    use serde_json::json;

    use super::*;
    use crate::doctor::step::Verdict;

    fn jwt(header: Value, claims: Value) -> Jwt {
        Jwt { header: header.as_object().unwrap().clone(), claims: claims.as_object().unwrap().clone() }
    }

    fn claims(claims: Value) -> Jwt {
        jwt(json!({ "alg": "ES256" }), claims)
    }

    /// What a server finds wrong with a token of `https://a.example/` for `https://a.example/mcp`, at the second 1000.
    fn faults(token: &Jwt) -> Vec<TokenError> {
        let part =
            |part: &Map<String, Value>| URL_SAFE_NO_PAD.encode(Value::Object(part.clone()).to_string());
        let text = format!("{}.{}.AA", part(&token.header), part(&token.claims));
        let issuer = "https://a.example/".parse().unwrap();
        let rules = IssuerRules::new(issuer, vec!["https://a.example/mcp".to_owned()], KeySource::Discovery);
        examine(&text, &[(rules, None)], 1000).faults
    }

    #[test]
    fn t24_an_audience_with_a_slash_more_is_wrong_and_named() {
        let accepted = ["https://a.example/mcp".to_owned()];
        let judged = |token: Value| {
            let token = claims(token);
            audience(&token, &accepted, &faults(&token), Reached::Nothing)
        };
        assert_eq!(judged(json!({ "aud": "https://a.example/mcp" })).verdict, Verdict::Ok);
        assert_eq!(judged(json!({ "aud": ["x", "https://a.example/mcp"] })).verdict, Verdict::Ok);
        let step = judged(json!({ "aud": "https://a.example/mcp/" }));
        assert_eq!(step.verdict, Verdict::Fail);
        assert!(step.seen.contains("trailing slash more"), "{}", step.seen);
        for bad in [json!({}), json!({ "aud": ["https://a.example/mcp", 5] }), json!({ "aud": 5 })] {
            assert_eq!(judged(bad.clone()).verdict, Verdict::Fail, "{bad}");
        }
    }

    #[test]
    fn t28_an_issuer_is_compared_byte_for_byte() {
        let trusted = ["https://a.example/".to_owned()];
        let judged = |iss: &str| {
            let token = claims(json!({ "iss": iss }));
            issuer(&token, &trusted, &faults(&token), Reached::Nothing).verdict
        };
        assert_eq!(judged("https://a.example/"), Verdict::Ok);
        for iss in ["https://a.example", "https://A.example/", "https://b.example/"] {
            assert_eq!(judged(iss), Verdict::Fail, "{iss}");
        }
    }

    #[test]
    fn t36_lifetime_is_judged_as_a_server_judges_it() {
        for (token, verdict) in [
            (json!({ "exp": 1000 + 60 }), Verdict::Ok),
            (json!({ "exp": 1000 - 25 }), Verdict::Ok),
            (json!({ "exp": 1000 - 30 }), Verdict::Fail),
            (json!({ "exp": 2000, "nbf": 1025 }), Verdict::Ok),
            (json!({ "exp": 2000, "nbf": 1035 }), Verdict::Fail),
            (json!({ "exp": 2000, "iat": 1035 }), Verdict::Fail),
            (json!({ "exp": "2000" }), Verdict::Fail),
            (json!({ "exp": i64::MIN }), Verdict::Fail),
            (json!({ "exp": -1e300 }), Verdict::Fail),
            (json!({ "exp": 1e300 }), Verdict::Fail),
            (json!({ "exp": 2000, "nbf": i64::MAX }), Verdict::Fail),
            (json!({ "exp": 1000 + 400 * 24 * 60 * 60, "iat": 1000 }), Verdict::Warn),
            (json!({}), Verdict::Fail),
        ] {
            let judged = claims(token.clone());
            assert_eq!(lifetime(&judged, 1000, &faults(&judged)).verdict, verdict, "{token}");
        }
    }

    #[test]
    fn t18_a_token_that_is_not_an_access_token_is_reported() {
        let judged = |header: Value, claims: Value| {
            let mut all = json!({ "iss": "https://a.example/", "aud": "https://a.example/mcp", "sub": "alice", "exp": 1500 });
            all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
            let token = jwt(header, all);
            let faults = faults(&token);
            format(&Shape::Jwt(token), &faults, Reached::Nothing).verdict
        };
        assert_eq!(judged(json!({ "alg": "RS256", "typ": "JWT" }), json!({})), Verdict::Ok);
        assert_eq!(judged(json!({ "alg": "HS256" }), json!({})), Verdict::Fail);
        assert_eq!(judged(json!({ "alg": "none" }), json!({})), Verdict::Fail);
        assert_eq!(judged(json!({ "alg": "RS256", "typ": "logout+jwt" }), json!({})), Verdict::Fail);
        // Some issuers put a nonce into access tokens, and servers take them.
        assert_eq!(judged(json!({ "alg": "RS256" }), json!({ "nonce": "x" })), Verdict::Ok);
        assert_eq!(judged(json!({ "alg": "RS256" }), json!({ "at_hash": "x" })), Verdict::Fail);
        assert_eq!(judged(json!({ "alg": "RS256" }), json!({ "cnf": {} })), Verdict::Fail);
        assert_eq!(judged(json!({ "alg": "RS256" }), json!({ "sub": 5 })), Verdict::Fail);
        assert_eq!(format(&Shape::Opaque, &[], Reached::Nothing).verdict, Verdict::Ok);
    }

    #[test]
    fn scopes_in_another_claim_are_not_what_a_server_sees() {
        let needed = ["a".to_owned()];
        let judged = |token: Value, held: &str| scopes(&claims(token), &needed, &ScopeSet::parse_lossy(held));
        assert_eq!(judged(json!({ "scope": "a b" }), "a b").verdict, Verdict::Ok);
        for claim in ["scp", "permissions"] {
            let step = judged(json!({ claim: ["a"] }), "");
            assert_eq!(step.verdict, Verdict::Warn);
            assert!(step.fix.unwrap().contains(&format!("scope_claims = [\"{claim}\"]")));
        }
        assert_eq!(judged(json!({ "scope": "b", "scp": "a" }), "b").verdict, Verdict::Warn);
    }

    #[test]
    fn what_the_server_passed_is_not_wrong_and_what_differs_is_said() {
        let published =
            ["https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0".to_owned()];
        let token = claims(json!({ "iss": "https://sts.windows.net/11111111-2222-3333-4444-555555555555/" }));
        let judged = |reached| issuer(&token, &published, &faults(&token), reached);
        assert_eq!(judged(Reached::Nothing).verdict, Verdict::Fail);
        for reached in [Reached::Issuer, Reached::Audience, Reached::All] {
            let step = judged(reached);
            assert_eq!(step.verdict, Verdict::Ok);
            for said in ["version 1", "sts.windows.net", "login.microsoftonline.com"] {
                assert!(step.seen.contains(said), "{}", step.seen);
            }
        }
    }

    #[test]
    fn an_aud_that_is_a_whole_project_warns_where_the_server_accepts_it_and_one_of_another_server_fails() {
        let accepted = ["https://a.example/mcp".to_owned()];
        let judged = |token: Value, reached| {
            let token = claims(token);
            audience(&token, &accepted, &faults(&token), reached)
        };
        let supabase = json!({ "iss": "https://x.supabase.co/auth/v1", "aud": "authenticated" });
        let okta = json!({ "iss": "https://x.okta.com/oauth2/default", "aud": ["api://default"] });
        let cognito = json!({ "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_x" });
        let unknown = json!({ "iss": "https://login.acme.io", "aud": "a-client" });
        for (token, says) in [
            (supabase, "Supabase that stands for the whole project"),
            (okta, "until you set its audience"),
            (cognito, "without `aud`"),
            (unknown, "may stand for a whole project"),
        ] {
            let step = judged(token.clone(), Reached::Audience);
            assert_eq!(step.verdict, Verdict::Warn, "{token}");
            assert!(step.seen.contains(says), "{}", step.seen);
            assert!(step.fix.unwrap().contains("allowed_clients"));
            for less in [Reached::Nothing, Reached::Issuer] {
                assert_eq!(judged(token.clone(), less).verdict, Verdict::Fail, "{token}");
            }
        }
        for of_another in [
            json!({ "iss": "https://login.acme.io", "aud": "https://b.example/mcp" }),
            json!({ "iss": "https://x.supabase.co/auth/v1", "aud": "https://b.example/mcp" }),
            json!({ "iss": "https://login.acme.io", "aud": ["a-client", "https://b.example/mcp"] }),
            json!({ "iss": "https://login.acme.io" }),
            json!({ "iss": "https://login.acme.io", "aud": 5 }),
        ] {
            assert_eq!(judged(of_another.clone(), Reached::All).verdict, Verdict::Fail, "{of_another}");
        }
        let refused = judged(
            json!({ "iss": "https://x.supabase.co/auth/v1", "aud": "authenticated" }),
            Reached::Nothing,
        );
        assert!(refused.seen.contains("(at Supabase that stands for the whole project)"), "{}", refused.seen);
    }
}
