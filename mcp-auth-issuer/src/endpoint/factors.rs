//! `/account/factors`: a person sets up, replaces or removes one-time codes, adds and removes passkeys, and changes their password. They logged in just now, with a second
//! factor where there is one: a browser that was left open is not enough.

use std::borrow::Cow;
use std::fmt::Display;
use std::net::IpAddr;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode};
use mcp_auth_core::bounds::MINUTE;
use mcp_auth_core::{SecretText, hex};
use mcp_auth_store::{Account, Browser, SecretHash, StoreError};

use super::authorize::Untrusted;
use super::away::Purpose;
use super::login_step::{Answered, LoginStep};
use super::page_form::PageForm;
use super::page_not_shown::PageNotShown;
use super::password_change;
use super::path::FACTORS;
use crate::issuer::Issuer;
use crate::observe::account::SecondFactorChangeRefused;
use crate::observe::login::LoginCancelled;
use crate::observe::{Event as _, Reason};
use crate::person::Asked;
use crate::person::accounts::{AccountsLogin, CODES, FactorsError, PASSKEY};
use crate::person::page::{FactorsPage, Notice, Shown, errors, texts};
use crate::request::address::CameFrom;
use crate::secret::secret;

/// How old the login may be, in seconds.
const FRESH: u64 = 5 * MINUTE;

/// A person who logged in just now.
pub(super) struct Fresh<'a> {
    pub(super) issuer: &'a Issuer,
    pub(super) accounts: &'a AccountsLogin,
    pub(super) account: Account,
    pub(super) cookie: &'a str,
    pub(super) browser: Browser,
}

/// `GET /account/factors`: shows the page. It changes nothing.
pub(crate) async fn get(
    State(issuer): State<Arc<Issuer>>,
    CameFrom(address): CameFrom,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        if !issuer.origin.is_host_of(&headers) {
            return Err(Untrusted::Host.into());
        }
        let (cookie, browser) = issuer.session(&headers).await?;
        match Fresh::of(&issuer, cookie, browser).await? {
            Some(fresh) => fresh.page(Shown::Overview, None).await,
            None => Ok(login_step().page(&issuer, &headers, None).await?),
        }
    };
    shown.await.unwrap_or_else(|why: PageNotShown| why.respond(&issuer, address))
}

