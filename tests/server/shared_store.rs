//! Two servers on one store, as two processes behind one balancer are: what one has begun the other goes on with, for
//! the same caller only. And a store that is down: nothing is opened, and nothing is called unknown.

use std::sync::Arc;
use std::time::Duration;

use mcp_auth::ambient::SystemClock;
use mcp_auth::testing::{Answer, Client, Era, TestIssuer, TestServer, Token};
use mcp_auth::{Config, Server};
use mcp_auth_store::Outage;
use serde_json::{Value, json};

use crate::everything::{CONFIG, Everything};
use crate::sessions::legacy::{LATEST_LEGACY, LEGACY, is_refused_everywhere};
use crate::streams::Wire;
use crate::talks::Talks;
use crate::wire::http;

/// Two servers of one issuer on one store, and the store.
struct Replicas {
    first: TestServer,
    second: TestServer,
    outage: Outage,
}

impl Replicas {
    fn issuer() -> TestIssuer {
        TestIssuer::new("https://issuer.test", Arc::new(SystemClock))
    }

    async fn of_everything(everything: &Everything) -> Self {
        Self::of_everything_with(everything, "").await
    }

    async fn of_everything_with(everything: &Everything, toml: &str) -> Self {
        let (outage, issuer) = (Outage::new(), Self::issuer());
        let start = || {
            let builder = TestServer::builder(everything.clone()).toml(CONFIG).expect("a configuration");
            let builder = builder.toml(toml).expect("a configuration");
            let (store, issuer) = (outage.store(), issuer.clone());
            builder.issuer(issuer).with(|builder| builder.store(store)).start()
        };
        let (first, second) = (start().await.expect("a server"), start().await.expect("another"));
        Self { first, second, outage }
    }

    async fn of_talks(talks: &Talks) -> Self {
        let (outage, issuer) = (Outage::new(), Self::issuer());
        let start = || {
            let (store, issuer) = (outage.store(), issuer.clone());
            talks.builder("").issuer(issuer).with(|builder| builder.store(store)).start()
        };
        let (first, second) = (start().await.expect("a server"), start().await.expect("another"));
        Self { first, second, outage }
    }

    /// A token that both take.
    fn token(&self, subject: &str) -> Token {
        self.first.token(subject).claim("aud", json!([self.first.url(), self.second.url()]))
    }
}

/// An answer to be had again: its status says so, and when, and its error is that of its request.
#[track_caller]
fn is_503(answer: &Answer) {
    assert_eq!((answer.status(), answer.header("retry-after")), (503, Some("30")), "{}", answer.body());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.message()["id"].is_number(), "{}", answer.body());
    assert_eq!(answer.message()["error"]["data"], json!({ "retryAfter": 30 }), "{}", answer.body());
}

fn order() -> Value {
    json!({ "name": "order", "arguments": { "item": "tea" } })
}

fn state_of(answer: &Answer) -> String {
    let result = answer.result().unwrap_or_else(|| panic!("{}", answer.body()));
    assert_eq!(result["resultType"], "input_required", "{result}");
    result["requestState"].as_str().expect("a state").to_owned()
}

fn replying(state: &str, size: &str) -> Value {
    let mut params = order();
    params["requestState"] = state.into();
    params["inputResponses"] = json!({ "size": { "action": "accept", "content": { "size": size } } });
    params
}

#[tokio::test]
async fn a_round_that_began_in_one_process_ends_in_another_for_the_same_caller_only() {
    let talks = Talks::default();
    let servers = Replicas::of_talks(&talks).await;
    let alice = || servers.token("alice").scope("order");
    let (on_first, on_second) =
        (servers.first.client().token(alice()), servers.second.client().token(alice()));
    let first = state_of(&on_first.request("tools/call", order()).await);

    let ran = talks.ran();
    for stranger in [servers.token("bob").scope("order"), alice().client("another")] {
        let stranger = servers.second.client().token(stranger);
        let answer = stranger.request("tools/call", replying(&first, "large")).await;
        assert_eq!(answer.error_code(), Some(-32602), "{}", answer.body());
    }
    assert_eq!(talks.ran(), ran, "none of it reached a method");

    let second = state_of(&on_second.request("tools/call", replying(&first, "large")).await);
    let done = on_first.request("tools/call", replying(&second, "yes")).await;
    assert_eq!(done.text(), Some("tea remembered: large, then yes"), "{}", done.body());
}

