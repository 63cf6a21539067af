//! What the presets of Microsoft have in common.

use crate::authn::Aud;
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::Sets;

/// The tenant of all personal accounts, of which everyone can make one.
const PERSONAL_ACCOUNTS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Whether this issuer vouches for everyone who wants an account.
pub(in crate::config) fn is_open_to_everyone(issuer: &str) -> bool {
    issuer.starts_with("https://login.microsoftonline.com/") && issuer.contains(PERSONAL_ACCOUNTS)
}

/// Where the scopes are.
pub(super) const SCOPES: Sets = Sets::key("scope_claims", "[\"scp\"]", "Where the scopes of people are.");
/// Who it is.
pub(super) const SUBJECT: Sets = Sets::key(
    "subject_claims",
    "[\"oid\"]",
    "The person or application, for the whole tenant. `sub` is another one for each API.",
);
/// Which tokens are of applications.
pub(super) const PROGRAMS: Sets = Sets::key(
    "client_when",
    "{ idtyp = \"app\", scp = { present = false } }",
    "A token that an application got for itself has no scopes; it says so where the optional claim `idtyp` is on.",
);
/// How scopes are asked for.
pub(super) const REQUESTED_PREFIX: Sets = Sets::with(
    "scope_prefix",
    "scope_prefix_in",
    "\"requested\"",
    "Scopes are asked for with the App ID URI before them; the token says the bare name.",
);
/// How long tokens live.
pub(super) const LIFETIME: Sets = Sets::key(
    "max_token_lifetime",
    "\"28h\"",
    "With continuous access evaluation a token lives for up to 28 hours.",
);
/// What its audience stands for.
pub(super) const APPLICATION: Wide =
    Wide { aud: Aud::Other, is: "the application, so every server that shares its registration" };
