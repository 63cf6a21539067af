//! How each client is connected: the command, the link and the file that hold the server's name and URL.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde_json::{Value, json};

/// A server as clients are told of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told<'a> {
    /// What clients call it.
    pub(super) name: &'a str,
    /// The URL of its MCP endpoint.
    pub(super) url: &'a str,
    /// Whether a client sends an API key, which each person puts in for themselves.
    pub(super) by_key: bool,
}

/// The header of an API key, for a person to complete.
const KEY_HEADER: (&str, &str) = ("Authorization", "Bearer YOUR_API_KEY");

impl Told<'_> {
    /// The command of Claude Code (<https://code.claude.com/docs/en/mcp>), for a POSIX shell.
    pub(super) fn claude_code(self) -> String {
        let command = format!("claude mcp add --transport http {} {}", word(self.name), word(self.url));
        let (name, value) = KEY_HEADER;
        if self.by_key {
            format!("{command} --header {}", word(&format!("{name}: {value}")))
        } else {
            command
        }
    }

    /// A link that installs it in VS Code: `vscode:mcp/install?` and percent-encoded JSON
    /// (<https://code.visualstudio.com/api/extension-guides/ai/mcp#create-an-mcp-installation-url>).
    pub(super) fn vs_code_link(self) -> String {
        let server = json!({ "name": self.name, "type": "http", "url": self.url });
        format!("vscode:mcp/install?{}", encoded(&server.to_string()))
    }

    /// What `.vscode/mcp.json` says.
    pub(super) fn vs_code_file(self) -> String {
        pretty(
            &json!({ "servers": { self.name: self.with_key(json!({ "type": "http", "url": self.url })) } }),
        )
    }

    /// A link that installs it in Cursor: the name, and the entry of `mcp.json` as base64 (<https://cursor.com/docs/mcp/install-links>).
    pub(super) fn cursor_link(self) -> String {
        let entry = BASE64_STANDARD.encode(json!({ "url": self.url }).to_string());
        format!(
            "cursor://anysphere.cursor-deeplink/mcp/install?name={}&config={}",
            encoded(self.name),
            encoded(&entry)
        )
    }

    /// What `.cursor/mcp.json` says.
    pub(super) fn cursor_file(self) -> String {
        pretty(&json!({ "mcpServers": { self.name: self.with_key(json!({ "url": self.url })) } }))
    }

    /// The entry of a file, with the header where there is one.
    fn with_key(self, mut entry: Value) -> Value {
        if self.by_key {
            let (name, value) = KEY_HEADER;
            entry["headers"] = json!({ name: value });
        }
        entry
    }
}

/// What clients call a server of this name: Claude Code takes letters, digits, `-` and `_` alone. One without any is called as its `host`, so that
/// two of them do not replace each other.
pub(super) fn short_name(name: &str, host: &str) -> String {
    let plain = |text: &str| {
        let plain = text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' });
        plain.collect::<String>().trim_matches('-').to_owned()
    };
    [plain(name), plain(host)]
        .into_iter()
        .find(|text| !text.is_empty())
        .unwrap_or_else(|| "server".to_owned())
}

fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default() // strings: nothing can fail
}

/// One word of a POSIX shell: in quotes where another character than these stands in it (POSIX.1-2017, Shell, §2.2.2).
fn word(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:%@+,=".contains(&byte);
    if text.bytes().all(is_plain) && !text.is_empty() {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// As `encodeURIComponent` of JavaScript writes it: all but unreserved characters (RFC 3986 §2.3) as UTF-8 in percent.
fn encoded(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut written, byte| {
        match byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            true => written.push(char::from(byte)),
            false => {
                let _ = write!(written, "%{byte:02X}");
            }
        }
        written
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODOS: Told<'_> = Told { name: "todos", url: "https://todos.example.com/mcp", by_key: false };

    #[test]
    fn links_have_the_shapes_that_the_clients_document() {
        assert_eq!(
            TODOS.vs_code_link(),
            "vscode:mcp/install?%7B%22name%22%3A%22todos%22%2C%22type%22%3A%22http%22%2C%22url%22%3A%22https%3A%2F%2Ftodos.example.com%2Fmcp%22%7D"
        );
        let link = TODOS.cursor_link();
        let config =
            link.strip_prefix("cursor://anysphere.cursor-deeplink/mcp/install?name=todos&config=").unwrap();
        let entry = BASE64_STANDARD.decode(config.replace("%3D", "=")).unwrap();
        assert_eq!(entry, br#"{"url":"https://todos.example.com/mcp"}"#);
    }

    #[test]
    fn a_command_stays_one_command_whatever_the_url_is() {
        assert_eq!(
            TODOS.claude_code(),
            "claude mcp add --transport http todos https://todos.example.com/mcp"
        );
        for (url, written) in [
            ("https://a.example/m;rm", "'https://a.example/m;rm'"),
            ("https://a.example/$(id)", "'https://a.example/$(id)'"),
            ("https://a.example/it's", "'https://a.example/it'\\''s'"),
            ("http://[::1]:8080/mcp", "'http://[::1]:8080/mcp'"),
            ("https://a.example/a&b", "'https://a.example/a&b'"),
        ] {
            let command = Told { name: "a", url, by_key: false }.claude_code();
            assert_eq!(command, format!("claude mcp add --transport http a {written}"));
        }
    }

    #[test]
    fn a_short_name_has_letters_and_digits_that_every_client_takes() {
        for (name, short) in [
            ("todos", "todos"),
            ("To-do list", "To-do-list"),
            ("a_b; rm -rf /", "a_b--rm--rf"),
            ("\u{5e9}", "todos-example-com"),
            ("", "todos-example-com"),
        ] {
            assert_eq!(short_name(name, "todos.example.com"), short);
        }
        assert_eq!(short_name("", "[::1]"), "1");
    }

    #[test]
    fn who_has_a_key_is_shown_where_it_goes_and_nobody_else_is() {
        let with_key = Told { by_key: true, ..TODOS };
        assert!(with_key.claude_code().ends_with(" --header 'Authorization: Bearer YOUR_API_KEY'"));
        for file in [Told::vs_code_file, Told::cursor_file] {
            assert!(
                file(with_key).contains("\"Authorization\": \"Bearer YOUR_API_KEY\""),
                "{}",
                file(with_key)
            );
            assert!(!file(TODOS).contains("headers"), "{}", file(TODOS));
        }
        assert!(!TODOS.claude_code().contains("--header"));
    }
}
