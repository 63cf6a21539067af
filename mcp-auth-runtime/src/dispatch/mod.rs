//! From a [`Permit`] to the developer's method: the only `rmcp::ServerHandler` there is. Every message is
//! refused unless its permit names exactly what rmcp read; policy is not asked again, its proof is checked.
//! In reading order: this file (the messages), `direct` (those that need no transport of rmcp's), `lists`, `about`
//! (capabilities), `request_state` (MRTR).

mod about;
pub(crate) mod direct;
mod lists;
mod request_state;
#[cfg(test)]
mod tests;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use mcp_auth_core::Era;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams, CompleteResult,
    CustomRequest, CustomResult, DiscoverResult, ErrorCode, GetPromptRequestParams, GetPromptResponse,
    GetSkillRequestParams, GetSkillResult, GetTaskParams, GetTaskResult, InitializeRequestParams,
    InitializeResult, InputResponses, JsonObject, ListPromptsResult, ListResourceTemplatesResult,
    ListResourcesResult, ListSkillsResult, ListToolsResult, PaginatedRequestParams, ProtocolVersion,
    ReadResourceDirectoryRequestParams, ReadResourceDirectoryResult, ReadResourceRequestParams,
    ReadResourceResponse, Reference as RmcpReference, ServerConfig, SubscribeRequestParams,
    SubscriptionFilter, Tool, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext};
use rmcp::transport::streamable_http_server::session::SessionRestoreMarker;
use rmcp::{ErrorData, ServerHandler};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use self::request_state::RequestStates;
use crate::authn::Identity;
use crate::authz::{Permit, Policy};
use crate::call::Call;
use crate::declared::Kind;
use crate::declared::handler::{CallFn, CallFuture, Handler, Route, Routes};
use crate::declared::registry::{Item, OperationId};
use crate::envelope::{Message, Reference};
use mcp_auth_core::ambient::{Ambient, Clock};

/// The server rmcp sees. Built once, shared by every request.
pub struct Dispatch<H> {
    handler: H,
    routes: Routes<H>,
    policy: Arc<Policy>,
    config: ServerConfig,
    states: RequestStates,
    clock: Arc<dyn Clock>,
    closing: CancellationToken,
    listed: direct::Listed,
}

impl<H: Handler> Dispatch<H> {
    /// Serves `handler` by `routes`; `closing` ends open `subscriptions/listen` streams with their result.
    pub fn new(
        handler: H,
        routes: Routes<H>,
        policy: Arc<Policy>,
        ambient: &Ambient,
        closing: CancellationToken,
    ) -> Self {
        let config = about::server_config(H::about(), policy.registry());
        let states = RequestStates::new(ambient.random.as_ref());
        Self {
            handler,
            routes,
            listed: direct::Listed::new(policy.registry()),
            policy,
            config,
            states,
            clock: Arc::clone(&ambient.clock),
            closing,
        }
    }

    /// The permit of a request, if it is for what rmcp read.
    fn permit(
        &self,
        context: &RequestContext<RoleServer>,
        is_it: impl FnOnce(&Message) -> bool,
    ) -> Result<Permit, ErrorData> {
        match permit_of(context) {
            Some(permit) if is_it(permit.message()) => Ok(permit.clone()),
            found => {
                tracing::error!(
                    permit = ?found.map(Permit::message),
                    "refused a message without a permit of its own; this is a bug in the gate"
                );
                Err(ErrorData::new(ErrorCode(403), "this message was not authorized", None))
            }
        }
    }

    fn permit_for(&self, context: &RequestContext<RoleServer>, method: &str) -> Result<Permit, ErrorData> {
        self.permit(context, |message| matches!(message, Message::Other { method: m } if m == method))
    }

    /// Runs a tool, and sees to what outlives the call: sealed state, and whose a task is.
    async fn run_tool(
        &self,
        id: OperationId,
        run: CallFn<H, CallToolResponse>,
        permit: &Permit,
        call: Call,
    ) -> Result<CallToolResponse, ErrorData> {
        let mut answer = guarded(self.policy.registry().get(id).name(), run(&self.handler, call)).await?;
        match &mut answer {
            CallToolResponse::InputRequired(result) => self.states.seal(result, permit),
            CallToolResponse::Task(created) => {
                self.policy.tasks().record(&created.task.task_id, id, permit.identity());
            }
            _ => {}
        }
        Ok(answer)
    }

    /// Runs the `#[method]` declared for `method`.
    async fn method<P: Serialize, R: DeserializeOwned>(
        &self,
        permit: Permit,
        method: &str,
        params: P,
        context: RequestContext<RoleServer>,
    ) -> Result<R, ErrorData> {
        let not_found = || ErrorData::new(ErrorCode::METHOD_NOT_FOUND, method.to_owned(), None);
        let id = self.policy.registry().method(method).ok_or_else(not_found)?;
        let Route::Method(run) = self.routes.get(id) else { return Err(not_found()) };
        let mut call = Call::new(method, context);
        call.caller = permit.caller();
        call.arguments = match serde_json::to_value(params) {
            Ok(Value::Object(params)) => Some(params),
            Ok(Value::Null) => None,
            _ => {
                return Err(ErrorData::invalid_params(format!("params of {method} must be an object"), None));
            }
        };
        let answer = match guarded(method, run(&self.handler, call)).await? {
            Value::Null => Value::Object(JsonObject::new()),
            answer => answer,
        };
        serde_json::from_value(answer).map_err(|error| {
            tracing::error!(method, %error, "a method answered something its protocol method does not allow");
            ErrorData::internal_error("internal error", None)
        })
    }

