//! Which store is meant.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{ValueError, text_value};

/// A store: `"memory:"` or `"sqlite:PATH"`, the path relative to the configuration file. **(default: `"memory:"`)**
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum StoreUrl {
    /// In this process.
    #[default]
    Memory,
    /// In this file.
    Sqlite(PathBuf),
}

impl StoreUrl {
    /// The file that it is in, as written.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Memory => None,
            Self::Sqlite(path) => Some(path),
        }
    }
}

impl FromStr for StoreUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            // What SQLite would read as something else than a path.
            Some(("sqlite", path)) if path.starts_with("//") => Err(ValueError::refused(
                text,
                "write the path right behind the colon: \"sqlite:state/store.sqlite\"",
            )),
            Some(("sqlite", path))
                if !path.trim().is_empty() && !path.ends_with('/') && path != ":memory:" =>
            {
                Ok(Self::Sqlite(path.into()))
            }
            _ => Err(ValueError::malformed(
                text,
                "\"memory:\", or a file such as \"sqlite:state/store.sqlite\"",
            )),
        }
    }
}

impl Serialize for StoreUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Memory => to.serialize_str("memory:"),
            Self::Sqlite(path) => to.collect_str(&format_args!("sqlite:{}", path.display())),
        }
    }
}

text_value!(StoreUrl, "\"memory:\" or \"sqlite:PATH\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_memory_or_a_file() {
        assert_eq!("memory:".parse::<StoreUrl>().unwrap(), StoreUrl::Memory);
        for path in ["store.sqlite", "/var/lib/todos/store.sqlite", "a b/ü"] {
            let url: StoreUrl = format!("sqlite:{path}").parse().unwrap();
            assert_eq!(url.file(), Some(Path::new(path)));
            assert_eq!(serde_json::to_value(url).unwrap(), format!("sqlite:{path}"));
        }
        for bad in [
            "",
            "memory",
            "memory:x",
            "sqlite",
            "sqlite:",
            "sqlite: ",
            "sqlite:///x",
            "sqlite::memory:",
            "sqlite:dir/",
            "redis:x",
            "store.sqlite",
        ] {
            assert!(bad.parse::<StoreUrl>().is_err(), "{bad:?}");
        }
    }
}
