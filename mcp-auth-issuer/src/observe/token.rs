//! Tokens are issued, refused and revoked, and grants end.

use std::net::IpAddr;

use super::event::events;
use super::{Reason, Word};

events! {
    /// A client got an access token.
    TokenIssued<'a> = "token_issued", INFO {
        grant: Word, client_id: &'a str, subject: &'a str, scopes: &'a str, grant_id: Option<&'a str>, is_bound: bool,
        of_client: Option<&'a str>, assertion_issuer: Option<&'a str>, assertion_subject: Option<&'a str>,
        address: Option<IpAddr>,
    }
    /// A client got no access token. A device that still waits for its person is not written.
    TokenRefused<'a> = "token_refused", WARN {
        grant: Option<Word>, client_id: Option<&'a str>, address: Option<IpAddr>, reason: Reason<'a>,
    }
    /// A grant ended before its time, with its refresh token and its access tokens. Without `grant_id` it is the one that the code was
    /// used for first.
    GrantEnded<'a> = "grant_ended", WARN {
        by: Word, client_id: &'a str, subject: &'a str, grant_id: Option<&'a str>, address: Option<IpAddr>, reason: Reason<'a>,
    }
    /// The configuration gives a client, a person or, without either, people whom it does not name less than at the start before: the access
    /// tokens that they hold are refused. Each start in the 70 minutes after it says and does it again.
    AccessWithdrawn<'a> = "access_withdrawn", WARN {
        client_id: Option<&'a str>, subject: Option<&'a str>, reason: Reason<'a>,
    }
    /// A client gave up an access token.
    TokenRevoked<'a> = "token_revoked", INFO { client_id: &'a str, subject: &'a str, ended: Word, address: Option<IpAddr> }
    /// A revocation was refused.
    RevocationRefused<'a> = "revocation_refused", WARN {
        client_id: Option<&'a str>, address: Option<IpAddr>, reason: Reason<'a>,
    }
    /// A client asked whether a token is good, and was told. Whose token it is stands here if it is good.
    TokenIntrospected<'a> = "token_introspected", INFO {
        client_id: &'a str, is_active: bool, subject: Option<&'a str>, address: Option<IpAddr>,
    }
    /// A client may not ask whether a token is good.
    IntrospectionRefused<'a> = "introspection_refused", WARN {
        client_id: Option<&'a str>, address: Option<IpAddr>, reason: Reason<'a>,
    }
}
