//! `login_hint`: who may be about to log in (OpenID Connect Core 1.0 §3.1.2.1). It is a person's name, so no log has it.

use super::super::refusal::Refused;
use crate::request::Params;

/// The longest hint, in bytes.
const MOST: usize = 256;

/// Reads it.
///
/// # Errors
/// [`Refused::Hint`] for one that is too long, or has control characters.
pub(in super::super) fn read(params: &Params) -> Result<Option<String>, Refused> {
    match params.get("login_hint") {
        Some(hint) if hint.len() > MOST || hint.chars().any(char::is_control) => {
            Err(Refused::Hint { name: "login_hint", most: MOST })
        }
        hint => Ok(hint.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_is_at_most_256_bytes_without_control_characters() {
        let hint = |text: &str| read(&Params::parse(&format!("login_hint={text}")).unwrap());
        assert_eq!(hint("").unwrap(), None);
        assert_eq!(hint("zo%C3%AB@example.com").unwrap().as_deref(), Some("zo\u{eb}@example.com"));
        assert!(hint(&"a".repeat(MOST)).is_ok());
        for bad in ["a".repeat(MOST + 1), "a%0Ab".to_owned(), "a%00".to_owned()] {
            assert!(matches!(hint(&bad), Err(Refused::Hint { name: "login_hint", .. })), "{bad}");
        }
    }
}
