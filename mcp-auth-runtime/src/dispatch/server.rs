//! The server rmcp sees: built once, shared by every request.

use std::sync::Arc;

use rmcp::model::ServerConfig;
use tokio_util::sync::CancellationToken;

use super::about;
use super::bounds::CallLimits;
use super::direct::Listed;
use super::lists::{Lists, Pages};
use super::security_schemes::{Logins, SecuritySchemes};
use crate::authn::Identity;
use crate::call::handler::{Handler, Routes};
use crate::owned::{RequestStates, Rulebook, StreamEnd};
use mcp_auth_core::ambient::{Ambient, Clock};

/// The server rmcp sees. Built once, shared by every request.
pub(crate) struct Dispatch<H> {
    pub(super) handler: H,
    pub(super) routes: Routes<H>,
    pub(super) rules: Arc<Rulebook>,
    pub(super) config: ServerConfig,
    pub(super) states: RequestStates,
    pub(super) listed: Listed,
    schemes: SecuritySchemes,
    pub(super) pages: Pages,
    pub(super) limits: CallLimits,
    clock: Arc<dyn Clock>,
    closing: CancellationToken,
}

impl<H: Handler> Dispatch<H> {
    /// Serves `handler` by `routes`; `closing` ends open `subscriptions/listen` streams with their result.
    pub(crate) fn new(
        handler: H,
        routes: Routes<H>,
        rules: Arc<Rulebook>,
        ambient: &Ambient,
        states: RequestStates,
        limits: CallLimits,
        closing: CancellationToken,
    ) -> Self {
        Self {
            handler,
            routes,
            config: about::server_config(H::about(), rules.registry()),
            states,
            listed: Listed::new(rules.registry()),
            schemes: SecuritySchemes::default(),
            pages: Pages::Whole,
            rules,
            limits,
            clock: Arc::clone(&ambient.clock),
            closing,
        }
    }

    /// The same, whose lists say how clients come to call each tool, where they log in like this.
    #[must_use]
    pub(crate) fn telling(mut self, logins: &Logins) -> Self {
        self.schemes = SecuritySchemes::new(&self.rules, logins);
        self
    }

    /// The same, whose lists come like this.
    #[must_use]
    pub(crate) fn paged(self, pages: Pages) -> Self {
        Self { pages, ..self }
    }

    /// What lists show to `identity`.
    pub(super) fn lists<'a>(&'a self, identity: &'a Identity) -> Lists<'a> {
        Lists { rules: &self.rules, schemes: &self.schemes, pages: &self.pages, identity }
    }

    /// When a stream of `identity` has to end.
    pub(super) fn end_of_stream(&self, identity: &Identity) -> StreamEnd {
        StreamEnd::new(identity, &self.clock, &self.closing)
    }
}