#[tokio::test]
async fn no_state_goes_out_unsealed_and_none_is_taken_while_the_store_is_down() {
    let talks = Talks::default();
    let servers = Replicas::of_talks(&talks).await;
    let client = servers.second.client().token(servers.token("alice").scope("order"));
    let on_first = servers.first.client().token(servers.token("alice").scope("order"));
    let state = state_of(&on_first.request("tools/call", order()).await);
    servers.outage.begin();
    for params in [order(), replying(&state, "large")] {
        let answer = client.request("tools/call", params).await;
        assert_eq!(answer.error_code(), Some(-32603), "{}", answer.body());
        is_503(&answer);
        assert!(!answer.body().contains("remembered"), "{}", answer.body());
        assert!(!answer.body().contains(Outage::CAUSE), "{}", answer.body());
    }
    servers.outage.end();
    state_of(&client.request("tools/call", replying(&state, "large")).await);
}

/// A call that a person has to confirm.
fn note() -> Value {
    json!({ "name": "write_note", "arguments": { "text": "milk" } })
}

/// Two servers behind one name, whose [`note`] is confirmed like this.
async fn asking(everything: &Everything, confirm: &str) -> Replicas {
    let toml = format!(
        "[server]\npublic_url = \"http://localhost:9/mcp\"\n[tools.write_note]\nconfirm = {confirm}\n"
    );
    Replicas::of_everything_with(everything, &toml).await
}

/// A client of this very process, that can ask a person. The test replies, and not the client.
fn able(server: &TestServer, token: Token) -> Client {
    Client::new(server.at("/mcp")).token(token).person(|_| json!({ "action": "cancel" }))
}

/// What `client` is asked before [`note`] runs.
async fn question(client: &Client) -> Value {
    let asked = client.request_without_session("tools/call", note()).await;
    let question = asked.result().unwrap_or_else(|| panic!("{}", asked.body())).clone();
    assert_eq!(question["resultType"], "input_required", "{question}");
    question
}

/// The call again, with what the person said to `question`.
fn replied(question: &Value, reply: Value) -> Value {
    let mut params = note();
    params["requestState"] = question["requestState"].clone();
    params["inputResponses"] = json!({ "question": reply });
    params
}

fn yes() -> Value {
    json!({ "action": "accept", "content": { "allow": true } })
}

#[tokio::test]
async fn j43_a_call_that_one_process_asks_about_is_confirmed_in_another_once_and_by_its_caller_only() {
    let everything = Everything::default();
    let servers = asking(&everything, "true").await;
    let alice = || servers.token("alice").scope("write");
    let (first, second) = (able(&servers.first, alice()), able(&servers.second, alice()));
    let asked = question(&first).await;
    for stranger in [servers.token("bob").scope("write"), alice().client("another")] {
        let stranger = able(&servers.second, stranger);
        let answer = stranger.request_without_session("tools/call", replied(&asked, yes())).await;
        assert_eq!(answer.error_code(), Some(-32602), "{}", answer.body());
    }
    assert_eq!(everything.ran(), 0);
    let done = second.request_without_session("tools/call", replied(&asked, yes())).await;
    assert_eq!((done.text(), everything.ran()), (Some("milk"), 1), "{}", done.body());
    for client in [&first, &second] {
        let again = client.request_without_session("tools/call", replied(&asked, yes())).await;
        assert_eq!((again.error_code(), everything.ran()), (Some(-32602), 1), "{}", again.body());
    }
    // Nor does a person say yes in one process who says no in another.
    let asked = question(&first).await;
    for no in [json!({ "action": "decline" }), json!({ "action": "accept", "content": { "allow": false } })] {
        let refused = second.request_without_session("tools/call", replied(&asked, no)).await;
        let said = Some("the person did not confirm this call");
        assert_eq!((refused.text(), everything.ran()), (said, 1), "{}", refused.body());
    }
}

