//! What each rejection is answered, and that statuses are chosen nowhere else.

use std::fs;
use std::path::Path;

use mcp_auth_core::ScopeSet;
use serde_json::{Value, json};

use super::Rejection;
use super::data::Facts;
use crate::authz::Denied;
use crate::declared::Kind;
use crate::envelope::{Envelope, EnvelopeLimits, read};
use crate::owned::Crowded;

/// The JSON-RPC error object, over HTTP or on stdio.
fn error_object(rejection: &Rejection, resource_metadata: Option<&str>) -> Value {
    let mut error = rejection.error_data();
    let row = rejection.row();
    error.data = Facts::of(&row, row.challenge().as_ref(), resource_metadata).to_value();
    serde_json::to_value(error).unwrap()
}

fn envelope(method: &str, params: Value) -> Envelope {
    let text = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    read(&text.into(), EnvelopeLimits::default()).unwrap()
}

fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse_lossy(text)
}

#[test]
fn insufficient_scope_says_the_same_in_the_challenge_and_in_the_body() {
    let rejection = Rejection::InsufficientScope { required: scopes("write"), held: scopes("read") };
    assert_eq!((rejection.row().status.as_u16(), rejection.row().code), (403, 403));
    assert_eq!(rejection.row().challenge().unwrap().scopes.to_string(), "read write");
    assert_eq!(
        error_object(&rejection, Some("https://x/.well-known/oauth-protected-resource")),
        json!({
            "code": 403,
            "message": "this needs the scope write",
            "data": {
                "error": "insufficient_scope", "scope": "read write", "required": ["write"], "held": ["read"],
                "resource_metadata": "https://x/.well-known/oauth-protected-resource",
            },
        })
    );
}

#[test]
fn on_stdio_the_data_names_no_metadata() {
    let rejection = Rejection::Unauthenticated { scopes: scopes("read") };
    assert_eq!(
        error_object(&rejection, None),
        json!({ "code": 401, "message": "authentication required", "data": { "scope": "read" } })
    );
}

#[test]
fn jwks_outage_answers_503_not_401_and_carries_no_challenge() {
    let unavailable = Rejection::KeysUnavailable { retry_after: 3 };
    assert_eq!(unavailable.row().status.as_u16(), 503);
    assert!(unavailable.row().challenge().is_none());
}

#[test]
fn a_method_that_is_not_there_says_so_in_words() {
    let denied = Denied::Unknown { kind: Kind::Method, name: "acme/hidden".to_owned() };
    let [now, before] = [Some("2026-07-28"), None].map(|version| {
        let meta = version
            .map_or(json!({}), |version| json!({ "io.modelcontextprotocol/protocolVersion": version }));
        Rejection::of(&denied, Some(&envelope("acme/hidden", json!({ "_meta": meta }))))
    });
    assert_eq!((now.row().status.as_u16(), before.row().status.as_u16()), (404, 200));
    for rejection in [now, before] {
        assert_eq!(
            error_object(&rejection, None),
            json!({ "code": -32601, "message": "unknown method: acme/hidden" })
        );
    }
}

#[test]
fn an_unknown_resource_names_its_uri() {
    let unknown = Rejection::Unknown { kind: Kind::Resource, name: "a://b".to_owned() };
    assert_eq!(error_object(&unknown, None)["data"]["uri"], "a://b");
    assert_eq!((unknown.row().status.as_u16(), unknown.row().code), (200, -32602));
}

#[test]
fn an_unknown_task_asks_a_modern_client_for_the_capability_it_did_not_declare() {
    let denied = Denied::Unknown { kind: Kind::Task, name: "t".to_owned() };
    let get = |meta: Value| {
        let params = json!({ "taskId": "t", "_meta": meta });
        Rejection::of(&denied, Some(&envelope("tasks/get", params)))
    };
    let modern = |capabilities: Value| {
        json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        })
    };
    let refused = get(modern(json!({})));
    assert_eq!((refused.row().status.as_u16(), refused.row().code), (400, -32021));
    let tasks = json!({ "extensions": { "io.modelcontextprotocol/tasks": {} } });
    assert_eq!(error_object(&refused, None)["data"]["requiredCapabilities"], tasks);
    for told in [modern(tasks), json!({})] {
        assert_eq!(get(told).row().code, -32602);
    }
}

