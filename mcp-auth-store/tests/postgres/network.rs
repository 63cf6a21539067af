//! What may stand between a store and its server: a network that fails, and TLS.

#![allow(clippy::unwrap_used, reason = "a part of tests")]

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::server::place;

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Network {
    /// It works.
    Up,
    /// Every connection is closed, and new ones too.
    Cut,
    /// Connections stay open, and nothing arrives.
    Silent,
    /// Everything arrives, and takes half a [`ROUND_TRIP`].
    Far,
}

/// How long it takes to a server that is far away and back.
pub(crate) const ROUND_TRIP: Duration = Duration::from_millis(300);

/// A network to the server, at a place of its own.
pub(crate) struct Proxy {
    pub(crate) place: String,
    network: watch::Sender<Network>,
}

impl Proxy {
    pub(crate) async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
        let (network, is) = watch::channel(Network::Up);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(passed(client, is.clone()));
            }
        });
        Self { place: at, network }
    }

    pub(crate) fn becomes(&self, network: Network) {
        self.network.send_replace(network);
    }
}

async fn passed(client: TcpStream, mut network: watch::Receiver<Network>) {
    let is = *network.borrow_and_update();
    if is == Network::Silent {
        let _ = network.changed().await;
    }
    if is != Network::Up {
        return;
    }
    let server = TcpStream::connect(place()).await.unwrap();
    let (client, server) = (client.into_split(), server.into_split());
    tokio::join!(copied(client.0, server.1, network.clone()), copied(server.0, client.1, network),);
}

async fn copied(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut network: watch::Receiver<Network>) {
    let (sent, mut arriving) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    // What is on its way does not hold up what comes after it.
    let arrives = tokio::spawn(async move {
        while let Some((at, bytes)) = arriving.recv().await {
            sleep_until(at).await;
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
        to
    });
    let mut bytes = vec![0; 64 * 1024];
    loop {
        let read = tokio::select! {
            biased;
            () = async { drop(network.wait_for(|is| matches!(is, Network::Cut | Network::Silent)).await) } => break,
            read = from.read(&mut bytes) => read.unwrap_or_default(),
        };
        let takes = if *network.borrow() == Network::Far { ROUND_TRIP / 2 } else { Duration::ZERO };
        if read == 0 || sent.send((Instant::now() + takes, bytes[..read].to_vec())).is_err() {
            return;
        }
    }
    drop(sent);
    let _open = arrives.await;
    let _ = network.wait_for(|is| *is != Network::Silent).await;
}

/// A server that says that it has no TLS, and its place.
pub(crate) async fn without_tls() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut asked = [0; 8];
            client.read_exact(&mut asked).await.unwrap();
            client.write_all(b"N").await.unwrap();
            // Whoever goes on without TLS says the name of the role now.
            assert_eq!(client.read(&mut asked).await.unwrap_or_default(), 0, "it went on without TLS");
        }
    });
    at
}

/// The server with TLS and a certificate for `name` that it has signed itself; its place and the certificate.
pub(crate) async fn with_tls(name: &str) -> (String, String) {
    let own = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = format!("localhost:{}", listener.local_addr().unwrap().port());
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                client.read_exact(&mut [0; 8]).await.unwrap();
                client.write_all(b"S").await.unwrap();
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let mut server = TcpStream::connect(place()).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (at, own.cert.pem())
}
