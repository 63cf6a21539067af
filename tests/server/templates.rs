//! Scopes that a call fills: `scope = "files:{path.bucket}:read"`. The rest of the rule is said first, then the schema, then the
//! scope with the value of this call, then the guard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mcp_auth::prelude::*;
use mcp_auth::schemars::JsonSchema;
use mcp_auth::serde::Deserialize;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{Era, TestServer};

use crate::guards::said;

#[derive(Clone, Default)]
struct Files {
    ran: Arc<AtomicUsize>,
    asked: Arc<AtomicUsize>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Place {
    path: Path,
    #[serde(default)]
    project: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Path {
    bucket: String,
    #[serde(default)]
    depth: u32,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde")]
#[schemars(crate = "mcp_auth::schemars")]
struct Topic {
    name: String,
}

#[server]
impl Files {
    fn may_look(&self, place: &Place) -> Decision {
        self.asked.fetch_add(1, Ordering::SeqCst);
        match place.path.depth {
            7 => Decision::need("files:guarded:read"),
            8 => Decision::need("files:a:b:read"),
            _ => Decision::Allow,
        }
    }

    /// Reads one bucket.
    #[tool(scope = "files:{path.bucket}:read", guard = may_look)]
    fn read(&self, Parameters(place): Parameters<Place>) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        place.path.bucket
    }

    /// With a scope and a role besides, or alone with another one.
    #[tool(any_of = [["files.list", "files:{path.bucket}:read"], ["project:{project}:see"], ["files.admin"]], role = "staff")]
    fn list(&self, Parameters(place): Parameters<Place>) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        place.project.unwrap_or(place.path.bucket)
    }

    /// Explains one topic.
    #[prompt(scope = "topic:{name}:read")]
    fn explain(&self, Parameters(topic): Parameters<Topic>) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        topic.name
    }

    /// One bucket.
    #[resource(uri = "bucket://{bucket}/all", scope = "files:{bucket}:read")]
    fn bucket(&self, bucket: String) -> String {
        self.ran.fetch_add(1, Ordering::SeqCst);
        bucket
    }

    #[method("resources/subscribe", authenticated)]
    fn subscribe(&self) {}

    /// Declares what every login asks for.
    #[tool(scope = "base")]
    fn know(&self) {}
}

impl Files {
    fn counts(&self) -> (usize, usize) {
        (self.asked.swap(0, Ordering::SeqCst), self.ran.swap(0, Ordering::SeqCst))
    }
}

const TOML: &str = r#"
auth.base_scopes = ["base"]
[scopes."files:{}:read"]
description = "Read the files in"
[scopes."files.all"]
implies = ["files:public:read"]
[roles.staff]
when = { claim = "groups", contains = "staff" }
"#;

async fn started(more: &str) -> (Files, TestServer) {
    let files = Files::default();
    let builder = TestServer::builder(files.clone()).toml(more).expect("a configuration");
    let builder = builder.toml(TOML).expect("a configuration");
    (files, builder.start().await.expect("a server"))
}

fn place(bucket: &str) -> Value {
    json!({ "path": { "bucket": bucket } })
}

#[tokio::test]
async fn a_call_needs_the_scope_with_its_own_value_on_every_revision() {
    let (files, server) = started("").await;
    for era in Era::ALL {
        let nobody = server.client().era(era).call_tool("read", place("photos")).await;
        let challenge = nobody.challenge().expect("a challenge");
        assert_eq!((nobody.status(), challenge.scopes()), (401, vec!["base"]), "{era:?}: base_scopes alone");
        for (held, bucket, status, scope) in [
            ("files:photos:read", "photos", 200, None),
            ("files.all", "public", 200, None),
            ("files:photos:read", "public", 403, Some("files:photos:read files:public:read")),
            ("files.all", "photos", 403, Some("files:photos:read")),
            ("files:photos:write base", "photos", 403, Some("base files:photos:read")),
            ("files:*:read", "photos", 403, Some("files:photos:read")),
            ("files:{}:read", "photos", 403, Some("files:photos:read")),
            ("files:{path.bucket}:read", "photos", 403, Some("files:photos:read")),
            ("files:photos:read:x", "photos", 403, Some("files:photos:read")),
            ("Files:photos:read", "photos", 403, Some("files:photos:read")),
            ("files:Photos:read", "photos", 403, Some("files:Photos:read files:photos:read")),
        ] {
            let client = server.client().era(era).token(server.token("ann").scope(held));
            let answer = client.call_tool("read", place(bucket)).await;
            let (status_said, _, asked) = said(&answer);
            assert_eq!((status_said, asked.as_deref()), (status, scope), "{era:?} {held} {bucket}");
            let ran = usize::from(status == 200);
            assert_eq!(files.counts(), (ran, ran), "{era:?} {held} {bucket}");
        }
    }
}

