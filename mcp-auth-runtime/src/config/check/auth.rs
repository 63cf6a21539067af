//! `[auth]`: that somebody verifies callers, and what a first login asks for.

use super::conflict::Conflict;
use super::findings::{Findings, OFFLINE_ACCESS};
use crate::config::Warning;
use crate::config::key;
use crate::authz::Visibility;
use crate::config::section::auth::Mode;
use crate::config::section::server::Transport;

impl Findings<'_> {
    pub(super) fn mode(&mut self) {
        let at = self.at(key!(auth.mode));
        match self.config.auth.mode {
            Mode::None => {
                let protected = self.first_operation(|rule| !rule.is_public());
                if let Some((kind, operation, rule)) = protected.filter(|_| self.verifies()) {
                    self.refuse(Conflict::ModeNone { kind, operation, rule, at });
                }
                if self.config.stdio.credential.is_some() && self.config.server.transport == Transport::Stdio
                {
                    let at = self.at(key!(stdio.credential));
                    self.refuse(Conflict::StdioCredentialUnverified { at });
                }
            }
            Mode::Verify if self.config.auth.issuers.is_empty() && self.verifies() => {
                self.refuse(Conflict::NoIssuers { at });
            }
            Mode::Verify | Mode::Embedded => {}
        }
        if self.config.auth.mode != Mode::Verify && !self.config.auth.issuers.is_empty() {
            self.warnings.push(Warning::IssuersNotUsed(self.config.auth.mode.as_str()));
        }
    }

    pub(super) fn base_scopes(&mut self) {
        let auth = &self.config.auth;
        let at = self.at(key!(auth.base_scopes));
        let in_need = self.first_operation(|rule| !rule.scopes().is_empty());
        let Some(base_scopes) = &auth.base_scopes else {
            // With mode "none" nobody logs in, and where that is a mistake, base scopes would not mend it.
            if let Some((kind, operation, rule)) = in_need.filter(|_| auth.mode != Mode::None) {
                self.refuse(Conflict::BaseScopesMissing { kind, operation, rule, at });
            }
            return;
        };
        let http = self.config.server.transport == Transport::Http;
        if http && in_need.is_some() && base_scopes.is_empty() {
            self.warnings.push(Warning::EmptyBaseScopes);
        }
        if http && in_need.is_some() && auth.visibility == Visibility::Granted {
            self.warnings.push(Warning::StepUpThroughBaseScopesOnly);
        }
        if base_scopes.iter().any(|scope| scope.as_str() == OFFLINE_ACCESS) {
            self.refuse(Conflict::OfflineAccess { at });
        } else if auth.mode == Mode::Embedded {
            self.known_only(base_scopes, at);
        } else {
            self.warnings.extend(self.unknown(base_scopes).into_iter().map(Warning::UnknownBaseScope));
        }
    }
}
