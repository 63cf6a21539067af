//! A server that speaks TLS, and its clients.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::Algorithm;
use mcp_auth::testing::TestServer;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, version};

use super::authority::{Authority, Pair};
use super::bench::thumbprint;
use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::Everything;
use crate::process::private;
use crate::wire::{call_body, call_headers};

pub const HOST: &str = "everything.test";
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Files of a server's TLS, which a test changes.
pub struct Files {
    directory: TempDir,
}

impl Files {
    pub fn of(own: &Pair, clients: Option<&str>) -> Self {
        let files = Self { directory: tempfile::tempdir().expect("a directory") };
        files.put(own);
        if let Some(clients) = clients {
            files.write("clients.pem", clients);
        }
        files
    }

    pub fn put(&self, own: &Pair) {
        self.write("chain.pem", &own.certificate);
        self.write("key.pem", &own.key);
    }

    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file");
        private(&path);
    }

    pub fn path(&self, name: &str) -> PathBuf {
        Path::join(self.directory.path(), name)
    }

    /// `[server.tls]` of them, and more in it.
    pub fn section(&self, more: &str) -> String {
        let at = |name: &str| format!("file:{}", self.path(name).display());
        let client_ca = match self.path("clients.pem").exists() {
            true => format!("client_ca = {:?}\n", at("clients.pem")),
            false => String::new(),
        };
        format!(
            "[server.tls]\ncertificate = {:?}\nkey = {:?}\n{client_ca}{more}\n",
            at("chain.pem"),
            at("key.pem")
        )
    }
}

/// What a server says of itself beside `[server.tls]`.
pub fn server_section(more: &str) -> String {
    format!("[server]\npublic_url = \"https://{HOST}/mcp\"\nallowed_hosts = [{HOST:?}]\n{more}\n")
}

pub struct Bench {
    pub authority: Authority,
    pub files: Files,
    pub everything: Everything,
    pub server: TestServer,
    pub issuer: AuthorizationServer,
    key: Key,
}

/// What came back.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub challenge: Option<String>,
    pub body: String,
}

impl Bench {
    /// With certificates of clients by `clients`, this in `[server.tls]`, and this in the section of the issuer.
    pub async fn of(clients: Option<&Authority>, tls: &str, issuer_says: &str) -> Self {
        Self::with(clients, "", tls, issuer_says).await
    }

    /// The same with more in `[server]` and in what stands before it.
    pub async fn with(clients: Option<&Authority>, server: &str, tls: &str, issuer_says: &str) -> Self {
        let authority = Authority::new("servers");
        let files = Files::of(&authority.server(HOST), clients.map(|clients| clients.pem.as_str()));
        let key = Key::new(Algorithm::ES256, "k");
        let issuer = AuthorizationServer::with_keys(&[&key]).await;
        let everything = Everything::default();
        let toml = [server_section(server), files.section(tls), issuer.toml(issuer_says)].concat();
        let server = everything.start_with(&toml).await;
        Self { authority, files, everything, server, issuer, key }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.at("").trim_start_matches("http://").parse().expect("an address")
    }

    /// A good token that is bound to this certificate.
    pub fn token(&self, own: &Pair) -> String {
        self.token_with(json!({ "cnf": { "x5t#S256": thumbprint(&own.der()) } }))
    }

    pub fn token_with(&self, changes: Value) -> String {
        self.key.token(&self.issuer.claims(self.server.url(), changes))
    }

    /// A client that shows this certificate.
    pub fn client(&self, own: Option<&Pair>) -> reqwest::Client {
        client_of(&self.authority, self.address(), own)
    }

    /// Calls `read_note`.
    ///
    /// # Errors
    /// No answer came: the handshake failed.
    pub async fn call(&self, client: &reqwest::Client, token: &str) -> reqwest::Result<Got> {
        self.call_with(client, token, &[]).await
    }

