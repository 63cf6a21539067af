//! What follows from several keys together: the resource identifier, whom tokens are for, secrets.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mcp_auth_core::own_claims::ACR_VALUES_OF_ACCOUNTS;
use mcp_auth_core::{Resource, ScopeSet, SecretText, hex};
use serde_json::{Map, Value};

use crate::authn::{Algorithm, InvalidKeys, PublicKeys};
use crate::config::Warning;
use crate::config::load::Config;
use crate::config::load::secret::SecretSource;
use crate::config::section::api_keys::ApiKeyEntry;
use crate::config::section::issuer::{BuiltInIssuer, IssuerLogin};
use crate::config::section::issuers::{ScopesFrom, TrustedIssuer};
use crate::config::section::operations::OperationEntry;
use crate::config::section::store::Store;
use crate::config::section::tls::Tls;
use crate::config::value::audience::Audiences;
use crate::config::value::jwk_set::JwkSet;
use crate::config::value::pem_file::PemFile;
use crate::config::value::scope::set;
use crate::config::value::secret::Secret;
use crate::config::value::store_url::StorePlace;
use crate::config::value::{AcrValue, RoleName};
use crate::declared::Kind;
use crate::declared::registry::Registry;
use crate::page::{LARGEST_LOGO, Logo};

/// What the files of `[server.tls]` hold: PEM.
#[cfg_attr(not(feature = "tls"), expect(dead_code, reason = "read to see whether they can be read"))]
pub(crate) struct TlsFiles {
    /// The server's certificate and the chain behind it.
    pub(crate) certificate: String,
    /// Its key.
    pub(crate) key: SecretText,
    /// The authorities of clients.
    pub(crate) client_ca: Option<String>,
}

impl Config {
    /// The resource identifier (RFC 8707 §2): `public_url` byte for byte; without one
    /// `http://` + the address that is bound + `path`, which may be asked for on loopback only.
    pub fn resource_for(&self, bound: SocketAddr) -> Resource {
        match &self.server.public_url {
            Some(url) => Resource::clone(url),
            None => Resource::of_listener(bound, self.server.path.as_str()),
        }
    }

    /// [`Config::resource_for`] the configured address: for what does not listen, as on stdio.
    pub fn resource(&self) -> Resource {
        self.resource_for(self.server.listen.get())
    }

    /// The operations of `registry` with what `[tools]`, `[prompts]` and `[resources]` add to them: what the server enforces and
    /// lists. A table that names none of them adds nothing; [`Config::check`] refuses it.
    #[must_use]
    pub fn narrowed(&self, registry: Registry) -> Registry {
        registry.narrowed(|declaration| {
            let entries = match declaration.kind() {
                Kind::Tool => &self.tools,
                Kind::Prompt => &self.prompts,
                Kind::Resource | Kind::ResourceTemplate => &self.resources,
                Kind::Method | Kind::Task => return None,
            };
            entries.get(declaration.name()).map(OperationEntry::narrowing)
        })
    }

    /// The built-in issuer, if it is on.
    pub fn built_in_issuer(&self) -> Option<&BuiltInIssuer> {
        self.issuer.as_ref().filter(|_| self.issuer_is_on)
    }

    /// By what people can log in at the built-in issuer (`acr`), the strongest first, as the login says it. None: it says nothing.
    pub(crate) fn login_acr_values<'a>(&'a self, issuer: &'a BuiltInIssuer) -> Vec<&'a str> {
        match &issuer.login {
            IssuerLogin::Development => Vec::new(),
            IssuerLogin::Accounts => ACR_VALUES_OF_ACCOUNTS.to_vec(),
            IssuerLogin::Own => issuer.own_login.iter().flat_map(|own| &own.acr_values).map(word).collect(),
            IssuerLogin::Upstream(name) => {
                self.upstreams.get(name).iter().flat_map(|upstream| &upstream.acr_values).map(word).collect()
            }
        }
    }

