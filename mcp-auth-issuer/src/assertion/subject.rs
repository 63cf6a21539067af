//! What a person of another issuer is called here: by issuer and subject together, since a subject is unique only within its issuer.

use std::fmt::Write as _;

/// The longest `sub` that servers read (OpenID Connect Core 1.0 §2), in bytes.
const MAX_SUBJECT: usize = 255;

/// The `sub` of our tokens for the person `sub` of `issuer`: `<issuer>#<sub>`, a URI. An issuer identifier has no fragment (RFC 8414 §2) and every other
/// character than those of a fragment is percent-encoded, so two persons never have one name, and none has that of an account here.
/// `None` where it would be too long.
pub(super) fn subject_of(issuer: &str, sub: &str) -> Option<String> {
    let mut name = format!("{issuer}#");
    for byte in sub.bytes() {
        // RFC 3986 §3.5, without `%`.
        match byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte) {
            true => name.push(char::from(byte)),
            false => write!(name, "%{byte:02X}").ok()?,
        }
    }
    (name.len() <= MAX_SUBJECT).then_some(name)
}

/// Whether `name` could be that of a person of `issuer`.
pub(crate) fn is_of(issuer: &str, name: &str) -> bool {
    name.strip_prefix(issuer).is_some_and(|rest| rest.starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_person_of_each_issuer_has_a_name_that_nobody_else_has() {
        let issuers = ["https://a.example", "https://a.example/t", "https://b.example"];
        let subjects = ["ann", "ANN", "a#n", "a%23n", "a n", "\u{e4}", "https://a.example#ann", "auth0|1"];
        let mut names = std::collections::BTreeSet::new();
        for issuer in issuers {
            for subject in subjects {
                let name = subject_of(issuer, subject).unwrap();
                assert!(name.parse::<url::Url>().is_ok_and(|url| url.as_str().is_ascii()), "{name}");
                assert!(is_of(issuer, &name) && names.insert(name), "{issuer} {subject}");
            }
        }
        assert_eq!(
            subject_of("https://a.example", "auth0|1").as_deref(),
            Some("https://a.example#auth0%7C1")
        );
    }

    #[test]
    fn a_name_that_servers_would_not_read_is_not_made() {
        let issuer = "https://a.example";
        let longest = MAX_SUBJECT - issuer.len() - 1;
        assert!(subject_of(issuer, &"x".repeat(longest)).is_some());
        assert_eq!(subject_of(issuer, &"x".repeat(longest + 1)), None);
    }

    #[test]
    fn a_name_is_of_the_issuer_before_its_fragment_alone() {
        assert!(is_of("https://a.example", "https://a.example#"));
        for other in ["https://a.example", "https://a.example/t#x", "https://a.example.evil#x", "ann", "#ann"]
        {
            assert!(!is_of("https://a.example", other), "{other}");
        }
    }
}
