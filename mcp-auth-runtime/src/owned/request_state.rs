//! MRTR's `requestState` (2026-07-28): what a tool hands out between rounds comes back from the client, so it
//! is sealed on the way out and opened on the way in, bound to the caller, the operation and its arguments,
//! and to ten minutes. A forged, foreign or stale one is -32602; the tool never sees it.
//!
//! A client whose answer was lost brings the same state again, so a round runs at least once. Where it must not run twice
//! the store remembers what was brought back. A state of an anonymous caller is bound to its request alone: any caller that has it is
//! taken for that caller.
//!
//! The key is the store's, so that a round which began in one process may end in another.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::ambient::{Ambient, Clock};
use mcp_auth_core::canonical::sorted;
use mcp_auth_store::{SecretHash, Store};
use rmcp::ErrorData;
use rmcp::model::InputRequiredResult;
use serde_json::Value;

use super::owner::Owner;
use super::seals::Seals;
use super::unavailable::unavailable;
use crate::authz::Permit;
use crate::envelope::Message;

/// How long a client may take for one round.
const ROUND: Duration = Duration::from_secs(600);

/// What the store keeps the key for.
const PURPOSE: &str = "request-state";

/// Seals and opens `requestState`.
pub(crate) struct RequestStates {
    seals: Seals,
    /// Whether each state is opened once, whatever it is for.
    once: bool,
    clock: Arc<dyn Clock>,
}

impl RequestStates {
    /// With the key that `store` keeps, or a new one that it keeps then; with `once`, each state is opened once.
    pub(crate) fn new(store: Store, ambient: &Ambient, once: bool) -> Self {
        Self { seals: Seals::new(store, ambient, PURPOSE), once, clock: Arc::clone(&ambient.clock) }
    }

    /// Seals the state in `result`, if it has one. `stamp` tells a tool from another of its name, if there may be one.
    ///
    /// # Errors
    /// An internal error where the store cannot say the key: nothing goes out unsealed.
    pub(crate) async fn seal(
        &self,
        result: &mut InputRequiredResult,
        permit: &Permit,
        stamp: Option<&str>,
    ) -> Result<(), ErrorData> {
        if let Some(state) = &result.request_state {
            result.request_state = Some(self.seals.seal(state, &bound_to(permit, stamp), ROUND).await?);
        }
        Ok(())
    }

    /// Opens the state that a client brought back, if it brought one.
    ///
    /// # Errors
    /// -32602 for one that is not this caller's for this request, too old, or used up; an internal error where the store
    /// cannot say the key, or whether it is used up.
    pub(crate) async fn open(
        &self,
        state: Option<String>,
        permit: &Permit,
        stamp: Option<&str>,
    ) -> Result<Option<String>, ErrorData> {
        let Some(sealed) = state else { return Ok(None) };
        match self.seals.open(&sealed, &bound_to(permit, stamp)).await? {
            Some(state) if self.once => self.use_up(&sealed).await.map(|()| Some(state)),
            Some(state) => Ok(Some(state)),
            None => Err(ErrorData::invalid_params(
                "requestState is not one this server gave to this caller for this request, or it is too old",
                None,
            )),
        }
    }

    /// Uses up the state that a client brought back, if it brought one and it is not used up already: it is not opened again.
    ///
    /// # Errors
    /// As for [`RequestStates::open`].
    pub(crate) async fn used(&self, state: Option<String>) -> Result<(), ErrorData> {
        match state {
            Some(sealed) if !self.once => self.use_up(&sealed).await,
            _ => Ok(()),
        }
    }

    async fn use_up(&self, sealed: &str) -> Result<(), ErrorData> {
        let now = self.clock.unix_now();
        // The codec has a clock of its own, so what is remembered is remembered for twice as long.
        let until = now.saturating_add(2 * ROUND.as_secs());
        let spent = self.seals.store().spent();
        match spent.spend(SecretHash::of(sealed), until, now).await.map_err(unavailable)? {
            true => Ok(()),
            false => Err(ErrorData::invalid_params(
                "this requestState was brought back before; start the call again without one",
                None,
            )),
        }
    }
}

/// Caller, operation and arguments.
fn bound_to(permit: &Permit, stamp: Option<&str>) -> String {
    let (kind, name, arguments) = match permit.message() {
        Message::Tool { name, arguments } => ("tool", name.as_str(), arguments.as_ref()),
        Message::Prompt { name, arguments } => ("prompt", name.as_str(), arguments.as_ref()),
        Message::Resource { uri } => ("resource", uri.as_str(), None),
        _ => ("", "", None),
    };
    // Of equal arguments the text is equal, in whatever order they came.
    let arguments = arguments.map(|map| sorted(Value::Object(map.clone())).to_string()).unwrap_or_default();
    let owner = Owner::of(permit.identity());
    match stamp {
        None => Owner::seal(owner.as_ref(), &[kind, name, &arguments]),
        Some(stamp) => Owner::seal(owner.as_ref(), &[kind, name, &arguments, stamp]),
    }
}