#[test]
fn a_layer_in_front_answers_a_json_rpc_error_without_id_challenge_or_data() {
    let setting = "server.allowed_hosts in mcp.toml".to_owned();
    for (early, status) in [
        (Rejection::HostNotAllowed { setting: setting.clone() }, 403),
        (Rejection::OriginNotAllowed { setting }, 403),
        (Rejection::BadHost { what: "the host header is missing" }, 400),
        (Rejection::BadFraming { what: "two lengths" }, 400),
        (Rejection::IssuerOutOfReach { why: "another computer".into() }, 403),
        (Rejection::TransferCoding, 501),
        (Rejection::HeadTooLong { limit: 9 }, 431),
        (Rejection::TooManyHeaders { limit: 9 }, 431),
        (Rejection::TargetTooLong, 414),
        (Rejection::NothingHere { path: "/mcp".into() }, 404),
        (Rejection::Internal, 500),
    ] {
        let response = early.respond_early();
        assert_eq!(response.status().as_u16(), status, "{early:?}");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert!(!response.headers().contains_key("www-authenticate"));
        let error = error_object(&early, Some("https://x"));
        assert_eq!(error, json!({ "code": status, "message": early.message() }));
    }
}

#[test]
fn headers_that_a_status_wants_stand_in_its_row() {
    for (rejection, name, value) in [
        (Rejection::KeysUnavailable { retry_after: 7 }, "retry-after", "7"),
        (Rejection::Crowded(Crowded::Server { key: "limits.sessions", what: "x" }), "retry-after", "30"),
        (
            Rejection::Crowded(Crowded::Caller { key: "limits.caller_calls", limit: 1, what: "x" }),
            "retry-after",
            "5",
        ),
        (Rejection::StoreUnavailable, "retry-after", "30"),
        (Rejection::MethodNotAllowed { allow: "POST" }, "allow", "POST"),
        (Rejection::ContentEncoding, "accept-encoding", "identity"),
    ] {
        assert_eq!(
            rejection.respond(&Value::Null, Some("https://x")).headers()[name],
            value,
            "{rejection:?}"
        );
    }
}

/// What may name a status besides `answer`, and why.
const MAY_NAME_STATUSES: [(&str, &str); 6] = [
    ("authn", "of answers that issuers gave"),
    ("gate/forward.rs", "of the end of a session, which is not refused"),
    ("gate/direct.rs", "of results, which are not refused"),
    ("observe/health.rs", "for probes, which speak no MCP"),
    ("transport/cors.rs", "of preflights that are allowed"),
    ("serve/connect_page.rs", "of refusals that are chosen already, which it gives another body"),
];

#[test]
fn statuses_and_codes_of_refusals_are_chosen_here_and_nowhere_else() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut looked_at = 0;
    let mut wrong = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
            let is_for_tests =
                name.split('/').any(|part| part.starts_with("test") || part.ends_with("tests"))
                    || name.ends_with("tests.rs");
            if is_for_tests || name == "answer" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap();
            looked_at += 1;
            let may = MAY_NAME_STATUSES.iter().any(|(allowed, _)| name.starts_with(allowed));
            let names = code.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| {
                line.contains("StatusCode::") || line.contains("ErrorCode(4") || line.contains("ErrorCode(5")
            });
            if names && !may {
                wrong.push(name);
            }
        }
    }
    assert!(looked_at > 100, "{looked_at}");
    assert!(wrong.is_empty(), "choose the answer in answer/rejection.rs instead: {wrong:?}");
}

#[test]
fn a_hint_changes_nothing_that_a_client_is_told_nor_the_reason_in_the_audit() {
    let plain = Rejection::InvalidToken {
        reason: "the token lacks a required claim".into(),
        detail: Some("`sub`".into()),
        hint: None,
        scopes: ScopeSet::parse_lossy("read"),
    };
    let hinted = plain.clone().hinting(Some("The client lacks the client scope `basic`."));
    assert_eq!(hinted.hint(), Some("The client lacks the client scope `basic`."));
    assert_eq!(plain.message(), hinted.message());
    assert_eq!(format!("{:?}", plain.error_data()), format!("{:?}", hinted.error_data()));
    assert_eq!(plain.audited(), hinted.audited());
    // A rejection that is not about a token has no hint.
    assert_eq!(Rejection::UnknownSession.hinting(Some("x")).hint(), None);
}

#[test]
fn t73_a_refusal_says_scopes_as_the_issuer_is_asked_for_them_in_challenge_and_data_alike() {
    let prefix = crate::authn::ScopePrefix::new("api://n/");
    let scopes = || ScopeSet::parse_lossy("read openid");
    for rejection in [
        Rejection::Unauthenticated { scopes: scopes() },
        Rejection::InsufficientScope { required: scopes(), held: ScopeSet::new() },
        Rejection::InvalidToken { reason: "x".into(), detail: None, hint: None, scopes: scopes() },
    ] {
        let data = rejection.clone().asking_with(&prefix).error_data().data.unwrap();
        assert_eq!(data["scope"], "api://n/read openid", "{rejection:?}");
        assert_eq!(rejection.error_data().data.unwrap()["scope"], "openid read");
    }
}
