//! Who sent a request, as far as its connection or a trusted proxy says.

use std::net::IpAddr;

use super::certificate::CertificateThumbprint;

/// What is known of a request's sender besides the credential. On stdio that is nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sender {
    /// The address that the request comes from.
    pub(crate) address: Option<IpAddr>,
    /// The certificate that its client showed, and proved with its key, where TLS ends.
    pub(crate) certificate: Option<CertificateThumbprint>,
}

impl Sender {
    /// One at this address, if that is known, without a certificate.
    pub(crate) fn at(address: Option<IpAddr>) -> Self {
        Self { address, ..Self::default() }
    }

    /// The same with this certificate.
    #[must_use]
    pub(crate) fn with(self, certificate: Option<CertificateThumbprint>) -> Self {
        Self { certificate, ..self }
    }
}
