//! The login that leads over a provider.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use maud::html;
use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::net::Origin;
use mcp_auth_core::own_claims::is_for_no_login;
use mcp_auth_core::{Acr, ScopeSet};
use mcp_auth_runtime::facade::{Fetch, said};
use mcp_auth_store::{ConnectedAccount, Connection, UpstreamGrant};

use super::exchange::Redeemed;
use super::github::GitHub;
use super::invalid::InvalidUpstream;
use super::openid::OpenId;
use super::options::{UpstreamOptions, UpstreamProvider};
use super::person::{LetIn, person};
use super::provider::Provider;
use super::renewal::Follower;
use super::request::Kept;
use super::tokens;
use crate::person::acr::counts_as;
use crate::person::login::{
    Attempt, Form, KnownFuture, Leave, Login, LoginError, LoginFuture, LoginSite, Step,
};
use crate::person::page::{texts, visible};
use crate::person::renewal::{AccessTokenFuture, Renewal, RenewalFuture};
use crate::request::Params;

/// The longest name.
const LONGEST_NAME: usize = 64;

/// People log in at a provider.
pub struct UpstreamLogin {
    options: Arc<UpstreamOptions>,
    provider: Arc<Provider>,
    ambient: Ambient,
    /// Where people connect accounts: what login they come from.
    connects: Option<Arc<str>>,
}

impl UpstreamLogin {
    /// The login at the provider of `options`, which is asked over `fetch`.
    ///
    /// # Errors
    /// [`InvalidUpstream`].
    pub fn new(
        options: UpstreamOptions,
        fetch: Arc<dyn Fetch>,
        ambient: Ambient,
    ) -> Result<Self, InvalidUpstream> {
        let is_spelled = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !(1..=LONGEST_NAME).contains(&options.name.len()) || !options.name.bytes().all(is_spelled) {
            return Err(InvalidUpstream::Name(options.name));
        }
        let reserved = |name: &&String| is_for_no_login(name);
        if let Some(claim) = options.claims.iter().filter_map(|path| path.first()).find(reserved) {
            return Err(InvalidUpstream::ReservedClaim(claim.clone()));
        }
        let provider = match &options.provider {
            UpstreamProvider::OpenId { issuer, tenants } => {
                let openid = OpenId::new(&options, (issuer, tenants.as_ref()), fetch, ambient.clone())?;
                Provider::OpenId(Box::new(openid))
            }
            UpstreamProvider::GitHub(endpoints) => {
                Provider::GitHub(Box::new(GitHub::new(&options, endpoints, fetch)?))
            }
        };
        Ok(Self { options: Arc::new(options), provider: Arc::new(provider), ambient, connects: None })
    }

    /// The same, where people connect accounts who log in by a login of this kind.
    pub(crate) fn connecting(self, login: &str) -> Self {
        Self { connects: Some(login.into()), ..self }
    }

    /// Where people go, as a person reads it.
    fn host(&self) -> String {
        let url = match &self.options.provider {
            UpstreamProvider::OpenId { issuer, .. } => issuer.url(),
            UpstreamProvider::GitHub(endpoints) => &endpoints.authorization,
        };
        Origin::of(url).map_or_else(String::new, |origin| origin.authority().to_string())
    }

    /// The button that leads there. A person sees which application asks, and where they go, before they do.
    fn form(&self) -> Form {
        let host = self.host();
        let Some(title) = &self.options.title else { return Form::continue_to(&host) };
        let (texts, host) = (texts(), html! { bdi { (visible(&host)) } });
        let controls = html! {
            p { (said(texts.log_in_at_provider, &[("provider", &html! { strong { (title) } }), ("host", &host)])) }
            button type="submit" { (said(texts.continue_to, &[("host", &html! { (title) })])) }
        };
        Form { controls, found: None }
    }

    /// GitHub neither asks anew nor says when it did.
    fn can_answer(&self, attempt: &Attempt<'_>) -> Result<(), LoginError> {
        let asks = attempt.asked.again || attempt.asked.max_age.is_some();
        match (&*self.provider, asks) {
            (Provider::GitHub(_), true) => Err(LoginError::AgeUnknown),
            (Provider::GitHub(_) | Provider::OpenId(_), _) => Ok(()),
        }
    }

