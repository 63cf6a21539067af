//! How a test holds the texts of one language against those of another.

use crate::page::placeholders;

/// What is wrong with a translation: a text that is empty, is that of the other language (but for the names in `same`), or does not hold
/// the same values.
pub fn untranslated(original: &[(&str, &str)], translation: &[(&str, &str)], same: &[&str]) -> Vec<String> {
    let pairs = original.iter().zip(translation);
    let wrong = pairs.filter_map(|((name, text), (_, translated))| {
        let what = match () {
            () if translated.trim().is_empty() || text.trim().is_empty() => "is empty",
            () if (text == translated) != same.contains(name) => "is not translated, or need not be listed",
            () if placeholders(text) != placeholders(translated) => "holds other values",
            () if ['*', '`'].iter().any(|mark| translated.matches(*mark).count() % 2 == 1) => {
                "leaves a mark open"
            }
            () if ['*', '`'].iter().any(|mark| text.matches(*mark).count() % 2 == 1) => "leaves a mark open",
            () => return None,
        };
        Some(format!("{name} {what}: {translated:?}"))
    });
    wrong.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_fault_of_a_translation_is_found_and_a_good_one_has_none() {
        let original = [("a", "One {x}"), ("b", "Same"), ("c", "*C*")];
        let faults = |texts: [&'static str; 3]| {
            let translation = [("a", texts[0]), ("b", texts[1]), ("c", texts[2])];
            untranslated(&original, &translation, &["b"]).len()
        };
        assert_eq!(faults(["Eins {x}", "Same", "*Z*"]), 0);
        for (wrong, count) in [
            (["One {x}", "Same", "*Z*"], 1),
            (["Eins {y}", "Same", "*Z*"], 1),
            (["Eins {x}", "Anders", "*Z*"], 1),
            (["Eins {x}", "Same", "*Z"], 1),
            ([" ", "Same", "*Z*"], 1),
            (["Eins", "Anders", "*C*"], 3),
        ] {
            assert_eq!(faults(wrong), count, "{wrong:?}");
        }
    }
}
