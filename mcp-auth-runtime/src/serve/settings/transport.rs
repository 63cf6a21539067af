//! How requests reach the server: by which proxies, hosts, origins and certificates.

use crate::config::{Config, IssuerReach, key};
use crate::error::{Error, Result};
use crate::gate::ToolHeaders;
use crate::transport::client_address::TrustedProxies;
use crate::transport::client_certificate::ClientCertificates;
use crate::transport::host::{AllowedHosts, HostSettings};
use crate::transport::origin::{AllowedOrigins, OriginSettings};
use crate::transport::peer::IssuerPeers;
use crate::transport::place::Places;
use mcp_auth_core::Resource;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::net::{Authority, Origin};
use std::net::SocketAddr;
use std::sync::Arc;

/// Where operators allow another host or origin.
const HOSTS_SETTING: &str = "server.allowed_hosts in mcp.toml";
const ORIGINS_SETTING: &str = "cors.allowed_origins in mcp.toml";

/// Which peers are proxies, and where they say for whom they ask.
pub(in crate::serve) fn trusted_proxies(config: &Config) -> TrustedProxies {
    let networks = config.server.trusted_proxies.iter().filter_map(|proxy| proxy.network()).collect();
    TrustedProxies::new(networks, config.server.client_address_header.name().clone())
}

/// Whose listener the requests come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Listener {
    /// Ours, which speaks TLS where `[server.tls]` is.
    Own,
    /// That of the application that took the router. `[server.tls]` says nothing about it.
    Application {
        /// The application says that it speaks TLS only.
        speaks_tls: bool,
    },
}

/// Which requests the built-in issuer answers.
///
/// # Errors
/// Other computers reach the issuer, and nothing says that they do so by TLS.
pub(in crate::serve) fn issuer_peers(config: &Config, listener: Listener) -> Result<IssuerPeers> {
    let is_encrypted = match listener {
        Listener::Own => config.server.tls.is_some(),
        Listener::Application { speaks_tls } => speaks_tls,
    };
    match config.issuer_reach() {
        IssuerReach::ThisComputer => Ok(IssuerPeers::ThisComputer),
        IssuerReach::Network if is_encrypted => Ok(IssuerPeers::Encrypted),
        IssuerReach::Network
            if config.server.trusted_proxies.is_empty() && config.built_in_issuer().is_some() =>
        {
            Err(Error::from(format!(
                "the built-in issuer answers requests that come by https only, and the application that serves this router may speak \
                 http: name the proxies before it in server.trusted_proxies, or call ServerBuilder::served_by_tls if its own \
                 listener speaks TLS: {}",
                config.place(&key!(issuer))
            )))
        }
        IssuerReach::Network => Ok(IssuerPeers::Proxied(trusted_proxies(config))),
    }
}

/// How the certificate of a client is found.
pub(in crate::serve) fn client_certificates(config: &Config) -> ClientCertificates {
    let header = config.server.client_cert_header.as_ref();
    let header = header.map(|header| (header.name.name().clone(), header.format));
    ClientCertificates::new(trusted_proxies(config), header)
}

/// Where requests get their ids from.
pub(in crate::serve) fn places(config: &Config, ambient: &Ambient) -> Places {
    Places::new(Arc::clone(&ambient.random), trusted_proxies(config))
}

/// The headers of a request that tools see.
pub(in crate::serve) fn tool_headers(config: &Config) -> ToolHeaders {
    ToolHeaders::and(config.server.tool_headers.iter().map(|header| header.name().clone()).collect())
}

/// The hosts that a request may name.
pub(in crate::serve) fn allowed_hosts(
    config: &Config,
    resource: &Resource,
    listen: SocketAddr,
) -> AllowedHosts {
    let extra: &Vec<Authority> = &config.server.allowed_hosts.iter().map(|host| (**host).clone()).collect();
    AllowedHosts::new(&HostSettings { resource, listen, extra, setting: HOSTS_SETTING })
}

/// The origins of pages that may call.
pub(in crate::serve) fn allowed_origins(
    config: &Config,
    resource: &Resource,
    listen: SocketAddr,
) -> AllowedOrigins {
    let extra: &Vec<Origin> = &config.cors.allowed_origins.iter().map(|origin| (**origin).clone()).collect();
    AllowedOrigins::new(&OriginSettings { resource, listen, extra, setting: ORIGINS_SETTING })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As [`issuer_peers`] says it, of a listener.
    fn peers(server: &str, listener: Listener) -> Result<&'static str> {
        let text = format!("[server]\n{server}\n[issuer]");
        let peers = issuer_peers(&Config::from_toml_str(&text).unwrap(), listener)?;
        Ok(match peers {
            IssuerPeers::ThisComputer => "this computer",
            IssuerPeers::Encrypted => "all",
            IssuerPeers::Proxied(_) => "proxies",
        })
    }

    #[test]
    fn the_tls_of_our_listener_does_not_make_http_of_another_application_encrypted() {
        const TAKEN: Listener = Listener::Application { speaks_tls: false };
        const TAKEN_BY_TLS: Listener = Listener::Application { speaks_tls: true };
        let out = "public_url = \"https://mcp.example.com/mcp\"";
        let proxies = "trusted_proxies = [\"10.0.0.0/8\"]";
        let tls = "tls = { certificate = \"file:a.pem\", key = \"file:b.pem\" }";
        for (server, listener, answered) in [
            (format!("{out}\n{tls}"), Listener::Own, Some("all")),
            (format!("{out}\n{tls}"), TAKEN, None),
            (format!("{out}\n{tls}"), TAKEN_BY_TLS, Some("all")),
            (format!("{out}\n{proxies}"), Listener::Own, Some("proxies")),
            (format!("{out}\n{proxies}"), TAKEN, Some("proxies")),
            (format!("{out}\n{proxies}\n{tls}"), Listener::Own, Some("all")),
            (format!("{out}\n{proxies}\n{tls}"), TAKEN, Some("proxies")),
            (String::new(), Listener::Own, Some("this computer")),
            (String::new(), TAKEN, Some("this computer")),
            (String::new(), TAKEN_BY_TLS, Some("this computer")),
            (tls.to_owned(), TAKEN, Some("this computer")),
        ] {
            let peers = peers(&server, listener);
            assert_eq!(peers.as_ref().ok().copied(), answered, "{server} {listener:?}: {peers:?}");
            if let Err(refused) = peers {
                assert!(refused.to_string().contains("served_by_tls"), "{refused}");
            }
        }
    }

    #[test]
    fn without_a_built_in_issuer_any_application_can_take_the_router() {
        let text = "[server]\npublic_url = \"https://mcp.example.com/mcp\"\n[[auth.issuers]]\nissuer = \"https://a.example\"";
        let config = Config::from_toml_str(text).unwrap();
        let peers = issuer_peers(&config, Listener::Application { speaks_tls: false });
        assert!(matches!(peers, Ok(IssuerPeers::Proxied(_))), "{peers:?}");
    }
}
