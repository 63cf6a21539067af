//! Images and sound: bytes as content, in the form that JSON takes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rmcp::model::ContentBlock;

/// An image as content of a tool or prompt: `bytes` as they stand in a file of `mime_type`, such as `image/png`.
///
/// # Example
/// ```
/// # use mcp_auth_runtime::facade::image;
/// let chart = image(b"\x89PNG", "image/png");
/// assert_eq!(chart.as_image().unwrap().data, "iVBORw==");
/// ```
pub fn image(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> ContentBlock {
    ContentBlock::image(STANDARD.encode(bytes), mime_type)
}

/// Sound as content of a tool or prompt: `bytes` as they stand in a file of `mime_type`, such as `audio/wav`.
pub fn audio(bytes: impl AsRef<[u8]>, mime_type: impl Into<String>) -> ContentBlock {
    ContentBlock::audio(STANDARD.encode(bytes), mime_type)
}
