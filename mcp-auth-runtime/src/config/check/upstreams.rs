//! `[upstreams]`: people log in at one or tools act there, each is a provider that can be asked safely, and says whose accounts are taken.

use std::borrow::Cow;

use mcp_auth_core::net::is_secure;
use mcp_auth_core::own_claims::is_for_no_login;

use super::conflict::{Conflict, UpstreamConflict};
use super::findings::Findings;
use crate::config::provider::is_open_to_everyone;
use crate::config::section::issuer::IssuerLogin;
use crate::config::section::upstreams::{AllowLists, Upstream, UpstreamAllow};
use crate::config::upstream::{DomainFrom, is_guid};
use crate::config::value::claim::ClaimPath;
use crate::config::value::{NonEmpty, UpstreamName, nearest};
use crate::config::{Key, key};

/// The most claims of one upstream that tokens of this server say too.
const MOST_CLAIMS: usize = 16;

impl Findings<'_> {
    pub(super) fn upstreams(&mut self) {
        let config = self.config;
        let login = config.issuer.as_ref().map(|issuer| &issuer.login);
        for (name, upstream) in &config.upstreams {
            let is_login = matches!(login, Some(IssuerLogin::Upstream(used)) if used == name);
            if !is_login && !self.is_acted_at(name) {
                let at = self.at(key!(upstreams[name]));
                self.refuse(UpstreamConflict::Unused { name: name.to_string(), at });
            // Where the issuer is off, nobody is sent there.
            } else if config.built_in_issuer().is_some() {
                self.upstream(name, upstream);
                if !is_login {
                    self.connection(name, upstream);
                }
            }
        }
        if let Some(IssuerLogin::Upstream(name)) = config.built_in_issuer().map(|issuer| &issuer.login)
            && !config.upstreams.contains_key(name)
        {
            self.no_such_upstream(name);
        }
    }

    /// Whether a tool acts for people there; without the program nobody can tell.
    fn is_acted_at(&self, name: &UpstreamName) -> bool {
        match self.registry {
            Some(registry) => {
                registry.iter().any(|(_, declaration)| declaration.upstream() == Some(name.as_str()))
            }
            None => self.config.built_in_issuer().is_some(),
        }
    }

    /// Nobody logs in there, so no token says anything of it.
    fn connection(&mut self, name: &UpstreamName, upstream: &Upstream) {
        let why = |what| {
            format!("people connect accounts there and log in elsewhere, so no token has {what}: remove it")
        };
        if !upstream.claims.is_empty() {
            self.unfit(name, key!(upstreams[name].claims), why("claims of it"));
        }
        if !upstream.acr_values.is_empty() {
            self.unfit(name, key!(upstreams[name].acr_values), why("its acr"));
        }
    }

    fn no_such_upstream(&mut self, name: &UpstreamName) {
        let all: Vec<&str> = self.config.upstreams.keys().map(UpstreamName::as_str).collect();
        let words = ["development", "accounts", "own"];
        let nearest = nearest(name.as_str(), all.iter().copied().chain(words)).map(str::to_owned);
        let there = match all.as_slice() {
            [] => "write that table, or \"development\", \"accounts\" or \"own\"".to_owned(),
            all => format!("there is {}", all.join(", ")),
        };
        let at = self.at(key!(issuer?.login));
        self.refuse(UpstreamConflict::Unknown { login: name.to_string(), nearest, there, at });
    }

    fn unfit(&mut self, name: &UpstreamName, key: Key, why: impl Into<Cow<'static, str>>) {
        let at = self.at(key);
        self.refuse(UpstreamConflict::Unfit { name: name.to_string(), why: why.into(), at });
    }

    fn upstream(&mut self, name: &UpstreamName, upstream: &Upstream) {
        self.upstream_issuer(name, upstream);
        self.upstream_endpoints(name, upstream);
        self.upstream_scopes(name, upstream);
        if let Some(Err(error)) =
            upstream.client_secret.as_ref().map(|secret| self.config.secret(secret).read())
        {
            let at = self.at(key!(upstreams[name].client_secret));
            self.refuse(Conflict::Secret { error, at });
        }
        let anyone = "allow = \"anyone\" who can log in there";
        match &upstream.allow {
            None => {
                let why = format!(
                    "nobody is let in: write allow = {{ … }}, with subjects, domains, organizations, tenants or groups, or {anyone}"
                );
                self.unfit(name, key!(upstreams[name].allow), why);
            }
            Some(UpstreamAllow::Listed(lists)) if lists.is_empty() => {
                let why = format!(
                    "nobody is let in: allow has no list with anybody in it; fill one, or write {anyone}"
                );
                self.unfit(name, key!(upstreams[name].allow), why);
            }
            Some(UpstreamAllow::Listed(lists)) => self.upstream_lists(name, upstream, lists),
            Some(UpstreamAllow::Anyone) if is_of_any_tenant(upstream) => {
                let why = "an application for several tenants needs the list of them, so that none other is believed: write allow = { tenants = […] }";
                self.unfit(name, key!(upstreams[name].allow), why);
            }
            Some(UpstreamAllow::Anyone) => {}
        }
        self.upstream_claims(name, upstream);
        if !upstream.preset().is_openid && !upstream.acr_values.is_empty() {
            let why = "GitHub says nothing of how a person logged in: remove acr_values";
            self.unfit(name, key!(upstreams[name].acr_values), why);
        }
    }

    fn upstream_issuer(&mut self, name: &UpstreamName, upstream: &Upstream) {
        let (preset, key) = (upstream.preset(), key!(upstreams[name].issuer));
        let Some(issuer) = &upstream.issuer else {
            if preset.is_openid && preset.issuer.is_none() {
                let why = format!(
                    "issuer is missing: write it as its metadata says it, such as {:?}",
                    preset.example
                );
                self.unfit(name, key, why);
            }
            return;
        };
        if !is_secure(issuer.url()) {
            self.unfit(name, key, "the provider is reached over https, or http on loopback");
        } else if let Some(why) = (preset.misfit)(issuer.as_str()) {
            self.unfit(name, key, why);
        }
    }

    fn upstream_endpoints(&mut self, name: &UpstreamName, upstream: &Upstream) {
        let all = [
            (&upstream.authorization_endpoint, key!(upstreams[name].authorization_endpoint)),
            (&upstream.token_endpoint, key!(upstreams[name].token_endpoint)),
            (&upstream.api, key!(upstreams[name].api)),
        ];
        let given = all.iter().filter(|(url, _)| url.is_some()).count();
        let is_openid = upstream.preset().is_openid;
        for (url, key) in all {
            match url {
                Some(_) if is_openid => {
                    let why = "its metadata says where its endpoints are: remove this key, which is for provider = \"github\" alone";
                    self.unfit(name, key, why);
                }
                Some(url) if !url.is_secure() => {
                    self.unfit(name, key, "the provider is reached over https, or http on loopback");
                }
                None if given > 0 && !is_openid => {
                    let why = "authorization_endpoint, token_endpoint and api belong together: a GitHub Enterprise Server has all three";
                    self.unfit(name, key, why);
                }
                Some(_) | None => {}
            }
        }
    }

    fn upstream_scopes(&mut self, name: &UpstreamName, upstream: &Upstream) {
        let (preset, scopes) = (upstream.preset(), upstream.scopes());
        let key = || key!(upstreams[name].scopes);
        if preset.is_openid && !scopes.contains(&"openid") {
            self.unfit(name, key(), "scopes need openid: without it the provider does not say who logged in");
        }
        let lists = upstream.allow.as_ref().and_then(UpstreamAllow::lists);
        let asks_for_domains = lists.is_some_and(|lists| !lists.domains.is_empty());
        if preset.domain == DomainFrom::VerifiedEmail && asks_for_domains && !scopes.contains(&"email") {
            self.unfit(name, key(), "scopes need email: allow.domains goes by the verified e-mail address");
        }
        if let Some(needed) = preset.organization_scope
            && upstream.asks_for_organizations()
            && !scopes.contains(&needed)
        {
            self.unfit(
                name,
                key(),
                format!("scopes need {needed}: without it the provider hides organizations"),
            );
        }
    }

    fn upstream_lists(&mut self, name: &UpstreamName, upstream: &Upstream, lists: &AllowLists) {
        let preset = upstream.preset();
        if let DomainFrom::Nothing(why) = preset.domain
            && !lists.domains.is_empty()
        {
            self.unfit(name, key!(upstreams[name].allow), format!("allow.domains: {why}"));
        }
        if preset.organization_claim.is_none() && !lists.organizations.is_empty() {
            let why = "allow.organizations: this provider says no organizations; they are GitHub's, or Auth0's without `provider`";
            self.unfit(name, key!(upstreams[name].allow), why);
        }
        if !lists.groups.is_empty() && upstream.groups_claim().is_none() {
            let why = "allow.groups needs groups_claim: the claim in which this provider says groups";
            self.unfit(name, key!(upstreams[name].groups_claim), why);
        }
        self.upstream_tenants(name, upstream, lists);
        if preset.tenant_claim.is_some() && !lists.subjects.iter().all(is_of_tenant) {
            let why = "allow.subjects: a person of Entra ID is TENANT/OBJECT, both ids in lower case, as the log says it";
            self.unfit(name, key!(upstreams[name].allow), why);
        }
    }

    fn upstream_tenants(&mut self, name: &UpstreamName, upstream: &Upstream, lists: &AllowLists) {
        let (key, tenants) = (|| key!(upstreams[name].allow), &lists.tenants);
        if upstream.preset().tenant_claim.is_none() {
            if !tenants.is_empty() {
                self.unfit(name, key(), "allow.tenants: only Entra ID has tenants");
            }
            return;
        }
        if is_of_any_tenant(upstream) && !lists.groups.is_empty() {
            let why = "allow.groups: with several tenants each of them says what groups it likes; use tenants or subjects";
            self.unfit(name, key(), why);
        } else if is_of_any_tenant(upstream) && tenants.is_empty() && lists.subjects.is_empty() {
            let why = "an issuer for several tenants needs allow.tenants: without the list nobody's tokens are believed";
            self.unfit(name, key(), why);
        }
        let own = upstream.issuer().unwrap_or_default();
        for tenant in tenants.iter().map(NonEmpty::as_str) {
            if !is_guid(tenant) {
                self.unfit(name, key(), "allow.tenants: a tenant is its id in lower case, such as 11111111-2222-3333-4444-555555555555");
            } else if is_open_to_everyone(&format!("https://login.microsoftonline.com/{tenant}/v2.0")) {
                let why =
                    "allow.tenants: this is the tenant of personal accounts, of which everyone can make one";
                self.unfit(name, key(), why);
            } else if !is_of_any_tenant(upstream) && !own.contains(tenant) {
                let why = "allow.tenants: this tenant is not that of issuer; for several, write issuer = \"https://login.microsoftonline.com/organizations/v2.0\"";
                self.unfit(name, key(), why);
            }
        }
    }

    fn upstream_claims(&mut self, name: &UpstreamName, upstream: &Upstream) {
        if upstream.claims.len() > MOST_CLAIMS {
            let why = format!("{} claims, at most {MOST_CLAIMS}", upstream.claims.len());
            self.unfit(name, key!(upstreams[name].claims), why);
        }
        let first = |path: &ClaimPath| path.names().next().unwrap_or_default().to_owned();
        if let Some(claim) = upstream.claims.iter().map(first).find(|claim| is_for_no_login(claim)) {
            let why = format!("claims: {claim:?} is what the built-in issuer writes into its tokens itself");
            self.unfit(name, key!(upstreams[name].claims), why);
        }
    }
}

/// Whether the issuer stands for all tenants of organizations.
fn is_of_any_tenant(upstream: &Upstream) -> bool {
    upstream.preset().tenant_claim.is_some()
        && upstream.issuer().is_some_and(|issuer| issuer.contains("/organizations/"))
}

/// Whether a subject names its tenant.
fn is_of_tenant(subject: &NonEmpty) -> bool {
    subject.as_str().split_once('/').is_some_and(|(tenant, object)| is_guid(tenant) && is_guid(object))
}
