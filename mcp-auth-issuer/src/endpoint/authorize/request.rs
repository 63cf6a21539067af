//! The authorization request (OAuth 2.1 §4.1.1), read from the query or as it was pushed, and verified by the steps in `check`.

use std::net::IpAddr;

use axum::response::Response;
use mcp_auth_store::{Browser, Client, SecretHash};

use super::check::{self, Checked};
use super::login::Fit;
use super::pushed::Pushed;
use super::refusal::{Refusal, Refused, Unseen, Untrusted};
use super::response::Answer;
use crate::client::redirect_uri::{Destination, destination};
use crate::endpoint::away::Purpose;
use crate::endpoint::choice::Choice;
use crate::endpoint::login_step::{LoginStep, RequestFor};
use crate::endpoint::path::AUTHORIZE;
use crate::issuer::Issuer;
use crate::person::page::{speak, texts};
use crate::request::Params;

/// The longest query, in bytes; it has room for a long `state`.
const MAX_QUERY: usize = 16 * 1024;

/// An authorization request that follows every rule.
pub(super) struct AuthorizationRequest {
    pub(super) client: Client,
    /// The redirect URI, `state` and `iss` for the answer to the client.
    pub(super) answer: Answer,
    /// What it asks for.
    pub(super) checked: Checked,
    /// Under what it is kept, where the client pushed it.
    pushed: Option<Pushed>,
    /// The whole request in its canonical spelling, and what the page says of the client: a client may describe itself otherwise a moment
    /// later, and what a person answers is an answer to what they saw.
    pub(super) shown: String,
    /// The URL of this request, relative to the origin.
    pub(super) url: String,
}

impl AuthorizationRequest {
    /// Reads and verifies `query`, which comes from `address`.
    ///
    /// # Errors
    /// [`Refusal::Untrusted`] until it is verified that client and redirect URI belong together, then
    /// [`Refusal::of`].
    pub(super) async fn read(issuer: &Issuer, query: &str, address: Option<IpAddr>) -> Result<Self, Refusal> {
        if query.len() > MAX_QUERY {
            return Err(Untrusted::TooLong.into());
        }
        let sent = Params::parse(query).map_err(Untrusted::Unreadable)?;
        speak(&sent);
        let url = format!("{AUTHORIZE}?{}", sent.canonical());
        let (pushed, params) = match check::pushed(issuer, &sent).await? {
            Some(request) => (Some(request.pushed), request.params),
            None => (None, sent),
        };
        speak(&params);
        let (client, answer) = check::recipient(issuer, &params, address).await?;
        match check::request(issuer, &client, &params, pushed.is_some()) {
            Ok(checked) => {
                let shown = format!("{url}\n{}\n{}", params.canonical(), as_shown(&client, &answer));
                Ok(Self { client, answer, checked, pushed, shown, url })
            }
            Err(refused) => {
                let pushed = pushed.as_ref();
                Err(answered(issuer, pushed, (&client, answer), refused).await)
            }
        }
    }

    /// The person logs in for this request, of which this is known.
    pub(super) fn login_step_for<'a>(&'a self, request_for: RequestFor<'a>) -> LoginStep<'a> {
        LoginStep {
            purpose: Purpose::Authorize,
            is_asked: true,
            client_id: Some(&self.client.id),
            client: Some(&self.client),
            asked: self.checked.asked(),
            request_for: Some(request_for),
            then: texts().then_consent,
            refuse: texts().cancel_and_go_back,
            url: &self.url,
            request: &self.shown,
        }
    }

    /// Which of its scopes the person leaves ticked.
    pub(super) fn choice<'a>(&'a self, issuer: &'a Issuer) -> Choice<'a> {
        Choice { issuer, asked: &self.checked.scopes }
    }

    /// What names this request, and no other.
    fn hash(&self) -> SecretHash {
        SecretHash::of(&self.shown)
    }

