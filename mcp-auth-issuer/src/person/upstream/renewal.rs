//! A refresh here follows the provider: it is asked whether it still knows the person, and what it says of them now.
//!
//! Of all who refresh for one person at once, in any process, one asks: a provider that rotates refresh tokens ends the whole family when one
//! comes twice (OAuth 2.1 §4.3.1). What it gives is in the store before anything else is done with it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::facade::UpstreamToken;
use mcp_auth_store::{
    ConnectedAccount, Connection, Lease, Leased, SecretHash, Store, StoreError, UpstreamGrant,
};
use serde_json::{Map, Value};
use tokio::time::{Instant, sleep, timeout};

use super::login::account_of;
use super::options::UpstreamOptions;
use super::passed_on::passed_on;
use super::person::{LetIn, NotIn, person};
use super::provider::{NotSeen, Provider, has_ended};
use super::said::Said;
use super::tokens;
use crate::person::login::LoginError;
use crate::person::renewal::{Renewal, Renewed};
use crate::secret::secret;

/// The longest that the provider may take to say who the person is, once it has given new tokens.
const LONGEST_LOOK: Duration = Duration::from_secs(20);
/// For how many seconds nobody else asks. Longer than all of it takes, also where clocks differ.
const LEASE: u64 = 90;
/// How long others wait for the one who asks.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
/// How often they look.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// How often it is tried to keep what the provider gave, which is lost else.
const TIMES: usize = 3;

/// How much longer an access token has to be good that a tool gets, in seconds.
const LASTS: u64 = 60;

/// Nothing is kept of a person who logged in before such things were kept, or whose records are gone.
const NOTHING_KEPT: &str = "nothing is kept of their login at the provider: they have to log in again";
const OVER: &str = "the provider ended their login, or they are not let in any more";
const NOT_LET_IN: &str =
    "what let them in was taken out of allow, and the provider cannot be asked about them";
const NO_ACCESS_TOKEN: &str = "the provider gave no access token that is good still, and no refresh token";

/// Why it is not known now whether the provider still knows the person.
#[derive(Debug, thiserror::Error)]
enum NotNow {
    #[error("another request asks the provider about this person, and takes long")]
    Busy,
    #[error("the person logged in anew meanwhile, or another process went on")]
    Overtaken,
    #[error("the provider takes too long")]
    Slow,
    #[error("what the provider gave cannot be kept")]
    Store(#[source] StoreError),
    #[error("the provider does not say who the person is: {0}")]
    Person(NotIn),
}

impl From<NotNow> for LoginError {
    fn from(error: NotNow) -> Self {
        Self::Unavailable(error.into())
    }
}

impl From<StoreError> for NotNow {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Asks the provider. Cloning shares it.
#[derive(Clone)]
pub(super) struct Follower {
    pub(super) options: Arc<UpstreamOptions>,
    pub(super) provider: Arc<Provider>,
    pub(super) ambient: Ambient,
    /// Where people connect accounts: what login they come from. Else they log in here.
    pub(super) connects: Option<Arc<str>>,
}

/// What is wanted of the provider.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    /// What it says of the person, not long ago.
    News,
    /// An access token that is good for a while.
    AccessToken,
}

/// What is asked for, and when.
#[derive(Clone, Copy)]
struct Asked {
    wanted: Wanted,
    look_every: u64,
    may_ask: bool,
    now: u64,
}

impl Asked {
    fn by(renewal: &Renewal<'_>, wanted: Wanted) -> Self {
        let Renewal { look_every, may_ask, now, .. } = *renewal;
        Self { wanted, look_every, may_ask, now }
    }
}

/// What the provider says of a person who is let in.
struct Seen {
    claims: Map<String, Value>,
    /// By which entries of `allow`.
    by: BTreeSet<String>,
}

/// What the provider gave for a person, or why they have to log in again.
type Settled = Result<UpstreamGrant, &'static str>;

/// What is renewed by whom.
struct Held {
    store: Store,
    subject: String,
    upstream: String,
    holder: SecretHash,
    now: u64,
}

impl Follower {
    /// What the provider says of the person now. It is asked where it was not for a while, and where its access token has ended.
    ///
    /// # Errors
    /// [`LoginError::Unavailable`]: it cannot be told now.
    pub(super) async fn follow(&self, renewal: &Renewal<'_>) -> Result<Renewed, LoginError> {
        Ok(match self.settled(renewal, Wanted::News).await? {
            // The provider may have been asked for more, under another configuration.
            Ok(grant) => Renewed::Claims(passed_on(&grant.claims, &self.options.claims)),
            Err(why) => Renewed::Ended(why),
        })
    }

