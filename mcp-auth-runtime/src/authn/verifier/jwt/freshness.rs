//! How long HTTP says an answer is fresh (RFC 9111 §4.2): what decides when keys are fetched again, and
//! client metadata documents.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL, DATE, EXPIRES, HeaderName};

/// The freshness lifetime left to an answer, or `None` when its headers say nothing.
///
/// - Units: `now` in Unix seconds, used only where the answer has `Expires` and no `Date`.
/// - Source: RFC 9111 §4.2.1 (lifetime) and §5.1 (`Age`). `no-store` and `no-cache` leave nothing.
pub fn freshness_lifetime(headers: &HeaderMap, now: u64) -> Option<Duration> {
    let age = number(text(headers, &AGE)).unwrap_or(0);
    let mut max_age = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or_default().split(',') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            let name = name.trim();
            if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
                return Some(Duration::ZERO);
            }
            if name.eq_ignore_ascii_case("max-age") && max_age.is_none() {
                // An unreadable max-age is stale (RFC 9111 §4.2.1).
                max_age = Some(number(Some(argument.trim().trim_matches('"'))).unwrap_or(0));
            }
        }
    }
    let lifetime = match max_age {
        Some(seconds) => seconds,
        None => {
            let expires = text(headers, &EXPIRES)?;
            let from = text(headers, &DATE).and_then(date).unwrap_or(now);
            // `Expires: 0` and other non-dates mean expired (RFC 9111 §5.3).
            date(expires).unwrap_or(0).saturating_sub(from)
        }
    };
    Some(Duration::from_secs(lifetime.saturating_sub(age)))
}

fn text<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

/// delta-seconds (RFC 9111 §1.2.2): digits only; too large a number counts as very long.
fn number(text: Option<&str>) -> Option<u64> {
    let text = text?;
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::from(u32::MAX)).min(u64::from(u32::MAX)))
}

/// An HTTP-date (RFC 9110 §5.6.7) in Unix seconds.
fn date(text: &str) -> Option<u64> {
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(pairs: &[(&'static str, &str)]) -> Option<u64> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        freshness_lifetime(&headers, 784_111_777).map(|lifetime| lifetime.as_secs())
    }

    #[test]
    fn max_age_less_age_is_the_lifetime() {
        assert_eq!(secs(&[("cache-control", "public, max-age=300")]), Some(300));
        assert_eq!(
            secs(&[("cache-control", "public"), ("cache-control", "Max-Age=\"300\""), ("age", "100")]),
            Some(200)
        );
        assert_eq!(secs(&[("cache-control", "max-age=300"), ("age", "400")]), Some(0));
        assert_eq!(secs(&[("cache-control", "max-age=99999999999999999999")]), Some(u64::from(u32::MAX)));
        assert_eq!(secs(&[("cache-control", "max-age=x")]), Some(0));
        assert_eq!(secs(&[("cache-control", "max-age=-1")]), Some(0));
    }

    #[test]
    fn no_store_and_no_cache_leave_nothing() {
        for directive in ["no-store", "no-cache, max-age=300", "max-age=300, No-Store"] {
            assert_eq!(secs(&[("cache-control", directive)]), Some(0), "{directive}");
        }
    }

    #[test]
    fn expires_counts_only_without_max_age() {
        let (date, later) = ("Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:59:37 GMT");
        assert_eq!(secs(&[("expires", later), ("date", date)]), Some(600));
        assert_eq!(secs(&[("expires", later)]), Some(600));
        assert_eq!(secs(&[("expires", later), ("cache-control", "max-age=5")]), Some(5));
        assert_eq!(secs(&[("expires", "0")]), Some(0));
    }

    #[test]
    fn silence_says_nothing() {
        assert_eq!(secs(&[]), None);
        assert_eq!(secs(&[("cache-control", "public, s-maxage=5"), ("etag", "x")]), None);
    }
}
