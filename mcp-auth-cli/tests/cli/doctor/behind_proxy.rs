//! The server speaks http, and a proxy in front of it speaks TLS; only the proxy knows the URL that clients see.

use std::sync::Arc;

use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::site::{Report, Site};
use crate::process::{mcp_auth, stdout};

/// Terminates TLS with a certificate for this machine and forwards every byte. Certificate and key (`tls-*.pem`) are
/// for these tests alone: no other program trusts them.
struct Proxy {
    listener: TcpListener,
    url: String,
}

impl Proxy {
    async fn bind() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}/mcp", listener.local_addr().unwrap());
        Self { listener, url }
    }

    fn forward(self, to: &Site) {
        let certificate = CertificateDer::from_pem_slice(include_bytes!("tls-cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls-key.pem")).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
        let config =
            ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let target = to.address.clone();
        tokio::spawn(async move {
            while let Ok((outside, _)) = self.listener.accept().await {
                let (acceptor, target) = (acceptor.clone(), target.clone());
                tokio::spawn(async move {
                    let Ok(mut outside) = acceptor.accept(outside).await else { return };
                    let mut inside = TcpStream::connect(target).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
                });
            }
        });
    }
}

async fn doctor(url: &str, trusted: bool) -> Report {
    let mut command = mcp_auth();
    command.args(["doctor", url, "--json"]);
    let certificate = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/doctor/tls-cert.pem");
    let other = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/doctor/tls-other-cert.pem");
    command.env("SSL_CERT_FILE", if trusted { certificate } else { other }).env_remove("SSL_CERT_DIR");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = stdout(&output) + &String::from_utf8_lossy(&output.stderr);
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}"));
    Report { json, code: output.status.code(), text }
}

#[tokio::test]
async fn http_behind_a_tls_proxy_is_named_with_its_cause() {
    let proxy = Proxy::bind().await;
    let url = proxy.url.clone();
    let site = Site::start(|_| ()).await;
    proxy.forward(&site);
    let report = doctor(&url, true).await;
    let fix = format!("server.public_url = \"{url}\"");
    report.names("challenge", "fail", "TLS ends at a proxy and the server does not know", &fix);
    let resource = report.step("resource");
    assert!(
        resource["seen"].as_str().unwrap().contains("it says http where clients use https"),
        "{resource}"
    );
    assert!(resource["fix"].as_str().unwrap().contains("X-Forwarded-Proto"), "{resource}");
}

#[tokio::test]
async fn a_server_that_knows_its_public_url_is_healthy_behind_a_tls_proxy() {
    let proxy = Proxy::bind().await;
    let url = proxy.url.clone();
    let site = Site::start(|plan| {
        plan.metadata["resource"] = proxy.url.clone().into();
        let metadata = proxy.url.replace("/mcp", "/.well-known/oauth-protected-resource/mcp");
        plan.challenge = Some(format!("Bearer resource_metadata=\"{metadata}\""));
    })
    .await;
    proxy.forward(&site);
    doctor(&url, true).await.is_healthy();
}

#[tokio::test]
async fn an_untrusted_certificate_is_a_tls_failure() {
    let proxy = Proxy::bind().await;
    let url = proxy.url.clone();
    let site = Site::start(|_| ()).await;
    proxy.forward(&site);
    doctor(&url, false).await.names_only(
        "reachability",
        "fail",
        "TLS failed",
        "an authority this machine trusts",
    );
}