#[tokio::test]
async fn a_confirmation_that_counts_once_is_503_while_the_store_cannot_use_it_up_and_counts_afterwards() {
    let everything = Everything::default();
    let servers = asking(&everything, "true").await;
    let client = able(&servers.first, servers.token("alice").scope("write"));
    let reply = replied(&question(&client).await, yes());
    servers.outage.begin();
    for _ in 0..2 {
        let answer = client.request_without_session("tools/call", reply.clone()).await;
        assert_eq!((answer.error_code(), everything.ran()), (Some(-32603), 0), "{}", answer.body());
        is_503(&answer);
        assert!(!answer.body().contains(Outage::CAUSE), "{}", answer.body());
    }
    servers.outage.end();
    let done = client.request_without_session("tools/call", reply.clone()).await;
    assert_eq!((done.text(), everything.ran()), (Some("milk"), 1), "{}", done.body());
    let again = client.request_without_session("tools/call", reply).await;
    assert_eq!((again.error_code(), everything.ran()), (Some(-32602), 1), "{}", again.body());
}

#[tokio::test]
async fn the_answer_on_a_page_is_503_while_the_store_cannot_tell_it_and_counts_afterwards() {
    let everything = Everything::default();
    let servers = asking(&everything, "\"login\"").await;
    let client = able(&servers.first, servers.token("alice").scope("write"));
    let asked = question(&client).await;
    let url = asked["inputRequests"]["question"]["params"]["url"].as_str().expect("a page");
    answers(&servers.second, url, "alice", true).await;
    let reply = replied(&asked, json!({ "action": "accept" }));
    servers.outage.begin();
    for params in [note(), reply.clone()] {
        let answer = client.request_without_session("tools/call", params).await;
        assert_eq!((answer.error_code(), everything.ran()), (Some(-32603), 0), "{}", answer.body());
        is_503(&answer);
    }
    servers.outage.end();
    let done = client.request_without_session("tools/call", reply).await;
    assert_eq!((done.text(), everything.ran()), (Some("milk"), 1), "{}", done.body());
}

/// Before 2026-07-28 a message that was allowed is answered in the stream of its session, whose status went out before.
#[tokio::test]
async fn in_a_session_a_store_that_is_down_is_an_error_in_its_stream() {
    let everything = Everything::default();
    let servers = asking(&everything, "\"login\"").await;
    let token = || servers.token("alice").scope("write");
    let able = json!({ "elicitation": { "form": {}, "url": {} } });
    let alice = Wire::new(&servers.first.at("/mcp"), LATEST_LEGACY).token(token()).capabilities(able);
    let alice = alice.connected().await;
    servers.outage.begin();
    let mut answer = alice.call_tool(1, "write_note", json!({ "text": "milk" })).await;
    assert_eq!(answer.status, 200);
    let error = answer.response().await["error"].clone();
    assert_eq!((&error["code"], &error["data"]), (&json!(-32603), &json!({ "retryAfter": 30 })), "{error}");
    assert_eq!(everything.ran(), 0);
}

#[tokio::test]
async fn j43_a_yes_that_comes_to_both_processes_at_once_runs_the_call_once() {
    let everything = Everything::default();
    let servers = asking(&everything, "true").await;
    let client = |server: &TestServer| able(server, servers.token("alice").scope("write"));
    let (first, second) = (client(&servers.first), client(&servers.second));
    for round in 1..=20 {
        let reply = replied(&question(&first).await, yes());
        let (one, other) = futures_util::join!(
            first.request_without_session("tools/call", reply.clone()),
            second.request_without_session("tools/call", reply),
        );
        let mut said = [one, other].map(|answer| answer.text().map(str::to_owned));
        said.sort();
        assert_eq!(said, [None, Some("milk".to_owned())], "{round}");
        assert_eq!(everything.ran(), round);
    }
}

/// Logs in as `login` on the page at `url`, which the process `server` serves, and answers there.
async fn answers(server: &TestServer, url: &str, login: &str, allow: bool) {
    let (_, id) = url.split_once("?id=").expect("the secret of the page");
    let page = server.at(&format!("/confirm?id={id}"));
    let body = json!({ "login": login, "allow": allow }).to_string();
    let status = http().post(page).body(body).send().await.expect("an answer").status();
    assert_eq!(status, 200, "{login}");
}

