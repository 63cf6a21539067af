//! The step: lists the files and looks at each.

use std::fs;

use super::named::Tests;
use super::rust::Source;
use super::{arrows, compiled, contents, crates, files, requirements, threats};
use crate::step::{Outcome, command, root};

pub(crate) fn check() -> Result<Outcome, String> {
    let names = listed()?;
    // Binary files, and files deleted but not yet committed so, hold nothing to read.
    let texts: Vec<(&str, String)> = names
        .iter()
        .filter_map(|name| Some((name.as_str(), fs::read_to_string(root().join(name)).ok()?)))
        .collect();
    let mut wrong = files::missing(root());
    let checkout = root().to_string_lossy();
    for (name, text) in &texts {
        wrong.extend(files::mistakes(name, text, &checkout));
    }
    let mut sources = Vec::new();
    for (name, text) in texts.iter().filter(|(name, _)| is_source(name)) {
        match Source::read(name, text) {
            Ok(source) => sources.push(source),
            Err(error) => wrong.push(error),
        }
    }
    wrong.extend(contents::mistakes(&sources));
    wrong.extend(arrows::mistakes(&sources));
    wrong.extend(crates::mistakes(&sources));
    let rust = texts.iter().filter(|(name, _)| is_source(name));
    let tests = Tests::of(rust.map(|(name, text)| (*name, text.as_str())));
    wrong.extend(threats::mistakes(page(&texts, threats::PAGE), &tests));
    wrong.extend(requirements::mistakes(page(&texts, requirements::PAGE), &tests));
    wrong.extend(compiled::mistakes()?);
    if wrong.is_empty() { Ok(Outcome::Passed) } else { Err(wrong.join("\n")) }
}

/// The text of one file; empty where it is not there.
fn page<'a>(texts: &'a [(&str, String)], name: &str) -> &'a str {
    texts.iter().find(|(other, _)| *other == name).map_or("", |(_, text)| text)
}

/// Whether a file is Rust as it stands: neither a template of it nor broken on purpose.
fn is_source(name: &str) -> bool {
    name.ends_with(".rs") && !name.starts_with("template/") && !name.starts_with("tests/ui/")
}

/// The files that git knows or would take.
fn listed() -> Result<Vec<String>, String> {
    let listed = command("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .output()
        .map_err(|error| format!("git lists the files: {error}"))?;
    if !listed.status.success() {
        return Err(format!("git ls-files: {}", String::from_utf8_lossy(&listed.stderr).trim()));
    }
    let names = String::from_utf8_lossy(&listed.stdout);
    Ok(names.split('\0').filter(|name| !name.is_empty()).map(str::to_owned).collect())
}
