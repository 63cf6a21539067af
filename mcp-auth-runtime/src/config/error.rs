//! Why there is no configuration to start with.

use std::fmt;
use std::path::PathBuf;

use super::check::Conflict;
use super::load::Mistake;

/// Why a configuration was not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An unknown argument, or one without its value.
    #[error("{0}; --help lists the arguments")]
    Argument(String),
    /// No file was found.
    #[error("no configuration file found; tried {}: write one there or name one with --config", paths(tried))]
    NotFound {
        /// Each path that was tried, in order.
        tried: Vec<PathBuf>,
    },
    /// A file that was named and cannot be read.
    #[error("configuration file {} ({named_by}) cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Who named it: an argument, a variable, a profile.
        named_by: String,
        /// Why.
        reason: std::io::Error,
    },
    /// A profile that cannot be part of a file name.
    #[error("profile {0:?} must be letters, digits, - and _ only")]
    ProfileName(String),
    /// A file that is not TOML.
    #[error("{file} is not valid TOML{}: {message}", at(*line))]
    Syntax {
        /// The file.
        file: String,
        /// The line of the mistake, from 1.
        line: Option<usize>,
        /// What is wrong there.
        message: String,
    },
    /// Unknown keys and bad values: all that were found.
    #[error("{}", list("mistakes in the configuration", .0))]
    Mistakes(Vec<Mistake>),
    /// Values each of which is fine, and which together are not safe: all that were found.
    #[error("{}", list("reasons not to start", .0))]
    Refused(Vec<Conflict>),
}

fn paths(tried: &[PathBuf]) -> String {
    tried.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn at(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

/// One alone as it is; several under a line that counts them.
fn list(what: &str, all: &[impl fmt::Display]) -> String {
    match all {
        [one] => one.to_string(),
        _ => {
            let mut text = format!("{} {what}:", all.len());
            for one in all {
                text.push_str("\n  - ");
                text.push_str(&one.to_string());
            }
            text
        }
    }
}
