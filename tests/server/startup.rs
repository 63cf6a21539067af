//! What a process says and how it exits when it does not serve: refusals, `--scopes`, `--help`, `--version`.

use std::time::Duration;

use mcp_auth::serde_json;
use serde_json::{Value, json};

use crate::everything;
use crate::launch::{self, Issuer};
use crate::process::Launch;

/// `everything` with the built-in issuer: starts as it is.
fn built_in() -> Launch {
    launch::toml(everything::CONFIG)
        .variable("MCP_ISSUER__ENABLED", "true")
        .variable("MCP_SERVER__LISTEN", "127.0.0.1:0")
}

#[tokio::test]
async fn a_bad_value_or_key_stops_the_start_and_is_named_with_its_source() {
    for (toml, reasons) in [
        ("[auth]\nverfy = \"none\"", &["unknown key auth.verfy in mcp.toml", "verify"][..]),
        ("[auht]\nverify = \"none\"", &["unknown key auht in mcp.toml", "auth"]),
        ("[auth]\nverify = \"non\"", &["verify is \"non\"", "auth.verify in mcp.toml", "\"none\""]),
        ("[auth]\nmode = \"embedded\"", &["auth.mode is gone", "[issuer]", "auth.mode in mcp.toml"]),
        ("[auth.embedded]\nusers = []", &["write users in [issuer]", "auth.embedded.users in mcp.toml"]),
        ("[server]\nlisten = \"localhost:8080\"", &["server.listen in mcp.toml"]),
        ("[limits]\nbody = \"1 KB\"", &["limits.body in mcp.toml"]),
        (
            "[[auth.issuers]]\nissuer = \"https://issuer.example\"\nclock_skew = \"900s\"",
            &["clock_skew is \"900s\", at most \"5m\": auth.issuers[0].clock_skew in mcp.toml"],
        ),
        (
            "[[auth.issuers]]\nissuer = \"https://issuer.example\"\nclock_skew = \"-1s\"",
            &["auth.issuers[0].clock_skew in mcp.toml"],
        ),
        (
            "[[auth.issuers]]\nissuer = \"https://issuer.example\"\naudience = \"\"",
            &["auth.issuers[0].audience in mcp.toml"],
        ),
        (
            "[[auth.issuers]]\nissuer = \"https://issuer.example\"\naudience = \"*\"",
            &["auth.issuers[0].audience in mcp.toml"],
        ),
        (
            "[[auth.issuers]]\nissuer = \"https://issuer.example\"\nalgorithms = [\"none\"]",
            &["none", "auth.issuers[0].algorithms", "mcp.toml"],
        ),
        (
            "[[auth.issuers]]\nissuer = \"https://issuer.example\"\nalgorithms = [\"HS256\"]",
            &["HS256", "auth.issuers[0].algorithms", "mcp.toml"],
        ),
        ("[[auth.issuers]]\nissuer = \"https://issuer.example/#x\"", &["auth.issuers[0].issuer in mcp.toml"]),
        ("[auth", &["mcp.toml is not valid TOML", "line 1"]),
        ("[log]\nfilter = \"a=b=c\"", &["log.filter in mcp.toml"]),
    ] {
        let ended = launch::toml(toml).run().await;
        ended.refused(reasons);
    }
}

#[tokio::test]
async fn every_mistake_is_named_at_once() {
    let launch = launch::toml("[auth]\nverfy = 1\n[server]\nlisten = \"nowhere\"");
    let ended = launch.variable("MCP_LIMITS__HEADERS", "-1").run().await;
    ended.refused(&["auth.verfy in mcp.toml", "server.listen in mcp.toml", "MCP_LIMITS__HEADERS"]);
}

#[tokio::test]
async fn what_each_stage_would_refuse_is_named_in_one_start() {
    let toml = "[server]\npublic_url = \"http://a.example/mcp\"\n[limits]\nbody = \"1 KB\"\n[scopes.raed]\ndescription = \"x\"\n\
                [[auth.issuers]]\nissuer = \"https://issuer.example\"\n";
    let ended = launch::toml(toml).run().await;
    ended.refused(&[
        "limits.body in mcp.toml, line 4",
        "server.public_url in mcp.toml, line 2",
        "scopes.raed in mcp.toml, line 5",
        "auth.base_scopes",
    ]);
}

