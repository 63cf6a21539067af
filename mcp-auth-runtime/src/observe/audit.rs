//! One event per decision, allowed and denied alike, with the same fields, under the target `mcp_auth::audit`.
//! What clients chose is written with `Debug`, which escapes control characters: no client can forge a line of the
//! log, in any format. It is cut, so that a request costs no more of the disk than of the network.

use mcp_auth_core::seen::{excerpt, head};

use super::placed::Arrival;
use super::request_id::RequestId;
use crate::authn::{Actor, ApiKeyDigest, Identity};
use crate::authz::Need;
use crate::envelope::Message;

/// The target every audit event has; filter on it to keep or drop them.
pub(crate) const TARGET: &str = "mcp_auth::audit";

/// The most characters of one value that clients chose.
pub(super) const LONGEST: usize = 200;

/// What was decided, about what, for whom.
pub(crate) struct Decision<'a> {
    /// What the message asked for; `None` when it could not be read.
    pub message: Option<&'a Message>,
    /// Who asked; `None` when the token was refused.
    pub identity: Option<&'a Identity>,
    /// As which request it came, and from where.
    pub arrival: Arrival,
    /// What the operation needs.
    pub needed: Option<&'a Need>,
    /// Why it was refused; `None` when it was allowed.
    pub refusal: Option<&'a dyn std::fmt::Display>,
    /// What refused it, in a word.
    pub refused_by: Option<&'static str>,
    /// What that most often means at the identity provider of the caller.
    pub hint: Option<&'static str>,
}

impl Decision<'_> {
    /// Whether a subscriber records such an event; building one has a cost.
    pub(crate) fn is_recorded(allowed: bool) -> bool {
        match allowed {
            true => tracing::enabled!(target: TARGET, tracing::Level::INFO),
            false => tracing::enabled!(target: TARGET, tracing::Level::WARN),
        }
    }

    /// Writes the event: at `info` when allowed, at `warn` when denied.
    pub(crate) fn record(&self) {
        self.write("deny");
    }

    /// Writes that what was allowed was stopped, at `warn`; `refusal` says why.
    pub(crate) fn record_stop(&self) {
        self.write("stop");
    }

    /// Writes the event, as `refused` where there is a reason.
    fn write(&self, refused: &'static str) {
        let (operation, name) = self.message.map_or(("unreadable", ""), named);
        let (operation, name) = (head(operation, LONGEST), head(name, LONGEST));
        let caller = self.identity.and_then(Identity::principal);
        let via = match self.identity {
            Some(Identity::Anonymous) => Some("anonymous"),
            Some(Identity::Known(caller)) => Some(caller.via().as_str()),
            None => None,
        };
        let request_id = self.arrival.request_id.as_ref().map(RequestId::as_str);
        let client_address = self.arrival.from.map(tracing::field::display);
        let issuer = caller.map(|caller| caller.issuer());
        let subject = caller.map(|caller| tracing::field::debug(caller.subject()));
        let tenant = caller.and_then(|caller| caller.tenant());
        let key = caller.and_then(|caller| caller.api_key()).map(ApiKeyDigest::begins);
        let client_id = caller.and_then(|caller| caller.client_id()).map(tracing::field::debug);
        let is_client = caller.map(|caller| caller.is_client());
        let actor = caller.and_then(|caller| caller.actor()).map(actors);
        let held = caller.map(|caller| tracing::field::display(caller.scopes()));
        let roles = caller
            .map(|caller| caller.roles())
            .filter(|roles| !roles.is_empty())
            .map(tracing::field::display);
        let login = caller.and_then(|caller| caller.held().login.as_ref());
        let auth_time = login.and_then(|login| login.auth_time);
        let acr = login.map(|login| login.acr.join(" ")).filter(|acr| !acr.is_empty());
        let acr = acr.as_deref().map(|acr| tracing::field::debug(head(acr, LONGEST)));
        let needed = self.needed.map(tracing::field::display);
        match self.refusal {
            None => tracing::info!(
                target: TARGET, parent: self.arrival.around(), decision = "allow", request_id, operation, name = ?name,
                client_address, via, issuer, tenant, subject, key, client_id, is_client, actor, needed, held, roles, auth_time, acr,
            ),
            Some(reason) => tracing::warn!(
                target: TARGET, parent: self.arrival.around(), decision = refused, request_id, operation, name = ?name,
                client_address, via, issuer, tenant, subject, key, client_id, is_client, actor, needed, held, roles, auth_time, acr, refused_by = self.refused_by, reason = ?excerpt(reason, LONGEST), hint = self.hint,
            ),
        }
    }
}

