//! What a method may take of a call: the caller, the arguments, and what rmcp knows of the request.

use std::any::type_name;
use std::fmt::Display;
use std::str::FromStr;

use mcp_auth_core::ScopeSet;
use mcp_auth_core::seen::{cut_to_bytes, echoed};
use rmcp::ErrorData;
use rmcp::handler::server::common::{Extension, RequestId};
use rmcp::handler::server::prompt::PromptName;
use rmcp::handler::server::tool::{InputResponses, RequestState, ToolName};
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CallToolResponse, ErrorCode, Extensions, JsonObject, ProgressToken, RequestMetaObject};
use rmcp::service::{Peer, RequestContext, RoleServer, SubscriptionContext};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::Call;
use super::derives::HasDeserialize;
use super::tool_error::tool_failure;
use super::whole;
use crate::answer::Rejection;
use crate::authn::Caller;
use crate::declared::ClaimsFit;

/// The longest text of a caller's mistake that goes back to it, in bytes: what deserializers say may quote what was
/// sent, whole.
const MAX_COMPLAINT_BYTES: usize = 512;

/// An argument of an operation, made from its call.
///
/// Implement it for your own type to take that type in tools, prompts, resources and methods.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of an operation",
    label = "no call carries this",
    note = "what a client sends as arguments are the members of the `T` in `Parameters<T>`, a struct that derives `Deserialize` and `JsonSchema`; one that may be missing is an `Option` there",
    note = "an operation takes, in any order: `Caller`, `Parameters<T>`, `Claims<T>`, and the rest of `mcp_auth::extract`",
    note = "in `#[resource]`, a parameter with the name of a variable of the URI takes that variable, by `FromStr`"
)]
pub trait FromCall: Sized {
    /// What this takes of the arguments; for the macros, which must find their schema.
    #[doc(hidden)]
    const TAKES: Takes = Takes::Nothing;

    /// Whether this needs what rmcp's transport knows of the request: the peer, the cancellation, the extensions
    /// (see [`Call::peer`]). An operation none of whose arguments does is called without it, which is faster.
    const NEEDS_TRANSPORT: bool = true;

    /// Whether the claims of a caller fit this, where it is made of them: a part of the rule of the operation that takes it, so it is
    /// asked before any scope.
    #[doc(hidden)]
    const CLAIMS: Option<ClaimsFit> = None;

    /// Takes the argument from the call.
    ///
    /// # Errors
    /// The JSON-RPC error that is answered instead of running the operation.
    fn from_call(call: &mut Call) -> Result<Self, ErrorData>;
}

/// What an argument takes of the arguments of a call.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// No arguments.
    Nothing,
    /// All arguments, of any name and type.
    Everything,
    /// All arguments, as a type with a schema.
    Typed,
}

/// The caller; 401 for an anonymous caller, which only a public operation can meet.
impl FromCall for Caller {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        caller(call).cloned()
    }
}

/// The caller of a public operation; `None` for an anonymous one.
impl FromCall for Option<Caller> {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(call.caller.clone())
    }
}

/// The verified caller, or 401.
pub(super) fn caller(call: &Call) -> Result<&Caller, ErrorData> {
    call.caller.as_ref().ok_or_else(|| Rejection::Unauthenticated { scopes: ScopeSet::new() }.error_data())
}

/// The arguments of a tool or prompt, or the params of a method. What does not fit is named: to the model as the result of a
/// tool (SEP-1303), else with -32602.
impl<T: HasDeserialize> FromCall for Parameters<T> {
    const TAKES: Takes = Takes::Typed;
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        read_arguments(Value::Object(call.arguments.take().unwrap_or_default())).map(Parameters)
    }
}

/// A `T` of what a client sent.
///
/// # Errors
/// -32602, with what does not fit.
pub(super) fn read_arguments<T: DeserializeOwned>(mut arguments: Value) -> Result<T, ErrorData> {
    // For JSON Schema 3.0 is a whole number, for serde it is not. As they are first: `Value` keeps what was written.
    if whole::is_in(&arguments) {
        if let Ok(read) = T::deserialize(&arguments) {
            return Ok(read);
        }
        whole::write_in(&mut arguments);
    }
    serde_path_to_error::deserialize(arguments).map_err(|error| {
        let path = error.path().to_string(); // of names that were sent
        let path = echoed(&path);
        let reason = cut_to_bytes(&error.into_inner().to_string(), MAX_COMPLAINT_BYTES).into_owned();
        let message = match &*path {
            "." => format!("invalid arguments: {reason}"),
            path => format!("invalid argument `{path}`: {reason}"),
        };
        ErrorData::invalid_params(message, Some(serde_json::json!({ "path": path })))
    })
}

