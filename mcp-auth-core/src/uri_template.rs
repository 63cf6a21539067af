//! RFC 6570 level 1 templates: which URI matches, and the values of its variables.
//!
//! A URI matches only as the template would have written it (RFC 6570 §3.2.2, simple string expansion): a
//! variable's value is unreserved characters and percent-encoded octets, so one resource has one spelling.

use std::collections::HashMap;
use std::fmt;

/// The longest value of one variable, in bytes after decoding.
const MAX_VALUE_BYTES: usize = 1024;
/// The longest URI a template is tried on, in bytes.
const MAX_URI_BYTES: usize = 8 * 1024;

/// A parsed template such as `todo://{id}`.
///
/// # Example
/// ```
/// use mcp_auth_core::uri_template::UriTemplate;
/// let template = UriTemplate::parse("todo://{list}/{id}")?;
/// let variables = template.matches("todo://home/milk%20and%20bread").expect("it matches");
/// assert_eq!(variables["id"], "milk and bread");
/// assert!(template.matches("todo://home/../secret").is_none());
/// # Ok::<(), mcp_auth_core::uri_template::InvalidTemplate>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UriTemplate {
    template: String,
    parts: Vec<Part>,
}

/// One piece of a template: literal text or a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Variable(String),
}

/// A string that is not a template we serve.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidTemplate {
    /// It does not begin with a scheme.
    #[error("a URI template begins with a scheme, like `todo://{{id}}` (RFC 3986 section 3.1)")]
    NoScheme,
    /// A `{` or `}` without its counterpart.
    #[error("`{{` and `}}` in a URI template come in pairs, like `{{id}}`")]
    UnpairedBrace,
    /// It uses an operator, a list or a modifier: RFC 6570 levels 2 to 4.
    #[error("`{{{0}}}` is not a plain variable; only RFC 6570 level 1 is served, like `{{id}}`")]
    NotLevelOne(String),
    /// The same variable name appears twice.
    #[error("the variable `{0}` is in the template twice; name each once")]
    RepeatedVariable(String),
    /// Two variables are not clearly separated, so a URI could be split between them in more than one way.
    #[error(
        "where `{{{0}}}` ends and `{{{1}}}` begins is not certain; put a character between them that no value holds, like `/`"
    )]
    Ambiguous(String, String),
    /// It has a character that RFC 3986 does not allow.
    #[error("a URI cannot contain {0:?} (RFC 3986 section 2); percent-encode it")]
    Character(char),
}

impl UriTemplate {
    /// Parses a template.
    ///
    /// - Source: RFC 6570 §1.2 level 1 (`{name}` only), literals as RFC 3986 allows them.
    ///
    /// # Errors
    /// [`InvalidTemplate`] says what is wrong and how to correct it.
    pub fn parse(template: &str) -> Result<Self, InvalidTemplate> {
        if !has_scheme(template) {
            return Err(InvalidTemplate::NoScheme);
        }
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = template;
        while !rest.is_empty() {
            let literal_end = rest.find(['{', '}']).unwrap_or(rest.len());
            if literal_end > 0 {
                let literal = &rest[..literal_end];
                if let Some(bad) = literal.chars().find(|c| !is_literal(*c)) {
                    return Err(InvalidTemplate::Character(bad));
                }
                parts.push(Part::Literal(literal.to_owned()));
                rest = &rest[literal_end..];
                continue;
            }
            let inside = rest.strip_prefix('{').ok_or(InvalidTemplate::UnpairedBrace)?;
            let end = inside.find(['{', '}']).ok_or(InvalidTemplate::UnpairedBrace)?;
            if !inside[end..].starts_with('}') {
                return Err(InvalidTemplate::UnpairedBrace);
            }
            let name = &inside[..end];
            if !is_variable_name(name) {
                return Err(InvalidTemplate::NotLevelOne(name.to_owned()));
            }
            if parts.iter().any(|p| matches!(p, Part::Variable(known) if known == name)) {
                return Err(InvalidTemplate::RepeatedVariable(name.to_owned()));
            }
            if let Some(previous) = unseparated(&parts) {
                return Err(InvalidTemplate::Ambiguous(previous.to_owned(), name.to_owned()));
            }
            parts.push(Part::Variable(name.to_owned()));
            rest = &inside[end + 1..];
        }
        Ok(Self { template: template.to_owned(), parts })
    }

    /// The template as it was written.
    pub fn as_str(&self) -> &str {
        &self.template
    }

