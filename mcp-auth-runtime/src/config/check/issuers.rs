//! `[[auth.issuers]]`: each by itself, and no two of one name.

use std::collections::BTreeSet;

use super::conflict::Conflict;
use super::findings::Findings;
use crate::config::key;

impl Findings<'_> {
    pub(super) fn issuers(&mut self) {
        let config = self.config;
        let built_in = config.built_in_issuer().map(|_| config.resource().origin().to_string());
        let mut seen = BTreeSet::new();
        for (index, issuer) in config.auth.issuers.iter().enumerate() {
            let name = issuer.issuer.as_str().to_owned();
            if !issuer.issuer.is_secure() {
                let at = self.at(key!(auth.issuers[index].issuer));
                self.refuse(Conflict::IssuerNotHttps { issuer: name.clone(), at });
            }
            if let Some(uri) = issuer.jwks_uri.as_ref().filter(|uri| !uri.is_secure()) {
                let (uri, at) = (uri.as_str().to_owned(), self.at(key!(auth.issuers[index].jwks_uri)));
                self.refuse(Conflict::JwksUriNotHttps { uri, at });
            }
            if issuer.jwks_min_refresh.get() > issuer.jwks_max_refresh.get() {
                let at = self.at(key!(auth.issuers[index].jwks_min_refresh));
                self.refuse(Conflict::RefreshBounds { at });
            }
            if built_in.as_ref() == Some(&name) {
                let at = self.at(key!(auth.issuers[index].issuer));
                self.refuse(Conflict::OwnIssuerListed { issuer: name.clone(), at });
            }
            if !seen.insert(name.clone()) {
                let at = self.at(key!(auth.issuers[index].issuer));
                self.refuse(Conflict::DuplicateIssuer { issuer: name, at });
            }
        }
    }
}
