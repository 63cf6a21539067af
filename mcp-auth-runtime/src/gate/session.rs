//! Step 10, bind: the legacy session a message opens or belongs to is its caller's own, and there is a slot for it.

use crate::answer::Rejection;
use crate::authn::Identity;
use crate::authz::{Named, Permit, Policy, Ran};
use crate::envelope::Message;
use crate::owned::{InUse, ReadStream, SessionSlot, Sessions};

/// What a message of a revision before 2026-07-28 wants of the sessions.
pub(super) struct Session<'a> {
    pub(super) sessions: &'a Sessions,
    pub(super) wanted: Wanted<'a>,
}

/// Which session a message means.
pub(super) enum Wanted<'a> {
    /// A new one: `initialize`.
    New,
    /// The one it names; `None` where the name cannot be one.
    Open(Option<&'a str>),
    /// To read a stream of the one it names.
    Read(Option<&'a str>),
    /// To end the one it names.
    End(Option<&'a str>),
}

/// What came of it. What it holds counts until it is dropped.
#[expect(dead_code, reason = "slots and uses are counted, not read")]
pub(super) enum Bound {
    /// It belongs to none.
    NoSession,
    /// It may open one.
    Opens(SessionSlot),
    /// It belongs to one of its caller's; with a slot for it where it comes from the store.
    Within(Option<SessionSlot>, InUse),
    /// It ends one of its caller's; the same.
    Ends(Option<SessionSlot>),
    /// It reads a stream of one of its caller's.
    Reads(Option<SessionSlot>, ReadStream),
}

impl Session<'_> {
    /// Makes sure of the session, for a message that names `named`.
    ///
    /// # Errors
    /// [`Rejection::UnknownSession`], [`Rejection::Crowded`], [`Rejection::StoreUnavailable`]; for a stream,
    /// [`Rejection::InsufficientScope`] too.
    pub(super) async fn bind(
        &self,
        permit: &Permit,
        named: &Named<'_>,
        policy: &Policy,
    ) -> Result<Bound, Rejection> {
        let identity = permit.identity();
        let may_use = |ran: &Ran, who: &Identity| policy.admits_to(ran, who);
        match self.wanted {
            Wanted::New => {
                let slot = self.sessions.slot_for(identity).await?;
                Ok(slot.map_or(Bound::NoSession, Bound::Opens))
            }
            Wanted::Open(id) => {
                let slot = self.enter(id, identity).await?;
                let in_use = self
                    .sessions
                    .note(id.unwrap_or_default(), permit.ran(named.ids()), is_use(named.message()), may_use)
                    .await;
                Ok(Bound::Within(slot, in_use))
            }
            Wanted::Read(id) => {
                let slot = self.enter(id, identity).await?;
                match self.sessions.read(id.unwrap_or_default(), identity, may_use) {
                    Ok(stream) => Ok(Bound::Reads(slot, stream)),
                    Err(beyond) => Err(match policy.denied(beyond, identity) {
                        Some(denied) => Rejection::of(&denied, None),
                        None => Rejection::UnknownSession,
                    }),
                }
            }
            Wanted::End(id) => match self.enter(id, identity).await {
                // To end a session takes no slot.
                Err(Rejection::Crowded(_)) => Ok(Bound::Ends(None)),
                entered => entered.map(Bound::Ends),
            },
        }
    }

    /// Makes sure that a session it names is one of the caller's.
    ///
    /// # Errors
    /// [`Rejection::UnknownSession`], [`Rejection::StoreUnavailable`].
    pub(super) async fn check_owner(&self, identity: &Identity) -> Result<(), Rejection> {
        match self.wanted {
            Wanted::New => Ok(()),
            Wanted::Open(id) | Wanted::Read(id) | Wanted::End(id) => self.own(id, identity).await.map(drop),
        }
    }

    async fn own<'i>(&self, id: Option<&'i str>, identity: &Identity) -> Result<&'i str, Rejection> {
        let id = id.ok_or(Rejection::UnknownSession)?;
        match self.sessions.belongs_to(id, identity).await? {
            true => Ok(id),
            false => Err(Rejection::UnknownSession),
        }
    }

    async fn enter(&self, id: Option<&str>, identity: &Identity) -> Result<Option<SessionSlot>, Rejection> {
        let id = self.own(id, identity).await?;
        if self.sessions.is_open(id).await {
            return Ok(None);
        }
        Ok(self.sessions.slot_for(identity).await?)
    }
}

/// Whether a message uses its session: a notification may only say that it is open.
fn is_use(message: &Message) -> bool {
    !matches!(message, Message::Other { method } if method.starts_with("notifications/"))
}
