//! The keys that sign tokens.

use super::event::events;

events! {
    /// The first signing key was made.
    SigningKeyMade<'a> = "signing_key_made", INFO { kid: &'a str, algorithm: &'a str }
    /// A signing key was added, and signs later (`mcp-auth issuer keys rotate`).
    SigningKeyAdded<'a> = "signing_key_added", INFO { kid: &'a str, algorithm: &'a str, signs_from: Option<u64> }
    /// All signing keys were replaced by this one (`mcp-auth issuer keys rotate --now`): what they signed is refused.
    SigningKeysReplaced<'a> = "signing_keys_replaced", WARN { kid: &'a str, algorithm: &'a str }
    /// This process found that a signing key was withdrawn before its tokens had ended: from now on it refuses them.
    SigningKeyWithdrawn<'a> = "signing_key_withdrawn", WARN { kid: &'a str }
}
