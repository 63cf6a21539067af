//! The step that the pages for people have in common: the person logs in. Which login will do is for each of them to say.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::SET_COOKIE;
use maud::Markup;
use mcp_auth_core::SecretText;
use mcp_auth_store::{Browser, Client, SecretHash, StoreError, Transaction};

use super::authorize::see_other;
use crate::issuer::Issuer;
use crate::person::page::{LoginPage, Notice};
use crate::person::{Asked, Attempt, Form, LoginError, Step, User};
use crate::request::Params;
use crate::secret::secret;

/// What a person logs in for.
pub(super) struct LoginStep<'a> {
    /// Whether an application asks; else the person came by themselves.
    pub(super) is_asked: bool,
    /// The identifier of the client that asks, for the log.
    pub(super) client_id: Option<&'a str>,
    /// The client, where it is known.
    pub(super) client: Option<&'a Client>,
    /// What the application asks for of the login.
    pub(super) asked: Asked<'a>,
    /// What the page says about the next step.
    pub(super) then: &'static str,
    /// The label of the button that refuses.
    pub(super) refuse: &'static str,
    /// The URL of the page, relative to the origin: its forms post to it.
    pub(super) url: &'a str,
    /// What names the request and no other: forms and logins are bound to it.
    pub(super) request: &'a str,
}

/// Where an answered login form leads.
pub(super) enum Answered {
    /// The person proved who they are.
    Person(User),
    /// This page: the next form of the login, or the first one again.
    Page(Response),
}

/// The kind of the transaction that holds what a login has found so far.
const TRANSACTION: &str = "login";
/// How long a person has for one form of a login after the first, in seconds.
const STEP_LIFETIME: u64 = 10 * 60;