    /// Ends when a stream bound to this caller has to: the server closes, or the token expires.
    async fn stream_end(&self, identity: &Identity) {
        let expiry = async {
            match identity.expires_at() {
                Some(at) => {
                    let left = at.saturating_sub(self.clock.unix_now());
                    tokio::time::sleep(std::time::Duration::from_secs(left)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.closing.cancelled() => {}
            () = expiry => {}
        }
    }
}

/// Where the gate put the permit: over HTTP into the request's parts, on stdio beside them.
fn permit_of(context: &RequestContext<RoleServer>) -> Option<&Permit> {
    let over_http = context.extensions.get::<http::request::Parts>();
    context
        .extensions
        .get::<Permit>()
        .or_else(|| over_http.and_then(|parts| parts.extensions.get::<Permit>()))
}

/// A restored session replays `initialize` under the permit of the request that restored it.
fn is_session_restore(context: &RequestContext<RoleServer>) -> bool {
    context.extensions.get::<SessionRestoreMarker>().is_some()
}

/// What every call of a tool, prompt or resource carries.
fn call_of(
    name: impl Into<String>,
    permit: &Permit,
    context: RequestContext<RoleServer>,
    input_responses: Option<InputResponses>,
    request_state: Option<String>,
) -> Call {
    let mut call = Call::new(name, context);
    call.caller = permit.caller();
    call.input_responses = input_responses;
    call.request_state = request_state;
    call
}

/// A panicking method fails its own call and nothing else.
async fn guarded<R>(name: &str, call: CallFuture<'_, R>) -> Result<R, ErrorData> {
    AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!(operation = ?name, "a method panicked");
        Err(ErrorData::internal_error("internal error", None))
    })
}

fn unknown(kind: Kind, name: &str) -> ErrorData {
    ErrorData::invalid_params(format!("unknown {kind}: {name}"), None)
}

impl<H: Handler> ServerHandler for Dispatch<H> {
    fn get_info(&self) -> ServerConfig {
        self.config.clone()
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        self.permit(&context, |message| {
            matches!(message, Message::Initialize { .. }) || is_session_restore(&context)
        })?;
        context.peer.set_peer_info(request.clone());
        self.negotiate_initialize(&request)
    }

    async fn discover(&self, context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        self.permit_for(&context, "server/discover")?;
        Ok(DiscoverResult::from_server_info(self.supported_protocol_versions().into_owned(), self.get_info()))
    }