#[tokio::test]
async fn a_call_that_waits_in_one_process_goes_on_once_its_page_is_answered_in_another() {
    let everything = Everything::default();
    let servers = Arc::new(asking(&everything, "\"login\"").await);
    for era in Era::ALL {
        for (login, allow, said, ran) in [
            ("alice", true, "milk", 1),
            ("alice", false, "the person did not confirm this call", 0),
            ("bob", true, "another person than the caller logged in to confirm this call", 0),
        ] {
            let (before, elsewhere) = (everything.ran(), Arc::clone(&servers));
            let client = Client::new(servers.first.at("/mcp")).era(era);
            let client = client.token(servers.token("alice").scope("write"));
            let client = client.person(move |question| {
                let url = question["url"].as_str().expect("a page").to_owned();
                let elsewhere = Arc::clone(&elsewhere);
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(300)).await; // the call waits
                    answers(&elsewhere.second, &url, login, allow).await;
                });
                json!({ "action": "accept" })
            });
            let answer = client.call_tool("write_note", json!({ "text": "milk" })).await;
            assert_eq!(answer.text(), Some(said), "{era:?} {login} {allow}: {}", answer.body());
            assert_eq!(everything.ran() - before, ran, "{era:?} {login} {allow}");
        }
    }
}

#[tokio::test]
async fn j48_what_was_answered_on_the_page_of_one_process_is_brought_to_another_once_and_by_its_caller_only()
{
    let everything = Everything::default();
    let servers = asking(&everything, "\"login\"").await;
    let alice = || servers.token("alice").scope("write");
    let (first, second) = (able(&servers.first, alice()), able(&servers.second, alice()));
    let asked = question(&first).await;
    let url = asked["inputRequests"]["question"]["params"]["url"].as_str().expect("a page");
    answers(&servers.second, url, "alice", true).await;
    let reply = || replied(&asked, json!({ "action": "accept" }));
    for stranger in [servers.token("bob").scope("write"), alice().client("another")] {
        let answer = able(&servers.second, stranger).request_without_session("tools/call", reply()).await;
        assert_eq!((answer.error_code(), everything.ran()), (Some(-32602), 0), "{}", answer.body());
    }
    let done = second.request_without_session("tools/call", reply()).await;
    assert_eq!((done.text(), everything.ran()), (Some("milk"), 1), "{}", done.body());
    for client in [&first, &second] {
        let again = client.request_without_session("tools/call", reply()).await;
        let late = Some("the person did not confirm this call in time");
        assert_eq!((again.text(), everything.ran()), (late, 1), "{}", again.body());
    }
}

#[tokio::test]
async fn a_list_that_began_in_one_process_goes_on_in_another_for_the_same_caller_only() {
    let servers = Replicas::of_everything_with(&Everything::default(), "[limits]\npage_size = 6\n").await;
    for era in Era::ALL {
        let on = |server: &TestServer, token: Token| server.client().era(era).token(token);
        let first = on(&servers.first, servers.token("alice")).list_tools().await;
        let first = first.result().expect("a page").clone();
        let next = json!({ "cursor": first["nextCursor"].as_str().expect("a cursor") });
        for stranger in [servers.token("bob"), servers.token("alice").client("another")] {
            let answer = on(&servers.second, stranger).request("tools/list", next.clone()).await;
            assert_eq!(answer.error_code(), Some(-32602), "{era:?} {}", answer.body());
        }
        let second = on(&servers.second, servers.token("alice")).request("tools/list", next).await;
        let second = second.result().unwrap_or_else(|| panic!("{era:?} {}", second.body())).clone();
        let name = |tool: &Value| tool["name"].as_str().expect("a name").to_owned();
        let pages = [&first, &second].map(|page| page["tools"].as_array().expect("tools").iter().map(name));
        let names: Vec<String> = pages.into_iter().flatten().collect();
        assert_eq!((names.len(), names.is_sorted()), (11, true), "{era:?} {names:?}");
        assert_eq!(second.get("nextCursor"), None, "{era:?}");
    }
}