    pub async fn call_with(
        &self,
        client: &reqwest::Client,
        token: &str,
        headers: &[(&str, &str)],
    ) -> reqwest::Result<Got> {
        let url = format!("https://{HOST}:{}/mcp", self.address().port());
        let mut request = client.post(url).bearer_auth(token).body(call_body("read_note"));
        for line in call_headers("read_note").lines() {
            let (name, value) = line.split_once(": ").expect("a header");
            request = request.header(name, value);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await?;
        let challenge = answer.headers().get("www-authenticate");
        let challenge = challenge.map(|value| value.to_str().expect("ASCII").to_owned());
        Ok(Got { status: answer.status().as_u16(), challenge, body: answer.text().await? })
    }

    /// A note comes back.
    pub async fn serves(&self, own: Option<&Pair>, token: &str, case: &str) {
        let before = self.everything.ran();
        let got =
            self.call(&self.client(own), token).await.unwrap_or_else(|error| panic!("{case}: {error:?}"));
        assert!(got.status == 200 && got.body.contains("a note"), "{case}: {got:?}");
        assert_eq!(self.everything.ran(), before + 1, "{case}");
    }

    /// 401 with these words.
    pub async fn refuses(&self, own: Option<&Pair>, token: &str, words: &str, case: &str) {
        let before = self.everything.ran();
        let got =
            self.call(&self.client(own), token).await.unwrap_or_else(|error| panic!("{case}: {error:?}"));
        let challenge = got.challenge.as_deref().unwrap_or_default();
        assert!(got.status == 401 && challenge.contains("invalid_token"), "{case}: {got:?}");
        assert!(challenge.contains(words), "{case}: {challenge}");
        assert_eq!(self.everything.ran(), before, "{case}");
    }

    /// No answer comes at all.
    pub async fn shuts_out(&self, own: Option<&Pair>, case: &str) {
        let before = self.everything.ran();
        let got = self.call(&self.client(own), &self.token_with(json!({}))).await;
        assert!(got.is_err(), "{case}: {got:?}");
        assert_eq!(self.everything.ran(), before, "{case}");
    }
}

/// A client of a server whose certificate this authority issued.
pub fn client_of(authority: &Authority, address: SocketAddr, own: Option<&Pair>) -> reqwest::Client {
    let root = reqwest::Certificate::from_pem(authority.pem.as_bytes()).expect("a certificate");
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([root]).resolve(HOST, address);
    let client = match own {
        Some(own) => client.identity(own.identity()),
        None => client,
    };
    client.timeout(PATIENCE).build().expect("a client")
}

/// What a handshake by hand offers.
pub struct Offer<'a> {
    pub authority: &'a Authority,
    pub version: &'static SupportedProtocolVersion,
    pub alpn: &'a [&'a [u8]],
    /// The certificate, and the key that signs.
    pub own: Option<(&'a Pair, &'a Pair)>,
}

impl<'a> Offer<'a> {
    pub fn to(authority: &'a Authority) -> Self {
        Self { authority, version: &version::TLS13, alpn: &[b"http/1.1"], own: None }
    }

    /// Shakes hands.
    ///
    /// # Errors
    /// As the handshake. With TLS 1.3 a server refuses a client only after the client is done.
    pub async fn connect(self, address: SocketAddr) -> io::Result<TlsStream<TcpStream>> {
        use tokio_rustls::rustls::client::ResolvesClientCert;
        use tokio_rustls::rustls::sign::CertifiedKey;
        use tokio_rustls::rustls::{SignatureScheme, sign};

        #[derive(Debug)]
        struct Shows(Arc<CertifiedKey>);
        impl ResolvesClientCert for Shows {
            fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<sign::CertifiedKey>> {
                Some(Arc::clone(&self.0))
            }
            fn has_certs(&self) -> bool {
                true
            }
        }

        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(self.authority.pem.as_bytes()).expect("PEM"))
            .expect("a root");
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[self.version])
            .expect("versions")
            .with_root_certificates(roots);
        let mut config = match self.own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = aws_lc_rs::sign::any_supported_type(&key.private()).expect("a key");
                // Not checked to belong together: a thief would not either.
                let shown = CertifiedKey::new(vec![certificate.der()], key);
                builder.with_client_cert_resolver(Arc::new(Shows(Arc::new(shown))))
            }
        };
        config.alpn_protocols = self.alpn.iter().map(|name| name.to_vec()).collect();
        let stream = TcpStream::connect(address).await?;
        let name = ServerName::try_from(HOST).expect("a name");
        let shaking = TlsConnector::from(Arc::new(config)).connect(name, stream);
        timeout(PATIENCE, shaking).await.expect("in time")
    }
}

/// Calls `read_note` on this connection, with more header lines, and gives the status and the whole answer.
///
/// # Errors
/// The connection ended without an answer.
pub async fn call_on<S>(stream: &mut S, token: &str, more: &str) -> io::Result<(u16, String)>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let body = call_body("read_note");
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\nContent-Length: {}\r\n{}{more}\r\n",
        body.len(),
        call_headers("read_note"),
    );
    stream.write_all([head, body].concat().as_bytes()).await?;
    stream.flush().await?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let read = timeout(PATIENCE, stream.read(&mut buffer)).await.expect("in time")?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length: ").and_then(|n| n.parse().ok())
            });
            if length.is_some_and(|length: usize| body.len() >= length) {
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                return Ok((status.expect("a status"), text.clone()));
            }
        }
    }
}
