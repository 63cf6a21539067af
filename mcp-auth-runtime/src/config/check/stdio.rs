//! `[stdio]`: the credential, and what the local caller holds.

use mcp_auth_core::ApiKey;

use super::conflict::Conflict;
use super::findings::Findings;
use crate::config::{Warning, key};

impl Findings<'_> {
    pub(super) fn stdio(&mut self) {
        let stdio = &self.config.stdio;
        if let Some(source) = self.config.stdio_credential() {
            let at = self.at(key!(stdio.credential));
            let read = source.read();
            // An API key is for this server and no other; a token says for which it is.
            let is_api_key = read.as_ref().is_ok_and(|text| ApiKey::bears_prefix(text.expose()));
            if !is_api_key && stdio.audience.is_none() && self.config.server.public_url.is_none() {
                self.refuse(Conflict::StdioAudienceMissing { at: at.clone() });
            }
            if let Err(error) = read {
                self.refuse(Conflict::Secret { error, at });
            }
        }
        for unknown in self.unknown(&stdio.local_scopes) {
            self.warnings.push(Warning::UnknownLocalScope(unknown));
        }
    }
}
