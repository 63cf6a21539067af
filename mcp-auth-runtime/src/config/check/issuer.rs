//! `[issuer]`: the built-in issuer stays on this computer, or has what it needs elsewhere.

use mcp_auth_core::net::Host;
use mcp_auth_core::own_claims::is_of_every_token;
use serde_json::{Map, Value};

use super::conflict::BuiltInIssuerConflict;
use super::findings::Findings;
use crate::config::accounts::Passkeys;
use crate::config::issuer::{BuiltInIssuer, IssuerLogin};
use crate::config::value::RoleName;
use crate::config::{Lack, key};

impl Findings<'_> {
    pub(super) fn built_in_issuer(&mut self) {
        let config = self.config;
        let Some(issuer) = config.built_in_issuer() else { return };
        if let Some(reached_by) = config.leaves_this_computer() {
            let at = self.at(reached_by);
            for lack in config.lacks_of(issuer) {
                let at = at.clone();
                self.refuse(match lack {
                    Lack::Login => BuiltInIssuerConflict::IssuerWithoutLogin { at },
                    Lack::Store => BuiltInIssuerConflict::IssuerWithoutStore { at },
                    Lack::Tls => BuiltInIssuerConflict::IssuerWithoutTls { at },
                });
            }
        }
        if issuer.login == IssuerLogin::Accounts && !config.store_lasts() {
            let at = self.at(key!(issuer?.login));
            self.refuse(BuiltInIssuerConflict::AccountsInMemory { at });
        }
        self.passkeys(issuer);
        self.issuer_login();
        if issuer.login == IssuerLogin::Development && issuer.users.is_empty() {
            let at = self.at(key!(issuer?.users));
            self.refuse(BuiltInIssuerConflict::IssuerWithoutUsers { at });
        }
        for (subject, roles, claims) in issuer.subjects() {
            self.said_of(subject, roles, claims);
        }
    }

    fn passkeys(&mut self, issuer: &BuiltInIssuer) {
        let host = self.config.resource().origin().host().clone();
        if issuer.login == IssuerLogin::Accounts
            && issuer.accounts.passkeys == Passkeys::On
            && matches!(host, Host::Ip(_))
        {
            let (host, at) = (host.to_string(), self.at(key!(issuer?.accounts.passkeys)));
            self.refuse(BuiltInIssuerConflict::PasskeysAtAddress { host, at });
        }
    }

    /// What tokens of a subject say.
    fn said_of(&mut self, subject: &str, roles: &[RoleName], claims: &Map<String, Value>) {
        self.known_roles(roles, self.at(key!(issuer)));
        if let Some(claim) = claims.keys().find(|claim| is_of_every_token(claim)) {
            let (subject, claim, at) = (subject.to_owned(), claim.clone(), self.at(key!(issuer)));
            self.refuse(BuiltInIssuerConflict::ReservedClaim { subject, claim, at });
        }
    }
}
