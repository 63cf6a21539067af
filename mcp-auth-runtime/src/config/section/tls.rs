//! `[server.tls]`: TLS in this process.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::keyword;
use crate::config::value::pem_file::PemFile;
use crate::config::value::secret::Secret;

keyword! {
    /// Which certificates clients show.
    ClientCertificates {
        /// One that `client_ca` issued: the handshake fails without.
        Required = "required",
        /// One that `client_ca` issued, or none.
        Optional = "optional",
        /// One of any issuer, or none.
        Any = "any",
    }
}

/// TLS in this process, for a server without a proxy in front of it. Needs the feature `tls` of mcp-auth. The files are looked at
/// again every two seconds: a change counts for the connections that come then.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Tls {
    /// The file of the certificate and the chain behind it, in PEM, the server's own first: `file:/path`.
    pub certificate: PemFile,
    /// Where its private key is, in PEM: `file:/path`, which not every user of the machine may read, or `env:NAME`.
    pub key: Secret,
    /// The file of the authorities that issue certificates of clients, in PEM: `file:/path`. With it clients are asked for theirs.
    #[serde(default)]
    pub client_ca: Option<PemFile>,
    /// Which certificates clients show: `required` (one that `client_ca` issued, for every connection), `optional` (such a one, or
    /// none), or `any` (of any issuer, or none, without `client_ca`: it says who a client is only where a token is bound to
    /// it). Without it `required` where there is a `client_ca`, else clients are not asked.
    #[serde(default)]
    pub client_certificates: Option<ClientCertificates>,
}

impl Tls {
    /// Which certificates clients are asked for; `None` where they are not.
    pub fn asked(&self) -> Option<ClientCertificates> {
        self.client_certificates.or(self.client_ca.as_ref().map(|_| ClientCertificates::Required))
    }
}
