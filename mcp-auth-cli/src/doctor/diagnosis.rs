//! The last line of the report: the first cause that explains the other findings, and its fix.

use serde::Serialize;

use super::checks::{
    AUTHENTICATED, AUTHORIZATION_SERVERS, CLOCK, Check, RESOURCE, TOKEN_AUDIENCE, TOKEN_FORMAT, TOKEN_ISSUER,
    TOKEN_KEY, TOKEN_LIFETIME,
};
use super::step::{Step, Verdict};

/// The root cause of what was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Diagnosis {
    /// The step where it was found; absent if nothing is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) step: Option<&'static str>,
    pub(crate) text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}

/// The checks that explain why a token is refused, the most likely and most fundamental first. A wrong clock explains
/// a wrong lifetime, and a server with a wrong name for itself explains an audience that looks right.
const REFUSED: [Check; 8] =
    [TOKEN_FORMAT, TOKEN_ISSUER, TOKEN_AUDIENCE, CLOCK, TOKEN_LIFETIME, TOKEN_KEY, RESOURCE, AUTHENTICATED];

pub(crate) fn diagnose(steps: &[Step]) -> Diagnosis {
    let failed: Vec<&Step> = steps.iter().filter(|step| step.failed()).collect();
    let warned: Vec<&Step> = steps.iter().filter(|step| step.verdict == Verdict::Warn).collect();
    if let Some(root) = root(&failed) {
        let others: Vec<&str> =
            failed.iter().filter(|step| step.step != root.step).map(|step| step.step).collect();
        let is_refused = failed.iter().any(|step| step.is(AUTHENTICATED) && step.seen.starts_with("401"));
        let lead = if is_refused && REFUSED.iter().any(|check| root.is(*check)) && !root.is(AUTHENTICATED) {
            "the token is refused because of "
        } else {
            ""
        };
        let rest = match others.len() {
            0 => String::new(),
            1 => format!(". Look at {} again after that", others[0]),
            count => format!(". Look at the other {count} failures again after that"),
        };
        return Diagnosis {
            step: Some(root.step),
            text: format!("{lead}{}: {}{rest}", root.step, root.seen),
            fix: root.fix.clone(),
        };
    }
    match warned.as_slice() {
        [] => Diagnosis { step: None, text: healthy(steps), fix: None },
        [first, rest @ ..] => Diagnosis {
            step: Some(first.step),
            text: format!(
                "nothing failed. {}: {}: {}",
                if rest.is_empty() {
                    "One warning".to_owned()
                } else {
                    format!("First of {} warnings", rest.len() + 1)
                },
                first.step,
                first.seen
            ),
            fix: first.fix.clone(),
        },
    }
}

fn root<'a>(failed: &[&'a Step]) -> Option<&'a Step> {
    let of = |check: Check| failed.iter().find(|step| step.is(check)).copied();
    let is_refused = of(AUTHENTICATED).is_some_and(|step| step.seen.starts_with("401"));
    if is_refused {
        return REFUSED.into_iter().find_map(of);
    }
    failed.first().copied()
}

fn healthy(steps: &[Step]) -> String {
    let went_in = steps.iter().any(|step| step.is(AUTHENTICATED) && step.verdict == Verdict::Ok);
    if went_in {
        return "nothing is wrong: the token is accepted".to_owned();
    }
    let issuer = steps.iter().find(|step| step.is(AUTHORIZATION_SERVERS) && step.verdict == Verdict::Ok);
    match issuer {
        Some(step) => format!("nothing is wrong: clients can log in at {}", step.seen),
        None => "nothing is wrong".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::checks::{CHALLENGE, PKCE};

    #[test]
    fn the_first_failure_is_the_root_and_warnings_come_after() {
        let steps = [CHALLENGE.warn("w", "f"), RESOURCE.fail("r", "set it"), PKCE.fail("p", "f")];
        let diagnosis = diagnose(&steps);
        assert_eq!(diagnosis.step, Some("resource"));
        assert_eq!(diagnosis.text, "resource: r. Look at pkce again after that");
        assert_eq!(diagnosis.fix.as_deref(), Some("set it"));
        assert_eq!(diagnose(&steps[..1]).text, "nothing failed. One warning: challenge: w");
    }

    #[test]
    fn a_refused_token_is_explained_by_the_token_before_the_rest() {
        let steps = [
            PKCE.fail("p", "f"),
            CLOCK.fail("10m ahead", "ntp"),
            TOKEN_LIFETIME.fail("expired", "renew"),
            AUTHENTICATED.fail("401 with the token", "f"),
        ];
        assert_eq!(diagnose(&steps).step, Some("clock"));
        let steps = [steps[0].clone(), steps[2].clone(), steps[3].clone()];
        let diagnosis = diagnose(&steps);
        assert!(diagnosis.text.starts_with("the token is refused because of token-lifetime: expired"));
    }

    #[test]
    fn nothing_wrong_is_said_so() {
        let steps = [AUTHORIZATION_SERVERS.ok("\"https://a.example\"")];
        assert_eq!(diagnose(&steps).text, "nothing is wrong: clients can log in at \"https://a.example\"");
    }
}
