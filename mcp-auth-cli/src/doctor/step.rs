//! One step of the report: the check, the verdict, what was seen, and the fix.

use serde::Serialize;

use super::checks::Check;
use super::quote::quote;
use crate::terminal::shown;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Ok,
    /// Some clients have problems, or a SHOULD is not followed.
    Warn,
    /// Clients that follow the standard stop here.
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

/// One step of the report.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    pub(crate) step: &'static str,
    /// The authorization server it is about, if there are several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    pub(crate) verdict: Verdict,
    pub(crate) seen: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
    pub(crate) source: &'static str,
}

/// Makes the step that a check results in.
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
    /// Makes control characters and the like in the texts visible, because they may come from a server.
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
