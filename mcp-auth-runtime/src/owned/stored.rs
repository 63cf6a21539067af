//! Where other processes find sessions: in the server's store, or where a program says (rmcp's `SessionStore`).

use std::sync::Arc;

use async_trait::async_trait;
use mcp_auth_core::ambient::Clock;
use mcp_auth_store::{Store, StoreError};
use rmcp::transport::streamable_http_server::session::{SessionState, SessionStore, SessionStoreError};

use super::owner::Owner;

/// How long a session can be restored after it was last taken over; seconds.
const RESTORABLE: u64 = 24 * 60 * 60;

/// Where a session of rmcp's kind of store keeps its owner: a key of the `initialize` parameters' `_meta`.
const OWNER_KEY: &str = "mcp-auth/owner";

/// Sessions that other processes may take over, each for its owner.
#[derive(Clone)]
pub(crate) enum StoredSessions {
    /// In the server's store.
    Store(Store, Arc<dyn Clock>),
    /// In one that only knows how to load and to store.
    Program(Arc<dyn SessionStore>),
}

impl StoredSessions {
    /// The sessions of `store`, if any other process finds them there.
    pub(crate) fn of(store: &Store, clock: &Arc<dyn Clock>) -> Option<Self> {
        store.lasts().then(|| Self::Store(store.clone(), Arc::clone(clock)))
    }

    /// As rmcp reads and writes them.
    pub(crate) fn for_rmcp(&self) -> Arc<dyn SessionStore> {
        match self {
            Self::Store(..) => Arc::new(self.clone()),
            Self::Program(sessions) => Arc::clone(sessions),
        }
    }

    /// Binds the session that rmcp has just stored. A stored session without an owner belongs to no caller, so after
    /// an error here other processes do not take it over, for its owner or for anyone else.
    pub(super) async fn bind(&self, id: &str, owner: &Owner) {
        let bound = match self {
            Self::Store(store, clock) => {
                let (key, person) = (owner.key(), owner.person());
                store.sessions().bind(id, &key, person.as_deref(), clock.unix_now()).await
            }
            Self::Program(sessions) => write_owner(sessions.as_ref(), id, owner).await,
        };
        match bound {
            Ok(true) => {}
            Ok(false) => tracing::warn!("a session was not stored; other processes will not take it over"),
            Err(error) => tracing::warn!(
                cause = %error.cause(),
                "a session's owner could not be stored; other processes will not take it over"
            ),
        }
    }

    /// Whether the session is stored and `owner`'s.
    ///
    /// # Errors
    /// [`StoreError`]: the store cannot tell the owner now.
    pub(super) async fn enter(&self, id: &str, owner: &Owner) -> Result<bool, StoreError> {
        match self {
            Self::Store(store, clock) => {
                let now = clock.unix_now();
                store.sessions().enter(id, &owner.key(), now.saturating_add(RESTORABLE), now).await
            }
            Self::Program(sessions) => {
                Ok(read_owner(sessions.as_ref(), id).await?.is_some_and(|kept| kept == owner.key()))
            }
        }
    }
}

/// rmcp restores by [`SessionStore::load`] only what was [entered](StoredSessions::enter).
#[async_trait]
impl SessionStore for StoredSessions {
    async fn load(&self, id: &str) -> Result<Option<SessionState>, SessionStoreError> {
        match self {
            Self::Store(store, clock) => {
                let state = store.sessions().state(id, clock.unix_now()).await?;
                Ok(state.map(|text| serde_json::from_str(&text)).transpose()?)
            }
            Self::Program(sessions) => sessions.load(id).await,
        }
    }

    async fn store(&self, id: &str, state: &SessionState) -> Result<(), SessionStoreError> {
        match self {
            Self::Store(store, clock) => {
                let (text, now) = (serde_json::to_string(state)?, clock.unix_now());
                Ok(store.sessions().keep(id, text, now.saturating_add(RESTORABLE), now).await?)
            }
            Self::Program(sessions) => sessions.store(id, state).await,
        }
    }

    async fn delete(&self, id: &str) -> Result<(), SessionStoreError> {
        match self {
            Self::Store(store, _) => Ok(store.sessions().end(id).await?),
            Self::Program(sessions) => sessions.delete(id).await,
        }
    }
}

/// Adds the owner to the state rmcp has just stored. Returns whether it was stored.
async fn write_owner(sessions: &dyn SessionStore, id: &str, owner: &Owner) -> Result<bool, StoreError> {
    let stored = sessions.load(id).await.map_err(StoreError::new)?;
    let Some(SessionState { mut initialize_params, .. }) = stored else { return Ok(false) };
    let meta = initialize_params.meta.get_or_insert_default();
    meta.insert(OWNER_KEY.to_owned(), owner.key().into());
    sessions.store(id, &SessionState::new(initialize_params)).await.map_err(StoreError::new)?;
    Ok(true)
}

async fn read_owner(sessions: &dyn SessionStore, id: &str) -> Result<Option<String>, StoreError> {
    let stored = sessions.load(id).await.map_err(StoreError::new)?;
    let meta = stored.and_then(|state| state.initialize_params.meta);
    Ok(meta.and_then(|meta| meta.get(OWNER_KEY)?.as_str().map(str::to_owned)))
}
