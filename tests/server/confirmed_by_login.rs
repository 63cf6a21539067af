//! `confirm = "login"`: the caller logs in for exactly this call, on a page that is not the client's, on every revision.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mcp_auth::prelude::*;
use mcp_auth::schemars::JsonSchema;
use mcp_auth::serde::Deserialize;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Client, Era, TestServer};
use mcp_auth_store::Outage;
use mcp_auth_tests::clock::MovedClock;

use crate::api_keys::made;
use crate::launch::Issuer;

#[derive(Clone, Default)]
struct Payments {
    ran: Arc<AtomicUsize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Payment {
    to: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Why {
    /// Why?
    why: String,
}

#[server(scope = "pay")]
impl Payments {
    /// Pays.
    #[tool(confirm = "login")]
    async fn pay(&self, Parameters(payment): Parameters<Payment>) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        format!("paid {}", payment.to)
    }

    /// Pays, and asks by itself too.
    #[tool(confirm = "login")]
    async fn pay_and_ask(
        &self,
        mut ask: Ask,
        Parameters(payment): Parameters<Payment>,
    ) -> Result<String, ToolError> {
        let Reply::Accepted(Why { why }) = ask.form::<Why>("Why?").await? else {
            return Err(ToolError::new("no reason"));
        };
        self.ran.fetch_add(1, Ordering::SeqCst);
        Ok(format!("paid {}: {why}", payment.to))
    }

    /// What was paid.
    #[tool]
    async fn paid(&self) -> &'static str {
        "nothing"
    }
}

impl Payments {
    fn ran(&self) -> usize {
        self.ran.swap(0, Ordering::SeqCst)
    }
}

async fn started(toml: &str) -> (Payments, TestServer) {
    let payments = Payments::default();
    let server =
        TestServer::builder(payments.clone()).toml(toml).expect("toml").start().await.expect("starts");
    (payments, server)
}

fn ann(server: &TestServer, era: Era) -> Client {
    server.client().era(era).token(server.token("ann").scope("pay"))
}

/// On the page `login` logs in and answers; a form is answered too.
fn on_the_page(login: &'static str, allow: bool) -> impl Fn(&Value) -> Value + Send + Sync {
    move |question| {
        let content = match question["mode"] == "url" {
            true => json!({ "login": login, "allow": allow }),
            false => json!({ "why": "rent" }),
        };
        json!({ "action": "accept", "content": content })
    }
}

const NOT_CONFIRMED: &str = "the person did not confirm this call";
const LATE: &str = "the person did not confirm this call in time";
const ANOTHER: &str = "another person than the caller logged in to confirm this call";

#[tokio::test]
async fn a_call_runs_once_its_caller_logged_in_and_allowed_it_and_for_nobody_else() {
    let (payments, server) = started("").await;
    for era in Era::ALL {
        for (login, allow, said, ran) in [
            ("ann", true, "paid bob", 1),
            ("ann", false, NOT_CONFIRMED, 0),
            ("bob", true, ANOTHER, 0),
            ("bob", false, ANOTHER, 0),
        ] {
            let client = ann(&server, era).person(on_the_page(login, allow));
            let answer = client.call_tool("pay", json!({ "to": "bob" })).await;
            assert_eq!(answer.text(), Some(said), "{era:?} {login} {allow}: {}", answer.body());
            assert_eq!(payments.ran(), ran, "{era:?} {login} {allow}");
        }
    }
}

#[tokio::test]
async fn a_client_that_says_yes_by_itself_allows_nothing() {
    let (payments, server) = started("").await;
    let client = ann(&server, Era::Stateless).person(|_| json!({ "action": "cancel" }));
    let params = json!({ "name": "pay", "arguments": { "to": "bob" } });
    let first = client.request_without_session("tools/call", params.clone()).await;
    let question = first.result().expect("a question").clone();
    let asked = &question["inputRequests"]["question"]["params"];
    assert_eq!(asked["mode"], "url", "{question}");
    assert!(
        !question.to_string().contains("allow\":"),
        "nothing in it can be answered by the client: {question}"
    );
    // It never opens the page, and says all that a client can say: the call goes on waiting.
    for content in [json!({ "allow": true }), json!({ "login": "ann", "allow": true }), Value::Null] {
        let question = client.request_without_session("tools/call", params.clone()).await;
        let question = question.result().expect("a question").clone();
        let mut reply = params.clone();
        reply["inputResponses"] = json!({ "question": { "action": "accept", "content": content } });
        reply["requestState"] = question["requestState"].clone();
        let says_yes = ann(&server, Era::Stateless).person(|_| json!({ "action": "cancel" }));
        let waits = says_yes.request_without_session("tools/call", reply);
        assert!(tokio::time::timeout(Duration::from_millis(500), waits).await.is_err());
    }
    assert_eq!(payments.ran(), 0);
}

