//! Steps 7, 9 and 10: who presents a message, and whether it may go on. Knows no transport: HTTP and stdio both
//! come here, and nothing else makes a permit or an audit event of a message.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::Arc;

use futures_util::FutureExt as _;
use http::HeaderValue;

use super::holding::Held;
use super::order;
use super::received::Received;
use super::session::Bound;
use super::tool_errors::ToolErrors;
use crate::answer::Rejection;
use crate::authn::{Authenticator, Credential, Identity, ScopePrefix, Sender};
use crate::authz::{Denied, Guards, Named, Permit, Verdict};
use crate::dispatch::{Rulebook, Rules};
use crate::envelope::{Envelope, Message};
use crate::observe::audit::Decision as Decided;
use crate::observe::placed::Arrival;
use crate::observe::undecided::Undecided;
use crate::owned::Place;

/// What decides on every message, whichever transport it came by.
///
/// It is not generic over the server's type: what is asked of the developer's own code before a permit leaves belongs
/// into [`Gate::admit`] behind a trait object, so that one gate serves every transport.
pub(crate) struct Gate {
    /// `None` where no caller is verified: with `auth.verify = "none"`, and on stdio without a credential.
    authenticator: Option<Arc<Authenticator>>,
    rules: Arc<Rulebook>,
    /// Who asks the server's own guards. Without it, what a guard would decide is refused.
    guards: Option<Arc<dyn Guards>>,
    /// What clients put in front of scopes when they ask the issuer for them.
    scope_prefix: Option<ScopePrefix>,
    /// Which refusals are told as the result of a tool.
    tool_errors: ToolErrors,
}

/// A message that may go on, and what it was bound to.
pub(crate) struct Admitted {
    pub(super) permit: Permit,
    /// By what it was decided. Dispatch calls by the same.
    pub(super) rules: Arc<Rules>,
    pub(super) bound: Bound,
    /// Its place among the requests that are answered; on stdio it needs none.
    pub(super) place: Option<Place>,
    /// What it holds until it is answered; `None` on stdio.
    pub(super) held: Option<Arc<Held>>,
    /// The audit of a message that a method may still refuse; `None` where it is audited.
    pub(super) undecided: Option<Arc<Undecided>>,
}

impl Gate {
    /// A gate that asks `authenticator` who it is and decides by `rules`.
    pub(crate) fn new(authenticator: Option<Arc<Authenticator>>, rules: Arc<Rulebook>) -> Self {
        let tool_errors = ToolErrors::default();
        Self { authenticator, rules, guards: None, scope_prefix: None, tool_errors }
    }

    /// The same, whose refusals name scopes with this in front of them.
    pub(crate) fn asking_with(self, scope_prefix: Option<ScopePrefix>) -> Self {
        Self { scope_prefix, ..self }
    }

    /// The same, which tells these refusals as the result of a tool.
    pub(crate) fn telling(self, tool_errors: ToolErrors) -> Self {
        Self { tool_errors, ..self }
    }

    /// The same, behind which `guards` are asked.
    pub(crate) fn guarded_by(self, guards: Arc<dyn Guards>) -> Self {
        Self { guards: Some(guards), ..self }
    }

