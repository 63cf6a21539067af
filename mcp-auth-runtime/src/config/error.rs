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
    #[error("{file} is not valid TOML{}: {message}{excerpt}", at(*line, *column))]
    Syntax {
        /// The file.
        file: String,
        /// The line of the mistake, from 1.
        line: Option<usize>,
        /// The column of the mistake, from 1, in characters.
        column: Option<usize>,
        /// What is wrong there.
        message: String,
        /// The line, without what may be a secret, and under it a mark; each after a line feed.
        excerpt: String,
    },
    /// Unknown keys and bad values: all that were found.
    #[error("{}", list("mistakes in the configuration", .0))]
    Mistakes(Vec<Mistake>),
    /// Values each of which is fine, and which together are not safe: all that were found.
    #[error("{}", list("reasons not to start", .0))]
    Refused(Vec<Conflict>),
    /// Several of the others, in the order in which they were found.
    #[error("{}", list("reasons not to start", &self.reasons()))]
    Several(Vec<ConfigError>),
}

impl ConfigError {
    /// One alone as itself.
    pub(in crate::config) fn flat(self) -> Self {
        match self {
            Self::Several(mut all) if all.len() == 1 => all.remove(0),
            other => other,
        }
    }

    /// Everything that is wrong, a text for each.
    pub fn reasons(&self) -> Vec<String> {
        match self {
            Self::Mistakes(all) => all.iter().map(ToString::to_string).collect(),
            Self::Refused(all) => all.iter().map(ToString::to_string).collect(),
            Self::Several(all) => all.iter().flat_map(Self::reasons).collect(),
            one => vec![one.to_string()],
        }
    }

    /// The reasons without those that follow from several values.
    #[cfg(test)]
    pub(in crate::config) fn mistakes(&self) -> Vec<String> {
        match self {
            Self::Refused(_) => Vec::new(),
            Self::Several(all) => all.iter().flat_map(Self::mistakes).collect(),
            other => other.reasons(),
        }
    }
}

fn paths(tried: &[PathBuf]) -> String {
    tried.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn at(line: Option<usize>, column: Option<usize>) -> String {
    let line = line.map(|line| format!(", line {line}")).unwrap_or_default();
    column.map(|column| format!("{line}, column {column}")).unwrap_or(line)
}

/// One alone as it is; several under a line that counts them.
fn list(what: &str, all: &[impl fmt::Display]) -> String {
    match all {
        [one] => one.to_string(),
        _ => {
            let mut text = format!("{} {what}:", all.len());
            for one in all {
                text.push_str("\n  - ");
                text.push_str(&one.to_string().replace('\n', "\n    "));
            }
            text
        }
    }
}
