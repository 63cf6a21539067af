use mcp_auth_core::Era;
use rmcp::model::NumberOrString;
use serde_json::json;

use super::*;
use crate::call::support::{self, call_with};

#[derive(Debug, serde::Deserialize)]
struct Order {
    items: Vec<Item>,
}
#[derive(Debug, serde::Deserialize)]
struct Item {
    count: u8,
}

#[test]
fn caller_is_the_verified_one() {
    let mut call = call_with("x", json!({}));
    call.caller = Some(support::caller("a"));
    assert_eq!(Caller::from_call(&mut call).unwrap().subject(), "alice");
    assert!(Option::<Caller>::from_call(&mut call).unwrap().is_some());
}

#[test]
fn missing_caller_is_401_not_a_panic() {
    let mut call = call_with("x", json!({}));
    let error = Caller::from_call(&mut call).unwrap_err();
    assert_eq!((error.code, error.message.as_ref()), (ErrorCode(401), "authentication required"));
    assert!(Option::<Caller>::from_call(&mut call).unwrap().is_none());
}

#[test]
fn parameters_are_the_arguments() {
    let mut call = call_with("x", json!({"items": [{"count": 3}]}));
    let Parameters(order) = Parameters::<Order>::from_call(&mut call).unwrap();
    assert_eq!(order.items[0].count, 3);
}

#[test]
fn j22_wrong_field_is_32602_with_its_path() {
    let mut call = call_with("x", json!({"items": [{"count": 3}, {"count": 300}]}));
    let error = Parameters::<Order>::from_call(&mut call).unwrap_err();
    assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
    assert!(error.message.starts_with("invalid argument `items[1].count`: invalid value"), "{error}");
    assert_eq!(error.data.unwrap()["path"], "items[1].count");

    let error = Parameters::<Order>::from_call(&mut call_with("x", Value::Null)).unwrap_err();
    assert_eq!(error.message, "invalid arguments: missing field `items`");
}

