//! `[[auth.deny]]`: each table is about something, and can be true of a credential.

use super::conflict::DenyConflict;
use super::findings::Findings;
use crate::authn::{API_KEY_ISSUER, PROGRAM_ISSUER};
use crate::config::deny::DenyEntry;
use crate::config::{Warning, key};

impl Findings<'_> {
    pub(super) fn deny(&mut self) {
        let config = self.config;
        for (index, entry) in config.auth.deny.iter().enumerate() {
            let DenyEntry { issuer, subject, client, jti, issued_before, sha256: _, api_key } = entry;
            let within = [("subject", subject), ("client", client), ("jti", jti)];
            let of_a_token = within.iter().any(|(_, value)| value.is_some())
                || issuer.is_some()
                || issued_before.is_some();
            let at = self.at(key!(auth.deny[index]));
            if *entry == DenyEntry::default() {
                self.refuse(DenyConflict::DeniesNothing { at: at.clone() });
            }
            if let Some((key, _)) = within.into_iter().find(|(_, value)| value.is_some() && issuer.is_none())
            {
                self.refuse(DenyConflict::DenyWithoutIssuer { key, at: at.clone() });
            }
            if api_key.is_some() && of_a_token {
                self.refuse(DenyConflict::DenyKeyAndToken { at });
            }
            let key = api_key.as_ref().map(|name| name.as_str());
            let is_known = |name: &str| config.auth.api_keys.iter().any(|known| known.name.as_str() == name);
            if let Some(name) = key.filter(|name| !is_known(name)) {
                self.warnings.push(Warning::DeniedKeyUnknown(name.to_owned()));
            }
            let named = issuer.as_ref().map(|issuer| issuer.as_str());
            if let Some(issuer) = named.filter(|issuer| !self.accepts(issuer)) {
                self.warnings.push(Warning::DeniedIssuerUnknown(issuer.to_owned()));
            }
        }
    }

    /// Whether credentials of this issuer can be accepted at all.
    fn accepts(&self, issuer: &str) -> bool {
        let config = self.config;
        let built_in = config.built_in_issuer().map(|_| config.resource().origin().to_string());
        let mut known = config.auth.issuers.iter().flat_map(|known| known.accepted());
        let mut verifiers = config.auth.verifiers.iter().map(|name| name.as_str());
        known.any(|known| known.stands_for == issuer || known.iss == issuer)
            || built_in.as_deref() == Some(issuer)
            || issuer == API_KEY_ISSUER
            || issuer.strip_prefix(PROGRAM_ISSUER).is_some_and(|name| verifiers.any(|known| known == name))
    }
}
