//! What the URL of a database says. It holds a password, so no error repeats it.

use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::connections::{KEEPALIVE, PATIENCE};
use crate::{OpenError, ServerScheme, StoreError};

/// Where the database is, and how it is reached.
pub(super) struct Address {
    pub(super) config: Config,
    /// Whose certificate the server must have; `None`: without TLS.
    pub(super) roots: Option<Roots>,
    /// Without TLS, and not on this machine.
    pub(super) is_readable_by_others: bool,
    /// The host and the database, for errors.
    pub(super) place: String,
}

/// Who may have signed the certificate of the server.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Roots {
    /// Those that this machine trusts.
    Machine,
    /// Those in this file alone.
    File(PathBuf),
}

impl Address {
    /// Reads a URL as libpq writes it. This takes `sslmode` and `sslrootcert` out, which `tokio_postgres` does not know as they are meant
    /// here.
    ///
    /// # Errors
    /// [`OpenError::Database`]. It does not hold the URL.
    pub(super) fn parse(url: &str) -> Result<Self, OpenError> {
        let (rest, asked) = Asked::take_out(url)?;
        let mut config: Config = rest.parse().map_err(|_| refused(UNREADABLE))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(refused("the URL of the database has no host"));
        }
        let is_plain = match asked.mode.as_deref() {
            None => asked.roots.is_none() && is_this_machine(&config),
            Some("disable") => true,
            Some("require" | "verify-full") => false,
            Some(_) => return Err(refused("the sslmode of the database is disable, require or verify-full")),
        };
        config.ssl_mode(if is_plain { SslMode::Disable } else { SslMode::Require });
        config.connect_timeout(PATIENCE).keepalives(true).keepalives_idle(KEEPALIVE);
        config.keepalives_interval(KEEPALIVE / 3).keepalives_retries(3).tcp_user_timeout(KEEPALIVE);
        // Of several hosts the one that writes: what is read of a standby may be old.
        if !url.contains("target_session_attrs") {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_application_name().is_none() {
            config.application_name("mcp-auth");
        }
        let roots = (!is_plain).then(|| asked.roots.unwrap_or(Roots::Machine));
        Ok(Self {
            is_readable_by_others: is_plain && !is_this_machine(&config),
            place: place(&config),
            config,
            roots,
        })
    }
}

const UNREADABLE: &str = "the URL of the database cannot be read: it is postgres://user:password@host/database, with %XX for what is neither \
     a letter nor a digit in the password, and with parameters such as ?sslmode=verify-full";

/// What the URL asks of TLS.
#[derive(Default)]
struct Asked {
    mode: Option<String>,
    roots: Option<Roots>,
}

impl Asked {
    fn take_out(url: &str) -> Result<(String, Self), OpenError> {
        if ServerScheme::of(url) != Some(ServerScheme::Postgres) {
            return Err(refused(UNREADABLE));
        }
        // A password may hold a question mark, and it ends at the first "@": what came after it would be taken for the host, and errors
        // name the host.
        let credentials = url.find('@').unwrap_or_default();
        if url.rfind('@').unwrap_or_default() != credentials {
            return Err(refused(UNREADABLE));
        }
        let Some(at) = url[credentials..].find('?') else { return Ok((url.to_owned(), Self::default())) };
        let (before, parameters) = url.split_at(credentials + at);
        let mut asked = Self::default();
        let mut others = Vec::new();
        for parameter in parameters[1..].split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let value =
                || percent_decode_str(value).decode_utf8().map(String::from).map_err(|_| refused(UNREADABLE));
            let is_first = match name {
                "sslmode" => asked.mode.replace(value()?).is_none(),
                "sslrootcert" => {
                    let value = value()?;
                    let roots =
                        if value == "system" { Roots::Machine } else { Roots::File(PathBuf::from(value)) };
                    asked.roots.replace(roots).is_none()
                }
                _ => {
                    others.push(parameter);
                    true
                }
            };
            if !is_first {
                return Err(refused("the URL of the database has a parameter of TLS twice"));
            }
        }
        Ok((format!("{before}?{}", others.join("&")), asked))
    }
}

