//! What follows from several keys together: the resource identifier, its origin, whom Host and Origin may name.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;

use super::audience::Audiences;
use super::auth::Mode;
use super::cors::CorsOrigin;
use super::issuers::Issuer;
use super::load::Config;
use super::secret::{Secret, SecretSource};
use super::url::HttpUrl;

/// Which values of `Origin` are accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OriginRule {
    /// Whether every origin is.
    pub any: bool,
    /// Whether `http://localhost`, `http://127.0.0.1` and `http://[::1]` are, at any port.
    pub loopback: bool,
    /// These are, byte for byte.
    pub exactly: BTreeSet<String>,
}

/// Which web pages get CORS answers.
pub type CorsRule = OriginRule;

impl OriginRule {
    /// Whether `origin`, the value of an `Origin` header, is accepted.
    pub fn allows(&self, origin: &str) -> bool {
        self.any || self.exactly.contains(origin) || (self.loopback && is_loopback_origin(origin))
    }
}

/// `http://` or `https://` with a loopback host, exactly as a browser writes it.
fn is_loopback_origin(origin: &str) -> bool {
    origin
        .parse::<HttpUrl>()
        .is_ok_and(|url| url.is_loopback() && url.origin() == origin)
}

impl Config {
    /// The resource identifier (RFC 8707 §2): `public_url` byte for byte; without one
    /// `http://` + the address that is bound + `path`, which may be asked for on loopback only.
    pub fn resource_for(&self, bound: SocketAddr) -> String {
        match &self.server.public_url {
            Some(url) => url.as_str().to_owned(),
            None => format!("http://{bound}{}", self.server.path.as_str()),
        }
    }

    /// [`Config::resource_for`] the configured address: for what does not listen, as on stdio.
    pub fn resource(&self) -> String {
        self.resource_for(self.server.listen.get())
    }

    /// The origin of the resource, with no slash at its end: the built-in issuer's identifier, and the base
    /// of the metadata URLs.
    pub fn origin_for(&self, bound: SocketAddr) -> String {
        match &self.server.public_url {
            Some(url) => url.origin(),
            None => format!("http://{bound}"),
        }
    }

    /// [`Config::origin_for`] the configured address.
    pub fn origin(&self) -> String {
        self.origin_for(self.server.listen.get())
    }

    /// The path of the resource identifier: what the metadata's well-known path is appended with (RFC 9728 §3.1).
    /// Differs from `server.path` where a proxy strips a prefix.
    pub fn resource_path(&self) -> String {
        match &self.server.public_url {
            Some(url) => url.url().path().to_owned(),
            None => self.server.path.as_str().to_owned(),
        }
    }

    /// The configured issuers whose tokens are accepted: those of `[[auth.issuers]]` with `mode = "verify"`, and
    /// none otherwise.
    pub fn trusted_issuers(&self) -> &[Issuer] {
        match self.auth.mode {
            Mode::Verify => &self.auth.issuers,
            Mode::Embedded | Mode::None => &[],
        }
    }

    /// The audiences a token of `issuer` may name, given the resource identifier.
    pub fn audiences(&self, issuer: &Issuer, resource: &str) -> Vec<String> {
        texts(issuer.audience.as_ref(), resource)
    }

    /// The audiences the stdio credential may name when it is from `issuer`: `stdio.audience`, else the issuer's,
    /// else the resource identifier.
    pub fn stdio_audiences(&self, issuer: Option<&Issuer>, resource: &str) -> Vec<String> {
        let issuer = issuer.and_then(|issuer| issuer.audience.as_ref());
        texts(self.stdio.audience.as_ref().or(issuer), resource)
    }

    /// The hosts a request may name, lower case and without ports (a foreign page's host stays foreign at
    /// every port): those configured, that of `public_url`, and on loopback the names of loopback.
    pub fn allowed_hosts(&self) -> BTreeSet<String> {
        let mut hosts: BTreeSet<String> = self
            .server
            .allowed_hosts
            .iter()
            .map(|host| host.as_str().to_owned())
            .collect();
        hosts.extend(
            self.server
                .public_url
                .as_ref()
                .and_then(|url| url.url().host_str())
                .map(str::to_owned),
        );
        if self.server.listen.is_loopback() {
            hosts.extend(["localhost", "127.0.0.1", "[::1]"].map(str::to_owned));
            let ip = self.server.listen.get().ip();
            hosts.insert(if ip.is_ipv6() {
                format!("[{ip}]")
            } else {
                ip.to_string()
            });
        }
        hosts
    }

    /// Which web pages get CORS answers.
    pub fn cors_rule(&self) -> CorsRule {
        let Some(origins) = &self.cors.allowed_origins else {
            return OriginRule {
                loopback: self.is_loopback_only(),
                ..OriginRule::default()
            };
        };
        OriginRule {
            any: origins.contains(&CorsOrigin::Any),
            loopback: false,
            exactly: origins
                .iter()
                .map(|origin| origin.as_str().to_owned())
                .filter(|o| o != "*")
                .collect(),
        }
    }

    /// Which values of `Origin` the endpoints accept: what gets CORS answers, the configured ones, and the
    /// server's own.
    pub fn origin_rule(&self, bound: SocketAddr) -> OriginRule {
        let mut rule = self.cors_rule();
        rule.exactly.extend(
            self.server
                .allowed_origins
                .iter()
                .map(|origin| origin.as_str().to_owned()),
        );
        rule.exactly.insert(self.origin_for(bound));
        rule
    }

