//! What the URL of a store says. It holds a password, which stands in no error and no log.

use std::fmt;
use std::path::PathBuf;

use redis::RedisConnectionInfo;
use url::{Host, Url};

use crate::ServerScheme;

/// What the keys of a store begin with, unless the URL says otherwise.
const PREFIX: &str = "mcp-auth";
const MOST_OF_PREFIX: usize = 64;
const PORT: u16 = 6379;

/// Where the server of a store is, and what of it is the store's.
pub(super) struct Place {
    pub(super) at: At,
    /// As whom, and in which of its databases.
    pub(super) login: RedisConnectionInfo,
    /// All of `{prefix}:`. What is in braces decides where a cluster keeps a key, so it keeps a whole store in one place.
    pub(super) base: String,
    /// What must not be read, as it is and as the URL has it.
    secrets: Vec<String>,
}

/// How the server is reached.
pub(super) enum At {
    /// Unencrypted.
    Plain(Address),
    /// By TLS. Its certificate is of an authority in this file, or of one that the machine trusts.
    Tls(Address, Option<PathBuf>),
    /// By a socket of this machine.
    #[cfg(unix)]
    Socket(PathBuf),
}

/// A host and a port.
pub(super) struct Address {
    pub(super) host: Host,
    pub(super) port: u16,
}

/// Why a URL is not the one of a store.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlaceError {
    #[error("it does not parse; what is special in a password has to be escaped, such as `@` as %40")]
    Unparsed,
    #[error("it does not begin with redis://, rediss:// or unix://")]
    Scheme,
    #[error("it has no {0}")]
    Without(&'static str),
    #[error(
        "it has something after `#`; what is special in a password has to be escaped, such as `#` as %23"
    )]
    Fragment,
    #[error("the number of its database is not a number")]
    Database,
    #[error("its user or password is not text in UTF-8")]
    Login,
    // Its name may be the end of a password that was not escaped.
    #[error(
        "after `?` it has something that is not a parameter of it; what is special in a password has to be escaped"
    )]
    Parameter,
    #[error("the prefix is not 1 to {MOST_OF_PREFIX} letters, digits and `-`, `_`, `.`, `:`")]
    Prefix,
    #[error("ca_file is for rediss:// alone")]
    Authority,
}

impl Place {
    /// The place of this URL.
    ///
    /// # Errors
    /// [`PlaceError`], which holds nothing that is secret.
    pub(super) fn of(url: &str) -> Result<Self, PlaceError> {
        let url = Url::parse(url).map_err(|_| PlaceError::Unparsed)?;
        if url.fragment().is_some() {
            return Err(PlaceError::Fragment);
        }
        let scheme = ServerScheme::named(url.scheme()).ok_or(PlaceError::Scheme)?;
        let is_socket = match scheme {
            ServerScheme::Redis | ServerScheme::RedisByTls => false,
            ServerScheme::RedisBySocket if cfg!(unix) => true,
            ServerScheme::RedisBySocket | ServerScheme::Postgres => return Err(PlaceError::Scheme),
        };
        let (mut prefix, mut authority, mut login) = (PREFIX.to_owned(), None, Login::default());
        for (name, value) in url.query_pairs() {
            match &*name {
                "prefix" => prefix = value.into_owned(),
                "ca_file" => authority = Some(PathBuf::from(&*value)),
                "db" if is_socket => login.database(&value)?,
                "user" if is_socket => login.user = Some(value.into_owned()),
                "pass" if is_socket => login.password = Some(value.into_owned()),
                _ => return Err(PlaceError::Parameter),
            }
        }
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if !(1..=MOST_OF_PREFIX).contains(&prefix.len()) || !prefix.chars().all(is_allowed) {
            return Err(PlaceError::Prefix);
        }
        if !is_socket {
            login.user = Some(decoded(url.username())?).filter(|user| !user.is_empty());
            login.password = url.password().map(decoded).transpose()?;
            login.database(url.path().trim_matches('/'))?;
        }
        let mut secrets: Vec<String> =
            login.password.iter().cloned().chain(url.password().map(str::to_owned)).collect();
        secrets.retain(|secret| !secret.is_empty());
        let at = At::of(&url, scheme, authority)?;
        Ok(Self { at, login: login.into_info(), base: format!("{{{prefix}}}:"), secrets })
    }