#[tokio::test]
async fn a_value_that_fills_no_scope_is_an_error_of_the_tool_and_nothing_runs() {
    let (files, server) = started("").await;
    let long = "x".repeat(129);
    for era in Era::ALL {
        let holder = server.client().era(era).token(server.token("ann").scope("files:a:read"));
        for bucket in ["", "a:read files:b", "a/b", "a b", "*", "{}", "\u{e9}", "a\n", "a\u{0}", &long] {
            let answer = holder.call_tool("read", place(bucket)).await;
            let (status, text, scope) = said(&answer);
            assert_eq!((status, scope), (200, None), "{era:?} {bucket:?}");
            assert_eq!(answer.result().map(|result| &result["isError"]), Some(&json!(true)), "{bucket:?}");
            assert!(text.starts_with("`path.bucket` cannot be filled into a scope: "), "{text}");
            assert_eq!(files.counts(), (0, 0), "{bucket:?}");
        }
        // The schema is said before.
        for arguments in [json!({ "path": { "bucket": 5 } }), json!({ "path": {} }), json!({})] {
            let answer = holder.call_tool("read", arguments.clone()).await;
            assert_eq!(answer.result().map(|result| &result["isError"]), Some(&json!(true)), "{arguments}");
            assert!(!said(&answer).1.contains("scope"), "{}", answer.body());
            assert_eq!(files.counts(), (0, 0));
        }
    }
}

#[tokio::test]
async fn the_rest_of_the_rule_is_said_first_and_one_group_is_enough() {
    let (files, server) = started("").await;
    let staff = |held: &str| server.token("ann").scope(held).claim("groups", json!(["staff"]));
    for (held, bucket, project, status, scope) in [
        ("files.list files:a:read", "a", None, 200, None),
        ("files.list", "a", None, 403, Some("files.list files:a:read")),
        ("files:a:read", "a", Some("p"), 403, Some("files.list files:a:read")),
        ("project:p:see", "a", Some("p"), 200, None),
        ("project:p:see", "a", Some("q"), 403, Some("files.list files:a:read project:p:see")),
        // What a group needs of a value counts for that group alone.
        ("files.admin", "a/b", None, 200, None),
        ("project:p:see", "a/b", Some("p"), 200, None),
    ] {
        let arguments = json!({ "path": { "bucket": bucket }, "project": project });
        let answer = server.client().token(staff(held)).call_tool("list", arguments).await;
        let (status_said, text, asked) = said(&answer);
        assert_eq!((status_said, asked.as_deref()), (status, scope), "{held} {bucket} {project:?}: {text}");
        assert_eq!(files.counts().1, usize::from(status == 200), "{held}");
    }
    let stranger = server.token("ann").scope("files.list files:a:read");
    let answer = server.client().token(stranger).call_tool("list", place("a/b")).await;
    assert_eq!(said(&answer), (403, "this needs the role staff".to_owned(), None), "before the value");
    // Every alternative needs a value that does not fit.
    let answer = server.client().token(staff("files.list")).call_tool("list", place("a/b")).await;
    assert_eq!(answer.result().map(|result| &result["isError"]), Some(&json!(true)), "{}", answer.body());
    assert_eq!(files.counts(), (0, 0));
}

