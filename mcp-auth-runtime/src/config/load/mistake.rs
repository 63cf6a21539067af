//! A mistake in what was written: the key, and who wrote it.

/// One mistake, with the key and who gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// A key that does not exist.
    #[error("unknown key {key} in {from}{}", hint(nearest.as_deref(), belongs, known))]
    UnknownKey {
        /// The full path of the key.
        key: String,
        /// The file, variable or argument.
        from: String,
        /// The known key that was most likely meant.
        nearest: Option<String>,
        /// The tables, or the variables, of that key, where it is known elsewhere.
        belongs: Vec<String>,
        /// Every key that is known there.
        known: Vec<&'static str>,
    },
    /// A key of an earlier version.
    #[error("{key} is gone; {instead}: {key} in {from}")]
    Gone {
        /// The full path of the key.
        key: String,
        /// The file, variable or argument.
        from: String,
        /// What to write instead.
        instead: String,
    },
    /// A value its key does not take.
    #[error("{name} {what}: {key} in {from}")]
    BadValue {
        /// The key's own name.
        name: String,
        /// What it is, and what was expected.
        what: String,
        /// The full path of the key.
        key: String,
        /// The file, variable or argument.
        from: String,
    },
    /// A key that must be there.
    #[error("{name} is missing: {key} in {from}")]
    Missing {
        /// The key's own name.
        name: String,
        /// The full path of the key.
        key: String,
        /// The file, variable or argument.
        from: String,
    },
    /// An environment variable that cannot be read.
    #[error("environment variable {name} {what}")]
    Variable {
        /// The variable.
        name: String,
        /// What it is, and what was expected.
        what: String,
    },
}

impl Mistake {
    /// Whether `other` says that the key is missing whose value, or an item of it, this mistake is about.
    pub(in crate::config) fn is_why_missing(&self, other: &Self) -> bool {
        let (Self::BadValue { key, .. }, Self::Missing { key: missing, .. }) = (self, other) else {
            return false;
        };
        key.strip_prefix(missing.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
    }
}

fn hint(nearest: Option<&str>, belongs: &[String], known: &[&str]) -> String {
    let variable = belongs.iter().any(|place| place.starts_with("MCP_"));
    match nearest {
        Some(nearest) => format!(": did you mean {nearest}?"),
        None if variable => format!(": set {}", belongs.join(" or ")),
        None if !belongs.is_empty() => format!(": it belongs in {}", belongs.join(" or ")),
        None if known.is_empty() => ": no keys are known there".to_owned(),
        None => format!(": known there are {}", known.join(", ")),
    }
}
