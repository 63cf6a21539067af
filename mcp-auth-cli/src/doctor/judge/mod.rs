//! The judgements, in the order of the walk: each a function over what was fetched, which fetches nothing.

pub(crate) mod call;
pub(crate) mod capabilities;
pub(crate) mod challenge;
pub(crate) mod clock;
pub(crate) mod cors;
pub(crate) mod door;
pub(crate) mod issuer;
pub(crate) mod jwks;
pub(crate) mod metadata;
pub(crate) mod protocol;
pub(crate) mod resource;
pub(crate) mod token;

/// Scopes and the like, from a JSON array of strings.
pub(crate) fn strings(value: Option<&serde_json::Value>) -> Option<Vec<String>> {
    let list = value?.as_array()?;
    list.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}
