//! `[[auth.issuers]]`: each by itself, and no two of one name.

use std::collections::BTreeSet;

use mcp_auth_core::net::Host;
use url::Url;

use super::conflict::Conflict;
use super::findings::Findings;
use crate::authn::{is_plain_from, may_ask};
use crate::config::{Warning, key};

impl Findings<'_> {
    pub(super) fn issuers(&mut self) {
        let config = self.config;
        let built_in = config.built_in_issuer().map(|_| config.resource().origin().to_string());
        let mut seen = BTreeSet::new();
        for (index, issuer) in config.auth.issuers.iter().enumerate() {
            let name = issuer.issuer.as_str().to_owned();
            let plain = issuer.allow_http.as_ref().map(|host| host.host());
            if !may_ask(issuer.issuer.url(), plain) {
                let (allow, at) =
                    (how_to_allow(issuer.issuer.url()), self.at(key!(auth.issuers[index].issuer)));
                self.refuse(Conflict::IssuerNotHttps { issuer: name.clone(), allow, at });
            }
            if let Some(uri) = issuer.jwks_uri.as_ref().filter(|uri| !may_ask(uri.url(), plain)) {
                let (allow, at) = (how_to_allow(uri.url()), self.at(key!(auth.issuers[index].jwks_uri)));
                self.refuse(Conflict::JwksUriNotHttps { uri: uri.as_str().to_owned(), allow, at });
            }
            if let Some(host) = plain {
                let endpoint = issuer.introspection.iter().filter_map(|asked| asked.endpoint.as_ref());
                let urls = issuer.jwks_uri.iter().chain(endpoint).map(|uri| uri.url());
                let mut urls = urls.chain([issuer.issuer.url()]);
                let (issuer, host) = (name.clone(), host.to_string());
                if urls.any(|url| is_plain_from(url, plain)) {
                    self.warnings.push(Warning::PlainHttp { issuer, host });
                } else {
                    let at = self.at(key!(auth.issuers[index].allow_http));
                    self.refuse(Conflict::PlainHttpUnused { issuer, host, at });
                }
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

/// How plain http to this URL could be allowed; nothing where it cannot.
pub(super) fn how_to_allow(url: &Url) -> String {
    match Host::of(url).filter(Host::is_private) {
        Some(host) => format!(", or, inside a network of your own, beside allow_http = \"{host}\""),
        None => String::new(),
    }
}
