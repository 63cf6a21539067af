//! `[server]`: where it listens, and the URL that clients use.

use super::conflict::ServerConflict;
use super::findings::Findings;
use crate::config::section::server::Transport;
use crate::config::section::tls::ClientCertificates;
use crate::config::{Warning, key};

impl Findings<'_> {
    pub(super) fn listening(&mut self) {
        let server = &self.config.server;
        let listen = server.listen.to_string();
        if !server.listen.is_loopback() && server.public_url.is_none() {
            let at = self.at(key!(server.listen));
            self.refuse(ServerConflict::PublicUrlMissing { listen, at });
        }
        if server.trusted_proxies.iter().any(|proxy| proxy.network().is_none()) {
            self.warnings.push(Warning::NoUnixSocket);
        }
    }

    /// `[server.tls]`: files that can be read, and a URL that says https. Whether the files belong together is for who speaks TLS.
    pub(super) fn tls(&mut self) {
        let config = self.config;
        let Some(tls) = config.server.tls.as_ref().filter(|_| config.server.transport == Transport::Http)
        else {
            return;
        };
        if config.server.public_url.as_ref().is_none_or(|url| !url.as_str().starts_with("https://")) {
            let at = self.at(key!(server.tls));
            self.refuse(ServerConflict::TlsPublicUrl { at });
        }
        let at = self.at(key!(server.tls?.client_certificates));
        match (tls.client_certificates, &tls.client_ca) {
            (Some(mode @ (ClientCertificates::Required | ClientCertificates::Optional)), None) => {
                return self.refuse(ServerConflict::TlsWithoutClientCa { mode: mode.as_str(), at });
            }
            (Some(ClientCertificates::Any), Some(_)) => {
                return self.refuse(ServerConflict::TlsAnyClientCa { at });
            }
            _ => {}
        }
        if let Err(why) = config.tls_files(tls) {
            let at = self.at(key!(server.tls));
            self.refuse(ServerConflict::TlsUnusable { why, at });
        }
    }

    /// `[pages]`: a picture that can be read, and is one.
    pub(super) fn pages(&mut self) {
        if let Err(why) = self.config.logo() {
            let at = self.at(key!(pages.logo));
            self.refuse(ServerConflict::LogoUnusable { why, at });
        }
    }

    /// The header of certificates: proxies that write it, tokens that it is for, and a name of its own.
    pub(super) fn client_certificates(&mut self) {
        let (auth, server) = (&self.config.auth, &self.config.server);
        let Some(header) = &server.client_cert_header else { return };
        let at = self.at(key!(server.client_cert_header));
        if server.trusted_proxies.is_empty() {
            self.refuse(ServerConflict::ClientCertWithoutProxies { at: at.clone() });
        }
        if !auth.issuers.iter().any(|issuer| issuer.certificate_bound.is_on()) {
            self.refuse(ServerConflict::ClientCertUnused { at });
        }
        let name = header.name.name();
        let token =
            auth.token_header.as_ref().filter(|token| token.name() == name).map(|_| "auth.token_header");
        let address = (server.client_address_header.name() == name).then_some("server.client_address_header");
        if let Some(other) = token.or(address) {
            let (header, at) = (name.to_string(), self.at(key!(server.client_cert_header?.name)));
            self.refuse(ServerConflict::HeaderTwice { header, other, at });
        }
    }

    pub(super) fn public_url(&mut self) {
        let server = &self.config.server;
        let Some(url) = &server.public_url else { return };
        let at = self.at(key!(server.public_url));
        let text = url.as_str().to_owned();
        if !url.is_secure() {
            self.refuse(ServerConflict::PublicUrlNotHttps { url: text.clone(), at: at.clone() });
        }
        let path = server.path.as_str();
        if path != "/" && !url.path().ends_with(path) {
            self.refuse(ServerConflict::PublicUrlPath { url: text.clone(), path: path.to_owned(), at });
        }
        if !url.is_canonical() {
            let canonical = url.canonical().to_owned();
            self.warnings.push(Warning::PublicUrlNotCanonical { configured: text, canonical });
        }
    }
}
