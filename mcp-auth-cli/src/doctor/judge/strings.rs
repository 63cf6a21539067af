//! Lists of strings in JSON.

/// The strings of a JSON array, such as a list of scopes.
pub(crate) fn strings(value: Option<&serde_json::Value>) -> Option<Vec<String>> {
    let list = value?.as_array()?;
    list.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}
