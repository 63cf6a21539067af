//! `[[auth.issuers]]`: each by itself, and no two of one name.

use std::collections::BTreeSet;

use mcp_auth_core::net::Host;
use url::Url;

use super::conflict::TrustedIssuerConflict;
use super::findings::Findings;
use crate::authn::{BindingMode, is_plain_from, may_ask};
use crate::config::provider::is_open_to_everyone;
use crate::config::section::issuers::{ScopePrefixIn, TrustedIssuer};
use crate::config::section::server::Transport;
use crate::config::value::issuer_name::IssuerName;
use crate::config::{Key, Warning, key};

impl Findings<'_> {
    pub(super) fn issuers(&mut self) {
        let config = self.config;
        let built_in = config.built_in_issuer().map(|_| config.resource().origin().to_string());
        let mut seen = BTreeSet::new();
        self.scope_prefixes();
        for (index, issuer) in config.auth.issuers.iter().enumerate() {
            self.tenants(index, issuer);
            self.dpop(index, issuer);
            self.certificate_bound(index, issuer);
            let name = issuer.issuer[0].as_str().to_owned();
            let (accepted, servers) = (issuer.accepted(), issuer.authorization_servers());
            let plain = issuer.allow_http.as_ref().map(|host| host.host());
            for named in
                accepted.iter().map(|accepted| &accepted.iss).filter(|iss| !may_ask(iss.url(), plain))
            {
                let (allow, at) = (how_to_allow(named.url()), self.at(key!(auth.issuers[index].issuer)));
                self.refuse(TrustedIssuerConflict::IssuerNotHttps { issuer: named.to_string(), allow, at });
            }
            let open =
                accepted.iter().map(|accepted| accepted.iss.to_string()).find(|iss| is_open_to_everyone(iss));
            self.warnings.extend(open.map(Warning::OpenToEveryone));
            for server in servers.iter().filter(|server| !may_ask(server.url(), plain)) {
                if issuer.authorization_server.is_some() {
                    let at = self.at(key!(auth.issuers[index].authorization_server));
                    let (server, allow) = (server.to_string(), how_to_allow(server.url()));
                    self.refuse(TrustedIssuerConflict::AuthorizationServerNotHttps { server, allow, at });
                }
            }
            if let Some(uri) = issuer.jwks_uri.as_ref().filter(|uri| !may_ask(uri.url(), plain)) {
                let (allow, at) = (how_to_allow(uri.url()), self.at(key!(auth.issuers[index].jwks_uri)));
                self.refuse(TrustedIssuerConflict::JwksUriNotHttps {
                    uri: uri.as_str().to_owned(),
                    allow,
                    at,
                });
            }
            if let Some(host) = plain {
                let names = accepted
                    .iter()
                    .map(|accepted| accepted.iss.url())
                    .chain(servers.iter().map(|server| server.url()));
                let mut urls = issuer.jwks_uri.iter().map(|uri| uri.url()).chain(names);
                let asked = issuer.introspection.as_ref().and_then(|asked| asked.endpoint.as_ref());
                let is_asked_plainly = asked.is_some_and(|uri| is_plain_from(uri.url(), plain));
                let (issuer, host) = (name.clone(), host.to_string());
                if is_asked_plainly {
                    let (issuer, host) = (issuer.clone(), host.clone());
                    self.warnings.push(Warning::PlainIntrospection { issuer, host });
                }
                if urls.any(|url| is_plain_from(url, plain)) {
                    self.warnings.push(Warning::PlainHttp { issuer, host });
                } else if !is_asked_plainly {
                    let at = self.at(key!(auth.issuers[index].allow_http));
                    self.refuse(TrustedIssuerConflict::PlainHttpUnused { issuer, host, at });
                }
            }
            if issuer.audience_optional && issuer.allowed_clients.is_none() {
                let at = self.at(key!(auth.issuers[index].audience_optional));
                self.refuse(TrustedIssuerConflict::AudienceOptional { at });
            }
            if issuer.jwks_min_refresh.get() > issuer.jwks_max_refresh.get() {
                let at = self.at(key!(auth.issuers[index].jwks_min_refresh));
                self.refuse(TrustedIssuerConflict::RefreshBounds { at });
            }
            for named in accepted.iter().map(|accepted| accepted.iss.to_string()) {
                if built_in.as_ref() == Some(&named) {
                    let at = self.at(key!(auth.issuers[index].issuer));
                    self.refuse(TrustedIssuerConflict::OwnIssuerListed { issuer: named.clone(), at });
                }
                if !seen.insert(named.clone()) {
                    let at = self.at(key!(auth.issuers[index].issuer));
                    self.refuse(TrustedIssuerConflict::DuplicateIssuer { issuer: named, at });
                }
            }
        }
    }

    /// Tokens that are bound to a key: a proof is for an HTTP request, and comes with the DPoP scheme.
    fn dpop(&mut self, index: usize, issuer: &TrustedIssuer) {
        let (auth, server) = (&self.config.auth, &self.config.server);
        if issuer.dpop.is_on() && auth.token_header.is_some() {
            let (dpop, at) = (issuer.dpop.as_str(), self.at(key!(auth.issuers[index].dpop)));
            self.refuse(TrustedIssuerConflict::DpopTokenHeader { dpop, at });
        }
        if issuer.dpop == BindingMode::Required && server.transport == Transport::Stdio {
            let at = self.at(key!(auth.issuers[index].dpop));
            self.refuse(TrustedIssuerConflict::DpopStdio { at });
        }
    }

    /// Tokens that are bound to a client certificate: a connection shows it, or a proxy passes it on.
    fn certificate_bound(&mut self, index: usize, issuer: &TrustedIssuer) {
        let (server, mode) = (&self.config.server, issuer.certificate_bound);
        let at = |this: &Self| this.at(key!(auth.issuers[index].certificate_bound));
        if mode == BindingMode::Required && server.transport == Transport::Stdio {
            self.refuse(TrustedIssuerConflict::CertificateBoundStdio { at: at(self) });
        } else if mode.is_on() && !server.sees_client_certificates() {
            self.refuse(TrustedIssuerConflict::CertificateBoundUnshown { mode: mode.as_str(), at: at(self) });
        }
    }

    /// A challenge is for every issuer, so all of them ask alike. The built-in one knows no prefix.
    fn scope_prefixes(&mut self) {
        let config = self.config;
        let own = config.built_in_issuer().map(|_| None);
        let each = config.auth.issuers.iter().map(|issuer| issuer.requested_prefix());
        let all: BTreeSet<Option<&str>> = own.into_iter().chain(each).collect();
        if all.len() > 1 {
            let prefixes =
                all.into_iter().map(|prefix| prefix.map_or("none".to_owned(), |text| format!("{text:?}")));
            let prefixes = prefixes.collect::<Vec<_>>().join(" and ");
            let at = self.at(key!(auth.issuers));
            self.refuse(TrustedIssuerConflict::ScopePrefixes { prefixes, at });
        }
        for (index, issuer) in config.auth.issuers.iter().enumerate() {
            if issuer.scope_prefix.is_none() && issuer.scope_prefix_in != ScopePrefixIn::default() {
                let key = key!(auth.issuers[index].scope_prefix_in);
                self.unused("scope_prefix_in", "scope_prefix is not", key);
            }
        }
    }

    /// Refuses a key that does nothing here, if the operator wrote it.
    fn unused(&mut self, key: &'static str, why: &'static str, path: Key) {
        if self.is_written(&path) {
            let at = self.at(path);
            self.refuse(TrustedIssuerConflict::IssuerKeyUnused { key, why, at });
        }
    }

    /// `{tenant}`, and the keys that go with it.
    fn tenants(&mut self, index: usize, issuer: &TrustedIssuer) {
        let several = issuer.issuer.len() > 1;
        if issuer.shared_subjects && !several {
            let key = key!(auth.issuers[index].shared_subjects);
            self.unused("shared_subjects", "issuer is one name", key);
        }
        if !issuer.has_tenants() {
            let without = "{tenant} stands in no issuer";
            if issuer.tenants.is_some() {
                self.unused("tenants", without, key!(auth.issuers[index].tenants));
            }
            if issuer.tenant_claim.is_some() {
                self.unused("tenant_claim", without, key!(auth.issuers[index].tenant_claim));
            }
            if issuer.authorization_server.as_ref().is_some_and(IssuerName::has_tenant) {
                let at = self.at(key!(auth.issuers[index].authorization_server));
                self.refuse(TrustedIssuerConflict::TenantServerOnly { at });
            }
            return;
        }
        if !issuer.issuer.iter().all(IssuerName::has_tenant) {
            let at = self.at(key!(auth.issuers[index].issuer));
            self.refuse(TrustedIssuerConflict::TenantsMixed { at });
        }
        if issuer.tenants.is_none() {
            let at = self.at(key!(auth.issuers[index].tenants));
            self.refuse(TrustedIssuerConflict::TenantsMissing { at });
        }
        if issuer.authorization_server.is_none() {
            let at = self.at(key!(auth.issuers[index].authorization_server));
            self.refuse(TrustedIssuerConflict::TenantsServerMissing { at });
        }
        // A name that is not a URL once a tenant stands in it.
        let tenants = issuer.tenants.iter().flat_map(|tenants| tenants.iter());
        let names = || issuer.issuer.iter().chain(&issuer.authorization_server);
        for tenant in tenants.filter(|tenant| names().any(|name| name.of(Some(tenant)).is_none())) {
            let at = self.at(key!(auth.issuers[index].tenants));
            self.refuse(TrustedIssuerConflict::TenantNotInUrl { tenant: tenant.as_str().to_owned(), at });
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
