//! One line of the walk: what was looked at, the verdict, what was seen, and the fix.

use serde::Serialize;

use super::checks::Check;
use super::quote::quote;
use crate::terminal::shown;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Ok,
    /// Some clients stumble, or a SHOULD is not kept.
    Warn,
    /// Clients that keep the standard stop here.
    Fail,
    Skipped,
}

impl Verdict {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
            Self::Skipped => "skipped",
        }
    }
}

/// One step of the walk.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    pub(crate) step: &'static str,
    /// Which authorization server, where there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
    pub(crate) source: &'static str,
}

/// What one check comes to.
impl Check {
    pub(crate) fn ok(self, seen: impl Into<String>) -> Step {
        Step::new(self, Verdict::Ok, seen.into(), None)
    }

    pub(crate) fn warn(self, seen: impl Into<String>, fix: impl Into<String>) -> Step {
        Step::new(self, Verdict::Warn, seen.into(), Some(fix.into()))
    }

    pub(crate) fn fail(self, seen: impl Into<String>, fix: impl Into<String>) -> Step {
        Step::new(self, Verdict::Fail, seen.into(), Some(fix.into()))
    }

    pub(crate) fn skipped(self, why: impl Into<String>) -> Step {
        Step::new(self, Verdict::Skipped, why.into(), None)
    }
}

impl Step {
    /// Whatever a server smuggled into the texts is made visible here, for every step alike.
    fn new(check: Check, verdict: Verdict, seen: String, fix: Option<String>) -> Self {
        let fix = fix.as_deref().map(|fix| shown(fix).into_owned());
        Self {
            step: check.id,
            about: None,
            verdict,
            seen: shown(&seen).into_owned(),
            fix,
            source: check.source,
        }
    }

    pub(crate) fn about(mut self, subject: &str) -> Self {
        self.about = Some(quote(subject));
        self
    }

    pub(crate) fn is(&self, check: Check) -> bool {
        self.step == check.id
    }

    pub(crate) fn failed(&self) -> bool {
        self.verdict == Verdict::Fail
    }
}
