//! What is tried first as a password (NIST SP 800-63B-4 §3.1.1.2: common, expected or compromised values are refused): the commonest ones,
//! what stands in a row on a keyboard, and what an account and its server are called.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;

use super::name::folded;

/// The commonest ones, a line each.
const COMMON: &str = include_str!("common_words.txt");

/// What a hand, or the alphabet, has in a row.
const ROWS: [&str; 12] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop[]",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl;'",
    "qsdfghjklm",
    "zxcvbnm,./",
    "yxcvbnm,.-",
    "!@#$%^&*()_+",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik",
    "1q2w3e4r5t6y7u8i9o0p",
];
/// The shortest piece of a row that is one.
const SHORTEST_RUN: usize = 5;
/// Parts of a name that are shorter stand in many words.
const SHORTEST_PART: usize = 4;
/// So few different characters beside what is tried first are tried too.
const FEWEST_LEFT: usize = 6;
/// What stands in a text where something was taken out, so that its two ends do not make a word.
const GAP: char = '\0';

/// Each word of [`COMMON`], the longest first.
static WORDS: LazyLock<Vec<Vec<char>>> = LazyLock::new(|| {
    let lines = COMMON.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut words: Vec<Vec<char>> = lines.map(|line| line.chars().collect()).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
});

/// What an account, or a server, is called: the whole, and its parts, as those of `ann.lee@example.com`.
pub(super) struct Called(Vec<Vec<char>>);

impl Called {
    pub(super) fn of(names: &[&str]) -> Self {
        let mut words = Vec::new();
        for name in names {
            let name = plain(name);
            words.push(without_separators(&name));
            let parts = name.split(|c| !c.is_alphanumeric());
            words.extend(parts.filter(|part| part.len() >= SHORTEST_PART).map(<[char]>::to_vec));
        }
        words.retain(|word| !word.is_empty());
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
        Self(words)
    }

    /// Whether a password is one of these words, or little more.
    pub(super) fn is_nearly(&self, password: &str) -> bool {
        is_little_without(password, |text| self.take_out_of(text))
    }

    /// Whether a password is all that is tried first, or little more: these words, the commonest ones, and rows of keys.
    pub(super) fn and_the_commonest_are_nearly(&self, password: &str) -> bool {
        is_little_without(password, |text| {
            self.take_out_of(text);
            take_out_rows(text);
            WORDS.iter().for_each(|word| take_out(text, word));
        })
    }

    fn take_out_of(&self, text: &mut Vec<char>) {
        self.0.iter().for_each(|word| take_out(text, word));
    }
}

/// Whether hardly anything is left of a password when this is taken out of it; also where it is written with separators.
fn is_little_without(password: &str, take_out: impl Fn(&mut Vec<char>)) -> bool {
    let as_it_is = plain(password);
    [without_separators(&as_it_is), as_it_is].into_iter().any(|mut text| {
        let before = text.len();
        take_out(&mut text);
        let left: BTreeSet<char> = text.iter().copied().filter(|c| *c != GAP).collect();
        // Where nothing was taken out, other rules say whether it will do.
        left.len() < FEWEST_LEFT && (text.len() < before || text.contains(&GAP))
    })
}

/// Small letters without accents.
fn plain(text: &str) -> Vec<char> {
    let is_accent = |c: &char| ('\u{300}'..='\u{36f}').contains(c);
    folded(text).nfd().filter(|c| !is_accent(c)).collect()
}

fn without_separators(text: &[char]) -> Vec<char> {
    text.iter().copied().filter(|c| !c.is_whitespace() && !"-_.,+*/|:;~".contains(*c)).collect()
}

/// Takes every place of `word` out, read forwards or backwards.
fn take_out(text: &mut Vec<char>, word: &[char]) {
    let backwards: Vec<char> = word.iter().rev().copied().collect();
    let mut at = 0;
    while let Some(here) = text.get(at..at + word.len()) {
        let is = |word: &[char]| here.iter().zip(word).all(|(c, wanted)| stands_for(*c, *wanted));
        if is(word) || is(&backwards) {
            text.splice(at..at + word.len(), [GAP]);
        }
        at += 1;
    }
}

