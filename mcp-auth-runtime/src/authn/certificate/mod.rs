//! The certificate of a client, to which a token may be bound (RFC 8705 §3). In reading order: `thumbprint` (what a token says
//! of it), `passed_on` (how a proxy writes it into a header), `fault` (why a header holds none).

mod fault;
mod passed_on;
mod thumbprint;

pub(crate) use fault::CertificateFault;
pub use passed_on::CertificateFormat;
pub(crate) use thumbprint::CertificateThumbprint;
