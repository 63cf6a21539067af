//! `provider = "…"`: an issuer that can be that provider's, with what only its operator knows.

use super::conflict::TrustedIssuerConflict;
use super::findings::Findings;
use crate::config::key;

impl Findings<'_> {
    pub(super) fn providers(&mut self) {
        let config = self.config;
        for (index, issuer) in config.auth.issuers.iter().enumerate() {
            let Some(name) = issuer.provider else { continue };
            let provider = name.provider();
            for named in issuer.issuer.iter().map(|named| named.as_str()) {
                if let Some(why) = provider.misfit(named) {
                    let (issuer, at) = (named.to_owned(), self.at(key!(auth.issuers[index].issuer)));
                    self.refuse(TrustedIssuerConflict::NotOfItsProvider {
                        issuer,
                        provider: provider.name,
                        why,
                        at,
                    });
                }
            }
            for (key, example, what) in provider.needed() {
                let within = ["auth".to_owned(), "issuers".to_owned(), index.to_string()];
                let path: Vec<String> = match key.strip_prefix("auth.") {
                    Some(key) => vec!["auth".to_owned(), key.to_owned()],
                    None => within.into_iter().chain(key.split('.').map(str::to_owned)).collect(),
                };
                if !config.is_written(&path) {
                    let at = self.at(key!(auth.issuers[index].provider));
                    self.refuse(TrustedIssuerConflict::ProviderNeeds {
                        provider: provider.name,
                        key,
                        example,
                        what,
                        at,
                    });
                }
            }
        }
    }
}