    /// Whether API keys, or credentials of the program's own, are all that is accepted: there is no issuer to log in at, and
    /// nothing to tell clients of one.
    pub fn accepts_no_tokens(&self) -> bool {
        self.accepts_others() && self.auth.issuers.is_empty() && self.built_in_issuer().is_none()
    }

    /// Whether a login brings the scopes that operations need: not where every issuer gives them by role alone, nor where there
    /// is none.
    pub fn asks_for_scopes(&self) -> bool {
        let by_role = |issuer: &TrustedIssuer| issuer.scopes_from == ScopesFrom::Roles;
        let issuers = &self.auth.issuers;
        self.built_in_issuer().is_some()
            || issuers.iter().any(|issuer| !by_role(issuer))
            || (issuers.is_empty() && !self.accepts_others())
    }

    /// The scopes that each role gives by itself.
    pub fn grants(&self) -> impl Iterator<Item = (&RoleName, ScopeSet)> {
        self.roles.iter().map(|(role, entry)| (role, set(&entry.grants)))
    }

    /// Whether anything but tokens of issuers is accepted.
    pub(crate) fn accepts_others(&self) -> bool {
        !self.auth.api_keys.is_empty() || !self.auth.verifiers.is_empty()
    }

    /// The API keys that are refused at `now`, in Unix seconds, because their time has come.
    pub fn expired_api_keys(&self, now: u64) -> Vec<Warning> {
        let ended = |entry: &&ApiKeyEntry| entry.expires.is_some_and(|moment| moment.unix() <= now);
        let warning = |entry: &ApiKeyEntry| Warning::ApiKeyExpired(entry.name.as_str().to_owned());
        self.auth.api_keys.iter().filter(ended).map(warning).collect()
    }

    /// The audiences a token of `issuer` may name, given the resource identifier.
    pub fn audiences(&self, issuer: &TrustedIssuer, resource: &Resource) -> Vec<String> {
        texts(issuer.audience.as_ref(), resource)
    }

    /// The audiences the stdio credential may name when it is from `issuer`: `stdio.audience`, else the issuer's,
    /// else the resource identifier.
    pub fn stdio_audiences(&self, issuer: Option<&TrustedIssuer>, resource: &Resource) -> Vec<String> {
        let issuer = issuer.and_then(|issuer| issuer.audience.as_ref());
        texts(self.stdio.audience.as_ref().or(issuer), resource)
    }

    /// A secret of this configuration, ready to be read.
    pub fn secret(&self, secret: &Secret) -> SecretSource {
        SecretSource::new(secret, self.base_dir(), self.process().clone())
    }

    /// The text of a file of certificates, read now.
    ///
    /// # Errors
    /// Names the file.
    fn pem(&self, file: &PemFile) -> Result<String, String> {
        let path = self.base_dir().join(file.path());
        let read = self.process().files.read(&path);
        read.map(|file| file.text).map_err(|why| format!("file {} cannot be read: {why}", path.display()))
    }

    /// The files of `[server.tls]`, read now.
    ///
    /// # Errors
    /// Names the one that cannot be read.
    pub(crate) fn tls_files(&self, tls: &Tls) -> Result<TlsFiles, String> {
        Ok(TlsFiles {
            certificate: self.pem(&tls.certificate)?,
            key: self.secret(&tls.key).read().map_err(|error| error.to_string())?,
            client_ca: tls.client_ca.as_ref().map(|file| self.pem(file)).transpose()?,
        })
    }

    /// The picture of `[pages]`, read now.
    ///
    /// # Errors
    /// Names the file.
    pub(crate) fn logo(&self) -> Result<Option<Logo>, String> {
        let Some(file) = &self.pages.logo else { return Ok(None) };
        let path = self.base_dir().join(file.path());
        let bytes = self.process().files.read_bytes(&path, LARGEST_LOGO);
        let bytes = bytes.map_err(|why| format!("file {} cannot be read: {why}", path.display()))?;
        Logo::read(&bytes).map(Some).map_err(|why| format!("file {}: {why}", path.display()))
    }

