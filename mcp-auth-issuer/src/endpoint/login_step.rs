//! The step that the pages for people have in common: the person logs in. Which login will do is for each of them to say.

use std::net::IpAddr;

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use maud::Markup;
use mcp_auth_core::seen::plain;
use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_store::{Client, SecretHash, StoreError, Transaction};

use super::another;
use super::authorize::see_other;
use super::away::{Away, Decision, Purpose, Way};
use super::choice::Choice;
use super::returned::Returned;
use super::seen::Seen;
use crate::issuer::Issuer;
use crate::observe::login::{LoginCancelled, LoginLimited, LoginRefused};
use crate::observe::{Event as _, Reason};
use crate::person::page::{Asks, Consent, Decides, LoginPage, Notice, Who};
use crate::person::{Asked, Attempt, ConsentPage, Form, Leave, LoginError, LoginSite, Step, User};
use crate::rate_limit::TooSoon;
use crate::request::Params;
use crate::secret::secret;

/// What a person logs in for.
pub(super) struct LoginStep<'a> {
    pub(super) purpose: Purpose,
    /// Whether an application asks; else the person came by themselves.
    pub(super) is_asked: bool,
    /// The identifier of the client that asks, for the log.
    pub(super) client_id: Option<&'a str>,
    /// The client, where it is known.
    pub(super) client: Option<&'a Client>,
    /// What the application asks for of the login.
    pub(super) asked: Asked<'a>,
    /// What it asks for besides, where it asks for access.
    pub(super) request_for: Option<RequestFor<'a>>,
    /// What the page says about the next step.
    pub(super) then: &'static str,
    /// The label of the button that refuses.
    pub(super) refuse: &'static str,
    /// The URL of the page, relative to the origin: its forms post to it.
    pub(super) url: &'a str,
    /// What names the request and no other: forms and logins are bound to it.
    pub(super) request: &'a str,
}

/// The access that an application asks for. A person who goes to a provider decides on it before they do, since the provider may ask them nothing
/// (MCP security best practices, confused deputy).
#[derive(Clone, Copy)]
pub(super) struct RequestFor<'a> {
    pub(super) redirect_uri: &'a str,
    pub(super) scopes: &'a ScopeSet,
    /// Whether an answer can be remembered.
    pub(super) may_be_remembered: bool,
    /// The person who was at this browser last, where that is known, and how pages name them.
    pub(super) last: Option<(&'a str, Who<'a>)>,
    /// What was decided already. It goes with the person who goes to the provider.
    pub(super) decision: Option<&'a Decision>,
}

/// Where an answered login form leads.
pub(super) enum Answered {
    /// The person proved who they are.
    Person(User),
    /// This page: the next form of the login, or the first one again.
    Page(Response),
}

/// How a step of the login ended.
pub(super) enum Ended {
    /// The person proved who they are.
    Person(User),
    /// This page comes next.
    Page(Response),
    /// Nobody is logged in, for this reason.
    Not(Notice),
}

/// The most characters of a client's name that another page is told.
pub(super) const MAX_NAME: usize = 60;
/// The kind of the transaction that holds what a login has found so far.
const TRANSACTION: &str = "login";
/// How long a person has for one form of a login after the first, in seconds.
const STEP_LIFETIME: u64 = 10 * 60;

