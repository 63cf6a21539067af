//! `[server]`: how the server is reached, and what it is called.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::tls::Tls;
use crate::authn::CertificateFormat;
use crate::config::value::network::Proxy;
use crate::config::value::url::{HostName, HttpUrl, Listen, PublicUrl};
use crate::config::value::{
    CertificateHeader, ClientAddressHeader, DisplayName, EndpointPath, ToolHeader, keyword,
};

keyword! {
    /// How clients reach the server. **(default: `"http"`)**
    Transport {
        /// Streamable HTTP.
        Http = "http",
        /// Standard input and output, for clients that start the server themselves.
        Stdio = "stdio",
    }
}

keyword! {
    /// How often a client may bring back one `requestState`. **(default: `"at-least-once"`)**
    Rounds {
        /// As often as it likes within ten minutes: one whose answer was lost tries again.
        AtLeastOnce = "at-least-once",
        /// Once: what it continues runs once at most.
        Once = "once",
    }
}

/// The header in which trusted proxies pass on the certificate of a client.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientCertHeader {
    /// Its name. The proxy has to write it anew for each request, and never pass on its client's.
    pub name: CertificateHeader,
    /// How the certificate stands in it: `rfc9440` (the DER in base64, between colons), or `url-pem` (PEM, percent-encoded:
    /// `$ssl_client_escaped_cert` of nginx, `X-Amzn-Mtls-Clientcert-Leaf` of AWS).
    pub format: CertificateFormat,
}

/// How the server is reached, and what it is called.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Server {
    /// How clients reach the server: `http`, or `stdio` for clients that start it themselves.
    pub transport: Transport,
    /// Where the server listens. Off loopback, `public_url` is required.
    pub listen: Listen,
    /// The path of the MCP endpoint, exactly: nothing below it answers, nor the same with a slash more.
    pub path: EndpointPath,
    /// The URL clients use: the resource identifier, published byte for byte and the default audience of
    /// tokens. Its origin is the built-in issuer's identifier. Its path ends with `path`. Required off loopback and with `tls`; else the default is
    /// `http://` + `listen` + `path`, where `localhost` and `127.0.0.1` are different resources.
    pub public_url: Option<PublicUrl>,
    /// A name for people: `resource_name` of the protected resource metadata, on the page at `/` and those of the built-in issuer, and in authenticator apps.
    pub name: Option<DisplayName>,
    /// Documentation for developers: `resource_documentation` of the protected resource metadata, linked on the page at `/`.
    pub documentation: Option<HttpUrl>,
    /// How the server may use data: `resource_policy_uri` of the protected resource metadata, linked on the page at `/`.
    pub policy: Option<HttpUrl>,
    /// Terms of service: `resource_tos_uri` of the protected resource metadata, linked on the page at `/`.
    pub terms: Option<HttpUrl>,
    /// Further hosts a request may name in `Host`: `name` for any port, `name:port` for that one (which clients
    /// leave out where it is the scheme's default). Always allowed: the host of `public_url`, the address that is
    /// listened on, and on loopback `localhost`, `127.0.0.1` and `[::1]`, each with its own port.
    pub allowed_hosts: Vec<HostName>,
    /// Further request headers that tools see. Without it they see what MCP defines, `Accept`, `Accept-Language`,
    /// `Content-Type`, `Host`, `Origin`, `User-Agent`, `X-Request-Id`, `X-Correlation-Id` and the trace context; all others
    /// may hold a credential of the caller's, or of a proxy. `Authorization`, `Cookie` and the like are not accepted.
    pub tool_headers: Vec<ToolHeader>,
    /// The proxies in front of the server, by address or network (CIDR), or `unix` where an application that serves the router gets their
    /// requests by a Unix socket. From them, and from no other sender, it takes the address of the client in `client_address_header`, its
    /// certificate in `client_cert_header`, and the id of the request in `X-Request-Id`. That address counts for API keys with
    /// `allowed_addresses`, for what the built-in issuer limits by address, for the page of a device code, and in the audit. Where other
    /// computers reach the built-in issuer and there is no `tls`, only what these proxies send reaches it.
    pub trusted_proxies: Vec<Proxy>,
    /// The one header in which these proxies say for whom they ask: `x-forwarded-for`, `forwarded` (RFC 7239), `x-real-ip`,
    /// `cf-connecting-ip` or another. It is read from its right end, through trusted proxies only; no other header is read,
    /// because a proxy passes on what its client sent in those.
    pub client_address_header: ClientAddressHeader,
    /// The header in which these proxies pass on the certificate that a client showed them, for tokens that are bound to it
    /// (`certificate_bound` of an issuer). A request with it from anyone else is refused with 400.
    pub client_cert_header: Option<ClientCertHeader>,
    /// TLS in this process, for a server without a proxy in front of it. Without it the listener speaks plain HTTP.
    pub tls: Option<Tls>,
    /// How often a client may bring back the `requestState` of a call that asked it for input: `at-least-once` (within ten
    /// minutes, so that a client whose answer was lost tries again), or `once`, for calls that must not run twice.
    pub rounds: Rounds,
}

impl Server {
    /// Whether the certificate of a client can reach this server.
    pub(crate) fn sees_client_certificates(&self) -> bool {
        self.client_cert_header.is_some() || self.tls.as_ref().is_some_and(|tls| tls.asked().is_some())
    }
}