    async fn ping(&self, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.permit_for(&context, "ping").map(drop)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let permit = self.permit(&context, |message| {
            matches!(message, Message::Tool { name, arguments }
                if *name == request.name && *arguments == request.arguments)
        })?;
        let Some((id, Route::Tool(run))) = permit.declared().map(|id| (id, self.routes.get(id))) else {
            return Err(unknown(Kind::Tool, &request.name));
        };
        let state = self.states.open(request.request_state, &permit)?;
        let mut call = call_of(request.name.into_owned(), &permit, context, request.input_responses, state);
        call.arguments = request.arguments;
        self.run_tool(id, run, &permit, call).await
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let permit = self.permit(&context, |message| {
            matches!(message, Message::Prompt { name, arguments }
                if *name == request.name && *arguments == request.arguments)
        })?;
        let Some(Route::Prompt(run)) = permit.declared().map(|id| self.routes.get(id)) else {
            return Err(unknown(Kind::Prompt, &request.name));
        };
        let state = self.states.open(request.request_state, &permit)?;
        let mut call = call_of(request.name, &permit, context, request.input_responses, state);
        call.arguments = request.arguments;
        let name = call.name.clone();
        let mut answer = guarded(&name, run(&self.handler, call)).await?;
        if let GetPromptResponse::InputRequired(result) = &mut answer {
            self.states.seal(result, &permit);
        }
        Ok(answer)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let permit = self.permit(
            &context,
            |message| matches!(message, Message::Resource { uri } if *uri == request.uri),
        )?;
        let Some((id, Route::Resource(run))) = permit.declared().map(|id| (id, self.routes.get(id))) else {
            return Err(unknown(Kind::Resource, &request.uri));
        };
        let registry = self.policy.registry();
        let state = self.states.open(request.request_state, &permit)?;
        let mut call = call_of(registry.get(id).name(), &permit, context, request.input_responses, state);
        call.variables = registry.variables(id, &request.uri);
        call.uri = Some(request.uri);
        let name = call.name.clone();
        let mut answer = guarded(&name, run(&self.handler, call)).await?;
        if let ReadResourceResponse::InputRequired(result) = &mut answer {
            self.states.seal(result, &permit);
        }
        Ok(answer)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let permit = self.permit_for(&context, "tools/list")?;
        lists::refuse_cursor(request.as_ref())?;
        let era = Era::of(context.protocol_version().as_ref().map(ProtocolVersion::as_str));
        Ok(lists::tools(&self.policy, permit.identity(), era))
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let permit = self.permit_for(&context, "prompts/list")?;
        lists::refuse_cursor(request.as_ref())?;
        Ok(lists::prompts(&self.policy, permit.identity()))
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let permit = self.permit_for(&context, "resources/list")?;
        lists::refuse_cursor(request.as_ref())?;
        Ok(lists::resources(&self.policy, permit.identity()))
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let permit = self.permit_for(&context, "resources/templates/list")?;
        lists::refuse_cursor(request.as_ref())?;
        Ok(lists::resource_templates(&self.policy, permit.identity()))
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let permit = self.permit(&context, |message| {
            matches!(message, Message::Complete { reference, .. } if refers_to(&request.r#ref, reference))
        })?;
        self.method(permit, "completion/complete", request, context).await
    }

    #[expect(deprecated, reason = "deprecated by SEP-2577, and still served")]
    async fn set_level(
        &self,
        request: rmcp::model::SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let permit = self.permit_for(&context, "logging/setLevel")?;
        self.method(permit, "logging/setLevel", request, context).await.map(done)
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        // Every URI in it was decided before rmcp saw the message; `listen` checks the permit.
        self.policy.registry().method("subscriptions/listen").map(|_| requested.clone())
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let context = subscription.request_context().clone();
        let asked = subscription.requested().resource_subscriptions.clone().unwrap_or_default();
        let permit =
            self.permit(&context, |message| matches!(message, Message::Listen { uris } if *uris == asked))?;
        let id = self.policy.registry().method("subscriptions/listen");
        let Some(Route::Method(run)) = id.map(|id| self.routes.get(id)) else {
            return Err(ErrorData::new(ErrorCode::METHOD_NOT_FOUND, "subscriptions/listen", None));
        };
        let mut call = Call::new("subscriptions/listen", context);
        call.caller = permit.caller();
        call.subscription = Some(subscription);
        tokio::select! {
            answer = guarded("subscriptions/listen", run(&self.handler, call)) => answer.map(drop),
            () = self.stream_end(permit.identity()) => Ok(()),
        }
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let permit = self.permit(
            &context,
            |message| matches!(message, Message::Subscribe { uri } if *uri == request.uri),
        )?;
        self.method(permit, "resources/subscribe", request, context).await.map(done)
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let permit = self.permit(
            &context,
            |message| matches!(message, Message::Unsubscribe { uri } if *uri == request.uri),
        )?;
        self.method(permit, "resources/unsubscribe", request, context).await.map(done)
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let permit = self.permit(&context, |message| is_task(message, "tasks/get", &request.task_id))?;
        self.method(permit, "tasks/get", request, context).await
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let permit = self.permit(&context, |message| is_task(message, "tasks/update", &request.task_id))?;
        self.method(permit, "tasks/update", request, context).await.map(done)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let permit = self.permit(&context, |message| is_task(message, "tasks/cancel", &request.task_id))?;
        self.method(permit, "tasks/cancel", request, context).await.map(done)
    }

    async fn list_skills(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListSkillsResult, ErrorData> {
        let permit = self.permit_for(&context, "skills/list")?;
        self.method(permit, "skills/list", request, context).await
    }

    async fn get_skill(
        &self,
        request: GetSkillRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetSkillResult, ErrorData> {
        let permit = self.permit_for(&context, "skills/get")?;
        self.method(permit, "skills/get", request, context).await
    }

    async fn read_resource_directory(
        &self,
        request: ReadResourceDirectoryRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceDirectoryResult, ErrorData> {
        let permit = self.permit_for(&context, "resources/directory/read")?;
        self.method(permit, "resources/directory/read", request, context).await
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let task = request.params.as_ref().and_then(|params| params.get("taskId")).and_then(Value::as_str);
        let permit = self.permit(&context, |message| match message {
            Message::Other { method } => *method == request.method,
            message => task.is_some_and(|id| is_task(message, &request.method, id)),
        })?;
        self.method(permit, &request.method, request.params, context).await.map(CustomResult::new)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        // rmcp asks for the schema of `Mcp-Param-*` headers, after the gate has allowed this very tool.
        let id = self.policy.registry().tool(name)?;
        match &self.policy.registry().get(id).item {
            Item::Tool(tool) => Some(tool.clone()),
            _ => None,
        }
    }
}

/// What a method answers whose protocol result is empty.
fn done(_: JsonObject) {}

fn is_task(message: &Message, method: &str, id: &str) -> bool {
    matches!(message, Message::Task { method: m, task_id } if m == method && task_id == id)
}

fn refers_to(rmcp: &RmcpReference, decided: &Reference) -> bool {
    match (rmcp, decided) {
        (RmcpReference::Prompt(prompt), Reference::Prompt(name)) => prompt.name == *name,
        (RmcpReference::Resource(resource), Reference::Resource(uri)) => resource.uri == *uri,
        _ => false,
    }
}