impl<'s> LoginStep<'s> {
    /// The first page of the login.
    pub(super) async fn page(
        &self,
        issuer: &Issuer,
        headers: &HeaderMap,
        notice: Option<Notice>,
    ) -> Result<Response, StoreError> {
        let seen = Seen::of(issuer, headers);
        let id = seen.id(issuer, headers);
        let client_name = self.client_name();
        let transaction = secret(&*issuer.ambient.random);
        let attempt = self.attempt(issuer, (&client_name, id), None, &transaction, None);
        let mut response = match issuer.login.begin(&attempt).await {
            Ok(Step::Ask(form)) => self.form(issuer, id, (form, false), notice).await?,
            Ok(Step::AskWithPasskeys(form)) => self.form(issuer, id, (form, true), notice).await?,
            Ok(Step::Done(_) | Step::ShowOnce(_) | Step::Leave(_)) => {
                tracing::error!(
                    "a login let a person in, sent them away, or showed them something once, who was asked nothing; they are not logged in"
                );
                self.without_form(issuer, id, Notice::Unavailable).await?
            }
            Err(LoginError::AgeUnknown) => self.without_form(issuer, id, Notice::AgeUnknown).await?,
            Err(error) => {
                tracing::error!(%error, "the login has no page now");
                self.without_form(issuer, id, Notice::Unavailable).await?
            }
        };
        seen.tell(issuer, &mut response);
        Ok(response)
    }

    /// The page that says why nobody can log in.
    async fn without_form(&self, issuer: &Issuer, id: &str, why: Notice) -> Result<Response, StoreError> {
        self.written(issuer, id, (Markup::default(), false), (None, Some(why))).await
    }

    /// The access that the person decides on before they log in, and the site that they log in at.
    fn decides_first(&self, issuer: &Issuer) -> Option<(RequestFor<'s>, LoginSite)> {
        self.request_for.zip(issuer.login.site())
    }

