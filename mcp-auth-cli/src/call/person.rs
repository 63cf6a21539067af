//! Questions of the server to the person at the terminal (MCP elicitation).

use std::io::{self, BufRead};

use mcp_auth_runtime::facade::complaint_about_value;
use rmcp::model::{ElicitRequestParams, ElicitResult, ElicitationAction, ElicitationSchema};
use serde_json::{Map, Value, json};

use super::types;
use crate::terminal::{DIM, STRONG, shown_line, shown_lines, styled};

/// The longest name, host or word of a server that is shown.
const SHOWN: usize = 100;

/// Where a person is asked.
pub(super) struct Talk<'t> {
    /// The lines that they write.
    pub(super) lines: &'t mut dyn BufRead,
    /// Shows them a line.
    pub(super) show: &'t mut dyn FnMut(String),
    /// Opens a URL for them.
    pub(super) open: &'t mut dyn FnMut(&str),
}

impl Talk<'_> {
    /// Puts the question that `server` asks. The end of the input is a question that was closed.
    pub(super) fn reply(&mut self, server: &str, question: &ElicitRequestParams) -> ElicitResult {
        let replied = match question {
            ElicitRequestParams::FormElicitationParams { message, requested_schema, .. } => {
                self.form(server, message, requested_schema)
            }
            ElicitRequestParams::UrlElicitationParams { message, url, .. } => self.url(server, message, url),
            _ => Ok(None),
        };
        match replied {
            Ok(Some((action, content))) => {
                let mut result = ElicitResult::new(action);
                result.content = content;
                result
            }
            Ok(None) | Err(_) => ElicitResult::new(ElicitationAction::Cancel),
        }
    }

    fn form(&mut self, server: &str, message: &str, schema: &ElicitationSchema) -> Replied {
        self.asks(server, message);
        (self.show)(
            styled(DIM, "The server reads what you write: no passwords. Ctrl-D closes the question.")
                .to_string(),
        );
        let required = schema.required.clone().unwrap_or_default();
        let names: Vec<&String> = match &schema.property_order {
            Some(order) => order.iter().collect(),
            None => schema.properties.keys().collect(),
        };
        let mut content = Map::new();
        for name in names {
            let Some(member) =
                schema.properties.get(name).and_then(|member| serde_json::to_value(member).ok())
            else {
                continue;
            };
            let needed = required.contains(name);
            match self.member(name, &member, needed)? {
                None => return Ok(None),
                Some(Value::Null) => {}
                Some(value) => {
                    content.insert(name.clone(), value);
                }
            }
        }
        let sent = self.yes(&format!("Send this to {}?", shown_line(server, SHOWN)))?;
        Ok(sent.map(|sent| match sent {
            true => (ElicitationAction::Accept, Some(Value::Object(content))),
            false => (ElicitationAction::Decline, None),
        }))
    }

    /// One member: `None` at the end of the input, `null` where it is left out.
    fn member(&mut self, name: &str, member: &Value, needed: bool) -> io::Result<Option<Value>> {
        let text = ["description", "title"].iter().find_map(|word| member[*word].as_str());
        let head = match text {
            Some(text) => format!("{} ({})", shown_line(text, SHOWN * 3), shown_line(name, SHOWN)),
            None => shown_line(name, SHOWN),
        };
        let kind = shown_line(&types::type_name(member, member), SHOWN * 3);
        let left_out = match member.get("default") {
            Some(default) => format!(", empty: {}", shown_line(&types::plain(default), SHOWN)),
            None if needed => String::new(),
            None => ", empty: left out".to_owned(),
        };
        loop {
            (self.show)(format!("{} {}", styled(STRONG, &head), styled(DIM, format!("[{kind}{left_out}]"))));
            let Some(line) = self.line()? else { return Ok(None) };
            let value = match line.as_str() {
                "" if !needed && member.get("default").is_none() => return Ok(Some(Value::Null)),
                "" if member.get("default").is_some() => member.get("default").cloned(),
                line => value_of(member, line),
            };
            // The server holds what comes against the form too; here it can still be mended.
            let complaint = match (&value, member.as_object()) {
                (Some(value), Some(schema)) => complaint_about_value(schema, value, "answer"),
                _ => Some(format!("that is not {kind}")),
            };
            match (complaint, value) {
                (None, Some(value)) => return Ok(Some(value)),
                (complaint, _) => (self.show)(shown_line(&complaint.unwrap_or_default(), SHOWN * 3)),
            }
        }
    }

    fn url(&mut self, server: &str, message: &str, url: &str) -> Replied {
        self.asks(server, message);
        let Some(parsed) = url::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"))
        else {
            (self.show)("It names a URL that is not one of the web, so nothing is opened.".to_owned());
            return Ok(Some((ElicitationAction::Decline, None)));
        };
        (self.show)(format!("  {}", shown_line(parsed.as_str(), SHOWN * 20)));
        let host = parsed.host_str().unwrap_or_default();
        let opened = self.yes(&format!("Open this page of {}?", shown_line(host, SHOWN)))?;
        Ok(opened.map(|opened| match opened {
            true => {
                (self.open)(parsed.as_str());
                (ElicitationAction::Accept, None)
            }
            false => (ElicitationAction::Decline, None),
        }))
    }

    fn asks(&mut self, server: &str, message: &str) {
        (self.show)(format!("{} asks: {}", styled(STRONG, shown_line(server, SHOWN)), shown_lines(message)));
    }

    fn yes(&mut self, question: &str) -> io::Result<Option<bool>> {
        loop {
            (self.show)(format!("{question} [y/n]"));
            let Some(line) = self.line()? else { return Ok(None) };
            match truth(&line) {
                Some(answer) => return Ok(Some(answer)),
                None => (self.show)("y or n".to_owned()),
            }
        }
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.lines.read_line(&mut line)?;
        Ok((read > 0).then(|| line.trim().to_owned()))
    }
}