#[test]
fn a_whole_number_may_be_written_with_a_point() {
    #[derive(Debug, serde::Deserialize)]
    struct Numbers {
        unsigned: u64,
        signed: i64,
        float: f64,
        any: Value,
    }
    let sent = json!({ "unsigned": 1e19, "signed": -3.0, "float": 2.0, "any": 4 });
    let Parameters(read) = Parameters::<Numbers>::from_call(&mut call_with("x", sent)).unwrap();
    assert_eq!((read.unsigned, read.signed), (10_000_000_000_000_000_000, -3));
    assert_eq!((read.float, read.any), (2.0, json!(4)));
    let Parameters(kept) = Parameters::<Value>::from_call(&mut call_with("x", json!({ "a": 3.0 }))).unwrap();
    assert_eq!(kept.to_string(), r#"{"a":3.0}"#);
    for refused in [json!({ "items": [{ "count": 2.5 }] }), json!({ "items": [{ "count": 1e30 }] })] {
        assert!(Parameters::<Order>::from_call(&mut call_with("x", refused)).is_err());
    }
}

#[test]
fn only_what_is_wrong_with_arguments_is_a_result() {
    let wrong = || ErrorData::invalid_params("invalid argument `a`", None);
    assert!(not_taken(Takes::Typed, wrong()).is_ok() && not_taken(Takes::Everything, wrong()).is_ok());
    assert_eq!(not_taken(Takes::Nothing, wrong()).unwrap_err(), wrong());
    let stranger = Caller::from_call(&mut call_with("x", json!({}))).unwrap_err();
    assert_eq!(not_taken(Takes::Typed, stranger.clone()).unwrap_err(), stranger);
}

#[test]
fn complaint_about_a_huge_argument_is_short() {
    let mut call = call_with("x", json!({"items": "é".repeat(100_000)}));
    let error = Parameters::<Order>::from_call(&mut call).unwrap_err();
    assert!(error.message.len() < 2 * MAX_COMPLAINT_BYTES, "{}", error.message.len());
}

#[test]
fn complaint_about_a_huge_name_is_short() {
    type Counts = std::collections::BTreeMap<String, Item>;
    let long = "é".repeat(100_000);
    let mut call = call_with("x", json!({ (&long): { "count": 300 } }));
    let error = Parameters::<Counts>::from_call(&mut call).unwrap_err();
    assert!(serde_json::to_string(&error).unwrap().len() < 2000, "{}", error.message.len());
}

#[test]
fn json_object_is_the_arguments_as_sent() {
    let mut call = call_with("x", json!({"a": 1}));
    assert_eq!(Value::Object(JsonObject::from_call(&mut call).unwrap()), json!({"a": 1}));
    assert!(JsonObject::from_call(&mut call).unwrap().is_empty());
}

#[test]
fn variable_is_parsed_and_a_bad_one_is_named() {
    let mut call = call_with("x", json!({}));
    call.variables.insert("id".to_owned(), "42".to_owned());
    assert_eq!(variable::<u64>(&call, "id", "u64").unwrap(), 42);
    call.variables.insert("id".to_owned(), "forty".to_owned());
    let error = variable::<u64>(&call, "id", "u64").unwrap_err();
    assert_eq!(error.code, ErrorCode::INVALID_PARAMS);
    assert_eq!(error.message, "invalid `id` in the URI: expected u64: invalid digit found in string");
    assert_eq!(error.data.unwrap(), json!({"variable": "id", "expected": "u64"}));
}

#[test]
fn what_rmcp_knows_of_the_request_is_there() {
    let mut call = call_with("x", json!({}));
    call.meta.set_progress_token(ProgressToken(NumberOrString::Number(1)));
    call.transport.as_mut().unwrap().extensions.insert(5_u8);
    call.request_state = Some("round two".to_owned());
    call.input_responses = Some([("name".to_owned(), json!({}))].into());

    assert_eq!(ToolName::from_call(&mut call).unwrap().0, "x");
    assert_eq!(PromptName::from_call(&mut call).unwrap().0, "x");
    assert_eq!(RequestId::from_call(&mut call).unwrap().0, NumberOrString::Number(7));
    assert_eq!(rmcp::model::RequestId::from_call(&mut call).unwrap(), NumberOrString::Number(7));
    assert!(Option::<ProgressToken>::from_call(&mut call).unwrap().is_some());
    assert!(RequestMetaObject::from_call(&mut call).unwrap().protocol_version().is_some());
    assert_eq!(Extension::<u8>::from_call(&mut call).unwrap().0, 5);
    assert_eq!(Extensions::from_call(&mut call).unwrap().get::<u8>(), Some(&5));
    assert_eq!(RequestState::from_call(&mut call).unwrap().0.as_deref(), Some("round two"));
    assert_eq!(InputResponses::from_call(&mut call).unwrap().0.unwrap().len(), 1);
    call.cancelled().unwrap().cancel();
    assert!(CancellationToken::from_call(&mut call).unwrap().is_cancelled());
    assert!(RequestContext::from_call(&mut call).unwrap().ct.is_cancelled());
    assert!(Peer::from_call(&mut call).unwrap().peer_info().is_none());
}

#[test]
fn what_a_call_without_transport_lacks_is_an_error_not_a_panic() {
    let (id, meta) = (NumberOrString::Number(7), RequestMetaObject::new());
    let mut call = Call::direct("x".to_owned(), id, meta, Era::Stateless);
    assert_eq!(call.era(), Era::Stateless);
    assert!(RequestId::from_call(&mut call).is_ok() && RequestMetaObject::from_call(&mut call).is_ok());
    assert!(RequestContext::from_call(&mut call).is_err() && Peer::from_call(&mut call).is_err());
    assert!(CancellationToken::from_call(&mut call).is_err() && Extensions::from_call(&mut call).is_err());
    assert!(Extension::<u8>::from_call(&mut call).is_err());
}

#[test]
fn what_a_call_without_transport_lacks_says_so_in_its_type() {
    fn needs<T: FromCall>() -> bool {
        T::NEEDS_TRANSPORT
    }
    assert!(needs::<Peer<RoleServer>>() && needs::<RequestContext<RoleServer>>());
    assert!(needs::<CancellationToken>() && needs::<Extensions>() && needs::<Extension<u8>>());
    assert!(needs::<SubscriptionContext>());
    assert!(!needs::<Caller>() && !needs::<Parameters<Order>>() && !needs::<JsonObject>());
}

#[test]
fn what_is_not_there_is_an_error_not_a_panic() {
    let mut call = call_with("x", json!({}));
    assert_eq!(Extension::<u8>::from_call(&mut call).err().unwrap().message, "internal error");
    assert_eq!(SubscriptionContext::from_call(&mut call).err().unwrap().message, "internal error");
    assert!(Option::<ProgressToken>::from_call(&mut call).unwrap().is_none());
}
