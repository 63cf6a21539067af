//! The connection to the server. All steps share one. It is made again for the first step after it was cut.

use std::error::Error;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ErrorKind, RedisError, RedisResult, ServerErrorKind};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::place::{Address, At, Place};
use crate::StoreError;

/// How long it may take to connect, and to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The connection, and how to make it.
pub(super) struct Link {
    pub(super) place: Place,
    tls: Option<TlsConnector>,
    live: Mutex<Option<Live>>,
    /// How many connections were made.
    made: AtomicU64,
    /// How many attempts to make one failed.
    failed: AtomicU64,
}

struct Live {
    connection: MultiplexedConnection,
    /// Reads and writes. It ends once the connection is cut.
    driver: JoinHandle<()>,
    number: u64,
}

/// Why the server cannot be used, without anything secret.
#[derive(Debug, thiserror::Error)]
pub(super) enum LinkError {
    #[error("{place} cannot be reached: {why}")]
    Unreachable { place: String, why: String },
    #[error("{place} did not answer within {} seconds", PATIENCE.as_secs())]
    Silent { place: String },
    #[error("{place} refuses: {why}")]
    Refused { place: String, why: String },
    #[error("the file of ca_file cannot be used: {0}")]
    Authority(String),
    #[error("TLS cannot be used: {0}")]
    Tls(String),
}

impl From<LinkError> for StoreError {
    fn from(error: LinkError) -> Self {
        Self::new(error)
    }
}

impl Link {
    /// A link that is not connected yet.
    ///
    /// # Errors
    /// [`LinkError::Authority`], [`LinkError::Tls`].
    pub(super) fn new(place: Place) -> Result<Self, LinkError> {
        let tls = match &place.at {
            At::Tls(_, authority) => Some(tls(authority.as_deref())?),
            _ => None,
        };
        Ok(Self { place, tls, live: Mutex::default(), made: AtomicU64::new(0), failed: AtomicU64::new(0) })
    }

    /// Does `step` with the connection. It takes 10 seconds at most. A step that was sent is never sent again: whether it was done is not
    /// known where its answer is lost.
    ///
    /// # Errors
    /// [`LinkError`].
    pub(super) async fn run<T, F>(
        &self,
        step: impl FnOnce(MultiplexedConnection) -> F,
    ) -> Result<T, LinkError>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let all = async {
            let (connection, number) = self.connection().await?;
            match step(connection).await {
                Ok(value) => Ok(value),
                Err(error) => {
                    if is_over(&error) {
                        self.give_up(number).await;
                    }
                    Err(self.why(&error))
                }
            }
        };
        timeout(PATIENCE * 2, all).await.unwrap_or_else(|_| Err(self.silent()))
    }

    async fn connection(&self) -> Result<(MultiplexedConnection, u64), LinkError> {
        let failed = self.failed.load(Ordering::Relaxed);
        let mut live = self.live.lock().await;
        if let Some(live) = &*live
            && !live.driver.is_finished()
        {
            return Ok((live.connection.clone(), live.number));
        }
        *live = None;
        if self.failed.load(Ordering::Relaxed) != failed {
            // Of those that wait, one tries: the others would each wait for it anew.
            let why = "another step has just tried".to_owned();
            return Err(LinkError::Unreachable { place: self.place.to_string(), why });
        }
        match timeout(PATIENCE, self.connect()).await.unwrap_or_else(|_| Err(self.silent())) {
            Ok((connection, driver)) => {
                let number = self.made.fetch_add(1, Ordering::Relaxed);
                *live = Some(Live { connection: connection.clone(), driver, number });
                Ok((connection, number))
            }
            Err(error) => {
                self.failed.fetch_add(1, Ordering::Relaxed);
                Err(error)
            }
        }
    }

    /// The connection of this number is not used any more.
    async fn give_up(&self, number: u64) {
        let mut live = self.live.lock().await;
        if live.as_ref().is_some_and(|live| live.number == number) {
            *live = None;
        }
    }

    async fn connect(&self) -> Result<(MultiplexedConnection, JoinHandle<()>), LinkError> {
        match &self.place.at {
            At::Plain(address) => self.log_in(self.tcp(address).await?).await,
            At::Tls(address, _) => {
                let tls = self.tls.as_ref().ok_or_else(|| LinkError::Tls("it is not set up".to_owned()))?;
                let name = ServerName::try_from(address.name()).map_err(|error| self.unreachable(&error))?;
                let tcp = self.tcp(address).await?;
                let stream = tls.connect(name, tcp).await.map_err(|error| self.unreachable(&error))?;
                self.log_in(stream).await
            }
            #[cfg(unix)]
            At::Socket(path) => {
                let stream = tokio::net::UnixStream::connect(path).await;
                self.log_in(stream.map_err(|error| self.unreachable(&error))?).await
            }
        }
    }

    async fn tcp(&self, address: &Address) -> Result<TcpStream, LinkError> {
        let stream = TcpStream::connect((address.name(), address.port)).await;
        let stream = stream.map_err(|error| self.unreachable(&error))?;
        stream.set_nodelay(true).map_err(|error| self.unreachable(&error))?;
        Ok(stream)
    }

    async fn log_in(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<(MultiplexedConnection, JoinHandle<()>), LinkError> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let made = MultiplexedConnection::new_with_config(&self.place.login, stream, config).await;
        let (connection, driver) = made.map_err(|error| self.why(&error))?;
        Ok((connection, tokio::spawn(driver)))
    }

    fn silent(&self) -> LinkError {
        LinkError::Silent { place: self.place.to_string() }
    }

    fn unreachable(&self, error: &dyn Error) -> LinkError {
        let why = self.place.without_secrets(&error.to_string());
        LinkError::Unreachable { place: self.place.to_string(), why }
    }

    fn why(&self, error: &RedisError) -> LinkError {
        if error.is_timeout() {
            return self.silent();
        }
        if error.is_io_error() {
            return self.unreachable(error);
        }
        let why = self.place.without_secrets(&error.to_string());
        LinkError::Refused { place: self.place.to_string(), why }
    }
}

/// Whether the connection is not used any more after this: it is cut, what it says is not understood, or it leads to a server that has
/// become a replica, and the name to another one.
fn is_over(error: &RedisError) -> bool {
    match error.kind() {
        ErrorKind::Server(kind) => {
            matches!(kind, ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        }
        ErrorKind::UnexpectedReturnType | ErrorKind::Extension => false,
        _ => true,
    }
}

/// TLS with a certificate that is verified: by the authorities of this file, or by those that the machine trusts.
fn tls(authority: Option<&Path>) -> Result<TlsConnector, LinkError> {
    let mut roots = RootCertStore::empty();
    match authority {
        Some(file) => {
            let failed = |error: &dyn Error| LinkError::Authority(error.to_string());
            let all = CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))?;
            for certificate in all {
                let certificate = certificate.map_err(|error| failed(&error))?;
                roots.add(certificate).map_err(|error| failed(&error))?;
            }
            if roots.is_empty() {
                return Err(LinkError::Authority("no certificate in PEM is in it".to_owned()));
            }
        }
        None => {
            // One that cannot be read is one fewer.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err(LinkError::Tls("this machine trusts no authority".to_owned()));
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| LinkError::Tls(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
