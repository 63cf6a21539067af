//! `prompt`: which pages are shown (OpenID Connect Core 1.0 §3.1.2.1).

use super::super::refusal::Refused;
use crate::request::Params;

/// Which pages the client asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Prompt {
    /// `none`: no page is shown.
    pub(in super::super) none: bool,
    /// `login`: the person logs in for this request, whatever they did before.
    pub(in super::super) login: bool,
}

/// Reads it. Values that are not known ask for nothing.
///
/// # Errors
/// [`Refused::Prompt`] for `none` beside something else.
pub(in super::super) fn read(params: &Params) -> Result<Prompt, Refused> {
    let values: Vec<&str> = params.get("prompt").unwrap_or_default().split(' ').collect();
    let has = |value: &str| values.contains(&value);
    if values.len() > 1 && has("none") {
        return Err(Refused::Prompt);
    }
    Ok(Prompt { none: has("none"), login: has("login") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone() {
        let prompt = |query: &str| read(&Params::parse(query).unwrap());
        for (query, none, login) in [
            ("", false, false),
            ("prompt=consent", false, false),
            ("prompt=login", false, true),
            ("prompt=consent+login", false, true),
            ("prompt=none", true, false),
        ] {
            assert_eq!(prompt(query).unwrap(), Prompt { none, login }, "{query}");
        }
        assert!(matches!(prompt("prompt=none+login"), Err(Refused::Prompt)));
    }
}
