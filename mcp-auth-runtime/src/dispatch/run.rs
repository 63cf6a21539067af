//! The developer's methods, called: by rmcp or directly, with the same call, the same seals and the same bounds.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;

use futures_util::FutureExt as _;
use rmcp::ErrorData;
use rmcp::model::{
    CallToolResponse, CallToolResult, ClientCapabilities, ErrorCode, GetPromptResponse, InputRequiredResult,
    InputResponses, JsonObject, ReadResourceResponse,
};
use rmcp::service::{RequestContext, RoleServer};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::timeout;
use tracing::Instrument as _;

use super::bounds::{Answer, Failed, Patience};
use super::direct::DirectRequest;
use super::permit::{kept, placed, rules, undecided};
use super::person::{Confirming, Connecting, Unconfirmed, confirmed_in_client};
use super::rulebook::Rules;
use super::server::Dispatch;
use crate::answer::refused_by::{MESSAGE, METHOD, OUTAGE, RULE};
use crate::answer::{Rejection, is_refusal, unknown_method};
use crate::authz::{Permit, Verdict};
use crate::call::Call;
use crate::call::added::AddedRoute;
use crate::call::answer::{Asked, IntoToolAnswer as _};
use crate::call::handler::CallFuture;
use crate::call::served::Answers;
use crate::call::tool_error::{ToolError, tool_failure};
use crate::call::upstream::Upstream;
use crate::declared::filling::Values;
use crate::declared::registry::{Declaration, OperationId};
use crate::declared::schema::Misfits;
use crate::declared::{Confirm, Kind};
use crate::envelope::Message;
use crate::observe::span;
use crate::observe::undecided::{PATIENCE, Undecided};
use crate::owned::unavailable;
use mcp_auth_core::Era;
use mcp_auth_core::seen::echoed;
use mcp_auth_store::StoreError;

/// Where a call comes from: rmcp's transport, or past it.
pub(super) enum CallSource {
    Rmcp(RequestContext<RoleServer>),
    Direct(DirectRequest),
}

impl CallSource {
    /// By what the gate decided, where it says so.
    fn rules(&self) -> Option<Arc<Rules>> {
        match self {
            Self::Rmcp(context) => rules(context),
            Self::Direct(request) => Some(Arc::clone(&request.rules)),
        }
    }

    /// Whether the client says that it can follow tasks.
    fn follows_tasks(&self) -> bool {
        match self {
            Self::Rmcp(context) => {
                context.client_capabilities().is_some_and(|capabilities| capabilities.supports_tasks())
            }
            Self::Direct(request) => request.declares_tasks,
        }
    }
}

/// What a client sends of its own: arguments and, in MRTR, what it brings back from an earlier round.
#[derive(Default)]
pub(super) struct Round {
    /// Those that the permit names.
    pub(super) arguments: Option<JsonObject>,
    pub(super) input_responses: Option<InputResponses>,
    /// As it came from the client: sealed.
    pub(super) request_state: Option<String>,
}

/// What a person does before a call runs, as far as it came.
struct Before {
    connecting: Option<Connecting>,
    confirming: Option<Confirming>,
}

impl Before {
    /// What goes out with `result`, which asks: the confirmation is remembered within the connection, which comes first.
    fn go_with(self, result: &mut InputRequiredResult) {
        if let Some(confirming) = self.confirming {
            confirming.go_with(result);
        }
        if let Some(connecting) = self.connecting {
            connecting.go_with(result);
        }
    }
}

impl Dispatch {
    /// The call of what the permit names, with the arguments that it names.
    async fn call_of(
        &self,
        declaration: &Declaration,
        permit: &Permit,
        source: CallSource,
        round: Round,
    ) -> Result<Call, ErrorData> {
        let mut call = call(declaration.name(), permit, source);
        let opened = self.states.open(round.request_state, permit, declaration.stamp()).await;
        call.request_state = match opened {
            Ok(state) => state,
            Err(error) => return Err(not_its_own(&call, error)),
        };
        call.arguments = round.arguments;
        call.input_responses = round.input_responses;
        let (upstreams, caller) = (self.upstreams.as_ref(), call.caller.as_ref());
        call.upstream = declaration.upstream().map(|name| Upstream::of(name, upstreams, caller));
        // Nothing runs by it, so it was not allowed: of the value no rule can say whether this caller may use it.
        if let (Some(why), Some(undecided)) = (permit.unfit(), &call.undecided) {
            undecided.refuse(RULE, &why);
        }
        Ok(call)
    }

