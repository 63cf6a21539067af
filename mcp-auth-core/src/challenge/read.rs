//! Challenges as they arrive, from servers of every kind: several in one field, several fields, `token68`, quoted
//! strings with escapes (RFC 9110 §11.2, §11.6.1). Reading continues after malformed input and records it: doctor
//! reports it as a mistake, and a login uses the challenges that could be read.

use http::{HeaderMap, header};

use super::Scheme;

/// The most parameters kept of one challenge; RFC 6750 and the RFCs that extend it name six.
const MAX_PARAMETERS: usize = 64;

/// One challenge as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedChallenge {
    scheme: String,
    parameters: Vec<(String, String)>,
}

impl ReceivedChallenge {
    /// Parses `field`, which must hold exactly one challenge.
    ///
    /// - Shape: well-formed, `Bearer`, alone, no parameter twice.
    ///
    /// # Example
    /// ```
    /// use mcp_auth_core::challenge::ReceivedChallenge;
    /// let challenge = ReceivedChallenge::parse(r#"Bearer scope="a b""#).unwrap();
    /// assert_eq!(challenge.scopes(), ["a", "b"]);
    /// assert!(ReceivedChallenge::parse(r#"Bearer scope="a", scope="b""#).is_none());
    /// ```
    pub fn parse(field: &str) -> Option<Self> {
        let mut all = Reading::of_field(field).strictly().ok()?;
        let one = all.pop().filter(|_| all.is_empty())?;
        one.is_bearer().then_some(one)
    }

    /// The authentication scheme as it was written, such as `Bearer`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// Whether it is a `Bearer` challenge (RFC 6750 §3); scheme names are case-insensitive.
    pub fn is_bearer(&self) -> bool {
        self.scheme.eq_ignore_ascii_case(Scheme::Bearer.name())
    }

    /// The value of the parameter `name`; parameter names are case-insensitive.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The `error` parameter, absent when the request carried no credentials.
    pub fn error(&self) -> Option<&str> {
        self.get("error")
    }

    /// The `scope` parameter, split at its spaces.
    pub fn scopes(&self) -> Vec<&str> {
        let scope = self.get("scope").unwrap_or_default();
        scope.split(' ').filter(|scope| !scope.is_empty()).collect()
    }

    /// The `resource_metadata` parameter (RFC 9728 §5.1): the URL of the protected resource metadata.
    pub fn resource_metadata(&self) -> Option<&str> {
        self.get("resource_metadata")
    }
}

/// A deviation from the grammar, described for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct Malformed {
    what: String,
    at: usize,
}

/// Every challenge that can be read, and the first deviation from the grammar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// In the order received. If a challenge has a parameter twice, the first one is kept.
    pub challenges: Vec<ReceivedChallenge>,
    /// The first deviation from RFC 9110 §11.6.1, if there is one.
    pub malformed: Option<Malformed>,
}

impl Reading {
    /// Reads every `WWW-Authenticate` field of `headers`.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut all = Self::default();
        for value in headers.get_all(header::WWW_AUTHENTICATE) {
            match value.to_str() {
                Ok(text) => {
                    let Self { challenges, malformed } = Self::of_field(text);
                    all.challenges.extend(challenges);
                    all.malformed = all.malformed.or(malformed);
                }
                Err(_) => all.note("a byte that is not printable ASCII".to_owned(), 0),
            }
        }
        all
    }

    /// Reads the text of one `WWW-Authenticate` field.
    pub fn of_field(field: &str) -> Self {
        let mut reader = Reader { text: field, at: 0, read: Self::default() };
        reader.challenges();
        reader.read
    }

    /// Every challenge, provided that all of them are well-formed.
    ///
    /// # Errors
    /// The first deviation from the grammar.
    pub fn strictly(self) -> Result<Vec<ReceivedChallenge>, Malformed> {
        match self.malformed {
            None => Ok(self.challenges),
            Some(malformed) => Err(malformed),
        }
    }

    /// The `Bearer` challenge that a client uses: the first that names the metadata, else the first.
    pub fn bearer(&self) -> Option<&ReceivedChallenge> {
        let mut all = self.challenges.iter().filter(|challenge| challenge.is_bearer());
        let names_metadata = |challenge: &&ReceivedChallenge| challenge.resource_metadata().is_some();
        all.clone().find(names_metadata).or_else(|| all.next())
    }

    fn note(&mut self, what: String, at: usize) {
        self.malformed.get_or_insert(Malformed { what, at });
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    read: Reading,
}