    /// `text` without the password. A server repeats what it does not understand.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        self.secrets.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "***"))
    }
}

/// Where it is, without who asks: for errors and logs.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.at {
            At::Plain(address) => write!(f, "redis://{}:{}", address.host, address.port)?,
            At::Tls(address, _) => write!(f, "rediss://{}:{}", address.host, address.port)?,
            #[cfg(unix)]
            At::Socket(path) => write!(f, "unix://{}", path.display())?,
        }
        write!(f, ", database {}", self.login.db())
    }
}

impl At {
    fn of(url: &Url, scheme: ServerScheme, authority: Option<PathBuf>) -> Result<Self, PlaceError> {
        let address = || {
            // A scheme that is not of the web: its host is any text.
            let host = url.host_str().filter(|host| !host.is_empty()).ok_or(PlaceError::Without("host"))?;
            let host =
                Host::parse(host).map_err(|_| PlaceError::Without("host that is a name or an address"))?;
            Ok(Address { host, port: url.port().unwrap_or(PORT) })
        };
        match scheme {
            ServerScheme::RedisByTls => Ok(Self::Tls(address()?, authority)),
            _ if authority.is_some() => Err(PlaceError::Authority),
            #[cfg(unix)]
            ServerScheme::RedisBySocket => {
                let path = url.to_file_path().map_err(|()| PlaceError::Without("path"))?;
                Ok(Self::Socket(path))
            }
            #[cfg(not(unix))]
            ServerScheme::RedisBySocket => Err(PlaceError::Scheme),
            ServerScheme::Redis => Ok(Self::Plain(address()?)),
            ServerScheme::Postgres => Err(PlaceError::Scheme),
        }
    }
}

impl Address {
    /// Whether what is sent there stays in this machine.
    pub(super) fn is_this_machine(&self) -> bool {
        match &self.host {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        }
    }

    /// The host, as it is looked up and as a certificate has it.
    pub(super) fn name(&self) -> String {
        match &self.host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        }
    }
}

#[derive(Default)]
struct Login {
    user: Option<String>,
    password: Option<String>,
    database: i64,
}

impl Login {
    fn database(&mut self, number: &str) -> Result<(), PlaceError> {
        if !number.is_empty() {
            self.database = number.parse::<u32>().map_err(|_| PlaceError::Database)?.into();
        }
        Ok(())
    }

    fn into_info(self) -> RedisConnectionInfo {
        // It needs no more rights than the steps do.
        let mut info = RedisConnectionInfo::default().set_db(self.database).set_skip_set_lib_name();
        if let Some(user) = self.user {
            info = info.set_username(user);
        }
        if let Some(password) = self.password {
            info = info.set_password(password);
        }
        info
    }
}

