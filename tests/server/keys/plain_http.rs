//! Plain http to an issuer inside a network of one's own: for the one host that the operator names, and nowhere else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jsonwebtoken::Algorithm;
use mcp_auth::authn::{Fetch, FetchFuture, FetchRequest, Fetched};
use mcp_auth::{Config, Server};
use serde_json::{Value, json};

use super::trust::{assert_read, read_note};
use crate::authorization_server::Key;
use crate::everything::{CONFIG, Everything};

const ISSUER: &str = "http://keycloak:8080/realms/todos";
const METADATA: &str = "http://keycloak:8080/.well-known/oauth-authorization-server/realms/todos";

/// A network of containers: what stands at which URL, 404 elsewhere, and what was asked for.
#[derive(Default)]
struct Network(HashMap<String, (u16, Vec<u8>)>, Mutex<Vec<String>>);

impl Network {
    fn with(mut self, url: &str, status: u16, body: &Value) -> Self {
        self.0.insert(url.to_owned(), (status, body.to_string().into_bytes()));
        self
    }

    /// Keycloak, whose metadata says that its keys are at `jwks_uri`, where they are.
    fn keycloak(jwks_uri: &str, key: &Key) -> Self {
        let metadata = json!({ "issuer": ISSUER, "jwks_uri": jwks_uri });
        Self::default().with(METADATA, 200, &metadata).with(jwks_uri, 200, &json!({ "keys": [key.jwk()] }))
    }
}

impl Fetch for Network {
    fn fetch(&self, request: FetchRequest, _max_bytes: usize) -> FetchFuture<'_> {
        Box::pin(async move {
            let url = request.url;
            self.1.lock().unwrap().push(url.to_string());
            let (status, body) = self.0.get(url.as_str()).cloned().unwrap_or((404, Vec::new()));
            let mut headers = http::HeaderMap::new();
            headers.insert("location", http::HeaderValue::from_static("http://elsewhere/keys"));
            Ok(Fetched { status: http::StatusCode::from_u16(status).unwrap(), headers, body: body.into() })
        })
    }
}

/// Why a server with this issuer does not start.
async fn started(network: &Arc<Network>, issuer: &str) -> Result<(), String> {
    let toml = format!("[server]\nlisten = \"127.0.0.1:0\"\n[[auth.issuers]]\n{issuer}\n");
    let config = Config::builder().toml(CONFIG).toml(&toml).build().map_err(|error| error.to_string())?;
    let fetch = Arc::clone(network) as Arc<dyn Fetch>;
    let builder = Server::builder(Everything::default()).config(config).fetch(fetch);
    builder.start().await.map_err(|error| error.to_string())?.stop().await;
    Ok(())
}

/// Serves a token with this `iss`.
async fn serves(network: &Arc<Network>, issuer: &str, iss: &str, key: &Key) {
    let toml = format!("[[auth.issuers]]\n{issuer}\n");
    let fetch = Arc::clone(network) as Arc<dyn Fetch>;
    let server = Everything::default().builder(&toml).fetch(fetch).start().await.expect("it starts");
    let exp = crate::authorization_server::now() + 300;
    let claims = json!({ "iss": iss, "sub": "alice", "aud": server.url(), "scope": "read", "exp": exp });
    assert_read(&read_note(&server, key.token(&claims)).await, issuer);
}

#[tokio::test]
async fn c03_plain_http_reaches_the_host_that_is_named_and_without_its_name_the_server_does_not_start() {
    let key = Key::new(Algorithm::ES256, "k");
    let network = Arc::new(Network::keycloak("http://keycloak:8080/certs", &key));
    let discovered = format!("issuer = \"{ISSUER}\"");
    serves(&network, &format!("{discovered}\nallow_http = \"keycloak\""), ISSUER, &key).await;
    assert_eq!(*network.1.lock().unwrap(), [METADATA, "http://keycloak:8080/certs"]);
    // The name that browsers reach, and where a container finds the keys.
    let local = "issuer = \"http://localhost:8180/realms/todos\"\njwks_uri = \"http://keycloak:8080/certs\"";
    serves(
        &network,
        &format!("{local}\nallow_http = \"keycloak\""),
        "http://localhost:8180/realms/todos",
        &key,
    )
    .await;

    let asked = network.1.lock().unwrap().len();
    for (issuer, why) in [
        (discovered.clone(), "allow_http = \"keycloak\""),
        (format!("{discovered}\nallow_http = \"other\""), "off loopback it must start with https://"),
        (format!("{discovered}\nallow_http = \"keycloak.example.com\""), "everyone on the way"),
        (format!("{discovered}\nallow_http = true"), "expected"),
        (local.to_owned(), "jwks_uri is"),
        (format!("{local}\nallow_http = \"localhost\""), "needs no permission"),
    ] {
        let error = started(&network, &issuer).await.unwrap_err();
        assert!(error.contains(why), "{issuer}: {error}");
    }
    assert_eq!(network.1.lock().unwrap().len(), asked, "nothing is asked before that is clear");
}

#[tokio::test]
async fn k09_metadata_over_plain_http_leads_to_no_other_host() {
    let key = Key::new(Algorithm::ES256, "k");
    let issuer = format!("issuer = \"{ISSUER}\"\nallow_http = \"keycloak\"");
    for elsewhere in [
        "http://other:8080/certs",
        "http://169.254.169.254/certs",
        "http://127.0.0.1/certs",
        "http://a.example/certs",
    ] {
        let network = Arc::new(Network::keycloak(elsewhere, &key));
        let error = started(&network, &issuer).await.unwrap_err();
        assert!(error.contains("cannot be used"), "{elsewhere}: {error}");
        let asked = network.1.lock().unwrap().clone();
        assert!(asked.iter().all(|url| url.starts_with("http://keycloak:8080/")), "{asked:?}");
    }
}

#[tokio::test]
async fn k07_a_redirect_of_a_plain_http_issuer_is_not_followed() {
    let key = Key::new(Algorithm::ES256, "k");
    let network = Network::default().with(METADATA, 302, &json!({}));
    let network = Arc::new(network.with("http://elsewhere/keys", 200, &json!({ "keys": [key.jwk()] })));
    let toml = format!("[[auth.issuers]]\nissuer = \"{ISSUER}\"\nallow_http = \"keycloak\"\n");
    let fetch = Arc::clone(&network) as Arc<dyn Fetch>;
    let _server =
        Everything::default().builder(&toml).fetch(fetch).start().await.expect("it starts, without keys");
    let asked = network.1.lock().unwrap().clone();
    assert!(
        !asked.is_empty() && asked.iter().all(|url| url.starts_with("http://keycloak:8080/")),
        "{asked:?}"
    );
}