/// Whether nothing of it crosses a network.
fn is_this_machine(config: &Config) -> bool {
    let is_loopback = |address: &IpAddr| address.to_canonical().is_loopback();
    // Where there are addresses, they are connected to, and not what the names stand for.
    if !config.get_hostaddrs().is_empty() {
        return config.get_hostaddrs().iter().all(is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(|address| is_loopback(&address))
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    })
}

fn place(config: &Config) -> String {
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let mut hosts: Vec<_> = hosts.collect();
    if hosts.is_empty() {
        hosts = config.get_hostaddrs().iter().map(IpAddr::to_string).collect();
    }
    let database = config.get_dbname().or(config.get_user()).unwrap_or_default();
    format!("the database {database:?} at {}", hosts.join(","))
}

fn refused(why: &'static str) -> OpenError {
    OpenError::Database(StoreError::new(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Address {
        Address::parse(url).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn without_tls_only_on_this_machine_or_where_it_is_written() {
        for (url, is_plain) in [
            ("postgres://u:p@localhost/d", true),
            ("postgresql://u:p@127.0.0.1:5433/d", true),
            ("postgres://u:p@[::1]/d", true),
            ("postgres://u:p@%2Frun%2Fpostgresql/d", true),
            ("postgres:///d?host=/run/postgresql", true),
            ("postgres://u:p@db.example/d", false),
            ("postgres://u:p@10.0.0.1/d", false),
            ("postgres://u:p@localhost,db.example/d", false),
            ("postgres://u:p@localhost/d?hostaddr=10.0.0.1", false),
            ("postgres://u:p@a.localhost/d", false),
            ("postgres://u:p@localhost/d?sslmode=require", false),
            ("postgres://u:p@localhost/d?sslrootcert=/ca.pem", false),
            ("postgres://u:p@db.example/d?ssl%6dode=disable", false),
            ("postgres://u:p@db.example/d?application_name=x&sslmode=disable", true),
        ] {
            let address = parsed(url);
            assert_eq!(address.roots.is_none(), is_plain, "{url}");
            let mode = if is_plain { SslMode::Disable } else { SslMode::Require };
            assert_eq!(address.config.get_ssl_mode(), mode, "{url}");
        }
    }

    #[test]
    fn every_scheme_of_this_database_is_opened_and_no_other_one() {
        for (scheme, says) in ServerScheme::ALL {
            let opened = Address::parse(&format!("{scheme}://u:p@localhost/d"));
            assert_eq!(opened.is_ok(), says == ServerScheme::Postgres, "{scheme}");
        }
    }

    #[test]
    fn the_rest_of_the_url_is_as_it_was() {
        let url = "postgres://u:a?b%40c@db.example:6000/d?sslmode=verify-full&options=-c%20search_path%3Dx&sslrootcert=/a%20b.pem";
        let address = parsed(url);
        assert_eq!(address.config.get_password(), Some(b"a?b@c".as_slice()));
        assert_eq!(address.config.get_options(), Some("-c search_path=x"));
        assert_eq!(address.config.get_ports(), [6000]);
        assert_eq!(address.roots, Some(Roots::File("/a b.pem".into())));
        assert_eq!(address.place, "the database \"d\" at db.example");
        assert_eq!(parsed("postgres://db.example/d?sslrootcert=system").roots, Some(Roots::Machine));
    }

    #[test]
    fn no_error_repeats_the_url() {
        for (url, why) in [
            ("postgres://u:hunter2@h/d?sslmode=prefer", "disable, require or verify-full"),
            ("postgres://u:hunter2@h/d?sslmode=require&sslmode=disable", "twice"),
            ("postgres://u:hunter2@h/d?hunter2=x", "cannot be read"),
            ("postgres://u:x@hunter2@h/d", "cannot be read"),
            ("postgres://u:x@hunter2/d?y@h/d", "cannot be read"),
            ("mysql://u:hunter2@h/d", "cannot be read"),
            ("host=h password=hunter2", "cannot be read"),
            ("postgres://u:hunter2@", "has no host"),
        ] {
            let Err(refused) = Address::parse(url) else { panic!("{url}") };
            assert!(refused.to_string().contains(why), "{refused}");
            assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused:?}");
        }
    }
}
