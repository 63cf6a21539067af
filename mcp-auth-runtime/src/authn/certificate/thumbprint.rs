//! The thumbprint of a certificate (RFC 8705 §3.1): what a token says of the certificate that it is bound to.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// SHA-256 of a certificate, of its DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateThumbprint([u8; 32]);

impl CertificateThumbprint {
    /// That of the certificate with this DER.
    pub fn of(der: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest::digest(&digest::SHA256, der).as_ref());
        Self(bytes)
    }

    /// What `cnf.x5t#S256` says: 43 characters of base64url (RFC 8705 §3.1).
    pub(in crate::authn) fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_sha_256_of_the_der_as_openssl_says_it() {
        // printf abc | openssl dgst -sha256 -binary | basenc --base64url
        let expected = CertificateThumbprint::parse("ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert_eq!(Some(CertificateThumbprint::of(b"abc")), expected);
        assert_ne!(Some(CertificateThumbprint::of(b"abd")), expected);
    }

    #[test]
    fn anything_but_43_characters_of_base64url_is_not_a_thumbprint() {
        for bad in [
            "",
            "x",
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0=",
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa1",
            "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0",
            "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0A",
        ] {
            assert_eq!(CertificateThumbprint::parse(bad), None, "{bad}");
        }
    }
}