    /// The page on which the person decides before they log in.
    async fn consent(
        &self,
        issuer: &Issuer,
        id: &str,
        (asks, at): (&RequestFor<'_>, &LoginSite),
        notice: Option<&Notice>,
    ) -> Result<Response, StoreError> {
        let Some(client) = self.client else { return Err(StoreError::new("a request without a client")) };
        let decided = asks.decision.filter(|decision| decision.asked);
        let form_of = ConsentPage::BeforeLogin(asks.last.map(|(subject, _)| subject));
        let page = Consent {
            issuer,
            client,
            redirect_uri: asks.redirect_uri,
            who: Decides::LogsIn { at, last: asks.last.map(|(_, who)| who) },
            scopes: Choice { issuer, asked: asks.scopes }.lines_as(&ScopeSet::new(), decided),
            remember: asks.may_be_remembered.then_some(decided.is_some_and(|decided| decided.remember)),
            alert: notice.map(Notice::alert),
            action: self.url,
            csrf: &issuer.csrf.token_on(form_of, (id, self.request), &*issuer.ambient.random).await?,
        };
        Ok(page.into_response())
    }

    /// A page with what is shown once: whether the login can go on from it or not.
    async fn once(&self, issuer: &Issuer, id: &str, form: Form) -> Result<Response, StoreError> {
        let Form { controls, found } = form;
        let found = match found {
            Some(found) => match self.keep(issuer, id, found).await {
                Ok(name) => Some(name),
                Err(error) => {
                    let error = error.cause();
                    tracing::error!(%error, "a person who set up how they log in has to log in again: the store failed");
                    None
                }
            },
            None => None,
        };
        self.written(issuer, id, (controls, false), (found, None)).await
    }

    /// A page with a form of the login, for the browser with this session identifier, and whether it runs the script of passkeys.
    async fn form(
        &self,
        issuer: &Issuer,
        id: &str,
        (form, with_passkeys): (Form, bool),
        notice: Option<Notice>,
    ) -> Result<Response, StoreError> {
        if let Some((asks, at)) = self.decides_first(issuer) {
            return self.consent(issuer, id, (&asks, &at), notice.as_ref()).await;
        }
        let found = match form.found {
            Some(found) => Some(self.keep(issuer, id, found).await?),
            None => None,
        };
        self.written(issuer, id, (form.controls, with_passkeys), (found, notice)).await
    }

    /// The page with these controls. `found`: the name of what the login found out.
    async fn written(
        &self,
        issuer: &Issuer,
        id: &str,
        (controls, with_passkeys): (Markup, bool),
        (found, notice): (Option<String>, Option<Notice>),
    ) -> Result<Response, StoreError> {
        let leads_away = issuer.login.upstream().is_some();
        let asks = self.request_for.filter(|_| leads_away).map(|asks| Asks {
            redirect_uri: asks.redirect_uri,
            scopes: Choice { issuer, asked: asks.scopes }.lines(&ScopeSet::new()),
        });
        let page = LoginPage {
            issuer,
            is_asked: self.is_asked,
            client: self.client,
            asks,
            then: self.then,
            refuse: self.refuse,
            controls,
            with_passkeys,
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
            owner: self.bound_to(id).digits(),
            about: found,
            expires_at: now.saturating_add(STEP_LIFETIME),
        };
        issuer.store.transactions().begin(TRANSACTION, SecretHash::of(&name), transaction, now).await?;
        Ok(name)
    }

    /// What was found out at this browser and about this request is of use nowhere else.
    fn bound_to(&self, id: &str) -> SecretHash {
        SecretHash::of(&format!("{id}\n{}", self.request))
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
                match kept.filter(|kept| kept.owner == self.bound_to(id).digits()) {
                    Some(kept) => Some(kept.about),
                    // Sent twice, or too late: the login begins again.
                    None => return Ok(Answered::Page(self.page(issuer, headers, Some(Notice::Late)).await?)),
                }
            }
            None => None,
        };
        let ended = self.sent(issuer, address, id, (found.as_ref(), form)).await?;
        self.shown(issuer, headers, ended).await
    }

    /// What comes after this form was sent.
    async fn sent(
        &self,
        issuer: &Issuer,
        address: Option<IpAddr>,
        id: &str,
        (found, form): (Option<&SecretText>, &Params),
    ) -> Result<Ended, StoreError> {
        // A provider is asked where it is before a browser is sent there, so who comes too often is told before that.
        if issuer.login.upstream().is_some()
            && let Err(TooSoon { retry_after }) = Way::Out.count(issuer, address).await?
        {
            let too_often = Err(LoginError::TooOften { wait: retry_after });
            return self.after(issuer, address, id, "", issuer.now(), too_often).await;
        }
        let (client_name, transaction) = (self.client_name(), secret(&*issuer.ambient.random));
        let another = another::is_wanted(issuer, id).await?;
        let attempt = self.attempt(issuer, (&client_name, id), found, &transaction, address);
        let attempt = Attempt { another, ..attempt };
        let (begun_at, step) = (attempt.now, issuer.login.finish(&attempt, form).await);
        self.after(issuer, address, id, &transaction, begun_at, step).await
    }

    /// The page of a step that ended so, unless the person is known.
    async fn shown(
        &self,
        issuer: &Issuer,
        headers: &HeaderMap,
        ended: Ended,
    ) -> Result<Answered, StoreError> {
        match ended {
            Ended::Person(user) => Ok(Answered::Person(user)),
            Ended::Page(page) => Ok(Answered::Page(page)),
            Ended::Not(notice) => Ok(Answered::Page(self.page(issuer, headers, Some(notice)).await?)),
        }
    }

    /// Sends the person to the provider, with what they decided, if it can be reached.
    pub(super) async fn leave_decided(
        &self,
        issuer: &Issuer,
        (headers, address): (&HeaderMap, Option<IpAddr>),
    ) -> Result<Response, StoreError> {
        let seen = Seen::of(issuer, headers);
        let id = seen.id(issuer, headers);
        let mut response = match self.sent(issuer, address, id, (None, &Params::default())).await? {
            Ended::Page(page) => page,
            Ended::Not(notice) => return self.page(issuer, headers, Some(notice)).await,
            Ended::Person(_) => {
                tracing::error!("a provider let a person in who was not there; they are not logged in");
                return self.page(issuer, headers, Some(Notice::Unavailable)).await;
            }
        };
        seen.tell(issuer, &mut response);
        Ok(response)
    }

    /// What comes after a person has come back from another page, from `address`.
    pub(super) async fn returned(
        &self,
        issuer: &Issuer,
        (headers, address): (&HeaderMap, Option<IpAddr>),
        returned: Returned<'_>,
    ) -> Result<Answered, StoreError> {
        let ended = self.came_back(issuer, address, returned).await?;
        self.shown(issuer, headers, ended).await
    }

    /// The same, without a page for one who is not logged in.
    pub(super) async fn came_back(
        &self,
        issuer: &Issuer,
        address: Option<IpAddr>,
        Returned { cookie: id, away, answer }: Returned<'_>,
    ) -> Result<Ended, StoreError> {
        // A client that describes itself may do so otherwise by now.
        if away.request != SecretHash::of(self.request) {
            return Ok(Ended::Not(Notice::Late));
        }
        let name = issuer.login.transaction(&answer).unwrap_or_default();
        let (client_name, found) = (self.client_name(), away.found());
        // Where the login leads away once more, it does so under a new name. Each way back was counted.
        let next = secret(&*issuer.ambient.random);
        let attempt = self.attempt(issuer, (&client_name, id), found.as_ref(), name, address);
        let attempt = Attempt { next: &next, ..attempt };
        let step = issuer.login.returned(&attempt, &answer).await;
        let ended = self.after(issuer, address, id, &next, away.begun_at, step).await?;
        if let Ended::Not(Notice::Unavailable) = ended
            && answer.get("error").is_some()
            && another::give_up(issuer, id).await?
        {
            return Ok(Ended::Not(Notice::NoChoice));
        }
        Ok(ended)
    }

    /// The same, and then they are logged in.
    pub(super) async fn resume(
        &self,
        issuer: &Issuer,
        (headers, address): (&HeaderMap, Option<IpAddr>),
        returned: Returned<'_>,
    ) -> Result<Response, StoreError> {
        let id = returned.cookie;
        match self.returned(issuer, (headers, address), returned).await? {
            Answered::Person(user) => self.begin(issuer, (id, address), user).await,
            Answered::Page(page) => Ok(page),
        }
    }

    /// Where a step of the login leads that was begun at `begun_at`.
    async fn after(
        &self,
        issuer: &Issuer,
        address: Option<IpAddr>,
        id: &str,
        transaction: &str,
        begun_at: u64,
        step: Result<Step, LoginError>,
    ) -> Result<Ended, StoreError> {
        let step = match step {
            // On the way to a provider they were counted before, or on the way back from it.
            Ok(Step::Leave(leave)) if issuer.login.upstream().is_none() => {
                match Way::Out.count(issuer, address).await? {
                    Err(TooSoon { retry_after }) => Err(LoginError::TooOften { wait: retry_after }),
                    Ok(()) => Ok(Step::Leave(leave)),
                }
            }
            step => step,
        };
        let notice = match step {
            Ok(Step::Ask(form)) => {
                return Ok(Ended::Page(self.form(issuer, id, (form, false), None).await?));
            }
            Ok(Step::AskWithPasskeys(form)) => {
                return Ok(Ended::Page(self.form(issuer, id, (form, true), None).await?));
            }
            Ok(Step::ShowOnce(form)) => return Ok(Ended::Page(self.once(issuer, id, form).await?)),
            Ok(Step::Leave(leave)) => {
                return Ok(Ended::Page(self.leave(issuer, id, transaction, leave).await?));
            }
            // Tokens name both by `sub`, so what is decided by it would hold for the person too.
            Ok(Step::Done(user)) if issuer.is_name_of_another(&user.subject) => {
                let why = "a named client, a workload or a person of an assertion issuer has this name";
                self.refused(Some(&user.subject), address, Reason::Failed(&why));
                Notice::Refused(issuer.login.refusal())
            }
            Ok(Step::Done(user)) if !user.has_fit_claims() => {
                let why = "what its tokens would say besides is too long, or for the issuer alone to say";
                self.refused(Some(&user.subject), address, Reason::Failed(&why));
                Notice::Refused(issuer.login.refusal())
            }
            Ok(Step::Done(user)) if !self.asked.takes(user.auth_time, begun_at) => {
                let why = "it is too old for this request";
                self.refused(Some(&user.subject), address, Reason::Refused(&why));
                Notice::Old
            }
            Ok(Step::Done(user)) => return Ok(Ended::Person(user)),
            Err(error) => {
                self.not_in(&error, address);
                match error {
                    LoginError::Refused
                    | LoginError::RefusedFor { .. }
                    | LoginError::UnknownUser
                    | LoginError::Answer(_) => Notice::Refused(issuer.login.refusal()),
                    LoginError::RefusedPasskey { .. } => Notice::RefusedPasskey,
                    LoginError::TooOften { wait } => Notice::TooOften(wait),
                    LoginError::Cancelled => Notice::Cancelled,
                    LoginError::AgeUnknown => Notice::AgeUnknown,
                    LoginError::Unavailable(_) => Notice::Unavailable,
                }
            }
        };
        Ok(Ended::Not(notice))
    }

    /// Tells the operator that nobody was let in.
    fn not_in(&self, error: &LoginError, address: Option<IpAddr>) {
        let client_id = self.client_id;
        match error {
            LoginError::RefusedFor { account, .. } | LoginError::RefusedPasskey { account, .. } => {
                self.refused(account.as_deref(), address, Reason::Refused(error));
            }
            LoginError::Refused | LoginError::UnknownUser | LoginError::AgeUnknown => {
                self.refused(None, address, Reason::Refused(error))
            }
            LoginError::Answer(cause) => {
                self.refused(None, address, Reason::Refused(&format_args!("{error}: {cause}")));
            }
            LoginError::Unavailable(cause) => {
                self.refused(None, address, Reason::Failed(&format_args!("{error}: {cause:?}")));
            }
            LoginError::TooOften { wait } => LoginLimited { client_id, address, wait: *wait }.happened(),
            LoginError::Cancelled => LoginCancelled { client_id, address }.happened(),
        }
    }

    fn refused(&self, subject: Option<&str>, address: Option<IpAddr>, reason: Reason<'_>) {
        LoginRefused { subject, client_id: self.client_id, address, reason }.happened();
    }

    /// Sends the browser to another page of the login, which gets no referrer, and remembers where it comes back to.
    async fn leave(
        &self,
        issuer: &Issuer,
        id: &str,
        name: &str,
        leave: Leave,
    ) -> Result<Response, StoreError> {
        let request = SecretHash::of(self.request);
        let mut away = Away::begun(self.purpose, self.url, request, issuer.now(), leave.found.as_ref());
        away.upstream = issuer.login.upstream().map(str::to_owned);
        away.decision = self.request_for.and_then(|asks| asks.decision.cloned());
        away.keep(issuer, name, id).await?;
        Ok(see_other(leave.url.as_str()))
    }

    /// The attempt, as the login is told of it.
    fn attempt<'a>(
        &self,
        issuer: &'a Issuer,
        (client_name, id): (&'a str, &str),
        found: Option<&'a SecretText>,
        transaction: &'a str,
        address: Option<IpAddr>,
    ) -> Attempt<'a>
    where
        's: 'a,
    {
        Attempt {
            issuer: issuer.origin.as_str(),
            client_name: Some(client_name).filter(|name| !name.is_empty()),
            found,
            transaction,
            bound_to: self.bound_to(id),
            asked: self.asked,
            address,
            now: issuer.now(),
            upstream: issuer.login.upstream(),
            connects_for: None,
            another: false,
            next: "",
            store: Some(&issuer.store),
        }
    }

    /// The name that the client claims, on one line; empty if it has none.
    fn client_name(&self) -> String {
        plain(self.client.and_then(|client| client.name.as_deref()).unwrap_or_default(), MAX_NAME)
    }
}
