//! Several machines: two processes on one store behind a balancer that sends each request to the next of them. Any step of any flow ends
//! well on any of them, also when one is killed in between.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth::http::{HeaderMap, StatusCode, header};
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Client, Era};
use mcp_auth_tests::everything;
use mcp_auth_tests::person::Browser;
use mcp_auth_tests::process::{Launch, Socket};
use mcp_auth_tests::site::Served;
use tokio::sync::Mutex;

use crate::launch;
use crate::sessions::legacy::LATEST_LEGACY;
use crate::streams::Wire;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const REDIRECT: &str = "http://127.0.0.1:9/callback";
/// How soon the other machine knows of a revocation, with some to spare on a busy machine.
const KNOWN_WITHIN: Duration = Duration::from_secs(20);
/// The steps of [`flow`], before each of which a machine can be killed.
const STEPS: usize = 11;

/// The machines, by number; one that was killed is gone.
type Machines = Mutex<[Option<Socket>; 2]>;

/// What the balancer knows.
struct Balancer {
    machines: Arc<Machines>,
    next: AtomicUsize,
    /// How many requests each machine has answered.
    answered: [AtomicUsize; 2],
    http: reqwest::Client,
}

impl Balancer {
    /// Passes a request on to the next machine, and to the other one if that is gone: nothing of it was read then.
    async fn pass_on(State(balancer): State<Arc<Self>>, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("a body");
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let first = balancer.next.fetch_add(1, Ordering::SeqCst);
        for number in [first % 2, (first + 1) % 2] {
            let url = balancer.machines.lock().await[number].as_ref().map(|machine| machine.at(path));
            let Some(url) = url else { continue };
            let mut headers: HeaderMap = parts.headers.clone();
            headers.remove(header::CONTENT_LENGTH);
            let sent = balancer.http.request(parts.method.clone(), url).headers(headers).body(body.clone());
            let Ok(answer) = sent.send().await else { continue };
            balancer.answered[number].fetch_add(1, Ordering::SeqCst);
            let (status, mut headers) = (answer.status(), answer.headers().clone());
            headers.remove(header::CONTENT_LENGTH);
            headers.remove(header::TRANSFER_ENCODING);
            let chunks = futures_util::stream::unfold(answer, |mut answer| async move {
                let chunk = answer.chunk().await.transpose()?;
                Some((chunk, answer))
            });
            return (status, headers, Body::from_stream(chunks)).into_response();
        }
        StatusCode::BAD_GATEWAY.into_response()
    }
}

/// Two machines behind a balancer.
struct Cluster {
    balancer: Arc<Balancer>,
    served: Served,
    store: String,
}

impl Cluster {
    /// On the store at this URL.
    async fn on(store: &str) -> Self {
        let balancer = Arc::new(Balancer {
            machines: Arc::default(),
            next: AtomicUsize::new(0),
            answered: Default::default(),
            http: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .expect("a client"),
        });
        let router = axum::Router::new().fallback(Balancer::pass_on).with_state(Arc::clone(&balancer));
        let cluster = Self { served: Served::new(router).await, balancer, store: store.to_owned() };
        cluster.start(0).await;
        cluster.start(1).await;
        cluster
    }

    fn launch(&self) -> Launch {
        let configured = format!(
            "{}\n[tools.audit_log]\nconfirm = true\n[issuer]\nusers = [\"alice\"]\n",
            everything::CONFIG
        );
        launch::toml(&configured)
            .variable("MCP_SERVER__LISTEN", "127.0.0.1:0")
            .variable("MCP_SERVER__PUBLIC_URL", &self.at("/mcp"))
            .variable("MCP_STORE__URL", "env:STORE_URL")
            .variable("STORE_URL", &self.store)
            .variable("MCP_STORE__KEY", "env:STORE_KEY")
            .variable("STORE_KEY", KEY)
            .variable("MCP_STORE__REVOCATION_LAG", "1s")
    }

    /// Starts the machine of this number, if it does not run.
    async fn start(&self, number: usize) {
        if self.balancer.machines.lock().await[number].is_none() {
            let started = self.launch().http().await;
            self.balancer.machines.lock().await[number] = Some(started);
        }
    }

    /// Kills the machine of this number: it has no time to write anything.
    async fn kill(&self, number: usize) {
        self.balancer.machines.lock().await[number] = None;
    }

