//! 2. A request has its place in the log: an id, and a span that what is logged about it stands in.

use std::net::IpAddr;
use std::num::NonZeroU64;

use tracing::{Span, span};

use super::request_id::RequestId;
use super::span::of_request;

/// The place of one request in the log. What answers it in another task carries it along.
#[derive(Debug, Clone)]
pub(crate) struct Placed {
    id: RequestId,
    span: Span,
    around: Option<NonZeroU64>,
}

impl Placed {
    /// The place of the request with this id.
    pub(crate) fn new(id: RequestId) -> Self {
        let around = Span::current().id().map(|around| around.into_non_zero_u64());
        Self { id, span: of_request(&id), around }
    }

    /// Its id.
    pub(crate) fn id(&self) -> RequestId {
        self.id
    }

    /// What is logged about it stands in this span. Where nothing is logged, there is none.
    pub(crate) fn span(&self) -> &Span {
        &self.span
    }
}

/// As which request a message came, and from where: every audit event of it says so, where it is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Arrival {
    /// The id of its request.
    pub(super) request_id: Option<RequestId>,
    /// The address that it came from: over HTTP, behind proxies that say so.
    pub(crate) from: Option<IpAddr>,
    /// The span around that of the request, which is the program's own. Audit events say the id themselves, so they stand there.
    around: Option<NonZeroU64>,
}

impl Arrival {
    /// Of a message in this place, `from` this address if that is known.
    pub(crate) fn of(placed: Option<&Placed>, from: Option<IpAddr>) -> Self {
        let (request_id, around) = placed.map(|placed| (placed.id, placed.around)).unzip();
        Self { request_id, from, around: around.flatten() }
    }

    /// The span that audit events stand in.
    pub(super) fn around(&self) -> Option<span::Id> {
        self.around.map(span::Id::from_non_zero_u64)
    }
}
