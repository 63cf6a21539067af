//! rmcp's own OAuth client with the built-in issuer, without registering: as a client that describes itself (Client ID Metadata Document), and as
//! one of the configuration, with a secret and without.

use std::sync::{Arc, Mutex};

use mcp_auth_tests::person::Browser;
use mcp_auth_tests::process::private;
use mcp_auth_tests::site::Site;
use rmcp::ClientLifecycleMode;
use rmcp::transport::auth::{AuthError, AuthorizationManager, AuthorizationRequest, OAuthState};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;

use crate::certificates::authority::Authority;
use crate::login::{Client, Notes, REDIRECT, lifecycles};

/// Where the client describes itself: a host that only the server under test knows.
const DOCUMENT: &str = "https://client.test/oauth/client.json";
const SECRET: &str = "a secret of the editor in the cloud";
/// A redirect URI that no client here has.
const ELSEWHERE: &str = "http://127.0.0.1:9/elsewhere";

/// A server with a client of each kind; and what the document at [`DOCUMENT`] says.
struct Bench {
    site: Site<Notes>,
    document: Arc<Mutex<Value>>,
}

impl Bench {
    async fn start() -> Self {
        let document = Arc::new(Mutex::new(json!({
            "client_id": DOCUMENT, "client_name": "Self-described", "redirect_uris": [REDIRECT],
            "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "token_endpoint_auth_method": "none", "application_type": "native",
        })));
        let authority = Authority::new("Clients");
        let address = publish(&authority, Arc::clone(&document)).await;
        let state = tempfile::tempdir().unwrap();
        let [secret, ca] = ["secret", "ca.pem"].map(|name| state.path().join(name));
        std::fs::write(&ca, &authority.pem).unwrap();
        std::fs::write(&secret, SECRET).unwrap();
        private(&secret);
        let config = format!(
            r#"
            [auth]
            base_scopes = ["notes.read"]
            [issuer.client_documents]
            private = {{ "client.test" = "{address}" }}
            ca_file = "file:{ca}"
            [[issuer.clients]]
            client_id = "desktop-editor"
            name = "Desktop editor"
            public = true
            redirect_uris = ["{REDIRECT}"]
            [[issuer.clients]]
            client_id = "cloud-editor"
            name = "Cloud editor"
            client_secret = "file:{secret}"
            redirect_uris = ["{REDIRECT}"]
            "#,
            ca = ca.display(),
            secret = secret.display(),
        );
        Self { site: Site::start_in(state, Notes::default(), &config).await, document }
    }

    /// A client of this kind that was challenged and read the metadata, and now has a URL for the browser.
    async fn asked(
        &self,
        known: Known,
        redirect: &str,
        lifecycle: &ClientLifecycleMode,
    ) -> Result<(OAuthState, String), AuthError> {
        let challenge = Client::challenged(&self.site, lifecycle.clone()).await;
        let mut oauth = OAuthState::new(self.site.url(), None).await?;
        let request = AuthorizationRequest::new(redirect).with_challenge(challenge);
        oauth.start_authorization(known.named_in(request).with_initial_scope_selection()).await?;
        let url = oauth.get_authorization_url().await?;
        Ok((oauth, url))
    }

    /// From nothing to a manager of tokens that a person allowed.
    async fn logged_in(&self, known: Known, lifecycle: &ClientLifecycleMode) -> AuthorizationManager {
        let (mut oauth, url) = self.asked(known, REDIRECT, lifecycle).await.unwrap();
        let callback = Browser::new().decide(&url, "alice", "allow").await;
        oauth.handle_callback_url(&callback).await.unwrap();
        oauth.into_authorization_manager().unwrap()
    }

    /// The page that a person gets instead of a login, also once they are logged in.
    async fn refused(&self, url: &str) -> String {
        let mut browser = Browser::new();
        let page = browser.open(url).await;
        assert_eq!(page.status, 400, "{}", page.html);
        let (_, good) = self.asked(Known::Desktop, REDIRECT, &lifecycles()[0].0).await.unwrap();
        browser.decide(&good, "alice", "allow").await;
        // `open` fails where the browser is sent out of the site: no code leaves.
        let again = browser.open(url).await;
        assert_eq!((again.status, &again.html), (400, &page.html));
        page.html
    }
}

/// How the client is known to the issuer.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// By its document.
    Document,
    /// As a public client of the configuration.
    Desktop,
    /// As a confidential client of the configuration, which presents this secret.
    Cloud(&'static str),
}

impl Known {
    const ALL: [Self; 3] = [Self::Document, Self::Desktop, Self::Cloud(SECRET)];

    /// What the consent page calls it.
    fn shown(self) -> [&'static str; 2] {
        match self {
            Self::Document => ["Self-described", "client.test"],
            Self::Desktop => ["Desktop editor", "127.0.0.1"],
            Self::Cloud(_) => ["Cloud editor", "127.0.0.1"],
        }
    }