    fn at(&self, path: &str) -> String {
        self.served.at(path)
    }

    async fn json(&self, path: &str) -> Value {
        crate::wire::http().get(self.at(path)).send().await.expect("an answer").json().await.expect("JSON")
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
        let answer = crate::wire::http().post(self.at(path)).form(form).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    fn client(&self, era: Era, token: &str) -> Client {
        Client::new(self.at("/mcp")).era(era).token(token)
    }
}

/// What happens to the machines while a client goes its way.
struct Fate<'c> {
    cluster: &'c Cluster,
    /// Before the step of this number the machine of that number is killed.
    killed: Option<(usize, usize)>,
    step: usize,
}

impl Fate<'_> {
    async fn next_step(&mut self) {
        if let Some((step, machine)) = self.killed
            && step == self.step
        {
            self.cluster.kill(machine).await;
        }
        self.step += 1;
    }
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

/// A client's whole way: discovery, registration, login, consent, token, calls in both eras, a session of before, a call that a person
/// confirms, refresh, and a code that is used again, which revokes all of it.
async fn flow(fate: &mut Fate<'_>) {
    let cluster = fate.cluster;
    fate.next_step().await; // 0: discovery
    let metadata = cluster.json("/.well-known/oauth-protected-resource/mcp").await;
    assert_eq!(metadata["resource"], cluster.at("/mcp"));
    let issuer = cluster.json("/.well-known/oauth-authorization-server").await;
    assert_eq!(text(&issuer, "token_endpoint"), cluster.at("/token"));

    fate.next_step().await; // 1: registration
    let registered = crate::wire::http().post(cluster.at("/register"));
    let registered = registered.json(&json!({
        "client_name": "A client", "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
    }));
    let registered: Value = registered.send().await.expect("an answer").json().await.expect("JSON");
    let client_id = text(&registered, "client_id").to_owned();

    fate.next_step().await; // 2: login
    let verifier = "v".repeat(43);
    let challenge = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
    let asked = [
        ("response_type", "code"),
        ("client_id", &*client_id),
        ("redirect_uri", REDIRECT),
        ("scope", "base write audit"),
        ("code_challenge", &*BASE64_URL_SAFE_NO_PAD.encode(challenge)),
        ("code_challenge_method", "S256"),
        ("state", "s"),
    ];
    let url = url::Url::parse_with_params(&cluster.at("/authorize"), asked).expect("a URL");
    let mut browser = Browser::new();
    let consent = browser.consent(url.as_str(), "alice").await;

    fate.next_step().await; // 3: consent
    let back = url::Url::parse(&browser.answer(&consent, "allow").await).expect("a URL");
    let (_, code) = back.query_pairs().find(|(name, _)| name == "code").expect("a code");

    fate.next_step().await; // 4: the code
    let redeem = [
        ("grant_type", "authorization_code"),
        ("client_id", &*client_id),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &*verifier),
    ];
    let (status, tokens) = cluster.post("/token", &redeem).await;
    assert_eq!(status, 200, "{tokens}");
    let token = text(&tokens, "access_token").to_owned();

    fate.next_step().await; // 5: calls
    for era in Era::ALL {
        let called = cluster.client(era, &token).call_tool("write_note", json!({ "text": "milk" })).await;
        assert_eq!(called.text(), Some("milk"), "{era:?}: {}", called.body());
        let refused = cluster.client(era, &token).call_tool("export_notes", json!({})).await;
        assert_eq!(refused.status(), 403, "{era:?}: {}", refused.body());
    }
    let session = Wire::new(&cluster.at("/mcp"), LATEST_LEGACY).token(&*token).connected().await;

    fate.next_step().await; // 6: a session that one of them opened
    for id in 1..=4 {
        let mut called = session.call_tool(id, "write_note", json!({ "text": "tea" })).await;
        assert_eq!(called.status, 200);
        assert_eq!(called.response().await["result"]["content"][0]["text"], "tea");
    }
    let asks = cluster.client(Era::Stateless, &token).person(|_| json!({ "action": "cancel" }));
    let call = json!({ "name": "audit_log", "arguments": {} });
    let asked = asks.request_without_session("tools/call", call.clone()).await;
    let asked = asked.result().unwrap_or_else(|| panic!("{}", asked.body())).clone();

    fate.next_step().await; // 7: a call that one of them asked about
    let mut answered = call;
    answered["requestState"] = asked["requestState"].clone();
    answered["inputResponses"] = json!({ "question": { "action": "accept", "content": { "allow": true } } });
    let done = asks.request_without_session("tools/call", answered.clone()).await;
    assert_eq!(done.text(), Some("logged"), "{}", done.body());
    for _ in 0..2 {
        let again = asks.request_without_session("tools/call", answered.clone()).await;
        assert_eq!(again.error_code(), Some(-32602), "it counted once: {}", again.body());
    }

    fate.next_step().await; // 8: refresh
    let refresh = |token: &str| {
        let form = [("grant_type", "refresh_token"), ("client_id", &*client_id), ("refresh_token", token)];
        form.map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let refreshed = async |token: &str| {
        let form = refresh(token);
        let form: Vec<_> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        cluster.post("/token", &form).await
    };
    let (status, next) = refreshed(text(&tokens, "refresh_token")).await;
    assert_eq!(status, 200, "{next}");
    let token = text(&next, "access_token").to_owned();
    let whoami = cluster.client(Era::Stateless, &token).call_tool("who", json!({})).await;
    assert_eq!(whoami.text(), Some("alice"), "{}", whoami.body());

    fate.next_step().await; // 9: the code once more, on whichever machine: it was used
    let (status, replayed) = cluster.post("/token", &redeem).await;
    assert_eq!((status, text(&replayed, "error")), (400, "invalid_grant"), "{replayed}");

    fate.next_step().await; // 10: which ended the grant, on all of them
    for _ in 0..2 {
        let (status, dead) = refreshed(text(&next, "refresh_token")).await;
        assert_eq!((status, text(&dead, "error")), (400, "invalid_grant"), "{dead}");
    }
    let begun = Instant::now();
    let mut refused = 0;
    // Both in turn, so two refusals one after the other are those of both.
    while refused < 2 {
        let called = cluster.client(Era::Stateless, &token).call_tool("based", json!({})).await;
        refused = if called.status() == 401 { refused + 1 } else { 0 };
        assert!(begun.elapsed() < KNOWN_WITHIN, "one of them still takes a revoked token: {}", called.body());
    }
}