    /// A refusal as the client is told: the audit has it by this server's own names.
    pub(super) fn told<'r>(&self, rejection: &'r Rejection) -> Cow<'r, Rejection> {
        match &self.scope_prefix {
            Some(prefix) => Cow::Owned(rejection.clone().asking_with(prefix)),
            None => Cow::Borrowed(rejection),
        }
    }

    /// Which refusals are told as the result of a tool.
    pub(super) fn tool_errors(&self) -> ToolErrors {
        self.tool_errors
    }

    /// By what a message is decided that comes now.
    pub(super) fn rules(&self) -> Arc<Rules> {
        self.rules.now()
    }

    /// Whether callers are verified at all.
    pub(super) fn verifies(&self) -> bool {
        self.authenticator.is_some()
    }

    /// The time by which credentials are judged, in Unix seconds.
    fn now(&self) -> Option<u64> {
        Some(self.authenticator.as_ref()?.unix_now())
    }

    /// Whether tokens may be bound to a key, with a proof beside each request.
    pub(super) fn reads_proofs(&self) -> bool {
        self.authenticator.as_ref().is_some_and(|authenticator| authenticator.reads_proofs())
    }

    /// The nonce for the next proof, where proofs are read.
    pub(super) async fn nonce(&self) -> Option<HeaderValue> {
        self.authenticator.as_ref()?.nonce().await
    }

    /// Whether a message without a credential would be served. Nothing is served by asking.
    pub(super) fn serves_anyone(&self, message: Message) -> bool {
        let message = Arc::new(message);
        let rules = self.rules();
        let named = rules.named_by_request(&message, None);
        matches!(rules.policy().decide(&named, &Identity::Anonymous), Verdict::Allowed(_))
    }

    /// 7. Who presents it, sent by this `sender`. Nothing is answered before the message said what it asks for.
    ///
    /// # Errors
    /// What is wrong with the credential; the challenge in it names no scopes yet.
    pub(super) async fn authenticate(
        &self,
        presented: Result<Credential<'_>, Rejection>,
        sender: &Sender,
    ) -> Result<Identity, Rejection> {
        let Some(authenticator) = &self.authenticator else { return Ok(Identity::Anonymous) };
        let presented = presented?;
        authenticator.authenticate_from(presented, sender).await.map_err(|error| {
            let hint = authenticator.hint(presented, &error);
            tracing::debug!(%error, hint, "a credential was refused");
            Rejection::from(&error).hinting(hint)
        })
    }

    /// 9. and 10. Decides, binds, audits. The one place where a permit leaves.
    ///
    /// # Errors
    /// The answer to a message that may not go on; it was audited.
    pub(super) async fn admit(
        &self,
        received: &Received<'_>,
        who: Result<Identity, Rejection>,
    ) -> Result<Admitted, Rejection> {
        let rules = self.rules();
        // A refused credential asks the store nothing: its 401 does not wait for a backend.
        let task = match &who {
            Ok(identity) => rules.task_of(self.rules.tasks(), &received.message, identity).await,
            Err(_) => Ok(None),
        };
        let made_by = task.as_ref().ok().cloned().flatten();
        let named = match received.is_request() {
            true => rules.named_by_request(&received.message, made_by),
            false => rules.named(&received.message, made_by),
        };
        let asked = Asked { rules: &rules, named: Some(&named), identity: None, arrival: received.arrival };
        if let Some(gone) = received.removed() {
            return Err(self.refuse(asked, first(&rules, gone, who)));
        }
        let identity = match who {
            Ok(identity) => identity,
            Err(refusal) => {
                let refusal = refusal.with_scopes(rules.policy().challenge_scopes(&named));
                return Err(self.refuse(asked, refusal));
            }
        };
        let asked = Asked { identity: Some(&identity), ..asked };
        let objection = received.objection.clone().or_else(|| task.err().map(Rejection::from));
        match self.decide(&rules, received, &named, objection, &identity).await {
            Ok(mut admitted) => {
                // What runs a method is audited once that has answered (`dispatch/run.rs`).
                match admitted.permit.declared() {
                    Some(_) => admitted.undecided = Undecided::of(&admitted.permit, received.arrival),
                    None => self.audit(asked, None),
                }
                Ok(admitted)
            }
            Err(rejection) => Err(self.refuse(asked, rejection)),
        }
    }

    /// What the client would be told of a message that names no task and comes outside of a session, decided as every other:
    /// `Ok` where it would go on, which nothing does by this, with what is wrong with its values where no method would run by it. `None` where that could not be decided at once.
    pub(crate) fn foresee(
        &self,
        envelope: &Envelope,
        who: Result<Identity, Rejection>,
    ) -> Option<Result<Option<String>, Rejection>> {
        let admitted = self.admit(&Received::new(envelope), who).now_or_never()?;
        let unfit = |admitted: Admitted| admitted.permit.unfit().map(str::to_owned);
        Some(admitted.map(unfit).map_err(|rejection| self.told(&rejection).into_owned()))
    }

    async fn decide(
        &self,
        rules: &Arc<Rules>,
        received: &Received<'_>,
        named: &Named<'_>,
        objection: Option<Rejection>,
        identity: &Identity,
    ) -> Result<Admitted, Rejection> {
        let verdict = match rules.policy().decide(named, identity) {
            Verdict::Recent(recent) => recent.at(self.now()),
            verdict => verdict,
        };
        let denied = match &verdict {
            Verdict::Denied(denied) => Some(denied),
            Verdict::Allowed(_) | Verdict::Recent(_) | Verdict::Templated(_) | Verdict::Guarded(_) => None,
        };
        if let Some(objection) = objection
            && order::objection_outranks(denied)
        {
            return Err(objection);
        }
        // A client whose session has ended has to learn that, whatever it names.
        if let (Some(Denied::Unknown { .. }), Some(session)) = (denied, &received.session) {
            session.check_owner(identity).await?;
        }
        if let Some(denied) = denied {
            return Err(received.denied(denied));
        }
        let place = match received.wants {
            Some((shares, kind)) => Some(shares.enter(identity, kind)?),
            None => None,
        };
        // A session that is another's, or has ended, is said before anything is asked of the call.
        if let (Verdict::Templated(_) | Verdict::Guarded(_), Some(session)) = (&verdict, &received.session) {
            session.check_owner(identity).await?;
        }
        let settled = rules.settle(verdict, self.guards.as_deref()).await;
        let permit = settled.map_err(|denied| received.denied(&denied))?;
        let bound = match &received.session {
            Some(session) => session.bind(&permit, named, rules.policy()).await?,
            None => Bound::NoSession,
        };
        let rules = Arc::clone(rules);
        Ok(Admitted { permit, rules, bound, place, held: None, undecided: None })
    }

    /// The answer to a message that could not be read, for `fault`. Audited.
    pub(super) fn unreadable(
        &self,
        fault: Rejection,
        who: Result<Identity, Rejection>,
        arrival: Arrival,
    ) -> Rejection {
        let rules = self.rules();
        let asked = Asked { rules: &rules, named: None, identity: None, arrival };
        self.refuse(asked, first(&rules, fault, who))
    }

    /// Every refusal is audited the same way.
    fn refuse(&self, asked: Asked<'_>, rejection: Rejection) -> Rejection {
        if Decided::is_recorded(false) {
            self.audit(asked, Some(&rejection));
        }
        rejection
    }

    /// Audits a decision, allowed or denied. The event is built only when a subscriber records it.
    fn audit(&self, asked: Asked<'_>, refusal: Option<&Rejection>) {
        if !Decided::is_recorded(refusal.is_none()) {
            return;
        }
        let (refused_by, hint) = (refusal.map(Rejection::refused_by), refusal.and_then(Rejection::hint));
        let reason = refusal.map(Rejection::audited);
        let refusal = reason.as_ref().map(|reason| reason as &dyn Display);
        let Asked { rules, named, identity, arrival } = asked;
        let (message, needed) =
            (named.map(Named::message), named.and_then(|named| rules.policy().need(named)));
        Decided { message, identity, arrival, needed, refusal, refused_by, hint }.record();
    }
}

/// What is wrong with a message as such, or the 401 that outranks it.
fn first(rules: &Rules, fault: Rejection, who: Result<Identity, Rejection>) -> Rejection {
    order::first(fault, who, rules.policy().connect(), rules.policy().base_scopes())
}

/// What was asked, by whom, as which request and from where, as far as that is known.
#[derive(Clone, Copy)]
struct Asked<'a> {
    rules: &'a Rules,
    named: Option<&'a Named<'a>>,
    identity: Option<&'a Identity>,
    arrival: Arrival,
}
