//! How a person proves who they are. The issuer asks a [`Login`]; passwords or passkeys would be another one.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use maud::{Markup, html};

use super::page::visible;
use crate::request::Params;

/// What [`Login::login`] returns.
pub type LoginFuture<'a> = Pin<Box<dyn Future<Output = Result<User, LoginError>> + Send + 'a>>;

/// Somebody who proved who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The `sub` of their tokens: stable, never given to somebody else.
    pub subject: String,
}

/// A login that did not succeed. The person sees the same text for every cause, so that nobody learns who exists.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// Nobody proved anything.
    #[error("nobody proved who they are")]
    Refused,
    /// The development login offers nobody of that name.
    #[error("nobody of that name is in issuer.users; the page may be from before a restart")]
    UnknownUser,
    /// Not the person's fault.
    #[error("logging in is not possible now")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A way to log in.
pub trait Login: Send + Sync + 'static {
    /// The controls of the login form, a submit button among them. The form around them, its CSRF token and the
    /// new session identifier after success are the issuer's. Controls may not be named `decision` or `csrf`.
    fn controls(&self) -> Markup;

    /// Judges a submitted form.
    fn login<'a>(&'a self, form: &'a Params) -> LoginFuture<'a>;

    /// What the page says after [`LoginError::Refused`]. The same for every cause, or it tells strangers who exists.
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
    /// A login that lets anyone be any of `users`.
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
            p.hint { "No password is asked: whoever sits at this computer can be any of them." }
        }
    }

    fn login<'a>(&'a self, form: &'a Params) -> LoginFuture<'a> {
        Box::pin(async move {
            let subject = form.get("user").filter(|user| self.users.iter().any(|known| known == user));
            subject.map(|subject| User { subject: subject.to_owned() }).ok_or(LoginError::UnknownUser)
        })
    }

    /// Names who can log in: the page has a button for each anyway.
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