#[tokio::test]
async fn prompts_and_resources_are_filled_too() {
    let (files, server) = started("").await;
    for era in Era::ALL {
        let client = |held: &str| server.client().era(era).token(server.token("ann").scope(held));
        for (held, name, status) in
            [("topic:rust:read", "rust", 200), ("topic:rust:read", "go", 403), ("", "rust", 403)]
        {
            let answer = client(held).get_prompt("explain", json!({ "name": name })).await;
            assert_eq!(answer.status(), status, "{era:?} {held} {name}");
            assert_eq!(files.counts().1, usize::from(status == 200));
        }
        let misfit = client("topic:rust:read").get_prompt("explain", json!({ "name": "a b" })).await;
        assert_eq!(misfit.error_code(), Some(-32602), "{}", misfit.body());
        for (held, uri, status, code) in [
            ("files:a:read", "bucket://a/all", 200, None),
            // No URI of this template is written so: an unreserved character is written as itself.
            ("files:a:read", "bucket://%61/all", 200, Some(-32602)),
            ("files:a:read", "bucket://b/all", 403, Some(403)),
            ("files:a:read", "bucket://a%2Fb/all", 200, Some(-32602)),
            ("files:a:read", "bucket://a%20files:b/all", 200, Some(-32602)),
        ] {
            let answer = client(held).read_resource(uri).await;
            assert_eq!(
                (answer.status(), answer.error_code()),
                (status, code),
                "{era:?} {uri}: {}",
                answer.body()
            );
            assert_eq!(files.counts().1, usize::from(status == 200 && code.is_none()), "{uri}");
        }
    }
    let legacy = |held: &str| {
        let token = server.token("ann").scope(held);
        server.client().era(Era::Legacy("2025-11-25")).token(token)
    };
    for (uri, status) in [("bucket://a/all", 200), ("bucket://b/all", 403), ("bucket://a%2F/all", 403)] {
        let answer = legacy("files:a:read").request("resources/subscribe", json!({ "uri": uri })).await;
        assert_eq!(answer.status(), status, "{uri}: {}", answer.body());
    }
}

#[tokio::test]
async fn a_guard_may_want_a_scope_of_a_family_and_no_other_text() {
    let (_, server) = started("").await;
    let holder = || server.client().token(server.token("ann").scope("files:a:read"));
    let at = |depth: u32| json!({ "path": { "bucket": "a", "depth": depth } });
    let wanted = holder().call_tool("read", at(7)).await;
    assert_eq!(said(&wanted).2.as_deref(), Some("files:a:read files:guarded:read"));
    let unknown = holder().call_tool("read", at(8)).await;
    assert_eq!(said(&unknown), (403, "this could not be decided; it is refused".to_owned(), None));
}

#[tokio::test]
async fn lists_show_it_to_who_passes_the_rest_and_metadata_names_no_template() {
    let (_, server) = started("auth.visibility = \"granted\"\n").await;
    let names = |token: mcp_auth::testing::Token| {
        let client = server.client().token(token);
        async move { client.list_tools().await.body().to_owned() }
    };
    let plain = names(server.token("bob").scope("")).await;
    assert!(plain.contains("\"read\"") && !plain.contains("\"list\""), "{plain}");
    let staff = server.token("bob").scope("").claim("groups", json!(["staff"]));
    assert!(names(staff).await.contains("\"list\""));
    let url = server.at("/.well-known/oauth-protected-resource/mcp");
    let metadata: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
    assert_eq!(metadata["scopes_supported"], json!(["base", "files.admin", "files.list"]), "{metadata}");
}

#[tokio::test]
async fn more_characters_are_taken_where_the_operator_says_so() {
    let more = "[scopes.\"topic:{}:read\"]\nvalue_characters = \"/@\"\n";
    let (files, server) = started(more).await;
    let holder = server.client().token(server.token("ann").scope("topic:rust/async@1:read"));
    assert_eq!(holder.get_prompt("explain", json!({ "name": "rust/async@1" })).await.status(), 200);
    assert_eq!(files.counts().1, 1);
    let other = holder.get_prompt("explain", json!({ "name": "rust:async" })).await;
    assert_eq!(other.error_code(), Some(-32602));
    let bucket = server.client().token(server.token("ann").scope("files:a/b:read"));
    let answer = bucket.call_tool("read", place("a/b")).await;
    assert_eq!(answer.result().map(|result| &result["isError"]), Some(&json!(true)), "of that family alone");
}

