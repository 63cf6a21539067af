//! `[auth.issuers.introspection]`: that each endpoint can be asked, and that no token is sent to the wrong one.

use super::conflict::{Conflict, IntrospectionConflict};
use super::findings::Findings;
use super::issuers::how_to_allow;
use crate::authn::{AssertionKey, IntrospectionKind, both_could_be_asked, may_ask};
use crate::config::introspection::{AuthMethod, Introspection};
use crate::config::issuers::TrustedIssuer;
use crate::config::key;

impl Findings<'_> {
    pub(super) fn introspection(&mut self) {
        let issuers = &self.config.auth.issuers;
        let mut before: Vec<(&TrustedIssuer, Vec<String>)> = Vec::new();
        for (index, issuer) in issuers.iter().enumerate() {
            let Some(asked) = &issuer.introspection else { continue };
            self.names(index, issuer, asked);
            self.endpoint(index, issuer, asked);
            self.client(index, asked);
            self.secrets(index, asked);
            self.keys_unused(index, issuer, asked);
            if asked.kind == IntrospectionKind::GoogleTokeninfo && issuer.allowed_clients.is_none() {
                let at = self.at(key!(auth.issuers[index].allowed_clients));
                self.refuse(IntrospectionConflict::IntrospectionAnyClient { at });
            }
            let prefixes = asked.prefixes();
            if let Some((other, _)) = before.iter().find(|(_, others)| both_could_be_asked(others, &prefixes))
            {
                let at = self.at(key!(auth.issuers[index].introspection?.prefixes));
                let (issuer, other) =
                    (issuer.issuer[0].as_str().to_owned(), other.issuer[0].as_str().to_owned());
                self.refuse(IntrospectionConflict::IntrospectionOfBoth { issuer, other, at });
            }
            before.push((issuer, prefixes));
        }
    }

    /// That it is known of each answer whose it is, and of each token which server to ask.
    fn names(&mut self, index: usize, issuer: &TrustedIssuer, asked: &Introspection) {
        if !asked.kind.says_issuer() && !issuer.is_one() {
            let (kind, at) = (asked.kind.as_str(), self.at(key!(auth.issuers[index].issuer)));
            self.refuse(IntrospectionConflict::IntrospectionUnsaidIssuer { kind, at });
        }
        let several = issuer.authorization_servers().len() > 1;
        let at = || key!(auth.issuers[index].authorization_server);
        if several && asked.kind.says_issuer() && asked.endpoint.is_none() {
            let at = self.at(at());
            self.refuse(IntrospectionConflict::IntrospectionServers { at });
        } else if several && asked.auth() == AuthMethod::PrivateKeyJwt {
            let at = self.at(at());
            self.refuse(IntrospectionConflict::IntrospectionAssertions { at });
        }
    }

    fn endpoint(&mut self, index: usize, issuer: &TrustedIssuer, asked: &Introspection) {
        let plain = issuer.allow_http.as_ref().map(|host| host.host());
        if let Some(endpoint) = asked.endpoint.as_ref().filter(|endpoint| !may_ask(endpoint.url(), plain)) {
            let at = self.at(key!(auth.issuers[index].introspection?.endpoint));
            let (uri, allow) = (endpoint.as_str().to_owned(), how_to_allow(endpoint.url()));
            self.refuse(IntrospectionConflict::IntrospectionNotHttps { uri, allow, at });
        }
    }

    /// What the way of showing itself needs, and what it does not use.
    fn client(&mut self, index: usize, asked: &Introspection) {
        let (auth, at) = (asked.auth(), self.at(key!(auth.issuers[index].introspection?.auth)));
        let (id, secret, key) =
            (asked.client_id.is_some(), asked.client_secret.is_some(), asked.private_key.is_some());
        let (is_complete, needs) = match auth {
            AuthMethod::Basic | AuthMethod::Post => (id && secret, "client_id and client_secret"),
            AuthMethod::PrivateKeyJwt => (id && key, "client_id and private_key"),
            AuthMethod::Bearer => (secret, "client_secret"),
            AuthMethod::None => (true, "nothing"),
        };
        if !is_complete {
            self.refuse(IntrospectionConflict::IntrospectionClient {
                auth: auth.as_str(),
                needs,
                at: at.clone(),
            });
        }
        if asked.kind == IntrospectionKind::GithubCheckToken && auth != AuthMethod::Basic {
            let because = "by GitHub, which takes \"basic\" only".to_owned();
            self.refuse(IntrospectionConflict::IntrospectionUnused { key: "auth", because, at });
        }
        let because = || format!("with auth = {:?}", auth.as_str());
        if secret && matches!(auth, AuthMethod::None | AuthMethod::PrivateKeyJwt) {
            let at = self.at(key!(auth.issuers[index].introspection?.client_secret));
            self.refuse(IntrospectionConflict::IntrospectionUnused {
                key: "client_secret",
                because: because(),
                at,
            });
        }
        if key && auth != AuthMethod::PrivateKeyJwt {
            let at = self.at(key!(auth.issuers[index].introspection?.private_key));
            self.refuse(IntrospectionConflict::IntrospectionUnused {
                key: "private_key",
                because: because(),
                at,
            });
        }
    }

    /// That what must be secret is there, and is what it should be.
    fn secrets(&mut self, index: usize, asked: &Introspection) {
        if let Some(secret) = &asked.client_secret
            && let Err(error) = self.config.secret(secret).read()
        {
            let at = self.at(key!(auth.issuers[index].introspection?.client_secret));
            self.refuse(Conflict::Secret { error, at });
        }
        if let Some(secret) = &asked.private_key {
            let at = self.at(key!(auth.issuers[index].introspection?.private_key));
            match self.config.secret(secret).read() {
                Err(error) => self.refuse(Conflict::Secret { error, at }),
                Ok(text) => {
                    if let Err(error) = AssertionKey::read(text.expose()) {
                        self.refuse(IntrospectionConflict::IntrospectionKey { error, at });
                    }
                }
            }
        }
    }

    /// What counts for signed tokens, where no signature is looked at.
    fn keys_unused(&mut self, index: usize, issuer: &TrustedIssuer, asked: &Introspection) {
        if asked.is_beside_keys() {
            return;
        }
        let keys = [
            ("jwks_uri", issuer.jwks_uri.is_some(), key!(auth.issuers[index].jwks_uri)),
            ("algorithms", issuer.algorithms.is_some(), key!(auth.issuers[index].algorithms)),
            ("require_at_jwt", issuer.require_at_jwt, key!(auth.issuers[index].require_at_jwt)),
        ];
        for (key, _, path) in keys.into_iter().filter(|(_, is_set, _)| *is_set) {
            if !self.is_written(&path) {
                continue;
            }
            let because = match asked.kind {
                IntrospectionKind::Rfc7662 => "where the issuer is asked about all its tokens".to_owned(),
                kind => format!("with {:?}: such an issuer signs no access tokens", kind.as_str()),
            };
            let at = self.at(path);
            self.refuse(IntrospectionConflict::IntrospectionUnused { key, because, at });
        }
    }
}