/// What a tool answers where an argument could not be made from the call: the model can mend its own arguments, so what is
/// wrong with them is a result (SEP-1303); everything else is a JSON-RPC error. `takes` is the argument's own.
#[doc(hidden)]
pub fn not_taken(takes: Takes, error: ErrorData) -> Result<CallToolResponse, ErrorData> {
    match takes {
        Takes::Typed | Takes::Everything if error.code == ErrorCode::INVALID_PARAMS => {
            Ok(tool_failure(error.message))
        }
        _ => Err(error),
    }
}

/// The arguments as they came.
impl FromCall for JsonObject {
    const TAKES: Takes = Takes::Everything;
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(call.arguments.take().unwrap_or_default())
    }
}

impl FromCall for RequestContext<RoleServer> {
    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        call.context()
    }
}

impl FromCall for Peer<RoleServer> {
    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        call.peer().cloned()
    }
}

impl FromCall for CancellationToken {
    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        call.cancelled().cloned()
    }
}

impl FromCall for Extensions {
    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        call.extensions().cloned()
    }
}

/// Something a layer put into the request; its absence is the server's mistake, not the client's.
impl<T: Clone + Send + Sync + 'static> FromCall for Extension<T> {
    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        call.extensions()?.get::<T>().cloned().map(Extension).ok_or_else(|| {
            tracing::error!(operation = %call.name, extension = type_name::<T>(), "no layer added this extension");
            ErrorData::internal_error("internal error", None)
        })
    }
}

impl FromCall for RequestMetaObject {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(call.meta.clone())
    }
}

impl FromCall for RequestId {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(Self(call.id.clone()))
    }
}

impl FromCall for rmcp::model::RequestId {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(call.id.clone())
    }
}

impl FromCall for ToolName {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(Self(call.name.clone().into()))
    }
}

impl FromCall for PromptName {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(Self(call.name.clone()))
    }
}

impl FromCall for Option<ProgressToken> {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(call.meta.get_progress_token())
    }
}

impl FromCall for RequestState {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(Self(call.request_state.take()))
    }
}

impl FromCall for InputResponses {
    const NEEDS_TRANSPORT: bool = false;

    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        Ok(Self(call.input_responses.take()))
    }
}

/// The subscription of `#[method("subscriptions/listen", …)]`; no other operation has one.
impl FromCall for SubscriptionContext {
    fn from_call(call: &mut Call) -> Result<Self, ErrorData> {
        call.subscription.take().ok_or_else(|| {
            tracing::error!(operation = %call.name, "only `subscriptions/listen` has a subscription");
            ErrorData::internal_error("internal error", None)
        })
    }
}

/// A type that a variable of a resource's URI can be: any with `FromStr`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a variable of a URI",
    label = "has no `FromStr`",
    note = "implement `std::str::FromStr` for it, with an error that says what was expected; or take `String`"
)]
pub trait FromVariable: Sized {
    /// Reads the decoded value of a variable.
    ///
    /// # Errors
    /// What the type says of it.
    fn from_variable(text: &str) -> Result<Self, String>;
}

#[diagnostic::do_not_recommend]
impl<T> FromVariable for T
where
    T: FromStr,
    T::Err: Display,
{
    fn from_variable(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: T::Err| error.to_string())
    }
}

/// One variable of a resource's URI as a `T`; `expected` is how the method's parameter spells the type.
///
/// # Errors
/// -32602, naming the variable, what was expected, and what `T` says of it.
pub fn variable<T: FromVariable>(
    call: &Call,
    name: &'static str,
    expected: &'static str,
) -> Result<T, ErrorData> {
    let text = call.variables.get(name).map_or("", String::as_str);
    T::from_variable(text).map_err(|error| {
        let reason = cut_to_bytes(&error, MAX_COMPLAINT_BYTES);
        ErrorData::invalid_params(
            format!("invalid `{name}` in the URI: expected {expected}: {reason}"),
            Some(serde_json::json!({ "variable": name, "expected": expected })),
        )
    })
}

#[cfg(test)]
mod tests;