impl<'a> Reader<'a> {
    fn challenges(&mut self) {
        loop {
            self.skip(|c| matches!(c, ' ' | '\t' | ','));
            if self.rest().is_empty() {
                return;
            }
            let start = self.at;
            let Some(name) = self.token() else {
                self.read.note("a character that begins no name".to_owned(), start);
                self.skip(|c| c != ',');
                continue;
            };
            let spaces = self.skip(is_space);
            if self.rest().starts_with('=') {
                self.at += 1;
                self.parameter(name, start);
            } else {
                self.scheme(name, spaces);
            }
        }
    }

    /// Reads what follows a scheme name: nothing, `token68`, or parameters.
    fn scheme(&mut self, name: &str, spaces: usize) {
        let scheme = ReceivedChallenge { scheme: name.to_owned(), parameters: Vec::new() };
        self.read.challenges.push(scheme);
        if spaces > 0 {
            self.token68();
        } else if self.rest().chars().next().is_some_and(|c| c != ',') {
            self.read.note("a character that ends no scheme name".to_owned(), self.at);
            self.skip(|c| c != ',');
        }
    }

    /// Skips a `token68` up to the next comma (RFC 9110 §11.2).
    fn token68(&mut self) {
        let item = self.rest().split(',').next().unwrap_or_default().trim_end_matches(is_space);
        let body = item.trim_end_matches('=');
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/');
        if !body.is_empty() && body.chars().all(fits) {
            self.at += item.len();
        }
    }

    /// Reads the value of one parameter of the current challenge, starting after its `=`.
    fn parameter(&mut self, name: &str, start: usize) {
        self.skip(is_space);
        let value = self.value(name);
        self.skip(is_space);
        if self.rest().chars().next().is_some_and(|c| c != ',') {
            self.read.note("a parameter without a comma before it".to_owned(), self.at);
        }
        let Some(challenge) = self.read.challenges.last_mut() else {
            return self.read.note(format!("a parameter `{name}` before any scheme"), start);
        };
        let what = if challenge.get(name).is_some() {
            format!("`{name}` twice in one challenge")
        } else if challenge.parameters.len() == MAX_PARAMETERS {
            format!("more than {MAX_PARAMETERS} parameters in one challenge")
        } else {
            return challenge.parameters.push((name.to_owned(), value));
        };
        self.read.note(what, start);
    }

    fn value(&mut self, name: &str) -> String {
        if self.rest().starts_with('"') {
            self.at += 1;
            return self.quoted(name);
        }
        let start = self.at;
        self.skip(|c| !is_space(c) && c != ',');
        let value = &self.text[start..self.at];
        if value.is_empty() {
            self.read.note(format!("`{name}` has no value"), start);
        } else if !value.chars().all(is_tchar) {
            self.read.note(format!("the value of `{name}` needs quotation marks"), start);
        }
        value.to_owned()
    }

    fn quoted(&mut self, name: &str) -> String {
        let start = self.at;
        let mut value = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((index, c)) = characters.next() {
            match c {
                '"' => {
                    self.at += index + 1;
                    return value;
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                c => value.push(c),
            }
        }
        self.at = self.text.len();
        self.read.note(format!("the quotation of `{name}` does not end"), start);
        value
    }

    fn token(&mut self) -> Option<&'a str> {
        let start = self.at;
        let length = self.skip(is_tchar);
        (length > 0).then(|| &self.text[start..start + length])
    }

    fn skip(&mut self, skipped: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        let length = rest.find(|c: char| !skipped(c)).unwrap_or(rest.len());
        self.at += length;
        length
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }
}

/// `OWS` (RFC 9110 §5.6.3).
fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t')
}

/// `tchar` (RFC 9110 §5.6.2).
fn is_tchar(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests;
