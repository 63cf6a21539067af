//! `POST /authorize/confirm`: what a person does on the page, sent by one of our own forms.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use mcp_auth_store::{Answer, SecretHash};

use super::call::WaitingCall;
use super::ended::{allowed, words};
use super::get::page;
use crate::endpoint::authorize::Untrusted;
use crate::endpoint::login_step::Answered;
use crate::endpoint::page_form::PageForm;
use crate::endpoint::waiting::NotAnswered;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::confirm::{CallConfirmed, CallDenied, CallNotTheirs};
use crate::person::page::Notice;
use crate::request::address::CameFrom;

/// `POST /authorize/confirm`
pub(crate) async fn post(
    State(issuer): State<Arc<Issuer>>,
    uri: Uri,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
    body: Body,
) -> Response {
    match decide(&issuer, &uri, (&headers, address), body).await {
        Ok(response) => response,
        Err(why) => why.respond(&issuer, address, words()),
    }
}

async fn decide(
    issuer: &Issuer,
    uri: &Uri,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    body: Body,
) -> Result<Response, NotAnswered> {
    PageForm::is_sent_by_our_page(issuer, headers)?;
    let call = WaitingCall::read(issuer, uri.query().unwrap_or_default()).await?;
    let form: Result<_, NotAnswered> =
        PageForm::read(issuer, headers, body, (&call.0.url, &call.0.url)).await;
    let PageForm { fields: form, cookie, browser } = form?;

    let asked = &call.0.asked;
    let its_person = browser.filter(|browser| call.is_logged_in_at(browser));
    match (form.get("decision"), its_person) {
        (Some("login"), _) => {
            let from = (headers, address);
            let answered = call.login_step().answered(issuer, from, cookie, &form).await?;
            logged_in(issuer, &call, (cookie, address), answered).await
        }
        (Some("allow"), Some(_)) => {
            call.0.answer(issuer, Answer::Allowed).await?;
            issuer.store.browser_sessions().end(SecretHash::of(cookie)).await?;
            let (subject, client_id, tool) = (&*asked.subject, asked.client_id.as_deref(), &*asked.tool);
            CallConfirmed { subject, client_id, tool, address }.happened();
            Ok(allowed(issuer))
        }
        // The login page has this button too, so that a person who does not know the call can deny it without logging in.
        (Some("deny"), its_person) => {
            call.0.answer(issuer, Answer::Denied).await?;
            if its_person.is_some() {
                issuer.store.browser_sessions().end(SecretHash::of(cookie)).await?;
            }
            let subject = its_person.as_ref().map(|browser| &*browser.subject);
            CallDenied { subject, client_id: asked.client_id.as_deref(), tool: &asked.tool, address }
                .happened();
            Err(NotAnswered::Denied)
        }
        // The login ended while the page was open, so the person logs in again.
        (Some("allow"), None) => page(issuer, headers, &call, Some(Notice::Ended)).await,
        (_, _) => Err(Untrusted::Stale { page: call.0.url.clone() }.into()),
    }
}

/// What comes after a step of the login for this call.
pub(super) async fn logged_in(
    issuer: &Issuer,
    call: &WaitingCall,
    (cookie, address): (&str, Option<IpAddr>),
    answered: Answered,
) -> Result<Response, NotAnswered> {
    let asked = &call.0.asked;
    match answered {
        Answered::Person(user) if user.subject == asked.subject => {
            Ok(call.login_step().begin(issuer, (cookie, address), user).await?)
        }
        // This person is shown nothing of the call. The call ends, and its caller is told why.
        Answered::Person(user) => {
            call.0.answer(issuer, Answer::Foreign).await?;
            CallNotTheirs {
                subject: &user.subject,
                caller: &asked.subject,
                client_id: asked.client_id.as_deref(),
                tool: &asked.tool,
                address,
            }
            .happened();
            Err(NotAnswered::Foreign)
        }
        Answered::Page(page) => Ok(page),
    }
}
