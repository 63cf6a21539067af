//! What the operator decides about clients that describe themselves.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use reqwest::Certificate;

/// Clients whose `client_id` is the URL of a document that describes them.
///
/// # Example
/// ```
/// use mcp_auth_issuer::ClientDocuments;
/// let documents = ClientDocuments {
///     private: [("client.test".to_owned(), "127.0.0.1:8443".parse().unwrap())].into(),
///     ..ClientDocuments::default()
/// };
/// assert!(documents.enabled);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientDocuments {
    /// Whether there are such clients. **(default: true)**
    pub enabled: bool,
    /// Hosts that are not on the internet, by name in lower case, and where each is. **(default: none)**
    pub private: BTreeMap<String, SocketAddr>,
    /// A file of certificates in PEM, of authorities that are trusted beside the machine's own. **(default: none)**
    pub ca_file: Option<PathBuf>,
}

impl Default for ClientDocuments {
    fn default() -> Self {
        Self { enabled: true, private: BTreeMap::new(), ca_file: None }
    }
}

/// Why the authorities of [`ClientDocuments::ca_file`] cannot be trusted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UnreadableAuthorities {
    /// The file cannot be read.
    #[error("issuer.client_documents.ca_file: {} cannot be read", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file has no certificate in PEM, or one that is not valid.
    #[error("issuer.client_documents.ca_file: {} is not a file of certificates in PEM", path.display())]
    NotCertificates {
        /// Which one.
        path: PathBuf,
    },
}

impl ClientDocuments {
    /// The authorities that are trusted besides.
    pub(crate) fn authorities(&self) -> Result<Vec<Certificate>, UnreadableAuthorities> {
        let Some(path) = self.ca_file.as_ref() else { return Ok(Vec::new()) };
        let pem = std::fs::read(path)
            .map_err(|source| UnreadableAuthorities::File { path: path.clone(), source })?;
        match Certificate::from_pem_bundle(&pem) {
            Ok(authorities) if !authorities.is_empty() => Ok(authorities),
            Ok(_) | Err(_) => Err(UnreadableAuthorities::NotCertificates { path: path.clone() }),
        }
    }

    /// Says at each start what is less safe than it would be without. Keys of clients are fetched where documents are not, too.
    pub(crate) fn warn(&self) {
        for (host, address) in &self.private {
            tracing::warn!(
                %host, %address,
                "issuer.client_documents.private: anyone who sends a client_id makes this server ask this address, and is told \
                 whether a document is there"
            );
        }
        if let Some(path) = &self.ca_file {
            tracing::warn!(
                ca_file = %path.display(),
                "issuer.client_documents.ca_file: who holds a key of these authorities can describe any client, those of public hosts too"
            );
        }
    }
}