    /// The 32 bytes of a key of the store, read now.
    ///
    /// # Errors
    /// Names the place, and says what is wrong there, never what it holds.
    pub(crate) fn store_key(&self, secret: &Secret) -> Result<[u8; 32], String> {
        let source = self.secret(secret);
        let text = source.read().map_err(|error| error.to_string())?;
        let bytes = hex::read(text.expose()).filter(|bytes| *bytes != [0; 32]);
        bytes.ok_or_else(|| {
            format!("{source} is not a key: 64 hexadecimal digits, as `openssl rand -hex 32` makes them")
        })
    }

    /// Where a store is, read now where its URL stands elsewhere.
    ///
    /// # Errors
    /// Says where the URL is to be and what is wrong there, never what it holds.
    pub(crate) fn store_place(&self, store: &Store) -> Result<StorePlace, String> {
        let place = match store.url.place() {
            Ok(place) => place.clone(),
            Err(secret) => {
                let source = self.secret(secret);
                let url = source.read().map_err(|error| error.to_string())?;
                StorePlace::named(url.expose())
                    .map_err(|expected| format!("{source} is not the URL of a store: expected {expected}"))?
            }
        };
        match place {
            StorePlace::File(path) => Ok(StorePlace::File(self.base_dir().join(path))),
            other => Ok(other),
        }
    }

    /// Where the stdio credential comes from, if one is configured.
    pub fn stdio_credential(&self) -> Option<StdioCredential> {
        let secret =
            self.stdio.credential.as_ref().map(|secret| StdioCredential::Secret(self.secret(secret)));
        secret.or_else(|| {
            let (program, arguments) = self.stdio.credential_command.as_ref()?.split_first()?;
            // Whole, since the program runs there and is named from here.
            let directory =
                std::path::absolute(self.base_dir()).unwrap_or_else(|_| self.base_dir().to_owned());
            // A path starts at the file, as every other one does; a bare name is looked for where the system does.
            let program = match Path::new(program.as_str()) {
                path if path.components().count() > 1 => directory.join(path),
                bare => bare.to_owned(),
            };
            let arguments = arguments.iter().map(|argument| argument.as_str().to_owned()).collect();
            let timeout = self.stdio.credential_timeout.get();
            Some(StdioCredential::Program { program, arguments, directory, timeout })
        })
    }

    /// The directory of the built-in issuer's signing key.
    pub fn state_dir(&self, issuer: &BuiltInIssuer) -> PathBuf {
        self.base_dir().join(&issuer.state_dir)
    }

    /// The file of the authorities that are trusted when client metadata documents are fetched, if one is named.
    pub fn client_documents_ca_file(&self, issuer: &BuiltInIssuer) -> Option<PathBuf> {
        issuer.client_documents.ca_file.as_ref().map(|file| self.base_dir().join(file.path()))
    }
}

/// Why the keys of somebody who signs cannot be used. Shows nothing of them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JwkSetError {
    /// The file cannot be read.
    #[error("{} cannot be read: {reason}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// It is not a JWK Set of public keys that verify.
    #[error("the JWK Set cannot be used: {0}")]
    Keys(#[from] InvalidKeys),
}

impl Config {
    /// The JWK Set of somebody who signs for the built-in issuer to verify, as JSON.
    ///
    /// # Errors
    /// [`JwkSetError`]: for a file that cannot be read, and for what is not a set of public keys that verify assertions.
    pub fn jwk_set(&self, jwks: &JwkSet) -> Result<String, JwkSetError> {
        let set = match jwks {
            JwkSet::Inline(set) => Value::from(set.clone()).to_string(),
            JwkSet::File(path) => {
                let path = self.base_dir().join(path);
                let file = self.process().files.read(&path);
                file.map_err(|reason| JwkSetError::File { path, reason })?.text
            }
        };
        PublicKeys::read(set.as_bytes(), &Algorithm::OF_ASSERTIONS)?;
        Ok(set)
    }

