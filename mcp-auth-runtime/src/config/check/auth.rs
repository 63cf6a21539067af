//! `[auth]`: that callers can be verified, and what a first login asks for.

use super::conflict::{AuthConflict, ScopeConflict};
use super::findings::{Findings, OFFLINE_ACCESS};
use crate::authz::Visibility;
use crate::config::Warning;
use crate::config::key;
use crate::config::section::auth::Verify;
use crate::config::section::server::Transport;
use crate::declared::Rule;

impl Findings<'_> {
    pub(super) fn verify(&mut self) {
        let config = self.config;
        let (trusted, built_in) = (!config.auth.issuers.is_empty(), config.built_in_issuer().is_some());
        if config.auth.verify == Verify::None {
            self.verify_none(trusted, built_in);
        } else if !trusted && !built_in && !config.accepts_others() && self.verifies() {
            let at = self.at(key!(auth.issuers));
            self.refuse(AuthConflict::NoIssuers { at });
        }
        if config.auth.verify != Verify::None && config.limits.anonymous_sessions.get() > 0 {
            self.warnings.push(Warning::AnonymousSessionsUnused);
        }
    }

    /// A header has one meaning.
    pub(super) fn token_header(&mut self) {
        let config = self.config;
        let Some(header) = &config.auth.token_header else { return };
        let at = self.at(key!(auth.token_header));
        if config.server.tool_headers.iter().any(|shown| shown.name() == header.name()) {
            let (header, other) = (header.name().to_string(), "server.tool_headers");
            self.refuse(AuthConflict::TokenHeaderTaken { header, other, at: at.clone() });
        }
        if config.server.client_address_header.name() == header.name() {
            let (header, other) = (header.name().to_string(), "server.client_address_header");
            self.refuse(AuthConflict::TokenHeaderTaken { header, other, at });
        }
    }

    fn verify_none(&mut self, trusted: bool, built_in: bool) {
        let at = self.at(key!(auth.verify));
        let protected = self.first_operation(|rule| !rule.is_public());
        if let Some((kind, operation, rule)) = protected.filter(|_| self.verifies()) {
            self.refuse(AuthConflict::Unverified { kind, operation, rule, at: at.clone() });
        }
        if trusted || built_in {
            let issuers = match (trusted, built_in) {
                (true, true) => "[[auth.issuers]] and [issuer]",
                (true, false) => "[[auth.issuers]]",
                (false, _) => "[issuer]",
            };
            self.refuse(AuthConflict::UnusedIssuers { issuers, at });
        }
        if !self.config.auth.verifiers.is_empty() {
            let at = self.at(key!(auth.verifiers));
            self.refuse(AuthConflict::UnusedVerifiers { at });
        }
        if self.config.stdio.has_credential() && self.config.server.transport == Transport::Stdio {
            let at = match self.config.stdio.credential {
                Some(_) => self.at(key!(stdio.credential)),
                None => self.at(key!(stdio.credential_command)),
            };
            self.refuse(AuthConflict::StdioCredentialUnverified { at });
        }
    }

    pub(super) fn base_scopes(&mut self) {
        let auth = &self.config.auth;
        let at = self.at(key!(auth.base_scopes));
        let in_need = self.first_operation(Rule::needs_scopes);
        let Some(base_scopes) = &auth.base_scopes else {
            // With verify = "none" there is no login, and where that is a mistake, base scopes are not the fix.
            let asks = auth.verify != Verify::None
                && !self.config.accepts_no_tokens()
                && self.config.asks_for_scopes();
            if let Some((kind, operation, rule)) = in_need.filter(|_| asks) {
                self.refuse(AuthConflict::BaseScopesMissing { kind, operation, rule, at });
            }
            return;
        };
        // Who has an API key asks nobody for scopes.
        let logs_in = self.config.server.transport == Transport::Http && !self.config.accepts_no_tokens();
        let asks = logs_in && self.config.asks_for_scopes();
        if asks && in_need.is_some() && base_scopes.is_empty() {
            self.warnings.push(Warning::EmptyBaseScopes);
        }
        if asks && in_need.is_some() && auth.visibility == Visibility::Granted {
            self.warnings.push(Warning::StepUpThroughBaseScopesOnly);
        }
        if base_scopes.iter().any(|scope| scope.as_str() == OFFLINE_ACCESS) {
            self.refuse(ScopeConflict::OfflineAccess { at });
        } else if self.config.built_in_issuer().is_some() {
            self.known_only(base_scopes, at);
        } else if !self.config.accepts_no_tokens() {
            self.warnings.extend(self.unknown(base_scopes).into_iter().map(Warning::UnknownBaseScope));
        }
    }
}
