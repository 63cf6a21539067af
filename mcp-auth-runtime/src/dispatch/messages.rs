//! What rmcp calls: one function for each message, which is refused unless the permit is for what rmcp read.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CancelTaskParams, CompleteRequestParams, CompleteResult,
    CustomRequest, CustomResult, DiscoverResult, GetPromptRequestParams, GetPromptResponse,
    GetSkillRequestParams, GetSkillResult, GetTaskParams, GetTaskResult, InitializeRequestParams,
    InitializeResult, JsonObject, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListSkillsResult, ListToolsResult, PaginatedRequestParams, ReadResourceDirectoryRequestParams,
    ReadResourceDirectoryResult, ReadResourceRequestParams, ReadResourceResponse, ServerConfig,
    SubscribeRequestParams, SubscriptionFilter, Tool, UnsubscribeRequestParams, UpdateTaskParams,
};
use rmcp::service::{RequestContext, RoleServer, SubscriptionContext};
use rmcp::{ErrorData, ServerHandler};
use serde_json::Value;

use super::permit::{is_session_restore, is_task, permit, permit_for, refers_to};
use super::run::{CallSource, Round, call, guarded};
use super::server::Dispatch;
use crate::answer::unknown_method;
use crate::call::served::Answers;
use crate::declared::registry::Item;
use crate::envelope::Message;

impl ServerHandler for Dispatch {
    fn get_info(&self) -> ServerConfig {
        self.config.clone()
    }