    /// The names of the variables, in order.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Variable(name) => Some(name.as_str()),
            Part::Literal(_) => None,
        })
    }

    /// The variables of `uri`, percent-decoded, if this template could have produced that URI.
    ///
    /// A URI never matches if a value is empty or longer than 1024 bytes, holds a control character, a backslash or
    /// invalid UTF-8, starts with `/`, has `.` or `..` between slashes, or is not encoded as RFC 6570 encodes (`%2e`
    /// for `.`, `%c3` for `%C3`), or if the URI is longer than 8 KiB.
    pub fn matches(&self, uri: &str) -> Option<HashMap<String, String>> {
        if uri.len() > MAX_URI_BYTES {
            return None;
        }
        let mut variables = HashMap::new();
        let mut rest = uri;
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            match part {
                Part::Literal(literal) => rest = rest.strip_prefix(literal.as_str())?,
                Part::Variable(name) => {
                    let following = match parts.peek() {
                        Some(Part::Literal(literal)) => literal.as_str(),
                        _ => "",
                    };
                    // A value ends at the first character that values cannot hold. The start of the next literal, up
                    // to its first such character, belongs to the literal.
                    let run = &rest[..value_run(rest)];
                    let value = run.strip_suffix(&following[..value_run(following)])?;
                    variables.insert(name.clone(), decode(value)?);
                    rest = &rest[value.len()..];
                }
            }
        }
        rest.is_empty().then_some(variables)
    }

    /// Whether some URI may match this one and `other` too: their literals do not keep them apart.
    ///
    /// # Example
    /// ```
    /// use mcp_auth_core::uri_template::UriTemplate;
    /// let (all, some) = (UriTemplate::parse("doc://{id}")?, UriTemplate::parse("doc://private-{id}")?);
    /// assert!(all.overlaps(&some) && some.overlaps(&all));
    /// assert!(!some.overlaps(&UriTemplate::parse("doc://public-{id}")?));
    /// # Ok::<(), mcp_auth_core::uri_template::InvalidTemplate>(())
    /// ```
    pub fn overlaps(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.runs(), other.runs());
        ours.len() == theirs.len() && ours.iter().zip(&theirs).all(|(ours, theirs)| ours.overlaps(theirs))
    }

    /// Whether exactly the same URIs match this one and `other`: they differ at most in the names of their variables.
    pub fn matches_as(&self, other: &Self) -> bool {
        self.runs() == other.runs()
    }

    /// What stands between the characters that no value holds, each of which is a piece of its own. In a run there is one variable at
    /// most.
    fn runs(&self) -> Vec<Run<'_>> {
        let mut runs = vec![Run::default()];
        for part in &self.parts {
            match part {
                Part::Variable(_) => last(&mut runs).suffix = Some(""),
                Part::Literal(literal) => {
                    let mut rest = literal.as_str();
                    loop {
                        let run = &rest[..value_run(rest)];
                        last(&mut runs).push(run);
                        rest = &rest[run.len()..];
                        let Some(separator) = rest.get(..1) else { break };
                        runs.extend([Run { prefix: separator, suffix: None }, Run::default()]);
                        rest = &rest[1..];
                    }
                }
            }
        }
        runs
    }
}

/// A piece of a template without a character that no value holds, or one such character.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Run<'t> {
    prefix: &'t str,
    /// What follows its variable; `None` where it has none.
    suffix: Option<&'t str>,
}

impl<'t> Run<'t> {
    fn push(&mut self, literal: &'t str) {
        match &mut self.suffix {
            Some(suffix) => *suffix = literal,
            None => self.prefix = literal,
        }
    }

    fn overlaps(&self, other: &Self) -> bool {
        let fits = |text: &str, prefix: &str, suffix: &str| {
            text.len() > prefix.len() + suffix.len() && text.starts_with(prefix) && text.ends_with(suffix)
        };
        match (self.suffix, other.suffix) {
            (None, None) => self.prefix == other.prefix,
            (Some(suffix), None) => fits(other.prefix, self.prefix, suffix),
            (None, Some(suffix)) => fits(self.prefix, other.prefix, suffix),
            (Some(ours), Some(theirs)) => {
                let begins = self.prefix.starts_with(other.prefix) || other.prefix.starts_with(self.prefix);
                begins && (ours.ends_with(theirs) || theirs.ends_with(ours))
            }
        }
    }
}

fn last<'r, 't>(runs: &'r mut [Run<'t>]) -> &'r mut Run<'t> {
    let end = runs.len() - 1;
    &mut runs[end] // it begins with one
}

