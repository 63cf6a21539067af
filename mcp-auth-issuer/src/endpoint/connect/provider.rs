//! A person goes to the provider to connect their account there, and comes back with what it says.

use std::net::IpAddr;

use axum::response::Response;
use mcp_auth_core::SecretText;
use mcp_auth_core::seen::plain;
use mcp_auth_store::{ConnectedAccount, SecretHash, StoreError, UpstreamGrant};

use super::account::WantedAccount;
use crate::endpoint::authorize::see_other;
use crate::endpoint::away::{Away, Purpose, Way};
use crate::endpoint::login_step::MAX_NAME;
use crate::issuer::Issuer;
use crate::observe::connect::ConnectionFailed;
use crate::observe::{Event as _, Reason};
use crate::person::page::NotConnected;
use crate::person::{Attempt, Leave, Login as _, LoginError, Step};
use crate::rate_limit::TooSoon;
use crate::request::Params;
use crate::secret::secret;

/// What comes after the provider.
pub(super) enum Back {
    /// What it gave, and for which account.
    Given(Box<UpstreamGrant>),
    /// They are sent there once more.
    Again(Response),
    /// Nothing, for this reason.
    Not(NotConnected),
}

/// Sends the browser with the session identifier `id` there.
pub(super) async fn leave(
    issuer: &Issuer,
    wanted: &WantedAccount<'_>,
    (id, address): (&str, Option<IpAddr>),
) -> Result<Result<Response, NotConnected>, StoreError> {
    if let Err(TooSoon { retry_after }) = Way::Out.count(issuer, address).await? {
        return Ok(Err(failed(wanted, address, LoginError::TooOften { wait: retry_after })));
    }
    let (transaction, client_name) = (secret(&*issuer.ambient.random), client_name(wanted));
    let attempt = attempt(issuer, wanted, (&client_name, None), (&transaction, ""), address);
    // The provider named one, and they want another.
    let attempt = Attempt { another: wanted.named(issuer).await?.is_some(), ..attempt };
    match wanted.provider.finish(&attempt, &Params::default()).await {
        Ok(Step::Leave(leave)) => Ok(Ok(go(issuer, wanted, (id, &transaction), leave).await?)),
        Ok(_) => Ok(Err(failed(wanted, address, nonsense()))),
        Err(error) => Ok(Err(failed(wanted, address, error))),
    }
}

/// What the provider says to who comes back from there to the browser with the session identifier `id`.
pub(super) async fn back(
    issuer: &Issuer,
    wanted: &WantedAccount<'_>,
    (id, address): (&str, Option<IpAddr>),
    (away, answer): (&Away, &Params),
) -> Result<Back, StoreError> {
    let (next, client_name, found) = (secret(&*issuer.ambient.random), client_name(wanted), away.found());
    let name = wanted.provider.transaction(answer).unwrap_or_default();
    let attempt = attempt(issuer, wanted, (&client_name, found.as_ref()), (name, &next), address);
    Ok(match wanted.provider.returned(&attempt, answer).await {
        Ok(Step::Leave(leave)) => Back::Again(go(issuer, wanted, (id, &next), leave).await?),
        Ok(Step::Done(user)) => match user.upstream {
            Some(grant) => {
                let login = issuer.login.kind().into_owned();
                let account = ConnectedAccount {
                    subject: user.subject,
                    name: user.name,
                    known_as: user.known_as,
                    login,
                };
                Back::Given(Box::new(UpstreamGrant { account: Some(account), ..*grant }))
            }
            None => Back::Not(failed(wanted, address, nonsense())),
        },
        Ok(_) => Back::Not(failed(wanted, address, nonsense())),
        Err(error) => Back::Not(failed(wanted, address, error)),
    })
}

async fn go(
    issuer: &Issuer,
    wanted: &WantedAccount<'_>,
    (id, name): (&str, &str),
    leave: Leave,
) -> Result<Response, StoreError> {
    let url = &wanted.waiting.url;
    let mut away =
        Away::begun(Purpose::Connected, url, SecretHash::of(url), issuer.now(), leave.found.as_ref());
    away.upstream = wanted.waiting.asked.connects.clone();
    away.keep(issuer, name, id).await?;
    Ok(see_other(leave.url.as_str()))
}

fn attempt<'a>(
    issuer: &'a Issuer,
    wanted: &'a WantedAccount<'_>,
    (client_name, found): (&'a str, Option<&'a SecretText>),
    (transaction, next): (&'a str, &'a str),
    address: Option<IpAddr>,
) -> Attempt<'a> {
    let (asked, url) = (&wanted.waiting.asked, &wanted.waiting.url);
    Attempt {
        issuer: issuer.origin.as_str(),
        client_name: Some(client_name).filter(|name| !name.is_empty()),
        found,
        transaction,
        bound_to: SecretHash::of(url),
        asked: Default::default(),
        address,
        now: issuer.now(),
        upstream: asked.connects.as_deref(),
        connects_for: Some(&asked.subject),
        another: false,
        next,
        store: Some(&issuer.store),
    }
}

fn client_name(wanted: &WantedAccount<'_>) -> String {
    let name = wanted.waiting.client.as_ref().and_then(|client| client.name.as_deref());
    plain(name.unwrap_or_default(), MAX_NAME)
}

/// The provider's login did what none of a provider does.
fn nonsense() -> LoginError {
    LoginError::Unavailable("the login neither leads to the provider nor names an account".into())
}

/// Tells the operator that nothing was connected, and says what the person is told.
fn failed(wanted: &WantedAccount<'_>, address: Option<IpAddr>, error: LoginError) -> NotConnected {
    let asked = &wanted.waiting.asked;
    let (subject, upstream) = (&*asked.subject, wanted.upstream());
    let (client_id, tool) = (asked.client_id.as_deref(), &*asked.tool);
    let happened = |reason: Reason<'_>| {
        ConnectionFailed { subject, upstream, client_id, tool, address, reason }.happened();
    };
    match &error {
        LoginError::Answer(cause) => happened(Reason::Refused(&format_args!("{error}: {cause}"))),
        LoginError::Unavailable(cause) => happened(Reason::Failed(&format_args!("{error}: {cause:?}"))),
        error => happened(Reason::Refused(error)),
    }
    match error {
        LoginError::TooOften { wait } => NotConnected::TooOften { wait },
        LoginError::Cancelled => NotConnected::Cancelled,
        LoginError::Unavailable(_) => NotConnected::Unavailable,
        _ => NotConnected::Refused,
    }
}
