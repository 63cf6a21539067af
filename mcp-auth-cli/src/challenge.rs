//! `WWW-Authenticate`, read as strictly as RFC 9110 §11 writes it: several challenges in one field, several
//! fields, `token68`, quoted strings with escapes.

use http::{HeaderMap, header};

/// One challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Challenge {
    pub(crate) scheme: String,
    parameters: Vec<(String, String)>,
}

/// What is malformed, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub(crate) struct Malformed {
    what: String,
    at: usize,
}

impl Challenge {
    /// Every challenge of every `WWW-Authenticate` field.
    ///
    /// # Errors
    /// [`Malformed`] for the first deviation from RFC 9110 §11.6.1.
    pub(crate) fn all(headers: &HeaderMap) -> Result<Vec<Self>, Malformed> {
        let mut all = Vec::new();
        for value in headers.get_all(header::WWW_AUTHENTICATE) {
            let Ok(text) = value.to_str() else {
                return Err(Malformed { what: "a byte that is not printable ASCII".to_owned(), at: 0 });
            };
            all.extend(Self::read(text)?);
        }
        Ok(all)
    }

    /// Every challenge of one field.
    ///
    /// # Errors
    /// As [`Challenge::all`].
    pub(crate) fn read(field: &str) -> Result<Vec<Self>, Malformed> {
        Reader { text: field, at: 0 }.challenges()
    }

    pub(crate) fn is_bearer(&self) -> bool {
        self.scheme.eq_ignore_ascii_case("bearer")
    }

    /// A parameter; names are case-insensitive.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn scopes(&self) -> Vec<String> {
        let scope = self.get("scope").unwrap_or_default();
        scope.split(' ').filter(|scope| !scope.is_empty()).map(str::to_owned).collect()
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn challenges(mut self) -> Result<Vec<Challenge>, Malformed> {
        let mut all: Vec<Challenge> = Vec::new();
        loop {
            self.skip(|c| matches!(c, ' ' | '\t' | ','));
            if self.rest().is_empty() {
                return Ok(all);
            }
            let start = self.at;
            let name = self.token()?;
            let spaces = self.skip(|c| matches!(c, ' ' | '\t'));
            if self.rest().starts_with('=') {
                self.at += 1;
                let Some(challenge) = all.last_mut() else {
                    return Err(self.malformed(format!("a parameter `{name}` before any scheme"), start));
                };
                self.skip(|c| matches!(c, ' ' | '\t'));
                let value = self.value(name)?;
                if challenge.get(name).is_some() {
                    return Err(self.malformed(format!("`{name}` twice in one challenge"), start));
                }
                challenge.parameters.push((name.to_owned(), value));
                self.end_of_item()?;
            } else {
                all.push(Challenge { scheme: name.to_owned(), parameters: Vec::new() });
                if spaces == 0 || !self.token68() {
                    let after = self.rest().chars().next();
                    if spaces == 0 && after.is_some_and(|c| c != ',') {
                        return Err(
                            self.malformed("a character that ends no scheme name".to_owned(), self.at)
                        );
                    }
                }
            }
        }
    }

    /// `token68` alone up to the next comma (RFC 9110 §11.2): stepped over.
    fn token68(&mut self) -> bool {
        let item = self.rest().split(',').next().unwrap_or_default().trim_end();
        let body = item.trim_end_matches('=');
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '~' | '+' | '/');
        let is_one = !body.is_empty() && body.chars().all(fits);
        if is_one {
            self.at += item.len();
        }
        is_one
    }

    fn value(&mut self, name: &str) -> Result<String, Malformed> {
        if !self.rest().starts_with('"') {
            let start = self.at;
            let token = self.token().map_err(|_| self.malformed(format!("`{name}` has no value"), start))?;
            if !matches!(self.rest().chars().next(), None | Some(',' | ' ' | '\t')) {
                return Err(self.malformed(format!("the value of `{name}` needs quotation marks"), start));
            }
            return Ok(token.to_owned());
        }
        self.at += 1;
        let mut value = String::new();
        let mut characters = self.rest().char_indices();
        while let Some((index, c)) = characters.next() {
            match c {
                '"' => {
                    self.at += index + 1;
                    return Ok(value);
                }
                '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
                c => value.push(c),
            }
        }
        Err(self.malformed(format!("the quotation of `{name}` does not end"), self.at))
    }

    fn end_of_item(&mut self) -> Result<(), Malformed> {
        self.skip(|c| matches!(c, ' ' | '\t'));
        match self.rest().chars().next() {
            None | Some(',') => Ok(()),
            Some(_) => Err(self.malformed("a parameter without a comma before it".to_owned(), self.at)),
        }
    }

    fn token(&mut self) -> Result<&'a str, Malformed> {
        let is_tchar = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let rest = self.rest();
        let length = rest.find(|c: char| !is_tchar(c)).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.malformed("a character that begins no name".to_owned(), self.at));
        }
        self.at += length;
        Ok(&rest[..length])
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

    fn malformed(&self, what: String, at: usize) -> Malformed {
        Malformed { what, at }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use http::HeaderValue;

    use super::*;

    fn read(fields: &[&'static str]) -> Result<Vec<Challenge>, Malformed> {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(field));
        }
        Challenge::all(&headers)
    }

    #[test]
    fn several_challenges_in_one_field_and_in_several_are_told_apart() {
        let all = read(&[
            r#"Basic realm="a, b", Bearer scope="a  b", resource_metadata="https://x/y""#,
            "Negotiate YWJj==, DPoP algs=\"ES256\"",
        ])
        .unwrap();
        let schemes: Vec<&str> = all.iter().map(|challenge| challenge.scheme.as_str()).collect();
        assert_eq!(schemes, ["Basic", "Bearer", "Negotiate", "DPoP"]);
        assert_eq!(all[0].get("realm"), Some("a, b"));
        assert_eq!(all[1].scopes(), ["a", "b"]);
        assert_eq!(all[1].get("Resource_Metadata"), Some("https://x/y"));
        assert_eq!(all[2].parameters, []);
    }

    #[test]
    fn a_scheme_alone_spaces_around_the_sign_and_escapes_are_fine() {
        let all = read(&[r#"bearer , Basic realm = "say \"hi\"""#]).unwrap();
        assert!(all[0].is_bearer());
        assert_eq!(all[1].get("realm"), Some("say \"hi\""));
        assert_eq!(read(&[]).unwrap(), []);
        assert_eq!(read(&["Bearer scope=todos.read"]).unwrap()[0].scopes(), ["todos.read"]);
    }

    #[test]
    fn what_is_malformed_is_named() {
        for (field, what) in [
            ("Bearer resource_metadata=https://x/y", "needs quotation marks"),
            (r#"Bearer scope="a", scope="b""#, "twice"),
            (r#"Bearer scope="a"#, "does not end"),
            (r#"scope="a""#, "before any scheme"),
            (r#"Bearer error="a" scope="b""#, "without a comma"),
            ("Bearer: x", "ends no scheme name"),
            ("Bearer realm=\"x\", scope=", "no value"),
            ("{}", "begins no name"),
        ] {
            let error = read(&[field]).unwrap_err().to_string();
            assert!(error.contains(what), "{field}: {error}");
        }
    }
}