#[tokio::test]
async fn no_page_with_a_cursor_goes_out_and_no_cursor_is_called_invalid_while_the_store_is_down() {
    let servers = Replicas::of_everything_with(&Everything::default(), "[limits]\npage_size = 6\n").await;
    let (first, second) =
        [&servers.first, &servers.second].map(|server| server.client().token(servers.token("alice"))).into();
    let page = first.list_tools().await;
    let next = json!({ "cursor": page.result().expect("a page")["nextCursor"] });
    servers.outage.begin();
    for params in [json!({}), next.clone()] {
        let answer = second.request("tools/list", params).await;
        assert_eq!(answer.error_code(), Some(-32603), "{}", answer.body());
        is_503(&answer);
        assert!(!answer.body().contains(Outage::CAUSE), "{}", answer.body());
    }
    let short = second.request("prompts/list", json!({})).await;
    assert!(short.is_success(), "one page needs no cursor: {}", short.body());
    servers.outage.end();
    assert!(second.request("tools/list", next).await.is_success());
}

/// One that can follow tasks.
async fn following(server: &TestServer, era: Era, token: Token) -> Wire {
    let able = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    Wire::new(server.url(), era).token(String::from(token)).capabilities(able).connected().await
}

#[tokio::test]
async fn a_task_made_in_one_process_is_reached_in_another_by_its_creator_only() {
    let talks = Talks::default();
    let servers = Replicas::of_talks(&talks).await;
    let token = |subject: &str| servers.token(subject).scope("tasks");
    for era in [Era::Stateless, Era::Legacy("2025-11-25")] {
        let on_first = following(&servers.first, era, token("alice")).await;
        let created = on_first.call_tool(1, "starts", json!({})).await.response().await;
        let id = created["result"]["taskId"].as_str().unwrap_or_else(|| panic!("{era:?} {created}"));
        let get = json!({ "taskId": id });
        let alice = following(&servers.second, era, token("alice")).await;
        let task = alice.request(2, "tasks/get", get.clone()).await.response().await;
        assert_eq!(task["result"]["status"], "completed", "{era:?} {task}");
        for stranger in [token("bob"), token("alice").client("another")] {
            let stranger = following(&servers.second, era, stranger).await;
            let error = stranger.request(3, "tasks/get", get.clone()).await.response().await["error"].clone();
            assert_eq!(error["message"], format!("unknown task: {id}"), "{era:?} {error}");
        }
        let poor = following(&servers.second, era, servers.token("alice")).await;
        assert_eq!(
            poor.request(4, "tasks/get", get).await.status,
            403,
            "the rule of the tool that created it"
        );
    }
}

#[tokio::test]
async fn a_task_is_neither_reached_nor_called_unknown_while_the_store_is_down() {
    let talks = Talks::default();
    let servers = Replicas::of_talks(&talks).await;
    let alice = following(&servers.first, Era::Stateless, servers.token("alice").scope("tasks")).await;
    let created = alice.call_tool(1, "starts", json!({})).await.response().await;
    let get = json!({ "taskId": created["result"]["taskId"] });
    // The first challenge asks once for the key of its nonces (RFC 9449 §8).
    assert_eq!(servers.first.client().request_without_session("tasks/get", get.clone()).await.status(), 401);
    servers.outage.begin();
    let ran = talks.ran();
    let mut answer = alice.request(2, "tasks/get", get.clone()).await;
    assert_eq!(answer.status, 503);
    let error = answer.response().await["error"].clone();
    assert_eq!(error["message"], "the store is unavailable; try again later", "{error}");
    assert_eq!(talks.ran(), ran);
    let anonymous = servers.first.client().request_without_session("tasks/get", get.clone()).await;
    assert_eq!(anonymous.status(), 401, "a caller without a token does not learn what is wrong");
    let asked = servers.outage.failed();
    assert!(asked > 0, "whose the task is, was asked for alice");
    let refused = servers.first.client().token("not-a-token".to_owned());
    let refused = refused.request_without_session("tasks/get", get.clone()).await;
    assert_eq!(refused.status(), 401, "{}", refused.body());
    assert_eq!(servers.outage.failed(), asked, "a refused credential asks the store nothing");
    let mut lost = alice.call_tool(3, "starts", json!({})).await;
    assert_eq!((lost.status, lost.header("retry-after").is_some()), (503, true));
    let lost = lost.response().await;
    assert_eq!(lost["error"]["code"], -32603, "no caller would reach this task: {lost}");
    servers.outage.end();
    let task = alice.request(4, "tasks/get", get).await.response().await;
    assert_eq!(task["result"]["status"], "completed", "{task}");
}

