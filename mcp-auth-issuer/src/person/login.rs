//! How a person proves who they are. The issuer calls a [`Login`], which asks in as many steps as it needs.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use maud::{Markup, html};
use mcp_auth_core::own_claims::is_for_no_login;
use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_runtime::facade::{said, said_plainly};
use mcp_auth_store::{Authentication, Linked, SecretHash, Store, UpstreamGrant};
use serde_json::{Map, Value};
use url::Url;

use super::page::{texts, visible};
use super::renewal::{AccessTokenFuture, Renewal, RenewalFuture, Renewed};
use crate::endpoint::RETURN;
use crate::request::Params;

/// How far the clock of another server may be from ours, in seconds.
pub(super) const CLOCK_SKEW: u64 = 30;

/// The most bytes of the claims that one login adds to its tokens.
const MOST_OF_CLAIMS: usize = 4096;

/// What the steps of a [`Login`] return.
pub type LoginFuture<'a> = Pin<Box<dyn Future<Output = Result<Step, LoginError>> + Send + 'a>>;

/// What [`Login::knows`] and [`Login::still_counts`] return.
pub type KnownFuture<'a> = Pin<Box<dyn Future<Output = Result<bool, LoginError>> + Send + 'a>>;

/// A person who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The `sub` of their tokens: stable, and never given to another person. One that is the name of a client in
    /// [`IssuerOptions::clients`](crate::IssuerOptions::clients), of a workload, or of a person of an issuer in
    /// [`IssuerOptions::assertions`](crate::IssuerOptions::assertions), is refused.
    pub subject: String,
    /// What pages call them, where it is not the subject.
    pub name: Option<String>,
    /// By what the provider that they logged in at tells them from others, for pages that name them: a name may be free text.
    pub known_as: Option<String>,
    /// Who they are at the provider that they logged in at, for the operator: the subject may not tell it.
    pub linked: Option<Linked>,
    /// How strong the login was (`acr`, RFC 9068 §2.2.1).
    pub acr: Option<String>,
    /// By which means they logged in (`amr`, RFC 8176).
    pub amr: Vec<String>,
    /// Claims that tokens of this login say too, for as long as it lasts: 4096 bytes at most, and none that the issuer writes itself.
    pub claims: Map<String, Value>,
    /// When they logged in, in Unix seconds, where that was elsewhere and may have been before; now, if it is not said.
    pub auth_time: Option<u64>,
    /// The version of what they log in with, for [`Login::still_counts`]. A login that does not ask leaves it 0.
    pub version: u64,
    /// What the provider gave for them, where they logged in at one of `[upstreams]`: it is kept for [`Login::renew`].
    pub upstream: Option<Box<UpstreamGrant>>,
}

impl User {
    /// The person of this subject, who logged in just now, and of whose login nothing else is known.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            name: None,
            known_as: None,
            linked: None,
            acr: None,
            amr: Vec::new(),
            claims: Map::new(),
            auth_time: None,
            version: 0,
            upstream: None,
        }
    }

    /// Whether tokens can say the claims of this login.
    pub(crate) fn has_fit_claims(&self) -> bool {
        let length = serde_json::to_string(&self.claims).map_or(usize::MAX, |text| text.len());
        length <= MOST_OF_CLAIMS && !self.claims.keys().any(|claim| is_for_no_login(claim))
    }

    /// How they logged in at the login of this kind, `now` in Unix seconds.
    pub(crate) fn authentication(&self, kind: String, now: u64) -> Authentication {
        let auth_time = self.auth_time.map_or(now, |at| at.min(now));
        Authentication {
            auth_time,
            acr: self.acr.clone(),
            amr: self.amr.clone(),
            version: self.version,
            login: Some(kind),
            claims: self.claims.clone(),
        }
    }
}

/// What comes next in a login.
#[derive(Debug)]
#[non_exhaustive]
pub enum Step {
    /// The person proved who they are.
    Done(User),
    /// They answer a form.
    Ask(Form),
    /// They answer a form that has controls for passkeys: its page may run the issuer's own script, and no other.
    AskWithPasskeys(Form),
    /// They answer a form with something on it that is shown once, such as recovery codes. It is shown even where what the login has found out
    /// cannot be kept: then they log in again.
    ShowOnce(Form),
    /// They go to another page, and come back to [`Attempt::return_to`]. Only [`finish`](Login::finish) and
    /// [`returned`](Login::returned) lead away: a page that is merely opened keeps nothing, and the person sees which application asks
    /// before another page does.
    Leave(Leave),
}

