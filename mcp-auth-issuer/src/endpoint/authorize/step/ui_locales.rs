//! `ui_locales`: the languages of pages, which the login may go by too (OpenID Connect Core 1.0 §3.1.2.1).

use super::super::refusal::Refused;
use crate::request::Params;

/// The longest list, in bytes.
const MOST: usize = 256;

/// Reads it. Which languages there are is not said here: one that is not spoken is not a mistake.
///
/// # Errors
/// [`Refused::Hint`] for what is too long, or is not language tags (RFC 5646) with spaces between them.
pub(in super::super) fn read(params: &Params) -> Result<Option<String>, Refused> {
    let is_tags = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"- ".contains(&byte));
    match params.get("ui_locales") {
        Some(locales) if locales.len() > MOST || !is_tags(locales) => {
            Err(Refused::Hint { name: "ui_locales", most: MOST })
        }
        locales => Ok(locales.map(str::to_owned)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales_are_language_tags() {
        let locales = |text: &str| read(&Params::parse(&format!("ui_locales={text}")).unwrap());
        assert_eq!(locales("fr-CA+fr+xx").unwrap().as_deref(), Some("fr-CA fr xx"));
        assert_eq!(locales("").unwrap(), None);
        for bad in ["de%0A", "%3Cb%3E", "d\u{e9}", &"a".repeat(MOST + 1)] {
            assert!(matches!(locales(bad), Err(Refused::Hint { name: "ui_locales", .. })), "{bad}");
        }
    }
}
