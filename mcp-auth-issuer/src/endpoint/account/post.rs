//! `POST /account`: what a person does on the page, sent by one of our own forms.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use mcp_auth_store::{Browser, Connection, StoreError};

use super::get::page;
use super::visit::{Known, connected_accounts, login_step};
use crate::endpoint::authorize::{Untrusted, see_other};
use crate::endpoint::log_out::LogOut;
use crate::endpoint::login_step::Answered;
use crate::endpoint::page_form::PageForm;
use crate::endpoint::page_not_shown::PageNotShown;
use crate::endpoint::path::ACCOUNT;
use crate::endpoint::press::end_presses;
use crate::issuer::Issuer;
use crate::observe::connect::AccountDisconnected;
use crate::observe::token::GrantEnded;
use crate::observe::{Event as _, Reason, Word};
use crate::request::address::CameFrom;

/// `POST /account`
pub(crate) async fn post(
    State(issuer): State<Arc<Issuer>>,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match decide(&issuer, (&headers, address), body).await {
        Ok(response) => response,
        Err(why) => why.respond(&issuer, address),
    }
}

async fn decide(
    issuer: &Issuer,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    body: Body,
) -> Result<Response, PageNotShown> {
    PageForm::is_sent_by_our_page(issuer, headers)?;
    let form: Result<_, PageNotShown> = PageForm::read(issuer, headers, body, (ACCOUNT, ACCOUNT)).await;
    let PageForm { fields: form, cookie, browser } = form?;
    if let Some("end" | "deny") = form.get("decision") {
        end_presses(issuer, cookie).await?;
    }
    match (form.get("decision"), browser) {
        (Some("login"), _) => match login_step().answered(issuer, (headers, address), cookie, &form).await? {
            Answered::Person(user) => Ok(login_step().begin(issuer, (cookie, address), user).await?),
            Answered::Page(page) => Ok(page),
        },
        (Some("end"), Some(browser)) => {
            end(issuer, (&browser, address), form.get("application").unwrap_or_default()).await?;
            Ok(see_other(ACCOUNT))
        }
        (Some("disconnect"), Some(browser)) => {
            disconnect(issuer, (&browser, address), form.get("upstream").unwrap_or_default()).await?;
            Ok(see_other(ACCOUNT))
        }
        (Some("logout"), Some(browser)) => {
            let everywhere = form.get("everywhere") == Some("yes");
            let log_out = if everywhere { LogOut::Everywhere } else { LogOut::Here };
            Ok(log_out.at(issuer, (cookie, Some(&browser)), address, ACCOUNT).await?)
        }
        // Nobody is logged in any more: what the browser remembers is forgotten all the same.
        (Some("logout"), None) => Ok(LogOut::Here.at(issuer, (cookie, None), address, ACCOUNT).await?),
        // Nobody is logged in any more, or the person cancelled the login.
        (Some("end" | "disconnect" | "deny"), _) => page(issuer, headers).await,
        (_, _) => Err(Untrusted::Stale { page: ACCOUNT.to_owned() }.into()),
    }
}

/// Forgets what the provider gave for the account that this person connected there. It may be gone already.
async fn disconnect(
    issuer: &Issuer,
    (browser, address): (&Browser, Option<IpAddr>),
    upstream: &str,
) -> Result<(), StoreError> {
    let subject = &*browser.subject;
    let connected = connected_accounts(issuer, subject).await?;
    if connected.iter().any(|line| line.upstream == upstream) {
        issuer.store.upstream_grants().forget(Connection { subject, upstream }, issuer.now()).await?;
        AccountDisconnected { subject, upstream, address }.happened();
    }
    Ok(())
}

/// Ends all that one application was allowed, if it is among those that this person let in: each end is something that every server has to
/// know. It may be gone already.
async fn end(
    issuer: &Issuer,
    (browser, address): (&Browser, Option<IpAddr>),
    client_id: &str,
) -> Result<(), StoreError> {
    let (store, subject) = (&issuer.store, &*browser.subject);
    let known = Known::of(issuer, subject).await?;
    let Some(ended) = known.applications.into_iter().find(|known| known.client_id == client_id) else {
        return Ok(());
    };
    store.consents().end_client_of_person(subject, client_id, issuer.now()).await?;
    let ended_grant = |grant_id: Option<&str>| {
        let (by, reason) = (Word("person"), Reason::Refused(&"its person ended it"));
        GrantEnded { by, client_id, subject, grant_id, address, reason }.happened();
    };
    match ended.grants.is_empty() {
        // It could not renew its access, and needs to ask again now.
        true => ended_grant(None),
        false => ended.grants.iter().for_each(|name| ended_grant(Some(name))),
    }
    Ok(())
}