#[tokio::test]
async fn who_declines_in_the_client_is_not_asked_on_the_page_any_more() {
    let (payments, server) = started("").await;
    for era in Era::ALL {
        for action in ["decline", "cancel"] {
            let page = Arc::new(std::sync::Mutex::new(String::new()));
            let seen = Arc::clone(&page);
            let client = ann(&server, era).person(move |question| {
                *seen.lock().unwrap() = question["url"].as_str().unwrap_or_default().to_owned();
                json!({ "action": action })
            });
            let answer = client.call_tool("pay", json!({ "to": "bob" })).await;
            assert_eq!(answer.text(), Some(NOT_CONFIRMED), "{}", answer.body());
            let page = page.lock().unwrap().clone();
            assert_eq!(answered(&page, "ann").await, 404, "{era:?} {action}");
        }
    }
    assert_eq!(payments.ran(), 0);
}

/// What the page at `url` says of an answer of `login`.
async fn answered(url: &str, login: &str) -> u16 {
    #[expect(clippy::disallowed_methods, reason = "a test plays the browser")]
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let body = json!({ "login": login, "allow": true }).to_string();
    client.post(url).body(body).send().await.expect("an answer").status().as_u16()
}

#[tokio::test]
async fn j48_the_answer_on_the_page_is_for_this_call_of_this_caller_and_counts_once() {
    let (payments, server) = started("").await;
    let capable = |who: &str| {
        let client = server.client().token(server.token(who).scope("pay"));
        client.person(|_| json!({ "action": "cancel" }))
    };
    let params = |to: &str| json!({ "name": "pay", "arguments": { "to": to } });
    let first = capable("ann").request_without_session("tools/call", params("bob")).await;
    let question = first.result().expect("a question").clone();
    let url = question["inputRequests"]["question"]["params"]["url"].as_str().expect("a URL").to_owned();
    assert_eq!(answered(&url, "ann").await, 200);
    assert_eq!(answered(&url, "ann").await, 404, "it was answered before");
    let reply = |to: &str| {
        let mut reply = params(to);
        reply["inputResponses"] = json!({ "question": { "action": "accept" } });
        reply["requestState"] = question["requestState"].clone();
        reply
    };
    let another = server.client().token(server.token("ann").client("another").scope("pay"));
    let another = another.person(|_| json!({ "action": "cancel" }));
    let mut of_another_tool = reply("bob");
    of_another_tool["name"] = json!("pay_and_ask");
    for (client, params) in [
        (capable("ann"), reply("mallory")),
        (capable("mallory"), reply("bob")),
        (another, reply("bob")),
        (capable("ann"), of_another_tool),
    ] {
        let refused = client.request_without_session("tools/call", params).await;
        assert_eq!((refused.error_code(), payments.ran()), (Some(-32602), 0), "{}", refused.body());
    }
    let done = capable("ann").request_without_session("tools/call", reply("bob")).await;
    assert_eq!((done.text(), payments.ran()), (Some("paid bob"), 1), "{}", done.body());
    let again = capable("ann").request_without_session("tools/call", reply("bob")).await;
    assert_eq!((again.text(), payments.ran()), (Some(LATE), 0), "{}", again.body());
}