#[tokio::test]
async fn what_could_be_taken_for_another_scope_does_not_start() {
    for (toml, why) in [
        (
            "[scopes.\"topic:{}:read\"]\nvalue_characters = \":\"",
            "scope \"topic:{}:read\" cannot have such values: ':' stands in the scope itself",
        ),
        (
            "[scopes.\"topic:{}:read\"]\nimplies = [\"files.list\"]",
            "has a value that each call chooses, so it implies nothing",
        ),
        // Who may choose a bucket of any name would choose what comes with this one.
        (
            "[scopes.\"topic:all:read\"]\nimplies = [\"files.list\"]",
            "scope \"topic:all:read\" has a value that each call chooses",
        ),
        (
            "[tools.list]\nscopes = [\"topic:all:read\"]",
            "scope \"topic:all:read\" is what calls with one value need, so no operation can need it besides",
        ),
        (
            "[scopes.\"files.list\"]\nimplies = []\nvalue_characters = \"/\"",
            "it has no `{}`, so it has no values",
        ),
        (
            "[scopes.\"topic:{}:write\"]\ndescription = \"x\"",
            "is declared by no operation and implies nothing; did you mean \"topic:{}:read\"?",
        ),
        ("[scopes.\"files.admin\"]\nimplies = [\"files:{}:read\"]", "{ and } are reserved in scopes"),
        ("[scopes.\"files:{bucket}:read\"]\ndescription = \"x\"", "write `{}` for each value"),
    ] {
        let builder = TestServer::builder(Files::default()).toml(toml);
        let error = match builder.and_then(|builder| builder.toml(TOML)) {
            Ok(builder) => builder.start().await.map(drop).expect_err(toml).to_string(),
            Err(error) => error.to_string(),
        };
        assert!(error.contains(why), "{toml}: {error}");
    }
}

struct Confusing;

#[server]
impl Confusing {
    #[tool(scope = "x.{name}")]
    fn one(&self, Parameters(_topic): Parameters<Topic>) {}

    #[tool(scope = "x.admin")]
    fn admin(&self) {}
}

struct Missing;

#[server]
impl Missing {
    #[tool(scope = "x:{nam}")]
    fn one(&self, Parameters(_topic): Parameters<Topic>) {}
}

struct NeverText;

#[server]
impl NeverText {
    #[tool(scope = "x:{path.depth}")]
    fn one(&self, Parameters(_place): Parameters<Place>) {}
}

/// A form of arguments in which another member says what is read.
#[derive(Deserialize, JsonSchema)]
#[serde(crate = "mcp_auth::serde", tag = "op", rename_all = "lowercase")]
#[schemars(crate = "mcp_auth::schemars")]
#[expect(dead_code, reason = "no call gets so far")]
enum Forms {
    Read { bucket: String },
    Copy { source: String },
}

struct OfSomeForms;

#[server]
impl OfSomeForms {
    #[tool(scope = "x:{bucket}")]
    fn one(&self, Parameters(_which): Parameters<Forms>) {}
}

#[tokio::test]
async fn a_scope_that_could_never_be_filled_or_told_from_another_does_not_start() {
    async fn refused<H: mcp_auth::Handler>(handler: H) -> String {
        let builder = TestServer::builder(handler).toml("auth.base_scopes = []").expect("a configuration");
        builder.start().await.map(drop).expect_err("a refusal").to_string()
    }
    let confusing = refused(Confusing).await;
    assert!(
        confusing.contains("a value can make scope \"x.{}\" the same as scope \"x.admin\""),
        "{confusing}"
    );
    let missing = refused(Missing).await;
    assert!(missing.contains("the scope x:{nam} of tool `one` can never be filled: `nam` names one of the tool's arguments, and is not among them: there are name"), "{missing}");
    let never = refused(NeverText).await;
    assert!(never.contains("`path.depth` names one of the tool's arguments, and is not a text"), "{never}");
    // A caller would name a bucket of its own beside what the other form reads.
    let some = refused(OfSomeForms).await;
    assert!(
        some.contains("`bucket` names one of the tool's arguments, and is not in each of their forms"),
        "{some}"
    );
}
