//! Words in messages: what was given, in quotes, and the known word that was most likely meant.

use mcp_auth_core::ApiKey;

/// `given` in quotes, control characters escaped, cut after 80 characters and before an API key: it may stand where it does
/// not belong.
pub(in crate::config) fn quoted(given: &str) -> String {
    let long = given.char_indices().nth(80).map(|(end, _)| end);
    match long.into_iter().chain(ApiKey::found_in(given)).min() {
        Some(end) => format!("{:?}…", &given[..end]),
        None => format!("{given:?}"),
    }
}

/// The known word a mistyped one most likely means: at most a third of its letters changed.
pub(in crate::config) fn nearest<'a>(
    given: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let given = given.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&given, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_given_is_shown_without_an_api_key_in_it() {
        assert_eq!(quoted("x mcpk_hunter2"), "\"x \"…");
        assert_eq!(quoted(&format!("{}MCPK_hunter2", "x".repeat(90))), format!("\"{}\"…", "x".repeat(80)));
        assert_eq!(quoted("mcpk"), "\"mcpk\"");
    }

    #[test]
    fn nearest_word_is_near_or_none() {
        assert_eq!(nearest("clock_skw", ["clock_skew", "issuer"]), Some("clock_skew"));
        assert_eq!(nearest("requird", ["required"]), Some("required"));
        assert_eq!(nearest("colour", ["clock_skew", "issuer"]), None);
    }
}
