//! Whether a listener speaks TLS. Without the feature `tls` it cannot.

#[cfg(feature = "tls")]
use super::tls::TlsAcceptor;

/// What is spoken below HTTP.
#[derive(Debug, Clone)]
pub(crate) enum Encryption {
    /// Nothing: TLS ends in front of this process, or nobody is listened to but this computer.
    None,
    /// TLS.
    #[cfg(feature = "tls")]
    Tls(TlsAcceptor),
}
