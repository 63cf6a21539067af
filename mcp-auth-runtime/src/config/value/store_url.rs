//! Which store is meant.

use std::path::PathBuf;
use std::str::FromStr;

use mcp_auth_core::SecretText;
use mcp_auth_store::ServerScheme;
use serde::{Serialize, Serializer};

use super::secret::Secret;
use super::{ValueError, text_value};

/// What can be written, for those who wrote something else.
const EXPECTED: &str = "\"memory:\", \"sqlite:PATH\", \"postgres://user@host/database\", \"redis://host\", \"rediss://host\", \"unix:///path\", or \"env:NAME\" or \"file:/path\" where the URL is";

/// Where the store is: `"memory:"`, `"sqlite:PATH"`, the path relative to the configuration file, or the URL of a server with one of the
/// schemes of [`ServerScheme`]; or where such a URL is, `"env:NAME"` or `"file:/path"`, as one with a password must be. **(default: `"memory:"`)**
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreUrl(Written);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Written {
    Place(StorePlace),
    /// The URL is there.
    Elsewhere(Secret),
}

/// Where a store is. `Debug` hides the URL of a server, which may hold a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StorePlace {
    /// In this process.
    Memory,
    /// In this SQLite file.
    File(PathBuf),
    /// In the PostgreSQL database of this URL.
    Postgres(SecretText),
    /// In the Redis or Valkey server of this URL.
    Redis(SecretText),
}

impl StoreUrl {
    /// Where it is, if that is written here; else the secret that holds its URL.
    pub(crate) fn place(&self) -> Result<&StorePlace, &Secret> {
        match &self.0 {
            Written::Place(place) => Ok(place),
            Written::Elsewhere(secret) => Err(secret),
        }
    }
}

impl Default for StoreUrl {
    fn default() -> Self {
        Self(Written::Place(StorePlace::Memory))
    }
}

impl StorePlace {
    /// The place that a URL names, with a password or without one.
    ///
    /// # Errors
    /// What is expected, without the URL.
    pub(crate) fn named(url: &str) -> Result<Self, &'static str> {
        match url.split_once(':') {
            Some(("memory", "")) => Ok(Self::Memory),
            // What SQLite would read as something else than a path.
            Some(("sqlite", path)) if path.starts_with("//") => {
                Err("the path right behind the colon, as in \"sqlite:state/store.sqlite\"")
            }
            Some(("sqlite", path))
                if !path.trim().is_empty() && !path.ends_with('/') && path != ":memory:" =>
            {
                Ok(Self::File(path.into()))
            }
            Some((scheme, rest)) if is_of_a_server(rest) => match ServerScheme::named(scheme) {
                Some(ServerScheme::Postgres) => Ok(Self::Postgres(SecretText::new(url))),
                Some(ServerScheme::Redis | ServerScheme::RedisByTls | ServerScheme::RedisBySocket) => {
                    Ok(Self::Redis(SecretText::new(url)))
                }
                None => Err(EXPECTED),
            },
            Some(_) | None => Err(EXPECTED),
        }
    }
}

fn is_of_a_server(rest: &str) -> bool {
    rest.strip_prefix("//").is_some_and(|rest| !rest.is_empty() && !rest.contains(char::is_whitespace))
}

/// Whether the text holds a password: in front of its host, or as a parameter. Also of one that is not a URL: it may be one with a mistake.
fn has_password(text: &str) -> bool {
    // The last one: a password may hold this sign, and every other one too.
    let before_host = text.rsplit_once('@').map_or("", |(before, _)| before);
    let user = before_host.split_once("://").map_or(before_host, |(_, user)| user);
    let mut parameters = text.split(['?', '&', ' ']);
    user.contains(':') || parameters.any(|one| one.starts_with("pass=") || one.starts_with("password="))
}

impl FromStr for StoreUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        if let Ok(secret) = text.parse() {
            return Ok(Self(Written::Elsewhere(secret)));
        }
        // What stands there may hold a password, so only what is in front of it is shown.
        let is_file = text.starts_with("sqlite:") || text.starts_with("memory:");
        if !is_file && has_password(text) {
            let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
            return Err(ValueError::refused(
                &format!("{scheme}:…"),
                "it holds a password: put the URL into an environment variable or a file, and write \"env:NAME\" or \"file:/path\"",
            ));
        }
        let place = StorePlace::named(text).map_err(|expected| ValueError::malformed(text, expected))?;
        Ok(Self(Written::Place(place)))
    }
}

