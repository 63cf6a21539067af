//! `[[auth.api_keys]]`: a key that a program presents, who it is known as, and what it may do.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::api_key::{ApiKeyName, Digests};
use crate::config::value::moment::Moment;
use crate::config::value::network::Cidr;
use crate::config::value::secret::Secret;
use crate::config::value::{RoleName, ScopeToken, list};

/// A key that a program presents. `mcp-auth key new` makes one, and prints this table.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ApiKeyEntry {
    /// Who its bearer is: the subject, in the audit and for tools. 1 to 100 visible characters, and no other key has
    /// it.
    pub name: ApiKeyName,
    /// The SHA-256 of the key, `"sha256:…"`, or two of them while clients change from one key to the next.
    #[serde(default)]
    pub digest: Option<Digests>,
    /// Where the key itself is, instead of `digest`. Read once, at the start.
    #[serde(default)]
    pub key: Option<Secret>,
    /// What its bearer may do.
    #[serde(default)]
    pub scopes: Vec<ScopeToken>,
    /// Roles of `[roles]` that its bearer holds, and all that those imply.
    #[serde(default)]
    pub roles: Vec<RoleName>,
    /// When it is refused: a time (RFC 3339), or a date for the first moment of it in UTC. Without it the key has no end.
    #[serde(default)]
    pub expires: Option<Moment>,
    /// The addresses and networks (CIDR) that requests with it may come from. Without it they may come from anywhere. Behind
    /// proxies, `server.trusted_proxies` says how the address is found.
    #[serde(default)]
    pub allowed_addresses: Option<AllowedAddresses>,
}

list! {
    /// Where requests may come from.
    AllowedAddresses of Cidr,
    "it would let no request in; leave the key out to let requests in from anywhere"
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:00000000000000000000000000000000000000000000000000000000000000a1";

    fn entry(more: serde_json::Value) -> Result<ApiKeyEntry, String> {
        let mut all = serde_json::json!({ "name": "ci", "digest": DIGEST });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).map_err(|e| e.to_string())
    }

    #[test]
    fn name_and_digest_alone_are_a_key_that_may_do_nothing_yet_from_anywhere_and_for_ever() {
        let key = entry(serde_json::json!({})).unwrap();
        assert!(key.scopes.is_empty() && key.roles.is_empty());
        assert!(key.expires.is_none() && key.allowed_addresses.is_none() && key.key.is_none());
    }

    #[test]
    fn a_key_has_one_digest_or_two() {
        let two = DIGEST.replace("a1", "a2");
        for (digests, count) in [(serde_json::json!(DIGEST), 1), (serde_json::json!([DIGEST, two]), 2)] {
            assert_eq!(
                entry(serde_json::json!({ "digest": digests })).unwrap().digest.unwrap().iter().count(),
                count
            );
        }
        for (bad, why) in [
            (serde_json::json!([]), "is empty"),
            (serde_json::json!([DIGEST, DIGEST, DIGEST]), "at most 2"),
            (serde_json::json!("sha256:00"), "64 hexadecimal digits"),
            (serde_json::json!(DIGEST.to_uppercase()), "64 hexadecimal digits"),
            (serde_json::json!(DIGEST.replace("sha256", "sha512")), "64 hexadecimal digits"),
            (serde_json::json!("mcpk_hunter2"), "only its digest belongs here"),
        ] {
            let error = entry(serde_json::json!({ "digest": bad })).unwrap_err();
            assert!(error.contains(why) && !error.contains("hunter2"), "{bad}: {error}");
        }
    }

    #[test]
    fn addresses_are_networks_in_one_spelling_and_never_an_empty_list() {
        let with = |list: serde_json::Value| entry(serde_json::json!({ "allowed_addresses": list }));
        assert_eq!(
            with(serde_json::json!(["10.0.0.0/8", "::1"])).unwrap().allowed_addresses.unwrap().len(),
            2
        );
        for (bad, why) in [
            (serde_json::json!([]), "would let no request in"),
            (serde_json::json!(["10.0.0.1/8"]), "write it \"10.0.0.0/8\""),
            (serde_json::json!(["ci.example.com"]), "a network such as"),
        ] {
            let error = with(bad.clone()).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn a_name_can_be_seen_and_has_no_space_around_it() {
        for good in ["ci", "nightly report", "Zürich"] {
            assert!(entry(serde_json::json!({ "name": good })).is_ok(), "{good}");
        }
        for bad in ["", " ", " ci", "ci ", "c\ni", "ci\u{200b}"] {
            assert!(entry(serde_json::json!({ "name": bad })).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn debug_of_an_entry_shows_no_digest() {
        let shown = format!("{:?}", entry(serde_json::json!({})).unwrap());
        assert!(shown.contains("ci") && !shown.contains("a1"), "{shown}");
    }
}