impl fmt::Display for UriTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.template)
    }
}

/// Whether `uri` begins with `scheme ":"` (RFC 3986 §3.1).
fn has_scheme(uri: &str) -> bool {
    uri.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
    })
}

/// `reserved / unreserved / "%"` (RFC 3986 §2).
fn is_literal(c: char) -> bool {
    is_in_value(c) || ":/?#[]@!$&'()*+,;=".contains(c)
}

/// Whether `name` is a `varname` of RFC 6570 §2.3 that is also a valid name for a Rust parameter.
fn is_variable_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The last variable, if the literal after it could also be part of its value.
fn unseparated(parts: &[Part]) -> Option<&str> {
    let last = parts.iter().rposition(|p| matches!(p, Part::Variable(_)))?;
    let Part::Variable(name) = &parts[last] else {
        return None;
    };
    let separated = parts[last + 1..].iter().any(|p| matches!(p, Part::Literal(l) if value_run(l) < l.len()));
    (!separated).then_some(name)
}

/// The length in bytes of the start of `text` that could be in a value.
fn value_run(text: &str) -> usize {
    text.find(|c| !is_in_value(c)).unwrap_or(text.len())
}

/// `unreserved / "%"` (RFC 3986 §2.1, §2.3).
fn is_in_value(c: char) -> bool {
    c == '%' || is_unreserved(c)
}

fn is_unreserved(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~')
}

/// Decodes a value, if it is encoded canonically and safe to pass on.
fn decode(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let (digits, after) = after.split_at_checked(2)?;
        let byte = upper_hex(digits[0])? << 4 | upper_hex(digits[1])?;
        if is_unreserved(char::from(byte)) {
            return None;
        }
        bytes.push(byte);
        rest = after;
    }
    let text = String::from_utf8(bytes).ok()?;
    let is_safe = !text.is_empty()
        && text.len() <= MAX_VALUE_BYTES
        && !text.starts_with('/')
        && !text.contains(|c: char| c.is_control() || c == '\\')
        && !text.split('/').any(|segment| matches!(segment, "." | ".."));
    is_safe.then_some(text)
}

