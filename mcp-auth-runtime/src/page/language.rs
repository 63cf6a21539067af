//! Which language a page is in: what the request asks for, else English.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use mcp_auth_core::weight::{WHOLE_WEIGHT, weight};

/// The longest list that is read, in bytes. A browser sends less than 200.
const LONGEST: usize = 1024;

/// A language that pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag (RFC 5646), for `lang` and `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The first of a list of language tags, the most wanted first and with spaces between, that pages are written in. It is
    /// `ui_locales` of OpenID Connect Core 1.0 §3.1.2.1.
    pub fn of_locales(locales: &str) -> Option<Self> {
        locales.split(' ').find_map(Self::of_tag)
    }

    /// The one that `Accept-Language` weighs most, of those that pages are written in (RFC 9110 §12.5.4). What cannot be read says nothing.
    pub fn of_headers(headers: &HeaderMap) -> Self {
        let lines = || headers.get_all(ACCEPT_LANGUAGE).iter();
        if lines().map(|line| line.len()).sum::<usize>() > LONGEST {
            return Self::default();
        }
        let ranges = lines().filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(','));
        let wanted: Vec<(&str, u16)> = ranges.filter_map(weighed).collect();
        let of_anything = wanted.iter().find(|(range, _)| *range == "*").map_or(0, |(_, weight)| *weight);
        let weight = |language: Self| {
            let named = wanted.iter().filter(|(range, _)| Self::of_tag(range) == Some(language));
            named.map(|(_, weight)| *weight).max().unwrap_or(of_anything)
        };
        let place = |language: Self| {
            wanted.iter().position(|(range, _)| Self::of_tag(range) == Some(language)).unwrap_or(usize::MAX)
        };
        // Of two with one weight the one that is named first; of two that are not named, English.
        let best = Self::ALL.into_iter().filter(|language| weight(*language) > 0);
        best.min_by_key(|language| (WHOLE_WEIGHT - weight(*language), place(*language))).unwrap_or_default()
    }

    /// That of a tag or a range: by its first part alone (RFC 4647 §3.4), so `de-AT` is German.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }
}

/// A language range with its weight in thousandths (RFC 9110 §12.4.2).
fn weighed(range: &str) -> Option<(&str, u16)> {
    let (range, parameter) = match range.split_once(';') {
        Some((range, parameter)) => (range, Some(parameter)),
        None => (range, None),
    };
    let weight = match parameter {
        None => WHOLE_WEIGHT,
        Some(parameter) => weight(parameter)?,
    };
    Some((range.trim(), weight))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn of(lines: &[&str]) -> Language {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(ACCEPT_LANGUAGE, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        Language::of_headers(&headers)
    }

    #[test]
    fn the_language_that_weighs_most_is_chosen() {
        for german in [
            &["de"][..],
            &["DE-at"],
            &["de-DE,de;q=0.9,en;q=0.8"],
            &["fr, de;q=0.2"],
            &["en;q=0.5, de;q=0.501"],
            &["en;q=0.5", "de"],
            &["en;q=0, *"],
            &["de, en"],
            &["de ; q=1.000 , en; q=0.999"],
        ] {
            assert_eq!(of(german), Language::German, "{german:?}");
        }
        for english in [
            &[][..],
            &[""],
            &["*"],
            &["fr"],
            &["en-GB"],
            &["en, de"],
            &["de;q=0"],
            &["de;q=0.4, en;q=0.5"],
            &["de;q=0.4, *;q=0.5"],
            &["deu, den"],
        ] {
            assert_eq!(of(english), Language::English, "{english:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_or_is_too_long_gives_english() {
        let long = format!("de,{}", "fr,".repeat(3_500));
        for hostile in
            [&long, "de;q=2", "de;q=0.5555", "de;q=-1", "de;q=", "de;level=1", "d\u{e9}", ";;;,,,;q=1", "-"]
        {
            assert_eq!(of(&[hostile]), Language::English, "{hostile:?}");
        }
        // Its lines count together.
        assert_eq!(of(&["de", &"f".repeat(1_023)]), Language::English);
    }

    #[test]
    fn the_first_locale_that_there_is_is_chosen() {
        assert_eq!(Language::of_locales("fr de-CH en"), Some(Language::German));
        assert_eq!(Language::of_locales("en-GB de"), Some(Language::English));
        for none in ["", "fr", "deutsch", "  "] {
            assert_eq!(Language::of_locales(none), None, "{none:?}");
        }
    }
}
