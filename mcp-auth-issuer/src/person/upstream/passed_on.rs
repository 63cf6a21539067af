//! What our tokens say that the provider said.

use serde_json::{Map, Value};

use super::said::at;

/// The claims that these paths lead to, each where it was.
pub(super) fn passed_on(claims: &Map<String, Value>, paths: &[Vec<String>]) -> Map<String, Value> {
    let mut all = Map::new();
    for path in paths {
        let Some(value) = at(claims, path) else { continue };
        let Some((last, around)) = path.split_last() else { continue };
        let mut place = Some(&mut all);
        for name in around {
            let below = place.map(|place| place.entry(name.clone()).or_insert_with(|| Map::new().into()));
            place = below.and_then(Value::as_object_mut);
        }
        if let Some(place) = place {
            place.insert(last.clone(), value.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_listed_is_passed_on_and_where_it_was() {
        let said = json!({
            "groups": ["a"], "department": "sales", "email": "ann@example.com",
            "realm_access": { "roles": ["r"], "secret": 1 }, "a.b": true,
        });
        let passed = |paths: &[&[&str]]| {
            let paths: Vec<Vec<String>> =
                paths.iter().map(|path| path.iter().map(|name| (*name).to_owned()).collect()).collect();
            Value::Object(passed_on(said.as_object().unwrap(), &paths))
        };
        assert_eq!(passed(&[]), json!({}));
        assert_eq!(
            passed(&[&["groups"], &["realm_access", "roles"], &["a.b"], &["absent"], &["groups", "x"]]),
            json!({ "groups": ["a"], "realm_access": { "roles": ["r"] }, "a.b": true })
        );
        assert_eq!(
            passed(&[&["realm_access"], &["realm_access", "roles"]]),
            json!({ "realm_access": said["realm_access"] })
        );
    }
}