    /// Runs a tool, and sees to what outlives the call: sealed state, and whose a task is.
    pub(super) async fn tool(
        &self,
        permit: &Permit,
        source: CallSource,
        round: Round,
    ) -> Result<CallToolResponse, ErrorData> {
        let rules = source.rules().unwrap_or_else(|| self.rules.now());
        let Some((id, run)) = self.tool_route(&rules, permit) else {
            return Err(unknown(Kind::Tool, permit));
        };
        let follows_tasks = source.follows_tasks();
        let declaration = rules.registry().get(id);
        let brought = declaration.rule.confirm().and_then(|_| round.request_state.clone());
        let mut call = self.call_of(declaration, permit, source, round).await?;
        // What lists promise of the arguments holds before the tool sees them (SEP-1303: the model reads what to mend).
        let arguments = call.arguments.take().unwrap_or_default();
        if let Err(misfits) = hold(declaration, &mut call, arguments) {
            return Ok(tool_failure(misfits.text("argument", "arguments")));
        }
        if let Some(why) = permit.unfit() {
            return Ok(tool_failure(why.to_owned()));
        }
        let none = JsonObject::new();
        let called_with = Values::Arguments(call.arguments.as_ref().unwrap_or(&none));
        let filled = permit.need().map(|need| need.filled(called_with)).unwrap_or_default();
        let era = call.era();
        let connecting = match declaration.upstream() {
            None => None,
            Some(_) => {
                let mut connecting = Connecting::of(&mut call);
                if let Err(unconnected) =
                    self.connected(declaration, permit, &mut call, &mut connecting).await
                {
                    let before = Before { connecting: Some(connecting), confirming: None };
                    return self.unconfirmed(unconnected, before, &call, permit, declaration).await;
                }
                Some(connecting)
            }
        };
        let confirming = match declaration.rule.confirm() {
            None => None,
            Some(how) => {
                let mut confirming = Confirming::of(&mut call, how, self.clock.unix_now());
                if let Err(unconfirmed) =
                    self.confirmed(how, declaration, permit, &mut call, &mut confirming).await
                {
                    let before = Before { connecting, confirming: Some(confirming) };
                    return self.unconfirmed(unconfirmed, before, &call, permit, declaration).await;
                }
                // What a person confirmed runs once.
                if let Err(error) = self.states.used(brought).await {
                    return Err(not_its_own(&call, error));
                }
                Some(confirming)
            }
        };
        let patience = self.limits.patience(declaration);
        let run = |call| match run {
            ToolRoute::Declared => self.served.tool(id, call),
            ToolRoute::Added(added) => added.call(call),
        };
        let mut answer = match guarded(permit, call, Some(patience), run).await {
            Ok(answer) => answer,
            Err(Failed::Answered(error)) => return Err(error),
            Err(Failed::Stopped(text)) => return Ok(tool_failure(text)),
        };
        if let Some(text) = self.limits.refused(declaration.name(), &answer) {
            return Ok(tool_failure(text));
        }
        match &mut answer {
            CallToolResponse::InputRequired(result) => {
                Before { connecting, confirming }.go_with(result);
                self.states.seal(result, permit, declaration.stamp()).await?
            }
            // SEP-2663: a client gets no task that did not say that it can follow one.
            CallToolResponse::Task(_) if !follows_tasks => {
                let needed = ClientCapabilities::builder().enable_tasks().build();
                return Err(ErrorData::missing_required_client_capability(needed));
            }
            CallToolResponse::Task(created) => {
                let (tasks, name, who) = (self.rules.tasks(), declaration.name(), permit.identity());
                created.task.task_id = tasks.name_for(&created.task.task_id, who);
                tasks.record(&created.task.task_id, name, filled, who).await.map_err(unavailable)?;
            }
            CallToolResponse::Complete(result) => {
                if let Some(broken) = broken_promise(declaration, result, era) {
                    return Ok(tool_failure(broken));
                }
            }
            _ => {}
        }
        Ok(answer)
    }

