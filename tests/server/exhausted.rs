//! What a process runs out of: room on its disk, the right to write there, descriptors, a place for its log. What has to be written is 503
//! then, tokens are verified, nothing that was acknowledged is lost, and it goes on by itself once there is some again.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use aws_lc_rs::digest;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth::testing::Client;
use mcp_auth_tests::person::Browser;
use mcp_auth_tests::process::{Launch, Socket, private, signal};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::everything::CONFIG;
use crate::launch::Issuer;
use crate::wire;

const EVERYTHING: &str = env!("CARGO_BIN_EXE_everything");
const REDIRECT: &str = "http://127.0.0.1:9/callback";
const VERIFIER: &str = "a-verifier-of-enough-characters-0123456789._~";
const SECRET: &str = "a secret of the robot";
/// How long what must come soon may take on a busy machine.
const SOON: Duration = Duration::from_secs(30);

/// What runs the program, as a shell line in which it is `$0`. A file that may not grow is an error for it then, as a full disk is, and does not
/// end it.
const ON_A_DISK: &str = "trap '' XFSZ; exec \"$0\"";

/// A server with the built-in issuer whose store is in a file in `files`, run by this line. It listens at `listen`, and trusts `issuer` too.
fn with_a_file(files: &Path, listen: &str, issuer: &Issuer, run: &str) -> Launch {
    configured(Launch::of("sh").arguments(&["-c", run, EVERYTHING]), files, listen, issuer)
}

/// What is to be launched, with the configuration of that server.
fn configured(launch: Launch, files: &Path, listen: &str, issuer: &Issuer) -> Launch {
    let [secret, key] = [("secret", SECRET), ("key", &"0a".repeat(32))].map(|(name, text)| {
        let path = files.join(name);
        std::fs::write(&path, text).unwrap();
        private(&path);
        format!("file:{}", path.display())
    });
    let toml = format!(
        "{CONFIG}\n[tools.write_note]\nconfirm = true\n[issuer]\nstate_dir = {:?}\nusers = [\"alice\"]\n\
         [[issuer.clients]]\nclient_id = \"robot\"\nclient_secret = {secret:?}\nscopes = [\"read\"]\n\
         [store]\nurl = {:?}\nkey = {key:?}\nrevocation_lag = \"1s\"\nrevocation_stale = \"3s\"\n",
        files.join("state"),
        format!("sqlite:{}", files.join("store").display()),
    );
    let launch = launch.toml(&toml);
    launch.variable("MCP_SERVER__LISTEN", listen).variable("MCP_AUTH__ISSUERS", &issuer.configured())
}

/// Sets a limit of the running process, as `prlimit` reads it.
async fn limit(server: &Socket, limit: &str) {
    let status = Command::new("prlimit").args(["--pid", &server.id().to_string(), limit]).status().await;
    assert!(status.expect("prlimit is here").success(), "{limit}");
}

/// A client that a person logged in to, and what it was given.
struct LoggedIn {
    client: String,
    access: String,
    refresh: String,
}

async fn post(server: &Socket, path: &str, form: &[(&str, &str)]) -> (u16, Option<String>, Value) {
    told(wire::http().post(server.at(path)).form(form)).await
}

/// The status, `Retry-After`, and the body where it is JSON.
async fn told(request: reqwest::RequestBuilder) -> (u16, Option<String>, Value) {
    let answer = request.send().await.expect("an answer");
    let wait = answer.headers().get("retry-after").map(|wait| wait.to_str().unwrap().to_owned());
    (answer.status().as_u16(), wait, answer.json().await.unwrap_or_default())
}

async fn register(server: &Socket, name: &str) -> (u16, Option<String>, Value) {
    let metadata = json!({
        "client_name": name, "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    told(wire::http().post(server.at("/register")).json(&metadata)).await
}

fn authorize_url(server: &Socket, client: &str) -> String {
    let challenge = BASE64_URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()));
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", client),
            ("redirect_uri", REDIRECT),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
            ("scope", "read"),
        ])
        .finish();
    server.at(&format!("/authorize?{query}"))
}

