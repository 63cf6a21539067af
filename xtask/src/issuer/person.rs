//! A person at a browser without scripts: opens a URL, logs in, decides.

use std::collections::BTreeMap;

use super::connection::{Answer, Connection, Failure};
use super::form::{Form, encoded, parameter};

const FORM: &str = "application/x-www-form-urlencoded";

/// A browser: its cookies.
#[derive(Debug, Clone, Default)]
pub(crate) struct Browser(BTreeMap<String, String>);

impl Browser {
    /// Opens an authorization request, logs in as `user` where the page asks who it is, and allows it: where the client is told so.
    pub(crate) fn allow(
        &mut self,
        connection: &mut Connection,
        request: &str,
        user: &str,
    ) -> Result<String, Failure> {
        let mut page = self.open(connection, request)?;
        if Form::with(&page.body, "user", None).is_some() {
            let answer = self.submit(connection, &page, ("user", None), &[("user", user)])?;
            let back = location(&answer)?;
            page = self.open(connection, &back)?;
        }
        let answer = self.submit(connection, &page, ("decision", Some("allow")), &[("decision", "allow")])?;
        location(&answer)
    }

    /// The same: the code.
    pub(crate) fn code(
        &mut self,
        connection: &mut Connection,
        request: &str,
        user: &str,
    ) -> Result<String, Failure> {
        let location = self.allow(connection, request, user)?;
        let code = parameter(&location, "code");
        code.ok_or_else(|| Failure::Unexpected(format!("expected a code; got {location}")))
    }

    /// Whether the page of this request asks for a decision at once: this browser is logged in.
    pub(crate) fn is_logged_in(
        &mut self,
        connection: &mut Connection,
        request: &str,
    ) -> Result<bool, Failure> {
        let page = self.open(connection, request)?;
        Ok(Form::with(&page.body, "decision", Some("allow")).is_some())
    }

    fn open(&mut self, connection: &mut Connection, path: &str) -> Result<Answer, Failure> {
        let answer = connection.get(path, &self.headers())?;
        self.keep(&answer);
        if answer.status == 200 { Ok(answer) } else { Err(answer.unexpected("a page")) }
    }

    /// Sends the form of the page that has this field or button, with what a browser sends of it and these.
    fn submit(
        &mut self,
        connection: &mut Connection,
        page: &Answer,
        (name, value): (&str, Option<&str>),
        fields: &[(&str, &str)],
    ) -> Result<Answer, Failure> {
        let form = Form::with(&page.body, name, value);
        let form = form.ok_or_else(|| page.unexpected(&format!("a page with {name} {value:?}")))?;
        let sent = form.sent.iter().map(|(name, value)| (&**name, &**value));
        let body = encoded(sent.chain(fields.iter().copied()));
        let headers = format!("Origin: {}\r\n{}", connection.origin(), self.headers());
        let answer = connection.post(path_of(&form.action), FORM, &headers, &body)?;
        self.keep(&answer);
        Ok(answer)
    }

    fn headers(&self) -> String {
        let cookies: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if cookies.is_empty() { String::new() } else { format!("Cookie: {}\r\n", cookies.join("; ")) }
    }

    fn keep(&mut self, answer: &Answer) {
        let set = answer.headers("set-cookie").filter_map(|cookie| cookie.split(';').next()?.split_once('='));
        self.0.extend(set.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}

/// Where the answer sends the browser.
fn location(answer: &Answer) -> Result<String, Failure> {
    let location = (answer.status == 303).then(|| answer.headers("location").next()).flatten();
    location.map(str::to_owned).ok_or_else(|| answer.unexpected("a redirect"))
}

/// A URL of the server without its origin.
fn path_of(url: &str) -> &str {
    match url.split_once("://") {
        Some((_, rest)) if !url.starts_with('/') => rest.find('/').map_or("/", |at| &rest[at..]),
        Some(_) | None => url,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_sent_to_its_path() {
        assert_eq!(path_of("/authorize?x=http://h/"), "/authorize?x=http://h/");
        assert_eq!(path_of("http://127.0.0.1:80/authorize?a"), "/authorize?a");
        assert_eq!(path_of("http://127.0.0.1:80"), "/");
    }
}
