//! A request that was logged: what the log says of it, and whether today's configuration would decide the same.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::time::UNIX_EPOCH;

use mcp_auth_core::ScopeSet;
use mcp_auth_core::ambient::{Clock as _, SystemClock};
use mcp_auth_core::seen::{cut, shown};
use mcp_auth_runtime::facade::{Kind, LoggedCaller, Login, Presents};
use serde::Serialize;

use super::audit_log::{AuditLog, Event};
use super::report::{Step, Verdict};
use crate::Failure;

/// The longest name that an audit event has whole, in characters.
const LONGEST_NAME: usize = 200;
/// The most requests of one id that are listed.
const MOST_LISTED: usize = 10;

/// A request of a log.
#[derive(Debug)]
pub(super) struct Logged {
    request_id: String,
    /// Its decisions: `allow` may be followed by what stopped the call, or refused it late.
    events: Vec<Event>,
    /// How many lines of the log were not read.
    unread: usize,
    /// Who called, where the log says so.
    caller: Option<LoggedCaller>,
    name: String,
}

/// What is said of it beside what today's configuration says.
#[derive(Debug, Serialize)]
pub(super) struct Then {
    request_id: String,
    at: Option<String>,
    /// `allow`, `deny` or `stop`.
    decision: String,
    refused_by: Option<String>,
    reason: Option<String>,
    /// Whether today's configuration decides the same; `None` where that cannot be told.
    same_today: Option<bool>,
    /// That in words.
    pub(super) compared: String,
    /// Lines that could not be read.
    unread_lines: usize,
}

impl Logged {
    /// Finds the request in a log; `-` is standard input.
    ///
    /// # Errors
    /// The log cannot be read, does not have the request, or has several of this id.
    pub(super) fn find(file: &Path, request_id: &str) -> Result<Self, Failure> {
        let shown = if file == "-" { "standard input".to_owned() } else { file.display().to_string() };
        let unreadable = |error| format!("--log {shown}: {error}");
        let log = match file == "-" {
            true => AuditLog::read(std::io::stdin().lock(), request_id),
            false => AuditLog::read(BufReader::new(File::open(file).map_err(unreadable)?), request_id),
        };
        let log = log.map_err(unreadable)?;
        let (Some(first), Some(last)) = (log.events.first(), log.events.last()) else {
            return Err(not_found(&log, &shown, request_id).into());
        };
        let is_late = |event: &Event| event.text("decision").is_some_and(|decision| decision != "allow");
        let is_one = log.events.iter().all(|event| event.is_of_the_request_of(first))
            && log.events.iter().skip(1).all(is_late)
            && (log.events.len() == 1 || !is_late(first));
        if !is_one {
            return Err(several(&log.events, request_id).into());
        }
        let (caller, name) = (caller(last), last.text("name").unwrap_or_default());
        Ok(Self { request_id: request_id.to_owned(), caller, name, unread: log.unread, events: log.events })
    }

    /// What was called, if it is a call that is decided again.
    pub(super) fn called(&self) -> Option<(Kind, &str)> {
        let kind = match self.said("operation")?.as_str() {
            "tools/call" => Kind::Tool,
            "prompts/get" => Kind::Prompt,
            "resources/read" => Kind::Resource,
            _ => return None,
        };
        (self.name.chars().count() < LONGEST_NAME).then_some((kind, &self.name))
    }