    async fn initialize(
        &self,
        request: InitializeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<InitializeResult, ErrorData> {
        permit(&context, |message| {
            matches!(message, Message::Initialize { .. }) || is_session_restore(&context)
        })?;
        context.peer.set_peer_info(request.clone());
        if let Some(followers) = &self.followers {
            followers.include(context.peer.clone());
        }
        self.negotiate_initialize(&request)
    }

    async fn discover(&self, context: RequestContext<RoleServer>) -> Result<DiscoverResult, ErrorData> {
        permit_for(&context, "server/discover")?;
        Ok(DiscoverResult::from_server_info(self.supported_protocol_versions().into_owned(), self.get_info()))
    }

    async fn ping(&self, context: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        permit_for(&context, "ping").map(drop)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let permit = permit(&context, |message| {
            matches!(message, Message::Tool { name, arguments }
                if *name == request.name && *arguments == request.arguments)
        })?;
        // The permit names the very same, and keeps its own.
        let round = Round {
            arguments: request.arguments,
            input_responses: request.input_responses,
            request_state: request.request_state,
        };
        self.tool(&permit, CallSource::Rmcp(context), round).await
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        let permit = permit(&context, |message| {
            matches!(message, Message::Prompt { name, arguments }
                if *name == request.name && *arguments == request.arguments)
        })?;
        // The permit names the very same, and keeps its own.
        let round = Round {
            arguments: request.arguments,
            input_responses: request.input_responses,
            request_state: request.request_state,
        };
        self.prompt(&permit, CallSource::Rmcp(context), round).await
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let permit =
            permit(&context, |message| matches!(message, Message::Resource { uri } if *uri == request.uri))?;
        let round = Round {
            arguments: None,
            input_responses: request.input_responses,
            request_state: request.request_state,
        };
        self.resource(request.uri, &permit, CallSource::Rmcp(context), round).await
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let permit = permit_for(&context, "tools/list")?;
        self.lists(&self.shown(), permit.identity()).tools(request.as_ref()).await
    }

    async fn list_prompts(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let permit = permit_for(&context, "prompts/list")?;
        self.lists(&self.shown(), permit.identity()).prompts(request.as_ref()).await
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let permit = permit_for(&context, "resources/list")?;
        self.lists(&self.shown(), permit.identity()).resources(request.as_ref()).await
    }

    async fn list_resource_templates(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let permit = permit_for(&context, "resources/templates/list")?;
        self.lists(&self.shown(), permit.identity()).resource_templates(request.as_ref()).await
    }

    async fn complete(
        &self,
        request: CompleteRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        let given =
            request.context.as_ref().and_then(|context| context.arguments.clone()).unwrap_or_default();
        let given = given.into_iter().collect();
        let permit = permit(
            &context,
            |message| matches!(message, Message::Complete { reference, chosen } if refers_to(&request.r#ref, reference) && *chosen == given),
        )?;
        self.method(&permit, "completion/complete", request, context).await
    }

    #[expect(deprecated, reason = "deprecated by SEP-2577, and still served")]
    async fn set_level(
        &self,
        request: rmcp::model::SetLevelRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let permit = permit_for(&context, "logging/setLevel")?;
        self.method(&permit, "logging/setLevel", request, context).await.map(done)
    }

    fn accepted_subscription_filter(&self, requested: &SubscriptionFilter) -> Option<SubscriptionFilter> {
        // Every URI in it was decided before rmcp saw the message; `listen` checks the permit.
        let id = self.rules.now().registry().method("subscriptions/listen")?;
        match self.served.answers(id) {
            Some(_) => Some(requested.clone()),
            // The program does not listen itself: of its tools alone there is something to tell.
            None => {
                let mut accepted = SubscriptionFilter::default();
                accepted.tools_list_changed = requested.tools_list_changed;
                Some(accepted)
            }
        }
    }

    async fn listen(&self, subscription: SubscriptionContext) -> Result<(), ErrorData> {
        let context = subscription.request_context().clone();
        let asked = subscription.requested().resource_subscriptions.clone().unwrap_or_default();
        let permit =
            permit(&context, |message| matches!(message, Message::Listen { uris } if *uris == asked))?;
        let decided_by = self.rules_of(&context);
        let Some(id) = decided_by.registry().method("subscriptions/listen") else {
            return Err(unknown_method("subscriptions/listen"));
        };
        let is_stale = || !Arc::ptr_eq(&decided_by, &self.rules.now());
        let sink = subscription.sink().clone();
        let told_of_tools = async {
            match &self.followers {
                Some(followers) => followers.follow(sink, is_stale).await,
                None => std::future::pending().await,
            }
        };
        let listening = async {
            if self.served.answers(id) != Some(Answers::Method) {
                // Kept, because it ends with what it is dropped with.
                let _open = subscription;
                return std::future::pending().await;
            }
            let mut call = call("subscriptions/listen", &permit, CallSource::Rmcp(context));
            call.subscription = Some(subscription);
            guarded(&permit, call, None, |call| self.served.method(id, call)).await
        };
        tokio::select! {
            // It ends with its token, and has no time of its own.
            answer = listening => Ok(answer.map(drop)?),
            () = told_of_tools => Ok(()),
            () = self.end_of_stream(permit.identity()).reached() => Ok(()),
        }
    }

    async fn subscribe(
        &self,
        request: SubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let permit =
            permit(&context, |message| matches!(message, Message::Subscribe { uri } if *uri == request.uri))?;
        self.method(&permit, "resources/subscribe", request, context).await.map(done)
    }

    async fn unsubscribe(
        &self,
        request: UnsubscribeRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let permit = permit(
            &context,
            |message| matches!(message, Message::Unsubscribe { uri } if *uri == request.uri),
        )?;
        self.method(&permit, "resources/unsubscribe", request, context).await.map(done)
    }

    async fn get_task(
        &self,
        request: GetTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetTaskResult, ErrorData> {
        let permit = permit(&context, |message| is_task(message, "tasks/get", &request.task_id))?;
        self.method(&permit, "tasks/get", request, context).await
    }

    async fn update_task(
        &self,
        request: UpdateTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let permit = permit(&context, |message| is_task(message, "tasks/update", &request.task_id))?;
        self.method(&permit, "tasks/update", request, context).await.map(done)
    }

    async fn cancel_task(
        &self,
        request: CancelTaskParams,
        context: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        let permit = permit(&context, |message| is_task(message, "tasks/cancel", &request.task_id))?;
        self.method(&permit, "tasks/cancel", request, context).await.map(done)
    }

    async fn list_skills(
        &self,
        request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListSkillsResult, ErrorData> {
        let permit = permit_for(&context, "skills/list")?;
        self.method(&permit, "skills/list", request, context).await
    }

    async fn get_skill(
        &self,
        request: GetSkillRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<GetSkillResult, ErrorData> {
        let permit = permit_for(&context, "skills/get")?;
        self.method(&permit, "skills/get", request, context).await
    }

    async fn read_resource_directory(
        &self,
        request: ReadResourceDirectoryRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceDirectoryResult, ErrorData> {
        let permit = permit_for(&context, "resources/directory/read")?;
        self.method(&permit, "resources/directory/read", request, context).await
    }

    async fn on_custom_request(
        &self,
        request: CustomRequest,
        context: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        let task = request.params.as_ref().and_then(|params| params.get("taskId")).and_then(Value::as_str);
        let permit = permit(&context, |message| match message {
            Message::Other { method } => *method == request.method,
            message => task.is_some_and(|id| is_task(message, &request.method, id)),
        })?;
        self.method(&permit, &request.method, request.params, context).await.map(CustomResult::new)
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        // rmcp asks for the schema of `Mcp-Param-*` headers, after the gate has allowed this very tool.
        let rules = self.rules.now();
        let id = rules.registry().tool(name)?;
        match &rules.registry().get(id).item {
            Item::Tool(tool) => Some(tool.clone()),
            _ => None,
        }
    }
}

/// What a method answers whose protocol result is empty.
fn done(_: JsonObject) {}
