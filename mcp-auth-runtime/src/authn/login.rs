//! How the person behind a credential logged in, as far as the credential says.

use serde_json::{Map, Value};

/// The most ways of logging in that one credential is read for.
const MOST_ACR: usize = 16;

/// How the person behind a credential logged in.
///
/// - Source: RFC 9068 §2.2.1, `auth_time` and `acr`; RFC 9470 §6.2 of answers of an issuer that is asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Login {
    /// When, in Unix seconds; `None` where the credential does not say it, or says what cannot be.
    pub auth_time: Option<u64>,
    /// By what, in the words of its issuer.
    pub acr: Vec<String>,
}

impl Login {
    /// What these claims say: of each list of names the first one that is present.
    ///
    /// A time that lies more than `skew` seconds ahead of `now` does not count: such a login would not get old for as long.
    ///
    /// - Units: `skew` in seconds, `now` in Unix seconds.
    pub(super) fn of(
        claims: &Map<String, Value>,
        (auth_time_claims, acr_claims): (&[String], &[String]),
        skew: u64,
        now: u64,
    ) -> Self {
        let first = |names: &[String]| names.iter().find_map(|name| claims.get(name));
        let auth_time = first(auth_time_claims).and_then(seconds);
        let acr = match first(acr_claims) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(several)) if several.len() <= MOST_ACR => {
                several.iter().filter_map(Value::as_str).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        };
        Self { auth_time: auth_time.filter(|at| *at <= now.saturating_add(skew)), acr }
    }

    /// Whether a login of which this is known is still as good as it was.
    pub(super) fn is_kept_by(&self, now: &Self) -> bool {
        self.acr.iter().all(|acr| now.acr.contains(acr)) && self.auth_time <= now.auth_time
    }
}

/// A NumericDate (RFC 7519 §2) in whole seconds, a fraction rounded down: a login is not taken for a younger one.
fn seconds(value: &Value) -> Option<u64> {
    #[expect(clippy::cast_sign_loss, clippy::cast_possible_truncation, reason = "checked to be in range")]
    let whole = |real: f64| (0.0..1e12).contains(&real).then(|| real.floor() as u64);
    value.as_u64().or_else(|| value.as_f64().and_then(whole))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: u64 = 1_800_000_000;

    fn login(claims: &Value) -> Login {
        let names = |name: &str| vec![format!("https://x.example/{name}"), name.to_owned()];
        Login::of(claims.as_object().unwrap(), (&names("auth_time"), &names("acr")), 30, NOW)
    }

    #[test]
    fn a_time_is_a_date_in_seconds_that_has_been() {
        for (said, read) in [
            (json!(NOW - 5), Some(NOW - 5)),
            (json!(1_799_999_999.9), Some(NOW - 1)),
            (json!(NOW + 30), Some(NOW + 30)),
            (json!(NOW + 31), None),
            // In milliseconds it would never get old.
            (json!(NOW * 1000), None),
            (json!(-1), None),
            (json!(1e300), None),
            (json!("1800000000"), None),
            (json!(null), None),
            (json!([NOW]), None),
            (json!(true), None),
        ] {
            assert_eq!(login(&json!({ "auth_time": said })).auth_time, read, "{said}");
        }
        assert_eq!(login(&json!({})), Login::default());
    }

    #[test]
    fn a_way_is_one_text_or_several() {
        for (said, read) in [
            (json!("phr"), vec!["phr"]),
            (json!(["c1", "c2"]), vec!["c1", "c2"]),
            (json!(["c1", 2]), vec!["c1"]),
            (json!(1), vec![]),
            (json!({ "phr": true }), vec![]),
            (json!(vec!["x"; 17]), vec![]),
        ] {
            assert_eq!(login(&json!({ "acr": said })).acr, read, "{said}");
        }
    }

    #[test]
    fn of_several_claims_the_first_one_counts() {
        let both = json!({ "acr": "b", "https://x.example/acr": "a", "auth_time": 2, "https://x.example/auth_time": 1 });
        assert_eq!(login(&both), Login { auth_time: Some(1), acr: vec!["a".to_owned()] });
        let unread = json!({ "acr": "b", "https://x.example/acr": 7 });
        assert_eq!(login(&unread).acr, [""; 0]);
    }

    #[test]
    fn a_login_is_as_good_as_before_if_it_is_no_older_and_no_weaker() {
        let of =
            |auth_time, acr: &[&str]| Login { auth_time, acr: acr.iter().map(|s| (*s).to_owned()).collect() };
        let before = of(Some(5), &["a"]);
        assert!(before.is_kept_by(&before) && before.is_kept_by(&of(Some(6), &["b", "a"])));
        for less in [of(Some(4), &["a"]), of(None, &["a"]), of(Some(5), &[]), of(Some(5), &["b"])] {
            assert!(!before.is_kept_by(&less), "{less:?}");
        }
    }
}