#[tokio::test]
async fn j34_a_session_in_the_servers_own_store_is_restored_for_its_owner_only() {
    let everything = Everything::default();
    let servers = Replicas::of_everything(&everything).await;
    let token = |subject: &str| servers.token(subject).scope("read");
    for era in LEGACY {
        let alice = Wire::new(servers.first.url(), era).token(token("alice")).connected().await;
        let on_second = Wire::new(servers.second.url(), era).in_session(alice.session());
        for stranger in
            [token("bob"), token("alice").client("another"), token("alice").without_claim("client_id")]
        {
            is_refused_everywhere(&on_second.clone().token(stranger)).await;
        }
        assert_eq!(on_second.call_tool(1, "whoami", json!({})).await.status, 401);
        let alice = on_second.clone().token(token("alice").ttl(200));
        let answer = alice.call_tool(1, "who", json!({})).await.response().await;
        assert_eq!(answer["result"]["content"][0]["text"], "alice", "{era:?} {answer}");
        is_refused_everywhere(&on_second.token(token("bob"))).await;
        assert_eq!(alice.delete().await.status, 204);
        is_refused_everywhere(&alice).await;
    }
}

#[tokio::test]
async fn a_stored_session_is_neither_opened_nor_called_unknown_while_the_store_is_down() {
    let everything = Everything::default();
    let servers = Replicas::of_everything(&everything).await;
    let token = |subject: &str| servers.token(subject).scope("read");
    let alice = Wire::new(servers.first.url(), LATEST_LEGACY).token(token("alice")).connected().await;
    let on_second = Wire::new(servers.second.url(), LATEST_LEGACY).in_session(alice.session());
    servers.outage.begin();
    for subject in ["alice", "bob"] {
        let caller = on_second.clone().token(token(subject));
        for mut answer in
            [caller.call_tool(1, "ping", json!({})).await, caller.get().await, caller.delete().await]
        {
            assert_eq!(answer.status, 503, "{subject}");
            assert!(answer.header("retry-after").is_some(), "{subject}");
            let error = answer.response().await["error"].clone();
            assert_eq!(error["message"], "the store is unavailable; try again later", "{error}");
        }
    }
    assert_eq!(everything.ran(), 0);
    assert_eq!(alice.call_tool(1, "ping", json!({})).await.status, 200, "what is open here needs no store");
    servers.outage.end();
    assert_eq!(on_second.clone().token(token("alice")).call_tool(1, "ping", json!({})).await.status, 200);
    is_refused_everywhere(&on_second.token(token("bob"))).await;
}

#[tokio::test]
async fn the_built_in_issuer_remembers_in_the_servers_store_and_answers_503_while_it_is_down() {
    let (outage, state) = (Outage::new(), tempfile::tempdir().expect("a directory"));
    let local = format!("[server]\nlisten = \"127.0.0.1:0\"\n[issuer]\nstate_dir = {:?}\n", state.path());
    let config = Config::builder().toml(CONFIG).toml(&local).build().expect("a configuration");
    let builder = Server::builder(Everything::default()).config(config).store(outage.store());
    let running = builder.start().await.expect("it starts");
    let (client, url) = (http(), format!("http://{}/register", running.address()));
    let metadata = json!({ "redirect_uris": ["http://127.0.0.1:9/callback"] });
    let register = || client.post(&url).json(&metadata).send();

    outage.begin();
    let refused = register().await.expect("an answer");
    assert_eq!(refused.status(), 503);
    outage.end();
    let registered: Value = register().await.expect("an answer").json().await.expect("a document");
    let id = registered["client_id"].as_str().expect("an identifier");
    assert!(outage.store().clients().find(id, 0).await.expect("it is up").is_some(), "{registered}");
}
