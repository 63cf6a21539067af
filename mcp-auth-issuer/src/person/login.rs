//! How a person proves who they are. The issuer calls a [`Login`], which asks in as many steps as it needs.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

use maud::{Markup, html};
use mcp_auth_core::SecretText;
use mcp_auth_store::Authentication;

use super::page::visible;
use crate::request::Params;

/// What the steps of a [`Login`] return.
pub type LoginFuture<'a> = Pin<Box<dyn Future<Output = Result<Step, LoginError>> + Send + 'a>>;

/// What [`Login::knows`] returns.
pub type KnownFuture<'a> = Pin<Box<dyn Future<Output = Result<bool, LoginError>> + Send + 'a>>;

/// A person who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The `sub` of their tokens: stable, and never given to another person. One that is the name of a client in
    /// [`IssuerOptions::clients`](crate::IssuerOptions::clients) is refused.
    pub subject: String,
    /// What pages call them, where it is not the subject.
    pub name: Option<String>,
    /// How strong the login was (`acr`, RFC 9068 §2.2.1).
    pub acr: Option<String>,
    /// By which means they logged in (`amr`, RFC 8176).
    pub amr: Vec<String>,
}

impl User {
    /// The person of this subject, of whose login nothing else is known.
    pub fn new(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), name: None, acr: None, amr: Vec::new() }
    }

    /// How they logged in, `now` in Unix seconds.
    pub(crate) fn authentication(&self, now: u64) -> Authentication {
        Authentication { auth_time: now, acr: self.acr.clone(), amr: self.amr.clone() }
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
}

/// A form of a login. The issuer adds what is around it: the form element, its CSRF token, and after the login a new session identifier.
#[derive(Debug)]
pub struct Form {
    /// Its controls, including a submit button. Controls may not be named `decision`, `csrf` or `login`.
    pub controls: Markup,
    /// What the login has found out, for [`Attempt::found`] of the answer: that the password was right, for example. Neither the
    /// browser nor a person who reads the store sees it, and it comes back once.
    pub found: Option<SecretText>,
}

/// One attempt to log in, as the issuer tells a [`Login`] of it.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// What the form before this one had [found](Form::found).
    pub found: Option<&'a SecretText>,
    /// What the application asks for.
    pub asked: Asked<'a>,
    /// The address that the answer of a form comes from, as far as the server can tell: behind proxies only those that are named to it. Of a
    /// page that is only shown it is not told.
    pub address: Option<IpAddr>,
    /// The current time, in Unix seconds.
    pub now: u64,
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
}

/// Without the name of a person.
impl fmt::Debug for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asked")
            .field("login_hint", &self.login_hint.map(|_| "…"))
            .field("acr_values", &self.acr_values)
            .field("ui_locales", &self.ui_locales)
            .finish()
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
    /// It was tried too often.
    #[error("a login is tried too often, for {wait}s more")]
    TooOften {
        /// In how many seconds it may be tried again.
        wait: u64,
    },
    /// The development login does not offer a user of that name.
    #[error("the name is not in issuer.users; the page may be from before a restart")]
    UnknownUser,
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

    /// Whether this person can still log in. It is asked at every refresh: a grant of one who cannot ends. One that cannot tell now answers
    /// [`LoginError::Unavailable`].
    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a>;

    /// The text of the page after [`LoginError::Refused`] or [`LoginError::RefusedFor`]. It is the same for every cause, or it would reveal which
    /// users exist.
    fn refusal(&self) -> Cow<'static, str> {
        "That did not work. Try again.".into()
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
    fn begin<'a>(&'a self, _: &'a Attempt<'a>) -> LoginFuture<'a> {
        let controls = html! {
            fieldset {
                legend { "Who are you?" }
                @for user in &self.users {
                    button type="submit" name="user" value=(user) { "Continue as " bdi { (visible(user)) } }
                }
            }
            p.hint { "No password is needed: every user of this computer can log in as any of them." }
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
        let users = self.users.join(", ");
        format!("That name cannot log in here; these can: {users}. Others are added in issuer.users.").into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt() -> Attempt<'static> {
        Attempt { found: None, asked: Asked::default(), address: None, now: 1 }
    }

    async fn login(form: &str) -> Option<User> {
        let users = DevelopmentLogin::new(vec!["developer".into()]);
        match users.finish(&attempt(), &Params::parse(form).ok()?).await {
            Ok(Step::Done(user)) => Some(user),
            Ok(Step::Ask(_)) | Err(_) => None,
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
    fn c19_debug_of_what_is_asked_shows_no_hint_of_a_person() {
        let asked = Asked { login_hint: Some("ann@example.com"), acr_values: Some("mfa"), ui_locales: None };
        let shown = format!("{:?}", Attempt { asked, ..attempt() });
        assert!(shown.contains("mfa") && !shown.contains("ann"), "{shown}");
    }

    #[test]
    fn a_refusal_names_who_can_log_in_and_where_more_names_go() {
        let refusal = DevelopmentLogin::new(vec!["alice".into(), "bob".into()]).refusal();
        assert!(refusal.contains("these can: alice, bob.") && refusal.contains("issuer.users"), "{refusal}");
    }
}
