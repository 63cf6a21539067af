//! Which rule a message can have, and what it comes down to for a caller.

use Rule::{Connect, Operation, OperationBefore, OwnTask, Token, Unknown, UnknownBefore};

/// Which rule a message has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// The rule of the operation it names; here that operation needs the scope `use`.
    Operation,
    /// The same before 2026-07-28, which has no such message: `auth.connect` there.
    OperationBefore,
    /// The rule of the operation that created the task, for the caller that created it; unknown to any other.
    OwnTask,
    /// A `#[method]` declared `authenticated`: any token, with every value of `auth.connect`.
    Token,
    /// `auth.connect`.
    Connect,
    /// It names an operation that does not exist, or a method that nothing answers.
    Unknown,
    /// The same before 2026-07-28, which has no such message: `auth.connect` there.
    UnknownBefore,
}

impl Rule {
    /// What the rule comes down to on one of the eras.
    pub fn at(self, modern: bool) -> Self {
        match self {
            OperationBefore | UnknownBefore if modern => Connect,
            OperationBefore => Operation,
            UnknownBefore => Unknown,
            rule => rule,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Anonymous,
    WithoutScopes,
    WithTheScope,
}

/// The verdict: a refusal, or [`SERVED`].
pub fn verdict(rule: Rule, connect: &str, who: Who) -> &'static str {
    match (rule, connect, who) {
        (Operation, _, Who::Anonymous) => "401 base use",
        (Operation | OwnTask, _, Who::WithoutScopes) => "403 use",
        (OwnTask | Token | Unknown, _, Who::Anonymous) => "401 base",
        (Connect, "authenticated", Who::Anonymous) => "401 base",
        (Connect, "anonymous", Who::Anonymous) => SERVED,
        (_, _, Who::WithTheScope) | (Token | Connect | Unknown, _, Who::WithoutScopes) => SERVED,
        (Connect, other, Who::Anonymous) => unreachable!("connect = {other:?}"),
        (OperationBefore | UnknownBefore, ..) => unreachable!("a rule of one era: {rule:?}"),
    }
}

/// It passed the gate; what it is answered then stands in the table.
pub const SERVED: &str = "served";