async fn log_in(server: &Socket, name: &str) -> LoggedIn {
    let (status, _, registered) = register(server, name).await;
    assert_eq!(status, 201, "{registered}");
    let client = registered["client_id"].as_str().unwrap().to_owned();
    let back = Browser::new().decide(&authorize_url(server, &client), "alice", "allow").await;
    let back: url::Url = back.parse().unwrap();
    let code = back.query_pairs().find(|(name, _)| name == "code").expect("a code").1.into_owned();
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", &client),
        ("code", &code),
        ("code_verifier", VERIFIER),
        ("redirect_uri", REDIRECT),
    ];
    let (status, _, tokens) = post(server, "/token", &form).await;
    assert_eq!(status, 200, "{tokens}");
    let text = |name: &str| tokens[name].as_str().unwrap_or_else(|| panic!("{tokens}")).to_owned();
    LoggedIn { access: text("access_token"), refresh: text("refresh_token"), client }
}

async fn refresh(server: &Socket, client: &str, token: &str) -> (u16, Option<String>, Value) {
    let form = [("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)];
    post(server, "/token", &form).await
}

async fn revoke(server: &Socket, who: &LoggedIn) -> (u16, Option<String>, Value) {
    post(server, "/revoke", &[("client_id", &who.client), ("token", &who.access)]).await
}

async fn status_of_a_call(server: &Socket, token: &str) -> u16 {
    server.client().token(token.to_owned()).call_tool("read_note", json!({})).await.status()
}

/// A client that can ask its person, who is asked by the test.
fn asking(server: &Socket, token: String) -> Client {
    server.client().token(token).person(|_| json!({ "action": "cancel" }))
}

fn note() -> Value {
    json!({ "name": "write_note", "arguments": { "text": "milk" } })
}

/// Tries until it is done.
async fn soon(mut is_done: impl AsyncFnMut() -> bool) {
    let begun = Instant::now();
    while !is_done().await {
        assert!(begun.elapsed() < SOON, "it is not done");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[track_caller]
fn is_our_trouble((status, wait, told): (u16, Option<String>, Value)) {
    assert_eq!((status, wait.as_deref()), (503, Some("30")), "{told}");
    assert_eq!(told["error"], "temporarily_unavailable", "{told}");
}

#[tokio::test]
async fn c15_on_a_full_disk_what_is_written_is_503_tokens_are_verified_and_nothing_acknowledged_is_lost() {
    let (issuer, files) = (Issuer::start().await, tempfile::tempdir().unwrap());
    let server = with_a_file(files.path(), "127.0.0.1:0", &issuer, ON_A_DISK).http().await;
    let (alice, gone) = (log_in(&server, "an app").await, log_in(&server, "another app").await);
    assert_eq!(revoke(&server, &gone).await.0, 200);
    let of_ann = |scope| String::from(issuer.token_for("ann", &server.mcp()).scope(scope));
    let (theirs, writer) = (of_ann("read"), asking(&server, of_ann("write")));
    let question = writer.request_without_session("tools/call", note()).await;
    let mut yes = note();
    yes["requestState"] = question.result().expect("a question")["requestState"].clone();
    yes["inputResponses"] = json!({ "question": { "action": "accept", "content": { "allow": true } } });

    // No file may grow any more, as on a full disk.
    limit(&server, "--fsize=0:").await;
    let full_since = Instant::now();
    loop {
        is_our_trouble(register(&server, "a third app").await);
        is_our_trouble(refresh(&server, &alice.client, &alice.refresh).await);
        is_our_trouble(revoke(&server, &alice).await);
        let page = wire::http().get(authorize_url(&server, &alice.client)).send().await.unwrap();
        assert!(matches!(page.status().as_u16(), 200 | 503), "{}", page.status());
        // What needs no write.
        let robot = [("client_id", "robot"), ("client_secret", SECRET)];
        let own =
            post(&server, "/token", &[&robot[..], &[("grant_type", "client_credentials")]].concat()).await;
        assert_eq!(own.0, 200, "{}", own.2);
        let (_, _, asked) =
            post(&server, "/introspect", &[&robot[..], &[("token", &*gone.access)]].concat()).await;
        assert_eq!(asked, json!({ "active": false }));
        for (token, status) in [(&alice.access, 200), (&theirs, 200), (&gone.access, 401)] {
            assert_eq!(status_of_a_call(&server, token).await, status);
        }
        let unsaid = writer.request_without_session("tools/call", yes.clone()).await;
        assert_eq!((unsaid.status(), unsaid.header("retry-after")), (503, Some("30")), "{}", unsaid.body());
        assert_eq!(unsaid.error_code(), Some(-32603), "{}", unsaid.body());
        assert_eq!(wire::http().get(server.at("/readyz")).send().await.unwrap().status(), 200);
        // Longer than `revocation_stale`: what was revoked is read all the time.
        if full_since.elapsed() > Duration::from_secs(5) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }

    limit(&server, "--fsize=unlimited:").await;
    // Nothing of it was done: the token is not used up, nor taken for one that was used before.
    let (status, _, tokens) = refresh(&server, &alice.client, &alice.refresh).await;
    assert_eq!(status, 200, "{tokens}");
    let next = tokens["refresh_token"].as_str().unwrap().to_owned();
    assert_eq!(register(&server, "a third app").await.0, 201);
    let done = writer.request_without_session("tools/call", yes.clone()).await;
    assert_eq!(done.text(), Some("milk"), "{}", done.body());
    let again = writer.request_without_session("tools/call", yes).await;
    assert_eq!(again.error_code(), Some(-32602), "it counts once: {}", again.body());

    // Full once more, and killed.
    limit(&server, "--fsize=0:").await;
    is_our_trouble(refresh(&server, &alice.client, &next).await);
    let listen = server.at("").trim_start_matches("http://").to_owned();
    drop(server);
    let server = with_a_file(files.path(), &listen, &issuer, ON_A_DISK).http().await;
    assert_eq!(status_of_a_call(&server, &gone.access).await, 401);
    assert_eq!(refresh(&server, &alice.client, &next).await.0, 200);
    let (status, _, used) = refresh(&server, &alice.client, &alice.refresh).await;
    assert_eq!((status, &used["error"]), (400, &json!("invalid_grant")), "{used}");
}

#[tokio::test]
async fn c15_without_a_descriptor_left_new_callers_take_the_place_of_idle_ones_and_the_store_is_written() {
    let (issuer, files) = (Issuer::start().await, tempfile::tempdir().unwrap());
    let server = with_a_file(files.path(), "127.0.0.1:0", &issuer, ON_A_DISK).http().await;
    let alice = log_in(&server, "an app").await;
    let highest = || {
        let open = std::fs::read_dir(format!("/proc/{}/fd", server.id())).expect("its descriptors");
        let numbers = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u64>().ok());
        numbers.max().expect("a descriptor")
    };
    // Room for two more connections.
    limit(&server, &format!("--nofile={}:", highest() + 3)).await;
    let address = server.at("").trim_start_matches("http://").to_owned();
    let mut idle = Vec::new();
    for _ in 0..40 {
        let mut silent = TcpStream::connect(&address).await.expect("the system takes it");
        let _ = silent.write_all(b"POST /mcp HTTP/1.1\r\n").await;
        idle.push(silent);
    }
    // Who comes now may be closed before it is heard, as any client among too many, and tries again.
    let wire = wire::Wire::at(address.parse().unwrap());
    let theirs = String::from(issuer.token_for("ann", &server.mcp()).scope("read"));
    for token in [&alice.access, &theirs] {
        let bearer = format!("Authorization: Bearer {token}\r\n");
        soon(async || wire.call("read_note", &bearer).await.status() == 200).await;
    }
    let json = format!("Host: {address}\r\nContent-Type: application/json\r\n");
    let metadata = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none" }).to_string();
    soon(async || wire.post("/register", &json, &metadata).await.status() == 201).await;

    limit(&server, "--nofile=1024:").await;
    drop(idle);
    assert_eq!(status_of_a_call(&server, &alice.access).await, 200);
    assert_eq!(refresh(&server, &alice.client, &alice.refresh).await.0, 200);
}

/// The program, which may not do more than the modes of files say: as root it could do anything.
fn held_to_modes() -> (&'static str, &'static [&'static str]) {
    let id = std::process::Command::new("id").arg("-u").output().expect("id is here");
    match String::from_utf8_lossy(&id.stdout).trim() {
        "0" => ("setpriv", &["--bounding-set=-dac_override,-dac_read_search", "--", EVERYTHING]),
        _ => (EVERYTHING, &[]),
    }
}

#[tokio::test]
async fn c15_a_store_that_may_not_be_written_stops_the_start_and_one_that_may_again_has_all_it_had() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    let (issuer, files) = (Issuer::start().await, tempfile::tempdir().unwrap());
    let server = with_a_file(files.path(), "127.0.0.1:0", &issuer, ON_A_DISK).http().await;
    let alice = log_in(&server, "an app").await;
    let listen = server.at("").trim_start_matches("http://").to_owned();
    // Stopped in order, it leaves one file.
    server.stop().await;
    for (path, mode, before) in
        [(files.path().join("store"), 0o400, 0o600), (files.path().to_owned(), 0o500, 0o700)]
    {
        set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let (program, arguments) = held_to_modes();
        let launch = Launch::of(program).arguments(arguments);
        let ended = configured(launch, files.path(), &listen, &issuer).run().await;
        set_permissions(&path, Permissions::from_mode(before)).unwrap();
        ended.refused(&["attempt to write a readonly database", "store.url in "]);
    }
    let server = with_a_file(files.path(), &listen, &issuer, ON_A_DISK).http().await;
    assert_eq!(status_of_a_call(&server, &alice.access).await, 200);
    assert_eq!(refresh(&server, &alice.client, &alice.refresh).await.0, 200);
}

#[tokio::test]
async fn c15_a_log_that_cannot_be_written_stops_nothing() {
    let (issuer, files) = (Issuer::start().await, tempfile::tempdir().unwrap());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let url = format!("http://{free}");
    // Each write to it is refused for want of room.
    let launch = with_a_file(files.path(), &free, &issuer, "exec \"$0\" 2>/dev/full");
    let launch = launch.variable("MCP_LOG__LEVEL", "debug");
    let mut process = launch.command().stderr(Stdio::null()).spawn().unwrap();
    let (http, ready) = (wire::http(), format!("{url}/readyz"));
    soon(async || http.get(&ready).send().await.is_ok_and(|answer| answer.status() == 200)).await;
    let mcp = format!("{url}/mcp");
    let theirs = Client::new(&*mcp).token(issuer.token_for("ann", &mcp).scope("read"));
    for _ in 0..50 {
        assert_eq!(theirs.call_tool("read_note", json!({})).await.status(), 200);
        assert_eq!(theirs.call_tool("no such tool", json!({})).await.error_code(), Some(-32602));
        let refused = Client::new(&*mcp).call_tool("read_note", json!({})).await;
        assert_eq!(refused.status(), 401);
    }
    let metadata = json!({ "redirect_uris": [REDIRECT], "token_endpoint_auth_method": "none" });
    let registered = http.post(format!("{url}/register")).json(&metadata).send().await.unwrap();
    assert_eq!(registered.status(), 201);
    signal(&process, "TERM").await;
    let status = tokio::time::timeout(SOON, process.wait()).await.expect("it ends in time").unwrap();
    assert_eq!(status.code(), Some(0));
}
