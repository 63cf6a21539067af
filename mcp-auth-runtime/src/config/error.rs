//! Why a configuration was not accepted, and what about an accepted one is worth saying.

use std::fmt;
use std::path::PathBuf;

use crate::config::check::Conflict;

/// Why there is no configuration to start with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// An argument nobody knows, or one without its value.
    #[error("{0}; --help lists the arguments")]
    Argument(String),
    /// No file anywhere it was looked for.
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
    /// A file that is no TOML.
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

/// One mistake, with the key and who gave it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Mistake {
    /// A key that does not exist.
    #[error("unknown key {key} in {from}{}", hint(nearest.as_deref(), known))]
    UnknownKey {
        /// The full path of the key.
        key: String,
        /// The file, variable or argument.
        from: String,
        /// The known key that was most likely meant.
        nearest: Option<String>,
        /// Every key that is known there.
        known: Vec<&'static str>,
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

/// Something allowed that its operator should know. For people; nothing depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A variable that looks like ours and is not.
    NearMissVariable {
        /// The variable.
        name: String,
        /// The section that was most likely meant.
        section: String,
    },
    /// `base_scopes = []` although operations need scopes.
    EmptyBaseScopes,
    /// A base scope that no operation needs and no section describes.
    UnknownBaseScope(String),
    /// A local scope that no operation needs and no section describes.
    UnknownLocalScope(String),
    /// Issuers that are configured and not asked, because of the mode.
    IssuersNotUsed(&'static str),
    /// A `public_url` that clients will write differently.
    PublicUrlNotCanonical {
        /// As configured.
        configured: String,
        /// As a client's URL parser writes it.
        canonical: String,
    },
    /// `visibility = "granted"`: clients cannot step up to what they cannot see.
    StepUpThroughBaseScopesOnly,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NearMissVariable { name, section } => {
                let meant = section.to_uppercase();
                write!(f, "environment variable {name} is ignored: no section of that name; did you mean MCP_{meant}__…?")
            }
            Self::EmptyBaseScopes => f.write_str(
                "auth.base_scopes is empty: clients will ask for every scope in scopes_supported when they log in",
            ),
            Self::UnknownBaseScope(scope) => write!(
                f,
                "auth.base_scopes names {scope:?}, which no operation needs and no [scopes] entry describes: the issuer \
                 must know it, or logging in will fail"
            ),
            Self::UnknownLocalScope(scope) => write!(
                f,
                "stdio.local_scopes names {scope:?}, which no operation needs and no [scopes] entry describes"
            ),
            Self::IssuersNotUsed(mode) => {
                write!(f, "auth.issuers is not used: auth.mode is {mode:?}")
            }
            Self::PublicUrlNotCanonical { configured, canonical } => write!(
                f,
                "server.public_url {configured:?} is published as it is, but clients will write it {canonical:?} and may \
                 refuse the difference"
            ),
            Self::StepUpThroughBaseScopesOnly => f.write_str(
                "auth.visibility is \"granted\": clients cannot ask for scopes of operations they do not see, only for \
                 auth.base_scopes",
            ),
        }
    }
}

fn paths(tried: &[PathBuf]) -> String {
    tried.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn at(line: Option<usize>) -> String {
    line.map(|line| format!(", line {line}")).unwrap_or_default()
}

fn hint(nearest: Option<&str>, known: &[&str]) -> String {
    match nearest {
        Some(nearest) => format!(": did you mean {nearest}?"),
        None if known.is_empty() => ": no keys are known there".to_owned(),
        None => format!(": known there are {}", known.join(", ")),
    }
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
