//! [`RedisRows`]; the version of a store and of a server.

use std::fmt;

use redis::cmd;

use super::link::Link;
use super::place::Place;
use super::scripts::Scripts;
use crate::durable::Key;
use crate::durable::version::{self, MIN_VERSION, NEWEST};
use crate::{OpenError, StoreError};

/// The oldest release that is used: of Redis, and of what says that it is like it.
const OLDEST: (u32, u32) = (6, 2);

/// The [`Rows`](crate::durable::Rows) of a store in Redis from 6.2 on, or in Valkey. Many processes of many machines may share it.
///
/// # What lasts
/// What a step did is in the server once it is done, so it is there after a crash of this process. Whether it is there after a crash of the
/// *server* is a matter of the server's settings: it has to write each change to its disk (`appendonly yes`, `appendfsync always`), and may
/// not remove what has not ended (`maxmemory-policy noeviction`). [`trouble`](crate::durable::Rows::trouble) says where they are different. A replica gets
/// changes a moment later: what it did not get is lost where it takes over.
///
/// # When the server cannot be reached
/// A step fails after 10 seconds at the latest, and a later one connects again by itself. A step whose answer is lost fails too, **and may
/// have been done**: nothing is sent twice. Its caller has granted nothing, and what was presented once is not taken again: a code whose
/// answer was lost is used up, and the person logs in once more.
///
/// # What its user may do
/// The user of the URL needs the keys of `~{mcp-auth}:*`, and these commands: `+evalsha +script|load +hget +hmget +hset +hdel +del +zadd
/// +zrem +zcard +zcount +zrangebyscore +zrangebylex`. With `+info +config|get` it can also be seen how safe the store is; a database other
/// than 0 needs `+select`. [`connect`](Self::connect) tries what it may do. Do not take a right from a user whose servers run: a script is
/// not rolled back.
///
/// # What the keys are
/// All begin with the prefix in braces, `{mcp-auth}:`, so a cluster keeps a whole store in one of its slots. This client talks to one server,
/// and does not follow a store to another one of a cluster.
///
/// | key | what it is |
/// |---|---|
/// | `{mcp-auth}:row:<kind>:<id>` | a hash: one row |
/// | `{mcp-auth}:group:<name>` | a sorted set: the rows of a group, by rank |
/// | `{mcp-auth}:ends` | a sorted set: the rows that end, by their time |
/// | `{mcp-auth}:rows` | a sorted set: all rows, by name |
/// | `{mcp-auth}:versions` | a hash: which release may use the store |
///
/// A member of a set is the row's identifier, a NUL, and its kind. Nothing uses the server's own clock.
pub struct RedisRows {
    pub(super) link: Link,
    pub(super) scripts: Scripts,
}

impl RedisRows {
    /// The rows in the server of `url`: `redis://user:password@host:6379/0`, `rediss://` for TLS, or
    /// `unix:///path?user=ann&pass=secret&db=0`. What is special in a password is escaped (`@` as `%40`). Parameters:
    ///
    /// - `prefix`: what the keys of this store begin with, so that several stores share a server: 1 to 64 letters, digits and `-_.:`.
    ///   **(default: mcp-auth)**
    /// - `ca_file`, of `rediss://`: a file of certificates in PEM. The one of the server has to be of one of these authorities.
    ///   **(default: those that the machine trusts)**
    ///
    /// The password is in no error and no log.
    ///
    /// # Errors
    /// [`OpenError::Newer`]; [`OpenError::Database`] where the URL is not one, the server cannot be reached within 5 seconds, is too old,
    /// or does not let this user do what a store needs.
    pub async fn connect(url: &str) -> Result<Self, OpenError> {
        let place = Place::of(url)
            .map_err(|why| OpenError::Database(StoreError::new(format!("the URL of the store: {why}"))))?;
        let link = Link::new(place).map_err(|error| OpenError::Database(error.into()))?;
        let rows = Self { link, scripts: Scripts::new() };
        if let Some(version) = rows.version().await.map_err(OpenError::Database)?
            && version < OLDEST
        {
            let ((major, minor), (oldest, of_it)) = (version, OLDEST);
            let why = format!("Redis {major}.{minor} is too old: a store needs {oldest}.{of_it} or newer");
            return Err(OpenError::Database(StoreError::new(why)));
        }
        version::admit(rows.open().await.map_err(OpenError::Database)?)?;
        Ok(rows)
    }

    /// The release of the server; `None` where it does not tell.
    async fn version(&self) -> Result<Option<(u32, u32)>, StoreError> {
        let told = self.info("server").await?;
        let version = told.as_deref().and_then(|told| field(told, "redis_version"));
        Ok(version.and_then(|version| {
            let mut numbers = version.split('.').map(|number| number.parse().ok());
            Some((numbers.next()??, numbers.next()??))
        }))
    }

    /// Gives a new store its version. Returns the oldest version that may use it.
    async fn open(&self) -> Result<i64, StoreError> {
        let mut open = self.scripts.open.prepare_invoke();
        for name in ["versions", "row:trial:", "group:trial"] {
            open.key(self.key(name));
        }
        open.arg(NEWEST).arg(MIN_VERSION);
        Ok(self.link.run(async |mut server| open.invoke_async(&mut server).await).await?)
    }

    /// What the server tells about itself; `None` where it does not let this user ask.
    pub(super) async fn info(&self, section: &str) -> Result<Option<String>, StoreError> {
        let asked = async |mut server| match cmd("INFO").arg(section).query_async(&mut server).await {
            Ok(told) => Ok(Some(told)),
            Err(error) if is_an_answer(&error) => Ok(None),
            Err(error) => Err(error),
        };
        Ok(self.link.run(asked).await?)
    }

    /// The key of this name, which is the store's alone.
    pub(super) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.link.place.base)
    }

    pub(super) fn key_of_row(&self, key: &Key) -> String {
        format!("{}row:{}:{}", self.link.place.base, key.kind, key.id)
    }

    pub(super) fn key_of_group(&self, group: &str) -> String {
        format!("{}group:{group}", self.link.place.base)
    }
}

/// Whether the server has answered, and refuses.
pub(super) fn is_an_answer(error: &redis::RedisError) -> bool {
    use redis::{ErrorKind, ServerErrorKind};
    matches!(
        error.kind(),
        ErrorKind::Extension | ErrorKind::Server(ServerErrorKind::NoPerm | ServerErrorKind::ResponseError)
    )
}

/// A line of what the server tells about itself.
pub(super) fn field<'a>(told: &'a str, name: &str) -> Option<&'a str> {
    told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

impl fmt::Debug for RedisRows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisRows({}, {})", self.link.place, self.link.place.base.trim_end_matches(':'))
    }
}
