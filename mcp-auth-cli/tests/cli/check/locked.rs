//! `check --locked`: what a program declares, held against `mcp.lock`.

use std::process::Output;

use mcp_auth::serde_json::{self, Value, json};
use mcp_auth_runtime::facade::{Lock, operations_from_json};

use super::{check, json as printed};
use crate::process::{stderr, stdout};
use crate::todos;

/// What the small server prints for `--scopes json`, with hashes.
fn operations() -> Value {
    let mut table: Value = serde_json::from_str(todos::OPERATIONS).unwrap();
    for row in table["operations"].as_array_mut().unwrap() {
        let name = row["name"].as_str().unwrap().to_owned();
        row["hashes"] =
            json!({ "description": format!("sha256:{name}1"), "arguments": format!("sha256:{name}2") });
    }
    table
}

/// The same with other members of the operation `name`.
fn with(name: &str, members: Value) -> Value {
    let mut table = operations();
    let rows = table["operations"].as_array_mut().unwrap();
    let row = rows.iter_mut().find(|row| row["name"] == name).unwrap();
    row.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    table
}

fn lock(operations: &Value) -> String {
    Lock::of(&operations_from_json(&operations.to_string()).unwrap()).unwrap().to_string()
}

/// Checks `now` against the lock of what the small server declares, or against this text.
fn locked(now: &Value, lock_text: Option<&str>, arguments: &[&str]) -> Output {
    let directory = todos::directory("[auth]\nbase_scopes = []\n[issuer]\n");
    todos::file(&directory, "operations.json", &now.to_string());
    todos::file(&directory, "mcp.lock", lock_text.unwrap_or(&lock(&operations())));
    check(directory.path(), &[&["--scopes", "operations.json"], arguments].concat())
}

#[test]
fn operations_that_are_what_the_lock_says_pass_and_others_pass_only_unasked() {
    let same = locked(&operations(), None, &["--locked"]);
    assert_eq!(same.status.code(), Some(0), "{}", stdout(&same));
    assert!(
        stdout(&same).contains("\nLocked\n  all 3 operations are what mcp.lock says\n"),
        "{}",
        stdout(&same)
    );
    assert!(stdout(&same).contains("\nfine, with "), "{}", stdout(&same));

    let wider = with("add_todo", json!({ "rule": "public", "scopes": [] }));
    assert_eq!(locked(&wider, None, &[]).status.code(), Some(0));
    let refused = locked(&wider, None, &["--locked"]);
    assert_eq!(refused.status.code(), Some(1), "{}", stdout(&refused));
    for line in [
        "  differs: tool `add_todo` has a wider rule: more callers may use it; before: todos.write; now: public",
        "  mcp.lock: if that is meant, run `cargo run -- --scopes lock` and have the new mcp.lock reviewed",
        "refused: the operations are not what the lock says",
    ] {
        assert!(stdout(&refused).lines().any(|said| said == line), "{line}\nis not in\n{}", stdout(&refused));
    }
}

