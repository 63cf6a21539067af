//! Writes a lifetime in words.

const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];

/// `seconds` in the largest unit that expresses it exactly.
pub(super) fn in_words(seconds: u64) -> String {
    let exact = UNITS.into_iter().find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, unit) = exact.unwrap_or((1, "second"));
    match seconds / length {
        1 => format!("1 {unit}"),
        many => format!("{many} {unit}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::in_words;

    #[test]
    fn a_lifetime_is_exact_in_its_largest_unit() {
        let said = [1, 59, 60, 90, 900, 3_600, 5_400, 86_400, 1_209_600].map(in_words);
        let expected = [
            "1 second",
            "59 seconds",
            "1 minute",
            "90 seconds",
            "15 minutes",
            "1 hour",
            "90 minutes",
            "1 day",
            "14 days",
        ];
        assert_eq!(said, expected);
    }
}
