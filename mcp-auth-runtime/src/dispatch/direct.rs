//! Messages that need nothing of rmcp's transport: answered in the task of the request, without a second parse, a
//! channel, a spawned task and a peer. Those are calls of tools none of whose arguments talks back to the client, and
//! lists of tools that are the same for every verified caller.
//!
//! What is answered is what rmcp would answer, in its own types; a test holds the two against each other.

use std::sync::{Arc, OnceLock};

use rmcp::ErrorData;
use rmcp::model::{RequestId, RequestMetaObject, ServerResult};
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::rulebook::Rules;
use super::run::{CallSource, Round};
use super::security_schemes;
use super::server::Dispatch;
use crate::authz::Permit;
use crate::envelope::Message;
use crate::observe::undecided::Undecided;
use mcp_auth_core::Era;

/// What is written once for many requests, as long as the tools do not change.
#[derive(Default)]
pub(super) struct Listed {
    /// The result of `tools/list`, as JSON, for verified callers: one text, where every caller sees every tool.
    tools: OnceLock<Option<Arc<RawValue>>>,
    /// The same before 2026-07-28.
    tools_of_sessions: OnceLock<Option<Arc<RawValue>>>,
}

/// What a request says besides what its permit holds.
pub(crate) struct DirectRequest {
    /// The JSON-RPC id of the request.
    pub(crate) id: RequestId,
    /// `params._meta` of the request.
    pub(crate) meta: RequestMetaObject,
    /// Whether the client can follow tasks.
    pub(crate) declares_tasks: bool,
    /// The era of its revision.
    pub(crate) era: Era,
    /// Its audit, until the method has answered.
    pub(crate) undecided: Option<Arc<Undecided>>,
    /// By what it was decided.
    pub(crate) rules: Arc<Rules>,
}

/// The result of a request.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum Answered {
    /// A result made for this request.
    Result(Box<ServerResult>),
    /// One that is the same for many, already written.
    #[serde(serialize_with = "as_it_is")]
    Written(Arc<RawValue>),
}

fn as_it_is<S: Serializer>(written: &Arc<RawValue>, serializer: S) -> Result<S::Ok, S::Error> {
    written.serialize(serializer)
}

impl Dispatch {
    /// Whether [`answer`](Self::answer) takes the message; it must be a plain request, and not in a session.
    pub(crate) fn is_direct(&self, rules: &Rules, permit: &Permit) -> bool {
        match (permit.message(), permit.declared()) {
            (Message::Tool { .. }, Some(id)) => rules.registry().get(id).is_direct(),
            (Message::Other { method }, None) => method == "tools/list" && self.lists_the_same(rules, permit),
            _ => false,
        }
    }

    /// Answers a message that [`is_direct`](Self::is_direct). Dropping the future drops the call.
    ///
    /// # Errors
    /// The JSON-RPC error that the request is answered with.
    pub(crate) async fn answer(&self, permit: Permit, request: DirectRequest) -> Result<Answered, ErrorData> {
        let era = request.era;
        if permit.declared().is_none() {
            return self.tools_as_written(&permit, era);
        }
        let arguments = match permit.message() {
            Message::Tool { arguments, .. } => arguments.clone(),
            _ => None,
        };
        let round = Round { arguments, ..Round::default() };
        let result = self.tool(&permit, CallSource::Direct(request), round).await?;
        let result = as_rmcp_answers(ServerResult::from(result), era)?;
        Ok(Answered::Result(Box::new(result)))
    }

    /// Whether every verified caller is shown every tool, at once.
    fn lists_the_same(&self, rules: &Rules, permit: &Permit) -> bool {
        self.pages.are_whole() && !permit.identity().is_anonymous() && rules.policy().shows_all()
    }

    fn tools_as_written(&self, permit: &Permit, era: Era) -> Result<Answered, ErrorData> {
        let shown = self.shown();
        let place = match era {
            Era::Sessions => &shown.listed.tools_of_sessions,
            Era::Stateless => &shown.listed.tools,
        };
        let written = place.get_or_init(|| {
            let list = self.lists(&shown, permit.identity()).all_tools();
            let list = as_rmcp_answers(ServerResult::ListToolsResult(list), era).ok()?;
            to_raw_value(&security_schemes::with_schemes(list)).ok().map(Arc::from)
        });
        match written {
            Some(written) => Ok(Answered::Written(Arc::clone(written))),
            None => {
                tracing::error!("a tool cannot be written as JSON");
                Err(ErrorData::internal_error("internal error", None))
            }
        }
    }
}

/// What rmcp makes of every result before it writes it (rmcp 3.11, `handler/server.rs`, `handle_request`).
fn as_rmcp_answers(mut result: ServerResult, era: Era) -> Result<ServerResult, ErrorData> {
    match (era, &mut result) {
        (Era::Sessions, ServerResult::InputRequiredResult(_)) => {
            return Err(ErrorData::invalid_request(
                "InputRequiredResult requires negotiated protocol version 2026-07-28 or newer",
                None,
            ));
        }
        (Era::Sessions, result) => {
            result.strip_result_type_for_legacy_peer();
            result.strip_non_object_output_for_legacy_peer();
        }
        (Era::Stateless, result) => result.fill_missing_cache_hints(),
    }
    Ok(result)
}