#[test]
fn each_difference_fails_and_is_named() {
    let mut fewer = operations();
    fewer["operations"].as_array_mut().unwrap().remove(0);
    let mut more = operations();
    let mut new = with("ping", json!({ "name": "wipe" }))["operations"][2].clone();
    new["description"] = "Wipes\u{9b}2J.".into();
    more["operations"].as_array_mut().unwrap().push(new);
    let hashes = |arguments: &str| json!({ "description": "sha256:add_todo1", "arguments": arguments });
    for (now, change, line) in [
        (with("ping", json!({ "rule": "authenticated" })), "narrower", "tool `ping` has a narrower rule"),
        (with("add_todo", json!({ "scopes": ["todos.read"] })), "other", "tool `add_todo` has another rule"),
        (
            with("add_todo", json!({ "hashes": hashes("sha256:x") })),
            "arguments",
            "tool `add_todo` has another schema of its arguments",
        ),
        (
            with("add_todo", json!({ "hashes": { "arguments": "sha256:add_todo2" } })),
            "description",
            "tool `add_todo` has another description; before: sha256:add_todo1; now: none",
        ),
        (fewer, "gone", "tool `list_todos` is gone; its rule was: todos.read"),
        (more, "new", "tool `wipe` is new; its rule: public"),
    ] {
        let output = locked(&now, None, &["--locked"]);
        assert_eq!(output.status.code(), Some(1), "{line}: {}", stdout(&output));
        assert!(
            stdout(&output).contains(&format!("  differs: {line}")),
            "{line}\nis not in\n{}",
            stdout(&output)
        );
        assert!(!stdout(&output).contains('\u{9b}'));
        let output = locked(&now, None, &["--locked", "--json"]);
        assert_eq!(output.status.code(), Some(1), "{line}");
        let report = printed(&output);
        assert_eq!((&report["verdict"], &report["locked"]["file"]), (&json!("unlocked"), &json!("mcp.lock")));
        let differences = report["locked"]["differences"].as_array().unwrap();
        assert_eq!((differences.len(), &differences[0]["change"]), (1, &json!(change)), "{line}");
        assert!(differences[0]["said"].as_str().unwrap().starts_with(line), "{}", differences[0]);
    }
    let same = printed(&locked(&operations(), None, &["--locked", "--json"]));
    assert_eq!((&same["verdict"], &same["locked"]["differences"]), (&json!("unwise"), &json!([])));
    assert_eq!(printed(&locked(&operations(), None, &["--json"]))["locked"], Value::Null);
}

#[test]
fn what_differs_is_said_also_where_the_configuration_is_refused() {
    let directory = todos::directory(&todos::configured("127.0.0.1:4711"));
    let now = with("add_todo", json!({ "rule": "public", "scopes": [] }));
    todos::file(&directory, "operations.json", &now.to_string());
    todos::file(&directory, "mcp.lock", &lock(&operations()));
    let output = check(directory.path(), &["--scopes", "operations.json", "--locked"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("scopes.\"todos.write\""), "{}", stderr(&output));
    assert!(stdout(&output).contains("  differs: tool `add_todo` has a wider rule"), "{}", stdout(&output));
    let output = check(directory.path(), &["--scopes", "operations.json", "--locked", "--json"]);
    let refused = printed(&output);
    assert_eq!(
        (&refused["verdict"], &refused["locked"]["differences"][0]["change"]),
        (&json!("refused"), &json!("wider"))
    );
}

#[test]
fn what_a_configuration_adds_is_not_a_difference() {
    let toml = todos::configured("127.0.0.1:4711")
        + "[tools.ping]\ndisabled = true\n[tools.add_todo]\nscopes = [\"todos.read\"]\n";
    let directory = todos::directory(&toml);
    todos::file(&directory, "operations.json", &operations().to_string());
    let elsewhere = todos::file(&directory, "reviewed.lock", &lock(&operations()));
    let at = format!("--locked={}", elsewhere.display());
    let output = check(directory.path(), &["--scopes", "operations.json", &at]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("all 3 operations are what"), "{}", stdout(&output));
}

#[test]
fn without_a_lock_that_can_be_read_nothing_passes_for_checked() {
    let conflict = lock(&operations()).replacen("rule", "<<<<<<< HEAD\nrule", 1);
    let old: Value = serde_json::from_str(todos::OPERATIONS).unwrap();
    for (output, why) in [
        (
            locked(&operations(), Some(&conflict), &["--locked"]),
            "--locked: mcp.lock: not what `--scopes lock` writes",
        ),
        (locked(&operations(), Some("version = 9"), &["--locked"]), "its version is 9"),
        (locked(&operations(), Some(""), &["--locked"]), "missing field `version`"),
        (
            locked(&operations(), None, &["--locked=gone.lock"]),
            "gone.lock is not there: `cargo run -- --scopes lock` writes it",
        ),
        (locked(&operations(), None, &["--locked=."]), "--locked: .: "),
        (locked(&old, None, &["--locked"]), "comes without a hash of its schema"),
    ] {
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{why}");
        assert!(stderr(&output).contains(why), "{why}: {}", stderr(&output));
    }
    let directory = todos::directory(&todos::configured("127.0.0.1:4711"));
    let unasked = check(directory.path(), &["--locked"]);
    assert_eq!(unasked.status.code(), Some(2));
    assert!(stderr(&unasked).contains("--scopes"), "{}", stderr(&unasked));
}
