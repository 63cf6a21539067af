//! `POST /authorize/connect`: what a person does on the page, sent by one of our own forms.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, Uri};
use mcp_auth_store::{Answer, Connection, SecretHash};

use super::account::WantedAccount;
use super::ended::{done, words};
use super::get::page;
use super::provider;
use crate::endpoint::authorize::Untrusted;
use crate::endpoint::login_step::Answered;
use crate::endpoint::page_form::PageForm;
use crate::endpoint::waiting::NotAnswered;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::connect::{AccountConnected, AccountNotTheirs, ConnectionDenied};
use crate::person::page::NotConnected;
use crate::request::address::CameFrom;

/// `POST /authorize/connect`
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
    let wanted = WantedAccount::read(issuer, uri.query().unwrap_or_default()).await?;
    let url = &wanted.waiting.url;
    let form: Result<_, NotAnswered> = PageForm::read(issuer, headers, body, (url, url)).await;
    let PageForm { fields: form, cookie, browser } = form?;
    let its_person = browser.filter(|browser| wanted.is_for(browser));
    match (form.get("decision"), its_person) {
        (Some("login"), _) => {
            let from = (headers, address);
            let answered = wanted.login_step().answered(issuer, from, cookie, &form).await?;
            logged_in(issuer, &wanted, (cookie, address), answered).await
        }
        (Some("connect"), Some(_)) => match provider::leave(issuer, &wanted, (cookie, address)).await? {
            Ok(there) => Ok(there),
            Err(why) => page(issuer, headers, &wanted, Some(why)).await,
        },
        (Some("use"), Some(_)) => {
            let account = form.get("account").unwrap_or_default();
            connect(issuer, &wanted, (headers, address), account).await
        }
        // The login page has this button too, so that a person who does not want it can say so without logging in.
        (Some("deny"), its_person) => {
            wanted.waiting.answer(issuer, Answer::Denied).await?;
            wanted.forget_named(issuer).await;
            let asked = &wanted.waiting.asked;
            ConnectionDenied {
                subject: its_person.as_ref().map(|browser| &*browser.subject),
                client_id: asked.client_id.as_deref(),
                tool: &asked.tool,
                upstream: wanted.upstream(),
                address,
            }
            .happened();
            Err(NotAnswered::Denied)
        }
        // The login ended while the page was open, so the person logs in again.
        (Some("connect" | "use"), None) => page(issuer, headers, &wanted, Some(NotConnected::Late)).await,
        (_, _) => Err(Untrusted::Stale { page: url.clone() }.into()),
    }
}

/// Connects the account that the provider named and the page showed: it is the one.
async fn connect(
    issuer: &Issuer,
    wanted: &WantedAccount<'_>,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    shown: &str,
) -> Result<Response, NotAnswered> {
    let named = wanted.named(issuer).await?;
    let named = named.and_then(|grant| Some((grant.account.clone()?, grant)));
    // Another window may have brought another one since the page was shown.
    let Some((account, grant)) =
        named.filter(|(account, _)| SecretHash::of(&account.subject).digits() == shown)
    else {
        return page(issuer, headers, wanted, Some(NotConnected::Late)).await;
    };
    let asked = &wanted.waiting.asked;
    let of = Connection { subject: &asked.subject, upstream: wanted.upstream() };
    let (now, grants) = (issuer.now(), issuer.store.upstream_grants());
    grants.keep(of, grant, now.saturating_add(issuer.lifetimes.grant), now).await?;
    // What ended meanwhile does not begin again by this: first the logins of a person end, then what is kept for them goes.
    let answered = match issuer.session(headers).await {
        Ok((_, Some(browser))) if wanted.is_for(&browser) => {
            wanted.waiting.answer(issuer, Answer::Allowed).await
        }
        Ok(_) => Err(NotAnswered::Gone),
        Err(error) => Err(error.into()),
    };
    if let Err(why) = answered {
        if let Err(error) = grants.forget(of, now).await {
            // It stays connected, and the person sees and disconnects it at `/account`.
            tracing::error!(subject = of.subject, upstream = of.upstream, %error, "an account is connected whose page says that it failed");
        }
        return Err(why);
    }
    wanted.forget_named(issuer).await;
    let client_id = asked.client_id.as_deref();
    let (subject, upstream, tool) = (&*asked.subject, wanted.upstream(), &*asked.tool);
    AccountConnected { subject, upstream, account: &account.subject, client_id, tool, address }.happened();
    Ok(done(issuer, wanted.provider, &account))
}

/// What comes after a step of the login on this page.
pub(super) async fn logged_in(
    issuer: &Issuer,
    wanted: &WantedAccount<'_>,
    (cookie, address): (&str, Option<IpAddr>),
    answered: Answered,
) -> Result<Response, NotAnswered> {
    let asked = &wanted.waiting.asked;
    match answered {
        Answered::Person(user) if user.subject == asked.subject => {
            Ok(wanted.login_step().begin(issuer, (cookie, address), user).await?)
        }
        // The call ends, and its caller is told why: they may have sent the link to somebody whose account it would have got.
        Answered::Person(user) => {
            wanted.waiting.answer(issuer, Answer::Foreign).await?;
            AccountNotTheirs {
                subject: &user.subject,
                caller: &asked.subject,
                client_id: asked.client_id.as_deref(),
                tool: &asked.tool,
                upstream: wanted.upstream(),
                address,
            }
            .happened();
            Err(NotAnswered::Foreign)
        }
        Answered::Page(page) => Ok(page),
    }
}