    /// Who presented what then.
    pub(super) fn presents(&self) -> Presents<'_> {
        match (&self.caller, self.said("via").as_deref()) {
            (Some(caller), _) => Presents::Logged(caller),
            (None, Some("anonymous")) => Presents::Nothing,
            (None, _) => {
                Presents::Unknown("the log names no caller, because nobody was known by what was presented")
            }
        }
    }

    /// What the log says, and what it does not.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        let mut say = |said: String| steps.push(Step { step: "log", said, place: None });
        for event in &self.events {
            say(told(event));
            if let Some(reason) = event.text("reason") {
                let by = event.text("refused_by").map(|by| format!("by {by}: ")).unwrap_or_default();
                say(format!("{by}{reason}"));
            }
            if let Some(hint) = event.text("hint") {
                say(hint);
            }
        }
        match self.said("client_address") {
            Some(address) => say(format!("from {address}")),
            None => say("it does not say from which address".to_owned()),
        }
        if let Some(needed) = self.said("needed") {
            say(format!("then it needed: {needed}"));
        }
        if let Some(caller) = &self.caller {
            let client =
                caller.client_id.as_ref().map(|client| format!(", by client {client:?}")).unwrap_or_default();
            let tenant =
                caller.tenant.as_ref().map(|tenant| format!(" (tenant {tenant:?})")).unwrap_or_default();
            say(format!(
                "the caller was {:?} of {}{tenant}{client}, known by {}",
                caller.subject, caller.issuer, caller.via
            ));
            let or_none = |text: Option<String>| {
                text.filter(|text| !text.is_empty()).unwrap_or_else(|| "none".to_owned())
            };
            say(format!(
                "who held the scopes: {}; and the roles: {}",
                or_none(self.said("held")),
                or_none(self.said("roles"))
            ));
            if let Some(actor) = self.said("actor") {
                say(format!("acted for by {actor}"));
            }
        }
        say(match self.caller {
            Some(_) => {
                "it does not say the arguments, the token's other claims, nor until when the token was good"
            }
            None => "it does not say the arguments, nor anything of a credential",
        }
        .to_owned());
        if self.unread > 0 {
            say(format!("{} of its lines are not JSON and were passed over", self.unread));
        }
        steps
    }

    /// What was decided then, and whether that is what `today` is.
    pub(super) fn compared(&self, today: Verdict, is_decided_again: bool) -> Then {
        let decision = self.said("decision").unwrap_or_default();
        let refused_by = (decision == "deny").then(|| self.said("refused_by")).flatten();
        let (same_today, compared) = match is_decided_again {
            true => compared(&decision, refused_by.as_deref(), today),
            false => (None, "only calls of tools, prompts and resources are decided again".to_owned()),
        };
        Then {
            request_id: self.request_id.clone(),
            at: self.events.last().and_then(|event| event.at.clone()),
            decision,
            refused_by,
            reason: self.said("reason"),
            same_today,
            compared,
            unread_lines: self.unread,
        }
    }

    /// What the last event says.
    fn said(&self, field: &str) -> Option<String> {
        self.events.last()?.text(field)
    }
}

/// Whether today's verdict is what was decided then.
fn compared(then: &str, refused_by: Option<&str>, today: Verdict) -> (Option<bool>, String) {
    let is_allowed_today = match today {
        Verdict::Allowed | Verdict::AllowedIf => true,
        Verdict::Denied => false,
        Verdict::Untold => {
            return (None, "whether it would be the same today cannot be told from the log".to_owned());
        }
    };
    match (then, refused_by, is_allowed_today) {
        ("deny", Some("rule"), false) => (Some(true), "denied then, and it would be today".to_owned()),
        ("deny", Some("rule"), true) => {
            (Some(false), "denied then; today the rule would let it pass".to_owned())
        }
        ("deny", by, true) => {
            let by = by.unwrap_or("something that the log does not say");
            (
                None,
                format!(
                    "denied then, not by the rule but by {by}, which is not asked again; the rule lets it pass"
                ),
            )
        }
        ("deny", _, false) => {
            (None, "denied then for another reason; today the rule would refuse it already".to_owned())
        }
        (_, _, true) => (Some(true), "allowed then, and it would be today".to_owned()),
        (_, _, false) => (Some(false), "allowed then; it would be refused today".to_owned()),
    }
}

/// The caller of an event that names one.
fn caller(event: &Event) -> Option<LoggedCaller> {
    let via = event.text("via").filter(|via| via != "anonymous")?;
    let held = event.text("held").unwrap_or_default();
    let scopes: ScopeSet = held.split_ascii_whitespace().filter_map(|scope| scope.parse().ok()).collect();
    let roles = event.text("roles").unwrap_or_default();
    Some(LoggedCaller {
        via,
        issuer: event.text("issuer")?,
        subject: event.text("subject")?,
        tenant: event.text("tenant"),
        client_id: event.text("client_id"),
        is_client: event.is("is_client"),
        scopes,
        roles: roles.split_ascii_whitespace().filter_map(|role| role.parse().ok()).collect(),
        login: login(event, SystemClock.unix_now()),
    })
}

