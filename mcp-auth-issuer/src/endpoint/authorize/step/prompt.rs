//! `prompt`: which pages are shown (OpenID Connect Core 1.0 §3.1.2.1).

use super::super::refusal::Refused;
use crate::request::Params;

/// What this server does for each value.
pub(in crate::endpoint) const SUPPORTED: [&str; 4] = ["none", "login", "consent", "select_account"];

/// Which pages the client asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Prompt {
    /// `none`: no page is shown.
    pub(in super::super) none: bool,
    /// `login`: the person logs in for this request, whatever they did before. `select_account` is the same here: a browser has one login, and
    /// the page on which one logs in is where another person is chosen.
    pub(in super::super) login: bool,
    /// The person decides on a page, whatever they said before: `consent`, and also where they log in anew.
    pub(in super::super) consent: bool,
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
    let login = has("login") || has("select_account");
    Ok(Prompt { none: has("none"), login, consent: login || has("consent") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone_and_each_value_asks_for_its_pages() {
        let prompt = |query: &str| read(&Params::parse(query).unwrap());
        for (query, [none, login, consent]) in [
            ("", [false, false, false]),
            ("prompt=consent", [false, false, true]),
            ("prompt=login", [false, true, true]),
            ("prompt=select_account", [false, true, true]),
            ("prompt=consent+login", [false, true, true]),
            ("prompt=none", [true, false, false]),
            ("prompt=create", [false, false, false]),
        ] {
            assert_eq!(prompt(query).unwrap(), Prompt { none, login, consent }, "{query}");
        }
        for other in SUPPORTED.iter().filter(|value| **value != "none") {
            assert!(matches!(prompt(&format!("prompt=none+{other}")), Err(Refused::Prompt)), "{other}");
        }
    }
}
