//! The keys that a preset sets, before they are read: what the operator wrote stays, so that "not set" is told apart from
//! every value.

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Value};

use super::list::ProviderName;
use super::provider::{Provider, Sets, When};

/// Sets the keys of each issuer in `[[auth.issuers]]` that names a provider.
pub(in crate::config) fn fill(all: &mut Value) {
    let issuers = table(all).and_then(|all| all.get_mut("auth")).and_then(table);
    let Some(Value::Array(_, issuers)) = issuers.and_then(|auth| auth.get_mut("issuers")) else { return };
    for issuer in issuers.iter_mut().filter_map(table) {
        let named = issuer.get("provider").and_then(Value::as_str);
        // A name that is not known is a mistake, and told as one when it is read.
        if let Some(provider) = named.and_then(|name| name.parse::<ProviderName>().ok()) {
            fill_issuer(provider.provider(), issuer);
        }
    }
}

fn fill_issuer(provider: &Provider, issuer: &mut Dict) {
    let named = issuer.get("issuer").and_then(first_text).unwrap_or_default();
    let named = named.strip_suffix('/').unwrap_or(&named).to_owned();
    let server = issuer.get("authorization_server").and_then(first_text);
    let is_elsewhere = server.is_some_and(|server| server.strip_suffix('/').unwrap_or(&server) != named);
    let written: Vec<String> = issuer.keys().cloned().collect();
    for sets in provider.sets {
        let is_meant = match sets.when {
            When::Always => true,
            When::With(key) => written.iter().any(|known| known == key),
        };
        if is_meant && is_known(sets, &named, is_elsewhere) {
            set(sets, &named, issuer);
        }
    }
}

/// Whether it is known which URL is meant where one is below the issuer. Tenants have no issuer in common. And tokens and this
/// server's secret go to the authorization server alone: where `is_elsewhere` says that `issuer` is only what `iss` says, its
/// metadata names the endpoint.
fn is_known(sets: &Sets, issuer: &str, is_elsewhere: bool) -> bool {
    let is_below = sets.value.contains("{issuer}");
    let is_asked = sets.key.starts_with("introspection.");
    !(is_below && (issuer.contains("{tenant}") || (is_asked && is_elsewhere)))
}

/// Sets one key where it is not set. One within a table is set where that table is.
fn set(sets: &Sets, issuer: &str, into: &mut Dict) {
    let (into, key) = match sets.key.split_once('.') {
        Some((outer, inner)) => match into.get_mut(outer).and_then(table) {
            Some(table) => (table, inner),
            None => return,
        },
        None => (into, sets.key),
    };
    if !into.contains_key(key)
        && let Some(value) = value(sets, issuer)
    {
        into.insert(key.to_owned(), value);
    }
}

/// The value of one key for an issuer; a test holds that every one can be read.
pub(super) fn value(sets: &Sets, issuer: &str) -> Option<Value> {
    // What the operator wrote is put between quotes that are there already.
    let issuer = issuer.replace('\\', "\\\\").replace('"', "\\\"");
    let text = format!("value = {}", sets.value.replace("{issuer}", &issuer));
    Toml::from_str::<Dict>(&text).ok()?.remove("value")
}

fn table(value: &mut Value) -> Option<&mut Dict> {
    match value {
        Value::Dict(_, table) => Some(table),
        _ => None,
    }
}

/// A text, or the first of a list.
fn first_text(value: &Value) -> Option<String> {
    match value {
        Value::Array(_, items) => items.first()?.as_str().map(str::to_owned),
        value => value.as_str().map(str::to_owned),
    }
}
