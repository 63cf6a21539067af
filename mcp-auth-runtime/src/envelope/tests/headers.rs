//! The 2026-07-28 headers against the body: rows J07 to J09 and J12 of docs/src/threats.md.

use http::{HeaderMap, HeaderName, HeaderValue};
use rmcp::model::ErrorCode;
use serde_json::json;

use super::support::*;

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

fn call_of(name: &str) -> Envelope {
    read_text(&request("tools/call", json!({ "name": name }))).unwrap()
}

fn call_on(version: &str, name: &str) -> Envelope {
    let meta = json!({ "io.modelcontextprotocol/protocolVersion": version });
    read_text(&request("tools/call", json!({ "name": name, "_meta": meta }))).unwrap()
}

#[test]
fn j07_headers_that_contradict_the_body_are_refused_on_every_revision() {
    let envelope = call_of("admin");
    for version in [None, Some("2025-03-26"), Some("2025-06-18"), Some("2025-11-25"), Some("2026-07-28")] {
        let with = |more: &[(&str, &str)]| {
            let mut headers = headers(more);
            if let Some(version) = version {
                headers.insert("mcp-protocol-version", HeaderValue::from_str(version).unwrap());
            }
            check_headers(&envelope, &headers)
        };
        assert_eq!(with(&[("mcp-name", "read")]), Err(HeaderMismatch::Name));
        assert_eq!(with(&[("mcp-name", "ADMIN")]), Err(HeaderMismatch::Name));
        assert_eq!(with(&[("mcp-name", "")]), Err(HeaderMismatch::Name));
        assert_eq!(with(&[("mcp-method", "tools/list")]), Err(HeaderMismatch::Method));
        assert_eq!(with(&[("mcp-method", "TOOLS/CALL"), ("mcp-name", "admin")]), Err(HeaderMismatch::Method));
        assert_eq!(with(&[("mcp-method", "tools/call"), ("mcp-name", "admin")]), Ok(()));
        assert_eq!(with(&[]), Ok(()));
    }
}

#[test]
fn j07_every_method_with_a_name_is_held_against_it() {
    for (method, params) in [
        ("prompts/get", json!({ "name": "x" })),
        ("resources/read", json!({ "uri": "x" })),
        ("resources/subscribe", json!({ "uri": "x" })),
        ("resources/unsubscribe", json!({ "uri": "x" })),
        ("tasks/get", json!({ "taskId": "x" })),
        ("tasks/cancel", json!({ "taskId": "x" })),
    ] {
        let envelope = read_text(&request(method, params)).unwrap();
        assert_eq!(check_headers(&envelope, &headers(&[("mcp-name", "x")])), Ok(()));
        assert_eq!(check_headers(&envelope, &headers(&[("mcp-name", "y")])), Err(HeaderMismatch::Name));
    }
}

#[test]
fn j08_headers_sent_twice_are_refused_even_if_equal() {
    let envelope = call_of("admin");
    for (header, value) in
        [("MCP-Protocol-Version", "2025-11-25"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "admin")]
    {
        let twice = headers(&[(header, value), (header, value)]);
        assert_eq!(check_headers(&envelope, &twice), Err(HeaderMismatch::Repeated { header }));
        assert_eq!(check_headers(&envelope, &headers(&[(header, value)])), Ok(()));
        let latin1 = headers(&[(header, "\u{e9}")]);
        assert_eq!(check_headers(&envelope, &latin1), Err(HeaderMismatch::Characters { header }));
    }
}

#[test]
fn j09_the_base64_sentinel_is_decoded_exactly() {
    let name = |value| check_headers(&call_of("añb"), &headers(&[("mcp-name", value)]));
    assert_eq!(name("=?base64?YcOxYg==?="), Ok(()));
    assert_eq!(name("=?base64?YWRtaW4=?="), Err(HeaderMismatch::Name));
    for bad in [
        "=?base64?YcOxYg?=",
        "=?base64?YcOxYg=?=",
        "=?base64?!!!!?=",
        "=?base64?YcOxYh==?=",
        "=?base64?/w==?=",
    ] {
        assert_eq!(name(bad), Err(HeaderMismatch::NameEncoding), "{bad}");
    }
    // Upper case is not the sentinel, so it is a name like any other.
    for bad in ["=?BASE64?YcOxYg==?=", "=?Base64?YcOxYg==?=", "=?base64?YcOxYg==", "YcOxYg=="] {
        assert_eq!(name(bad), Err(HeaderMismatch::Name), "{bad}");
    }
    // A name that looks like the sentinel travels wrapped in it.
    let looks = call_of("=?base64?literal?=");
    let wrapped = headers(&[("mcp-name", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=")]);
    assert_eq!(check_headers(&looks, &wrapped), Ok(()));
    let bare = headers(&[("mcp-name", "=?base64?literal?=")]);
    assert_eq!(check_headers(&looks, &bare), Err(HeaderMismatch::NameEncoding));
}

#[test]
fn j12_unknown_versions_are_unsupported_and_the_supported_ones_listed() {
    let long = "9".repeat(10_000);
    for version in
        ["1900-01-01", "", "2026-07-28 ", "2026-07-2", "9999-12-31", "2026-07-28,2025-11-25", &long]
    {
        let headers = headers(&[("mcp-protocol-version", version)]);
        for envelope in [call_of("a"), call_on(version, "a")] {
            let error = check_headers(&envelope, &headers).unwrap_err().to_error_data();
            assert_eq!(error.code, ErrorCode::UNSUPPORTED_PROTOCOL_VERSION);
            let data = error.data.unwrap();
            assert!(data["supported"].as_array().unwrap().contains(&json!("2026-07-28")));
            assert!(version.starts_with(data["requested"].as_str().unwrap()));
            assert!(data.to_string().len() < 300);
        }
        assert_eq!(
            check_headers(&call_on("2026-07-28", "a"), &headers),
            Err(HeaderMismatch::ProtocolVersion)
        );
    }
}

#[test]
fn responses_have_no_method_for_a_header_to_name() {
    let reply = read_text(r#"{"jsonrpc":"2.0","id":1,"result":{}}"#).unwrap();
    assert_eq!(check_headers(&reply, &headers(&[("mcp-method", "ping")])), Err(HeaderMismatch::Method));
    assert_eq!(check_headers(&reply, &headers(&[])), Ok(()));
}
