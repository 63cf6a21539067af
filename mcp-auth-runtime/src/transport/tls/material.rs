//! What a server's TLS is made of, from PEM to what a handshake needs.

use std::fmt;
use std::sync::Arc;

use mcp_auth_core::SecretText;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig, version};

use super::any_client::AnyClient;

/// The one protocol that is agreed on (ALPN, RFC 7301).
const HTTP_1_1: &[u8] = b"http/1.1";

/// What is presented, and what is asked of clients. All text is PEM.
pub(crate) struct TlsMaterial<'a> {
    /// The chain, the server's own certificate first.
    pub(crate) certificate: &'a str,
    /// The key of that certificate.
    pub(crate) key: &'a SecretText,
    /// Which certificates clients show.
    pub(crate) clients: Clients<'a>,
}

/// Which certificates clients show.
pub(crate) enum Clients<'a> {
    /// None: they are not asked.
    Unasked,
    /// Any, or none: the handshake proves that a client has the key of the one that it shows, and who issued it does not count.
    Any,
    /// One that these authorities issued.
    Issued {
        /// Their certificates.
        by: &'a str,
        /// Whether a client without one is refused.
        required: bool,
    },
}

/// What a handshake needs.
#[derive(Clone)]
pub(crate) struct TlsConfig(pub(super) Arc<ServerConfig>);

/// Says nothing: the key is in it.
impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsConfig(***)")
    }
}

/// Why TLS cannot be served. Shows nothing of a key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsError {
    /// A file that is not PEM.
    #[error("{what} is not PEM: {why}")]
    NotPem {
        /// Which file.
        what: &'static str,
        /// Why.
        why: PemFault,
    },
    /// A PEM file without what it should hold.
    #[error("{what} holds no {holds}")]
    Without {
        /// Which file.
        what: &'static str,
        /// What is missing.
        holds: &'static str,
    },
    /// An authority whose certificate cannot be used.
    #[error("client_ca holds a certificate that cannot be an authority's: {0}")]
    Authority(rustls::Error),
    /// No verifier can be made of the authorities.
    #[error("client_ca cannot be used: {0}")]
    Authorities(#[from] rustls::server::VerifierBuilderError),
    /// A certificate and a key that do not belong together, or cannot be used.
    #[error("certificate and key cannot be used together: {0}")]
    Pair(rustls::Error),
    /// Versions that the library does not have.
    #[error("TLS cannot be served: {0}")]
    Library(rustls::Error),
}

/// What is wrong with a PEM text, with nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PemFault {
    /// A section that does not end.
    #[error("a section does not end")]
    Unended,
    /// Anything else.
    #[error("a section cannot be read")]
    Unreadable,
}

impl TlsConfig {
    /// What these texts come to.
    ///
    /// # Errors
    /// [`TlsError`].
    pub(crate) fn of(material: &TlsMaterial<'_>) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let chain = certificates(material.certificate, "certificate")?;
        let key = match PrivateKeyDer::from_pem_slice(material.key.expose().as_bytes()) {
            Ok(key) => key,
            Err(pem::Error::NoItemsFound) => {
                return Err(TlsError::Without { what: "key", holds: "private key in PEM" });
            }
            Err(error) => return Err(TlsError::NotPem { what: "key", why: fault(&error) }),
        };
        let asks = !matches!(material.clients, Clients::Unasked);
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .map_err(TlsError::Library)?;
        let builder = match verifier(&material.clients, &provider)? {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, key).map_err(TlsError::Pair)?;
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        if asks {
            // A session that is resumed would bring a certificate of before, which nobody looks at again.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
        }
        Ok(Self(Arc::new(config)))
    }
}

fn verifier(
    clients: &Clients<'_>,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
    let (by, required) = match clients {
        Clients::Unasked => return Ok(None),
        Clients::Any => return Ok(Some(Arc::new(AnyClient::new(provider)))),
        Clients::Issued { by, required } => (by, required),
    };
    let mut authorities = RootCertStore::empty();
    for authority in certificates(by, "client_ca")? {
        authorities.add(authority).map_err(TlsError::Authority)?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(authorities), Arc::clone(provider));
    let builder = if *required { builder } else { builder.allow_unauthenticated() };
    Ok(Some(builder.build()?))
}

/// The certificates of a text, at least one.
fn certificates(text: &str, what: &'static str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match all {
        Ok(all) if all.is_empty() => Err(TlsError::Without { what, holds: "certificate in PEM" }),
        Ok(all) => Ok(all),
        Err(error) => Err(TlsError::NotPem { what, why: fault(&error) }),
    }
}

/// The words of the library may quote a line.
fn fault(error: &pem::Error) -> PemFault {
    match error {
        pem::Error::MissingSectionEnd { .. } => PemFault::Unended,
        _ => PemFault::Unreadable,
    }
}
