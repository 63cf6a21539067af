//! `mcp-auth key new`: a server with the printed block accepts the printed key.

use std::path::Path;
use std::process::Output;

use mcp_auth::serde_json::json;
use mcp_auth::testing::Client;

use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

fn key_new(directory: &Path, arguments: &[&str]) -> Output {
    mcp_auth().current_dir(directory).args(["key", "new"]).args(arguments).output().unwrap()
}

/// The printed key, which must be the only output, on one line; and the block.
fn made(output: &Output) -> (String, String) {
    assert!(output.status.success(), "{}", stderr(output));
    let text = stdout(output);
    let key = text.strip_suffix('\n').unwrap();
    assert!(key.starts_with("mcpk_") && key.len() == 54, "{text:?}");
    let block = stderr(output);
    assert!(!block.contains(&key[5..48]), "the block holds no part of the key");
    (key.to_owned(), block)
}

#[tokio::test]
async fn made_key_is_accepted_by_a_server_with_its_block_and_may_do_what_was_asked_for() {
    let directory = todos::directory(&format!("[server]\nlisten = {:?}\n", todos::free_address()));
    let path = directory.path();
    let (key, block) = made(&key_new(path, &["ci \"1\"", "--scope", "todos.read", "--expires", "90d"]));
    let (bound, other) =
        made(&key_new(path, &["elsewhere", "--from", "10.0.0.0/8 ::1", "--scope", "todos.read"]));
    let (unknown, _) = made(&key_new(path, &["ci"]));
    let text = std::fs::read_to_string(path.join("mcp.toml")).unwrap();
    todos::file(&directory, "mcp.toml", &format!("{text}{block}{other}"));
    let running = todos::serve(path).await;

    let call = async |key: &str, tool: &str| {
        Client::new(running.resource()).token(key).call_tool(tool, json!({})).await
    };
    let listed = call(&key, "list_todos").await;
    assert_eq!((listed.status(), listed.text()), (200, Some("ci \"1\"")));
    assert_eq!(call(&key, "add_todo").await.status(), 403);
    for refused in [&bound, &unknown] {
        assert_eq!(call(refused, "list_todos").await.status(), 401);
    }
    running.stop().await;
}

#[test]
fn every_key_is_another_and_its_block_says_what_was_asked_for() {
    let here = std::env::temp_dir();
    let with = ["ci", "--scope", "a b", "--scope", "c", "--role", "manager", "--expires", "2099-01-31"];
    let (first, block) = made(&key_new(&here, &with));
    let (second, other) = made(&key_new(&here, &with));
    assert_ne!(first, second);
    assert_ne!(block, other);
    for line in [
        "[[auth.api_keys]]\nname = \"ci\"\ndigest = \"sha256:",
        "\nscopes = [\"a\", \"b\", \"c\"]\nroles = [\"manager\"]\nexpires = \"2099-01-31T00:00:00Z\"\n",
    ] {
        assert!(block.contains(line), "{block}");
    }
    let (_, plain) = made(&key_new(&here, &["ci"]));
    assert!(
        plain.contains("scopes = []\n") && !plain.contains("expires") && !plain.contains("roles"),
        "{plain}"
    );
}

#[test]
fn what_no_server_would_take_is_refused_before_a_key_is_made() {
    for (arguments, why) in [
        (&["ci", "--scope", "a\"b"][..], "--scope"),
        (&["ci", "--role", "a/b"], "the name of a role cannot contain '/'"),
        (&["ci", "--expires", "tomorrow"], "--expires"),
        (&["ci", "--expires", "2020-01-01"], "over already"),
        (&["ci", "--expires", "0s"], "over already"),
        (&["ci", "--from", "10.0.0.1/8"], "write it \"10.0.0.0/8\""),
        (&[" ci"], "visible characters"),
        (&[""], "visible characters"),
    ] {
        let output = key_new(&std::env::temp_dir(), arguments);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(stderr(&output).contains(why), "{arguments:?}: {}", stderr(&output));
    }
}