    /// The keys of such a set, each by itself: also those that [`jwk_set`](Self::jwk_set) lets stand beside one that verifies.
    ///
    /// # Errors
    /// The same, and for an entry that is not an object.
    pub fn jwk_set_keys(&self, jwks: &JwkSet) -> Result<Vec<Map<String, Value>>, JwkSetError> {
        #[derive(serde::Deserialize)]
        struct Set {
            keys: Vec<Map<String, Value>>,
        }
        let set: Set = serde_json::from_str(&self.jwk_set(jwks)?).map_err(|_| InvalidKeys::NotASet)?;
        Ok(set.keys)
    }
}

/// Where the credential on stdio comes from.
#[derive(Clone)]
#[non_exhaustive]
pub enum StdioCredential {
    /// A variable or a file.
    Secret(SecretSource),
    /// What a program prints.
    Program {
        /// The program.
        program: PathBuf,
        /// Its arguments.
        arguments: Vec<String>,
        /// Where it runs: paths in its arguments start there.
        directory: PathBuf,
        /// The longest that it may take.
        timeout: Duration,
    },
}

/// Names the place, never arguments: some hold secrets.
impl fmt::Display for StdioCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Secret(source) => source.fmt(f),
            Self::Program { program, .. } => write!(f, "what {} prints", program.display()),
        }
    }
}

impl fmt::Debug for StdioCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StdioCredential({self})")
    }
}

fn word(value: &AcrValue) -> &str {
    value.acr().as_str()
}

fn texts(audiences: Option<&Audiences>, resource: &Resource) -> Vec<String> {
    match audiences {
        Some(audiences) => audiences.iter().map(str::to_owned).collect(),
        None => vec![resource.as_str().to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::from_toml_str(text).unwrap()
    }

    #[test]
    fn resource_is_public_url_byte_for_byte_or_the_bound_address() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 4711));
        for url in ["https://a.example/mcp", "https://A.example:443/x/mcp"] {
            assert_eq!(config(&format!("server.public_url = {url:?}")).resource_for(bound), url);
        }
        assert_eq!(config("").resource_for(bound), "http://127.0.0.1:4711/mcp");
        assert_eq!(config("server.listen = \"[::1]:9\"").resource(), "http://[::1]:9/mcp");
        assert_eq!(config("server.path = \"/\"").resource(), "http://127.0.0.1:8080/");
    }

    #[test]
    fn origin_has_no_slash_and_no_path() {
        let bound = SocketAddr::from(([127, 0, 0, 1], 4711));
        let origin = |text: &str| config(text).resource_for(bound).origin().to_string();
        assert_eq!(origin(""), "http://127.0.0.1:4711");
        assert_eq!(origin("server.public_url = \"https://a.example/x/mcp\""), "https://a.example");
    }

    #[test]
    fn audience_is_the_issuers_own_or_the_resource() {
        let resource: Resource = "https://r".parse().unwrap();
        let with = config("auth.issuers = [{ issuer = \"https://i.example\", audience = \"api\" }]");
        assert_eq!(with.audiences(&with.auth.issuers[0], &resource), ["api"]);
        assert_eq!(with.stdio_audiences(Some(&with.auth.issuers[0]), &resource), ["api"]);
        let without =
            config("auth.issuers = [{ issuer = \"https://i.example\" }]\nstdio.audience = [\"s\", \"t\"]");
        assert_eq!(without.audiences(&without.auth.issuers[0], &resource), ["https://r"]);
        assert_eq!(without.stdio_audiences(Some(&without.auth.issuers[0]), &resource), ["s", "t"]);
    }
}
