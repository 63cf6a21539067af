//! `upstream = "…"` where the person logs in elsewhere: before the tool runs they connect their account, on a page that is not the client's, on every
//! revision.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mcp_auth::prelude::*;
use mcp_auth::schemars::JsonSchema;
use mcp_auth::serde::Deserialize;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{
    Client, Era, NoUpstreamToken, TestServer, UpstreamConnection, UpstreamConnectionFuture, UpstreamToken,
    UpstreamTokenFuture, UpstreamTokens,
};
use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_store::Outage;

use crate::api_keys::made;

#[derive(Clone, Default)]
struct Calendar {
    ran: Arc<AtomicUsize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Why {
    /// Why?
    why: String,
}

#[server(scope = "calendar")]
impl Calendar {
    /// The events.
    #[tool(upstream = "google")]
    async fn events(&self, google: Upstream) -> Result<String, ToolError> {
        self.ran.fetch_add(1, Ordering::SeqCst);
        Ok(google.access_token().await?.expose().to_owned())
    }

    /// Cancels one, and asks by itself too.
    #[tool(upstream = "google", confirm = "login")]
    async fn cancel(&self, google: Upstream, mut ask: Ask) -> Result<String, ToolError> {
        let Reply::Accepted(Why { why }) = ask.form::<Why>("Why?").await? else {
            return Err(ToolError::new("no reason"));
        };
        self.ran.fetch_add(1, Ordering::SeqCst);
        Ok(format!("{} {why}", google.access_token().await?.expose()))
    }
}

/// What Google gave, once the account is connected.
#[derive(Clone, Default)]
struct Google {
    is_connected: Arc<AtomicBool>,
    is_down: Arc<AtomicBool>,
}

impl UpstreamTokens for Google {
    fn knows(&self, upstream: &str) -> bool {
        upstream == "google"
    }

    fn connection<'a>(&'a self, _: &'a str, _: &'a str) -> UpstreamConnectionFuture<'a> {
        Box::pin(async {
            match (self.is_down.load(Ordering::SeqCst), self.is_connected.load(Ordering::SeqCst)) {
                (true, _) => Err("the store's own words".into()),
                (false, true) => Ok(UpstreamConnection::Connected),
                (false, false) => Ok(UpstreamConnection::NotConnected),
            }
        })
    }

    fn access_token<'a>(&'a self, _: &'a str, subject: &'a str) -> UpstreamTokenFuture<'a> {
        Box::pin(async move {
            match self.is_connected.load(Ordering::SeqCst) {
                true => {
                    Ok(UpstreamToken::new(SecretText::new(format!("token of {subject}")), ScopeSet::new()))
                }
                false => Err(NoUpstreamToken::Connect),
            }
        })
    }
}

const CONFIG: &str =
    "[issuer]\n[upstreams.google]\nprovider = \"google\"\nclient_id = \"us\"\nallow = \"anyone\"\n";

async fn started(toml: &str) -> (Calendar, Google, TestServer) {
    let (calendar, google) = (Calendar::default(), Google::default());
    let builder = TestServer::builder(calendar.clone()).toml(&format!("{CONFIG}{toml}")).expect("toml");
    let server = builder.upstreams(Arc::new(google.clone())).start().await.expect("starts");
    (calendar, google, server)
}

fn ann(server: &TestServer, era: Era) -> Client {
    server.client().era(era).token(server.token("ann").scope("calendar"))
}

/// Opens the page, where `login` connects the account or says no; a form is answered too.
fn on_the_page(
    google: &Google,
    login: &'static str,
    allow: bool,
) -> impl Fn(&Value) -> Value + Send + Sync + use<> {
    let is_connected = Arc::clone(&google.is_connected);
    move |question| {
        if question["mode"] != "url" {
            return json!({ "action": "accept", "content": { "why": "rain" } });
        }
        let is_about_it = question["message"].as_str().is_some_and(|message| message.contains("at google"));
        if is_about_it && allow && login == "ann" {
            is_connected.store(true, Ordering::SeqCst);
        }
        json!({ "action": "accept", "content": { "login": login, "allow": allow } })
    }
}

const DENIED: &str = "the person did not connect the account that this tool acts for";
const ANOTHER: &str = "another person than the caller opened the page that connects the account";

#[tokio::test]
async fn a_tool_runs_once_its_caller_connected_their_account_and_for_nobody_else() {
    let (calendar, google, server) = started("").await;
    for era in Era::ALL {
        for (login, allow, said, ran) in [
            ("ann", false, DENIED, 0),
            ("bob", true, ANOTHER, 0),
            ("bob", false, ANOTHER, 0),
            ("ann", true, "token of ann", 1),
        ] {
            google.is_connected.store(false, Ordering::SeqCst);
            let client = ann(&server, era).person(on_the_page(&google, login, allow));
            let answer = client.call_tool("events", json!({})).await;
            assert_eq!(answer.text(), Some(said), "{era:?} {login} {allow}: {}", answer.body());
            assert_eq!(calendar.ran.swap(0, Ordering::SeqCst), ran, "{era:?} {login} {allow}");
        }
        let nobody_is_asked = ann(&server, era).person(|question| panic!("{question}"));
        assert_eq!(nobody_is_asked.call_tool("events", json!({})).await.text(), Some("token of ann"));
        calendar.ran.store(0, Ordering::SeqCst);
    }
}