#[tokio::test]
async fn the_tool_may_ask_more_and_the_page_is_opened_once() {
    let (payments, server) = started("").await;
    for era in Era::ALL {
        let opened = Arc::new(AtomicUsize::new(0));
        let (seen, replies) = (Arc::clone(&opened), on_the_page("ann", true));
        let client = ann(&server, era).person(move |question| {
            seen.fetch_add(usize::from(question["mode"] == "url"), Ordering::SeqCst);
            replies(question)
        });
        let answer = client.call_tool("pay_and_ask", json!({ "to": "bob" })).await;
        assert_eq!(answer.text(), Some("paid bob: rent"), "{era:?}: {}", answer.body());
        assert_eq!((payments.ran(), opened.load(Ordering::SeqCst)), (1, 1), "{era:?}");
    }
}

#[tokio::test]
async fn programs_and_clients_that_open_no_pages_are_refused_in_words() {
    let (payments, server) = started("").await;
    for era in Era::ALL {
        let program = server.token("nightly").claim("client_id", "nightly").scope("pay");
        let client = server.client().era(era).token(program).person(on_the_page("nightly", true));
        let answer = client.call_tool("pay", json!({ "to": "bob" })).await;
        let said = answer.text().unwrap_or_default();
        assert!(said.contains("no such person is behind this caller"), "{era:?}: {}", answer.body());
        let answer = ann(&server, era).call_tool("pay", json!({ "to": "bob" })).await;
        assert!(answer.body().contains("elicitation"), "{era:?}: {}", answer.body());
        let long = json!({ "to": "x".repeat(5000) });
        let answer = ann(&server, era).person(on_the_page("ann", true)).call_tool("pay", long).await;
        assert!(answer.body().contains("longer than a person can be shown"), "{era:?}: {}", answer.body());
    }
    assert_eq!(payments.ran(), 0);
}

#[tokio::test]
async fn an_operator_demands_a_login_of_a_tool_that_asks_less() {
    let (_, server) = started("[tools.paid]\nconfirm = \"login\"\n").await;
    for era in Era::ALL {
        for (login, said) in [("ann", "nothing"), ("bob", ANOTHER)] {
            let client = ann(&server, era).person(on_the_page(login, true));
            let answer = client.call_tool("paid", json!({})).await;
            assert_eq!(answer.text(), Some(said), "{era:?}: {}", answer.body());
        }
    }
}

#[tokio::test]
async fn without_the_built_in_issuer_a_server_with_such_a_tool_does_not_start() {
    let other = "[[auth.issuers]]\nissuer = \"https://issuer.example\"\n";
    for (toml, why) in [
        (other.to_owned(), "tool `pay` is confirmed after a login at the built-in issuer"),
        (format!("{other}[tools.paid]\nconfirm = \"login\"\n"), "tools.paid.confirm"),
        ("[tools.paid]\nconfirm = \"page\"\n".to_owned(), "is \"page\", expected true, false or \"login\""),
    ] {
        let started = match TestServer::builder(Payments::default()).toml(&toml) {
            Ok(builder) => builder.start().await.map(drop),
            Err(error) => Err(error),
        };
        let error = started.expect_err("it does not start").to_string();
        assert!(error.contains(why), "{toml}: {error}");
    }
}

#[tokio::test]
async fn callers_of_another_issuer_and_api_keys_are_refused_in_words() {
    let made = made();
    let other = Issuer::start().await;
    let key = made.block("job", "scopes = [\"pay\"]");
    let toml = format!("auth.issuers = {}\n[issuer]\n{key}", other.configured());
    let (payments, server) = started(&toml).await;
    let theirs = other.token_for("ann", server.url()).scope("pay").mint();
    for era in Era::ALL {
        for credential in [made.text(), &theirs] {
            let client = server.client().era(era).token(credential).person(on_the_page("ann", true));
            let answer = client.call_tool("pay", json!({ "to": "bob" })).await;
            let said = answer.text().unwrap_or_default();
            assert!(said.contains("no such person is behind this caller"), "{era:?}: {}", answer.body());
        }
    }
    assert_eq!(payments.ran(), 0);
}

