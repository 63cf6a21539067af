//! The gate in front of rmcp: what a message passes between the transport and the developer's method. The steps
//! have the numbers of ARCHITECTURE.md; those before them are the transport's:
//!
//! 7. **authenticate** (`gate`): the credential the configuration accepts, and nothing else in the request. Nothing
//!    is answered yet.
//! 8. **read** (`http`, `stdio`): the message once, strictly and within bounds, for every caller. What was read is
//!    a `received`.
//! 9. **decide** (`gate`): [`Gate::admit`] is the one place where a permit leaves, for both transports, and every
//!    way out is audited there. Where several things are wrong, `order` says which one is answered; `tool_errors`, which
//!    refusals are told as the result of a tool.
//! 10. **bind** (`session`): the session to its caller. What a task or `requestState` is bound to, dispatch sees
//!     to.
//! 11. **strip** (`forward` with `tool_headers`, or `direct`): rmcp, or dispatch itself, gets exactly what was read,
//!     with a permit and no credentials.
//! 12. **dispatch** refuses unless what it reads equals the permit.
//!
//! On the way back, `tool_lists` completes what rmcp has no words for, `outage` gives the answer of a store that is down its status, `heartbeat` keeps an answer that takes long from being cut by a proxy, and `gone` cancels calls of
//! sessions whose clients do not come back for the answer.
//!
//! The gate itself knows no transport: `http` and `stdio` call it. On stdio `speaker` says who speaks.

mod direct;
mod forward;
#[expect(clippy::module_inception, reason = "the gate itself, among what leads to it and away from it")]
mod gate;
mod gone;
mod heartbeat;
mod holding;
mod http;
mod media;
mod order;
mod outage;
mod received;
mod session;
mod speaker;
mod stdio;
mod tool_errors;
mod tool_headers;
mod tool_lists;

pub(crate) use gate::Gate;
pub(crate) use http::{Endpoint, EndpointLimits, EndpointSettings, refusal};
pub(crate) use media::{asks_for_html, takes_html};
pub(crate) use speaker::{ReadAgain, Speaker};
pub(crate) use stdio::{refused, serve_stdio};
pub(crate) use tool_errors::ToolErrors;
pub(crate) use tool_headers::ToolHeaders;
