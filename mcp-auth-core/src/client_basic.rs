//! `client_secret_basic`: a client's name and secret in `Authorization: Basic` (RFC 6749 §2.3.1).

use url::form_urlencoded::byte_serialize;

/// A client's name or its secret as it stands before the colon or behind it, ahead of base64 (RFC 6749 §2.3.1, appendix B).
///
/// A space is `%20` and not `+`: every authorization server reads that, and some leave a plus as it is.
///
/// # Example
/// ```
/// use mcp_auth_core::client_basic;
/// assert_eq!(client_basic::part("a b+c:%"), "a%20b%2Bc%3A%25");
/// ```
pub fn part(text: &str) -> String {
    // What was a plus is `%2B` by now.
    byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
