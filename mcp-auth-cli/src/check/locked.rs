//! What the program declares, held against `mcp.lock`.

use std::path::Path;

use mcp_auth_runtime::facade::{Change, Difference, Kind, Lock, Registry, Width};
use serde::Serialize;

use crate::Failure;

/// What writes the file again.
pub(super) const MEANT: &str =
    "if that is meant, run `cargo run -- --scopes lock` and have the new mcp.lock reviewed";

/// How the program compares with its lock.
#[derive(Debug, Serialize)]
pub(super) struct Locked {
    /// The path of the lock.
    pub(super) file: String,
    /// How many operations it has.
    pub(super) operations: usize,
    pub(super) differences: Vec<Differs>,
}

/// One thing that is not as the lock says.
#[derive(Debug, Serialize)]
pub(super) struct Differs {
    kind: Kind,
    name: String,
    /// `new`, `gone`, `wider`, `narrower`, `other`, `rewritten`, or what lists say otherwise: `description`, `arguments`,
    /// `result`, `listed`.
    change: &'static str,
    /// The rule, or the hash, before; `None` where there was none.
    before: Option<String>,
    now: Option<String>,
    /// The same in words.
    pub(super) said: String,
}

/// Holds `registry` against the lock in `file`.
///
/// # Errors
/// A file that cannot be read or is not a lock, and operations that do not say enough to be compared.
pub(super) fn held_against(file: &Path, registry: &Registry) -> Result<Locked, Failure> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            format!("--locked: {shown} is not there: `cargo run -- --scopes lock` writes it; commit it")
        }
        _ => format!("--locked: {shown}: {error}"),
    })?;
    let before = Lock::read(&text).map_err(|wrong| format!("--locked: {shown}: {wrong}"))?;
    let now = Lock::of(registry).map_err(|wrong| format!("--locked: {wrong}"))?;
    let differences = before.differences(&now).iter().map(Differs::of).collect();
    Ok(Locked { file: shown.to_string(), operations: before.len(), differences })
}

impl Differs {
    fn of(difference: &Difference) -> Self {
        let (change, before, now) = match &difference.change {
            Change::New { now } => ("new", None, Some(now.to_string())),
            Change::Gone { before } => ("gone", Some(before.to_string()), None),
            Change::Rule { width, before, now } => {
                let word = match width {
                    Width::Wider => "wider",
                    Width::Narrower => "narrower",
                    Width::Other => "other",
                    Width::Same => "rewritten",
                };
                (word, Some(before.to_string()), Some(now.to_string()))
            }
            Change::After { before, now } => {
                let names = |all: &[String]| (!all.is_empty()).then(|| all.join(" "));
                ("order", names(before), names(now))
            }
            Change::Said { what, before, now } => (what.as_str(), before.clone(), now.clone()),
            _ => ("other", None, None),
        };
        Self {
            kind: difference.kind,
            name: difference.name.clone(),
            change,
            before,
            now,
            said: difference.to_string(),
        }
    }
}
