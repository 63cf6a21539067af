//! How a person proves who they are. The issuer calls a [`Login`]; passwords or passkeys would be another
//! implementation.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use maud::{Markup, html};

use super::page::visible;
use crate::request::Params;

/// What [`Login::login`] returns.
pub type LoginFuture<'a> = Pin<Box<dyn Future<Output = Result<User, LoginError>> + Send + 'a>>;

/// What [`Login::knows`] returns.
pub type KnownFuture<'a> = Pin<Box<dyn Future<Output = Result<bool, LoginError>> + Send + 'a>>;

/// A person who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The `sub` of their tokens: stable, and never given to another person. One that is the name of a client in
    /// [`IssuerOptions::clients`](crate::IssuerOptions::clients) is refused.
    pub subject: String,
}

/// A login that did not succeed. The person sees the same text for every cause, so that it does not reveal which
/// users exist.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// The form did not prove who the person is.
    #[error("the login form does not prove who the user is")]
    Refused,
    /// The development login does not offer a user of that name.
    #[error("the name is not in issuer.users; the page may be from before a restart")]
    UnknownUser,
    /// The login itself failed, which is not the person's fault.
    #[error("logging in is not possible now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A way for people to log in.
pub trait Login: Send + Sync + 'static {
    /// The controls of the login form, including a submit button. The issuer adds the form around them, its CSRF
    /// token, and the new session identifier after success. Controls may not be named `decision` or `csrf`.
    fn controls(&self) -> Markup;

    /// Checks a submitted form, and returns the user.
    fn login<'a>(&'a self, form: &'a Params) -> LoginFuture<'a>;

    /// Whether this person can still log in. It is asked at every refresh: a grant of one who cannot ends. One that cannot tell now answers
    /// [`LoginError::Unavailable`].
    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a>;

    /// The text of the page after [`LoginError::Refused`]. It is the same for every cause, or it would reveal which
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
    fn controls(&self) -> Markup {
        html! {
            fieldset {
                legend { "Who are you?" }
                @for user in &self.users {
                    button type="submit" name="user" value=(user) { "Continue as " bdi { (visible(user)) } }
                }
            }
            p.hint { "No password is needed: every user of this computer can log in as any of them." }
        }
    }

    fn login<'a>(&'a self, form: &'a Params) -> LoginFuture<'a> {
        Box::pin(async move {
            let subject = form.get("user").filter(|user| self.users.iter().any(|known| known == user));
            subject.map(|subject| User { subject: subject.to_owned() }).ok_or(LoginError::UnknownUser)
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

    async fn login(form: &str) -> Option<User> {
        DevelopmentLogin::new(vec!["developer".into()]).login(&Params::parse(form).ok()?).await.ok()
    }

    #[tokio::test]
    async fn only_listed_users_log_in() {
        assert_eq!(login("user=developer").await, Some(User { subject: "developer".into() }));
        assert_eq!(login("user=admin").await, None);
        assert_eq!(login("user=").await, None);
        assert_eq!(login("").await, None);
    }

    #[tokio::test]
    async fn log_names_the_key_that_lists_who_can_log_in_and_not_who_tried() {
        let users = DevelopmentLogin::new(vec!["developer".into()]);
        let error = users.login(&Params::parse("user=mallory").unwrap()).await.unwrap_err().to_string();
        assert!(error.contains("issuer.users") && !error.contains("mallory"), "{error}");
    }

    #[test]
    fn a_refusal_names_who_can_log_in_and_where_more_names_go() {
        let refusal = DevelopmentLogin::new(vec!["alice".into(), "bob".into()]).refusal();
        assert!(refusal.contains("these can: alice, bob.") && refusal.contains("issuer.users"), "{refusal}");
    }
}