    /// An access token of the provider for the person, which is refreshed first if it is about to end; `None` where they have to log in again.
    ///
    /// # Errors
    /// [`LoginError::Unavailable`]: it cannot be told now.
    pub(super) async fn access_token(
        &self,
        renewal: &Renewal<'_>,
    ) -> Result<Option<UpstreamToken>, LoginError> {
        Ok(match self.settled(renewal, Wanted::AccessToken).await? {
            Ok(grant) => grant.access_token.map(|token| UpstreamToken::new(token, grant.scopes)),
            Err(why) => {
                tracing::info!(
                    subject = renewal.subject,
                    upstream = self.options.name,
                    why,
                    "no access token of the provider"
                );
                None
            }
        })
    }

    /// Whether this was given by this provider, and to a person of this login: of another one, somebody else may have their name. What another
    /// provider gave goes to none.
    pub(super) fn is_of_here(&self, grant: &UpstreamGrant) -> bool {
        let connected_at = grant.account.as_ref().map(|account| &*account.login);
        grant.provider == self.options.issuer() && connected_at == self.connects.as_deref()
    }

    /// What is kept of the person.
    async fn kept(&self, renewal: &Renewal<'_>) -> Result<Option<UpstreamGrant>, StoreError> {
        let of = Connection { subject: renewal.subject, upstream: &self.options.name };
        let kept = renewal.store.upstream_grants().find(of, renewal.now).await?;
        Ok(kept.filter(|grant| self.is_of_here(grant)))
    }

    /// The account that the person connected, if an access token of it is there, or may be had.
    ///
    /// # Errors
    /// [`LoginError::Unavailable`]: it cannot be told now.
    pub(super) async fn connected(
        &self,
        renewal: &Renewal<'_>,
    ) -> Result<Option<ConnectedAccount>, LoginError> {
        let Some(grant) = self.kept(renewal).await.map_err(NotNow::from)? else { return Ok(None) };
        let lasts = !has_ended(&grant, renewal.now.saturating_add(LASTS));
        let can_be_asked = self.provider.can_be_asked(&grant);
        let is_good = can_be_asked || lasts && self.options.lets_in_still(&grant.let_in_by);
        Ok(grant.account.filter(|_| !grant.is_over && is_good))
    }

