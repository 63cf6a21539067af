//! What several providers have in common.

use crate::config::provider::provider::Sets;

/// Access tokens are signed with RS256.
pub(super) const RS256: Sets = Sets::key("algorithms", "[\"RS256\"]", "What it signs access tokens with.");
/// The client is in `client_id` (RFC 9068 §2.2).
pub(super) const CLIENT_ID: Sets = Sets::key("client_claims", "[\"client_id\"]", "The client.");
/// The client is in `azp` (OpenID Connect Core §2).
pub(super) const AZP: Sets = Sets::key("client_claims", "[\"azp\"]", "The client.");
