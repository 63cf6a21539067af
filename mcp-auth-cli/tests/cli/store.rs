//! `mcp-auth store`: what is in the store of a server, a backup that is whole or not there, and a copy with another key.

use std::path::Path;
use std::process::Output;

use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const OTHER: &str = "aa112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn store(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = mcp_auth();
    command.current_dir(directory).arg("store").args(arguments);
    command.env("STORE_KEY", KEY).env("OTHER_KEY", OTHER).output().unwrap()
}

fn done(directory: &Path, arguments: &[&str]) -> String {
    let output = store(directory, arguments);
    assert!(output.status.success(), "{arguments:?}: {}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

fn refused(directory: &Path, arguments: &[&str], why: &str) {
    let output = store(directory, arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains(why), "{}", stderr(&output));
    assert!(!stderr(&output).contains("00112233"), "{}", stderr(&output));
}

/// A directory whose configuration has its store in `file`.
fn configured(file: &str) -> tempfile::TempDir {
    let section = format!("[store]\nurl = \"sqlite:{file}\"\nkey = \"file:store.key\"\n");
    let directory = todos::directory(&section);
    let key = todos::file(&directory, "store.key", KEY);
    #[cfg(unix)]
    std::fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    directory
}

#[tokio::test]
async fn what_a_login_left_is_in_the_backup_and_in_the_copy() {
    let directory = configured("todos.sqlite");
    let path = directory.path();
    assert!(done(path, &["migrate"]).contains("todos.sqlite has the tables of this release"));
    let empty = done(path, &["check"]);
    assert!(empty.contains("todos.sqlite is open, and its key fits"), "{empty}");
    assert!(!empty.contains("clients"), "{empty}");

    // A server with this store, at which a client registers.
    let listen = todos::free_address();
    let with =
        format!("{}{}", todos::configured(&listen), std::fs::read_to_string(path.join("mcp.toml")).unwrap());
    todos::file(&directory, "mcp.toml", &with);
    let running = todos::serve(path).await;
    let metadata =
        mcp_auth::serde_json::json!({ "redirect_uris": ["http://127.0.0.1/cb"], "client_name": "An app" });
    let registered =
        reqwest::Client::new().post(format!("http://{listen}/register")).json(&metadata).send().await;
    assert_eq!(registered.unwrap().status(), 201);
    running.stop().await;

    let census = done(path, &["check"]);
    assert!(census.contains("1  clients"), "{census}");
    let saved = done(path, &["backup", "saved.jsonl"]);
    assert!(saved.contains("are in saved.jsonl"), "{saved}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(path.join("saved.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
    refused(path, &["backup", "saved.jsonl"], "saved.jsonl is there already");
    refused(path, &["restore", "saved.jsonl"], "the store to fill is not empty");

    let other = configured("restored.sqlite");
    std::fs::copy(path.join("saved.jsonl"), other.path().join("saved.jsonl")).unwrap();
    done(other.path(), &["restore", "saved.jsonl"]);
    // A counter is forgotten as soon as its next arrival would conform anyway.
    let lasting = |line: &&str| !line.contains("counters");
    let counts = |said: &str| said.lines().skip(1).filter(lasting).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(counts(&census), counts(&done(other.path(), &["check"])));

    let copy = ["copy", "--to", "sqlite:copy.sqlite", "--to-key", "env:OTHER_KEY"];
    let copied = done(path, &copy);
    assert!(copied.contains("are in ") && copied.contains("copy.sqlite"), "{copied}");
    refused(path, &copy, "the store to fill is not empty");
    let back =
        ["copy", "--from", "sqlite:copy.sqlite", "--from-key", "env:OTHER_KEY", "--to", "sqlite:back.sqlite"];
    done(path, &[&back[..], &["--to-key", "env:STORE_KEY"]].concat());
    refused(
        path,
        &[
            "copy",
            "--from",
            "sqlite:copy.sqlite",
            "--from-key",
            "env:STORE_KEY",
            "--to",
            "sqlite:x",
            "--to-key",
            "env:STORE_KEY",
        ],
        "--from: the store is encrypted with another key",
    );
}

#[test]
fn a_store_that_cannot_be_opened_or_is_not_one_is_said_so() {
    let directory = configured("/nowhere/at/all/todos.sqlite");
    refused(directory.path(), &["check"], "cannot open the store /nowhere/at/all/todos.sqlite");
    let memory = todos::directory("");
    refused(memory.path(), &["check"], "a store in memory, which only its server has");
    let good = configured("todos.sqlite");
    std::fs::write(good.path().join("text"), "not a backup\n").unwrap();
    refused(good.path(), &["restore", "text"], "line 1 of the backup: this is not a backup of a store");
    refused(good.path(), &["restore", "nothing"], "the backup cannot be read or written");
    refused(good.path(), &["backup", "no/such/directory"], "cannot be written");
    let with_password = "postgres://me:hunter2@localhost/x";
    let output = store(good.path(), &["copy", "--to", with_password, "--to-key", "env:OTHER_KEY"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("it holds a password"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("hunter2"), "{}", stderr(&output));
    let output = store(good.path(), &["copy", "--to", "sqlite:x", "--to-key", KEY]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--to-key must say where the secret is"), "{}", stderr(&output));
    assert!(!stderr(&output).contains("00112233"), "{}", stderr(&output));
}