    async fn leave(&self, attempt: &Attempt<'_>) -> Result<Step, LoginError> {
        self.can_answer(attempt)?;
        self.to_provider(attempt, (Kept::random(&*self.ambient.random), attempt.transaction)).await
    }

    /// The way there, and back by `state`.
    async fn to_provider(
        &self,
        attempt: &Attempt<'_>,
        (kept, state): (Kept, &str),
    ) -> Result<Step, LoginError> {
        let url = match &*self.provider {
            Provider::OpenId(openid) => {
                let metadata = openid.endpoints().await?;
                let at = (&metadata.authorization_endpoint, metadata.prompt_values.as_deref());
                kept.openid_request(at, &self.options, (attempt, state))
            }
            Provider::GitHub(github) => {
                kept.github_request(github.authorization_endpoint(), &self.options, (attempt, state))
            }
        };
        let found = serde_json::to_string(&kept).map_err(|error| LoginError::Unavailable(error.into()))?;
        Ok(Step::Leave(Leave { url, found: Some(SecretText::new(found)) }))
    }

    async fn back(&self, attempt: &Attempt<'_>, answer: &Params) -> Result<Step, LoginError> {
        let kept = Kept::read(attempt.found).ok_or(LoginError::Refused)?;
        let metadata = match &*self.provider {
            Provider::OpenId(openid) => Some(openid.endpoints().await?),
            Provider::GitHub(_) => None,
        };
        let always_says_iss = metadata.as_ref().is_some_and(|metadata| metadata.always_says_iss);
        // RFC 9207 §2.4, before anything else of the answer is used: another provider may have mixed itself in.
        match answer.get("iss") {
            Some(iss) if self.options.is_called(iss) => {}
            None if !always_says_iss && answer.count("iss") == 0 => {}
            Some(_) | None => return Err(LoginError::Answer("its iss is not that of the provider".into())),
        }
        let code = match (answer.get("code"), answer.get("error")) {
            (Some(code), None) => code,
            (None, Some("access_denied")) => return Err(LoginError::Cancelled),
            (None, Some(_)) => {
                return Err(LoginError::Unavailable("the provider answered with an error".into()));
            }
            (_, _) => return Err(LoginError::Refused),
        };
        let redirect_uri = attempt.return_to();
        let redeemed = Redeemed { code, redirect_uri: &redirect_uri, verifier: &kept.verifier };
        let (said, answer) = match (&*self.provider, &metadata) {
            (Provider::OpenId(openid), Some(metadata)) => {
                openid.said(&self.options, metadata, (redeemed, &kept.nonce)).await?
            }
            (Provider::GitHub(github), _) => github.said(&self.options, redeemed).await?,
            (Provider::OpenId(_), None) => return Err(LoginError::Refused),
        };
        let let_in = person(&said, &self.options, attempt.now);
        let LetIn { mut user, by } = let_in.map_err(|error| LoginError::Answer(error.into()))?;
        user.acr = counts_as(user.acr, attempt.asked.acr_values, &self.options.acr_values);
        let mut given = tokens::given(&answer, &self.options.scopes, attempt.now);
        let lacks_one = self.options.asks_for_refresh_token() && given.refresh_token.is_none();
        if lacks_one && !kept.with_consent && !self.has_refresh_token(attempt, &user.subject).await? {
            let kept = Kept { with_consent: true, ..Kept::random(&*self.ambient.random) };
            return self.to_provider(attempt, (kept, attempt.next)).await;
        }
        given.nonce = given.refresh_token.as_ref().map(|_| SecretText::new(kept.nonce));
        (given.claims, given.let_in_by) = (user.claims.clone(), by);
        given.provider = self.options.issuer().to_owned();
        user.upstream = Some(Box::new(given));
        Ok(Step::Done(user))
    }

    fn follower(&self) -> Follower {
        Follower {
            options: Arc::clone(&self.options),
            provider: Arc::clone(&self.provider),
            ambient: self.ambient.clone(),
            connects: self.connects.clone(),
        }
    }

    /// What pages call it.
    pub(crate) fn called(&self) -> String {
        self.options.title.clone().unwrap_or_else(|| self.host())
    }

