//! rmcp's own OAuth client walks the whole way through a server with the built-in issuer: challenge, metadata,
//! registration, login, consent, token, call, step-up, refresh.

use std::sync::{Arc, Mutex};

use mcp_auth::Handler;
use mcp_auth::prelude::*;
use mcp_auth::testing::{self, Era};
use mcp_auth_tests::everything::Note;
use mcp_auth_tests::person::Browser;
use mcp_auth_tests::process::private;
use mcp_auth_tests::site::Site;
use rmcp::model::{CallToolRequestParams, ProtocolVersion};
use rmcp::service::{ClientInitializeError, RunningService, ServiceError};
use rmcp::transport::auth::{
    AuthClient, AuthError, AuthorizationCallback, AuthorizationManager, AuthorizationRequest,
    ClientCredentialsConfig, OAuthState,
};
use rmcp::transport::streamable_http_client::{
    InsufficientScopeError, StreamableHttpClientTransport, StreamableHttpClientTransportConfig,
};
use rmcp::{ClientLifecycleMode, ClientServiceExt, RoleClient};

/// Nothing listens there: the tests read where a browser would be sent.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:9/callback";

/// Notes of each caller.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<(String, String)>>>);

#[server(name = "notes")]
impl Notes {
    /// The caller's notes.
    #[tool(scope = "notes.read", read_only)]
    fn list_notes(&self, caller: Caller) -> String {
        let rows = self.0.lock().unwrap();
        let own = rows.iter().filter(|(owner, _)| *owner == caller.id());
        own.map(|(_, text)| text.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Adds a note.
    #[tool(scope = "notes.write")]
    fn add_note(&self, caller: Caller, Parameters(note): Parameters<Note>) -> &'static str {
        self.0.lock().unwrap().push((caller.id(), note.text));
        "added"
    }

    /// Removes all notes.
    #[tool(scope = "notes.read", login = "5m")]
    fn wipe_notes(&self) -> &'static str {
        self.0.lock().unwrap().clear();
        "wiped"
    }

    /// Burns all notes.
    #[tool(scope = "notes.read", confirm = "login")]
    fn burn_notes(&self) -> &'static str {
        self.0.lock().unwrap().clear();
        "burnt"
    }

    /// Who calls.
    #[tool(authenticated)]
    fn whoami(&self, caller: Caller) -> String {
        caller.subject().to_owned()
    }
}

/// A started server with a named client.
async fn start() -> Site<Notes> {
    let state = tempfile::tempdir().unwrap();
    let secret = state.path().join("secret");
    std::fs::write(&secret, "a secret of the nightly report").unwrap();
    private(&secret);
    let config = format!(
        r#"
        [auth]
        base_scopes = ["notes.read"]
        [[issuer.clients]]
        client_id = "nightly-report"
        client_secret = "file:{secret}"
        scopes = ["notes.read"]
        [scopes."notes.read"]
        description = "See your notes"
        "#,
        secret = secret.display(),
    );
    Site::start_in(state, Notes::default(), &config).await
}

/// A connected rmcp client, with the manager of its tokens.
pub(crate) struct Client {
    pub(crate) service: RunningService<RoleClient, ()>,
    pub(crate) tokens: Arc<tokio::sync::Mutex<AuthorizationManager>>,
}

/// The two ways to begin: 2026-07-28 and before.
pub(crate) fn lifecycles() -> [(ClientLifecycleMode, ProtocolVersion); 2] {
    let discover = ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] };
    [
        (discover, ProtocolVersion::V_2026_07_28),
        (ClientLifecycleMode::Initialize, ProtocolVersion::V_2025_11_25),
    ]
}

impl Client {
    pub(crate) async fn connect<S: Handler + Clone>(
        site: &Site<S>,
        manager: AuthorizationManager,
        lifecycle: ClientLifecycleMode,
    ) -> Result<Self, ClientInitializeError> {
        let http = crate::wire::http();
        let client = AuthClient::new(http, manager);
        let tokens = Arc::clone(&client.auth_manager);
        let config = StreamableHttpClientTransportConfig::with_uri(site.url());
        let transport = StreamableHttpClientTransport::with_client(client, config);
        Ok(Self { service: ().serve_with_lifecycle(transport, lifecycle).await?, tokens })
    }

    /// The challenge a client without a token meets when it connects.
    pub(crate) async fn challenged<S: Handler + Clone>(
        site: &Site<S>,
        lifecycle: ClientLifecycleMode,
    ) -> String {
        let manager = AuthorizationManager::new(site.url()).await.unwrap();
        match Self::connect(site, manager, lifecycle).await {
            Ok(_) => panic!("connected without a token"),
            Err(error) => {
                error.auth_challenge().unwrap_or_else(|| panic!("no challenge: {error}")).to_owned()
            }
        }
    }

