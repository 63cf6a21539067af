//! `[issuer.client_documents]`: clients that describe themselves at a URL of their own.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::pem_file::PemFile;
use crate::config::value::{AddressAndPort, HostName};

/// Clients whose `client_id` is the https URL of a document that describes them (Client ID Metadata Documents). The built-in
/// issuer fetches the document from public addresses only, port 443, without redirects.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientDocuments {
    /// Whether such clients may log people in. Without it they have to register.
    pub enabled: bool,
    /// Hosts inside a network of your own, or of a test: for each name the address and port that is connected to instead of what
    /// DNS says, such as `{ "client.test" = "127.0.0.1:8443" }`. Anyone who sends a `client_id` makes this server ask there.
    pub private: BTreeMap<HostName, AddressAndPort>,
    /// A file of authorities, in PEM, whose certificates are trusted beside those of the machine when documents are fetched:
    /// `file:/path`.
    pub ca_file: Option<PemFile>,
}

impl Default for ClientDocuments {
    fn default() -> Self {
        Self { enabled: true, private: BTreeMap::new(), ca_file: None }
    }
}