/// How the person logged in, so long before `now` as it was before the request.
fn login(event: &Event, now: u64) -> Login {
    let at = event.at.as_deref().and_then(|at| humantime::parse_rfc3339_weak(at).ok());
    let at = at.and_then(|at| Some(at.duration_since(UNIX_EPOCH).ok()?.as_secs()));
    let auth_time = event.number("auth_time");
    let acr = event.text("acr").unwrap_or_default();
    Login {
        auth_time: match (auth_time, at) {
            (Some(auth_time), Some(at)) => Some(now.saturating_sub(at.saturating_sub(auth_time))),
            (auth_time, _) => auth_time,
        },
        acr: acr.split_ascii_whitespace().map(str::to_owned).collect(),
    }
}

/// An event in a line.
fn told(event: &Event) -> String {
    let said = |field: &str| event.text(field).unwrap_or_default();
    let at = event.at.as_deref().unwrap_or("at a time that it does not say");
    let line = |text: String| shown(&text).into_owned();
    let name = match said("name") {
        name if name.is_empty() => String::new(),
        name => format!(" {:?}", cut(&name, 60)),
    };
    let subject =
        event.text("subject").map(|subject| format!(" for {:?}", cut(&subject, 60))).unwrap_or_default();
    format!("{}: {} {}{name}{subject}", shown(at), line(said("decision")), line(said("operation")))
}

fn not_found(log: &AuditLog, shown: &str, request_id: &str) -> String {
    let unread = match log.unread {
        0 => String::new(),
        unread => format!("; {unread} of its lines are not JSON"),
    };
    if log.audited == 0 {
        return format!(
            "--log {shown}: no decision of an mcp-auth server is in it{unread}. It reads what `format = \"json\"` in [log] writes, \
             uncompressed: `zcat log.gz | mcp-auth explain --log - ...`"
        );
    }
    let unnamed = match log.unnamed {
        0 => String::new(),
        unnamed => format!("; {unnamed} of them name no request, as servers before this version wrote them"),
    };
    let (from, to) = (log.from.as_deref().unwrap_or("?"), log.to.as_deref().unwrap_or("?"));
    format!(
        "--log {shown}: no request {request_id:?} is in it. It has {} decisions, from {from} to {to}{unnamed}{unread}. Where the log was \
         rotated, give all of it: `cat log.1 log | mcp-auth explain --log - ...`",
        log.audited
    )
}

fn several(events: &[Event], request_id: &str) -> String {
    let listed: Vec<String> =
        events.iter().take(MOST_LISTED).map(|event| format!("\n  {}", told(event))).collect();
    let more = match events.len().saturating_sub(MOST_LISTED) {
        0 => String::new(),
        more => format!("\n  and {more} more"),
    };
    format!(
        "several requests are called {request_id:?}, so a trusted proxy gives ids twice, or passes on those of clients. Give the lines of \
         one of them alone:{}{more}",
        listed.concat()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn then_and_today_are_the_same_only_where_the_rule_decided_both() {
        use Verdict::{Allowed, AllowedIf, Denied, Untold};
        for (then, by, today, same) in [
            ("allow", None, Allowed, Some(true)),
            ("allow", None, AllowedIf, Some(true)),
            ("allow", None, Denied, Some(false)),
            ("allow", None, Untold, None),
            ("stop", None, Allowed, Some(true)),
            ("stop", None, Denied, Some(false)),
            ("deny", Some("rule"), Denied, Some(true)),
            ("deny", Some("rule"), Allowed, Some(false)),
            ("deny", Some("rule"), AllowedIf, Some(false)),
            ("deny", Some("guard"), AllowedIf, None),
            ("deny", Some("guard"), Denied, None),
            ("deny", Some("limit"), Allowed, None),
            ("deny", Some("credential"), Untold, None),
            ("deny", None, Allowed, None),
            ("deny", None, Denied, None),
        ] {
            assert_eq!(compared(then, by, today).0, same, "{then} {by:?} {today:?}");
        }
    }
}
