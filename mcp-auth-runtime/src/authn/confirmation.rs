//! What a credential is bound to besides who bears it: a key or a certificate (`cnf`, RFC 7800 §3.1), or where requests come
//! from.

use std::sync::Arc;

use mcp_auth_core::net::Network;
use serde_json::{Map, Value};

use super::binding_mode::{Bindings, JKT, X5T_S256};
use super::certificate::CertificateThumbprint;
use super::dpop::Thumbprint;

/// What must be true of each request that presents a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Confirmation {
    /// A method that no request can prove here: such a credential is refused however it is presented.
    Unsupported,
    /// The request comes with a proof by this key (DPoP, RFC 9449 §6.1).
    Key(Thumbprint),
    /// The client that sends the request shows this certificate (RFC 8705 §3).
    Certificate(CertificateThumbprint),
    /// Both.
    KeyAndCertificate(Thumbprint, CertificateThumbprint),
    /// The request comes from one of these networks.
    Addresses(Arc<[Network]>),
}

impl Confirmation {
    /// What the claims of a token bind it to, if anything: `cnf` of any shape binds.
    ///
    /// A method counts where the issuer's section lets it. Every method that `cnf` names has to be proven, so one that does not
    /// count makes all of it unsupported.
    pub(super) fn of(claims: &Map<String, Value>, bindings: Bindings) -> Option<Self> {
        claims.get("cnf").map(|cnf| Self::named(cnf, bindings).unwrap_or(Self::Unsupported))
    }

    fn named(cnf: &Value, bindings: Bindings) -> Option<Self> {
        let methods = cnf.as_object()?;
        let (mut key, mut certificate) = (None, None);
        for (method, value) in methods {
            let value = value.as_str()?;
            match method.as_str() {
                JKT if bindings.dpop.is_on() => key = Some(Thumbprint::parse(value)?),
                X5T_S256 if bindings.certificate.is_on() => {
                    certificate = Some(CertificateThumbprint::parse(value)?);
                }
                _ => return None,
            }
        }
        match (key, certificate) {
            (Some(key), None) => Some(Self::Key(key)),
            (None, Some(certificate)) => Some(Self::Certificate(certificate)),
            (Some(key), Some(certificate)) => Some(Self::KeyAndCertificate(key, certificate)),
            (None, None) => None,
        }
    }

    /// The key that has to make a proof.
    pub(super) fn key(&self) -> Option<&Thumbprint> {
        match self {
            Self::Key(key) | Self::KeyAndCertificate(key, _) => Some(key),
            Self::Unsupported | Self::Certificate(_) | Self::Addresses(_) => None,
        }
    }

    /// The certificate that has to be shown.
    pub(super) fn certificate(&self) -> Option<&CertificateThumbprint> {
        match self {
            Self::Certificate(certificate) | Self::KeyAndCertificate(_, certificate) => Some(certificate),
            Self::Unsupported | Self::Key(_) | Self::Addresses(_) => None,
        }
    }
}
