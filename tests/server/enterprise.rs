//! rmcp's own client of enterprise-managed authorization (ext-auth) with the built-in issuer: the identity provider gives it an ID-JAG for the ID
//! token of its person, and the issuer an access token for that.

use std::sync::Arc;

use jsonwebtoken::Algorithm;
use mcp_auth::testing::{self, Era};
use mcp_auth_tests::site::Site;
use rmcp::transport::auth::default_oauth_http_client;
use rmcp::transport::auth::enterprise::{
    EmaAccessToken, EmaAuthorizationServer, EmaClientAssertion, EmaClientAssertionProvider,
    EmaClientAuthentication, EmaError, EmaExchangeRequest, EmaExchangeStage,
};
use serde_json::json;

use crate::authorization_server::{AuthorizationServer, JWKS, Key, Reply, now, unique};
use crate::login::Notes;

/// A server that trusts an identity provider, and a client with a key of its own that both know.
struct Bench {
    site: Site<Notes>,
    idp: AuthorizationServer,
    /// What the identity provider signs with.
    signs: Key,
    /// What the client signs with.
    own: Key,
}

impl Bench {
    async fn start() -> Self {
        let [signs, own] = ["idp", "client"].map(|kid| Key::new(Algorithm::ES256, kid));
        let idp = AuthorizationServer::with_keys(&[&signs]).await;
        let state = tempfile::tempdir().unwrap();
        let keys = state.path().join("editor.jwks.json");
        std::fs::write(&keys, json!({ "keys": [own.jwk()] }).to_string()).unwrap();
        let config = format!(
            r#"
            [auth]
            base_scopes = ["notes.read"]
            [[issuer.clients]]
            client_id = "editor"
            jwks = "file:{keys}"
            grant_types = ["jwt_bearer"]
            scopes = ["notes.read"]
            [[issuer.assertions]]
            issuer = "{issuer}"
            profile = "id-jag"
            jwks_uri = "{jwks}"
            "#,
            keys = keys.display(),
            issuer = idp.issuer(),
            jwks = idp.at(JWKS),
        );
        Self { site: Site::start_in(state, Notes::default(), &config).await, idp, signs, own }
    }

    /// The built-in issuer.
    fn issuer(&self) -> &str {
        self.site.url().trim_end_matches("/mcp")
    }

    /// An ID-JAG for the client, by this key.
    fn id_jag(&self, key: &Key) -> String {
        let header = json!({ "alg": "ES256", "kid": self.signs.kid, "typ": "oauth-id-jag+jwt" });
        let claims = json!({
            "iss": self.idp.issuer(), "sub": "demo-user@example.com", "aud": self.issuer(),
            "resource": self.site.url(), "client_id": "editor", "scope": "notes.read",
            "iat": now(), "exp": now() + 300, "jti": unique(),
        });
        key.compact(&header.to_string(), claims.to_string())
    }

    /// Both exchanges, with an identity provider that answers this ID-JAG, and a client that signs with this key.
    async fn exchange(&self, id_jag: &str, signs: Key) -> Result<EmaAccessToken, EmaError> {
        let answer = json!({
            "issued_token_type": "urn:ietf:params:oauth:token-type:id-jag", "access_token": id_jag,
            "token_type": "N_A", "scope": "notes.read", "expires_in": 300,
        });
        self.idp.put("/token", Reply::Json(answer));
        let idp = EmaAuthorizationServer::new(self.idp.issuer(), self.idp.at("/token"), "editor-at-idp");
        let authentication = EmaClientAuthentication::JwtAssertion(Arc::new(Signer(signs)));
        let ours = EmaAuthorizationServer::new(self.issuer(), format!("{}/token", self.issuer()), "editor");
        let ours = ours.with_client_authentication(authentication);
        let http = default_oauth_http_client().unwrap();
        let request = EmaExchangeRequest::new_with_id_token(idp, ours, self.site.url(), "an.id.token");
        request.with_scopes(["notes.read"]).exchange(&http, &http).await
    }
}

/// Signs the client's assertions (`private_key_jwt`).
struct Signer(Key);

#[async_trait::async_trait]
impl EmaClientAssertionProvider for Signer {
    async fn create_assertion(
        &self,
        server: &EmaAuthorizationServer,
    ) -> Result<EmaClientAssertion, Box<dyn std::error::Error + Send + Sync>> {
        let header = json!({ "alg": "ES256", "kid": self.0.kid, "typ": "JWT" });
        let claims = json!({
            "iss": server.client_id, "sub": server.client_id, "aud": server.issuer,
            "iat": now(), "exp": now() + 60, "jti": unique(),
        });
        Ok(EmaClientAssertion::new(self.0.compact(&header.to_string(), claims.to_string())))
    }
}

#[tokio::test]
async fn rmcps_client_exchanges_an_id_jag_and_calls_in_both_eras() {
    let bench = Bench::start().await;
    let token = bench.exchange(&bench.id_jag(&bench.signs), bench.own.called("client")).await.unwrap();
    assert_eq!(token.scopes.iter().collect::<Vec<_>>(), ["notes.read"]);
    for era in Era::ALL {
        let client = testing::Client::new(bench.site.url()).era(era).token(token.access_token.secret());
        let who = client.call_tool("whoami", json!({})).await;
        assert_eq!(who.text(), Some(&*format!("{}#demo-user@example.com", bench.idp.issuer())), "{era:?}");
        assert_eq!(client.call_tool("list_notes", json!({})).await.text(), Some(""), "{era:?}");
        let more = client.call_tool("add_note", json!({ "text": "x" })).await;
        assert_eq!(more.status(), 403, "{era:?}: {}", more.body());
    }
}

#[tokio::test]
async fn an_id_jag_that_comes_again_or_is_forged_or_of_another_client_gives_rmcps_client_nothing() {
    let bench = Bench::start().await;
    let own = || bench.own.called("client");
    let once = bench.id_jag(&bench.signs);
    assert!(bench.exchange(&once, own()).await.is_ok());
    let ours = EmaExchangeStage::ResourceAuthorizationServer;
    assert_eq!(bench.exchange(&once, own()).await.unwrap_err(), EmaError::InvalidGrant(ours));
    let forged = bench.id_jag(&Key::new(Algorithm::ES256, "idp"));
    assert_eq!(bench.exchange(&forged, own()).await.unwrap_err(), EmaError::InvalidGrant(ours));
    let another = Key::new(Algorithm::ES256, "client");
    let refused = bench.exchange(&bench.id_jag(&bench.signs), another).await.unwrap_err();
    assert_eq!(refused, EmaError::OAuthRejected { stage: ours, status: 401, code: "invalid_client" });
}
