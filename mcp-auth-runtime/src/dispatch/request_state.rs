//! MRTR's `requestState` (2026-07-28): what a tool hands out between rounds comes back from the client, so it
//! is sealed on the way out and opened on the way in, bound to the caller, the operation and its arguments,
//! and to ten minutes. A forged, foreign or stale one is -32602; the tool never sees it.

use std::time::Duration;

use rmcp::ErrorData;
use rmcp::model::{InputRequiredResult, RequestStateCodec, SealOptions};

use crate::authn::Identity;
use crate::authz::Permit;
use crate::envelope::Message;
use mcp_auth_core::ambient::Random;

/// How long a client may take for one round.
const ROUND: Duration = Duration::from_secs(600);

/// Seals and opens `requestState` with a key of this process.
pub(super) struct RequestStates(RequestStateCodec);

impl RequestStates {
    pub(super) fn new(random: &dyn Random) -> Self {
        let mut key = [0; 32];
        random.fill(&mut key);
        Self(RequestStateCodec::new_unchecked(key))
    }

    pub(super) fn seal(&self, result: &mut InputRequiredResult, permit: &Permit) {
        if let Some(state) = &result.request_state {
            let bound = bound_to(permit);
            let options = SealOptions::new().associated_data(&bound).ttl(ROUND);
            result.request_state = Some(self.0.seal_with(state.as_bytes(), &options));
        }
    }

    pub(super) fn open(&self, state: Option<String>, permit: &Permit) -> Result<Option<String>, ErrorData> {
        let Some(sealed) = state else { return Ok(None) };
        let opened = self.0.open_with(&sealed, &bound_to(permit)).ok();
        match opened.and_then(|bytes| String::from_utf8(bytes).ok()) {
            Some(state) => Ok(Some(state)),
            None => Err(ErrorData::invalid_params(
                "requestState is not one this server gave to this caller for this request, or it is too old",
                None,
            )),
        }
    }
}

/// Caller, operation and arguments, each with its length before it.
fn bound_to(permit: &Permit) -> Vec<u8> {
    let caller = match permit.identity() {
        Identity::Known(_) => permit.identity().owner().map(|owner| owner.key()).unwrap_or_default(),
        Identity::Anonymous => String::new(),
    };
    let (kind, name, arguments) = match permit.message() {
        Message::Tool { name, arguments } => ("tool", name.as_str(), arguments.as_ref()),
        Message::Prompt { name, arguments } => ("prompt", name.as_str(), arguments.as_ref()),
        Message::Resource { uri } => ("resource", uri.as_str(), None),
        _ => ("", "", None),
    };
    let arguments = arguments.and_then(|map| serde_json::to_string(map).ok()).unwrap_or_default();
    let mut bound = Vec::new();
    for part in [caller.as_str(), kind, name, &arguments] {
        bound.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bound.extend_from_slice(part.as_bytes());
    }
    bound
}