/// `POST /account/factors`: what a person does on the page.
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
    let form: Result<_, PageNotShown> = PageForm::read(issuer, headers, body, (FACTORS, FACTORS)).await;
    let PageForm { fields, cookie, browser } = form?;
    let decision = fields.get("decision").unwrap_or_default();
    if decision == "login" {
        let step = login_step();
        return match step.answered(issuer, (headers, address), cookie, &fields).await? {
            Answered::Person(user) => Ok(step.begin(issuer, (cookie, address), user).await?),
            Answered::Page(page) => Ok(page),
        };
    }
    if decision == "deny" {
        LoginCancelled { client_id: None, address }.happened();
        return Err(changed_nothing());
    }
    let Some(fresh) = Fresh::of(issuer, Some(cookie), browser).await? else {
        return Ok(login_step().page(issuer, headers, Some(Notice::Ended)).await?);
    };
    let (accounts, name) = (fresh.accounts, fresh.account.name.clone());
    let given = |name| fields.get(name).unwrap_or_default();
    let factor = match decision {
        "begin" | "confirm" | "remove" => Some(CODES),
        "begin-passkey" | "add-passkey" | "remove-passkey" => Some(PASSKEY),
        _ => None,
    };
    let told = |why: &dyn Display| {
        let (subject, reason) = (&*name, Reason::Refused(why));
        SecondFactorChangeRefused { subject, factor, address, reason }.happened();
    };
    let refused = |error: FactorsError| {
        match &error {
            FactorsError::Store(_) => {}
            _ => told(&error),
        }
        PageNotShown::from(error)
    };
    match decision {
        "begin" => {
            let setup = accounts.begin_totp(&name).await.map_err(refused)?;
            fresh.page(Shown::Setup(setup), None).await
        }
        "confirm" => {
            let begun = fields.get("begun").and_then(hex::read).map(SecretHash::from_bytes);
            let begun = begun.ok_or(FactorsError::Gone).map_err(refused)?;
            match accounts.confirm_totp(&name, begun, (given("code"), address)).await {
                Ok(codes) => Ok(fresh.goes_on_with_codes(codes, None).await),
                Err(error @ FactorsError::WrongCode) => {
                    told(&error);
                    let setup = accounts.begun_totp(&fresh.account, begun).ok_or(FactorsError::Gone)?;
                    let why = texts().wrong_setup_code;
                    fresh.page(Shown::Setup(setup), Some((StatusCode::UNPROCESSABLE_ENTITY, why))).await
                }
                Err(error) => Err(refused(error)),
            }
        }
        "renew" => {
            let codes = accounts.renew_recovery_codes(&name, address).await.map_err(refused)?;
            Ok(fresh.codes(codes, None))
        }
        "remove" => {
            accounts.remove_totp(&name, address).await.map_err(refused)?;
            let account = accounts.account(&name).await?;
            let why = match account.has_second_factor() {
                true => texts().app_codes_ended,
                false => texts().all_codes_ended,
            };
            Fresh { account, ..fresh }.goes_on(Shown::Overview, Some((StatusCode::OK, why))).await
        }
        "begin-passkey" => match accounts.begin_passkey(&name, given("name"), SecretHash::of(cookie)).await {
            Ok(setup) => fresh.page(Shown::Passkey(setup), None).await,
            Err(FactorsError::Name) => {
                let why = texts().passkey_name_unfit;
                fresh.page(Shown::Overview, Some((StatusCode::UNPROCESSABLE_ENTITY, why))).await
            }
            Err(error) => Err(refused(error)),
        },
        "add-passkey" => {
            let browser = SecretHash::of(cookie);
            match accounts.add_passkey(&name, given("begun"), given("passkey"), (browser, address)).await {
                Ok(codes) => {
                    let why = Some((StatusCode::OK, texts().passkey_added));
                    if !codes.is_empty() {
                        return Ok(fresh.goes_on_with_codes(codes, why).await);
                    }
                    let account = accounts.account(&name).await?;
                    Fresh { account, ..fresh }.goes_on(Shown::Overview, why).await
                }
                Err(FactorsError::Passkey(error)) => {
                    told(&error);
                    let why = texts().passkey_unfit;
                    fresh.page(Shown::Overview, Some((StatusCode::UNPROCESSABLE_ENTITY, why))).await
                }
                Err(error) => Err(refused(error)),
            }
        }
        "remove-passkey" => {
            let removed = fields.get("removed").and_then(hex::read).map(SecretHash::from_bytes);
            let removed = removed.ok_or(FactorsError::Gone).map_err(refused)?;
            accounts.remove_passkey(&fresh.account, removed, address).await.map_err(refused)?;
            let account = accounts.account(&name).await?;
            let why = texts().passkey_removed;
            Fresh { account, ..fresh }.goes_on(Shown::Overview, Some((StatusCode::OK, why))).await
        }
        "begin-password" => fresh.page(Shown::Password, None).await,
        "change-password" => password_change::change(fresh, &fields, address).await,
        _ => Err(Untrusted::Stale { page: FACTORS.to_owned() }.into()),
    }
}

impl<'a> Fresh<'a> {
    /// The person who is logged in at this browser, if that was just now and with all that they log in with.
    async fn of(
        issuer: &'a Issuer,
        cookie: Option<&'a str>,
        browser: Option<Browser>,
    ) -> Result<Option<Self>, PageNotShown> {
        let accounts = issuer.accounts.as_deref();
        let (Some(accounts), Some(cookie), Some(browser)) = (accounts, cookie, browser) else {
            return Ok(None);
        };
        let login = &browser.authentication;
        if issuer.now().saturating_sub(login.auth_time) > FRESH {
            return Ok(None);
        }
        let account = accounts.account(&browser.subject).await?;
        let by_all = !account.has_second_factor() || login.amr.iter().any(|means| means == "mfa");
        Ok(by_all.then_some(Self { issuer, accounts, account, cookie, browser }))
    }