    /// Asks the person to connect the account that the tool acts for, unless they have.
    ///
    /// # Errors
    /// What the client is told where they do not.
    async fn connected(
        &self,
        declaration: &Declaration,
        permit: &Permit,
        call: &mut Call,
        connecting: &mut Connecting,
    ) -> Result<(), Unconfirmed> {
        let (Some(upstream), Some(page)) = (call.upstream.clone(), &self.person_pages.connect) else {
            return Ok(());
        };
        if upstream.is_to_be_connected().await.map_err(StoreError::new)? {
            let undecided = call.undecided.clone();
            let connects = (declaration, upstream.name());
            let asking = page.connected(connects, permit.identity(), call, connecting);
            self.waited_for(permit, undecided.as_deref(), asking).await?;
            // It waited: what was decided may be otherwise by now.
            self.still_allowed(permit).await?;
            if let Some(undecided) = &undecided {
                undecided.confirmed();
            }
            connecting.finish(call);
        } else if let Some(asked) = connecting.finish(call) {
            // It was connected elsewhere: nobody has to answer that question any more. Where this fails, it ends by itself.
            let _closed = page.close(&asked).await;
        }
        Ok(())
    }

    /// Waits for what a person does, for as long as the credential of the caller lives.
    async fn waited_for(
        &self,
        permit: &Permit,
        undecided: Option<&Undecided>,
        asking: impl Future<Output = Result<(), Unconfirmed>>,
    ) -> Result<(), Unconfirmed> {
        if let Some(undecided) = undecided {
            undecided.asks_person();
        }
        tokio::select! {
            asked = asking => asked,
            () = self.end_of_stream(permit.identity()).reached() => {
                Err(Unconfirmed::refused("the caller's credential ended before the person answered for this call"))
            }
        }
    }

    /// Asks the person whether the call runs, unless they said so in an earlier message of it.
    ///
    /// # Errors
    /// What the client is told where it does not.
    async fn confirmed(
        &self,
        how: Confirm,
        declaration: &Declaration,
        permit: &Permit,
        call: &mut Call,
        confirming: &mut Confirming,
    ) -> Result<(), Unconfirmed> {
        if confirming.is_confirmed() {
            return Ok(());
        }
        let undecided = call.undecided.clone();
        let asking = async {
            match (how, &self.person_pages.confirm) {
                (Confirm::InClient, _) => confirmed_in_client(declaration, call).await,
                (Confirm::ByLogin, Some(page)) => {
                    page.confirmed(declaration, permit.identity(), call, confirming).await
                }
                (Confirm::ByLogin, None) => Err(Unconfirmed::refused(NO_PAGE)),
            }
        };
        self.waited_for(permit, undecided.as_deref(), asking).await?;
        // In a session, and where the page is waited for, the message that was decided on is the one that waited.
        if call.era() == Era::Sessions || how == Confirm::ByLogin {
            self.still_allowed(permit).await?;
        }
        confirming.confirm(call);
        if let Some(undecided) = &undecided {
            undecided.confirmed();
        }
        Ok(())
    }

    /// Decides once more on a call that waited for its person: a guard may say something else by now, the login may be too old, and its
    /// tool gone.
    ///
    /// # Errors
    /// What the client is told where it may not run any more.
    async fn still_allowed(&self, permit: &Permit) -> Result<(), Unconfirmed> {
        let rules = self.rules.now();
        let verdict = match rules.policy().decide_again(permit, rules.registry()) {
            Verdict::Recent(recent) => recent.at(Some(self.clock.unix_now())),
            verdict => verdict,
        };
        match rules.settle(verdict, Some(self)).await {
            Ok(again) if again.declared() == permit.declared() => Ok(()),
            Ok(_) => Err(Unconfirmed::replaced()),
            Err(denied) => {
                let rejection = Rejection::of(&denied, None);
                let by = rejection.refused_by();
                let told = match &self.scope_prefix {
                    Some(prefix) => rejection.asking_with(prefix),
                    None => rejection,
                };
                Err(Unconfirmed { told: ToolError::protocol(told.error_data()), by })
            }
        }
    }

