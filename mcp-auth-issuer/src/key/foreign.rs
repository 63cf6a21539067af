//! What JWTs of others say (RFC 7519 §4.1), where it has to be about this issuer, now, and once.

use serde_json::{Map, Value};

/// How far the clock of who signs may be ahead of ours, in seconds.
const AHEAD: u64 = 30;
/// The longest `jti`, in bytes.
const LONGEST_ID: usize = 256;
/// The last second of the year 9999.
const LAST_DATE: f64 = 253_402_300_799.0;

/// The claims of a JWT that somebody else signed.
#[derive(Clone, Copy)]
pub(crate) struct ForeignClaims<'c>(pub(crate) &'c Map<String, Value>);

/// Why claims are not what they have to be. Shows no value of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidClaim {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is not of its type")]
    Type(&'static str),
    #[error("aud is not this issuer alone")]
    Audience,
    #[error("exp has passed")]
    Expired,
    #[error("exp is too far away")]
    TooLong,
    #[error("{0} is in the future")]
    Early(&'static str),
}

impl<'c> ForeignClaims<'c> {
    /// Text that is there and is not empty.
    pub(crate) fn text(self, claim: &'static str) -> Result<&'c str, InvalidClaim> {
        match self.0.get(claim) {
            None => Err(InvalidClaim::Missing(claim)),
            Some(Value::String(text)) if !text.is_empty() => Ok(text),
            Some(_) => Err(InvalidClaim::Type(claim)),
        }
    }

    /// That `aud` is `issuer` alone, as text or as a list of one. One that names others too could be used there as well.
    pub(crate) fn is_for_only(self, issuer: &str) -> Result<(), InvalidClaim> {
        match self.0.get("aud") {
            None => Err(InvalidClaim::Missing("aud")),
            Some(Value::String(only)) if only == issuer => Ok(()),
            Some(Value::Array(all)) if matches!(all.as_slice(), [Value::String(only)] if only == issuer) => {
                Ok(())
            }
            Some(_) => Err(InvalidClaim::Audience),
        }
    }

    /// That it is good `now`, and for at most `longest` seconds more. Returns `exp`, in Unix seconds.
    pub(crate) fn end(self, now: u64, longest: u64) -> Result<u64, InvalidClaim> {
        let exp = self.date("exp")?.ok_or(InvalidClaim::Missing("exp"))?;
        if exp <= now {
            return Err(InvalidClaim::Expired);
        }
        if exp - now > longest {
            return Err(InvalidClaim::TooLong);
        }
        for claim in ["iat", "nbf"] {
            if self.date(claim)?.is_some_and(|at| at > now.saturating_add(AHEAD)) {
                return Err(InvalidClaim::Early(claim));
            }
        }
        Ok(exp)
    }

    /// What makes it good once.
    pub(crate) fn id(self) -> Result<&'c str, InvalidClaim> {
        match self.text("jti")? {
            jti if jti.len() <= LONGEST_ID => Ok(jti),
            _ => Err(InvalidClaim::Type("jti")),
        }
    }

    /// A NumericDate (RFC 7519 §2) as whole seconds, a fraction left out.
    pub(crate) fn date(self, claim: &'static str) -> Result<Option<u64>, InvalidClaim> {
        let Some(value) = self.0.get(claim) else { return Ok(None) };
        let seconds = value.as_f64().filter(|seconds| (0.0..=LAST_DATE).contains(seconds));
        #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "checked to be in range")]
        let seconds = seconds.map(|seconds| seconds as u64);
        seconds.map(Some).ok_or(InvalidClaim::Type(claim))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ISSUER: &str = "https://issuer.example";
    const NOW: u64 = 1_800_000_000;

    fn with<T>(claims: Value, read: impl FnOnce(ForeignClaims<'_>) -> T) -> T {
        read(ForeignClaims(claims.as_object().unwrap()))
    }

    #[test]
    fn an_audience_is_this_issuer_alone_byte_for_byte() {
        let aud = |aud: Value| with(json!({ "aud": aud }), |claims| claims.is_for_only(ISSUER));
        for good in [json!(ISSUER), json!([ISSUER])] {
            assert_eq!(aud(good), Ok(()));
        }
        for bad in [
            json!([]),
            json!([ISSUER, "https://other.example"]),
            json!([ISSUER, ISSUER]),
            json!("https://issuer.example/"),
            json!("https://issuer.example/token"),
            json!("HTTPS://issuer.example"),
            json!({ "aud": ISSUER }),
            json!(null),
        ] {
            assert_eq!(aud(bad.clone()), Err(InvalidClaim::Audience), "{bad}");
        }
        assert_eq!(with(json!({}), |c| c.is_for_only(ISSUER)), Err(InvalidClaim::Missing("aud")));
    }

    #[test]
    fn a_life_has_an_end_that_is_near_and_a_beginning_that_is_not_ahead() {
        let end = |claims: Value| with(claims, |claims| claims.end(NOW, 600));
        for (claims, expected) in [
            (json!({ "exp": NOW + 1 }), Ok(NOW + 1)),
            (json!({ "exp": NOW + 600, "iat": NOW + AHEAD, "nbf": NOW + AHEAD }), Ok(NOW + 600)),
            (json!({ "exp": NOW + 601 }), Err(InvalidClaim::TooLong)),
            (json!({ "exp": NOW }), Err(InvalidClaim::Expired)),
            (json!({ "exp": NOW + 1, "iat": NOW + AHEAD + 1 }), Err(InvalidClaim::Early("iat"))),
            (json!({ "exp": NOW + 1, "nbf": NOW + AHEAD + 1 }), Err(InvalidClaim::Early("nbf"))),
            (json!({ "iat": NOW }), Err(InvalidClaim::Missing("exp"))),
            (json!({ "exp": "1800000001" }), Err(InvalidClaim::Type("exp"))),
            (json!({ "exp": -1 }), Err(InvalidClaim::Type("exp"))),
            (json!({ "exp": 1e300 }), Err(InvalidClaim::Type("exp"))),
            (json!({ "exp": NOW + 1, "iat": null }), Err(InvalidClaim::Type("iat"))),
        ] {
            assert_eq!(end(claims.clone()), expected, "{claims}");
        }
    }

    #[test]
    fn an_identifier_is_text_of_a_bounded_length() {
        let id = |jti: Value| with(json!({ "jti": jti }), |claims| claims.id().map(str::to_owned));
        assert_eq!(id(json!("a")), Ok("a".to_owned()));
        for bad in [json!(""), json!(7), json!("a".repeat(LONGEST_ID + 1))] {
            assert_eq!(id(bad), Err(InvalidClaim::Type("jti")));
        }
        assert_eq!(with(json!({}), |claims| claims.id().map(drop)), Err(InvalidClaim::Missing("jti")));
    }
}
