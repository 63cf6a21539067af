//! A secret as text: to be sent or hashed, never to be shown.

use std::fmt;

/// A token, a client secret, or another text that must not be shown. `Debug` and `Display` write `***`, and it is not
/// serialized by itself. `==` is for secrets of one's own: it takes longer the more is equal, so what a stranger presents
/// is compared by its hash, in constant time.
///
/// # Example
/// ```
/// use mcp_auth_core::SecretText;
/// let secret = SecretText::new("hunter2");
/// assert_eq!(format!("{secret} {secret:?}"), "*** ***");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
#[derive(Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// Takes the secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, to send or hash it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_stars_inside_other_values_too() {
        #[derive(Debug)]
        #[expect(dead_code, reason = "printed only")]
        struct Client {
            secret: Option<SecretText>,
        }
        let client = Client { secret: Some(SecretText::new("hunter2")) };
        assert_eq!(format!("{client:?}"), "Client { secret: Some(***) }");
    }
}