/// The way over another page.
pub struct Leave {
    /// The other page. It holds [`Attempt::transaction`], by which the person comes back.
    pub url: Url,
    /// What the login has found out, as in [`Form::found`].
    pub found: Option<SecretText>,
}

/// Without the query of the URL, which holds the secret name and hints of a person.
impl fmt::Debug for Leave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut url = self.url.clone();
        url.set_query(None);
        url.set_fragment(None);
        f.debug_struct("Leave").field("url", &url.as_str()).field("found", &self.found).finish()
    }
}

/// A form of a login. The issuer adds what is around it: the form element, its CSRF token, and after the login a new session identifier.
pub struct Form {
    /// Its controls, including a submit button. Controls may not be named `decision`, `csrf` or `login`.
    pub controls: Markup,
    /// What the login has found out, for [`Attempt::found`] of the answer: that the password was right, for example. Neither the
    /// browser nor a person who reads the store sees it, and it comes back once.
    pub found: Option<SecretText>,
}

/// Without its controls: they may show a secret once, such as recovery codes.
impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form").field("found", &self.found).finish_non_exhaustive()
    }
}

impl Form {
    /// The form of a login that goes on at another host. It is a button, so that a person sees which application asks before they go.
    pub(crate) fn continue_to(host: &str) -> Self {
        let (texts, host) = (texts(), html! { bdi { (visible(host)) } });
        let controls = html! {
            p { (said(texts.log_in_at, &[("host", &html! { strong { (host) } })])) }
            button type="submit" { (said(texts.continue_to, &[("host", &host)])) }
        };
        Self { controls, found: None }
    }
}

/// One attempt to log in, as the issuer tells a [`Login`] of it.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// The issuer identifier of the built-in issuer.
    pub issuer: &'a str,
    /// The name that the application gave itself, on one line. It proves nothing.
    pub client_name: Option<&'a str>,
    /// What the form or the page before this one had [found](Form::found).
    pub found: Option<&'a SecretText>,
    /// The secret name under which the person comes back, if this step [leads away](Step::Leave); after it, the one that they came back
    /// with. It is known to the other page and to the browser, and of no use at any other browser.
    pub transaction: &'a str,
    /// What names the browser and the request together: something that was made for this page is of no use at another one.
    pub(crate) bound_to: SecretHash,
    /// What the application asks for.
    pub asked: Asked<'a>,
    /// The address that the answer of a form comes from, as far as the server can tell: behind proxies only those that are named to it. Of a
    /// page that is only shown it is not told.
    pub address: Option<IpAddr>,
    /// The current time, in Unix seconds.
    pub now: u64,
    /// The name of the provider, where people log in at one of `[upstreams]`.
    pub(crate) upstream: Option<&'a str>,
    /// The person who connects an account there, who is logged in here already.
    pub(crate) connects_for: Option<&'a str>,
    /// Whether the person logged out to log in by another account.
    pub(crate) another: bool,
    /// The secret name under which the person comes back if [`Login::returned`] leads away once more.
    pub(crate) next: &'a str,
    /// What is kept of people who logged in before.
    pub(crate) store: Option<&'a Store>,
}

impl Attempt<'_> {
    /// Where another page sends the person back to.
    pub fn return_to(&self) -> String {
        match self.upstream {
            Some(name) => format!("{}{RETURN}/{name}", self.issuer),
            None => format!("{}{RETURN}", self.issuer),
        }
    }
}

/// Without the secret name.
impl fmt::Debug for Attempt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt")
            .field("issuer", &self.issuer)
            .field("client_name", &self.client_name)
            .field("found", &self.found)
            .field("asked", &self.asked)
            .field("address", &self.address)
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// What the application asks for of a login (OpenID Connect Core 1.0 §3.1.2.1).
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Who may be about to log in: a hint, for a field to be filled with.
    pub login_hint: Option<&'a str>,
    /// How strong the login should be: some `acr` values, separated by spaces, the best first.
    pub acr_values: Option<&'a str>,
    /// The languages of pages, separated by spaces, the best first.
    pub ui_locales: Option<&'a str>,
    /// The person logs in for this request, whatever they did before (`prompt=login`).
    pub again: bool,
    /// How old the login may be, in seconds (`max_age`).
    pub max_age: Option<u64>,
}