    /// The page after a change of what the person logs in with. It ended every login of before; this browser's goes on, under a new identifier.
    pub(super) async fn goes_on(
        mut self,
        shown: Shown,
        notice: Option<(StatusCode, &'static str)>,
    ) -> Result<Response, PageNotShown> {
        let id = self.renewed().await?;
        let issuer = self.issuer;
        let mut response = Fresh { cookie: &id, ..self }.page(shown, notice).await?;
        if let Some(cookie) = issuer.cookie.set(&id) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// The same with new recovery codes, which are shown now or never: nothing that fails after the change keeps them back. Where the login of
    /// this browser cannot go on, the way back from the page leads over the login.
    async fn goes_on_with_codes(
        mut self,
        codes: Vec<SecretText>,
        notice: Option<(StatusCode, &'static str)>,
    ) -> Response {
        let mut response = self.codes(codes, notice);
        match self.renewed().await {
            Ok(id) => {
                if let Some(cookie) = self.issuer.cookie.set(&id) {
                    response.headers_mut().insert(SET_COOKIE, cookie);
                }
            }
            Err(error) => {
                let error = error.cause();
                tracing::error!(%error, "a person who changed how they log in has to log in again: the store failed");
            }
        }
        response
    }

    /// The identifier under which the login of this browser goes on after a change of what the person logs in with.
    async fn renewed(&mut self) -> Result<String, StoreError> {
        let (issuer, before) = (self.issuer, SecretHash::of(self.cookie));
        let id = secret(&*issuer.ambient.random);
        // One change later. After a change by somebody else in between, this login does not count either.
        self.browser.authentication.version += 1;
        let (kept, browser) = (SecretHash::of(&id), self.browser.clone());
        issuer.store.browser_sessions().begin(Some(before), kept, browser, issuer.now()).await?;
        Ok(id)
    }

    /// The page with new recovery codes. It has no form, so it needs no CSRF token.
    fn codes(&self, codes: Vec<SecretText>, notice: Option<(StatusCode, &'static str)>) -> Response {
        self.rendered("", Shown::Codes(codes), notice.map(|(status, why)| (status, why.into())))
    }

    async fn page(
        &self,
        shown: Shown,
        notice: Option<(StatusCode, &'static str)>,
    ) -> Result<Response, PageNotShown> {
        self.told(shown, notice.map(|(status, why)| (status, why.into()))).await
    }

    /// The page, with what was done or why it is shown again.
    pub(super) async fn told(
        &self,
        shown: Shown,
        notice: Option<(StatusCode, Cow<'static, str>)>,
    ) -> Result<Response, PageNotShown> {
        let csrf = self.issuer.csrf.token(self.cookie, FACTORS, &*self.issuer.ambient.random).await?;
        Ok(self.rendered(&csrf, shown, notice))
    }

    fn rendered(
        &self,
        csrf: &str,
        shown: Shown,
        notice: Option<(StatusCode, Cow<'static, str>)>,
    ) -> Response {
        let page = FactorsPage {
            issuer: self.issuer,
            account: &self.account,
            is_needed: self.accounts.needs_second_factor(),
            takes_passkeys: self.accounts.takes_passkeys(),
            action: FACTORS,
            csrf,
            shown,
            notice,
        };
        page.into_response()
    }
}

/// The person logs in for this page.
fn login_step() -> LoginStep<'static> {
    LoginStep {
        purpose: Purpose::Factors,
        client_id: None,
        client: None,
        is_asked: false,
        request_for: None,
        asked: Asked::default(),
        then: texts().then_factors,
        refuse: texts().cancel,
        url: FACTORS,
        request: FACTORS,
    }
}

fn changed_nothing() -> PageNotShown {
    PageNotShown::Page(StatusCode::OK, errors().changed_nothing)
}

impl From<FactorsError> for PageNotShown {
    fn from(error: FactorsError) -> Self {
        match error {
            FactorsError::Store(error) => error.into(),
            FactorsError::WrongCode
            | FactorsError::Needed
            | FactorsError::Gone
            | FactorsError::Passkey(_)
            | FactorsError::TooMany
            | FactorsError::Name
            | FactorsError::PasskeysOff => Self::Page(StatusCode::CONFLICT, errors().cannot_be_done),
        }
    }
}
