//! `[issuer.upstream]`.

use super::conflict::{BuiltInIssuerConflict, Conflict};
use super::findings::Findings;
use crate::config::key;
use crate::config::section::upstream::{Upstream, UpstreamAllow};
use mcp_auth_core::net::is_secure;

impl Findings<'_> {
    pub(super) fn upstream(&mut self, upstream: &Upstream) {
        if !is_secure(upstream.issuer.url()) {
            let at = self.at(key!(issuer?.upstream?.issuer));
            self.refuse(BuiltInIssuerConflict::OwnLogin {
                why: "the provider is reached over https, or http on loopback",
                at,
            });
        }
        if !upstream.scopes.iter().any(|scope| scope.as_str() == "openid") {
            let at = self.at(key!(issuer?.upstream?.scopes));
            let why = "scopes need openid: without it the provider does not say who logged in";
            self.refuse(BuiltInIssuerConflict::OwnLogin { why, at });
        }
        let why = match (upstream.allow, upstream.allow_subjects.is_empty()) {
            (UpstreamAllow::Listed, true) => {
                Some("nobody is let in: name people in allow_subjects, or set allow to \"anyone\"")
            }
            (UpstreamAllow::Anyone, false) => {
                Some("allow_subjects is not used: allow is \"anyone\"; remove one of them")
            }
            (_, _) => None,
        };
        if let Some(why) = why {
            let at = self.at(key!(issuer?.upstream));
            self.refuse(BuiltInIssuerConflict::OwnLogin { why, at });
        }
        if let Some(Err(error)) =
            upstream.client_secret.as_ref().map(|secret| self.config.secret(secret).read())
        {
            let at = self.at(key!(issuer?.upstream?.client_secret));
            self.refuse(Conflict::Secret { error, at });
        }
    }
}