    async fn settled(&self, renewal: &Renewal<'_>, wanted: Wanted) -> Result<Settled, LoginError> {
        let (since, mut pause) = (Instant::now(), SHORTEST_PAUSE);
        loop {
            let kept = self.kept(renewal).await.map_err(NotNow::from)?;
            let Some(grant) = kept else { return Ok(Err(NOTHING_KEPT)) };
            if let Some(settled) = self.without_asking(&grant, Asked::by(renewal, wanted)) {
                return Ok(settled);
            }
            let held = Held {
                store: renewal.store.clone(),
                subject: renewal.subject.to_owned(),
                upstream: self.options.name.clone(),
                holder: SecretHash::of(&secret(&*self.ambient.random)),
                now: renewal.now,
            };
            let (this, asked) = (self.clone(), Asked::by(renewal, wanted));
            // A client that goes away does not stop it: what the provider gives would be lost, and the lease kept.
            let turn = tokio::spawn(async move { this.turn(held, asked).await }).await;
            match turn.map_err(|error| LoginError::Unavailable(error.into()))?? {
                Some(settled) => return Ok(settled),
                None if since.elapsed() < LONGEST_WAIT => {
                    sleep(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
                None => return Err(NotNow::Busy.into()),
            }
        }
    }

    /// Asks the provider, if nobody else does.
    async fn turn(&self, held: Held, asked: Asked) -> Result<Option<Settled>, LoginError> {
        let lease = Lease { holder: held.holder, until: held.now.saturating_add(LEASE) };
        let leased = held.store.upstream_grants().lease(held.of(), lease, held.now).await;
        match leased.map_err(NotNow::from)? {
            Leased::Held => Ok(None),
            Leased::Absent => Ok(Some(Err(NOTHING_KEPT))),
            Leased::Taken(grant) if !self.is_of_here(&grant) => {
                held.release(&grant).await?;
                Ok(Some(Err(NOTHING_KEPT)))
            }
            Leased::Taken(grant) => match self.without_asking(&grant, asked) {
                // Another one went on meanwhile.
                Some(settled) => {
                    held.release(&grant).await?;
                    Ok(Some(settled))
                }
                None => self.ask(held, *grant).await.map(Some),
            },
        }
    }

    /// What is known without the provider, if that is enough.
    fn without_asking(&self, grant: &UpstreamGrant, asked: Asked) -> Option<Settled> {
        if grant.is_over {
            return Some(Err(OVER));
        }
        let can_be_asked = self.provider.can_be_asked(grant);
        if !self.options.lets_in_still(&grant.let_in_by) {
            // It may name them by another entry: that the provider says. It is asked once about each such person, so who asks is all the same.
            return (!can_be_asked).then_some(Err(NOT_LET_IN));
        }
        let is_recent = asked.now < grant.seen_at.saturating_add(asked.look_every);
        let is_enough = match asked.wanted {
            // What came since it was wanted is as new as can be.
            _ if grant.seen_at >= asked.now => true,
            Wanted::News => is_recent && !has_ended(grant, asked.now) || !(asked.may_ask && can_be_asked),
            // No refresh of ours follows an account that was connected, so its tokens do.
            Wanted::AccessToken if self.connects.is_some() && !is_recent && can_be_asked => false,
            Wanted::AccessToken if !has_ended(grant, asked.now.saturating_add(LASTS)) => true,
            Wanted::AccessToken if grant.refresh_token.is_none() => return Some(Err(NO_ACCESS_TOKEN)),
            Wanted::AccessToken => false,
        };
        is_enough.then(|| Ok(grant.clone()))
    }

    /// Asks the provider. What it gives is kept first.
    async fn ask(&self, held: Held, grant: UpstreamGrant) -> Result<Settled, LoginError> {
        let soon = held.now.saturating_add(LASTS);
        let answer = match self.provider.refreshed(&self.options, &grant, soon).await {
            Ok(answer) => answer,
            Err(error) => return held.not_seen(&grant, error).await,
        };
        let (grant, unproven) = match &answer {
            Some(answer) => {
                let grant = tokens::renewed(answer, &grant, held.now);
                // Until it is known whose it is, no tool gets this access token.
                let unproven = UpstreamGrant { access_token: None, ..grant.clone() };
                held.keep(&unproven).await?;
                (grant, unproven)
            }
            None => (grant.clone(), grant),
        };
        match self.seen(&held, &grant, answer.as_ref()).await {
            Ok(Seen { claims, by }) => {
                let grant = UpstreamGrant { claims, let_in_by: by, seen_at: held.now, ..grant };
                held.release(&grant).await?;
                Ok(Ok(grant))
            }
            Err(error) => held.not_seen(&unproven, error).await,
        }
    }

    /// What the provider says of the person now, who is let in still.
    async fn seen(
        &self,
        held: &Held,
        grant: &UpstreamGrant,
        answer: Option<&Map<String, Value>>,
    ) -> Result<Seen, NotSeen> {
        let said = timeout(LONGEST_LOOK, self.provider.said_again(&self.options, grant, answer)).await;
        match said.unwrap_or_else(|_| Err(LoginError::from(NotNow::Slow).into()))? {
            Some(said) => self.let_in_still((held, grant), &said),
            None if self.options.lets_in_still(&grant.let_in_by) => {
                Ok(Seen { claims: grant.claims.clone(), by: grant.let_in_by.clone() })
            }
            None => Err(NotSeen::Over(NOT_LET_IN)),
        }
    }

    fn let_in_still(&self, (held, grant): (&Held, &UpstreamGrant), said: &Said) -> Result<Seen, NotSeen> {
        let let_in = person(said, &self.options, held.now).map_err(|error| match error {
            NotIn::NotAdmitted => NotSeen::Over("they are not among those who are let in any more"),
            error => NotSeen::Now(NotNow::Person(error).into()),
        })?;
        let LetIn { user, by } = let_in;
        if user.subject != account_of(grant, &held.subject) {
            return Err(NotSeen::Over("the provider names another person"));
        }
        if !user.has_fit_claims() {
            return Err(NotSeen::Over("what the provider says of them is too long for tokens"));
        }
        Ok(Seen { claims: user.claims, by })
    }
}

impl Held {
    fn of(&self) -> Connection<'_> {
        Connection { subject: &self.subject, upstream: &self.upstream }
    }

    /// Keeps what the provider gave, and goes on.
    async fn keep(&self, grant: &UpstreamGrant) -> Result<(), NotNow> {
        let grants = self.store.upstream_grants();
        let mut left = TIMES;
        loop {
            left -= 1;
            match grants.renew(self.of(), self.holder, grant.clone(), self.now).await {
                Ok(true) => return Ok(()),
                Ok(false) => return Err(NotNow::Overtaken),
                Err(error) if left == 0 => return Err(error.into()),
                Err(_) => sleep(LONGEST_PAUSE).await,
            }
        }
    }

    /// Keeps this, and lets others ask.
    async fn release(&self, grant: &UpstreamGrant) -> Result<(), NotNow> {
        match self.store.upstream_grants().release(self.of(), self.holder, grant.clone(), self.now).await? {
            true => Ok(()),
            false => Err(NotNow::Overtaken),
        }
    }

    /// What is over stays so until the person logs in again; of what cannot be told now nothing is changed.
    async fn not_seen(&self, grant: &UpstreamGrant, error: NotSeen) -> Result<Settled, LoginError> {
        match error {
            NotSeen::Over(why) => {
                self.release(&grant.over(self.now)).await?;
                Ok(Err(why))
            }
            NotSeen::Now(error) => {
                // Where this fails too, the lease ends by itself.
                let _ = self.release(grant).await;
                Err(error)
            }
        }
    }
}
