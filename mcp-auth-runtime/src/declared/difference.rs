//! What differs between what was declared and what is, in words.

use std::fmt;

use mcp_auth_core::seen::shown_line;

use super::hashes::Said;
use super::width::Width;
use super::{Kind, Rule};

/// The most characters of a name in a message.
const SHOWN_NAME: usize = 200;

/// One thing that is not as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// The kind of the operation.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What is different.
    pub change: Change,
}

/// What is different about an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// It was not there.
    New {
        /// Who may call it.
        now: Rule,
    },
    /// It is not there any more.
    Gone {
        /// Who might call it.
        before: Rule,
    },
    /// Its rule is another one.
    Rule {
        /// Whom it lets in, compared with before.
        width: Width,
        /// Who might call it.
        before: Rule,
        /// Who may.
        now: Rule,
    },
    /// Others of the resource templates that share URIs with it are looked at before it.
    After {
        /// Those that were.
        before: Vec<String>,
        /// Those that are.
        now: Vec<String>,
    },
    /// Lists say something else of it.
    Said {
        /// What is said differently.
        what: Said,
        /// The hash of what was said; `None`: nothing was.
        before: Option<String>,
        /// The hash of what is said.
        now: Option<String>,
    },
}

/// In words: which operation, what it was, what it is.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}` {}", self.kind, shown_line(&self.name, SHOWN_NAME), self.change)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New { now } => write!(f, "is new; its rule: {now}"),
            Self::Gone { before } => write!(f, "is gone; its rule was: {before}"),
            Self::Rule { width, before, now } => {
                let how = match width {
                    Width::Wider => "has a wider rule: more callers may use it",
                    Width::Narrower => "has a narrower rule: fewer callers may use it",
                    Width::Other => {
                        "has another rule: callers may use it who might not before, and others may not any more"
                    }
                    Width::Same => "has a rule that is written otherwise, for the same callers",
                };
                write!(f, "{how}; before: {before}; now: {now}")
            }
            Self::After { before, now } => {
                let names = |all: &[String]| match all {
                    [] => "none".to_owned(),
                    all => shown_line(&all.join(" "), SHOWN_NAME),
                };
                let (before, now) = (names(before), names(now));
                write!(
                    f,
                    "reads other URIs: of the templates that share some with it, the first one reads them; before it: {before}; now: {now}"
                )
            }
            Self::Said { what, before, now } => {
                let what = match what {
                    Said::Description => "another description",
                    Said::Arguments => "another schema of its arguments",
                    Said::Result => "another schema of its result",
                    Said::Listed => "another entry in lists (its title, hints, icons or the like)",
                };
                write!(f, "has {what}; before: {}; now: {}", short(before.as_deref()), short(now.as_deref()))
            }
        }
    }
}

/// As much of a hash as tells two apart.
fn short(hash: Option<&str>) -> String {
    match hash {
        None => "none".to_owned(),
        Some(hash) => shown_line(hash, "sha256:".len() + 12),
    }
}
