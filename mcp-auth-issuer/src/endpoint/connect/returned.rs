//! A person comes back to the page: from another page of the login, or from the provider.

use std::net::IpAddr;

use axum::response::Response;
use http::HeaderMap;
use mcp_auth_store::SecretHash;

use super::account::WantedAccount;
use super::get::page;
use super::post::logged_in;
use super::provider::{Back, back};
use crate::endpoint::authorize::see_other;
use crate::endpoint::returned::Returned;
use crate::endpoint::waiting::NotAnswered;
use crate::issuer::Issuer;
use crate::person::page::NotConnected;

/// Logs them in, and shows what is to be connected.
pub(crate) async fn returned(
    issuer: &Issuer,
    from: (&HeaderMap, Option<IpAddr>),
    query: &str,
    returned: Returned<'_>,
) -> Result<Response, NotAnswered> {
    let wanted = WantedAccount::read(issuer, query).await?;
    let cookie = returned.cookie;
    let answered = wanted.login_step().returned(issuer, from, returned).await?;
    logged_in(issuer, &wanted, (cookie, from.1), answered).await
}

/// Keeps what the provider gave, for the person who went there and is at this browser still, and shows them which account it is: the provider may
/// have taken one that they did not mean.
pub(crate) async fn connected(
    issuer: &Issuer,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    query: &str,
    Returned { cookie, away, answer }: Returned<'_>,
) -> Result<Response, NotAnswered> {
    let wanted = WantedAccount::read(issuer, query).await?;
    let (_, browser) = issuer.session(headers).await?;
    let is_there = browser.is_some_and(|browser| wanted.is_for(&browser));
    if !is_there || away.request != SecretHash::of(&wanted.waiting.url) {
        return page(issuer, headers, &wanted, Some(NotConnected::Late)).await;
    }
    match back(issuer, &wanted, (cookie, address), (&away, &answer)).await? {
        Back::Given(grant) => {
            wanted.keep_named(issuer, *grant).await?;
            Ok(see_other(&wanted.waiting.url))
        }
        Back::Again(there) => Ok(there),
        Back::Not(why) => page(issuer, headers, &wanted, Some(why)).await,
    }
}