fn upper_hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matched(template: &str, uri: &str) -> Option<Vec<(String, String)>> {
        let template = UriTemplate::parse(template).unwrap();
        let found = template.matches(uri)?;
        Some(template.variables().map(|v| (v.to_owned(), found[v].clone())).collect())
    }

    fn one(template: &str, uri: &str) -> Option<String> {
        matched(template, uri).map(|mut found| found.remove(0).1)
    }

    #[test]
    fn variables_are_percent_decoded() {
        assert_eq!(one("todo://{id}", "todo://42").as_deref(), Some("42"));
        assert_eq!(one("todo://{id}", "todo://caf%C3%A9%20au%20lait").as_deref(), Some("café au lait"));
        assert_eq!(one("file:///{path}", "file:///src%2Fmain.rs").as_deref(), Some("src/main.rs"));
        assert_eq!(one("t://{name}.txt", "t://a.txt.txt").as_deref(), Some("a.txt"));
        assert_eq!(
            matched("t://{a}/x-{b}?v={c}", "t://1/x-2-x?v=3").unwrap(),
            [("a", "1"), ("b", "2-x"), ("c", "3")].map(|(k, v)| (k.to_owned(), v.to_owned()))
        );
    }

    #[test]
    fn whole_uri_must_match() {
        for uri in
            ["todo://", "todo:/42", "TODO://42", "todo://42/", "todo://42/x", "todo://42?x", "xtodo://42", ""]
        {
            assert_eq!(one("todo://{id}", uri), None, "{uri}");
        }
        assert_eq!(one("t://{name}.txt", "t://.txt"), None);
        assert_eq!(one("t://{name}.txt", "t://a.txt/x"), None);
    }

    #[test]
    fn j30_uris_that_climb_or_hide_are_unknown() {
        for value in [
            ".",
            "..",
            "../x",
            "%2e%2e",
            "%2E%2E",
            "..%2Fsecret",
            "a%2F..%2Fb",
            "a%2F.",
            "%2Fetc%2Fpasswd",
            "a%5Cb",
            "a\\b",
            "a%00",
            "a\0",
            "%0A",
            "%7F",
            "%C2%85",
            "%FF",
            "%C3",
            "%ED%A0%80",
            "%2",
            "%",
            "%zz",
            "%c3%a9",
            "%41",
            "%7E",
            "é",
            "a b",
            "a+b",
            "a:b",
            "a@b",
            "a#b",
            "",
        ] {
            assert_eq!(one("todo://{id}", &format!("todo://{value}")), None, "{value:?}");
        }
    }

    #[test]
    fn long_values_and_uris_are_unknown() {
        assert!(one("t://{a}", &format!("t://{}", "x".repeat(MAX_VALUE_BYTES))).is_some());
        assert!(one("t://{a}", &format!("t://{}", "x".repeat(MAX_VALUE_BYTES + 1))).is_none());
        assert!(one("t://{a}", &format!("t://{}", "%20".repeat(MAX_URI_BYTES))).is_none());
    }

    #[test]
    fn templates_overlap_where_one_uri_may_match_both() {
        let parse = |template: &str| UriTemplate::parse(template).unwrap();
        for (one, other, uri) in [
            ("doc://{id}", "doc://{name}", Some("doc://1")),
            ("doc://{id}", "doc://private-{id}", Some("doc://private-1")),
            ("doc://{id}", "doc://all", Some("doc://all")),
            ("doc://a-{x}", "doc://{x}-b", Some("doc://a-1-b")),
            ("doc://{x}.txt", "doc://{x}.tar.txt", Some("doc://1.tar.txt")),
            ("doc://{a}/{b}", "doc://x/{b}", Some("doc://x/1")),
            ("doc://{a}?v={b}", "doc://{a}?v=1", Some("doc://2?v=1")),
            ("doc://{id}", "doc://{id}/x", None),
            ("doc://{id}", "text://{id}", None),
            ("doc://a-{x}", "doc://b-{x}", None),
            ("doc://{x}.txt", "doc://{x}.md", None),
            ("doc://private-{x}", "doc://private-", None),
            ("doc://{a}/{b}", "doc://{a}?{b}", None),
            ("doc://{a}/y", "doc://x/{b}-z", None),
        ] {
            let (one, other) = (parse(one), parse(other));
            assert_eq!(one.overlaps(&other), uri.is_some(), "{one} {other}");
            assert_eq!(other.overlaps(&one), uri.is_some(), "{one} {other}");
            if let Some(uri) = uri {
                assert!(one.matches(uri).is_some() && other.matches(uri).is_some(), "{one} {other} {uri}");
            }
        }
        assert!(parse("doc://{id}/x-{b}").matches_as(&parse("doc://{name}/x-{c}")));
        assert!(!parse("doc://{id}").matches_as(&parse("doc://{id}-")));
        assert!(!parse("doc://{id}").matches_as(&parse("doc://x{id}")));
    }

    #[test]
    fn templates_beyond_level_one_say_why() {
        let error = |template: &str| UriTemplate::parse(template).unwrap_err();
        for (template, name) in [
            ("t://{+x}", "+x"),
            ("t://{/x}", "/x"),
            ("t://{?x}", "?x"),
            ("t://{a,b}", "a,b"),
            ("t://{x*}", "x*"),
            ("t://{x:3}", "x:3"),
            ("t://{}", ""),
            ("t://{1}", "1"),
        ] {
            assert_eq!(error(template), InvalidTemplate::NotLevelOne(name.to_owned()));
        }
        for template in ["t://{x", "t://x}", "t://{{x}}", "t://{a{b}"] {
            assert_eq!(error(template), InvalidTemplate::UnpairedBrace, "{template}");
        }
        for template in ["", "{id}", "{s}://x", "//x/{id}", "1t://x", ":x"] {
            assert_eq!(error(template), InvalidTemplate::NoScheme, "{template}");
        }
        assert_eq!(error("t://{a}/{a}"), InvalidTemplate::RepeatedVariable("a".into()));
        assert_eq!(error("t://{a}{b}"), InvalidTemplate::Ambiguous("a".into(), "b".into()));
        assert_eq!(error("t://{a}-{b}"), InvalidTemplate::Ambiguous("a".into(), "b".into()));
        assert_eq!(error("t://a b"), InvalidTemplate::Character(' '));
        assert_eq!(error("t://é{x}"), InvalidTemplate::Character('é'));
    }

    #[test]
    fn fixed_uris_are_templates_without_variables() {
        let template = UriTemplate::parse("todo://all").unwrap();
        assert_eq!(template.variables().count(), 0);
        assert_eq!(template.matches("todo://all"), Some(HashMap::new()));
        assert_eq!(template.matches("todo://al"), None);
    }
}
