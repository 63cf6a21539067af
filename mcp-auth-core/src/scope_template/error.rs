//! What is wrong with a template, a family, or a value.

use super::family::MOST;
use crate::scope::InvalidScope;

/// A text that is not a scope template, or not a scope family.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScopeTemplate {
    /// `{` without `}`, or the other way round.
    #[error("`{{` and `}}` enclose the name of an argument")]
    Braces,
    /// A place to fill is missing, or the text around it is.
    #[error("a scope template has text and an argument, like \"files:{{bucket}}:read\"")]
    Plain,
    /// A place that does not name an argument.
    #[error(
        "`{{{0}}}` does not name an argument: a name is ASCII letters, digits, `_` and `-`, with dots between names"
    )]
    Path(String),
    /// A place of a family that names something.
    #[error("`{{{0}}}` stands in the name of a family; write `{{}}` for each value")]
    Named(String),
    /// Two values that cannot be told apart in the scope.
    #[error(
        "the values in {0:?} could not be told apart; between two of them stands a character that no value has, such as `:`"
    )]
    Ambiguous(String),
    /// The text around the places is not that of a scope.
    #[error(transparent)]
    Scope(#[from] InvalidScope),
}

/// A value that is not filled in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnfitValue {
    /// It is empty.
    #[error("it is empty")]
    Empty,
    /// It is longer than 128 characters.
    #[error("it is longer than {MOST} characters")]
    TooLong,
    /// It has a character that could change the meaning of the scope.
    #[error("it has {0:?}; letters, digits, `.`, `_`, `~` and `-` are taken{more}", more = besides(.1))]
    Character(char, String),
}

/// A character that values may not have besides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCharacter {
    /// It stands in the family itself, so that a value could end where it should not.
    #[error("{0:?} stands in the scope itself, so a value with it could be read as another scope")]
    Literal(char),
    /// It is not one of a scope, or has a meaning in templates or patterns.
    #[error("{0:?} is not a character that a value may have")]
    Scope(char),
}

fn besides(more: &str) -> String {
    if more.is_empty() { String::new() } else { format!(", and any of {more:?}") }
}