    /// From nothing to a connection, as a client does it that knows only the URL.
    async fn log_in(
        site: &Site<Notes>,
        browser: &mut Browser,
        user: &str,
        lifecycle: ClientLifecycleMode,
    ) -> Self {
        let challenge = Self::challenged(site, lifecycle.clone()).await;
        let mut oauth = asked(site, &challenge).await;
        let url = oauth.get_authorization_url().await.unwrap();
        let callback = browser.decide(&url, user, "allow").await;
        oauth.handle_callback_url(&callback).await.unwrap();
        Self::connect(site, oauth.into_authorization_manager().unwrap(), lifecycle).await.unwrap()
    }

    pub(crate) async fn call(
        &self,
        tool: &'static str,
        arguments: serde_json::Value,
    ) -> Result<String, ServiceError> {
        let mut params = CallToolRequestParams::new(tool);
        if let serde_json::Value::Object(arguments) = arguments {
            params = params.with_arguments(arguments);
        }
        let result = self.service.call_tool(params).await?;
        Ok(result.content[0].as_text().unwrap().text.clone())
    }

    async fn add(&self, text: &str) -> Result<String, ServiceError> {
        self.call("add_note", serde_json::json!({ "text": text })).await
    }

    pub(crate) async fn list(&self) -> Result<String, ServiceError> {
        self.call("list_notes", serde_json::json!({})).await
    }

    /// Asks the person again, for what a challenge named, and goes on with the new token.
    async fn step_up(&self, browser: &mut Browser, user: &str, scopes: &str) -> String {
        let tokens = self.tokens.lock().await;
        let url = tokens.request_scope_upgrade(scopes).await.unwrap();
        let page = browser.consent(&url, user).await;
        let callback = browser.answer(&page, "allow").await;
        let callback = AuthorizationCallback::from_redirect_url(&callback).unwrap();
        let AuthorizationCallback { code, csrf_token, issuer, .. } = callback;
        tokens.exchange_code_for_token_with_issuer(&code, &csrf_token, issuer.as_deref()).await.unwrap();
        page.html
    }

    /// Asks the person again with these parameters, and goes on with the new token.
    async fn log_in_again(&self, browser: &mut Browser, more: Option<&str>) {
        let tokens = self.tokens.lock().await;
        let url = tokens.request_scope_upgrade("notes.read").await.unwrap();
        let url = more.map(|more| format!("{url}&{more}")).unwrap_or(url);
        let page = browser.consent(&url, "alice").await;
        let callback = browser.answer(&page, "allow").await;
        let callback = AuthorizationCallback::from_redirect_url(&callback).unwrap();
        let AuthorizationCallback { code, csrf_token, issuer, .. } = callback;
        tokens.exchange_code_for_token_with_issuer(&code, &csrf_token, issuer.as_deref()).await.unwrap();
    }

    pub(crate) async fn token(&self) -> String {
        self.tokens.lock().await.get_access_token().await.unwrap()
    }
}

/// A client that was challenged, read the metadata, registered, and now has a URL for the browser.
pub(crate) async fn asked<S: Handler + Clone>(site: &Site<S>, challenge: &str) -> OAuthState {
    let mut oauth = OAuthState::new(site.url(), None).await.unwrap();
    let request = AuthorizationRequest::new(REDIRECT).with_client_name("walker").with_challenge(challenge);
    // First what the challenge names (MCP authorization, scope selection), not everything there is.
    oauth.start_authorization(request.with_initial_scope_selection()).await.unwrap();
    oauth
}

/// The scope challenge behind an error of rmcp's.
fn insufficient_scope(error: &ServiceError) -> &InsufficientScopeError {
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(current) = source {
        if let Some(found) = current.downcast_ref() {
            return found;
        }
        if let Some(ServiceError::TransportSend(transport)) = current.downcast_ref() {
            source = Some(transport.error.as_ref());
            continue;
        }
        source = current.source();
    }
    panic!("no scope challenge in {error:?}");
}