impl Serialize for StoreUrl {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Written::Place(StorePlace::Memory) => to.serialize_str("memory:"),
            Written::Place(StorePlace::File(path)) => {
                to.collect_str(&format_args!("sqlite:{}", path.display()))
            }
            // One that stands here holds no password.
            Written::Place(StorePlace::Postgres(url) | StorePlace::Redis(url)) => {
                to.serialize_str(url.expose())
            }
            Written::Elsewhere(secret) => secret.serialize(to),
        }
    }
}

text_value!(StoreUrl, "a store, such as \"memory:\" or \"sqlite:PATH\"");

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str) -> StorePlace {
        text.parse::<StoreUrl>().unwrap().place().unwrap().clone()
    }

    #[test]
    fn a_store_is_memory_or_a_file_or_a_server() {
        assert_eq!(place("memory:"), StorePlace::Memory);
        for path in ["store.sqlite", "/var/lib/todos/store.sqlite", "a b/ü"] {
            let text = format!("sqlite:{path}");
            assert_eq!(place(&text), StorePlace::File(path.into()));
            assert_eq!(serde_json::to_value(text.parse::<StoreUrl>().unwrap()).unwrap(), text);
        }
        for url in ["postgres://todos@db.example/todos?sslmode=require", "postgres:///x"] {
            assert_eq!(place(url), StorePlace::Postgres(SecretText::new(url)));
        }
        for url in ["redis://localhost", "rediss://user@cache.example:6380/2", "unix:///run/redis.sock?db=2"]
        {
            assert_eq!(place(url), StorePlace::Redis(SecretText::new(url)));
        }
        for bad in [
            "",
            "memory",
            "memory:x",
            "sqlite",
            "sqlite:",
            "sqlite: ",
            "sqlite:///x",
            "sqlite::memory:",
            "sqlite:dir/",
            "redis:x",
            "redis://",
            "postgres://a b",
            "mysql://x",
            "redis+tls://x",
            "store.sqlite",
        ] {
            assert!(bad.parse::<StoreUrl>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_scheme_that_a_store_opens_can_be_written_and_with_a_password_is_elsewhere() {
        for (scheme, says) in ServerScheme::ALL {
            let url = format!("{scheme}://host/x");
            let expected = match says {
                ServerScheme::Postgres => StorePlace::Postgres(SecretText::new(&url)),
                ServerScheme::Redis | ServerScheme::RedisByTls | ServerScheme::RedisBySocket => {
                    StorePlace::Redis(SecretText::new(&url))
                }
            };
            assert_eq!(place(&url), expected, "{url}");
            assert_eq!(serde_json::to_value(url.parse::<StoreUrl>().unwrap()).unwrap(), url);
            let with_password =
                [format!("{scheme}://me:hunter2@host/x"), format!("{scheme}://host/x?pass=hunter2")];
            for url in with_password {
                let refused = url.parse::<StoreUrl>().unwrap_err().to_string();
                assert!(refused.contains("it holds a password") && !refused.contains("hunter2"), "{refused}");
                assert!(StorePlace::named(&url).is_ok(), "{scheme}: it is read where it is elsewhere");
            }
            for bad in [format!("{scheme}:host"), format!("{scheme}://"), format!("{scheme}s+unix://host")] {
                assert!(bad.parse::<StoreUrl>().is_err(), "{bad}");
            }
        }
    }

    #[test]
    fn s08_a_url_with_a_password_is_elsewhere_and_never_shown() {
        for url in [
            "postgres://todos:hunter2@db.example/todos",
            "postgres://todos:hunter2@p@db.example/todos",
            "postgres://db.example/todos?sslmode=require&password=hunter2",
            "postgres://todos:a?hunter2@db.example/todos",
            "postgres:/todos:hunter2@db.example/todos",
            "host=db password=hunter2",
            "redis://:hunter2@localhost/0",
            "redis//:hunter2@localhost",
            "unix:///run/redis.sock?pass=hunter2",
            "mysql://me:hunter2@localhost",
        ] {
            let refused = url.parse::<StoreUrl>().unwrap_err();
            assert!(refused.to_string().contains("it holds a password"), "{refused}");
            assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused}");
            let Ok(place) = StorePlace::named(url) else { continue };
            assert!(!format!("{place:?}").contains("hunter2"));
        }
        let elsewhere: StoreUrl = "env:DATABASE_URL".parse().unwrap();
        assert!(elsewhere.place().is_err());
        assert_eq!(serde_json::to_value(elsewhere).unwrap(), "***");
    }
}