impl Asked<'_> {
    /// Whether a login of this `auth_time` is new enough for an attempt that began at `begun_at`. One that happened here during the
    /// attempt is.
    pub(crate) fn takes(&self, auth_time: Option<u64>, begun_at: u64) -> bool {
        let oldest = match (self.again, self.max_age) {
            (true, _) => begun_at,
            (false, Some(age)) => begun_at.saturating_sub(age),
            (false, None) => 0,
        };
        auth_time.is_none_or(|at| at.saturating_add(CLOCK_SKEW) >= oldest)
    }
}

/// Without the name of a person.
impl fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("login_hint", &self.login_hint.map(|_| "…"))
            .field("acr_values", &self.acr_values)
            .field("ui_locales", &self.ui_locales)
            .field("again", &self.again)
            .field("max_age", &self.max_age)
            .finish()
    }
}

/// A site that people log in at, as they read it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginSite {
    /// What it is called, where that is known.
    pub title: Option<String>,
    /// Its host, with its port where that is not the usual one.
    pub host: String,
    /// What it is asked for, in its own words.
    pub scopes: ScopeSet,
}

impl LoginSite {
    /// The site at `host`, which is called `title` and asked for nothing.
    pub fn new(title: Option<String>, host: impl Into<String>) -> Self {
        Self { title, host: host.into(), scopes: ScopeSet::new() }
    }
}

/// A login that did not succeed. The person sees the same text for every cause, so that it does not reveal which
/// users exist.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The form did not prove who the person is.
    #[error("the login form does not prove who the user is")]
    Refused,
    /// The same, with what the log says of it.
    #[error("{why}")]
    RefusedFor {
        /// Why, for the log alone.
        why: &'static str,
        /// Whose account it is, where there is one.
        account: Option<String>,
    },
    /// A passkey did not prove who the person is.
    #[error("{why}")]
    RefusedPasskey {
        /// Why, for the log alone.
        why: String,
        /// Whose account it is, where there is one.
        account: Option<String>,
    },
    /// It was tried too often.
    #[error("a login is tried too often, for {wait}s more")]
    TooOften {
        /// In how many seconds it may be tried again.
        wait: u64,
    },
    /// The development login does not offer a user of that name.
    #[error("the name is not in issuer.users; the page may be from before a restart")]
    UnknownUser,
    /// They came back from the other page without a login: it was cancelled there.
    #[error("the person did not log in on the other page")]
    Cancelled,
    /// The request asks for a new login, or for one that is not older than some time, and the other page can do neither.
    #[error("the request asks when the person logged in, which the other page never says")]
    AgeUnknown,
    /// What they came back with does not prove who they are.
    #[error("the answer of the other page does not prove who the user is")]
    Answer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The login itself failed, which is not the person's fault.
    #[error("logging in is not possible now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A way for people to log in.
