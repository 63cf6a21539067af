//! A web site over TLS, at hosts that only the issuer under test knows, where clients keep their documents.

use std::collections::{BTreeMap, HashMap};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mcp_auth_issuer::ClientDocuments;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::harness::REDIRECT;

/// The hosts that lead to the site.
pub(crate) const HOSTS: [&str; 3] = ["client.test", "other.test", "third.test"];

/// The client that most tests use.
pub(crate) const CLIENT: &str = "https://client.test/oauth/client.json";

/// What the site answers.
#[derive(Clone)]
enum Reply {
    /// These bytes.
    Whole(Vec<u8>),
    /// The same, one byte at a time.
    Trickle(Vec<u8>),
    /// Nothing, and the connection is closed.
    Nothing,
}

#[derive(Clone)]
pub(crate) struct Site {
    address: SocketAddr,
    authority: Arc<NamedTempFile>,
    replies: Arc<Mutex<HashMap<String, Reply>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    /// A site that has the document of [`CLIENT`].
    pub(crate) async fn open() -> Self {
        let (acceptor, authority) = tls();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let site = Self {
            address: listener.local_addr().unwrap(),
            authority: Arc::new(authority),
            replies: Arc::default(),
            asked: Arc::default(),
        };
        site.put(CLIENT, &document(CLIENT));
        let serving = site.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (site, acceptor) = (serving.clone(), acceptor.clone());
                tokio::spawn(async move {
                    if let Ok(socket) = acceptor.accept(socket).await {
                        site.answer(socket).await;
                    }
                });
            }
        });
        site
    }

    async fn answer(&self, mut socket: tokio_rustls::server::TlsStream<tokio::net::TcpStream>) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match socket.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let path = head.split(' ').nth(1).unwrap().to_owned();
        let host =
            head.lines().find_map(|line| line.to_lowercase().strip_prefix("host: ").map(str::to_owned));
        self.asked.lock().unwrap().push(head);
        let reply = self.replies.lock().unwrap().get(&format!("https://{}{path}", host.unwrap())).cloned();
        match reply.unwrap_or_else(|| Reply::Whole(http(404, "content-type: application/json", b"{}"))) {
            Reply::Whole(bytes) => drop(socket.write_all(&bytes).await),
            Reply::Trickle(bytes) => {
                for byte in bytes {
                    if socket.write_all(&[byte]).await.is_err() || socket.flush().await.is_err() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(300)).await;
                }
            }
            Reply::Nothing => {}
        }
        let _ = socket.shutdown().await;
    }

    /// The options of an issuer that reaches it.
    pub(crate) fn options(&self) -> ClientDocuments {
        ClientDocuments {
            private: HOSTS.iter().map(|host| ((*host).to_owned(), self.address)).collect::<BTreeMap<_, _>>(),
            ca_file: Some(self.authority.path().to_owned()),
            ..ClientDocuments::default()
        }
    }

    /// Puts a document at `url`, to be fetched each time.
    pub(crate) fn put(&self, url: &str, document: &Value) {
        self.put_with(
            url,
            200,
            "content-type: application/json\r\ncache-control: no-store",
            document.to_string(),
        );
    }

    /// Puts an answer with this status, these headers and this body there.
    pub(crate) fn put_with(&self, url: &str, status: u16, headers: &str, body: impl AsRef<[u8]>) {
        self.reply(url, Reply::Whole(http(status, headers, body.as_ref())));
    }

    /// Puts a document there that comes a byte at a time.
    pub(crate) fn trickle(&self, url: &str) {
        let body = document(url).to_string();
        self.reply(url, Reply::Trickle(http(200, "content-type: application/json", body.as_bytes())));
    }

    /// Closes the connection when it is asked for there.
    pub(crate) fn hang_up(&self, url: &str) {
        self.reply(url, Reply::Nothing);
    }

    fn reply(&self, url: &str, reply: Reply) {
        self.replies.lock().unwrap().insert(url.to_owned(), reply);
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The heads of the requests that came.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A document that follows every rule.
pub(crate) fn document(url: &str) -> Value {
    json!({
        "client_id": url, "client_name": "Documented", "redirect_uris": [REDIRECT, "https://app.example/cb"],
        "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
        "token_endpoint_auth_method": "none", "logo_uri": "https://client.test/logo.png",
    })
}

fn http(status: u16, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status} X\r\n{headers}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// TLS for the hosts, and the file of the authority behind it.
fn tls() -> (TlsAcceptor, NamedTempFile) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let file = NamedTempFile::new().unwrap();
    std::fs::write(file.path(), params.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(params, key);
    let key = KeyPair::generate().unwrap();
    let hosts = HOSTS.map(str::to_owned).to_vec();
    let certificate = CertificateParams::new(hosts).unwrap().signed_by(&key, &issuer).unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), file)
}
