//! The result of a tool, for people or as JSON.

use std::process::ExitCode;

use rmcp::model::{CallToolResult, ContentBlock, ErrorData, ResourceContents};
use serde_json::{Value, json};

use crate::Failure;
use crate::terminal::{self, BAD, Terminal, shown_line, shown_lines, styled};

/// Prints a result: to standard output, or to standard error with exit code 1 if the tool reports a failure.
///
/// # Errors
/// Never; the return type is the one that all commands have.
pub(super) fn print(
    terminal: &Terminal,
    result: &CallToolResult,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    let failed = result.is_error == Some(true);
    let code = if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    if as_json {
        terminal.line(terminal::json(result)?);
        return Ok(code);
    }
    let text = readable(result);
    if failed {
        terminal.note(format!("{} {text}", styled(BAD, "the tool failed:")));
    } else if !text.is_empty() {
        terminal.line(text);
    }
    Ok(code)
}

/// Prints a JSON-RPC error, to standard error or as the JSON that was asked for; the exit code is 1.
///
/// # Errors
/// Never; the return type is the one that all commands have.
pub(super) fn print_error(
    terminal: &Terminal,
    error: &ErrorData,
    as_json: bool,
) -> Result<ExitCode, Failure> {
    match as_json {
        true => terminal.line(terminal::json(&json!({ "error": error }))?),
        false => terminal.note(format!("{} {}", styled(BAD, "error:"), error_text(error))),
    }
    Ok(ExitCode::FAILURE)
}

/// The message with its lines as they are, and the code.
fn error_text(error: &ErrorData) -> String {
    let message = error.message.replace("\r\n", "\n");
    format!("{} (JSON-RPC error {})", shown_lines(&message), error.code.0)
}

/// The structured content, if there is any, and the content that adds something to it.
fn readable(result: &CallToolResult) -> String {
    let mut parts = Vec::new();
    for block in &result.content {
        let repeats = match (block, &result.structured_content) {
            // Servers repeat structured content as text, for clients that do not support it.
            (ContentBlock::Text(text), Some(structured)) => {
                serde_json::from_str::<Value>(&text.text).is_ok_and(|value| value == *structured)
            }
            _ => false,
        };
        if !repeats {
            parts.push(described(block));
        }
    }
    if let Some(structured) = &result.structured_content {
        parts.push(shown_lines(&serde_json::to_string_pretty(structured).unwrap_or_default()).into_owned());
    }
    parts.join("\n")
}

fn described(block: &ContentBlock) -> String {
    match block {
        ContentBlock::Text(text) => shown_lines(&text.text).into_owned(),
        ContentBlock::Image(image) => {
            format!("[image, {}, {}]", shown_line(&image.mime_type, 80), size(&image.data))
        }
        ContentBlock::Audio(audio) => {
            format!("[audio, {}, {}]", shown_line(&audio.mime_type, 80), size(&audio.data))
        }
        ContentBlock::Resource(embedded) => match &embedded.resource {
            ResourceContents::TextResourceContents { uri, text, .. } => {
                format!("[resource {}]\n{}", shown_line(uri, 300), shown_lines(text))
            }
            ResourceContents::BlobResourceContents { uri, blob, mime_type, .. } => {
                let kind = mime_type.as_deref().unwrap_or("application/octet-stream");
                format!("[resource {}, {}, {}]", shown_line(uri, 300), shown_line(kind, 80), size(blob))
            }
            _ => "[resource]".to_owned(),
        },
        ContentBlock::ResourceLink(link) => {
            format!("[resource {}, {}]", shown_line(&link.uri, 300), shown_line(&link.name, 100))
        }
        _ => "[content of a kind this command does not know; --json shows it]".to_owned(),
    }
}

/// The number of bytes that a base64 text encodes.
fn size(base64: &str) -> String {
    let letters = base64.trim_end_matches('=').len();
    format!("{} bytes", letters * 3 / 4)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_is_text_and_pictures_are_described() {
        let result = CallToolResult::success(vec![
            ContentBlock::text("hello\u{1b}[2J"),
            ContentBlock::image("aGVsbG8=", "image/png"),
        ]);
        assert_eq!(readable(&result), "hello\\u{1b}[2J\n[image, image/png, 5 bytes]");
    }

    #[test]
    fn line_feeds_of_an_error_are_lines_and_nothing_else_in_it_acts() {
        let error = ErrorData::invalid_params("two things:\n  - a\r\n  - b\u{1b}[2J\u{202e}", None);
        assert_eq!(
            error_text(&error),
            "two things:\n  - a\n  - b\\u{1b}[2J\\u{202e} (JSON-RPC error -32602)"
        );
    }

    #[test]
    fn structured_content_is_printed_once() {
        let mut result = CallToolResult::structured(json!({ "a": 1 }));
        assert_eq!(readable(&result), "{\n  \"a\": 1\n}");
        result.content.push(ContentBlock::text("and more"));
        assert_eq!(readable(&result), "and more\n{\n  \"a\": 1\n}");
    }
}