pub trait Login: Send + Sync + 'static {
    /// What a person sees who is about to log in. It is called for each page, also for those of strangers, so it keeps nothing.
    fn begin<'a>(&'a self, attempt: &'a Attempt<'a>) -> LoginFuture<'a>;

    /// What comes after the person has answered a form of this login.
    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a>;

    /// The `acr` values that this login can reach. A request that asks for some of them gets a login that reaches one, or an error
    /// (`unmet_authentication_requirements`); metadata names them.
    fn acr_values_supported(&self) -> Vec<String> {
        Vec::new()
    }

    /// Which transaction a person comes back for, as the query says it.
    fn transaction<'q>(&self, query: &'q Params) -> Option<&'q str> {
        let _ = query;
        None
    }

    /// The name of the provider in the path that people come back to, `/authorize/login/NAME`, where there may be several of which one could mix
    /// itself into the answer of another (RFC 9700 §4.4). Without it they come back to `/authorize/login`.
    fn upstream(&self) -> Option<&str> {
        None
    }

    /// The site that an [upstream](Self::upstream) is at. It may let in whoever is at the browser without asking them anything, so where an
    /// application asks, the person decides before they are sent there.
    fn site(&self) -> Option<LoginSite> {
        None
    }

    /// What comes after the person has come back from the page that [`Step::Leave`] led to, with `answer` in the query. The issuer has
    /// taken the [transaction](Self::transaction) that it names, which happens once, and it was begun in this browser.
    ///
    /// It is not [`finish`](Self::finish), so that a form which somebody fills in is never taken for such an answer.
    fn returned<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        let _ = (attempt, answer);
        Box::pin(async { Err(LoginError::Refused) })
    }

    /// What tells this login from others, one of which may take its place some day and give the same names to other people. What a person
    /// logged in for at a login of another kind counts no more: sessions, codes and grants. **(default: `program`)**
    fn kind(&self) -> Cow<'_, str> {
        "program".into()
    }

    /// What is known of this person now, as a refresh needs it: other servers may be asked. It is asked after [`knows`](Self::knows) at every
    /// refresh, before anything is used up, and a grant of one who has to log in again ends. **(default: all is as it was at the login)**
    fn renew<'a>(&'a self, renewal: &'a Renewal<'a>) -> RenewalFuture<'a> {
        let _ = renewal;
        Box::pin(async { Ok(Renewed::Unchanged) })
    }

    /// An access token of the provider that this person logged in at, for a tool that acts for them there; `None` where they have to log in again. A
    /// login at no provider has none. **(default: none)**
    fn access_token<'a>(&'a self, renewal: &'a Renewal<'a>) -> AccessTokenFuture<'a> {
        let _ = renewal;
        Box::pin(async { Ok(None) })
    }

    /// Whether this person can still log in, as far as that can be told here. It is asked at every refresh, and a grant of one who cannot ends. One that cannot tell now
    /// answers [`LoginError::Unavailable`].
    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a>;

    /// Whether a login of this person still counts, of which [`User::version`] was `version`. It is asked for each page at which they are
    /// logged in, and when a code is redeemed. A login whose people can change what they log in with says no after such a change. Without that,
    /// it is whether the person is [known](Self::knows).
    fn still_counts<'a>(&'a self, subject: &'a str, version: u64) -> KnownFuture<'a> {
        let _ = version;
        self.knows(subject)
    }

    /// The text of the page after [`LoginError::Refused`] or [`LoginError::RefusedFor`]. It is the same for every cause, or it would reveal which
    /// users exist.
    fn refusal(&self) -> Cow<'static, str> {
        texts().login_refused.into()
    }
}

/// One button per user and no password: for development on loopback only.
#[derive(Debug, Clone)]
pub struct DevelopmentLogin {
    users: Vec<String>,
}

impl DevelopmentLogin {
    /// A login that lets any person at the browser be any of `users`.
    pub fn new(users: Vec<String>) -> Self {
        Self { users }
    }
}