#[tokio::test]
async fn a_combination_that_is_not_safe_stops_the_start_by_name() {
    let scoped = "base_scopes = [\"base\"]";
    for (toml, reasons) in [
        (
            format!("[auth]\nverify = \"none\"\n{scoped}"),
            &["verify is \"none\", but tool `whoami` needs", "auth.verify in mcp.toml"][..],
        ),
        (String::new(), &["no issuer is configured", "auth.issuers (not set)"]),
        (
            format!("[auth]\n{scoped}\n[issuer]\nenabled = false"),
            &["no issuer is configured", "auth.issuers (not set)"],
        ),
        (
            format!("[auth]\n{scoped}\n[[auth.issuers]]\nissuer = \"http://127.0.0.1:8080\"\n[issuer]"),
            &["is the built-in issuer", "auth.issuers[0].issuer in mcp.toml"],
        ),
        ("[issuer]".to_owned(), &["auth.base_scopes must say", "auth.base_scopes (not set)"]),
        (
            format!(
                "[server]\nlisten = \"0.0.0.0:0\"\n[auth]\n{scoped}\n[[auth.issuers]]\nissuer = \"https://i.example\""
            ),
            &["listen is 0.0.0.0:0", "public_url must say", "server.listen in mcp.toml"],
        ),
        (
            format!("[server]\nlisten = \"0.0.0.0:0\"\n[issuer]\n[auth]\n{scoped}"),
            &["asks for no proof", "server.listen in mcp.toml"],
        ),
        (
            format!("[server]\npublic_url = \"https://x.example/mcp\"\n[issuer]\n[auth]\n{scoped}"),
            &["asks for no proof", "server.public_url in mcp.toml"],
        ),
        (
            format!("[auth]\n{scoped}\n[[auth.issuers]]\nissuer = \"http://issuer.example\""),
            &["off loopback it must start with https://", "auth.issuers[0].issuer in mcp.toml"],
        ),
        (
            format!("[issuer]\n[auth]\n{scoped}\n[scopes.raed]"),
            &[
                "scope \"raed\" is declared by no operation",
                "did you mean \"read\"",
                "scopes.raed in mcp.toml",
            ],
        ),
        (
            format!(
                "[issuer]\n[auth]\n{scoped}\n[scopes.read]\nimplies = [\"write\"]\n[scopes.write]\nimplies = [\"read\"]"
            ),
            &["read", "write", "implies", "in mcp.toml"],
        ),
        (
            "[issuer]\n[auth]\nbase_scopes = [\"offline_access\"]".to_owned(),
            &["offline_access", "auth.base_scopes in mcp.toml"],
        ),
    ] {
        launch::toml(&toml).run().await.refused(reasons);
    }
    // The twin: without an operation to protect, no caller needs to be verified.
    let server = launch::toml("[auth]\nverify = \"none\"")
        .variable("TEST_SERVER", "open")
        .variable("MCP_SERVER__LISTEN", "127.0.0.1:0");
    let answer = server.http().await.client().call_tool("ping", json!({})).await;
    assert_eq!(answer.text(), Some("pong"));
}

#[tokio::test]
async fn an_unknown_argument_stops_the_start() {
    for (arguments, reason) in [
        (&["--lisen", "127.0.0.1:0"][..], "unknown argument --lisen; did you mean --listen?"),
        (&["--frobnicate"], "unknown argument --frobnicate; --help lists the arguments"),
        (&["-x"], "unknown argument -x"),
        (&["serve"], "unexpected argument \"serve\""),
        (&["--scopes=yaml"], "expected \"json\", \"lock\" or \"text\""),
        (&["--listen", "127.0.0.1:0", "--listen", "127.0.0.1:1"], "--listen is given twice"),
        (&["--config"], "--config"),
        (&["--listen", "nowhere"], "server.listen in argument --listen"),
        (&["--transport", "smoke"], "server.transport in argument --transport"),
    ] {
        built_in().arguments(arguments).run().await.refused(&[reason]);
    }
}