    /// Whether only this machine reaches the server: it listens on loopback and its public URL is there too.
    pub fn is_loopback_only(&self) -> bool {
        self.server.listen.is_loopback()
            && self
                .server
                .public_url
                .as_ref()
                .is_none_or(|url| url.is_loopback())
    }

    /// A secret of this configuration, ready to be read.
    pub fn secret(&self, secret: &Secret) -> SecretSource {
        SecretSource::new(secret, self.base_dir(), self.surroundings().clone())
    }

    /// The stdio credential, if one is configured.
    pub fn stdio_credential(&self) -> Option<SecretSource> {
        self.stdio.credential.as_ref().map(|secret| self.secret(secret))
    }

    /// The directory of the built-in issuer's signing key.
    pub fn state_dir(&self) -> PathBuf {
        self.base_dir().join(&self.auth.embedded.state_dir)
    }
}

fn texts(audiences: Option<&Audiences>, resource: &str) -> Vec<String> {
    match audiences {
        Some(audiences) => audiences.iter().map(str::to_owned).collect(),
        None => vec![resource.to_owned()],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn config(text: &str) -> Config {
        Config::from_toml_str(text).unwrap()
    }

    #[test]
    fn resource_is_public_url_byte_for_byte_or_the_bound_address() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 4711));
        for url in ["https://a.example/mcp", "https://A.example:443/x/mcp"] {
            assert_eq!(
                config(&format!("server.public_url = {url:?}")).resource_for(bound),
                url
            );
        }
        assert_eq!(config("").resource_for(bound), "http://127.0.0.1:4711/mcp");
        assert_eq!(
            config("server.listen = \"[::1]:9\"").resource(),
            "http://[::1]:9/mcp"
        );
        assert_eq!(config("server.path = \"/\"").resource(), "http://127.0.0.1:8080/");
    }

    #[test]
    fn origin_has_no_slash_and_no_path() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 4711));
        assert_eq!(config("").origin_for(bound), "http://127.0.0.1:4711");
        assert_eq!(
            config("server.public_url = \"https://a.example/x/mcp\"").origin_for(bound),
            "https://a.example"
        );
        assert_eq!(
            config("server.public_url = \"https://a.example/x/mcp\"").resource_path(),
            "/x/mcp"
        );
    }

    #[test]
    fn audience_is_the_issuers_own_or_the_resource() {
        let with = config("auth.issuers = [{ issuer = \"https://i.example\", audience = \"api\" }]");
        assert_eq!(with.audiences(&with.auth.issuers[0], "https://r"), ["api"]);
        assert_eq!(
            with.stdio_audiences(Some(&with.auth.issuers[0]), "https://r"),
            ["api"]
        );
        let without =
            config("auth.issuers = [{ issuer = \"https://i.example\" }]\nstdio.audience = [\"s\", \"t\"]");
        assert_eq!(
            without.audiences(&without.auth.issuers[0], "https://r"),
            ["https://r"]
        );
        assert_eq!(
            without.stdio_audiences(Some(&without.auth.issuers[0]), "https://r"),
            ["s", "t"]
        );
    }

    #[test]
    fn hosts_of_loopback_are_allowed_on_loopback_only() {
        let names = ["localhost", "127.0.0.1", "[::1]"];
        let local = config("").allowed_hosts();
        assert!(names.iter().all(|name| local.contains(*name)));
        let public = "server = { listen = \"0.0.0.0:80\", public_url = \"https://a.example/mcp\", \
                      allowed_hosts = [\"b.example\"] }";
        assert_eq!(
            config(public).allowed_hosts().into_iter().collect::<Vec<_>>(),
            ["a.example", "b.example"]
        );
    }

    #[test]
    fn pages_on_loopback_are_allowed_on_loopback_only() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 8080));
        let local = config("").origin_rule(bound);
        for ok in [
            "http://localhost:6274",
            "http://127.0.0.1:3000",
            "http://[::1]:1",
            "https://localhost",
        ] {
            assert!(local.allows(ok), "{ok}");
        }
        for bad in [
            "https://evil.example",
            "null",
            "http://localhost.evil",
            "",
            "http://localhost:80/",
            "localhost",
        ] {
            assert!(!local.allows(bad), "{bad}");
        }
        let public = config("server = { listen = \"127.0.0.1:80\", public_url = \"https://a.example/mcp\" }");
        assert!(!public.origin_rule(bound).allows("http://localhost:6274"));
        assert!(public.origin_rule(bound).allows("https://a.example"));
        assert!(!public.cors_rule().allows("https://a.example"));
    }

    #[test]
    fn configured_origins_replace_the_default() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 8080));
        let text = "cors.allowed_origins = [\"https://app.example\"]\nserver.allowed_origins = [\"https://n.example\"]";
        let listed = config(text);
        assert!(listed.cors_rule().allows("https://app.example"));
        assert!(!listed.cors_rule().allows("http://localhost:6274"));
        assert!(!listed.cors_rule().allows("https://n.example"));
        assert!(listed.origin_rule(bound).allows("https://n.example"));
        let none = config("cors.allowed_origins = []");
        assert!(!none.cors_rule().allows("http://localhost:6274"));
        assert!(
            config("cors.allowed_origins = [\"*\"]")
                .cors_rule()
                .allows("https://anything.example")
        );
    }
}
