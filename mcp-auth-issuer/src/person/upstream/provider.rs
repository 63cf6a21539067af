//! Which provider it is, and what it is asked when a refresh follows it.

use mcp_auth_store::UpstreamGrant;
use serde_json::{Map, Value};

use super::exchange::NoToken;
use super::github::GitHub;
use super::openid::OpenId;
use super::options::UpstreamOptions;
use super::said::Said;
use crate::person::login::LoginError;

/// The provider.
pub(super) enum Provider {
    OpenId(Box<OpenId>),
    GitHub(Box<GitHub>),
}

/// Why the provider says nothing more of a person.
#[derive(Debug)]
pub(super) enum NotSeen {
    /// It ended what it gave, or the person is not one who is let in: they have to log in again.
    Over(&'static str),
    /// Nothing can be told now.
    Now(LoginError),
}

impl From<LoginError> for NotSeen {
    fn from(error: LoginError) -> Self {
        Self::Now(error)
    }
}

impl From<NoToken> for NotSeen {
    fn from(error: NoToken) -> Self {
        match error {
            NoToken::Grant => Self::Over("the provider refuses its refresh token"),
            error => Self::Now(error.into()),
        }
    }
}

impl Provider {
    /// Whether it can be asked about the person at all by what it gave: GitHub by an access token, which does not end by itself, and others by a
    /// refresh token.
    pub(super) fn can_be_asked(&self, grant: &UpstreamGrant) -> bool {
        match self {
            Self::OpenId(_) => grant.refresh_token.is_some(),
            Self::GitHub(_) => grant.access_token.is_some() || grant.refresh_token.is_some(),
        }
    }

    /// What its token endpoint gives for the refresh token, where there is one; of GitHub only where the access token has ended at `soon`.
    pub(super) async fn refreshed(
        &self,
        options: &UpstreamOptions,
        grant: &UpstreamGrant,
        soon: u64,
    ) -> Result<Option<Map<String, Value>>, NotSeen> {
        let Some(token) = &grant.refresh_token else { return Ok(None) };
        match self {
            Self::OpenId(openid) => openid.refreshed(options, token).await.map(Some),
            Self::GitHub(_) if !has_ended(grant, soon) => Ok(None),
            Self::GitHub(github) => github.refreshed(options, token).await.map(Some),
        }
    }

    /// What it says of the person after that; nothing, where it does not say it.
    pub(super) async fn said_again(
        &self,
        options: &UpstreamOptions,
        grant: &UpstreamGrant,
        answer: Option<&Map<String, Value>>,
    ) -> Result<Option<Said>, NotSeen> {
        match (self, answer, &grant.access_token) {
            (Self::OpenId(openid), Some(answer), _) => openid.said_again(options, grant, answer).await,
            (Self::GitHub(github), _, Some(token)) => github.said_again(options, token).await.map(Some),
            (Self::GitHub(_), _, None) => Err(LoginError::from(NoToken::Answer("an access token")).into()),
            (Self::OpenId(_), None, _) => Ok(None),
        }
    }
}

/// Whether the access token has ended at `now`.
pub(super) fn has_ended(grant: &UpstreamGrant, now: u64) -> bool {
    grant.access_token.is_none() || grant.access_expires_at.is_some_and(|at| at <= now)
}