type Replied = io::Result<Option<(ElicitationAction, Option<Value>)>>;

fn truth(line: &str) -> Option<bool> {
    match line.to_ascii_lowercase().as_str() {
        "y" | "yes" | "true" => Some(true),
        "n" | "no" | "false" => Some(false),
        _ => None,
    }
}

/// What a line means for a member; `None` where it means nothing there.
fn value_of(member: &Value, line: &str) -> Option<Value> {
    if let Some(listed) = types::one_of_listed(member, member, line) {
        return Some(listed);
    }
    match member["type"].as_str() {
        Some("boolean") => truth(line).map(Value::Bool),
        Some("array") => {
            let items = &member["items"];
            let words = line.split(',').map(str::trim).filter(|word| !word.is_empty());
            words.map(|word| value_of(items, word)).collect::<Option<Vec<_>>>().map(|words| json!(words))
        }
        Some(kind @ ("integer" | "number")) => {
            serde_json::from_str(line).ok().filter(|value| types::is_of(kind, value))
        }
        _ if member.get("enum").is_some()
            || member.get("oneOf").is_some()
            || member.get("anyOf").is_some() =>
        {
            None
        }
        _ => Some(Value::from(line)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(question: &str, written: &str) -> (Value, String) {
        let question = serde_json::from_str(question).unwrap();
        let (mut shown, mut opened) = (Vec::new(), Vec::new());
        let mut lines = written.as_bytes();
        let mut talk = Talk {
            lines: &mut lines,
            show: &mut |line| shown.push(line),
            open: &mut |url| opened.push(format!("opened {url}")),
        };
        let result = talk.reply("todos.example.com", &question);
        shown.extend(opened);
        (serde_json::to_value(result).unwrap(), shown.join("\n"))
    }

    /// Its members in the order in which they are asked for.
    const TRIP: &str = r#"{ "mode": "form", "message": "Which trip?", "requestedSchema": { "type": "object", "properties": {
        "to": { "type": "string", "description": "Where to?" }, "days": { "type": "integer" }, "sure": { "type": "boolean" },
        "class": { "type": "string", "enum": ["first", "second"] }, "seats": { "type": "integer", "default": 1 } },
        "required": ["to", "sure", "class"] } }"#;

    #[test]
    fn each_member_is_asked_for_until_it_fits_and_then_it_is_sent() {
        let (result, shown) = asked(TRIP, "Rome\nthree\n3\nmaybe\ny\nthird\nfirst\n\ny\n");
        let content = json!({ "to": "Rome", "days": 3, "sure": true, "class": "first", "seats": 1 });
        assert_eq!(result, json!({ "action": "accept", "content": content }), "{shown}");
        for part in [
            "todos.example.com",
            "asks: Which trip?",
            "Where to? (to)",
            "first | second",
            "empty: 1",
            "no passwords",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }

    #[test]
    fn what_breaks_a_limit_of_the_form_is_asked_for_again_with_the_reason() {
        let form = json!({ "mode": "form", "message": "Who?", "requestedSchema": { "type": "object", "properties": {
            "age": { "type": "integer", "minimum": 1, "maximum": 150, "default": 0 },
            "mail": { "type": "string", "format": "email" },
            "name": { "type": "string", "minLength": 2, "maxLength": 4 } }, "required": ["age", "mail", "name"] } });
        let (result, shown) =
            asked(&form.to_string(), "\n0\n151\n50\nalice\na@b.example\n\nx\nAlice\nAl\ny\n");
        let content = json!({ "age": 50, "mail": "a@b.example", "name": "Al" });
        assert_eq!(result, json!({ "action": "accept", "content": content }), "{shown}");
        for (part, times) in [
            ("a whole number of at least 1 and of at most 150, got 0", 2),
            ("at most 150, got 151", 1),
            ("of the format email, got \"alice\"", 1),
            ("text of at least 2 characters and of at most 4 characters, got \"\"", 1),
            ("got \"x\"", 1),
            ("got \"Alice\"", 1),
        ] {
            assert_eq!(shown.matches(part).count(), times, "{part}: {shown}");
        }
    }

    #[test]
    fn what_is_not_needed_may_be_left_out_and_nothing_is_sent_against_the_persons_will() {
        let (result, _) = asked(TRIP, "Rome\n\nno\nsecond\n2\nn\n");
        assert_eq!(result, json!({ "action": "decline" }));
        let (result, _) = asked(TRIP, "Rome\n\nno\nsecond\n2\ny\n");
        assert_eq!(result["content"], json!({ "to": "Rome", "sure": false, "class": "second", "seats": 2 }));
        for cut in ["", "Rome\n", "Rome\n3\ny\nfirst\n1\n"] {
            assert_eq!(asked(TRIP, cut).0, json!({ "action": "cancel" }), "{cut:?}");
        }
    }

    #[test]
    fn a_page_is_opened_only_when_the_person_says_so_and_only_of_the_web() {
        let page = |url: &str| {
            json!({ "mode": "url", "message": "Pay.", "url": url, "elicitationId": "1" }).to_string()
        };
        let (result, shown) = asked(&page("https://pay.example/7"), "y\n");
        assert_eq!(result, json!({ "action": "accept" }));
        assert!(
            shown.contains("Open this page of pay.example?")
                && shown.contains("opened https://pay.example/7"),
            "{shown}"
        );
        let (result, shown) = asked(&page("https://pay.example/7"), "n\n");
        assert_eq!(result, json!({ "action": "decline" }));
        assert!(!shown.contains("opened"), "{shown}");
        for other in ["javascript:alert(1)", "file:///etc/passwd", "not a url"] {
            let (result, shown) = asked(&page(other), "y\n");
            assert_eq!(result, json!({ "action": "decline" }), "{other}");
            assert!(!shown.contains(&format!("opened {other}")), "{shown}");
        }
    }

    #[test]
    fn what_a_server_writes_does_nothing_to_the_terminal() {
        let question = json!({ "mode": "form", "message": "\u{1b}]0;title\u{7}", "requestedSchema": { "type": "object",
            "properties": { "a\u{1b}[2J": { "type": "string", "description": "x\u{202e}y\nz" } } } });
        let (_, shown) = asked(&question.to_string(), "\ny\n");
        let own = ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[0m"];
        let rest = own.iter().fold(shown, |text, own| text.replace(own, ""));
        assert!(!rest.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{rest:?}");
    }
}