    /// The answer to a call for which its person has not answered: it is audited as a refusal, the question too.
    async fn unconfirmed(
        &self,
        unconfirmed: Unconfirmed,
        before: Before,
        call: &Call,
        permit: &Permit,
        declaration: &Declaration,
    ) -> Result<CallToolResponse, ErrorData> {
        let Unconfirmed { told, by } = unconfirmed;
        if let Some(undecided) = &call.undecided {
            undecided.refuse(by, &told);
        }
        let mut answer = Err::<String, ToolError>(told).into_tool_answer(&Asked::by(call));
        if let Ok(CallToolResponse::InputRequired(result)) = &mut answer {
            before.go_with(result);
            self.states.seal(result, permit, declaration.stamp()).await?;
        }
        answer
    }

    /// Runs a prompt.
    pub(super) async fn prompt(
        &self,
        permit: &Permit,
        source: CallSource,
        round: Round,
    ) -> Result<GetPromptResponse, ErrorData> {
        let rules = source.rules().unwrap_or_else(|| self.rules.now());
        let Some(id) = self.declared(permit, Answers::Prompt) else {
            return Err(unknown(Kind::Prompt, permit));
        };
        let declaration = rules.registry().get(id);
        let mut call = self.call_of(declaration, permit, source, round).await?;
        let arguments = call.arguments.take().unwrap_or_default();
        hold(declaration, &mut call, arguments)
            .map_err(|misfits| ErrorData::invalid_params(misfits.text("argument", "arguments"), None))?;
        let patience = self.limits.patience(declaration);
        let mut answer = guarded(permit, call, Some(patience), |call| self.served.prompt(id, call)).await?;
        self.is_small(declaration, &answer)?;
        if let GetPromptResponse::InputRequired(result) = &mut answer {
            self.states.seal(result, permit, declaration.stamp()).await?;
        }
        Ok(answer)
    }

    /// Reads the resource `uri`.
    pub(super) async fn resource(
        &self,
        uri: String,
        permit: &Permit,
        source: CallSource,
        round: Round,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let rules = source.rules().unwrap_or_else(|| self.rules.now());
        let Some(id) = self.declared(permit, Answers::Resource) else {
            return Err(unknown(Kind::Resource, permit));
        };
        let declaration = rules.registry().get(id);
        let mut call = self.call_of(declaration, permit, source, round).await?;
        call.variables = permit.variables();
        call.uri = Some(uri);
        let patience = self.limits.patience(declaration);
        let mut answer = guarded(permit, call, Some(patience), |call| self.served.resource(id, call)).await?;
        self.is_small(declaration, &answer)?;
        if let ReadResourceResponse::InputRequired(result) = &mut answer {
            self.states.seal(result, permit, declaration.stamp()).await?;
        }
        Ok(answer)
    }

    /// Runs the `#[method]` declared for `method`.
    pub(super) async fn method<P: Serialize, R: DeserializeOwned>(
        &self,
        permit: &Permit,
        method: &str,
        params: P,
        context: RequestContext<RoleServer>,
    ) -> Result<R, ErrorData> {
        let not_found = || unknown_method(method);
        let rules = self.rules_of(&context);
        let id = rules.registry().method(method).ok_or_else(not_found)?;
        if self.served.answers(id) != Some(Answers::Method) {
            return Err(not_found());
        }
        let mut call = call(method, permit, CallSource::Rmcp(context));
        call.arguments = match serde_json::to_value(params) {
            Ok(Value::Object(params)) => Some(params),
            Ok(Value::Null) => None,
            _ => {
                let method = echoed(method);
                return Err(ErrorData::invalid_params(format!("params of {method} must be an object"), None));
            }
        };
        let task = self.task_of(permit);
        if let (Some(task), Some(arguments)) = (&task, &mut call.arguments) {
            task.rename(arguments, Direction::In);
        }
        let declaration = rules.registry().get(id);
        let patience = self.limits.patience(declaration);
        let answer = guarded(permit, call, Some(patience), |call| self.served.method(id, call)).await?;
        self.is_small(declaration, &answer)?;
        let mut answer = match answer {
            Value::Null => Value::Object(JsonObject::new()),
            answer => answer,
        };
        if let (Some(task), Value::Object(answer)) = (&task, &mut answer) {
            task.rename(answer, Direction::Out);
        }
        serde_json::from_value(answer).map_err(|error| {
            tracing::error!(method, %error, "a method answered something its protocol method does not allow");
            ErrorData::internal_error("internal error", None)
        })
    }

