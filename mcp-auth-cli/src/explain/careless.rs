//! A token where everybody reads it: in the arguments of a command, which shells keep and process lists show.

use std::ffi::OsString;

use mcp_auth_core::ApiKey;

/// Whether `text` holds what looks like a signed token or an API key.
pub(super) fn holds_token(text: &str) -> bool {
    let is_of_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut words = text.split(|c| !is_of_word(c));
    ApiKey::stands_in(text)
        || words.any(|word| word.starts_with("ey") && word.len() > 20 && word.matches('.').count() >= 2)
}

/// Why these arguments, the program's name before them, are not read at all: one of them holds a token. Reading them would repeat
/// it in a message.
pub(crate) fn carelessness(arguments: impl IntoIterator<Item = OsString>) -> Option<&'static str> {
    let mut arguments = arguments.into_iter().skip(1).peekable();
    arguments.next_if(|command| command == "explain")?;
    arguments.any(|argument| holds_token(&argument.to_string_lossy())).then_some(
        "an argument holds a token, and the shell and every process list keep arguments: write it into a file, and name that with \
         --token-file",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const JWT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl";
    const KEY: &str = "mcpk_0123456789abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJ";

    #[test]
    fn a_token_is_known_wherever_it_stands() {
        for text in [
            JWT.to_owned(),
            format!("--token={JWT}"),
            format!("Bearer {JWT}"),
            format!("{{\"token\": \"{JWT}\"}}"),
            KEY.to_owned(),
            format!("{{\"key\":\"{KEY}\"}}"),
        ] {
            assert!(holds_token(&text), "{text}");
            assert!(carelessness(["mcp-auth", "explain", "--tool", &text].map(OsString::from)).is_some());
            assert!(carelessness(["mcp-auth", "call", &text].map(OsString::from)).is_none());
        }
        for text in [
            "add_todo",
            "{\"title\": \"eyes. on. me.\"}",
            "t.jwt",
            "tests/fixtures/eyes/a.b.c",
            "https://a.b.c/d",
            "",
        ] {
            assert!(!holds_token(text), "{text}");
        }
    }
}
