//! A line of the table of answers.

use std::borrow::Cow;

use ::http::{HeaderName, HeaderValue, StatusCode};
use mcp_auth_core::challenge::{BearerError, Challenge, Scheme};
use mcp_auth_core::{LoginTerms, ScopeSet};
use serde_json::Value;

/// When a rejection is settled: an earlier one is answered first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rank {
    /// Before the caller is known.
    Early,
    /// By the credential.
    Credential,
    /// By the message as such, for every caller.
    Message,
    /// By who the caller is and what the message asks for.
    Decision,
}

/// All that one rejection is answered with.
pub(super) struct Row<'a> {
    pub(super) status: StatusCode,
    /// The JSON-RPC error code. Where no specification names one it is the status, which lies outside of the range
    /// that JSON-RPC reserves.
    pub(super) code: i32,
    pub(super) rank: Rank,
    /// One sentence for those who read the client's log.
    pub(super) text: Cow<'a, str>,
    /// A header besides the usual ones.
    pub(super) header: Option<(HeaderName, HeaderValue)>,
    pub(super) says: Says<'a>,
}

/// What a row says besides its text: in the challenge, in `data`, or in both.
pub(super) enum Says<'a> {
    /// Nothing besides its text.
    Nothing,
    /// A challenge (RFC 6750 §3).
    Challenge { error: Option<BearerError>, scopes: Option<&'a ScopeSet> },
    /// A challenge for more scopes.
    Scopes { required: &'a ScopeSet, held: &'a ScopeSet },
    /// A challenge for another login (RFC 9470 §3).
    Login { terms: &'a LoginTerms, scopes: &'a ScopeSet },
    /// What is needed and what is held, and a challenge that asks for nothing.
    Lacks { required: &'a ScopeSet, held: &'a ScopeSet },
    /// The URI that is not there.
    Uri(Cow<'a, str>),
    /// What another specification says stands in `data`.
    Other(Option<Value>),
}

impl<'a> Row<'a> {
    pub(super) fn new(status: StatusCode, rank: Rank, text: impl Into<Cow<'a, str>>) -> Self {
        let code = i32::from(status.as_u16());
        Self { status, code, rank, text: text.into(), header: None, says: Says::Nothing }
    }

    pub(super) fn code(self, code: i32) -> Self {
        Self { code, ..self }
    }

    pub(super) fn header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { header: Some((name, value)), ..self }
    }

    pub(super) fn says(self, says: Says<'a>) -> Self {
        Self { says, ..self }
    }

    /// The challenge, where RFC 6750 §3 wants one; in which scheme, `schemes` says.
    pub(super) fn challenge(&self) -> Option<Challenge> {
        let (error, scopes) = match &self.says {
            Says::Challenge { error, scopes } => (*error, scopes.cloned().unwrap_or_default()),
            Says::Scopes { required, held } => {
                (Some(BearerError::InsufficientScope), required.iter().chain(*held).cloned().collect())
            }
            Says::Login { scopes, .. } => {
                (Some(BearerError::InsufficientUserAuthentication), (*scopes).clone())
            }
            Says::Lacks { .. } => (Some(BearerError::InsufficientScope), ScopeSet::new()),
            Says::Nothing | Says::Uri(_) | Says::Other(_) => return None,
        };
        let error = error.map(|error| (error, self.text.clone().into_owned()));
        let login = match &self.says {
            Says::Login { terms, .. } => (*terms).clone(),
            _ => LoginTerms::NONE,
        };
        Some(Challenge { scheme: Scheme::Bearer, error, scopes, login })
    }
}
