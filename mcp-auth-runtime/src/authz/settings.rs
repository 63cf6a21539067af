//! What an operator sets of the policy.

use mcp_auth_core::{ScopeFamily, ScopeSet};

/// What `initialize`, lists and every other message without its own rule need (`auth.connect`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Connect {
    /// A verified caller: clients log in when they connect.
    #[default]
    Authenticated,
    /// Nothing: clients log in when a call needs it.
    Anonymous,
}

/// Which operations a caller sees in lists (`auth.visibility`). **(default: `"all"`)**
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Visibility {
    /// All of them, so that clients can step up.
    #[default]
    All,
    /// Those the caller may call; any other answers like an unknown one.
    Granted,
}

/// The settings of the `[auth]` section that the policy reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `auth.connect`: what messages without their own rule need.
    pub connect: Connect,
    /// `auth.visibility`: which operations a caller sees.
    pub visibility: Visibility,
    /// `auth.base_scopes`: scopes that every scope challenge names too.
    pub base_scopes: ScopeSet,
    /// Whether a login brings the scopes that operations need: not where every issuer gives them by role alone.
    pub asks_for_scopes: bool,
    /// Families of scopes whose values have more characters than others (`value_characters`).
    pub wider: Vec<ScopeFamily>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect: Connect::default(),
            visibility: Visibility::default(),
            base_scopes: ScopeSet::new(),
            asks_for_scopes: true,
            wider: Vec::new(),
        }
    }
}