#[tokio::test]
async fn a_configuration_that_is_not_there_stops_the_start_and_each_path_tried_is_named() {
    let nowhere = launch::nowhere();
    let here = nowhere.path("mcp.toml").display().to_string();
    nowhere.run().await.refused(&["no configuration file found; tried ", &here, "--config"]);
    let named = built_in().arguments(&["--config", "no.toml"]);
    let path = named.path("no.toml").display().to_string();
    named.run().await.refused(&[&path, "named by --config", "cannot be read"]);
    built_in().variable("MCP_CONFIG", "no.toml").run().await.refused(&["no.toml", "named by MCP_CONFIG"]);
    built_in().arguments(&["--profile", "dev"]).run().await.refused(&["mcp.dev.toml", "named by --profile"]);
}

#[tokio::test]
async fn the_environment_is_a_layer_over_the_file_and_arguments_over_both() {
    let bad = built_in().variable("MCP_SERVER__LISTEN", "nowhere");
    bad.run().await.refused(&["server.listen in environment variable MCP_SERVER__LISTEN"]);
    let unknown = built_in().variable("MCP_SERVER__LISTN", "127.0.0.1:0");
    unknown.run().await.refused(&["MCP_SERVER__LISTN", "listen"]);
    let over_both = built_in()
        .variable("MCP_SERVER__LISTEN", "127.0.0.1:1")
        .arguments(&["--listen", "127.0.0.1:0"])
        .http();
    let answer = over_both.await.client().call_tool("ping", json!({})).await;
    assert_eq!(answer.text(), Some("pong"));
    let mut pipe = launch::toml("[server]\ntransport = \"http\"\nlisten = \"127.0.0.1:1\"")
        .variable("TEST_SERVER", "open")
        .variable("MCP_SERVER__TRANSPORT", "stdio")
        .piped();
    assert_eq!(crate::process::text(&pipe.call_tool("ping", json!({})).await), "pong");
}

#[tokio::test]
async fn a_port_in_use_stops_the_start() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = built_in().arguments(&["--listen", &address]).run().await;
    ended.refused(&[&format!("cannot listen on {address} (server.listen)"), "in use"]);
}

