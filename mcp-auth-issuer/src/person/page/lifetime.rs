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

/// How long ago something was, in the largest unit of which there is one.
pub(super) fn ago(seconds: u64) -> String {
    match UNITS.into_iter().find(|(length, _)| seconds >= *length) {
        None => "just now".to_owned(),
        Some((length, _)) => format!("{} ago", in_words(seconds / length * length)),
    }
}

#[cfg(test)]
mod tests {
    use super::{ago, in_words};

    #[test]
    fn what_was_is_as_long_ago_as_its_largest_unit_says() {
        let said = [0, 1, 59, 119, 3_600, 7_199, 86_400, 10 * 86_400 + 9].map(ago);
        let expected = [
            "just now",
            "1 second ago",
            "59 seconds ago",
            "1 minute ago",
            "1 hour ago",
            "1 hour ago",
            "1 day ago",
            "10 days ago",
        ];
        assert_eq!(said, expected);
    }

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
