//! What outranks what, where several things are wrong with one request. The first of these is answered:
//!
//! | rank | settled by | answers |
//! |---|---|---|
//! | [`Rank::Early`] | the bytes and the layers in front | 400 and 501 (framing, `Host`), 403 (`Host`, `Origin`), 408, 413, 414, 431, 500 |
//! | [`Rank::Credential`] | the credential | 400 (`Authorization`), 401, 503 (keys) |
//! | [`Rank::Message`] | the message as such | 400, 404, 405, 406, 415; to a caller without a credential, 401 where it is served nothing anyway |
//! | [`Rank::Decision`] | who wants what | 400 (-32021), 403, 404 (session), 429 (what one caller has), 503 (what all have) |

use mcp_auth_core::ScopeSet;

use crate::answer::{Rank, Rejection};
use crate::authn::Identity;
use crate::authz::{Connect, Denied};

/// What is wrong with a message as such, or the 401 that outranks it; `scopes` are what that one asks for.
pub(super) fn first(
    fault: Rejection,
    who: Result<Identity, Rejection>,
    connect: Connect,
    scopes: &ScopeSet,
) -> Rejection {
    // A log-in needs no message to be read, so it does not wait for room.
    let rank = match fault {
        Rejection::Crowded(_) => Rank::Message,
        _ => fault.rank(),
    };
    match (rank, who) {
        (Rank::Early, _) => fault,
        (Rank::Credential | Rank::Message | Rank::Decision, Err(refusal)) => {
            refusal.with_scopes(scopes.clone())
        }
        (Rank::Message, Ok(Identity::Anonymous)) if connect == Connect::Authenticated => {
            Rejection::Unauthenticated { scopes: scopes.clone() }
        }
        (Rank::Credential | Rank::Message | Rank::Decision, Ok(_)) => fault,
    }
}

/// Whether what the transport or the store holds against a message (headers that contradict it, a method of HTTP that is
/// not served) is answered before what policy says. It is not for those who have yet to say who they are.
pub(super) fn objection_outranks(denied: Option<&Denied>) -> bool {
    match denied {
        None
        | Some(
            Denied::InsufficientScope { .. }
            | Denied::MissingScope { .. }
            | Denied::InsufficientLogin { .. }
            | Denied::NoPerson { .. }
            | Denied::MissingRole { .. }
            | Denied::UnfitClaims(_)
            | Denied::Unfit { .. }
            | Denied::Refused { .. }
            | Denied::Unknown { .. },
        ) => true,
        Some(Denied::Unauthenticated { .. }) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authn::holder;
    use crate::owned::Crowded;

    fn answered(fault: Rejection, who: Result<Identity, Rejection>, connect: Connect) -> u16 {
        first(fault, who, connect, &ScopeSet::parse_lossy("base")).respond_early().status().as_u16()
    }

    fn refused() -> Result<Identity, Rejection> {
        Err(Rejection::InvalidToken {
            reason: "no".to_owned(),
            detail: None,
            hint: None,
            scopes: ScopeSet::new(),
        })
    }

    fn bad_message() -> Rejection {
        Rejection::BadMessage { code: -32700, reason: String::new() }
    }

    #[test]
    fn a_refusal_settled_before_authentication_outranks_401() {
        for connect in [Connect::Authenticated, Connect::Anonymous] {
            for who in [refused(), Ok(Identity::Anonymous)] {
                assert_eq!(
                    answered(Rejection::BodyTooLarge { limit: 9, key: "limits.body" }, who.clone(), connect),
                    413
                );
                assert_eq!(answered(Rejection::BodyTimeout, who, connect), 408);
            }
        }
    }

    #[test]
    fn a_refused_credential_outranks_everything_else() {
        for later in
            [bad_message(), Rejection::BodyBroken, Rejection::ContentEncoding, Rejection::UnknownSession]
        {
            assert_eq!(answered(later.clone(), refused(), Connect::Anonymous), 401, "{later:?}");
        }
        let asked = first(bad_message(), refused(), Connect::Anonymous, &ScopeSet::parse_lossy("base"));
        assert!(matches!(asked, Rejection::InvalidToken { scopes, .. } if scopes.contains("base")));
    }

    #[test]
    fn only_what_is_wrong_with_the_message_yields_to_401_and_only_where_connecting_needs_a_token() {
        let anonymous = || Ok(Identity::Anonymous);
        for (fault, status) in [
            (bad_message(), 400),
            (Rejection::UnknownMethod { method: "x".to_owned(), era: mcp_auth_core::Era::Stateless }, 404),
            (Rejection::HeaderMismatch(crate::envelope::HeaderMismatch::Method), 400),
            (Rejection::ContentEncoding, 415),
            (Rejection::ContentType, 415),
            (Rejection::NotAcceptable { send: "*/*" }, 406),
            (Rejection::BodyBroken, 400),
            (Rejection::MethodNotAllowed { allow: "POST" }, 405),
        ] {
            assert_eq!(answered(fault.clone(), anonymous(), Connect::Authenticated), 401, "{fault:?}");
            assert_eq!(answered(fault.clone(), anonymous(), Connect::Anonymous), status, "{fault:?}");
            let known = Ok(holder("read"));
            assert_eq!(answered(fault.clone(), known, Connect::Authenticated), status, "{fault:?}");
        }
        assert_eq!(answered(Rejection::UnknownSession, anonymous(), Connect::Authenticated), 404);
    }

    #[test]
    fn a_caller_that_has_to_log_in_is_told_so_also_where_there_is_no_room_for_its_message() {
        const FULL: Crowded = Crowded::Server { key: "limits.bodies", what: "bodies of requests" };
        let full = || Rejection::Crowded(FULL);
        assert_eq!(answered(full(), Ok(Identity::Anonymous), Connect::Authenticated), 401);
        assert_eq!(answered(full(), Ok(Identity::Anonymous), Connect::Anonymous), 503);
        assert_eq!(answered(full(), Ok(holder("read")), Connect::Authenticated), 503);
        assert_eq!(answered(full(), refused(), Connect::Anonymous), 401);
    }

    #[test]
    fn an_objection_waits_for_those_who_have_yet_to_say_who_they_are() {
        assert!(objection_outranks(None));
        let scopes = ScopeSet::parse_lossy("read");
        let held = ScopeSet::new();
        assert!(objection_outranks(Some(&Denied::InsufficientScope { required: scopes.clone(), held })));
        assert!(!objection_outranks(Some(&Denied::Unauthenticated { scopes })));
    }
}
