//! A person comes back to the page: from another page of the login, or from the provider.

use std::net::IpAddr;

use axum::response::Response;
use http::HeaderMap;
use mcp_auth_store::{Answer, Connection, SecretHash, UpstreamGrant};

use super::account::WantedAccount;
use super::get::page;
use super::post::logged_in;
use super::provider::{Back, Given, back};
use super::refusal::done;
use crate::endpoint::returned::Returned;
use crate::endpoint::waiting::NotAnswered;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::connect::AccountConnected;
use crate::person::page::Notice;

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

/// Keeps what the provider gave, for the person who pressed the button and is at this browser still.
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
        return page(issuer, headers, &wanted, Some(Notice::Late)).await;
    }
    let given = match back(issuer, &wanted, (cookie, address), (&away, &answer)).await? {
        Back::Given(given) => *given,
        Back::Again(there) => return Ok(there),
        Back::Not(notice) => return page(issuer, headers, &wanted, Some(notice)).await,
    };
    let asked = &wanted.waiting.asked;
    let (subject, upstream) = (&*asked.subject, asked.connects.as_deref().unwrap_or_default());
    let Given { account, grant } = given;
    let (name, account_subject) = (account.name.clone(), account.subject.clone());
    let grant = UpstreamGrant { account: Some(account), ..grant };
    let (until, now) = (issuer.now().saturating_add(issuer.lifetimes.grant), issuer.now());
    issuer.store.upstream_grants().keep(Connection { subject, upstream }, grant, until, now).await?;
    wanted.waiting.answer(issuer, Answer::Allowed).await?;
    let client_id = asked.client_id.as_deref();
    AccountConnected { subject, upstream, account: &account_subject, client_id, tool: &asked.tool, address }
        .happened();
    Ok(done(issuer, wanted.provider, name.as_deref()))
}