/// A part of a URL as it was before it was escaped.
fn decoded(part: &str) -> Result<String, PlaceError> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, after @ ..] = rest {
        let digit = |at: usize| after.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                bytes.push(u8::try_from(high * 16 + low).map_err(|_| PlaceError::Login)?);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).map_err(|_| PlaceError::Login)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str) -> String {
        Place::of(url).map(|place| place.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn a_url_says_where_as_whom_and_under_which_prefix() {
        let place = Place::of("redis://ann:p%40ss%23@example.com:1234/5?prefix=todos.test").unwrap();
        assert_eq!(place.to_string(), "redis://example.com:1234, database 5");
        assert_eq!((place.login.username(), place.login.password()), (Some("ann"), Some("p@ss#")));
        assert_eq!((place.login.db(), &*place.base), (5, "{todos.test}:"));
        let place = Place::of("redis://localhost").unwrap();
        assert_eq!(place.to_string(), "redis://localhost:6379, database 0");
        assert_eq!((place.login.username(), place.login.password()), (None, None));
        assert_eq!(place.base, "{mcp-auth}:");
        let place = Place::of("rediss://:secret@[::1]/?ca_file=/etc/ca.pem").unwrap();
        assert_eq!(place.to_string(), "rediss://[::1]:6379, database 0");
        assert!(matches!(&place.at, At::Tls(_, Some(file)) if file == &PathBuf::from("/etc/ca.pem")));
        assert_eq!((place.login.username(), place.login.password()), (None, Some("secret")));
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_is_a_place_too() {
        let place = Place::of("redis+unix:///run/redis.sock?db=2&user=ann&pass=secret&prefix=a").unwrap();
        assert_eq!(place.to_string(), "unix:///run/redis.sock, database 2");
        assert_eq!((place.login.username(), place.login.password()), (Some("ann"), Some("secret")));
        assert_eq!(place.base, "{a}:");
    }

    #[test]
    fn every_scheme_of_this_server_is_opened_and_no_other_one() {
        for (scheme, says) in ServerScheme::ALL {
            let opened = Place::of(&format!("{scheme}:///run/redis.sock")).map(|place| place.at);
            let opened =
                opened.or_else(|_| Place::of(&format!("{scheme}://localhost")).map(|place| place.at));
            let is_as_it_says = match says {
                ServerScheme::Postgres => matches!(opened, Err(PlaceError::Scheme)),
                ServerScheme::Redis => matches!(opened, Ok(At::Plain(_))),
                ServerScheme::RedisByTls => matches!(opened, Ok(At::Tls(..))),
                #[cfg(unix)]
                ServerScheme::RedisBySocket => matches!(opened, Ok(At::Socket(_))),
                #[cfg(not(unix))]
                ServerScheme::RedisBySocket => matches!(opened, Err(PlaceError::Scheme)),
            };
            assert!(is_as_it_says, "{scheme}");
        }
        for other in ["memory", "sqlite", "mysql", "redis+tls", "http"] {
            assert!(matches!(Place::of(&format!("{other}://localhost")), Err(PlaceError::Scheme)), "{other}");
        }
    }

    #[test]
    fn a_url_that_is_not_one_of_a_store_is_refused_without_its_password() {
        for (url, why) in [
            ("postgres://ann:hunter2@localhost/", "does not begin with redis://"),
            ("hunter2", "does not parse"),
            ("redis://ann:hunter2@localhost:x/", "does not parse"),
            ("redis://ann:hunter2@localhost/#insecure", "something after `#`"),
            ("redis://ann:hunter2@localhost/hunter2", "not a number"),
            ("redis://ann:hunter2@localhost/-1", "not a number"),
            ("redis://ann:hunter2%FF@localhost/", "not text in UTF-8"),
            ("redis:///1", "no host"),
            ("redis://ann:hunter2@localhost/?insecure=1", "not a parameter of it"),
            ("redis://ann:hunter2@localhost/?db=1", "not a parameter of it"),
            ("redis://ann:12?hunter2@localhost", "not a parameter of it"),
            ("redis://ann:12/hunter2@localhost", "not a number"),
            ("redis://ann:12#hunter2@localhost", "something after `#`"),
            ("redis://ann:hunter2@localhost/?prefix=", "the prefix is not"),
            ("redis://ann:hunter2@localhost/?prefix=a%7Db", "the prefix is not"),
            ("redis://ann:hunter2@localhost/?prefix=a*", "the prefix is not"),
            ("redis://ann:hunter2@localhost/?ca_file=/etc/ca.pem", "for rediss:// alone"),
        ] {
            let refused = refused(url);
            assert!(refused.contains(why) && !refused.contains("hunter2"), "{url}: {refused}");
        }
    }

    #[test]
    fn what_is_sent_to_another_machine_is_told_from_what_stays_here() {
        for (url, stays) in [
            ("redis://localhost", true),
            ("redis://127.1.2.3", true),
            ("redis://[::1]", true),
            ("redis://10.0.0.1", false),
            ("redis://redis", false),
            ("redis://localhost.example.com", false),
        ] {
            let place = Place::of(url).unwrap();
            assert!(matches!(&place.at, At::Plain(address) if address.is_this_machine() == stays), "{url}");
        }
    }

    #[test]
    fn what_a_server_repeats_of_a_password_is_left_out() {
        let place = Place::of("redis://:p%40ss@localhost").unwrap();
        assert_eq!(place.without_secrets("unknown command 'p@ss', 'p%40ss'"), "unknown command '***', '***'");
        assert_eq!(Place::of("redis://:@localhost").unwrap().without_secrets("text"), "text");
    }
}
