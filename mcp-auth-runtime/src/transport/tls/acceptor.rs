//! A handshake on one connection, by the newest certificate and key.

use std::io;

use tokio::sync::watch;
use tokio_rustls::server::TlsStream;

use super::material::TlsConfig;
use crate::authn::CertificateThumbprint;
use crate::transport::client_certificate::ShownCertificate;
use crate::transport::timed_write::TimedWrite;

/// Accepts TLS on connections that a listener accepted.
#[derive(Debug, Clone)]
pub(crate) struct TlsAcceptor(watch::Receiver<TlsConfig>);

impl TlsAcceptor {
    /// One that follows `newest`: a handshake uses what it is when it begins, and connections that are open stay.
    pub(crate) fn following(newest: watch::Receiver<TlsConfig>) -> Self {
        Self(newest)
    }

    /// Shakes hands. The certificate is the one that the client proved to have the key of.
    ///
    /// # Errors
    /// As the handshake.
    pub(in crate::transport) async fn accept<S>(
        &self,
        stream: TimedWrite<S>,
    ) -> io::Result<(TlsStream<TimedWrite<S>>, Option<ShownCertificate>)>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
    {
        let TlsConfig(newest) = self.0.borrow().clone();
        let stream = tokio_rustls::TlsAcceptor::from(newest).accept(stream).await?;
        let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let shown = shown.map(|own| ShownCertificate(CertificateThumbprint::of(own)));
        Ok((stream, shown))
    }
}
