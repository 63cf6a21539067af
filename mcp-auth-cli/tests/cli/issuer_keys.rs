//! `mcp-auth issuer keys`: which keys sign, and the change to another one, in a store and in a directory.

use std::path::Path;
use std::process::Output;

use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

fn keys(directory: &Path, arguments: &[&str]) -> Output {
    mcp_auth().current_dir(directory).args(["issuer", "keys"]).args(arguments).output().unwrap()
}

fn done(directory: &Path, arguments: &[&str]) -> String {
    let output = keys(directory, arguments);
    assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

fn refused(directory: &Path, arguments: &[&str], why: &str) {
    let output = keys(directory, arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains(why), "{}", stderr(&output));
}

/// A server with the built-in issuer, and a key of its own store.
fn directory(store: &str) -> tempfile::TempDir {
    let directory = todos::directory(&format!("{}{store}", todos::configured("127.0.0.1:4711")));
    let key = todos::file(&directory, "store.key", &"0a".repeat(32));
    #[cfg(unix)]
    std::fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    directory
}

const SQLITE: &str = "\n[store]\nurl = \"sqlite:todos.sqlite\"\nkey = \"file:store.key\"\n";

/// What signs a token now.
fn algorithm(directory: &Path) -> String {
    use base64::Engine as _;
    let output = mcp_auth().current_dir(directory).arg("token").output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let header = stdout(&output).split('.').next().unwrap().to_owned();
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).unwrap();
    let header: mcp_auth::serde_json::Value = mcp_auth::serde_json::from_slice(&header).unwrap();
    header["alg"].as_str().unwrap().to_owned()
}

#[test]
fn keys_are_listed_and_rotated_in_a_store_and_in_a_directory() {
    for store in ["", SQLITE] {
        let directory = directory(store);
        let path = directory.path();
        assert!(done(path, &["list"]).contains("there is no signing key in"), "{store}");
        assert_eq!(algorithm(path), "ES256");
        let listed = done(path, &["list"]);
        assert_eq!((listed.lines().count(), listed.contains("  signs")), (2, true), "{listed}");

        let said = done(path, &["rotate", "--alg", "EdDSA"]);
        assert!(
            said.contains("The EdDSA key") && said.contains("is published now, and signs from"),
            "{said}"
        );
        assert!(said.contains("next: published, signs from"), "{said}");
        assert_eq!(algorithm(path), "ES256", "it does not sign yet");
        let said = done(path, &["rotate"]);
        assert!(said.contains("Nothing was changed: the EdDSA key"), "{said}");

        let said = done(path, &["rotate", "--now", "--alg", "RS256"]);
        assert!(said.contains("All keys are removed; the RS256 key"), "{said}");
        assert!(said.contains("within 5s (store.revocation_lag)"), "{said}");
        assert_eq!(algorithm(path), "RS256");
        let listed = done(path, &["list"]);
        assert_eq!(listed.lines().count(), 2, "{listed}");
        refused(path, &["rotate", "--alg", "HS256"], "expected ES256, RS256 or EdDSA");
    }
}

#[test]
fn without_a_key_to_rotate_or_an_issuer_it_is_said_so() {
    let directory = directory("");
    refused(directory.path(), &["rotate"], "with a store in memory there is nothing to rotate");
    assert!(!directory.path().join(".mcp-auth").exists(), "nothing is made");
    let without = todos::directory("[auth]\nissuers = [{ issuer = \"https://as.example\" }]\n");
    for command in ["list", "rotate"] {
        refused(without.path(), &[command], "the built-in issuer is off, so it has no signing keys");
    }
}

#[test]
fn a_new_store_takes_over_the_keys_of_the_directory_and_what_is_left_there_is_named() {
    let directory = directory("");
    let path = directory.path();
    assert_eq!(algorithm(path), "ES256");
    let kid = done(path, &["list"]).lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    let config = std::fs::read_to_string(path.join("mcp.toml")).unwrap();
    todos::file(&directory, "mcp.toml", &format!("{config}{SQLITE}"));
    assert!(done(path, &["rotate"]).contains(&kid));
    let said = done(path, &["rotate", "--now"]);
    assert!(!said.contains(&kid) && said.contains("holds signing keys too"), "{said}");
}

/// What a running server answers to this token.
async fn status(listen: &str, token: &str) -> u16 {
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
    let request = reqwest::Client::new().post(format!("http://{listen}/mcp")).bearer_auth(token);
    let request = request.header("content-type", "application/json");
    let request = request.header("accept", "application/json, text/event-stream");
    request.body(body).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn a_running_server_takes_the_change_of_keys_by_itself() {
    for store in
        ["[store]\nrevocation_lag = \"1s\"\n".to_owned(), format!("{SQLITE}revocation_lag = \"1s\"\n")]
    {
        let listen = todos::free_address();
        let directory = todos::directory(&format!("{}\n{store}", todos::configured(&listen)));
        let key = todos::file(&directory, "store.key", &"0a".repeat(32));
        #[cfg(unix)]
        std::fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        let path = directory.path();
        let running = todos::serve(path).await;
        let token = || {
            let output = mcp_auth().current_dir(path).arg("token").output().unwrap();
            stdout(&output).trim().to_owned()
        };
        let before = token();
        assert_ne!(status(&listen, &before).await, 401);
        done(path, &["rotate", "--alg", "EdDSA"]);
        assert_ne!(status(&listen, &before).await, 401, "the twin: a rotation takes nothing away");
        done(path, &["rotate", "--now", "--alg", "RS256"]);
        let begun = std::time::Instant::now();
        while status(&listen, &before).await != 401 {
            assert!(begun.elapsed().as_secs() < 30, "its key is gone, and it is good still");
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        assert_ne!(status(&listen, &token()).await, 401);
        running.stop().await;
    }
}
