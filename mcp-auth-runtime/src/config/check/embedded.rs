//! `[auth.embedded]`: the built-in issuer stays on this machine.

use std::collections::BTreeSet;

use super::conflict::Conflict;
use super::findings::Findings;
use crate::config::key;
use crate::config::section::auth::Mode;

impl Findings<'_> {
    pub(super) fn embedded(&mut self) {
        let config = self.config;
        if config.auth.mode != Mode::Embedded {
            return;
        }
        if !config.server.listen.is_loopback() {
            let (listen, at) = (config.server.listen.to_string(), self.at(key!(server.listen)));
            self.refuse(Conflict::EmbeddedListensOffLoopback { listen, at });
        }
        if let Some(url) = config.server.public_url.as_ref().filter(|url| !url.is_loopback()) {
            let (url, at) = (url.as_str().to_owned(), self.at(key!(server.public_url)));
            self.refuse(Conflict::EmbeddedOffLoopback { url, at });
        }
        if config.auth.embedded.users.is_empty() {
            let at = self.at(key!(auth.embedded.users));
            self.refuse(Conflict::EmbeddedWithoutUsers { at });
        }
        let mut seen = BTreeSet::new();
        for (index, client) in config.auth.embedded.clients.iter().enumerate() {
            if !seen.insert(client.client_id.as_str()) {
                let client = client.client_id.as_str().to_owned();
                let at = self.at(key!(auth.embedded.clients[index].client_id));
                self.refuse(Conflict::DuplicateClient { client, at });
            }
            if let Err(error) = config.secret(&client.client_secret).read() {
                let at = self.at(key!(auth.embedded.clients[index].client_secret));
                self.refuse(Conflict::Secret { error, at });
            }
            self.known_only(&client.scopes, self.at(key!(auth.embedded.clients[index].scopes)));
        }
    }
}
