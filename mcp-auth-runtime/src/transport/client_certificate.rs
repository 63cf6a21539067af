//! Which certificate the client of a request showed: in the TLS handshake with this process, or to a proxy that the operator names,
//! which says so in one header. A certificate is public, so what anyone else writes into that header proves nothing: such a
//! request is refused.

use http::{HeaderName, request};

use super::client_address::TrustedProxies;
use crate::authn::{CertificateFault, CertificateFormat, CertificateThumbprint};

/// The certificate that a peer showed in the handshake of its connection, and proved to have the key of. Every request of that
/// connection carries it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShownCertificate(pub(super) CertificateThumbprint);

/// Where the certificate of a client is read.
#[derive(Debug, Clone)]
pub(crate) struct ClientCertificates {
    proxies: TrustedProxies,
    header: Option<(HeaderName, CertificateFormat)>,
}

impl ClientCertificates {
    /// Of clients of these `proxies`, which say it in this header, if they say it.
    pub(crate) fn new(proxies: TrustedProxies, header: Option<(HeaderName, CertificateFormat)>) -> Self {
        Self { proxies, header }
    }

    /// The thumbprint of the certificate of the client that sent this request; `None` where it showed none, or nothing says so.
    ///
    /// What a proxy shows of its own is not its client's.
    ///
    /// # Errors
    /// [`CertificateFault`].
    pub(crate) fn of(
        &self,
        parts: &request::Parts,
    ) -> Result<Option<CertificateThumbprint>, CertificateFault> {
        let is_of_a_proxy = self.proxies.sent(parts);
        let shown = parts.extensions.get::<ShownCertificate>().filter(|_| !is_of_a_proxy);
        let shown = shown.map(|ShownCertificate(own)| *own);
        let Some((name, format)) = &self.header else { return Ok(shown) };
        let mut values = parts.headers.get_all(name).iter();
        let Some(value) = values.next() else { return Ok(shown) };
        if !is_of_a_proxy {
            return Err(CertificateFault::Untrusted);
        }
        match values.next() {
            None => format.read(value.as_bytes()),
            Some(_) => Err(CertificateFault::Several),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;
    use http::HeaderValue;

    use super::*;

    const NAME: HeaderName = HeaderName::from_static("client-cert");
    /// A SEQUENCE of one NULL.
    const DER: &[u8] = &[0x30, 2, 5, 0];
    const VALUE: &str = ":MAIFAA==:";

    fn of(
        header: Option<HeaderName>,
        peer: Option<&str>,
        values: &[&str],
    ) -> Result<Option<CertificateThumbprint>, CertificateFault> {
        of_connection(None, header, peer, values)
    }

    /// The same on a connection whose peer showed the certificate with this DER.
    fn of_connection(
        shown: Option<&[u8]>,
        header: Option<HeaderName>,
        peer: Option<&str>,
        values: &[&str],
    ) -> Result<Option<CertificateThumbprint>, CertificateFault> {
        let proxies =
            TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()], HeaderName::from_static("forwarded"));
        let header = header.map(|name| (name, CertificateFormat::Rfc9440));
        let (mut parts, ()) = http::Request::new(()).into_parts();
        if let Some(peer) = peer {
            parts.extensions.insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        }
        if let Some(der) = shown {
            parts.extensions.insert(ShownCertificate(CertificateThumbprint::of(der)));
        }
        for value in values {
            parts.headers.append(NAME, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        ClientCertificates::new(proxies, header).of(&parts)
    }

    #[test]
    fn what_a_trusted_proxy_says_is_the_certificate_of_its_client() {
        for peer in ["10.1.2.3:4711", "[::ffff:10.1.2.3]:4711"] {
            let expected = Ok(Some(CertificateThumbprint::of(DER)));
            assert_eq!(of(Some(NAME), Some(peer), &[VALUE]), expected);
            for empty in [&[][..], &[""], &["::"]] {
                assert_eq!(of(Some(NAME), Some(peer), empty), Ok(None), "{empty:?}");
            }
        }
    }

    #[test]
    fn h44_the_header_is_refused_from_everyone_else_whatever_it_says() {
        for peer in [Some("11.0.0.1:1"), Some("127.0.0.1:1"), Some("[::1]:1"), None] {
            for values in [&[VALUE][..], &[""], &["::"], &["x"], &[VALUE, VALUE]] {
                assert_eq!(of(Some(NAME), peer, values), Err(CertificateFault::Untrusted), "{peer:?}");
            }
            assert_eq!(of(Some(NAME), peer, &[]), Ok(None));
        }
    }

    #[test]
    fn h43_two_headers_are_refused_although_they_say_the_same() {
        for values in [[VALUE, VALUE], [VALUE, ""], ["", VALUE], ["", ""]] {
            assert_eq!(of(Some(NAME), Some("10.1.2.3:1"), &values), Err(CertificateFault::Several));
        }
        let malformed = of(Some(NAME), Some("10.1.2.3:1"), &[&format!("{VALUE}, {VALUE}")]);
        assert_eq!(malformed, Err(CertificateFault::Malformed));
    }

    #[test]
    fn a_header_that_is_not_configured_is_not_read() {
        for peer in ["10.1.2.3:1", "11.0.0.1:1"] {
            assert_eq!(of(None, Some(peer), &[VALUE]), Ok(None));
            assert_eq!(of(Some(HeaderName::from_static("x-other")), Some(peer), &[VALUE, "x"]), Ok(None));
        }
    }

    #[test]
    fn what_a_client_shows_in_the_handshake_is_its_certificate_and_what_a_proxy_shows_is_not() {
        let own = Some(&b"own"[..]);
        for header in [None, Some(NAME)] {
            let client = of_connection(own, header.clone(), Some("11.0.0.1:1"), &[]);
            assert_eq!(client, Ok(Some(CertificateThumbprint::of(b"own"))));
            assert_eq!(of_connection(own, header, Some("10.1.2.3:1"), &[]), Ok(None), "the proxy's own");
        }
        let passed_on = of_connection(own, Some(NAME), Some("10.1.2.3:1"), &[VALUE]);
        assert_eq!(passed_on, Ok(Some(CertificateThumbprint::of(DER))));
        let forged = of_connection(own, Some(NAME), Some("11.0.0.1:1"), &[VALUE]);
        assert_eq!(forged, Err(CertificateFault::Untrusted), "h44: beside its own too");
    }
}