impl LoginStep<'_> {
    /// The first page of the login.
    pub(super) async fn page(
        &self,
        issuer: &Issuer,
        headers: &HeaderMap,
        notice: Option<Notice>,
    ) -> Result<Response, StoreError> {
        let cookie = issuer.cookie.read(headers);
        // A browser without a login gets an identifier that is not stored; it only ties the form to the browser.
        let fresh = cookie.is_none().then(|| secret(&*issuer.ambient.random));
        let id = fresh.as_deref().or(cookie).unwrap_or_default();
        let attempt = Attempt { found: None, asked: self.asked, address: None, now: issuer.now() };
        let mut response = match issuer.login.begin(&attempt).await {
            Ok(Step::Ask(form)) => self.form(issuer, id, form, notice).await?,
            Ok(Step::Done(_)) => {
                tracing::error!("a login let a person in who was asked nothing; they are not logged in");
                self.without_form(issuer, id).await?
            }
            Err(error) => {
                tracing::error!(%error, "the login has no page now");
                self.without_form(issuer, id).await?
            }
        };
        if let Some(cookie) = fresh.and_then(|id| issuer.cookie.set(&id)) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        Ok(response)
    }

    /// The page that says that nobody can log in now.
    async fn without_form(&self, issuer: &Issuer, id: &str) -> Result<Response, StoreError> {
        let form = Form { controls: Markup::default(), found: None };
        self.form(issuer, id, form, Some(Notice::Unavailable)).await
    }

    /// A page with a form of the login, for the browser with this session identifier.
    async fn form(
        &self,
        issuer: &Issuer,
        id: &str,
        form: Form,
        notice: Option<Notice>,
    ) -> Result<Response, StoreError> {
        let found = match form.found {
            Some(found) => Some(self.keep(issuer, id, found).await?),
            None => None,
        };
        let page = LoginPage {
            issuer,
            is_asked: self.is_asked,
            client: self.client,
            then: self.then,
            refuse: self.refuse,
            controls: form.controls,
            notice,
            action: self.url,
            csrf: &issuer.csrf.token(id, self.request, &*issuer.ambient.random).await?,
            login: found.as_deref(),
        };
        Ok(page.into_response())
    }

    /// Keeps what the login has found out, and returns the secret name of it.
    async fn keep(&self, issuer: &Issuer, id: &str, found: SecretText) -> Result<String, StoreError> {
        let (name, now) = (secret(&*issuer.ambient.random), issuer.now());
        let transaction = Transaction {
            owner: self.owner(id),
            about: found,
            expires_at: now.saturating_add(STEP_LIFETIME),
        };
        issuer.store.transactions().begin(TRANSACTION, SecretHash::of(&name), transaction, now).await?;
        Ok(name)
    }

    /// What was found out at this browser and about this request is of use nowhere else.
    fn owner(&self, id: &str) -> String {
        SecretHash::of(&format!("{id}\n{}", self.request)).digits()
    }

    /// What comes after the browser with the session identifier `id` has sent this form of the login, from `address`.
    pub(super) async fn answered(
        &self,
        issuer: &Issuer,
        (headers, address): (&HeaderMap, Option<IpAddr>),
        id: &str,
        form: &Params,
    ) -> Result<Answered, StoreError> {
        let now = issuer.now();
        let found = match form.get("login") {
            Some(name) => {
                let kept = issuer.store.transactions().take(TRANSACTION, SecretHash::of(name), now).await?;
                match kept.filter(|kept| kept.owner == self.owner(id)) {
                    Some(kept) => Some(kept.about),
                    // Sent twice, or too late: the login begins again.
                    None => return Ok(Answered::Page(self.page(issuer, headers, Some(Notice::Late)).await?)),
                }
            }
            None => None,
        };
        let attempt = Attempt { found: found.as_ref(), asked: self.asked, address, now };
        let notice = match issuer.login.finish(&attempt, form).await {
            Ok(Step::Ask(form)) => return Ok(Answered::Page(self.form(issuer, id, form, None).await?)),
            // Tokens name both by `sub`, so what is decided by it would hold for the person too.
            Ok(Step::Done(user)) if issuer.named.contains_key(&user.subject) => {
                tracing::error!(subject = ?user.subject, "login refused: a named client has this name");
                Notice::Refused(issuer.login.refusal())
            }
            Ok(Step::Done(user)) => return Ok(Answered::Person(user)),
            Err(error) => {
                let account = match &error {
                    LoginError::RefusedFor { account, .. } => account.as_deref(),
                    _ => None,
                };
                tracing::warn!(%error, ?account, ?address, client_id = ?self.client_id, "login refused");
                match error {
                    LoginError::Refused | LoginError::RefusedFor { .. } | LoginError::UnknownUser => {
                        Notice::Refused(issuer.login.refusal())
                    }
                    LoginError::TooOften { wait } => Notice::TooOften(wait),
                    LoginError::Unavailable(_) => Notice::Unavailable,
                }
            }
        };
        Ok(Answered::Page(self.page(issuer, headers, Some(notice)).await?))
    }

    /// Logs `user` in at the browser of the identifier `before`, and shows the page again. A new identifier at each login: one
    /// that an attacker planted in the browser before does not work after it.
    pub(super) async fn begin(
        &self,
        issuer: &Issuer,
        (before, address): (&str, Option<IpAddr>),
        user: User,
    ) -> Result<Response, StoreError> {
        let now = issuer.now();
        let id = secret(&*issuer.ambient.random);
        tracing::info!(
            subject = ?user.subject, amr = ?user.amr, ?address, client_id = ?self.client_id, "user logged in"
        );
        let browser = Browser {
            authentication: user.authentication(now),
            subject: user.subject,
            name: user.name,
            logged_in_for: SecretHash::of(self.request),
            expires_at: now.saturating_add(issuer.lifetimes.session),
        };
        let (before, kept) = (SecretHash::of(before), SecretHash::of(&id));
        issuer.store.browser_sessions().begin(Some(before), kept, browser, now).await?;
        let mut response = see_other(self.url);
        if let Some(cookie) = issuer.cookie.set(&id) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
        Ok(response)
    }
}
