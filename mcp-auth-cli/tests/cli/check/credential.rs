//! `mcp-auth check` over stdio: whom the credential names, what it may call, and what a start would refuse about it.

use std::process::Output;
use std::sync::Arc;

use mcp_auth::ambient::{SystemClock, SystemRandom};
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{TestIssuer, Token};
use mcp_auth_core::ApiKey;
use mcp_auth_runtime::facade::ApiKeyDigest;
use mcp_auth_tests::process::private;

use super::json as parsed;
use crate::process::{mcp_auth, stderr, stdout};
use crate::todos;

const RESOURCE: &str = "https://todos.acme.io/mcp";

/// A server over stdio whose credential is in the variable CREDENTIAL, with these lines at the end.
fn over_stdio(more: &str) -> String {
    format!(
        "[server]\ntransport = \"stdio\"\npublic_url = {RESOURCE:?}\n[stdio]\ncredential = \"env:CREDENTIAL\"\n\
         [auth]\nbase_scopes = []\n{more}"
    )
}

/// The lines of a server that trusts an issuer which nothing answers for.
const TRUSTING: &str = "[[auth.issuers]]\nissuer = \"https://login.acme.io/\"\n";

/// The block of an API key, with these lines in it.
fn block(key: &ApiKey, more: &str) -> String {
    let digest = ApiKeyDigest::of(key);
    format!(
        "[[auth.api_keys]]\nname = \"nightly\"\ndigest = \"{digest}\"\nscopes = [\"todos.read\"]\n{more}\n"
    )
}

fn token() -> Token {
    TestIssuer::new("https://login.acme.io/", Arc::new(SystemClock)).token("alice", RESOURCE)
}

/// What the check of `toml` says, where the credential is this text; it shows no part of it.
fn check(toml: &str, credential: &str, arguments: &[&str]) -> Output {
    let directory = todos::directory(toml);
    todos::file(&directory, "operations.json", todos::OPERATIONS);
    let mut command = mcp_auth();
    command.current_dir(directory.path()).env("CREDENTIAL", credential);
    let output = command.args(["check"]).args(arguments).output().unwrap();
    let said = format!("{}{}", stdout(&output), stderr(&output));
    let shown = credential.split('.').filter(|part| part.len() > 8).find(|part| said.contains(part));
    assert_eq!(shown, None, "a part of the credential is shown: {said}");
    output
}

