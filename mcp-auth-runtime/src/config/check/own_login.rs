//! `issuer.login` and the table that it needs.

use super::conflict::{BuiltInIssuerConflict, Conflict};
use super::findings::Findings;
use crate::authn::{Algorithm, verifies};
use crate::config::key;
use crate::config::section::issuer::IssuerLogin;
use crate::config::section::own_login::OwnLogin;
use crate::config::value::jwk_set::JwkSet;
use crate::config::value::secret::Secret;
use crate::config::value::url::HttpUrl;

/// The shortest key, in bytes (RFC 7518 §3.2).
const SHORTEST_KEY: usize = 32;

impl Findings<'_> {
    /// How people log in at the built-in issuer.
    pub(super) fn issuer_login(&mut self) {
        let Some(issuer) = self.config.built_in_issuer() else { return };
        match (&issuer.login, &issuer.own_login) {
            (IssuerLogin::Own, Some(own)) => self.own_login(own),
            (IssuerLogin::Own, None) => {
                let at = self.at(key!(issuer?.login));
                let why = "login is \"own\", and there is no [issuer.own_login]";
                self.refuse(BuiltInIssuerConflict::OwnLogin { why, at });
            }
            (IssuerLogin::Development | IssuerLogin::Accounts | IssuerLogin::Upstream(_), Some(_)) => {
                let at = self.at(key!(issuer?.own_login));
                let why = "own_login is not used: set issuer.login to \"own\", or remove the table";
                self.refuse(BuiltInIssuerConflict::OwnLogin { why, at });
            }
            (IssuerLogin::Development | IssuerLogin::Accounts | IssuerLogin::Upstream(_), None) => {}
        }
    }

    fn own_login(&mut self, own: &OwnLogin) {
        self.is_encrypted(&own.url, self.at(key!(issuer?.own_login?.url)));
        match (&own.key, &own.jwks) {
            (Some(key), None) => {
                let at = self.at(key!(issuer?.own_login?.key));
                self.own_key(key, at);
            }
            (None, Some(jwks)) => {
                let at = self.at(key!(issuer?.own_login?.jwks));
                self.own_jwks(jwks, at);
            }
            (Some(_), Some(_)) | (None, None) => {
                let at = self.at(key!(issuer?.own_login));
                self.refuse(BuiltInIssuerConflict::OwnLogin {
                    why: "own_login needs either key or jwks",
                    at,
                });
            }
        }
        match (&own.check_url, &own.check_secret) {
            (Some(url), Some(secret)) => {
                self.is_encrypted(url, self.at(key!(issuer?.own_login?.check_url)));
                if let Err(error) = self.config.secret(secret).read() {
                    let at = self.at(key!(issuer?.own_login?.check_secret));
                    self.refuse(Conflict::Secret { error, at });
                }
                if own.key.as_ref() == Some(secret) {
                    let at = self.at(key!(issuer?.own_login?.check_secret));
                    self.refuse(BuiltInIssuerConflict::OwnLogin {
                        why: "check_secret is sent, and key never: they are two secrets",
                        at,
                    });
                }
            }
            (None, None) => {}
            (Some(_), None) | (None, Some(_)) => {
                let at = self.at(key!(issuer?.own_login));
                self.refuse(BuiltInIssuerConflict::OwnLogin {
                    why: "check_url and check_secret belong together",
                    at,
                });
            }
        }
    }

    fn own_key(&mut self, key: &Secret, at: String) {
        match self.config.secret(key).read() {
            Err(error) => self.refuse(Conflict::Secret { error, at }),
            Ok(key) if key.expose().len() < SHORTEST_KEY => {
                let why = "key has less than 32 bytes; `openssl rand -base64 32` makes one";
                self.refuse(BuiltInIssuerConflict::OwnLogin { why, at });
            }
            Ok(_) => {}
        }
    }

    fn own_jwks(&mut self, jwks: &JwkSet, at: String) {
        let is_key = |jwk| [Algorithm::Es256, Algorithm::EdDsa].iter().any(|alg| verifies(jwk, *alg));
        match self.config.jwk_set_keys(jwks) {
            Err(error) => self.refuse(BuiltInIssuerConflict::OwnLoginKeys { error, at }),
            Ok(keys) if !keys.iter().all(is_key) => {
                let why = "every key of own_login.jwks is one for ES256 (EC, P-256) or EdDSA (OKP, Ed25519)";
                self.refuse(BuiltInIssuerConflict::OwnLogin { why, at });
            }
            Ok(_) => {}
        }
    }

    fn is_encrypted(&mut self, url: &HttpUrl, at: String) {
        if !url.is_secure() {
            self.refuse(BuiltInIssuerConflict::OwnLogin {
                why: "the application is reached over https, or http on loopback",
                at,
            });
        }
    }
}
