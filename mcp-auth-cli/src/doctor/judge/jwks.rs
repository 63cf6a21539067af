//! The issuer's keys: whether one can verify tokens, and whether the set has keys that should not be public.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_runtime::facade::has_private_member;
use serde_json::{Map, Value};

use super::metadata::Fetched;
use crate::doctor::checks::JWKS;
use crate::doctor::quote::{quote, quote_all};
use crate::doctor::step::Step;

type Jwk = Map<String, Value>;

/// The smallest RSA key in bits (RFC 7518 §3.3).
const SMALLEST_RSA: usize = 2048;

/// The keys of a set; `None` if the answer is not a key set.
pub(crate) fn keys(fetched: &Fetched) -> Option<Vec<Jwk>> {
    let answer = fetched.as_ref().ok().filter(|answer| answer.status.is_success() && !answer.is_cut)?;
    let set: Value = serde_json::from_str(&answer.body).ok()?;
    set.get("keys")?.as_array()?.iter().map(|key| key.as_object().cloned()).collect()
}

/// `fetched` is `None` if the metadata has no `jwks_uri`.
pub(crate) fn jwks(fetched: Option<&Fetched>) -> Step {
    let Some(fetched) = fetched else {
        return JWKS.warn(
            "the metadata has no jwks_uri: tokens can only be verified by asking the issuer (RFC 7662)",
            "nothing, if the server uses introspection; else turn JWT access tokens on at the issuer",
        );
    };
    let Some(keys) = keys(fetched) else {
        let seen = match fetched {
            Err(trouble) => trouble.to_string(),
            Ok(answer) => format!("{}, with {}", answer.status, answer.looks()),
        };
        return JWKS.fail(
            format!("the key set cannot be read: {seen}"),
            "let jwks_uri answer 200 with {\"keys\": […]}; no token can be verified without it",
        );
    };
    leaked(&keys).or_else(|| unusable(&keys)).or_else(|| ambiguous(&keys)).unwrap_or_else(|| {
        let ignored = keys.len() - keys.iter().filter(|key| verifies(key)).count();
        let shown: Vec<String> = keys.iter().filter(|key| verifies(key)).map(describe).collect();
        let rest = if ignored == 0 { String::new() } else { format!("; {ignored} for other uses, ignored") };
        JWKS.ok(format!("{}{rest}", shown.join(", ")))
    })
}

fn leaked(keys: &[Jwk]) -> Option<Step> {
    let key = keys.iter().find(|key| has_private_member(key))?;
    let kind = if text(key, "kty") == "oct" { "a symmetric key" } else { "private members" };
    Some(JWKS.fail(
        format!("the key {} is published with {kind}: everyone can make tokens", quote(text(key, "kid"))),
        "replace this key now, take it out of the set, and publish public members only (RFC 7517 §9.2)",
    ))
}

fn unusable(keys: &[Jwk]) -> Option<Step> {
    if let Some((key, bits)) = keys
        .iter()
        .filter(|key| verifies(key) && text(key, "kty") == "RSA")
        .map(|key| (key, bits(text(key, "n"))))
        .find(|(_, bits)| *bits < SMALLEST_RSA)
    {
        return Some(JWKS.fail(
            format!(
                "the RSA key {} has {bits} bits, fewer than 2048: verifiers refuse it",
                quote(text(key, "kid"))
            ),
            "sign with an RSA key of 2048 bits or more, or with ES256, and publish that",
        ));
    }
    if keys.iter().any(verifies) {
        return None;
    }
    let seen = if keys.is_empty() {
        "the key set is empty: no token can be verified".to_owned()
    } else {
        let kinds: Vec<String> = keys
            .iter()
            .map(|key| format!("{} {}", text(key, "kty"), text(key, "use")).trim().to_owned())
            .collect();
        format!("no key of the set verifies signatures: {}", quote_all(&kinds))
    };
    Some(
        JWKS.fail(seen, "publish the public key that signs access tokens (RSA, EC or OKP, \"use\": \"sig\")"),
    )
}

fn ambiguous(keys: &[Jwk]) -> Option<Step> {
    let mut seen = BTreeSet::new();
    let signing: Vec<&Jwk> = keys.iter().filter(|key| verifies(key)).collect();
    for key in &signing {
        if key.contains_key("kid") && !seen.insert((text(key, "kid"), text(key, "kty"))) {
            return Some(JWKS.fail(
                format!(
                    "two keys have the kid {}: verifiers take either, or refuse the set",
                    quote(text(key, "kid"))
                ),
                "give every key its own kid, a new one at each rotation",
            ));
        }
    }
    let anonymous = signing.iter().any(|key| !key.contains_key("kid"));
    (anonymous && signing.len() > 1).then(|| {
        JWKS.warn(
            format!("{} keys, some without kid: verifiers have to try each", signing.len()),
            "give every key a kid, and name it in the token's header",
        )
    })
}

