//! Which file is the configuration: `--config`, else `MCP_CONFIG`, else `./mcp.toml`, else beside the executable,
//! else the one a program brings along. And the profile laid over it.

use std::io;
use std::path::{Path, PathBuf};

use super::arguments::Arguments;
use super::process::ProcessContext;
use crate::config::error::ConfigError;

/// The file's usual name.
const NAME: &str = "mcp.toml";

/// A file that was found, with its text.
#[derive(Debug, Clone)]
pub(in crate::config) struct Found {
    /// Where it is.
    pub(in crate::config) path: PathBuf,
    /// What it says.
    pub(in crate::config) text: String,
}

/// Finds the configuration file and, if a profile is named, the profile's.
///
/// # Errors
/// [`ConfigError::NotFound`] names each path tried; a file that was named and cannot be read is an error, and
/// no other is tried.
pub(in crate::config) fn locate(
    arguments: &Arguments,
    process: &ProcessContext,
    bundled: Option<&Path>,
) -> Result<Vec<Found>, ConfigError> {
    let main = main_file(arguments, process, bundled)?;
    let Some((profile, named_by)) = profile(arguments, process) else {
        return Ok(vec![main]);
    };
    if profile.is_empty() || !profile.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) {
        return Err(ConfigError::ProfileName(profile));
    }
    let stem = main.path.file_stem().unwrap_or_default().to_string_lossy();
    let path = main.path.with_file_name(format!("{stem}.{profile}.toml"));
    let over = named(path, named_by, process)?;
    Ok(vec![main, over])
}

fn profile(arguments: &Arguments, process: &ProcessContext) -> Option<(String, String)> {
    if let Some(profile) = &arguments.profile {
        return Some((profile.clone(), "--profile".to_owned()));
    }
    process.text("MCP_PROFILE").map(|profile| (profile.to_owned(), "MCP_PROFILE".to_owned()))
}

fn main_file(
    arguments: &Arguments,
    process: &ProcessContext,
    bundled: Option<&Path>,
) -> Result<Found, ConfigError> {
    let variable = process.variables.get(std::ffi::OsStr::new("MCP_CONFIG")).filter(|path| !path.is_empty());
    if let Some(path) = &arguments.config {
        return named(process.current_dir.join(path), "--config".to_owned(), process);
    }
    if let Some(path) = variable {
        return named(process.current_dir.join(path), "MCP_CONFIG".to_owned(), process);
    }
    let beside = process.executable.as_deref().and_then(Path::parent).map(|dir| dir.join(NAME));
    let bundled = bundled.map(|path| process.current_dir.join(path));
    let mut tried = Vec::new();
    for path in [Some(process.current_dir.join(NAME)), beside, bundled].into_iter().flatten() {
        match process.files.read(&path) {
            Ok(file) => {
                return Ok(Found { path, text: file.text });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => tried.push(path),
            Err(reason) => {
                return Err(ConfigError::Unreadable { path, named_by: "found there".to_owned(), reason });
            }
        }
    }
    Err(ConfigError::NotFound { tried })
}

fn named(path: PathBuf, by: String, process: &ProcessContext) -> Result<Found, ConfigError> {
    match process.files.read(&path) {
        Ok(file) => Ok(Found { path, text: file.text }),
        Err(reason) => Err(ConfigError::Unreadable { path, named_by: format!("named by {by}"), reason }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::process::MemoryFiles;

    fn found(arguments: &[&str], process: &ProcessContext) -> Result<Vec<String>, String> {
        let bundled = Path::new("/src/example/mcp.toml");
        let found = locate(&Arguments::parse(arguments).unwrap(), process, Some(bundled));
        found
            .map(|all| all.into_iter().map(|f| f.path.display().to_string()).collect())
            .map_err(|e| e.to_string())
    }

    #[test]
    fn first_of_argument_variable_directory_executable_and_bundled_wins() {
        let mut files = MemoryFiles::default();
        files = files.with("/src/example/mcp.toml", "");
        assert_eq!(found(&[], &files.clone().process()).unwrap(), ["/src/example/mcp.toml"]);
        files = files.with("/opt/bin/mcp.toml", "");
        assert_eq!(found(&[], &files.clone().process()).unwrap(), ["/opt/bin/mcp.toml"]);
        files = files.with("/home/ann/mcp.toml", "");
        assert_eq!(found(&[], &files.clone().process()).unwrap(), ["/home/ann/mcp.toml"]);
        files = files.with("/etc/v.toml", "").with("/home/ann/a.toml", "");
        let process = files.process().variable("MCP_CONFIG", "/etc/v.toml");
        assert_eq!(found(&[], &process).unwrap(), ["/etc/v.toml"]);
        assert_eq!(found(&["--config", "a.toml"], &process).unwrap(), ["/home/ann/a.toml"]);
        let empty = process.variable("MCP_CONFIG", "");
        assert_eq!(found(&[], &empty).unwrap(), ["/home/ann/mcp.toml"]);
    }

    #[test]
    fn none_found_names_each_path_tried() {
        let error = found(&[], &MemoryFiles::default().process()).unwrap_err();
        assert_eq!(
            error,
            "no configuration file found; tried /home/ann/mcp.toml, /opt/bin/mcp.toml, /src/example/mcp.toml: \
             write one there or name one with --config"
        );
    }

    #[test]
    fn named_file_that_is_missing_is_an_error_and_no_other_is_tried() {
        let process = MemoryFiles::default().with("/home/ann/mcp.toml", "").process();
        let error = found(&["--config", "no.toml"], &process).unwrap_err();
        assert!(
            error.starts_with("configuration file /home/ann/no.toml (named by --config) cannot be read"),
            "{error}"
        );
        let error = found(&[], &process.variable("MCP_CONFIG", "/no.toml")).unwrap_err();
        assert!(error.contains("/no.toml (named by MCP_CONFIG)"), "{error}");
    }

    #[test]
    fn profile_lies_beside_the_file_it_is_laid_over() {
        let files = MemoryFiles::default().with("/home/ann/mcp.toml", "").with("/home/ann/mcp.dev.toml", "");
        let process = files.with("/etc/todos.toml", "").with("/etc/todos.dev.toml", "").process();
        assert_eq!(
            found(&["--profile", "dev"], &process).unwrap(),
            ["/home/ann/mcp.toml", "/home/ann/mcp.dev.toml"]
        );
        let other = found(&["--profile", "dev", "--config", "/etc/todos.toml"], &process).unwrap();
        assert_eq!(other, ["/etc/todos.toml", "/etc/todos.dev.toml"]);
        let by_variable = process.clone().variable("MCP_PROFILE", "dev");
        assert_eq!(found(&[], &by_variable).unwrap().len(), 2);
        let missing = found(&["--profile", "prod"], &process).unwrap_err();
        assert!(missing.contains("/home/ann/mcp.prod.toml (named by --profile)"), "{missing}");
        for bad in ["../x", "a/b", "", "a.b"] {
            assert!(found(&["--profile", bad], &process).unwrap_err().contains("letters, digits"), "{bad}");
        }
    }
}
