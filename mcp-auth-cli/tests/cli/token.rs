//! `mcp-auth token`: the running server accepts the tokens that it mints.

use std::path::Path;
use std::process::Output;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth::serde_json::{self, Value, json};
use mcp_auth::testing::Client;

use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

fn token(directory: &Path, arguments: &[&str]) -> Output {
    mcp_auth().current_dir(directory).arg("token").args(arguments).output().unwrap()
}

/// The printed token, which must be the only output, on one line.
fn minted(output: &Output) -> String {
    assert!(output.status.success(), "{}", stderr(output));
    let text = stdout(output);
    let token = text.strip_suffix('\n').unwrap();
    assert!(token.split('.').count() == 3 && !token.contains(char::is_whitespace), "{text:?}");
    token.to_owned()
}

fn refused(output: &Output) -> String {
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{}", stderr(output));
    stderr(output)
}

#[tokio::test]
async fn minted_token_calls_what_it_has_scopes_for_and_nothing_else() {
    let directory = todos::directory(&todos::configured(&todos::free_address()));
    let path = directory.path();
    // Before the first start, so that this command makes the key; and again while the server runs.
    let first = token(path, &[]);
    assert!(stderr(&first).contains("made a signing key in "), "{}", stderr(&first));
    let reader = minted(&first);
    let running = todos::serve(path).await;
    let second = token(path, &["--sub", "bob", "--scope", "todos.write todos.read", "--ttl", "5m"]);
    assert!(!stderr(&second).contains("made a signing key"), "{}", stderr(&second));
    let writer = minted(&second);

    let client = || Client::new(running.resource());
    let alice = client().token(reader);
    let listed = alice.call_tool("list_todos", json!({})).await;
    assert_eq!((listed.status(), listed.text()), (200, Some("alice")));
    let denied = alice.call_tool("add_todo", json!({})).await;
    assert_eq!(denied.status(), 403);
    assert_eq!(denied.challenge().unwrap().scopes(), ["todos.read", "todos.write"]);

    let bob = client().token(writer);
    assert_eq!(bob.call_tool("list_todos", json!({})).await.text(), Some("bob"));
    assert_eq!(bob.call_tool("add_todo", json!({})).await.status(), 200);

    // The opposite case: a key from another directory belongs to another issuer.
    let elsewhere = todos::directory(&std::fs::read_to_string(path.join("mcp.toml")).unwrap());
    let stranger = client().token(minted(&token(elsewhere.path(), &[])));
    assert_eq!(stranger.call_tool("list_todos", json!({})).await.status(), 401);
    running.stop().await;
}

#[test]
fn says_for_whom_what_and_until_when_and_the_token_stands_alone() {
    let directory = todos::directory(&todos::configured("127.0.0.1:4711"));
    let output = token(directory.path(), &["--ttl", "1m"]);
    let token = minted(&output);
    let said = stderr(&output);
    let line = said.lines().last().unwrap();
    assert!(line.starts_with("for alice with todos.read, issued to mcp-auth-token, until 20"), "{said}");
    assert!(line.ends_with("Z, at http://127.0.0.1:4711/mcp"), "{said}");
    assert!(!said.contains(&token));
}

