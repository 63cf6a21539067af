//! Forms: as they are sent, and as a page asks for them.

/// `name=value&…` as `application/x-www-form-urlencoded`.
pub(crate) fn encoded<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs = fields.into_iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => escaped.push(char::from(byte)),
            other => escaped.push_str(&format!("%{other:02X}")),
        }
        escaped
    })
}

/// The value of a parameter in the query of a URL, where its value needs no decoding beyond `%XX`.
pub(crate) fn parameter(url: &str, name: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let query = query.split('#').next()?;
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).and_then(|(_, value)| unescaped(value))
}

fn unescaped(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
            }
            b'+' => bytes.push(b' '),
            other => bytes.push(other),
        }
    }
    String::from_utf8(bytes).ok()
}

/// One form of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) action: String,
    /// What a browser sends of it unasked: its hidden fields, and the boxes that are ticked.
    pub(crate) sent: Vec<(String, String)>,
}

impl Form {
    /// The first form of the page that has a field or a button with this name and, where one is asked for, this value.
    pub(crate) fn with(html: &str, name: &str, value: Option<&str>) -> Option<Self> {
        let forms = html.split("<form").skip(1).filter_map(|rest| rest.split_once("</form>"));
        forms.map(|(form, _)| form).find_map(|form| {
            let mut tags =
                form.split('<').skip(1).filter(|tag| attribute(tag, "name").as_deref() == Some(name));
            tags.find(|tag| value.is_none() || attribute(tag, "value").as_deref() == value)?;
            let sent = form.split('<').skip(1).filter(|tag| is_sent(tag));
            Some(Self {
                action: attribute(form, "action")?,
                sent: sent
                    .filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)))
                    .collect(),
            })
        })
    }
}

/// Whether a browser sends this field as it stands.
fn is_sent(tag: &str) -> bool {
    let has = |word: &str| tag.split('>').next().is_some_and(|tag| tag.split(' ').any(|part| part == word));
    match attribute(tag, "type").as_deref() {
        Some("hidden") => true,
        Some("checkbox") => has("checked") && !has("disabled"),
        _ => false,
    }
}

/// The value of an attribute in a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let (_, after) = tag.split_once(&format!(" {name}=\""))?;
    let value = after.split('"').next()?;
    Some(value.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_with_the_button_is_found_with_its_hidden_fields() {
        let html = "<form class=\"a\" action=\"/x?a=1&amp;b=2\"><input type=\"hidden\" name=\"csrf\" value=\"t\">\
                    <button name=\"decision\" value=\"deny\">No</button></form>\
                    <form action=\"/y\"><button name=\"decision\" value=\"allow\">Yes</button></form>";
        let deny = Form::with(html, "decision", Some("deny")).unwrap();
        assert_eq!(deny.action, "/x?a=1&b=2");
        assert_eq!(deny.sent, [("csrf".to_owned(), "t".to_owned())]);
        assert_eq!(Form::with(html, "decision", Some("allow")).unwrap().action, "/y");
        assert_eq!(Form::with(html, "user", None), None);
    }

    #[test]
    fn a_ticked_box_is_sent_and_one_that_is_not_ticked_or_fixed_is_not() {
        let html = "<form action=\"/x\"><input type=\"checkbox\" name=\"scope\" value=\"a\" checked>\
                    <input type=\"checkbox\" name=\"scope\" value=\"b\">\
                    <input type=\"checkbox\" checked disabled>\
                    <button name=\"decision\" value=\"allow\">Yes</button></form>";
        let form = Form::with(html, "decision", Some("allow")).unwrap();
        assert_eq!(form.sent, [("scope".to_owned(), "a".to_owned())]);
    }

    #[test]
    fn what_is_sent_comes_back() {
        let sent = encoded([("a b", "x&y=z ü"), ("c", "")]);
        assert_eq!(sent, "a%20b=x%26y%3Dz%20%C3%BC&c=");
        assert_eq!(
            parameter(&format!("http://h/?c=1&d={}", escaped("x&y=z ü")), "d").as_deref(),
            Some("x&y=z ü")
        );
        assert_eq!(parameter("http://h/?c=1", "d"), None);
    }
}