/// Whether the key is a public key of a known kind that verifies signatures (RFC 7517 §5: other keys are ignored).
fn verifies(key: &Jwk) -> bool {
    let for_signatures = matches!(text(key, "use"), "" | "sig")
        && key.get("key_ops").and_then(Value::as_array).is_none_or(|ops| ops.iter().any(|op| op == "verify"));
    for_signatures
        && match text(key, "kty") {
            "RSA" => !text(key, "n").is_empty(),
            "EC" => matches!(text(key, "crv"), "P-256" | "P-384" | "P-521"),
            "OKP" => matches!(text(key, "crv"), "Ed25519" | "Ed448"),
            _ => false,
        }
}

fn describe(key: &Jwk) -> String {
    let size = match text(key, "kty") {
        "RSA" => format!("RSA {}", bits(text(key, "n"))),
        _ => text(key, "crv").to_owned(),
    };
    let kid = if key.contains_key("kid") { format!(" {}", quote(text(key, "kid"))) } else { String::new() };
    let algorithm = text(key, "alg");
    if algorithm.is_empty() {
        format!("{size}{kid}")
    } else {
        format!("{} ({size}){kid}", quote(algorithm).replace('"', ""))
    }
}

/// The number of bits in a base64url number, without leading zeros.
fn bits(number: &str) -> usize {
    let bytes = URL_SAFE_NO_PAD.decode(number.trim_end_matches('=')).unwrap_or_default();
    let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    let first = significant.first().map_or(0, |byte| byte.leading_zeros() as usize);
    significant.len() * 8 - first
}

pub(crate) fn text<'a>(key: &'a Jwk, member: &str) -> &'a str {
    key.get(member).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};
    use serde_json::json;

    use super::*;
    use crate::doctor::fetch::{Answer, Trouble};
    use crate::doctor::step::Verdict;

    fn judged(keys: &Value) -> Step {
        let body = json!({ "keys": keys }).to_string();
        let answer =
            Answer { status: StatusCode::OK, headers: HeaderMap::new(), body, is_cut: false, received: 0 };
        jwks(Some(&Ok(answer)))
    }

    fn rsa(bits: usize, kid: &str) -> Value {
        json!({ "kty": "RSA", "kid": kid, "use": "sig", "n": URL_SAFE_NO_PAD.encode(vec![0xff; bits / 8]), "e": "AQAB" })
    }

    fn ec(kid: &str) -> Value {
        json!({ "kty": "EC", "crv": "P-256", "alg": "ES256", "kid": kid, "x": "AA", "y": "AA" })
    }

    #[test]
    fn a_set_with_one_good_key_and_some_for_other_uses_is_ok() {
        let mut other = rsa(2048, "enc");
        other["use"] = "enc".into();
        let step = judged(&json!([ec("a"), rsa(2048, "b"), other, { "kty": "AKP", "kid": "new" }]));
        assert_eq!(step.verdict, Verdict::Ok);
        assert!(
            step.seen.contains("ES256 (P-256) \"a\"") && step.seen.contains("2 for other uses"),
            "{}",
            step.seen
        );
    }

    #[test]
    fn k12_k15_k16_what_must_not_be_in_a_set_is_named() {
        let mut private = ec("a");
        private["d"] = "AA".into();
        for (keys, verdict, seen) in [
            (json!([]), Verdict::Fail, "empty"),
            (json!([ec("a"), ec("a")]), Verdict::Fail, "two keys have the kid"),
            (json!([rsa(1024, "a")]), Verdict::Fail, "1024 bits"),
            (json!([private]), Verdict::Fail, "private members"),
            (json!([{ "kty": "oct", "kid": "a", "k": "AA" }]), Verdict::Fail, "a symmetric key"),
            (json!([{ "kty": "AKP" }]), Verdict::Fail, "no key of the set"),
        ] {
            let step = judged(&keys);
            assert_eq!(step.verdict, verdict, "{keys}");
            assert!(step.seen.contains(seen), "{keys}: {}", step.seen);
        }
        assert_eq!(jwks(None).verdict, Verdict::Warn);
        assert_eq!(jwks(Some(&Err(Trouble::Refused))).verdict, Verdict::Fail);
    }
}
