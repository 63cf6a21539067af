//! What a provider said of a person who logged in.

use serde_json::{Map, Value};

/// What a provider said, and was verified to have said.
#[derive(Debug)]
pub(super) struct Said {
    /// Who says so: its issuer, of several tenants that of the tenant.
    pub(super) iss: String,
    /// Of whom, and what.
    pub(super) claims: Map<String, Value>,
}

/// The e-mail address that the provider verified. Cognito says that it did as a text, and so do others.
pub(super) fn verified_email(claims: &Map<String, Value>) -> Option<&str> {
    let is_verified = claims.get("email_verified").is_some_and(|said| *said == true || *said == "true");
    claims.get("email").and_then(Value::as_str).filter(|_| is_verified)
}

/// The claim that these names lead to.
pub(super) fn at<'a>(claims: &'a Map<String, Value>, path: &[String]) -> Option<&'a Value> {
    let (first, below) = path.split_first()?;
    below.iter().try_fold(claims.get(first)?, |value, name| value.as_object()?.get(name))
}

/// The texts of a claim that says one or several.
pub(super) fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(one) => vec![one.clone()],
        Value::Array(all) => all.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}