    /// Refuses an answer that is larger than this server sends.
    fn is_small(&self, declaration: &Declaration, answer: &impl Answer) -> Result<(), ErrorData> {
        let refused = self.limits.refused(declaration.name(), answer);
        refused.map_or(Ok(()), |text| Err(ErrorData::internal_error(text, None)))
    }

    /// The task that the permit names, where its tool and its caller call it differently.
    fn task_of<'p>(&self, permit: &'p Permit) -> Option<NamedTask<'p>> {
        let Message::Task { task_id: name, .. } = permit.message() else { return None };
        let id = self.rules.tasks().id_of(name, permit.identity());
        (id != name).then_some(NamedTask { id, name })
    }

    /// What was decided on, if it is declared and answers this.
    fn declared(&self, permit: &Permit, answers: Answers) -> Option<OperationId> {
        permit.declared().filter(|id| self.served.answers(*id) == Some(answers))
    }

    /// The tool that was decided on, and how it is called. One that was removed before the gate decided is not there.
    fn tool_route<'r>(&self, rules: &'r Rules, permit: &Permit) -> Option<(OperationId, ToolRoute<'r>)> {
        let id = permit.declared()?;
        match self.served.answers(id) {
            Some(Answers::Tool) => Some((id, ToolRoute::Declared)),
            Some(_) => None,
            None => Some((id, ToolRoute::Added(rules.added(id)?))),
        }
    }
}

/// What a call is told that has to be confirmed on a page, where there is none.
const NO_PAGE: &str = "this call needs a person who confirms it on a page of the built-in issuer, and a server over stdio has no such page";

/// `error` of a state that `call` brought back: its call is audited as what it is.
fn not_its_own(call: &Call, error: ErrorData) -> ErrorData {
    if let Some(undecided) = &call.undecided {
        let by = if error.code == ErrorCode::INVALID_PARAMS { MESSAGE } else { OUTAGE };
        undecided.refuse(by, &error.message);
    }
    error
}

/// How a tool is called.
enum ToolRoute<'r> {
    /// By the method that was declared.
    Declared,
    /// By the closure that was added at run time.
    Added(&'r AddedRoute),
}

/// A task that its tool calls `id`, and its caller `name` (see `owned/tasks.rs`).
struct NamedTask<'p> {
    id: &'p str,
    name: &'p str,
}

/// Whether a message goes to the tool or comes from it.
#[derive(Clone, Copy)]
enum Direction {
    In,
    Out,
}

impl NamedTask<'_> {
    /// Calls the task what the receiver of this message calls it, wherever the protocol names it.
    fn rename(&self, message: &mut JsonObject, direction: Direction) {
        const RELATED: &str = "io.modelcontextprotocol/related-task";
        let (from, to) = match direction {
            Direction::In => (self.name, self.id),
            Direction::Out => (self.id, self.name),
        };
        let rename = |place: Option<&mut Value>| {
            if let Some(place) = place
                && place == from
            {
                *place = Value::from(to);
            }
        };
        rename(message.get_mut("taskId"));
        rename(message.get_mut("_meta").and_then(|meta| meta.get_mut(RELATED)?.get_mut("taskId")));
    }
}

/// Gives `call` its arguments, if they fit the schema of the operation.
pub(super) fn hold(declaration: &Declaration, call: &mut Call, arguments: JsonObject) -> Result<(), Misfits> {
    call.arguments = Some(declaration.fitting(arguments)?);
    Ok(())
}

