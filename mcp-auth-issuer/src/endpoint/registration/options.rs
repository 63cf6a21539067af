//! What the operator decides about clients that register themselves.

use mcp_auth_store::SecretHash;

/// Who may register a client.
///
/// # Example
/// ```
/// use mcp_auth_issuer::{InitialAccessToken, RegistrationOptions, SecretHash};
/// let token = InitialAccessToken { name: "ci".into(), hash: SecretHash::of("0123456789abcdefghijklmnopqrstuv") };
/// let registration = RegistrationOptions { open: false, initial_access_tokens: vec![token] };
/// assert!(registration.is_possible());
/// ```
#[derive(Debug, Clone)]
pub struct RegistrationOptions {
    /// Whether a client may register without an initial access token. **(default: true)**
    pub open: bool,
    /// The tokens that a client may show (RFC 7591 §3). A client that shows one is new each time, and manages what is kept of it.
    /// **(default: none)**
    pub initial_access_tokens: Vec<InitialAccessToken>,
}

/// A token that lets its bearer register clients (RFC 7591 §3).
#[derive(Debug, Clone)]
pub struct InitialAccessToken {
    /// Its name in the log.
    pub name: String,
    /// The hash of it: at least 32 random characters.
    pub hash: SecretHash,
}

impl Default for RegistrationOptions {
    fn default() -> Self {
        Self { open: true, initial_access_tokens: Vec::new() }
    }
}

impl RegistrationOptions {
    /// Whether any client may register.
    pub fn is_possible(&self) -> bool {
        self.open || !self.initial_access_tokens.is_empty()
    }
}