    fn id(self) -> &'static str {
        match self {
            Self::Document => DOCUMENT,
            Self::Desktop => "desktop-editor",
            Self::Cloud(_) => "cloud-editor",
        }
    }

    fn named_in(self, request: AuthorizationRequest) -> AuthorizationRequest {
        match self {
            Self::Document => request.with_client_metadata_url(DOCUMENT),
            Self::Desktop => request.with_preregistered_client(self.id()),
            Self::Cloud(secret) => request.with_preregistered_client(self.id()).with_client_secret(secret),
        }
    }
}

/// A site over TLS at `client.test` that answers with the document, whatever it is asked for.
async fn publish(authority: &Authority, document: Arc<Mutex<Value>>) -> std::net::SocketAddr {
    let pair = authority.server("client.test");
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![pair.der()], pair.private())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let (acceptor, document) = (acceptor.clone(), Arc::clone(&document));
            tokio::spawn(async move {
                let Ok(mut socket) = acceptor.accept(socket).await else { return };
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = socket.read_u8().await else { return };
                    head.push(byte);
                }
                let body = document.lock().unwrap().to_string();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\
                     content-length: {}\r\n\r\n{body}",
                    body.len(),
                );
                let _ = socket.write_all(answer.as_bytes()).await;
                let _ = socket.shutdown().await;
            });
        }
    });
    address
}

#[tokio::test]
async fn rmcps_client_logs_in_calls_and_refreshes_by_its_document_and_as_a_client_of_the_configuration() {
    for known in Known::ALL {
        for (lifecycle, version) in lifecycles() {
            let bench = Bench::start().await;
            let (mut oauth, url) = bench.asked(known, REDIRECT, &lifecycle).await.unwrap();
            let asked: url::Url = url.parse().unwrap();
            let id = asked.query_pairs().find(|(name, _)| name == "client_id").unwrap().1.into_owned();
            assert_eq!(id, known.id(), "it did not register");
            let mut browser = Browser::new();
            let page = browser.consent(&url, "alice").await;
            for shown in known.shown() {
                assert!(page.html.contains(shown), "{known:?}: the page shows {shown}: {}", page.html);
            }
            oauth.handle_callback_url(&browser.answer(&page, "allow").await).await.unwrap();
            let manager = oauth.into_authorization_manager().unwrap();
            let client = Client::connect(&bench.site, manager, lifecycle).await.unwrap();
            assert_eq!(client.service.peer_info().unwrap().protocol_version, version);
            assert_eq!(client.list().await.unwrap(), "", "{known:?}");

            let before = client.token().await;
            client.tokens.lock().await.refresh_token().await.unwrap();
            assert_ne!(client.token().await, before);
            assert_eq!(client.list().await.unwrap(), "", "{known:?}: the refreshed token is good");
            client.service.cancel().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_redirect_uri_that_the_document_or_the_configuration_does_not_have_gets_a_page_and_no_code() {
    let bench = Bench::start().await;
    for known in Known::ALL {
        for (lifecycle, _) in lifecycles() {
            let (_, url) = bench.asked(known, ELSEWHERE, &lifecycle).await.unwrap();
            let page = bench.refused(&url).await;
            assert!(!page.contains("name=\"decision\""), "nothing is asked: {page}");
        }
    }
}

#[tokio::test]
async fn a_document_that_names_another_client_gets_a_page_and_no_code() {
    let bench = Bench::start().await;
    bench.document.lock().unwrap()["client_id"] = json!("https://client.test/another.json");
    for (lifecycle, _) in lifecycles() {
        let (_, url) = bench.asked(Known::Document, REDIRECT, &lifecycle).await.unwrap();
        bench.refused(&url).await;
    }
}

#[tokio::test]
async fn a_document_that_lost_the_redirect_uri_ends_what_rmcps_client_was_granted() {
    let bench = Bench::start().await;
    let [(lifecycle, _), _] = lifecycles();
    let manager = bench.logged_in(Known::Document, &lifecycle).await;
    manager.refresh_token().await.unwrap();
    bench.document.lock().unwrap()["redirect_uris"] = json!([ELSEWHERE]);
    assert!(manager.refresh_token().await.is_err());
    // Nor does it come back with the redirect URI: the grant ended.
    bench.document.lock().unwrap()["redirect_uris"] = json!([REDIRECT]);
    assert!(manager.refresh_token().await.is_err());
}

#[tokio::test]
async fn a_confidential_client_of_the_configuration_gets_no_token_with_another_secret_or_none() {
    let bench = Bench::start().await;
    for (lifecycle, _) in lifecycles() {
        for secret in ["another secret of the editor", ""] {
            let (mut oauth, url) = bench.asked(Known::Cloud(secret), REDIRECT, &lifecycle).await.unwrap();
            let callback = Browser::new().decide(&url, "alice", "allow").await;
            let refused = oauth.handle_callback_url(&callback).await;
            assert!(refused.is_err(), "{secret:?}");
            assert!(oauth.get_access_token().await.is_err(), "{secret:?}");
        }
    }
}
