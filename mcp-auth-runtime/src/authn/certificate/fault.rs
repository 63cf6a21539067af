//! Why a request's certificate header is refused.

/// Why the certificate of a client cannot be read from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateFault {
    /// The peer is not a trusted proxy: anyone can write a certificate, which is public, into a header.
    #[error("header of `server.client_cert_header` is not from a proxy of server.trusted_proxies")]
    Untrusted,
    /// The header occurs twice.
    #[error("header of `server.client_cert_header` occurs more than once")]
    Several,
    /// It is longer than any that is read.
    #[error("header of `server.client_cert_header` is longer than {max} bytes")]
    TooLong {
        /// The longest that is read.
        max: usize,
    },
    /// It is not one certificate as `server.client_cert_header.format` says.
    #[error("header of `server.client_cert_header` is not one certificate in its format")]
    Malformed,
}

impl CertificateFault {
    /// What the client may read.
    pub(in crate::authn) fn description(self) -> &'static str {
        match self {
            Self::Untrusted => {
                "the request holds a header for client certificates that only a trusted proxy may send"
            }
            Self::Several => "the request holds more than one header for client certificates",
            Self::TooLong { .. } => "the header for client certificates is too long",
            Self::Malformed => "the header for client certificates does not hold one certificate",
        }
    }

    /// One of each kind.
    #[cfg(test)]
    pub(in crate::authn) fn one_of_each() -> [Self; 4] {
        [Self::Untrusted, Self::Several, Self::TooLong { max: 1 }, Self::Malformed]
    }
}