/// What is wrong with a result that is not what the tool's output schema promises: clients refuse such a one, and say less.
fn broken_promise(declaration: &Declaration, result: &CallToolResult, era: Era) -> Option<String> {
    let check = declaration.answer().filter(|_| result.is_error != Some(true))?;
    let broken = match &result.structured_content {
        Some(structured) => {
            let misfits = check.fits(structured).err()?;
            tracing::error!(operation = %declaration.name(), at = %misfits.places(), "a result breaks its tool's output schema");
            misfits.text("member", "result")
        }
        // Before 2026-07-28 only objects are structured, and only their schemas are listed.
        None if era == Era::Sessions => return None,
        None => {
            tracing::error!(operation = %declaration.name(), "a result of a tool with an output schema is not structured");
            "invalid result: it is not structured".to_owned()
        }
    };
    Some(format!(
        "the tool's answer breaks the tool's own output schema, which is a fault of the server: {broken}"
    ))
}

/// What every call carries.
pub(super) fn call(name: &str, permit: &Permit, source: CallSource) -> Call {
    let (mut call, undecided) = match source {
        CallSource::Rmcp(context) => {
            let (undecided, kept, placed) = (undecided(&context), kept(&context), placed(&context));
            let mut call = Call::new(name, context);
            call.kept = kept;
            call.placed = placed;
            (call, undecided)
        }
        CallSource::Direct(request) => {
            let DirectRequest { id, meta, era, undecided, .. } = request;
            (Call::direct(name.to_owned(), id, meta, era), undecided)
        }
    };
    call.caller = permit.caller();
    call.undecided = undecided;
    call
}

/// Runs a method, in a span that names the call. One that panics fails its own call and nothing else. One whose client no
/// longer wants the answer (it said so, it went away, its token ended), or that takes longer than `patience`, is dropped where
/// it waits. The call is audited once the method has answered, or has run for a while.
pub(super) async fn guarded<'a, R>(
    permit: &Permit,
    call: Call,
    patience: Option<Patience>,
    run: impl FnOnce(Call) -> CallFuture<'a, R>,
) -> Result<R, Failed> {
    if let Some(why) = permit.unfit() {
        return Err(Failed::Answered(ErrorData::invalid_params(why.to_owned(), None)));
    }
    let span = span::of_call(&call.id, permit.message(), permit.identity(), call.placed.as_ref());
    let undecided = call.undecided.clone();
    let cancelled = call.cancellation();
    let _kept = call.kept.clone();
    let running = async {
        let answer = AssertUnwindSafe(run(call)).catch_unwind();
        let answer = match cancelled {
            None => answer.await,
            Some(cancelled) => tokio::select! {
                biased; // the answer of a method that looks at its cancellation itself counts
                answer = answer => answer,
                () = cancelled.cancelled() => {
                    tracing::debug!("a call was cancelled");
                    Ok(Err(ErrorData::internal_error("the call was cancelled", None))) // it is not sent
                }
            },
        };
        let answer = answer.unwrap_or_else(|_| {
            tracing::error!("a method panicked");
            Err(ErrorData::internal_error("internal error", None))
        });
        answer.map_err(|error| Failed::answered(error, patience))
    };
    let running = async {
        let Some(patience) = patience else { return running.await };
        timeout(patience.time, running).await.unwrap_or_else(|_| {
            let late = Failed::late(patience);
            if let Failed::Stopped(text) = &late {
                tracing::warn!("{text}");
            }
            Err(late)
        })
    };
    let mut running = pin!(running.instrument(span));
    let Some(undecided) = undecided else { return running.await };
    let answer = match timeout(PATIENCE, &mut running).await {
        Ok(answer) => answer,
        Err(_) => {
            undecided.allow();
            running.await
        }
    };
    match &answer {
        Err(Failed::Answered(error)) if is_refusal(error) => undecided.refuse(METHOD, &error.message),
        Err(Failed::Stopped(why)) => undecided.stop(why),
        _ => undecided.allow(),
    }
    answer
}

fn unknown(kind: Kind, permit: &Permit) -> ErrorData {
    let name = match permit.message() {
        Message::Tool { name, .. } | Message::Prompt { name, .. } | Message::Resource { uri: name } => name,
        _ => "",
    };
    ErrorData::invalid_params(format!("unknown {kind}: {}", echoed(name)), None)
}
