//! Keys that the schema does not have where they stand: misspelt, misplaced, gone, or neither.

use figment::value::Value;

use super::extract::{Extracted, written};
use super::gone::gone;
use super::layers::Layers;
use super::mistake::Mistake;
use super::touched::Touched;
use super::{misplaced, table};
use crate::config::section::schema::Node;
use crate::config::value::nearest;

/// Reports and takes out every key the schema does not know.
pub(in crate::config) fn remove(
    value: &mut Value,
    node: Node,
    path: &mut Vec<String>,
    layers: &Layers,
    found: &mut Extracted,
) {
    let from = |path: &[String], value: &Value| {
        let from = layers.source_of(value).unwrap_or_else(|| "the configuration".to_owned());
        layers.with_line(from, path)
    };
    let own = from(path, value);
    found.mistakes.extend(table::mend(value, node, path, own, layers));
    match value {
        Value::Dict(_, table) if node.takes("object") => {
            let keys: Vec<String> = table.keys().cloned().collect();
            for key in keys {
                path.push(key.clone());
                if let (Some(node), Some(value)) = (node.key(&key), table.get_mut(&key)) {
                    remove(value, node, path, layers, found);
                } else if let Some(value) = table.remove(&key) {
                    match gone(path, &value, from) {
                        // What it said is not known any more.
                        Some(gone) => {
                            found.touched = Touched::everything();
                            found.mistakes.extend(gone);
                        }
                        None => unknown(&key, &value, node, path, layers, found, from(path, &value)),
                    }
                }
                path.pop();
            }
        }
        Value::Array(_, items) => {
            let Some(node) = node.items() else { return };
            for (index, item) in items.iter_mut().enumerate() {
                path.push(index.to_string());
                remove(item, node, path, layers, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// A key that the schema does not have there: misspelt, misplaced, or neither.
fn unknown(
    key: &str,
    value: &Value,
    node: Node,
    path: &[String],
    layers: &Layers,
    found: &mut Extracted,
    from: String,
) {
    let belongs = misplaced::belongs(path, value, &from);
    let nearest = nearest(key, node.keys()).filter(|_| belongs.words.is_empty());
    let nearby = nearest.map(|nearest| [&path[..path.len() - 1], &[nearest.to_owned()]].concat());
    for meant in nearby.into_iter().chain(belongs.meant) {
        found.touched.add(meant);
    }
    found.mistakes.push(Mistake::UnknownKey {
        key: unknown_key(path, layers),
        from,
        nearest: nearest.map(str::to_owned),
        belongs: belongs.words,
        known: node.keys().collect(),
    });
}

fn unknown_key(path: &[String], layers: &Layers) -> String {
    written(path, &layers.merged())
}
