//! Writes a length of time in words.

use mcp_auth_runtime::facade::said_plainly;

use super::speaking::texts;
use super::texts::Texts;

/// The seconds of each unit, and how one and how many of it are written.
fn units(texts: &Texts) -> [(u64, [&'static str; 2], [&'static str; 2]); 4] {
    [
        (86_400, [texts.one_day, texts.days], [texts.one_day_ago, texts.days_ago]),
        (3_600, [texts.one_hour, texts.hours], [texts.one_hour_ago, texts.hours_ago]),
        (60, [texts.one_minute, texts.minutes], [texts.one_minute_ago, texts.minutes_ago]),
        (1, [texts.one_second, texts.seconds], [texts.one_second_ago, texts.seconds_ago]),
    ]
}

fn counted(count: u64, [one, many]: [&'static str; 2]) -> String {
    match count {
        1 => one.to_owned(),
        many_of_it => said_plainly(many, &[("count", &many_of_it.to_string())]),
    }
}

/// `seconds` in the largest unit that expresses it exactly.
pub(super) fn in_words(seconds: u64) -> String {
    let units = units(texts());
    let exact = units.into_iter().find(|(length, ..)| seconds.is_multiple_of(*length));
    exact.map_or_else(String::new, |(length, written, _)| counted(seconds / length, written))
}

/// How long ago something was, in the largest unit of which there is one.
pub(super) fn ago(seconds: u64) -> String {
    match units(texts()).into_iter().find(|(length, ..)| seconds >= *length) {
        None => texts().just_now.to_owned(),
        Some((length, _, written)) => counted(seconds / length, written),
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