/// Whether people write `c` for this letter.
fn stands_for(c: char, letter: char) -> bool {
    c == letter
        || matches!(
            (c, letter),
            ('0', 'o')
                | ('1' | '!', 'i' | 'l')
                | ('3', 'e')
                | ('4' | '@', 'a')
                | ('5' | '$', 's')
                | ('7' | '+', 't')
                | ('8', 'b')
                | ('9', 'g')
        )
}

/// Takes every piece of a row out that is long enough.
fn take_out_rows(text: &mut Vec<char>) {
    let mut at = 0;
    while at < text.len() {
        let run = ROWS.iter().map(|row| longest_run(&text[at..], row)).max().unwrap_or_default();
        if run >= SHORTEST_RUN {
            text.splice(at..at + run, [GAP]);
        }
        at += 1;
    }
}

/// How many characters `text` begins with that stand so in `row`, read forwards or backwards.
fn longest_run(text: &[char], row: &str) -> usize {
    let forwards: Vec<char> = row.chars().collect();
    let backwards: Vec<char> = row.chars().rev().collect();
    let from = |row: &[char]| {
        let begins =
            (0..row.len()).map(|start| row[start..].iter().zip(text).take_while(|(a, b)| a == b).count());
        begins.max().unwrap_or_default()
    };
    from(&forwards).max(from(&backwards))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn commonest(password: &str) -> bool {
        Called::of(&[]).and_the_commonest_are_nearly(password)
    }

    #[test]
    fn each_word_of_the_list_is_written_as_it_is_compared_and_stands_there_once() {
        let mut seen = BTreeSet::new();
        for word in WORDS.iter() {
            let text: String = word.iter().collect();
            assert!(word.len() >= SHORTEST_PART && *word == without_separators(&plain(&text)), "{text}");
            assert!(seen.insert(word), "{text} stands there twice");
        }
        assert!(seen.len() > 300);
    }

    #[test]
    fn the_commonest_passwords_and_their_obvious_derivations_are_known() {
        for bad in [
            "password1234",
            "Password2026!",
            "P@ssw0rd123456",
            "p4$$w0rd!!!!!!!",
            "passwordpassword",
            "drowssapdrowssap",
            "pass word 1234",
            "p.a.s.s.w.o.r.d.1",
            "Passwort12345",
            "contrase\u{f1}a123",
            "administrator",
            "Administrator1!",
            "welcome12345",
            "letmein-letmein",
            "iloveyou1234",
            "ilovepassword",
            "trustno1trustno1",
            "changeme2026!",
            "123456789012",
            "0987654321098",
            "qwertyuiop12",
            "qwertz123456",
            "1q2w3e4r5t6y",
            "1qaz2wsx3edc",
            "qwer1234asdf",
            "abcdefghijkl",
            "asdfghjkl;'1",
            "!@#$%^&*()12",
            "zxcvbnm,./12",
            "summer2026!!",
            "Monday-Monday",
            "mcp-auth-server",
            "correct horse battery staple",
            "aaaabbbbpassword",
        ] {
            assert!(commonest(bad), "{bad}");
        }
        for good in [
            "",
            "correct horse",
            "some words of hers",
            "a new one of hers",
            "summer in the garden",
            "my password is not this",
            "kX9#vq2Lw!7p",
            "the greatest of all time",
            "\u{440}\u{430}\u{43d}\u{43d}\u{438}\u{439} \u{441}\u{43d}\u{435}\u{433}",
            "property tax return",
        ] {
            assert!(!commonest(good), "{good}");
        }
    }

    #[test]
    fn names_are_known_in_whole_in_part_backwards_and_with_other_signs() {
        let called = Called::of(&["Alexandra.Lee@Example.com", "To-do list"]);
        for bad in [
            "alexandra.lee@example.com",
            "AlexandraLee1",
            "4lex@ndra-2026",
            "ardnaxela12345",
            "ExampleExample!",
            "todolist2026!",
            "To-Do List 12",
            "example-todolist",
        ] {
            assert!(called.is_nearly(bad), "{bad}");
        }
        for good in ["Alexandra.Lee plus some", "an example of mine", "lee leads the band", ""] {
            assert!(!called.is_nearly(good), "{good}");
        }
        assert!(called.and_the_commonest_are_nearly("examplepassword1"), "together with the commonest ones");
        assert!(!Called::of(&["", " ", "."]).is_nearly("password1234"), "nobody is called so");
    }
}