impl Login for DevelopmentLogin {
    fn kind(&self) -> Cow<'_, str> {
        "development".into()
    }

    fn begin<'a>(&'a self, _: &'a Attempt<'a>) -> LoginFuture<'a> {
        let texts = texts();
        let controls = html! {
            fieldset {
                legend { (texts.who_are_you) }
                @for user in &self.users {
                    button type="submit" name="user" value=(user) { (said(texts.continue_as, &[("user", &html! { bdi { (visible(user)) } })])) }
                }
            }
            p.hint { (texts.no_password_needed) }
        };
        Box::pin(async move { Ok(Step::Ask(Form { controls, found: None })) })
    }

    fn finish<'a>(&'a self, _: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        Box::pin(async move {
            let subject = answer.get("user").filter(|user| self.users.iter().any(|known| known == user));
            subject.map(|subject| Step::Done(User::new(subject))).ok_or(LoginError::UnknownUser)
        })
    }

    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        Box::pin(async move { Ok(self.users.iter().any(|known| known == subject)) })
    }

    /// This text may name the users, because the page has a button for each of them.
    fn refusal(&self) -> Cow<'static, str> {
        said_plainly(texts().unknown_user, &[("users", &self.users.join(", "))]).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt() -> Attempt<'static> {
        Attempt {
            issuer: "http://localhost",
            client_name: None,
            found: None,
            transaction: "t-secret",
            bound_to: SecretHash::of("a page"),
            asked: Asked::default(),
            address: None,
            now: 1,
            upstream: None,
            connects_for: None,
            another: false,
            next: "",
            store: None,
        }
    }

    async fn login(form: &str) -> Option<User> {
        let users = DevelopmentLogin::new(vec!["developer".into()]);
        match users.finish(&attempt(), &Params::parse(form).ok()?).await {
            Ok(Step::Done(user)) => Some(user),
            Ok(Step::Ask(_) | Step::AskWithPasskeys(_) | Step::ShowOnce(_) | Step::Leave(_)) | Err(_) => None,
        }
    }

    #[tokio::test]
    async fn only_listed_users_log_in() {
        assert_eq!(login("user=developer").await, Some(User::new("developer")));
        assert_eq!(login("user=admin").await, None);
        assert_eq!(login("user=").await, None);
        assert_eq!(login("").await, None);
    }

    #[tokio::test]
    async fn log_names_the_key_that_lists_who_can_log_in_and_not_who_tried() {
        let users = DevelopmentLogin::new(vec!["developer".into()]);
        let error = users.finish(&attempt(), &Params::parse("user=mallory").unwrap()).await;
        let error = error.unwrap_err().to_string();
        assert!(error.contains("issuer.users") && !error.contains("mallory"), "{error}");
    }

    #[test]
    fn c19_debug_of_what_is_asked_shows_no_hint_of_a_person_and_no_transaction() {
        let asked =
            Asked { login_hint: Some("ann@example.com"), acr_values: Some("mfa"), ..Asked::default() };
        let shown = format!("{:?}", Attempt { asked, ..attempt() });
        assert!(shown.contains("mfa") && !shown.contains("ann") && !shown.contains("t-secret"), "{shown}");
    }

    #[test]
    fn c19_debug_of_a_step_shows_no_transaction_no_hint_of_a_person_and_no_code() {
        let url = "https://app.example/login?for=mcp&state=t-secret&login_hint=ann#t-secret".parse().unwrap();
        let found = || Some(SecretText::new("t-secret"));
        let form = || Form { controls: html! { code { "t-secret" } }, found: found() };
        for step in [
            Step::Leave(Leave { url, found: found() }),
            Step::Ask(form()),
            Step::AskWithPasskeys(form()),
            Step::ShowOnce(form()),
        ] {
            let shown = format!("{step:?}");
            assert!(!shown.contains("t-secret") && !shown.contains("ann"), "{shown}");
            assert_eq!(
                shown.contains("https://app.example/login"),
                matches!(step, Step::Leave(_)),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_login_elsewhere_is_new_enough_by_its_own_time_and_one_here_by_itself() {
        let plain = Asked::default();
        let again = Asked { again: true, ..plain };
        let young = Asked { max_age: Some(300), ..plain };
        for (asked, auth_time, takes) in [
            (plain, Some(0), true),
            (plain, None, true),
            (again, None, true),
            (again, Some(10_000), true),
            (again, Some(10_000 - CLOCK_SKEW), true),
            (again, Some(10_000 - CLOCK_SKEW - 1), false),
            (young, Some(9_700 - CLOCK_SKEW), true),
            (young, Some(9_700 - CLOCK_SKEW - 1), false),
            (Asked { max_age: Some(0), ..plain }, Some(9_900), false),
            (Asked { max_age: Some(300), ..again }, Some(9_900), false),
        ] {
            assert_eq!(asked.takes(auth_time, 10_000), takes, "{asked:?} {auth_time:?}");
        }
    }

    #[test]
    fn tokens_say_when_the_login_was_elsewhere_and_never_that_it_is_to_come() {
        let at =
            |auth_time| User { auth_time, ..User::new("ann") }.authentication(String::new(), 100).auth_time;
        assert_eq!((at(None), at(Some(40)), at(Some(120))), (100, 40, 100));
    }

    #[test]
    fn a_refusal_names_who_can_log_in_and_where_more_names_go() {
        let refusal = DevelopmentLogin::new(vec!["alice".into(), "bob".into()]).refusal();
        assert!(refusal.contains("these can: alice, bob.") && refusal.contains("issuer.users"), "{refusal}");
    }
}