#[tokio::test]
async fn scopes_prints_every_operation_without_a_configuration_and_leaves_nothing_behind() {
    let launch = launch::nowhere().arguments(&["--scopes"]);
    let directory = launch.directory();
    let ended = launch.run().await;
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    let mut lines = ended.stdout.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(lines.next().unwrap(), ["KIND", "OPERATION", "RULE", "DESCRIPTION"]);
    let rows: Vec<_> = lines.map(|words| words.join(" ")).collect();
    for row in [
        "tool ping public Anyone.",
        "tool whoami authenticated Any verified caller.",
        "tool write_note write Needs write.",
        "tool export_notes export and read Needs both.",
        "tool audit_log audit or admin Needs one of two; the challenge names the first.",
        "resource note://all read A fixed resource.",
        "resource template note://{id} read One note.",
        "prompt summarize read A prompt.",
        "method acme/report write",
    ] {
        assert!(rows.iter().any(|found| found == row), "expected {row:?} in {rows:#?}");
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn scopes_json_prints_the_same_for_machines() {
    for arguments in [&["--scopes", "json"][..], &["--scopes=json"]] {
        let ended = launch::nowhere().arguments(arguments).run().await;
        assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        let table: Value = serde_json::from_str(&ended.stdout).unwrap();
        assert_eq!(table["scopes"], json!(["admin", "audit", "base", "export", "read", "write"]));
        let operations = table["operations"].as_array().unwrap();
        let named = |name: &str| operations.iter().find(|operation| operation["name"] == name).unwrap();
        let expected = json!({
            "kind": "tool", "name": "export_notes", "rule": "all", "scopes": ["export", "read"],
            "description": "Needs both.",
        });
        let mut printed = named("export_notes").clone();
        let hashes = printed.as_object_mut().unwrap().remove("hashes").unwrap();
        assert_eq!(printed, expected);
        for part in ["description", "arguments"] {
            assert!(hashes[part].as_str().unwrap().starts_with("sha256:"), "{hashes}");
        }
        assert_eq!(named("ping")["rule"], "public");
        assert_eq!(named("audit_log")["rule"], "any");
    }
}

#[tokio::test]
async fn scopes_lock_writes_a_file_that_can_be_reviewed_and_is_the_same_each_time() {
    for arguments in [&["--scopes", "lock"][..], &["--scopes=lock"]] {
        let launch = launch::nowhere().arguments(arguments);
        let directory = launch.directory();
        let ended = launch.run().await;
        assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        assert!(ended.stdout.starts_with("wrote mcp.lock: "), "{}", ended.stdout);
        let text = std::fs::read_to_string(directory.path().join("mcp.lock")).unwrap();
        for block in [
            "[tool.ping]\nrule = \"public\"\ndescription = \"sha256:",
            "[tool.export_notes]\nrule = \"all\"\nscopes = [\"export\", \"read\"]\ndescription = \"sha256:",
            "[resource_template.\"note://{id}\"]\nrule = \"all\"\nscopes = [\"read\"]\n",
            "[method.\"acme/report\"]\nrule = \"all\"\nscopes = [\"write\"]\n",
        ] {
            assert!(text.contains(block), "{block}\nis not in\n{text}");
        }
        let printed = launch::nowhere().arguments(&["--scopes", "json"]).run().await.stdout;
        let declared = mcp_auth_runtime::facade::operations_from_json(&printed).unwrap();
        assert_eq!(mcp_auth_runtime::facade::Lock::of(&declared).unwrap().to_string(), text);
    }
}

#[tokio::test]
async fn a_lock_that_cannot_be_written_is_a_failure_and_says_so() {
    let launch = launch::nowhere().arguments(&["--scopes", "lock"]);
    let directory = launch.directory();
    std::fs::create_dir(directory.path().join("mcp.lock")).unwrap();
    launch.run().await.refused(&["cannot write mcp.lock: "]);
}

#[tokio::test]
async fn help_and_version_are_printed_to_stdout_with_every_configuration() {
    for (arguments, starts) in [
        (&["--help"][..], "everything 0.0.0\nOne of everything.\n\nUsage: everything"),
        (&["-h"], "everything 0.0.0\nOne of everything.\n\nUsage: everything"),
        (&["--version"], "everything 0.0.0\n"),
        (&["-V"], "everything 0.0.0\n"),
    ] {
        for launch in [launch::nowhere(), launch::toml("[nonsense")] {
            let ended = launch.arguments(arguments).run().await;
            assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
            assert!(ended.stdout.starts_with(starts), "{ended:?}");
            for argument in ["--config", "--profile", "--transport", "--listen", "--scopes"] {
                let helps = arguments[0].contains('h');
                assert_eq!(ended.stdout.contains(argument), helps, "{argument}: {ended:?}");
            }
        }
    }
}

#[tokio::test]
async fn warnings_do_not_stop_a_start_and_the_banner_says_where_it_is() {
    let issuer = Issuer::start().await;
    let mut pipe = launch::trusting(&issuer)
        .variable("MCP_SEVER__LISTEN", "nowhere")
        .variable("MCP_TIMEOUT", "5")
        .variable("MCP_AUTH__BASE_SCOPES", "[]")
        .piped();
    pipe.hears("MCP_SEVER__LISTEN").await;
    pipe.hears("base_scopes").await;
    pipe.hears("everything 0.0.0 listens on 127.0.0.1:").await;
    pipe.hears("https://everything.test/mcp").await;
    #[cfg(unix)]
    {
        pipe.terminate().await;
        pipe.ended(Duration::from_secs(10)).await.well();
    }
    #[cfg(not(unix))]
    let _ = Duration::ZERO;
}
