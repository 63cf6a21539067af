//! A few connections that are used again and again, and how long each thing may take.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use deadpool_postgres::{
    ClientWrapper, Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod,
};
use tokio::time::error::Elapsed;
use tokio::time::timeout;
use tokio_postgres::{Error, NoTls};

use super::address::Address;
use super::tls::Tls;
use crate::{OpenError, StoreError};

/// How many connections a process has at most.
const MOST: usize = 10;
/// How long a connection is waited for, new or not.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a step may take once it has a connection. The server gives up before ([`SESSION`]), unless it is no longer there.
const STEP: Duration = Duration::from_secs(7);
/// How long nobody needs to have answered on a connection until the system asks whether someone is there.
pub(super) const KEEPALIVE: Duration = Duration::from_secs(15);

/// What every connection has. It is set by statements, since PgBouncer refuses it as parameters of the start.
///
/// - What was acknowledged is on the disk, also where the default of the role or of the server is another one.
/// - A change reads what others have done as soon as it has its locks, so a transaction must not keep to what it saw first.
/// - Every statement names its rows, so it finds them by an index. A plan that was made for small tables is kept when they grow, and
///   would read all of them.
const SESSION: &str = "
SET statement_timeout = '5s';
SET lock_timeout = '4s';
SET idle_in_transaction_session_timeout = '10s';
SET default_transaction_isolation = 'read committed';
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off';
";

/// The connections of one store.
pub(super) struct Connections {
    pool: Pool,
    is_readable_by_others: bool,
    place: String,
}

impl Connections {
    /// Makes none of them yet.
    ///
    /// # Errors
    /// [`OpenError`].
    pub(super) fn to(address: Address) -> Result<Self, OpenError> {
        let Address { config, roots, is_readable_by_others, place } = address;
        // A connection that was closed is not used again. One that is silently dead is found by its first step, and by the system:
        // to try each before its use would double the time of every step.
        let used_again = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let manager = match roots {
            Some(roots) => Manager::from_config(config, Tls::new(roots)?, used_again),
            None => Manager::from_config(config, NoTls, used_again),
        };
        let prepare = Hook::async_fn(|connection: &mut ClientWrapper, _| {
            Box::pin(async { connection.batch_execute(SESSION).await.map_err(HookError::Backend) })
        });
        let pool = Pool::builder(manager).max_size(MOST).post_create(prepare).build();
        let pool = pool.map_err(|error| OpenError::Database(StoreError::new(error)))?;
        Ok(Self { pool, is_readable_by_others, place })
    }

    /// The host and the database.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Whether they cross a network without TLS.
    pub(super) fn is_readable_by_others(&self) -> bool {
        self.is_readable_by_others
    }

    /// A connection that nobody else uses.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn get(&self) -> Result<Object, StoreError> {
        match timeout(PATIENCE, self.pool.get()).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)))) => {
                Err(self.failed(&error))
            }
            Ok(Err(error)) => Err(self.error(&error.to_string())),
            Err(_) => Err(self.error("it took over 5 seconds to get a connection")),
        }
    }

    /// The outcome of a step on this connection, which others may then use, unless it did not answer in time.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn settle<T>(&self, connection: Object, outcome: Outcome<T>) -> Result<T, StoreError> {
        match outcome {
            Ok(outcome) => outcome.map_err(|error| self.failed(&error)),
            Err(_) => {
                drop(Object::take(connection));
                Err(self.error("it did not answer within 7 seconds"))
            }
        }
    }

    /// The error for the log.
    pub(super) fn failed(&self, error: &Error) -> StoreError {
        self.error(&why(error))
    }

    fn error(&self, why: &str) -> StoreError {
        StoreError::new(format!("{}: {why}", self.place))
    }
}

/// What became of a step, or that it took too long.
pub(super) type Outcome<T> = Result<Result<T, Error>, Elapsed>;

/// Does a step on a connection; [`Connections::settle`] takes what became of it.
pub(super) async fn within<T>(step: impl Future<Output = Result<T, Error>>) -> Outcome<T> {
    timeout(STEP, step).await
}

/// What the server or the system says. Details of the server are left out: they repeat values.
fn why(error: &Error) -> String {
    if let Some(error) = error.as_db_error() {
        return format!("{} (SQLSTATE {})", error.message(), error.code().code());
    }
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