/// The flow, with either machine first, and with one of them killed before each step.
async fn any_step_ends_well_on_any_machine(store: &str) {
    let cluster = Cluster::on(store).await;
    for first in 0..2 {
        cluster.balancer.next.store(first, Ordering::SeqCst);
        flow(&mut Fate { cluster: &cluster, killed: None, step: 0 }).await;
    }
    let answered = cluster.balancer.answered.each_ref().map(|count| count.load(Ordering::SeqCst));
    assert!(answered.iter().all(|count| *count > 40), "both took part: {answered:?}");
    for step in 0..STEPS {
        let machine = step % 2;
        let mut fate = Fate { cluster: &cluster, killed: Some((step, machine)), step: 0 };
        flow(&mut fate).await;
        assert_eq!(fate.step, STEPS, "each step has a number");
        cluster.start(machine).await;
    }
}

#[tokio::test]
async fn any_step_of_a_flow_ends_well_on_any_machine_and_when_one_is_killed() {
    let directory = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", directory.path().join("store").display());
    any_step_ends_well_on_any_machine(&store).await;
}

/// The same on each of the servers that `cargo xtask stores` starts.
#[tokio::test]
#[ignore = "needs a PostgreSQL server: cargo xtask stores"]
async fn any_step_of_a_flow_ends_well_on_any_machine_and_when_one_is_killed_on_a_server_of_postgresql() {
    let url = std::env::var("MCP_AUTH_TEST_POSTGRES").expect("the URL of a server");
    let (at, _) = url.rsplit_once('/').expect("a database");
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let name = format!("machines_{}", std::process::id());
    client.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
    any_step_ends_well_on_any_machine(&format!("{at}/{name}")).await;
}

#[tokio::test]
#[ignore = "needs a Redis server: cargo xtask stores"]
async fn any_step_of_a_flow_ends_well_on_any_machine_and_when_one_is_killed_on_a_server_of_redis() {
    let at = std::env::var("MCP_AUTH_TEST_REDIS").expect("the URL of a server");
    any_step_ends_well_on_any_machine(&format!("{at}?prefix=machines-{}", std::process::id())).await;
}