    /// What names this client as the page shows it: one that has changed is another one for a person. And for which login it is: at another one,
    /// whoever has the name said nothing yet.
    pub(super) fn client_as_shown(&self, issuer: &Issuer) -> SecretHash {
        let (shown, login) = (as_shown(&self.client, &self.answer), issuer.login.kind());
        SecretHash::of(&format!("{}\n{shown}\n{login}", self.client.id))
    }

    /// The login of this browser, if it will do for this request.
    ///
    /// # Errors
    /// [`Refused::TooWeak`] where the person has logged in for it, and not as strongly as it asks (RFC 9470 §5).
    pub(super) async fn login_of(
        &self,
        issuer: &Issuer,
        browser: Option<Browser>,
    ) -> Result<Option<Browser>, Refusal> {
        let Some(browser) = browser else { return Ok(None) };
        match self.checked.login.fit(&browser, self.hash(), issuer.now()) {
            Fit::Met => Ok(Some(browser)),
            Fit::LogIn => Ok(None),
            Fit::TooWeak => Err(self.refused(issuer, Refused::TooWeak).await),
        }
    }

    /// Uses up the request, if it was pushed, and the login for it at the browser of this session identifier, before it is answered.
    ///
    /// # Errors
    /// [`Untrusted::NotPushed`] if it was answered in the meantime.
    pub(super) async fn use_up(&self, issuer: &Issuer, cookie: &str) -> Result<(), Refusal> {
        if let Some(pushed) = self.pushed
            && !pushed.take(issuer).await?
        {
            return Err(Untrusted::NotPushed.into());
        }
        let browser = SecretHash::of(cookie);
        Ok(issuer.store.browser_sessions().answered(browser, self.hash(), issuer.now()).await?)
    }

    /// The answer to `prompt=none` (OpenID Connect Core 1.0 §3.1.2.6) where a page is needed.
    pub(super) async fn needs_interaction(&self, issuer: &Issuer, logged_in: bool) -> Refusal {
        self.refused(issuer, if logged_in { Refused::ConsentRequired } else { Refused::LoginRequired }).await
    }

    /// The answer to a request that is refused.
    pub(super) async fn refused(&self, issuer: &Issuer, refused: Refused) -> Refusal {
        answered(issuer, self.pushed.as_ref(), (&self.client, self.answer.clone()), refused).await
    }

    /// The answer to a person's "no".
    pub(super) fn denied(&self) -> Response {
        self.answer.error("access_denied", "the user denied the request")
    }

    /// The same for one who did not log in, and so has not seen to which address the answer goes. A web site at which no
    /// person allows the client anything may be any site (RFC 9700 §4.11.2); a program of this computer, or an app on it, is
    /// where the person comes from.
    pub(super) async fn denied_before_login(&self, issuer: &Issuer) -> Result<Response, Refusal> {
        let redirect_uri = &self.answer.redirect_uri;
        let Destination::Web(host) = destination(redirect_uri) else { return Ok(self.denied()) };
        match Unseen::of(issuer, &self.client, redirect_uri).await? {
            Some(unseen) => Err(Untrusted::Denied { host, unseen }.into()),
            None => Ok(self.denied()),
        }
    }
}

/// The answer to a request with this mistake. As every answer, it uses the request up, if it was pushed (RFC 9126 §4).
async fn answered(
    issuer: &Issuer,
    pushed: Option<&Pushed>,
    (client, answer): (&Client, Answer),
    refused: Refused,
) -> Refusal {
    if let Some(pushed) = pushed {
        match pushed.take(issuer).await {
            Ok(true) => {}
            Ok(false) => return Refusal::from(Untrusted::NotPushed).about(client),
            Err(error) => return Refusal::from(error).about(client),
        }
    }
    Refusal::of(issuer, client, answer, refused).await
}

/// What the page says of the client, besides its identifier.
fn as_shown(client: &Client, answer: &Answer) -> String {
    format!("{:?}", (&client.name, &answer.redirect_uri, &client.grant_types))
}
