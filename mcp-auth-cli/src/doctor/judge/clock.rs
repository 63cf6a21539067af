//! Compares clocks by the `Date` of each answer: the issuer's clock dates a token, and the server's clock judges it.

use crate::doctor::checks::CLOCK;
use crate::doctor::fetch::Answer;
use crate::doctor::step::Step;

/// A difference of at least this many seconds is reported.
const NOTABLE: i64 = 30;
/// The skew that verifiers usually allow, in seconds; beyond it, valid tokens are refused.
const USUAL_SKEW: i64 = 60;

/// How many seconds a clock is ahead of this machine's; negative if it is behind.
pub(crate) type Ahead = i64;

/// How far the clock of the server that answered is ahead. `None` for an answer from a cache.
pub(crate) fn ahead(answer: &Answer) -> Option<Ahead> {
    let is_cached = answer.headers.contains_key(http::header::AGE);
    let seconds = |time: u64| i64::try_from(time).unwrap_or(i64::MAX);
    let date = answer.date().filter(|_| !is_cached)?;
    Some(seconds(date).saturating_sub(seconds(answer.received)))
}

pub(crate) fn clock(server: Option<Ahead>, issuer: Option<Ahead>) -> Step {
    let fix = "set its clock by NTP (timedatectl set-ntp true; in a virtual machine or WSL, after it slept)";
    match (server, issuer) {
        (None, None) => CLOCK.skipped("no answer had a Date"),
        (Some(server), Some(issuer)) => {
            let apart = (server - issuer).abs();
            let seen = format!("the server's clock is {}, the issuer's {}", said(server), said(issuer));
            if apart > USUAL_SKEW {
                let both = format!("{seen}: tokens seem expired, or not valid yet");
                let wrong = if server.abs() > issuer.abs() { "the server" } else { "the issuer" };
                CLOCK.fail(both, format!("{wrong} is the one that is off by this machine's clock: {fix}"))
            } else if server.abs() > USUAL_SKEW && issuer.abs() > USUAL_SKEW {
                CLOCK.warn(
                    format!("{seen}: they agree, this machine is off"),
                    "set this machine's clock by NTP",
                )
            } else if apart > NOTABLE || server.abs() > NOTABLE {
                CLOCK.warn(format!("{seen}: close to the skew that verifiers allow"), fix)
            } else {
                CLOCK.ok(seen)
            }
        }
        (Some(alone), None) => one("server", alone, fix),
        (None, Some(alone)) => one("issuer", alone, fix),
    }
}

fn one(whose: &str, ahead: Ahead, fix: &str) -> Step {
    let seen = format!("the {whose}'s clock is {}", said(ahead));
    if ahead.abs() > USUAL_SKEW {
        CLOCK.fail(
            format!("{seen}: tokens seem expired, or not valid yet"),
            format!("compare it with this machine's, then {fix}"),
        )
    } else if ahead.abs() > NOTABLE {
        CLOCK.warn(format!("{seen}: close to the skew that verifiers allow"), fix)
    } else {
        CLOCK.ok(seen)
    }
}

fn said(ahead: Ahead) -> String {
    let span = span(ahead);
    match ahead {
        -1..=1 => "right".to_owned(),
        2.. => format!("{span} ahead"),
        _ => format!("{span} behind"),
    }
}

/// A number of seconds in words; the sign is dropped.
pub(crate) fn span(seconds: i64) -> String {
    let duration = std::time::Duration::from_secs(seconds.unsigned_abs());
    let whole = humantime::format_duration(duration).to_string();
    whole.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::step::Verdict;

    #[test]
    fn thirty_seconds_are_notable_and_a_minute_refuses_tokens() {
        for (server, issuer, verdict) in [
            (Some(0), Some(1), Verdict::Ok),
            (Some(30), Some(0), Verdict::Ok),
            (Some(31), Some(0), Verdict::Warn),
            (Some(0), Some(-45), Verdict::Warn),
            (Some(61), Some(0), Verdict::Fail),
            (Some(0), Some(-600), Verdict::Fail),
            (Some(40), Some(-40), Verdict::Fail),
            (Some(600), Some(601), Verdict::Warn),
            (Some(-600), None, Verdict::Fail),
            (None, Some(3), Verdict::Ok),
            (None, None, Verdict::Skipped),
        ] {
            assert_eq!(clock(server, issuer).verdict, verdict, "{server:?} {issuer:?}");
        }
    }

    #[test]
    fn the_one_that_is_off_is_named() {
        let step = clock(Some(600), Some(0));
        assert!(step.seen.contains("the server's clock is 10m ahead"), "{}", step.seen);
        assert!(step.fix.is_some_and(|fix| fix.starts_with("the server is")));
    }
}