#[tokio::test]
async fn rmcps_client_logs_in_lists_calls_is_refused_steps_up_and_refreshes() {
    for (lifecycle, version) in lifecycles() {
        let site = start().await;
        let mut browser = Browser::new();

        let challenge = Client::challenged(&site, lifecycle.clone()).await;
        assert!(challenge.contains("scope=\"notes.read\""), "{challenge}");
        assert!(!challenge.contains("error"), "{challenge}");

        let mut oauth = asked(&site, &challenge).await;
        let url = url::Url::parse(&oauth.get_authorization_url().await.unwrap()).unwrap();
        let query =
            |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        assert_eq!(query("scope").as_deref(), Some("notes.read"));
        assert_eq!(query("resource").as_deref(), Some(site.url()));
        assert_eq!(query("code_challenge_method").as_deref(), Some("S256"));
        let page = browser.consent(url.as_str(), "alice").await;
        for shown in ["walker", "alice", "127.0.0.1", "See your notes", "notes.read"] {
            assert!(page.html.contains(shown), "the consent page shows {shown}: {}", page.html);
        }
        oauth.handle_callback_url(&browser.answer(&page, "allow").await).await.unwrap();

        let manager = oauth.into_authorization_manager().unwrap();
        assert_eq!(manager.get_current_scopes().await, ["notes.read"]);
        let client = Client::connect(&site, manager, lifecycle).await.unwrap();
        assert_eq!(client.service.peer_info().unwrap().protocol_version, version);
        let mut tools: Vec<_> =
            client.service.list_all_tools().await.unwrap().iter().map(|tool| tool.name.to_string()).collect();
        tools.sort();
        assert_eq!(tools, ["add_note", "burn_notes", "list_notes", "whoami", "wipe_notes"]);
        assert_eq!(client.list().await.unwrap(), "");
        assert_eq!(client.call("whoami", serde_json::json!({})).await.unwrap(), "alice");

        let refused = client.add("buy milk").await.unwrap_err();
        let scopes = insufficient_scope(&refused).get_required_scope().expect("what to ask for").to_owned();
        assert_eq!(scopes, "notes.read notes.write");
        assert!(site.server().0.lock().unwrap().is_empty(), "nothing ran");

        let asked_again = client.step_up(&mut browser, "alice", &scopes).await;
        assert!(asked_again.contains("allowed before") && asked_again.contains("notes.write"));
        assert_eq!(client.add("buy milk").await.unwrap(), "added");
        assert_eq!(client.list().await.unwrap(), "buy milk");

        let before = client.token().await;
        site.clock().advance(20 * 60);
        assert_eq!(client.list().await.unwrap(), "buy milk", "an expired token is refreshed");
        assert_ne!(client.token().await, before);
        assert_eq!(client.add("buy bread").await.unwrap(), "added", "the refreshed token kept its scopes");
        client.service.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn an_old_login_is_refused_until_the_person_logs_in_again_whatever_is_refreshed() {
    for (lifecycle, _) in lifecycles() {
        let site = start().await;
        let mut browser = Browser::new();
        let client = Client::log_in(&site, &mut browser, "alice", lifecycle).await;
        let wipe = async || client.call("wipe_notes", serde_json::json!({})).await;
        assert_eq!(wipe().await.unwrap(), "wiped", "the person logged in just now");
        site.clock().advance(6 * 60);
        let refused = wipe().await.unwrap_err().auth_challenge().map(str::to_owned).expect("a challenge");
        assert!(refused.contains("error=\"insufficient_user_authentication\""), "{refused}");
        assert!(refused.contains("max_age=\"300\"") && refused.contains("scope=\"notes.read\""), "{refused}");
        client.tokens.lock().await.refresh_token().await.unwrap();
        assert!(wipe().await.is_err(), "a refreshed token says the login of then");

        // The person is still logged in at the issuer, so that asking again without the age brings the same login.
        client.log_in_again(&mut browser, None).await;
        assert!(wipe().await.is_err());
        client.log_in_again(&mut browser, Some("max_age=300")).await;
        assert_eq!(wipe().await.unwrap(), "wiped");
        client.tokens.lock().await.refresh_token().await.unwrap();
        assert_eq!(wipe().await.unwrap(), "wiped");
    }
}

#[tokio::test]
async fn a_call_runs_once_its_caller_logged_in_on_the_page_and_allowed_it() {
    let site = start().await;
    let [(lifecycle, _), _] = lifecycles();
    let token = Client::log_in(&site, &mut Browser::new(), "alice", lifecycle).await.token().await;
    for era in Era::ALL {
        for (user, decision, said) in [
            ("alice", "allow", "burnt"),
            ("alice", "deny", "the person did not confirm this call"),
            ("bob", "allow", "another person than the caller logged in to confirm this call"),
        ] {
            let (opened, mut opens) = tokio::sync::mpsc::unbounded_channel();
            let client = testing::Client::new(site.url()).era(era).token(&token).person(move |question| {
                let url = question["url"].as_str().expect("a page is to be opened").to_owned();
                opened.send(url).unwrap();
                serde_json::json!({ "action": "accept" })
            });
            // The client has answered long before the person has.
            let person = async {
                let url = opens.recv().await.expect("a page");
                Browser::new().confirm(&url, user, decision).await
            };
            let call = client.call_tool("burn_notes", serde_json::json!({}));
            let (answer, page) = tokio::join!(call, person);
            assert_eq!(answer.text(), Some(said), "{era:?} {user}: {} {page}", answer.body());
        }
    }
}

#[tokio::test]
async fn a_refresh_token_rotates_and_the_client_goes_on() {
    let site = start().await;
    let [(lifecycle, _), _] = lifecycles();
    let client = Client::log_in(&site, &mut Browser::new(), "alice", lifecycle).await;
    for _ in 0..3 {
        let before = client.token().await;
        client.tokens.lock().await.refresh_token().await.unwrap();
        assert_ne!(client.token().await, before);
        assert_eq!(client.list().await.unwrap(), "");
    }
}

#[tokio::test]
async fn a_denied_client_is_told_so_gets_no_token_and_stays_out() {
    for (lifecycle, _) in lifecycles() {
        let site = start().await;
        let challenge = Client::challenged(&site, lifecycle.clone()).await;
        let mut oauth = asked(&site, &challenge).await;
        let url = oauth.get_authorization_url().await.unwrap();
        let callback = Browser::new().decide(&url, "alice", "deny").await;
        let told: Vec<(String, String)> =
            url::Url::parse(&callback).unwrap().query_pairs().into_owned().collect();
        let told = |name: &str| told.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!(told("error"), Some("access_denied"), "{callback}");
        assert_eq!(told("code"), None, "{callback}");
        assert_eq!(told("iss"), Some(site.url().trim_end_matches("/mcp")), "{callback}");
        assert!(matches!(oauth.handle_callback_url(&callback).await, Err(AuthError::AuthorizationFailed(_))));
        assert_eq!(Client::challenged(&site, lifecycle).await, challenge, "as before");
    }
}

#[tokio::test]
async fn a_second_user_does_not_see_the_first_ones_rows() {
    for (lifecycle, _) in lifecycles() {
        let site = start().await;
        let (mut hers, mut his) = (Browser::new(), Browser::new());
        let alice = Client::log_in(&site, &mut hers, "alice", lifecycle.clone()).await;
        let bob = Client::log_in(&site, &mut his, "bob", lifecycle).await;
        alice.step_up(&mut hers, "alice", "notes.write").await;
        bob.step_up(&mut his, "bob", "notes.write").await;
        alice.add("hers").await.unwrap();
        assert_eq!(bob.list().await.unwrap(), "");
        bob.add("his").await.unwrap();
        assert_eq!((alice.list().await.unwrap(), bob.list().await.unwrap()), ("hers".into(), "his".into()));
    }
}

#[tokio::test]
async fn the_same_user_finds_their_rows_through_another_client() {
    let site = start().await;
    let [(discover, _), (initialize, _)] = lifecycles();
    let mut browser = Browser::new();
    let first = Client::log_in(&site, &mut browser, "alice", discover).await;
    first.step_up(&mut browser, "alice", "notes.write").await;
    first.add("buy milk").await.unwrap();
    let second = Client::log_in(&site, &mut browser, "alice", initialize).await;
    assert_eq!(second.list().await.unwrap(), "buy milk");
    // What one client may do, another has to ask for.
    let refused = second.add("more").await.unwrap_err();
    assert!(insufficient_scope(&refused).can_upgrade());
}

#[tokio::test]
async fn a_named_client_acts_for_itself_within_its_scopes() {
    for (lifecycle, _) in lifecycles() {
        let site = start().await;
        let mut oauth = OAuthState::new(site.url(), None).await.unwrap();
        oauth
            .authenticate_client_credentials(credentials(
                &site,
                "a secret of the nightly report",
                "notes.read",
            ))
            .await
            .unwrap();
        let manager = oauth.into_authorization_manager().unwrap();
        let client = Client::connect(&site, manager, lifecycle).await.unwrap();
        assert_eq!(client.list().await.unwrap(), "");
        let refused = client.add("no").await.unwrap_err();
        assert_eq!(insufficient_scope(&refused).get_required_scope(), Some("notes.read notes.write"));
        assert!(site.server().0.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_named_client_gets_no_token_for_a_wrong_secret_or_another_scope() {
    let site = start().await;
    for (secret, scope) in
        [("wrong", "notes.read"), ("", "notes.read"), ("a secret of the nightly report", "notes.write")]
    {
        let mut oauth = OAuthState::new(site.url(), None).await.unwrap();
        let refused = oauth.authenticate_client_credentials(credentials(&site, secret, scope)).await;
        assert!(refused.is_err(), "{secret:?} {scope}");
    }
}

fn credentials(site: &Site<Notes>, secret: &str, scope: &str) -> ClientCredentialsConfig {
    ClientCredentialsConfig::ClientSecret {
        client_id: "nightly-report".into(),
        client_secret: secret.into(),
        scopes: vec![scope.into()],
        resource: Some(site.url().into()),
    }
}
