//! What clients and grants weigh: how much memory of the process they hold, how fast they come, and how much of a disk they take.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::stores::Place;

/// What was measured of one store.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Weight {
    pub(super) count: usize,
    pub(super) clients: Part,
    pub(super) grants: Part,
    /// Bytes of the file for all of them, where the store is one.
    pub(super) file: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Part {
    pub(super) per_second: f64,
    /// By how much the resident memory of the process grew.
    pub(super) memory_kib: Option<f64>,
}

/// Puts so many clients and grants into an empty store.
pub(super) fn weigh(program: &Path, place: &Place, count: usize) -> Result<Weight, String> {
    let mut fill = Command::new(program);
    fill.arg(count.to_string());
    if place.url != "memory:" {
        fill.arg(&place.url);
    }
    let output = fill.output().map_err(|error| format!("{}: {error}", program.display()))?;
    let failed = |what: &str| format!("{}: {what}", place.kind.name());
    if !output.status.success() {
        return Err(failed(&String::from_utf8_lossy(&output.stderr)));
    }
    let said: Value = serde_json::from_slice(&output.stdout).map_err(|error| failed(&error.to_string()))?;
    let part = |name: &str| {
        let seconds = said[name]["seconds"].as_f64().ok_or_else(|| failed("no seconds"))?;
        Ok::<_, String>(Part {
            per_second: count as f64 / seconds,
            memory_kib: said[name]["rss_kib"].as_f64(),
        })
    };
    let file = place.file.as_deref().map(bytes);
    Ok(Weight { count, clients: part("clients")?, grants: part("grants")?, file })
}

/// The bytes of a database's file and of what is written ahead of it.
fn bytes(file: &Path) -> u64 {
    let parts = ["", "-wal"].map(|end| format!("{}{end}", file.display()));
    parts.iter().filter_map(|part| std::fs::metadata(part).ok()).map(|part| part.len()).sum()
}
