//! `GET /authorize/login` and, from a provider, `/authorize/login/NAME`: a person comes back from another page of the login. Only the browser that
//! went there is logged in, once and within ten minutes; then it sees the page again that it came from, or that page was answered before.
//!
//! An answer that is posted (`response_mode=form_post`) does not arrive: browsers send our cookie (`SameSite=Lax`) along with a link from another
//! site, and not with its form, and without the cookie nothing would tell this browser from any other.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Method, StatusCode, Uri};
use mcp_auth_store::StoreError;

use super::authorize::Untrusted;
use super::away::{Away, Purpose, Way};
use super::{account, authorize, confirm, connect, device};
use crate::issuer::Issuer;
use crate::observe::login::{LoginLimited, PageRefused};
use crate::observe::{Event as _, Reason, Word};
use crate::person::page::{ErrorPage, errors, speak};
use crate::rate_limit::TooSoon;
use crate::request::Params;
use crate::request::address::CameFrom;
use crate::request::opened::is_opened;

/// The longest query, in bytes.
const MAX_QUERY: usize = 16 * 1024;

/// Why a person is not logged in who comes back.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("the request itself: {0}")]
    Untrusted(#[from] Untrusted),
    #[error("no login was begun under that name in this browser, or it is used up")]
    Gone,
    #[error("it is the answer to a login that was begun at another provider")]
    OtherProvider,
    #[error("too many come back from this address, for {retry_after}s more")]
    TooOften { retry_after: u64 },
    #[error("the store failed")]
    Store(#[from] StoreError),
}

/// A person who came back to the browser that they had gone from.
pub(super) struct Returned<'h> {
    /// The session identifier of the browser.
    pub(super) cookie: &'h str,
    /// What was kept when they went.
    pub(super) away: Away,
    /// What they bring along, still to be verified.
    pub(super) answer: Params,
}

/// `GET /authorize/login`, and `/authorize/login/NAME`
pub(crate) async fn get(
    State(issuer): State<Arc<Issuer>>,
    method: Method,
    upstream: Option<Path<String>>,
    uri: Uri,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
) -> Response {
    let upstream = upstream.as_ref().map(|Path(name)| name.as_str());
    let query = uri.query().unwrap_or_default();
    let from = (&headers, address);
    let returned = match read(&issuer, (&method, upstream), query, from).await {
        Ok(returned) => returned,
        Err(refusal) => return refusal.respond(&issuer, address),
    };
    let query = returned.away.query().to_owned();
    // Each page says in its own words why somebody is not logged in.
    match returned.away.purpose {
        Purpose::Account => account::returned(&issuer, from, returned)
            .await
            .unwrap_or_else(|why| why.respond(&issuer, address)),
        Purpose::Authorize => authorize::returned(&issuer, from, &query, returned)
            .await
            .unwrap_or_else(|why| why.respond(&issuer, address)),
        Purpose::Confirm => confirm::returned(&issuer, from, &query, returned)
            .await
            .unwrap_or_else(|why| why.respond(&issuer, address, confirm::words())),
        Purpose::Connect => connect::returned(&issuer, from, &query, returned)
            .await
            .unwrap_or_else(|why| why.respond(&issuer, address, connect::words())),
        Purpose::Connected => connect::connected(&issuer, from, &query, returned)
            .await
            .unwrap_or_else(|why| why.respond(&issuer, address, connect::words())),
        Purpose::Device => device::returned(&issuer, from, &query, returned)
            .await
            .unwrap_or_else(|why| why.respond(&issuer, address)),
        // That page is for people with an account here, whose login leads nowhere else.
        Purpose::Factors => Refusal::Gone.respond(&issuer, address),
    }
}

async fn read<'h>(
    issuer: &Issuer,
    (method, upstream): (&Method, Option<&str>),
    query: &str,
    (headers, address): (&'h HeaderMap, Option<IpAddr>),
) -> Result<Returned<'h>, Refusal> {
    if !issuer.origin.is_host_of(headers) {
        return Err(Untrusted::Host.into());
    }
    // Who only looks would use up the login, and the person would come too late.
    let is_navigated = headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
    if !is_navigated || !is_opened(method, headers) {
        return Err(Untrusted::NotNavigated.into());
    }
    if query.len() > MAX_QUERY {
        return Err(Untrusted::TooLong.into());
    }
    let answer = Params::parse(query).map_err(Untrusted::Unreadable)?;
    // Of what comes twice, the login could read one and its other page have meant the other.
    if answer.repeated().is_some() {
        return Err(Refusal::Gone);
    }
    // What is brought to another path is known there, so it is used up too.
    let provider = issuer.provider(upstream).unwrap_or(&*issuer.login);
    let (Some(name), Some(cookie)) = (provider.transaction(&answer), issuer.cookie.read(headers)) else {
        return Err(Refusal::Gone);
    };
    // Before anything is asked of anybody for them, and before their transaction is used up: they may come again.
    if let Err(TooSoon { retry_after }) = Way::Back.count(issuer, address).await? {
        return Err(Refusal::TooOften { retry_after });
    }
    let away = Away::back(issuer, name, cookie).await?.ok_or(Refusal::Gone)?;
    let began = away.url.split_once('?').and_then(|(_, query)| Params::parse(query).ok());
    began.iter().for_each(speak);
    // The transaction is used up at this point: the answer may be of another provider than the one that was asked (RFC 9700 §4.4.2).
    let logs_in = away.purpose != Purpose::Connected;
    if away.upstream.as_deref() != upstream || logs_in != (upstream == issuer.login.upstream()) {
        return Err(Refusal::OtherProvider);
    }
    Ok(Returned { cookie, away, answer })
}

/// Tells the operator that nobody came back.
fn refused(address: Option<IpAddr>, reason: Reason<'_>) {
    PageRefused { page: Word("login"), address, reason }.happened();
}

impl Refusal {
    fn respond(self, issuer: &Issuer, address: Option<IpAddr>) -> Response {
        match self {
            Self::Untrusted(untrusted) => {
                refused(address, Reason::Refused(&untrusted));
                untrusted.page(issuer).into_response()
            }
            Self::Gone | Self::OtherProvider => {
                refused(address, Reason::Refused(&self));
                ErrorPage::new(issuer, StatusCode::BAD_REQUEST, errors().no_login_waits).into_response()
            }
            Self::TooOften { retry_after } => {
                LoginLimited { client_id: None, address, wait: retry_after }.happened();
                ErrorPage::new(issuer, StatusCode::TOO_MANY_REQUESTS, errors().many_came_back)
                    .after(Some(retry_after))
                    .into_response()
            }
            Self::Store(error) => {
                refused(address, Reason::Failed(&format_args!("{error}: {:?}", error.cause())));
                ErrorPage::new(issuer, StatusCode::SERVICE_UNAVAILABLE, errors().unavailable).into_response()
            }
        }
    }
}
