//! A secret as text: to be sent or hashed, never to be shown.

use std::fmt;

use subtle::ConstantTimeEq as _;

/// A token, a client secret, or another text that must not be shown. `Debug` writes `***`, it is not serialized by itself,
/// and `==` takes as long however much of two secrets of one length is equal.
///
/// # Example
/// ```
/// use mcp_auth_core::SecretText;
/// let secret = SecretText::new("hunter2");
/// assert_eq!(format!("{secret:?}"), "***");
/// assert_eq!(secret.expose(), "hunter2");
/// ```
///
/// Where the secret itself is meant, `expose` says so; what forgets it does not compile:
/// ```compile_fail,E0277
/// use mcp_auth_core::SecretText;
/// format!("Bearer {}", SecretText::new("hunter2"));
/// ```
#[derive(Clone, serde::Deserialize)]
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

impl PartialEq for SecretText {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for SecretText {}

impl fmt::Debug for SecretText {
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

    #[test]
    fn secrets_are_equal_to_themselves_only() {
        let secret = |text: &str| SecretText::new(text);
        assert_eq!(secret("hunter2"), secret("hunter2"));
        assert_eq!(secret(""), secret(""));
        for other in ["", "hunter", "hunter22", "hunter3", "Hunter2"] {
            assert_ne!(secret("hunter2"), secret(other));
        }
    }
}