/// Who acts for the caller, and who acted before: the current one first.
fn actors(actor: &Actor) -> String {
    let names: Vec<String> =
        actor.chain().map(|actor| format!("{:?}", head(actor.name(), LONGEST))).collect();
    names.join(" for ")
}

/// The message's method (of an HTTP request without one: GET, DELETE, …) and what it names.
pub(super) fn named(message: &Message) -> (&str, &str) {
    match message {
        Message::Tool { name, .. } => ("tools/call", name),
        Message::Prompt { name, .. } => ("prompts/get", name),
        Message::Resource { uri } => ("resources/read", uri),
        Message::Complete { .. } => ("completion/complete", ""),
        Message::Subscribe { uri } => ("resources/subscribe", uri),
        Message::Unsubscribe { uri } => ("resources/unsubscribe", uri),
        Message::Listen { .. } => ("subscriptions/listen", ""),
        Message::Task { method, task_id } => (method, task_id),
        Message::Initialize { .. } => ("initialize", ""),
        Message::Other { method } => (method, ""),
        Message::Reply => ("reply", ""),
        Message::HttpMethod { method } => (method, ""),
    }
}

#[cfg(test)]
mod tests {
    use std::fmt;

    use super::super::placed::Placed;
    use super::super::support::logged;
    use super::*;

    /// What a program's own log writes, which escapes nothing by itself.
    fn written(message: &Message, reason: &str) -> String {
        logged(|| {
            let refusal = Some(&reason as &dyn fmt::Display);
            Decision {
                message: Some(message),
                identity: None,
                arrival: Arrival::of(Some(&Placed::new(RequestId::read(b"r-1").unwrap())), None),
                needed: None,
                refusal,
                refused_by: Some("rule"),
                hint: None,
            }
            .record();
        })
    }

    #[test]
    fn nothing_a_client_chose_forges_a_line_of_a_log() {
        let evil = "x\n2026-01-01T00:00:00Z  INFO mcp_auth::audit: decision=\"allow\"";
        for message in [
            Message::Tool { name: evil.to_owned(), arguments: None },
            Message::Task { method: format!("tasks/{evil}"), task_id: evil.to_owned() },
            Message::Other { method: evil.to_owned() },
        ] {
            let log = written(&message, &format!("unknown tool: {evil}"));
            assert_eq!(log.lines().count(), 1, "{log}");
        }
    }

    #[test]
    fn who_acts_for_the_caller_is_in_the_event_and_forges_nothing() {
        let claims = serde_json::json!({ "sub": "ann", "act": { "sub": "agent\" decision=\"allow", "act": { "client_id": "planner" } } });
        let actor = Actor::of(claims.as_object().unwrap()).unwrap().unwrap();
        assert_eq!(actors(&actor), "\"agent\\\" decision=\\\"allow\" for \"planner\"");
    }

    #[test]
    fn operation_is_the_method_whether_or_not_it_names_something() {
        let tool = Message::Tool { name: "add".to_owned(), arguments: None };
        for (message, said) in [
            (tool, "operation=\"tools/call\" name=\"add\""),
            (Message::Other { method: "tools/list".to_owned() }, "operation=\"tools/list\" name=\"\""),
            (Message::HttpMethod { method: "GET".to_owned() }, "operation=\"GET\" name=\"\""),
        ] {
            let log = written(&message, "no");
            assert!(log.contains(&format!("decision=\"deny\" request_id=\"r-1\" {said}")), "{log}");
        }
    }

    #[test]
    fn a_line_is_short_however_long_the_message_was() {
        let long = "\u{1}".repeat(60_000);
        let message = Message::Task { method: format!("tasks/{long}"), task_id: long.clone() };
        let log = written(&message, &long);
        assert!(log.len() < 6_000, "{}", log.len());
    }
}
