//! A strict parser for `application/x-www-form-urlencoded` parameters, from a query or a form.

use url::form_urlencoded::Serializer;

/// The most parameters that one request may have.
const MAX_PARAMS: usize = 64;

/// Request parameters, in the order they arrived.
///
/// A parameter without a value counts as absent (RFC 6749 §3.1), but it still counts when repeated parameters are
/// looked for.
#[derive(Clone, Default)]
pub struct Params(Vec<(String, String)>);

/// Why parameters cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidParams {
    /// A `%` that is not followed by two hexadecimal digits, or bytes that are not UTF-8.
    #[error("the parameters are not UTF-8 in application/x-www-form-urlencoded")]
    Encoding,
    /// There are more parameters than a request ever needs.
    #[error("too many parameters")]
    TooMany,
}

impl Params {
    /// Reads `text`. Unlike a browser, it does not repair anything: text that cannot be decoded exactly is refused,
    /// because `state` must be sent back exactly.
    ///
    /// # Errors
    /// [`InvalidParams`].
    ///
    /// # Example
    /// ```
    /// use mcp_auth_issuer::Params;
    /// let params = Params::parse("scope=a+b&state=%C3%A9&empty=").unwrap();
    /// assert_eq!(params.get("scope"), Some("a b"));
    /// assert_eq!(params.get("state"), Some("é"));
    /// assert_eq!(params.get("empty"), None);
    /// ```
    pub fn parse(text: &str) -> Result<Self, InvalidParams> {
        Self::parse_at_most(text, MAX_PARAMS)
    }

    /// As [`parse`](Self::parse), of at most `most` parameters.
    pub(crate) fn parse_at_most(text: &str, most: usize) -> Result<Self, InvalidParams> {
        let mut pairs = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            if pairs.len() == most {
                return Err(InvalidParams::TooMany);
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((form_decode(name)?, form_decode(value)?));
        }
        Ok(Self(pairs))
    }

    /// The value of `name`, unless it is absent or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// How often `name` occurs, with or without a value.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|(key, _)| key == name).count()
    }

    /// Every value of `name` that is not empty.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// Every name, as often as it occurs.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    /// The same without parameters of these names.
    pub(crate) fn without(&self, names: &[&str]) -> Self {
        Self(self.0.iter().filter(|(name, _)| !names.contains(&name.as_str())).cloned().collect())
    }

    /// The same with one more.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The first name that occurs twice. Call it before any value is used: RFC 6749 §3.1 and §3.2 forbid repeated
    /// names. RFC 8707 §2 allows `resource` to be repeated, so that parameter has a separate rule and error.
    pub(crate) fn repeated(&self) -> Option<&str> {
        self.repeated_besides("resource")
    }

    /// The first name that occurs twice, of all but `besides`.
    pub(crate) fn repeated_besides(&self, besides: &str) -> Option<&str> {
        self.names().find(|name| *name != besides && self.count(name) > 1)
    }

    /// The same parameters in a canonical spelling, which [`Params::parse`] and browsers leave unchanged.
    pub(crate) fn canonical(&self) -> String {
        Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }
}

/// Decodes one name or value: `+` is a space, `%xx` a byte, the result UTF-8.
///
/// # Errors
/// [`InvalidParams::Encoding`].
pub(crate) fn form_decode(text: &str) -> Result<String, InvalidParams> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let high = bytes.next().and_then(hex_digit).ok_or(InvalidParams::Encoding)?;
                let low = bytes.next().and_then(hex_digit).ok_or(InvalidParams::Encoding)?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| InvalidParams::Encoding)
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_names_are_seen_even_without_values() {
        let repeated = |text: &str| Params::parse(text).ok().and_then(|p| p.repeated().map(str::to_owned));
        assert_eq!(repeated("a=1&b=2"), None);
        assert_eq!(repeated("a=1&b=2&a=1").as_deref(), Some("a"));
        assert_eq!(repeated("a=&a").as_deref(), Some("a"));
        assert_eq!(repeated("%61=1&a=1").as_deref(), Some("a"), "spelling does not hide it");
        assert_eq!(repeated("resource=x&resource=y"), None, "resource has its own rule");
    }

    #[test]
    fn what_cannot_be_decoded_exactly_is_refused() {
        for bad in ["a=%", "a=%4", "a=%zz", "a=%ff", "a=%ed%a0%80"] {
            assert_eq!(Params::parse(bad).err(), Some(InvalidParams::Encoding), "{bad}");
        }
        assert_eq!(Params::parse(&"a=1&".repeat(65)).err(), Some(InvalidParams::TooMany));
    }

    #[test]
    fn canonical_spelling_is_stable() {
        let once = Params::parse("a=%3cb%3E&c=d e+f&%C3%A9=*").map(|p| p.canonical());
        let once = once.unwrap_or_default();
        assert_eq!(once, "a=%3Cb%3E&c=d+e+f&%C3%A9=*");
        assert_eq!(Params::parse(&once).map(|p| p.canonical()), Ok(once));
    }
}
