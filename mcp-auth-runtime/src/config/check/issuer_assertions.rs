//! `[[issuer.assertions]]`: each issuer once, and nothing that would take an assertion of anyone.

use std::collections::BTreeSet;

use super::conflict::BuiltInIssuerConflict;
use super::findings::Findings;
use crate::config::key;
use crate::config::section::issuer::{AssertionKind, IssuerAssertions};

impl Findings<'_> {
    pub(super) fn issuer_assertions(&mut self) {
        let config = self.config;
        let Some(issuer) = config.built_in_issuer() else { return };
        let own = config.resource().origin().to_string();
        let mut seen = BTreeSet::from([own.as_str()]);
        let clients = issuer.clients.iter().map(|client| client.client_id.as_str());
        let mut names: BTreeSet<&str> = issuer.people().chain(clients).collect();
        for (index, one) in issuer.assertions.iter().enumerate() {
            let name = one.identifier().as_str();
            if !seen.insert(name) {
                self.refuse_assertions(one, index, "it is named twice, or is this server's own issuer");
            }
            self.keys_of_assertions(one, index);
            match (one.profile, one.workloads.is_empty()) {
                (AssertionKind::IdJag, false) => {
                    self.refuse_assertions(one, index, "workloads go with profile = \"workload\"");
                }
                (AssertionKind::Workload, true) => {
                    self.refuse_assertions(
                        one,
                        index,
                        "without workloads it would be trusted for nothing; name one",
                    );
                }
                (AssertionKind::IdJag, true) | (AssertionKind::Workload, false) => {}
            }
            for workload in &one.workloads {
                if workload.require_claims.is_empty() {
                    let why =
                        "require_claims of a workload is empty: say what the claims must be besides sub";
                    self.refuse_assertions(one, index, why);
                }
                if !names.insert(workload.client_id.as_str()) {
                    let why = "a workload has the name of a user, of a client or of another workload";
                    self.refuse_assertions(one, index, why);
                }
                self.known_only(&workload.scopes, self.at(key!(issuer?.assertions[index].workloads)));
            }
        }
        let has_name = |one: &IssuerAssertions| {
            let prefix = format!("{}#", one.identifier());
            names.iter().any(|name| name.starts_with(&prefix))
        };
        for (index, one) in issuer.assertions.iter().enumerate().filter(|(_, one)| has_name(one)) {
            let why = "a user, client or workload has a name that one of its people would have";
            self.refuse_assertions(one, index, why);
        }
    }

    fn keys_of_assertions(&mut self, one: &IssuerAssertions, index: usize) {
        if one.jwks.is_some() && one.jwks_uri.is_some() {
            self.refuse_assertions(one, index, "jwks and jwks_uri are two places for its keys: remove one");
        }
        if let Some(jwks) = &one.jwks
            && let Err(error) = self.config.jwk_set(jwks)
        {
            let (issuer, at) = (one.identifier().to_string(), self.at(key!(issuer?.assertions[index].jwks)));
            self.refuse(BuiltInIssuerConflict::AssertionKeys { issuer, error, at });
        }
    }

    fn refuse_assertions(&mut self, one: &IssuerAssertions, index: usize, why: &'static str) {
        let (issuer, at) = (one.identifier().to_string(), self.at(key!(issuer?.assertions[index])));
        self.refuse(BuiltInIssuerConflict::Assertions { issuer, why, at });
    }
}