    /// What it is asked for.
    pub(crate) fn scopes(&self) -> &ScopeSet {
        &self.options.scopes
    }

    /// The account that the person connected there, if tools can act for it.
    ///
    /// # Errors
    /// [`LoginError`]: it cannot be told now.
    pub(crate) async fn connected(
        &self,
        renewal: &Renewal<'_>,
    ) -> Result<Option<ConnectedAccount>, LoginError> {
        self.follower().connected(renewal).await
    }

    /// Whether a person of the login of now connected the account of this grant there.
    pub(crate) fn is_connected_by(&self, grant: &UpstreamGrant) -> bool {
        self.follower().is_of_here(grant)
    }

    /// Whether a refresh token of this person is kept. Where that is not to be found out, none is asked for once more.
    async fn has_refresh_token(&self, attempt: &Attempt<'_>, account: &str) -> Result<bool, LoginError> {
        let Some(store) = attempt.store else { return Ok(true) };
        let subject = attempt.connects_for.unwrap_or(account);
        let of = Connection { subject, upstream: &self.options.name };
        let kept = store.upstream_grants().find(of, attempt.now).await;
        let kept = kept.map_err(|error| LoginError::Unavailable(error.into()))?;
        let is_here = |grant: &UpstreamGrant| self.follower().is_of_here(grant);
        Ok(kept
            .filter(is_here)
            .is_some_and(|grant| grant.refresh_token.is_some() && account_of(&grant, subject) == account))
    }
}

/// The account that `grant` is of: the one that was connected, else the one that the person `subject` logs in with.
pub(super) fn account_of<'g>(grant: &'g UpstreamGrant, subject: &'g str) -> &'g str {
    grant.account.as_ref().map_or(subject, |account| &account.subject)
}

/// Names the provider, never a secret.
impl fmt::Debug for UpstreamLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpstreamLogin").field("options", &self.options).finish_non_exhaustive()
    }
}

impl Login for UpstreamLogin {
    fn kind(&self) -> Cow<'_, str> {
        format!("upstream {}", self.options.issuer()).into()
    }

    fn upstream(&self) -> Option<&str> {
        Some(&self.options.name)
    }

    fn site(&self) -> Option<LoginSite> {
        let site = LoginSite::new(self.options.title.clone(), self.host());
        Some(LoginSite { scopes: self.options.scopes.clone(), ..site })
    }

    fn begin<'a>(&'a self, attempt: &'a Attempt<'a>) -> LoginFuture<'a> {
        let step = self.can_answer(attempt).map(|()| Step::Ask(self.form()));
        Box::pin(async move { step })
    }

    /// The person pressed the button.
    fn finish<'a>(&'a self, attempt: &'a Attempt<'a>, _: &'a Params) -> LoginFuture<'a> {
        Box::pin(self.leave(attempt))
    }

    fn acr_values_supported(&self) -> Vec<String> {
        self.options.acr_values.iter().map(Acr::to_string).collect()
    }

    fn transaction<'q>(&self, query: &'q Params) -> Option<&'q str> {
        query.get("state")
    }

    fn returned<'a>(&'a self, attempt: &'a Attempt<'a>, answer: &'a Params) -> LoginFuture<'a> {
        Box::pin(self.back(attempt, answer))
    }

    /// Who is let in still, where the configuration names each. Whether the provider still has them, and still says of them what lets them in,
    /// [`renew`](Login::renew) sees.
    fn knows<'a>(&'a self, subject: &'a str) -> KnownFuture<'a> {
        let known = self.options.may_let_in(subject);
        Box::pin(async move { Ok(known) })
    }

    fn renew<'a>(&'a self, renewal: &'a Renewal<'a>) -> RenewalFuture<'a> {
        let follower = self.follower();
        Box::pin(async move { follower.follow(renewal).await })
    }

    fn access_token<'a>(&'a self, renewal: &'a Renewal<'a>) -> AccessTokenFuture<'a> {
        let follower = self.follower();
        Box::pin(async move { follower.access_token(renewal).await })
    }

    fn refusal(&self) -> Cow<'static, str> {
        texts().not_let_in.into()
    }
}