/// The report on a server that would start.
fn accepted(toml: &str, credential: &str) -> Value {
    let output = check(toml, credential, &["--json", "--scopes", "operations.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    parsed(&output)["serves"].clone()
}

/// Why such a server would not start.
fn refused(toml: &str, credential: &str) -> String {
    let output = check(toml, credential, &["--json", "--scopes", "operations.json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stdout(&output));
    let report = parsed(&output);
    let [why] = &report["errors"].as_array().unwrap()[..] else { panic!("{report}") };
    let why = why.as_str().unwrap().to_owned();
    assert!(
        why.starts_with("the credential in environment variable CREDENTIAL (stdio.credential): "),
        "{why}"
    );
    why
}

#[test]
fn an_api_key_is_named_with_what_it_holds_and_may_call() {
    let key = ApiKey::make(&SystemRandom);
    let toml =
        over_stdio(&(block(&key, "roles = [\"manager\"]\nexpires = 2099-01-31") + "[roles.manager]\n"));
    let serves = accepted(&toml, key.expose());
    let who = json!({
        "by": "api-key", "issuer": "urn:mcp-auth:api-key", "subject": "nightly", "client": null,
        "scopes": ["todos.read"], "roles": ["manager"], "expires": "2099-01-31T00:00:00Z", "signature_checked": true,
    });
    assert_eq!(serves["who"], who);
    assert_eq!(serves["may_call"], json!(["list_todos", "ping"]));

    let text = stdout(&check(&toml, key.expose(), &["--scopes", "operations.json"]));
    for line in [
        "  caller    the bearer of the credential in environment variable CREDENTIAL",
        "  known as  \"nightly\" of urn:mcp-auth:api-key",
        "  scopes    todos.read",
        "  roles     manager",
        "  until     2099-01-31T00:00:00Z",
        "  may call  list_todos, ping",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}\nis not in\n{text}");
    }
    // Without the operations the command says how it gets them.
    let text = stdout(&check(&toml, key.expose(), &[]));
    assert!(text.contains("  may call  the operations say: your-server --scopes json | "), "{text}");
    assert!(text.contains("  scopes    todos.read\n"), "{text}");
}

#[test]
fn an_api_key_in_a_file_is_judged_like_one_in_a_variable() {
    let key = ApiKey::make(&SystemRandom);
    let toml = over_stdio(&block(&key, "")).replace("env:CREDENTIAL", "file:key");
    for (text, code) in [(key.expose().to_owned(), 0), (ApiKey::make(&SystemRandom).expose().to_owned(), 1)] {
        let directory = todos::directory(&toml);
        let file = todos::file(&directory, "key", &format!("{text}\n"));
        private(&file);
        let output = mcp_auth().current_dir(directory.path()).arg("check").output().unwrap();
        let said = format!("{}{}", stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(&format!("secret file {}", file.display())) && !said.contains(&text), "{said}");
        assert_eq!(said.contains("\"nightly\" of urn:mcp-auth:api-key"), code == 0, "{said}");
        assert_eq!(said.contains("API key is not one of auth.api_keys"), code == 1, "{said}");
    }
}

#[test]
fn an_api_key_that_a_start_would_refuse_is_refused_and_why_is_said() {
    let key = ApiKey::make(&SystemRandom);
    let other = ApiKey::make(&SystemRandom);
    let last = key.expose().chars().last().unwrap();
    let mistyped =
        format!("{}{}", &key.expose()[..key.expose().len() - 1], if last == 'a' { 'b' } else { 'a' });
    let denied = "[[auth.deny]]\napi_key = \"nightly\"\n";
    for (more, presented, why) in [
        ("", other.expose(), "API key is not one of auth.api_keys"),
        ("", &mistyped, "checksum"),
        ("expires = 2020-01-31", key.expose(), "API key `nightly` expired "),
        ("allowed_addresses = [\"10.0.0.0/8\"]", key.expose(), "by its allowed_addresses"),
        (denied, key.expose(), "API key `nightly`, whose digest begins with "),
    ] {
        let said = refused(&over_stdio(&block(&key, more)), presented);
        assert!(said.contains(why), "{why}: {said}");
    }
    let unharmed = denied.replace("nightly", "weekly");
    let weekly = block(&other, "").replace("nightly", "weekly");
    let serves = accepted(&over_stdio(&format!("{}{weekly}{unharmed}", block(&key, ""))), key.expose());
    assert_eq!(serves["who"]["subject"], "nightly");
}

#[test]
fn a_signed_token_is_named_with_what_it_may_call_if_its_signature_is_good() {
    let toml = over_stdio(TRUSTING);
    let serves = accepted(&toml, &token().scope("todos.write openid").mint());
    let who = &serves["who"];
    assert_eq!((&who["by"], &who["issuer"]), (&"jwt".into(), &"https://login.acme.io/".into()));
    assert_eq!((&who["subject"], &who["client"]), (&"alice".into(), &"test-client".into()));
    assert_eq!(
        (&who["scopes"], &who["signature_checked"]),
        (&json!(["openid", "todos.write"]), &false.into())
    );
    assert_eq!(serves["may_call"], json!(["add_todo", "ping"]));
    // A token without scopes is let in too, and opens nothing that needs one.
    let serves = accepted(&toml, &token().mint());
    assert_eq!((&serves["who"]["scopes"], &serves["may_call"]), (&json!([]), &json!(["ping"])));

    let text = stdout(&check(&toml, &token().mint(), &["--scopes", "operations.json"]));
    for line in [
        "  known as  \"alice\" of https://login.acme.io/, by client \"test-client\"",
        "            if its signature is good, which a start checks",
        "  scopes    none",
        "  may call  ping",
    ] {
        assert!(text.lines().any(|said| said == line), "{line}\nis not in\n{text}");
    }
}

#[test]
fn a_signed_token_that_a_start_would_refuse_is_refused_with_all_that_is_wrong() {
    let toml = over_stdio(TRUSTING);
    let bad = token().expired().audience("https://other.test/mcp").mint();
    let said = refused(&toml, &bad);
    assert!(said.contains("token audience is"), "{said}");
    // The command looks at its clock some time after the token was made.
    let ago = said.split_once("; token expired ").and_then(|(_, ago)| ago.split_once("s ago"));
    let ago: u64 = ago.unwrap_or_else(|| panic!("{said}")).0.parse().unwrap();
    assert!((600..1200).contains(&ago), "{said}");
    let denied = format!("{toml}[[auth.deny]]\nissuer = \"https://login.acme.io/\"\nsubject = \"alice\"\n");
    assert!(refused(&denied, &token().mint()).contains("credential is denied by auth.deny"));
    accepted(&denied.replace("alice", "mallory"), &token().mint());
    for (token, why) in [
        (token().issuer("https://other.test/").mint(), "is not configured"),
        (token().header("alg", "none").mint(), "alg"),
        (token().claim("cnf", json!({})).mint(), "sender-constrained"),
        ("not-a-token-of-any-kind".to_owned(), "not a compact JWS"),
        (format!("Bearer {}", token().mint()), "not one word"),
    ] {
        let said = refused(&toml, &token);
        assert!(said.contains(why), "{why}: {said}");
    }
}

#[test]
fn a_token_of_the_built_in_issuer_is_checked_with_its_signature() {
    let audience = "http://127.0.0.1:4711/mcp";
    let toml = todos::configured("127.0.0.1:4711").replace(
        "[server]",
        &format!("[stdio]\ncredential = \"env:CREDENTIAL\"\naudience = {audience:?}\n[server]\ntransport = \"stdio\""),
    );
    let directory = todos::directory(&toml);
    let made =
        mcp_auth().current_dir(directory.path()).args(["token", "--transport", "http"]).output().unwrap();
    let token = stdout(&made).trim().to_owned();
    let elsewhere = {
        let directory = todos::directory(&toml);
        let made =
            mcp_auth().current_dir(directory.path()).args(["token", "--transport", "http"]).output().unwrap();
        stdout(&made).trim().to_owned()
    };
    let checked = |token: &str| {
        let mut command = mcp_auth();
        command.current_dir(directory.path()).env("CREDENTIAL", token);
        command.args(["check", "--json"]).output().unwrap()
    };
    let output = checked(&token);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&made));
    assert_eq!(parsed(&output)["serves"]["who"]["signature_checked"], true);
    let output = checked(&elsewhere);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("issuer has no key with the token's kid"), "{}", stdout(&output));
}

