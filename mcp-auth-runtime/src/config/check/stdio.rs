//! `[stdio]`: the credential, and what the local caller holds.

use mcp_auth_core::ApiKey;

use super::conflict::{Conflict, StdioConflict};
use super::findings::Findings;
use crate::config::{StdioCredential, Warning, key};

impl Findings<'_> {
    pub(super) fn stdio(&mut self) {
        let stdio = &self.config.stdio;
        if stdio.credential.is_some() && stdio.credential_command.is_some() {
            let at = self.at(key!(stdio.credential_command));
            self.refuse(StdioConflict::TwoStdioCredentials { at });
        }
        if let Some(source) = self.config.stdio_credential() {
            let (read, at) = match &source {
                StdioCredential::Secret(source) => (Some(source.read()), self.at(key!(stdio.credential))),
                // A program is run when the server starts, not by a check.
                StdioCredential::Program { .. } => (None, self.at(key!(stdio.credential_command))),
            };
            // An API key is for this server and no other; a token says for which it is. What cannot be read, and what stands
            // where nothing but keys is accepted, is wrong for another reason.
            let is_api_key = matches!(&read, Some(Ok(text)) if ApiKey::bears_prefix(text.expose()));
            let keys_alone = self.config.accepts_no_tokens() && self.config.auth.verifiers.is_empty();
            let is_of_no_issuer = is_api_key || keys_alone || matches!(&read, Some(Err(_)));
            if !is_of_no_issuer && stdio.audience.is_none() && self.config.server.public_url.is_none() {
                self.refuse(StdioConflict::StdioAudienceMissing { at: at.clone() });
            }
            if let Some(Err(error)) = read {
                self.refuse(Conflict::Secret { error, at });
            }
        }
        self.known_roles(&stdio.local_roles, self.at(key!(stdio.local_roles)));
        for unknown in self.unknown(&stdio.local_scopes) {
            self.warnings.push(Warning::UnknownLocalScope(unknown));
        }
    }
}
