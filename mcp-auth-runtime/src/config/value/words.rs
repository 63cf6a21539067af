//! Words in messages: what was given, in quotes, and the known word that was most likely meant.

/// `given` in quotes, control characters escaped, cut after 80 characters.
pub(in crate::config) fn quoted(given: &str) -> String {
    match given.char_indices().nth(80) {
        Some((end, _)) => format!("{:?}…", &given[..end]),
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
    fn nearest_word_is_near_or_none() {
        assert_eq!(nearest("clock_skw", ["clock_skew", "issuer"]), Some("clock_skew"));
        assert_eq!(nearest("requird", ["required"]), Some("required"));
        assert_eq!(nearest("colour", ["clock_skew", "issuer"]), None);
    }
}