/// The account first, then the call, then what the tool asks itself: each answer is one to its own question.
#[tokio::test]
async fn a_tool_that_is_confirmed_and_asks_runs_once_all_of_it_is_answered() {
    let (calendar, google, server) = started("").await;
    for era in Era::ALL {
        for is_connected in [false, true] {
            google.is_connected.store(is_connected, Ordering::SeqCst);
            let client = ann(&server, era).person(on_the_page(&google, "ann", true));
            let answer = client.call_tool("cancel", json!({})).await;
            assert_eq!(answer.text(), Some("token of ann rain"), "{era:?} {is_connected}: {}", answer.body());
            assert_eq!(calendar.ran.swap(0, Ordering::SeqCst), 1);
        }
        google.is_connected.store(false, Ordering::SeqCst);
        let says_no = ann(&server, era).person(on_the_page(&google, "ann", false));
        assert_eq!(says_no.call_tool("cancel", json!({})).await.text(), Some(DENIED));
    }
}

#[tokio::test]
async fn a_client_that_cannot_open_the_page_or_does_not_is_told_so() {
    let (calendar, _google, server) = started("").await;
    for era in Era::ALL {
        let answer = ann(&server, era).call_tool("events", json!({})).await;
        assert!(answer.body().to_string().contains("elicitation"), "{era:?}: {}", answer.body());
        for action in ["decline", "cancel"] {
            let client = ann(&server, era).person(move |_| json!({ "action": action }));
            let answer = client.call_tool("events", json!({})).await;
            assert_eq!(answer.text(), Some(DENIED), "{era:?} {action}: {}", answer.body());
        }
    }
    assert_eq!(calendar.ran.load(Ordering::SeqCst), 0);
}

/// It holds the secret of a page alone, and the person has to be logged in there.
#[tokio::test]
async fn the_question_says_where_and_nothing_that_a_client_can_answer_by_itself() {
    let (_calendar, _google, server) = started("").await;
    let client = ann(&server, Era::Stateless).person(|_| json!({ "action": "cancel" }));
    let params = json!({ "name": "events", "arguments": {} });
    let asked = client.request_without_session("tools/call", params.clone()).await;
    let question = asked.result().expect("a question").clone();
    let url = &question["inputRequests"]["question"]["params"];
    assert_eq!(url["mode"], "url", "{question}");
    assert!(url["message"].as_str().unwrap().contains("acts for you at google"), "{question}");
    let mut reply = params;
    reply["inputResponses"] =
        json!({ "question": { "action": "accept", "content": { "login": "ann", "allow": true } } });
    reply["requestState"] = question["requestState"].clone();
    let says_yes = ann(&server, Era::Stateless).person(|_| json!({ "action": "cancel" }));
    let waits = says_yes.request_without_session("tools/call", reply);
    assert!(tokio::time::timeout(std::time::Duration::from_millis(500), waits).await.is_err());
}

#[tokio::test]
async fn who_is_not_a_person_of_this_server_has_nothing_to_connect() {
    let made = made();
    let (_calendar, _google, server) = started(&made.block("ann", "scopes = [\"calendar\"]")).await;
    let program = server.token("ann").scope("calendar").client("ann").mint();
    for era in Era::ALL {
        for credential in [made.text(), &program] {
            let client = server.client().era(era).token(credential).person(|question| panic!("{question}"));
            let answer = client.call_tool("events", json!({})).await;
            let text = answer.text().unwrap_or_default();
            assert!(
                text.contains("is not a person who logged in to this server"),
                "{era:?}: {}",
                answer.body()
            );
        }
    }
}

#[tokio::test]
async fn what_cannot_be_told_now_asks_nobody_and_runs_nothing() {
    let (calendar, google, server) = started("").await;
    google.is_down.store(true, Ordering::SeqCst);
    for era in Era::ALL {
        let client = ann(&server, era).person(|question| panic!("{question}"));
        let answer = client.call_tool("events", json!({})).await;
        let said = answer.body().to_string();
        assert!(said.contains("\"retryAfter\":30") && !said.contains("own words"), "{era:?}: {said}");
        assert_eq!(answer.status(), if era == Era::Stateless { 503 } else { 200 }, "{era:?}");
    }
    assert_eq!(calendar.ran.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_store_that_is_down_is_not_an_answer_of_the_person() {
    let (calendar, google, outage) = (Calendar::default(), Google::default(), Outage::new());
    let builder = TestServer::builder(calendar.clone()).toml(CONFIG).expect("toml");
    let builder = builder.upstreams(Arc::new(google.clone())).with(|server| server.store(outage.store()));
    let server = builder.start().await.expect("starts");
    let token = server.token("ann").scope("calendar").mint();
    for era in Era::ALL {
        let client = server.client().era(era).token(&token).person(on_the_page(&google, "ann", true));
        let is_down = outage.clone();
        google.is_connected.store(false, Ordering::SeqCst);
        let during = client.person(move |_| {
            is_down.begin();
            json!({ "action": "accept", "content": { "login": "ann", "allow": true } })
        });
        let answer = during.call_tool("events", json!({})).await;
        outage.end();
        assert!(answer.body().to_string().contains("retryAfter"), "{era:?}: {}", answer.body());
        assert_eq!(calendar.ran.load(Ordering::SeqCst), 0);
    }
}