#[test]
fn what_only_a_start_can_tell_is_said_to_be_so_and_nothing_is_run_or_asked() {
    let key = ApiKey::make(&SystemRandom);
    let asked = "[[auth.issuers]]\nissuer = \"https://login.acme.io/\"\nintrospection = { endpoint = \
                 \"https://login.acme.io/introspect\", client_id = \"todos\", client_secret = \"env:CREDENTIAL\" }\n";
    let judged = format!("{}{TRUSTING}", "verifiers = [\"sessions\"]\n");
    let ran = tempfile::tempdir().unwrap();
    let ran = ran.path().join("ran");
    let printed = over_stdio(TRUSTING).replace(
        "credential = \"env:CREDENTIAL\"",
        &format!("credential_command = [\"touch\", {:?}]", ran.display().to_string()),
    );
    for (toml, credential, why) in [
        (over_stdio(asked), "an-opaque-token".to_owned(), "a start asks its issuer about it"),
        (over_stdio(&judged), "sess_of_alice".to_owned(), "a verifier of the program's own may judge it"),
        (over_stdio(&judged), token().mint(), "a verifier of the program's own may judge it"),
        (printed, String::new(), "a start runs the program that prints it"),
    ] {
        let serves = accepted(&toml, &credential);
        assert_eq!(serves["untold"], why);
        assert_eq!((&serves["who"], &serves["may_call"]), (&Value::Null, &Value::Null));
        let text = stdout(&check(&toml, &credential, &[]));
        assert!(text.contains(&format!("  known as  only a start can tell: {why}\n")), "{text}");
    }
    assert!(!ran.exists(), "the program was run");
    // API keys are judged before anything else is asked, known or not.
    for more in [asked, judged.as_str()] {
        let with_key = over_stdio(&format!("{more}{}", block(&key, "")));
        assert_eq!(accepted(&with_key, key.expose())["who"]["subject"], "nightly");
        let unknown = ApiKey::make(&SystemRandom);
        if more == asked {
            continue; // the secret is in the same variable
        }
        assert!(refused(&with_key, unknown.expose()).contains("not one of auth.api_keys"));
    }
}

#[test]
fn a_tool_that_is_confirmed_by_a_login_cannot_be_called_over_stdio_and_that_is_a_warning() {
    let toml = over_stdio("")
        .replace("credential = \"env:CREDENTIAL\"", "local_scopes = [\"todos.read\", \"todos.write\"]");
    for (confirm, reach, warns) in [
        ("\"login\"", json!(["list_todos", "ping"]), true),
        ("true", json!(["list_todos", "add_todo", "ping"]), false),
    ] {
        let toml = format!("{toml}{TRUSTING}[tools.add_todo]\nconfirm = {confirm}\n");
        let output = check(&toml, "", &["--json", "--scopes", "operations.json"]);
        let report = parsed(&output);
        assert_eq!(report["serves"]["may_call"], reach, "{confirm}");
        let warnings = report["warnings"].to_string();
        assert_eq!(warnings.contains("tool `add_todo` is confirmed by a login"), warns, "{warnings}");
    }
}

#[test]
fn the_local_caller_may_call_what_its_scopes_open_and_an_anonymous_one_what_is_public() {
    for (scopes, reach) in [("[\"todos.write\"]", json!(["add_todo", "ping"])), ("[]", json!(["ping"]))] {
        let toml =
            over_stdio("").replace("credential = \"env:CREDENTIAL\"", &format!("local_scopes = {scopes}"));
        let serves = accepted(&(toml + TRUSTING), "");
        assert_eq!(serves["may_call"], reach, "{scopes}");
        assert_eq!(serves["who"]["by"].as_str(), (scopes != "[]").then_some("local"));
    }
}
