//! Which refusals are told where the model reads them: as the result of the tool that was called.

use crate::answer::Rejection;
use crate::authz::Connect;
use crate::envelope::{Envelope, Message, MessageKind};

/// Which refusals of a call of a tool are told as its result (`auth.denial = "tool-error"`). Nothing else has a result that can
/// say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ToolErrors {
    /// None.
    #[default]
    Never,
    /// Those of callers who are known. Others are answered 401, by which clients log in when they connect.
    OfKnown,
    /// Those of callers without a credential too: clients connect without one. A credential that is not valid is always 401.
    OfAnyone,
}

impl ToolErrors {
    /// Those where clients connect like this.
    pub(crate) fn told(connect: Connect) -> Self {
        match connect {
            Connect::Authenticated => Self::OfKnown,
            Connect::Anonymous => Self::OfAnyone,
        }
    }

    /// Whether this refusal of this message is one of them.
    pub(super) fn tell(self, rejection: &Rejection, envelope: &Envelope) -> bool {
        let is_call =
            envelope.kind == MessageKind::Request && matches!(*envelope.message, Message::Tool { .. });
        is_call
            && match rejection {
                Rejection::InsufficientScope { .. }
                | Rejection::MissingScope { .. }
                | Rejection::InsufficientLogin { .. }
                | Rejection::NoPerson { .. }
                | Rejection::MissingRole { .. }
                | Rejection::UnfitClaims(_)
                | Rejection::Refused { .. } => self != Self::Never,
                Rejection::Unauthenticated { .. } => self == Self::OfAnyone,
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ScopeSet;
    use serde_json::json;

    use super::*;
    use crate::envelope::{EnvelopeLimits, read};

    fn envelope(method: &str) -> Envelope {
        let params = json!({ "name": "x", "uri": "a://b" });
        let text = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        read(&text.into(), EnvelopeLimits::default()).unwrap()
    }

    fn refusals() -> [Rejection; 4] {
        [
            Rejection::InsufficientScope { required: ScopeSet::new(), held: ScopeSet::new() },
            Rejection::MissingScope { required: ScopeSet::new(), held: ScopeSet::new() },
            Rejection::MissingRole { any_of: Vec::new() },
            Rejection::Refused { reason: String::new() },
        ]
    }

    const ALL: [ToolErrors; 3] = [ToolErrors::Never, ToolErrors::OfKnown, ToolErrors::OfAnyone];

    #[test]
    fn a_refusal_of_a_tool_alone_is_told_as_a_result() {
        for refusal in refusals() {
            assert_eq!(ALL.map(|told| told.tell(&refusal, &envelope("tools/call"))), [false, true, true]);
            for method in ["prompts/get", "resources/read", "acme/report", "tools/list"] {
                assert_eq!(ALL.map(|told| told.tell(&refusal, &envelope(method))), [false; 3], "{method}");
            }
        }
    }

    #[test]
    fn a_missing_credential_is_told_where_clients_connect_without_one_and_an_invalid_one_never() {
        let missing = Rejection::Unauthenticated { scopes: ScopeSet::new() };
        let tell = |rejection: &Rejection| ALL.map(|told| told.tell(rejection, &envelope("tools/call")));
        assert_eq!(tell(&missing), [false, false, true]);
        let reason = String::new();
        for other in [
            Rejection::InvalidToken {
                reason: reason.clone(),
                detail: None,
                hint: None,
                scopes: ScopeSet::new(),
            },
            Rejection::InvalidProof { reason, needs_nonce: false, scopes: ScopeSet::new() },
            Rejection::TooLargeUnverified { limit: 1, scopes: ScopeSet::new() },
            Rejection::KeysUnavailable { retry_after: 1 },
            Rejection::UnknownSession,
            Rejection::NoPermit,
        ] {
            assert_eq!(tell(&other), [false; 3], "{other:?}");
        }
    }
}
