//! The server rmcp sees: built once, shared by every request.

use std::sync::{Arc, Mutex, PoisonError};

use rmcp::model::ServerConfig;
use rmcp::service::{RequestContext, RoleServer};
use tokio_util::sync::CancellationToken;

use super::about;
use super::bounds::CallLimits;
use super::changes::Followers;
use super::direct::Listed;
use super::lists::{Lists, Pages};
use super::permit;
use super::person::PersonPages;
use super::rulebook::{Rulebook, Rules};
use super::security_schemes::{Logins, SecuritySchemes};
use crate::authn::Identity;
use crate::authn::ScopePrefix;
use crate::call::handler::About;
use crate::call::served::Served;
use crate::call::upstream::LocalUpstreams;
use crate::owned::{RequestStates, StreamEnd};
use mcp_auth_core::ambient::{Ambient, Clock};

/// The server rmcp sees. Built once, shared by every request.
pub(crate) struct Dispatch {
    pub(super) served: Box<dyn Served>,
    pub(super) rules: Arc<Rulebook>,
    pub(super) config: ServerConfig,
    pub(super) states: RequestStates,
    shown: Mutex<Arc<Shown>>,
    logins: Option<Logins>,
    /// Whether tools come and go while it runs, and those who are told.
    pub(super) followers: Option<Followers>,
    pub(super) pages: Pages,
    pub(super) limits: CallLimits,
    /// Where a person answers for a call.
    pub(super) person_pages: PersonPages,
    /// What providers gave for people of the built-in issuer.
    pub(super) upstreams: Option<LocalUpstreams>,
    /// What stands in front of scopes where clients ask for them.
    pub(super) scope_prefix: Option<ScopePrefix>,
    pub(super) clock: Arc<dyn Clock>,
    closing: CancellationToken,
}

/// What lists show, as long as the tools do not change.
pub(super) struct Shown {
    pub(super) rules: Arc<Rules>,
    pub(super) listed: Listed,
    schemes: SecuritySchemes,
}

impl Shown {
    fn new(rules: Arc<Rules>, logins: Option<&Logins>) -> Arc<Self> {
        let schemes = logins.map(|logins| SecuritySchemes::new(&rules, logins)).unwrap_or_default();
        Arc::new(Self { rules, listed: Listed::default(), schemes })
    }
}

impl Dispatch {
    /// Serves `served`, which is `about` this; `closing` ends open `subscriptions/listen` streams with their result.
    pub(crate) fn new(
        (served, about): (Box<dyn Served>, About),
        rules: Arc<Rulebook>,
        ambient: &Ambient,
        states: RequestStates,
        limits: CallLimits,
        closing: CancellationToken,
    ) -> Self {
        let now = rules.now();
        let listens = now.registry().method("subscriptions/listen");
        let listens = listens.is_some_and(|id| served.answers(id).is_some());
        Self {
            served,
            config: about::server_config(about, now.registry(), listens),
            states,
            shown: Mutex::new(Shown::new(now, None)),
            logins: None,
            followers: None,
            pages: Pages::Whole,
            rules,
            limits,
            person_pages: PersonPages::default(),
            upstreams: None,
            scope_prefix: None,
            clock: Arc::clone(&ambient.clock),
            closing,
        }
    }

    /// The same, whose lists say how clients come to call each tool, where they log in like this.
    #[must_use]
    pub(crate) fn telling(self, logins: &Logins) -> Self {
        let shown = Mutex::new(Shown::new(self.rules.now(), Some(logins)));
        Self { shown, logins: Some(logins.clone()), ..self }
    }

    /// The same, whose tools come and go while it runs: clients are told when they do.
    #[must_use]
    pub(crate) fn changing(mut self) -> Self {
        about::tools_change(&mut self.config);
        self.followers = Some(Followers::of(self.rules.changes()));
        self
    }

    /// The same, whose refusals name scopes with this in front of them.
    #[must_use]
    pub(crate) fn asking_with(self, scope_prefix: Option<ScopePrefix>) -> Self {
        Self { scope_prefix, ..self }
    }

    /// The same, where a person answers for a call on these pages.
    #[must_use]
    pub(crate) fn answered_on(self, person_pages: PersonPages) -> Self {
        Self { person_pages, ..self }
    }

    /// The same, whose tools reach providers that people log in at, or connected accounts at.
    #[must_use]
    pub(crate) fn reaching(self, upstreams: Option<LocalUpstreams>) -> Self {
        Self { upstreams, ..self }
    }

    /// The same, whose lists come like this.
    #[must_use]
    pub(crate) fn paged(self, pages: Pages) -> Self {
        Self { pages, ..self }
    }

    /// What lists show now. A list shows the tools that there are when it is written.
    pub(super) fn shown(&self) -> Arc<Shown> {
        let now = self.rules.now();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if !Arc::ptr_eq(&shown.rules, &now) {
            *shown = Shown::new(now, self.logins.as_ref());
        }
        Arc::clone(&shown)
    }

    /// What these lists show to `identity`.
    pub(super) fn lists<'a>(&'a self, shown: &'a Shown, identity: &'a Identity) -> Lists<'a> {
        Lists { rules: &shown.rules, schemes: &shown.schemes, pages: &self.pages, identity }
    }

    /// By what the gate decided on a request.
    pub(super) fn rules_of(&self, context: &RequestContext<RoleServer>) -> Arc<Rules> {
        permit::rules(context).unwrap_or_else(|| self.rules.now())
    }

    /// When a stream of `identity` has to end.
    pub(super) fn end_of_stream(&self, identity: &Identity) -> StreamEnd {
        StreamEnd::new(identity, &self.clock, &self.closing)
    }
}