#[tokio::test]
async fn a_yes_counts_for_ten_minutes_however_often_the_tool_asks_after_it() {
    let clock = MovedClock::system();
    let payments = Payments::default();
    let builder = TestServer::builder(payments.clone()).ambient(clock.ambient());
    let server = builder.start().await.expect("starts");
    let client = server.client().token(server.token("ann").scope("pay").ttl(7200));
    let client = client.person(|_| json!({ "action": "cancel" }));
    let params = json!({ "name": "pay_and_ask", "arguments": { "to": "bob" } });
    let ask = async |state: &Value, responses: Value| {
        let mut params = params.clone();
        params["requestState"] = state["requestState"].clone();
        params["inputResponses"] = responses;
        client.request_without_session("tools/call", params).await
    };
    let first = client.request_without_session("tools/call", params.clone()).await;
    let page = first.result().expect("a question").clone();
    let url = page["inputRequests"]["question"]["params"]["url"].as_str().expect("a URL").to_owned();
    assert_eq!(answered(&url, "ann").await, 200);
    let why = ask(&page, json!({ "question": { "action": "accept" } })).await;
    let mut why = why.result().expect("what the tool asks").clone();
    assert_eq!(why["inputRequests"]["question"]["params"]["mode"], "form", "{why}");
    // The tool runs again, and asks again.
    clock.advance(300);
    why = ask(&why, json!({})).await.result().expect("the same question").clone();
    assert_eq!(why["inputRequests"]["question"]["params"]["mode"], "form", "{why}");
    let reason = json!({ "question": { "action": "accept", "content": { "why": "rent" } } });
    clock.advance(301);
    let late = ask(&why, reason).await;
    let asked = late.result().expect("the page again").clone();
    assert_eq!(asked["inputRequests"]["question"]["params"]["mode"], "url", "{asked}");
    assert_eq!(payments.ran(), 0);
}

#[tokio::test]
async fn a_call_of_a_session_that_nobody_answers_in_ten_minutes_is_refused() {
    let clock = MovedClock::system();
    let payments = Payments::default();
    let builder = TestServer::builder(payments.clone()).ambient(clock.ambient());
    let server = builder.start().await.expect("starts");
    // Since 2026-07-28 it is asked anew when its client comes again.
    for era in Era::ALL.into_iter().filter(|era| *era != Era::Stateless) {
        let moved = clock.clone();
        let token = server.token("ann").scope("pay").ttl(7200);
        let client = server.client().era(era).token(token).person(move |_| {
            moved.advance(600);
            json!({ "action": "accept" })
        });
        let answer = client.call_tool("pay", json!({ "to": "bob" })).await;
        assert_eq!((answer.text(), payments.ran()), (Some(LATE), 0), "{era:?}: {}", answer.body());
    }
}

#[tokio::test]
async fn one_caller_has_so_many_calls_waiting_and_others_have_theirs() {
    let (payments, server) = started("").await;
    let client = |who: &str| {
        let client = server.client().token(server.token(who).scope("pay"));
        client.person(|_| json!({ "action": "cancel" }))
    };
    let params = json!({ "name": "pay", "arguments": { "to": "bob" } });
    let ask = async |who: &str| client(who).request_without_session("tools/call", params.clone()).await;
    for _ in 0..16 {
        assert!(ask("ann").await.result().is_some_and(|result| result["resultType"] == "input_required"));
    }
    let refused = ask("ann").await;
    assert!(refused.text().is_some_and(|text| text.contains("16 calls")), "{}", refused.body());
    assert!(ask("eve").await.result().is_some_and(|result| result["resultType"] == "input_required"));
    assert_eq!(payments.ran(), 0);
}

#[tokio::test]
async fn nothing_runs_while_the_store_cannot_say_what_was_answered() {
    let (payments, outage) = (Payments::default(), Outage::new());
    let store = outage.store();
    let builder = TestServer::builder(payments.clone()).with(|builder| builder.store(store));
    let server = builder.start().await.expect("starts");
    let down = outage.clone();
    let client = ann(&server, Era::Stateless).person(move |_| {
        down.begin();
        json!({ "action": "accept" })
    });
    let answer = client.call_tool("pay", json!({ "to": "bob" })).await;
    assert!(answer.error_code().is_some() && payments.ran() == 0, "{}", answer.body());
    assert_eq!((answer.status(), answer.header("retry-after")), (503, Some("30")), "{}", answer.body());
}