/// What the token says.
fn payload(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn says_the_roles_and_claims_of_its_subject_and_those_that_are_asked_for() {
    let more = "\n[issuer.users.alice]\nroles = [\"manager\"]\nclaims = { team = \"a\", level = 1 }\n[issuer.users.bob]\n\
                [roles.manager]\nwhen = { claim = \"x\", equals = 1 }\n[roles.owner]\nwhen = { claim = \"x\", equals = 2 }\n";
    let config = todos::configured("127.0.0.1:4711").replace("users = [\"alice\", \"bob\"]", "") + more;
    let directory = todos::directory(&config);
    let said = |arguments: &[&str]| payload(&minted(&token(directory.path(), arguments)));
    let alice = said(&[]);
    assert_eq!((&alice["team"], &alice["level"]), (&json!("a"), &json!(1)));
    assert_eq!(alice["urn:mcp-auth:roles"], json!(["manager"]));
    let asked =
        said(&["--claim", "level:=2", "--claim", "note=3", "--role", "owner", "--claim", "team:={\"id\":7}"]);
    assert_eq!((&asked["level"], &asked["note"]), (&json!(2), &json!("3")));
    assert_eq!(
        (&asked["team"], &asked["urn:mcp-auth:roles"]),
        (&json!({ "id": 7 }), &json!(["manager", "owner"]))
    );
    let bob = said(&["--sub", "bob"]);
    assert_eq!((bob.get("team"), bob.get("urn:mcp-auth:roles")), (None, None));
    for (wrong, why) in [
        (["--claim", "iss=x"], "what the issuer writes into every token itself"),
        (["--claim", "scope=x"], "write --scope"),
        (["--claim", "urn:mcp-auth:roles=x"], "write --role"),
        (["--claim", "note"], "expected KEY=TEXT or KEY:=JSON"),
        (["--claim", "note:={"], "note:= is not JSON"),
        (["--role", "maneger"], "not one of [roles]"),
    ] {
        let said = refused(&token(directory.path(), &wrong));
        assert!(said.contains(why), "{wrong:?}: {said}");
    }
}

#[test]
fn what_is_probably_not_meant_is_warned_of_and_minted_all_the_same() {
    let directory = todos::directory(&todos::configured("127.0.0.1:4711"));
    let output = token(directory.path(), &["--sub", "carol", "--scope", "todos.read todos.admin"]);
    minted(&output);
    let said = stderr(&output);
    assert!(said.contains("warning: \"carol\" is not in issuer.users (alice, bob)"), "{said}");
    assert!(said.contains("warning: scope \"todos.admin\" is not in the configuration"), "{said}");
    let usual = token(directory.path(), &["--sub", "bob", "--scope", "todos.read todos.write"]);
    assert!(!stderr(&usual).contains("warning"), "{}", stderr(&usual));
}

#[test]
fn listen_address_given_to_the_server_is_given_here_too() {
    let directory = todos::directory(&todos::configured("127.0.0.1:0"));
    let said = refused(&token(directory.path(), &[]));
    assert!(said.contains("any free port") && said.contains("server.listen in mcp.toml"), "{said}");
    let output = token(directory.path(), &["--listen", "127.0.0.1:4712"]);
    minted(&output);
    assert!(stderr(&output).contains("at http://127.0.0.1:4712/mcp"));
}

#[test]
fn lifetime_is_at_most_what_a_server_accepts() {
    let directory = todos::directory(&todos::configured("127.0.0.1:4711"));
    minted(&token(directory.path(), &["--ttl", "24h"]));
    for (ttl, why) in
        [("25h", "at most \"24h\""), ("0s", "at least \"1s\""), ("60", "with a unit"), ("-1m", "")]
    {
        let said = refused(&token(directory.path(), &["--ttl", ttl]));
        assert!(said.contains(why), "{ttl}: {said}");
    }
}

#[test]
fn no_token_is_minted_for_a_server_that_would_not_take_it() {
    let verify = "[auth]\nissuers = [{ issuer = \"https://login.example\" }]\n";
    let elsewhere =
        todos::configured("127.0.0.1:1").replace("[auth]", "public_url = \"https://a.example/mcp\"\n[auth]");
    let in_the_clear =
        elsewhere.replace("https:", "http:").replace("users = [\"alice\", \"bob\"]", "login = \"own\"");
    for (toml, arguments, why) in [
        (verify, &[][..], "the built-in issuer is off, so the server trusts no key of this computer"),
        (&elsewhere, &[], "whose login asks for no proof: set issuer.login"),
        (&in_the_clear, &[], "does not start with https://"),
        (&todos::configured("127.0.0.1:1"), &["--scope", "a\"b"], "--scope \"a\\\"b\""),
        (&todos::configured("127.0.0.1:1"), &["--sub", ""], "--sub is empty"),
        ("[issuer]\nuser = []", &[], "unknown key issuer.user in mcp.toml"),
    ] {
        let directory = todos::directory(toml);
        let said = refused(&token(directory.path(), arguments));
        assert!(said.contains(why), "{toml}: {said}");
    }
}

#[test]
fn a_token_is_minted_for_an_issuer_that_other_computers_reach() {
    let network = todos::configured("127.0.0.1:4711")
        .replace("[auth]", "public_url = \"https://a.example/mcp\"\n[auth]")
        .replace("users = [\"alice\", \"bob\"]", "login = \"own\"");
    let directory = todos::directory(&network);
    let said = payload(&minted(&token(directory.path(), &["--sub", "ann"])));
    assert_eq!((&said["iss"], &said["aud"]), (&"https://a.example".into(), &"https://a.example/mcp".into()));
}

#[test]
fn what_a_token_says_of_its_login_can_be_said_and_what_is_the_issuers_own_cannot() {
    let directory = todos::directory(&todos::configured("127.0.0.1:4711"));
    let claims = ["--claim", "acr=phr", "--claim", "amr:=[\"hwk\"]", "--claim", "auth_time:=1"];
    let said = payload(&minted(&token(directory.path(), &claims)));
    assert_eq!((&said["acr"], &said["amr"], &said["auth_time"]), (&"phr".into(), &json!(["hwk"]), &1.into()));
    for own in ["login_version:=1", "iss=x", "grant_id=x"] {
        let why = refused(&token(directory.path(), &["--claim", own]));
        assert!(why.contains("what the issuer writes into every token itself"), "{own}: {why}");
    }
}

#[cfg(unix)]
#[test]
fn key_that_others_can_read_is_not_used() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = todos::directory(&todos::configured("127.0.0.1:4711"));
    minted(&token(directory.path(), &[]));
    let key = directory.path().join(".mcp-auth/signing-keys.json");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let said = refused(&token(directory.path(), &[]));
    assert!(said.contains("run chmod 600 on it"), "{said}");
}
