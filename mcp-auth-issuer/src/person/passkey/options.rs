//! What our pages ask a browser for, as the JSON forms of Web Authentication (§5.1.8, §5.1.9) write it.

use mcp_auth_store::{Account, Passkey};
use serde_json::{Value, json};

use super::cose_key::{EDDSA, ES256};
use super::relying_party::RelyingParty;

/// How long a browser waits for its person, in milliseconds.
const TIMEOUT: u32 = 5 * 60 * 1000;

/// To sign with a passkey: one of those in `passkeys`, or, where there are none, one that the browser finds.
pub(crate) fn request_options<'p>(
    relying_party: &RelyingParty,
    challenge: &str,
    passkeys: impl Iterator<Item = &'p Passkey>,
    user_verification: &str,
) -> Value {
    let mut options = json!({
        "challenge": challenge,
        "rpId": relying_party.id(),
        "timeout": TIMEOUT,
        "userVerification": user_verification,
    });
    let passkeys: Vec<_> = passkeys.map(described).collect();
    if !passkeys.is_empty() {
        options["allowCredentials"] = Value::Array(passkeys);
    }
    options
}

/// To make a passkey, on an authenticator that has none of this account yet. One that can be found without a name is preferred: without it, a
/// passkey is good after the password alone.
pub(crate) fn creation_options(
    relying_party: &RelyingParty,
    challenge: &str,
    (server, account, user_handle): (&str, &Account, &str),
) -> Value {
    let name = &account.name;
    json!({
        "challenge": challenge,
        "rp": { "id": relying_party.id(), "name": server },
        "user": {
            "id": user_handle,
            "name": name,
            "displayName": account.display_name.as_ref().unwrap_or(name),
        },
        "pubKeyCredParams": [
            { "type": "public-key", "alg": ES256 },
            { "type": "public-key", "alg": EDDSA },
        ],
        "timeout": TIMEOUT,
        "excludeCredentials": account.passkeys().map(described).collect::<Vec<_>>(),
        "authenticatorSelection": { "residentKey": "preferred", "userVerification": "preferred" },
        "attestation": "none",
    })
}

fn described(passkey: &Passkey) -> Value {
    json!({ "type": "public-key", "id": passkey.id, "transports": passkey.transports })
}
