//! A scope with places that each call fills.

use std::fmt;
use std::str::FromStr;

use super::error::{InvalidScopeTemplate, UnfitValue};
use super::family::ScopeFamily;
use crate::scope::Scope;

/// A scope with places that each call fills: `files:{path.bucket}:read`, where `path.bucket` is an argument in an argument.
///
/// - Shape: a scope token (RFC 6749 §3.3) in which `{` and `}` enclose the way to an argument: names of ASCII letters, digits,
///   `_` and `-`, with dots between them.
/// - Two places have a character between them that no value has, or two calls would ask for one scope.
///
/// # Example
/// ```
/// use mcp_auth_core::ScopeTemplate;
/// let template: ScopeTemplate = "files:{path.bucket}:read".parse().unwrap();
/// assert_eq!(template.family().to_string(), "files:{}:read");
/// assert_eq!(template.fill(&["photos"]).unwrap().as_str(), "files:photos:read");
/// assert!(template.fill(&["photos:write files"]).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeTemplate {
    family: ScopeFamily,
    /// The way to each value.
    paths: Vec<Vec<String>>,
}

impl ScopeTemplate {
    /// Whether `text` is written as one, well or not: it has a brace.
    pub fn is_written_in(text: &str) -> bool {
        text.contains(['{', '}'])
    }

    /// The family of the scopes that it makes.
    pub fn family(&self) -> &ScopeFamily {
        &self.family
    }

    /// The same, whose values are those of `family`, which is its own with more characters.
    #[must_use]
    pub fn with_family(self, family: ScopeFamily) -> Self {
        Self { family, ..self }
    }

    /// The way to each value: the names of arguments, one in the other.
    pub fn paths(&self) -> impl Iterator<Item = &[String]> {
        self.paths.iter().map(Vec::as_slice)
    }

    /// The scope with these values, in the order of the places.
    ///
    /// # Errors
    /// The index of the first value that does not fit, and why.
    pub fn fill(&self, values: &[&str]) -> Result<Scope, (usize, UnfitValue)> {
        self.family.fill(values)
    }
}

impl FromStr for ScopeTemplate {
    type Err = InvalidScopeTemplate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (family, places) = ScopeFamily::read(text)?;
        let path = |place: String| {
            let names: Vec<String> = place.split('.').map(str::to_owned).collect();
            let is_name = |name: &String| {
                !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
            };
            if names.iter().all(is_name) { Ok(names) } else { Err(InvalidScopeTemplate::Path(place)) }
        };
        let paths = places.into_iter().map(path).collect::<Result<_, _>>()?;
        Ok(Self { family, paths })
    }
}

/// As it was written.
impl fmt::Display for ScopeTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.family.write(f, self.paths.iter().map(|path| path.join(".")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::error::InvalidCharacter;
    use super::*;

    fn family(text: &str) -> ScopeFamily {
        text.parse().unwrap()
    }

    #[test]
    fn a_template_says_what_is_wrong_with_it() {
        for (bad, why) in [
            ("files:{bucket", "enclose"),
            ("files:bucket}", "enclose"),
            ("files:{a{b}}", "enclose"),
            ("files:{a}}", "enclose"),
            ("files:read", "has text and an argument"),
            ("{bucket}", "has text and an argument"),
            ("files:{}:read", "`{}` does not name an argument"),
            ("files:{a b}", "`{a b}` does not name"),
            ("files:{a..b}", "`{a..b}` does not name"),
            ("files:{.a}", "`{.a}` does not name"),
            ("files:{a}{b}", "told apart"),
            ("files:{a}.{b}", "told apart"),
            ("files {a}", "cannot contain ' '"),
            ("files\"{a}", "cannot contain '\"'"),
        ] {
            let error = bad.parse::<ScopeTemplate>().unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
        let named = "files:{bucket}".parse::<ScopeFamily>().unwrap_err();
        assert!(named.to_string().contains("write `{}`"), "{named}");
    }

    #[test]
    fn it_is_written_as_it_was_read() {
        for text in ["files:{path.bucket}:read", "{tenant}:read", "a:{b}:{c-d}", "x.{y_1}"] {
            assert_eq!(text.parse::<ScopeTemplate>().unwrap().to_string(), text);
        }
        assert_eq!(family("a:{}:{}").to_string(), "a:{}:{}");
    }

    #[test]
    fn a_value_that_could_deceive_is_never_filled_in() {
        let template: ScopeTemplate = "files:{bucket}:read".parse().unwrap();
        let long = "x".repeat(128);
        for good in ["photos", "A-Z.0_9~", "..", "-", &long] {
            let filled = template.fill(&[good]).unwrap();
            assert_eq!(template.family().values(filled.as_str()), Some(vec![good]), "read back");
        }
        let too_long = "x".repeat(129);
        for bad in
            ["", "a b", "a:b", "a:write files:b", "*", "{x}", "a/b", "a\"", "\u{e9}", "a\n", "a\0", &too_long]
        {
            assert!(template.fill(&[bad]).is_err(), "{bad:?}");
        }
        assert!(template.fill(&[]).is_err(), "no value");
    }

    #[test]
    fn more_characters_are_never_those_of_the_scope_itself() {
        let wide = family("files:{}:read").with_characters("/@").unwrap();
        let template = "files:{b}:read".parse::<ScopeTemplate>().unwrap().with_family(wide);
        assert_eq!(template.fill(&["a/b@c"]).unwrap().as_str(), "files:a/b@c:read");
        assert!(template.fill(&["a:b"]).is_err());
        for (more, why) in [
            (":", InvalidCharacter::Literal(':')),
            ("/f", InvalidCharacter::Literal('f')),
            (" ", InvalidCharacter::Scope(' ')),
            ("*", InvalidCharacter::Scope('*')),
            ("{", InvalidCharacter::Scope('{')),
            ("\"", InvalidCharacter::Scope('"')),
            ("\u{e9}", InvalidCharacter::Scope('\u{e9}')),
        ] {
            assert_eq!(family("files:{}:read").with_characters(more), Err(why), "{more:?}");
        }
    }
}
