//! Every operation, declared once and served twice: by [`Open`] to anyone, by [`Protected`] to callers with
//! the scope `mcp`. The macro below is there for that alone; a server has one `#[server]` block.
#![expect(deprecated, reason = "sampling and logging are deprecated by SEP-2577, and still served")]

use mcp_auth::extract::{
    InputResponses, ProgressToken, RequestMetaObject, RequestState, SubscriptionContext,
};
use mcp_auth::model::{
    CallToolResponse, CancelTaskParams, ClientCapabilities, CompleteRequestParams, CompleteResult,
    CompletionInfo, GetPromptResponse, GetTaskParams, GetTaskResult, LoggingLevel, UpdateTaskParams,
};
use mcp_auth::prelude::*;
use mcp_auth::rmcp::task_manager::TaskManager;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::changes::Listeners;
use crate::{client, content, rounds, task};

/// What `test_sampling` takes.
#[derive(Deserialize, JsonSchema)]
struct Sampling {
    /// What to ask the client's model.
    prompt: String,
}

/// What `test_elicitation` takes.
#[derive(Deserialize, JsonSchema)]
struct Elicitation {
    /// What to ask the user.
    message: String,
}

/// What `test_custom_header` takes, in a header too.
#[derive(Deserialize, JsonSchema)]
struct InHeader {
    #[schemars(extend("x-mcp-header" = "Value"))]
    value: String,
}

/// What `greet` takes.
#[derive(Deserialize, JsonSchema)]
struct Greet {
    name: String,
}

/// What `slow_compute` takes.
#[derive(Deserialize, JsonSchema)]
struct SlowCompute {
    /// How long to work, at most 60.
    seconds: f64,
}

/// What `test_prompt_with_arguments` takes.
#[derive(Deserialize, JsonSchema)]
struct TwoArguments {
    /// The first.
    arg1: String,
    /// The second.
    arg2: String,
}

/// What `test_prompt_with_embedded_resource` takes.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Embedded {
    /// The URI of the resource.
    resource_uri: String,
}

macro_rules! everything {
    ($(#[$doc:meta])* $server:ident, $($who_may_call:tt)+) => {
        $(#[$doc])*
        #[derive(Clone, Default)]
        pub(crate) struct $server {
            listeners: Listeners,
            tasks: TaskManager,
        }

        /// One of everything.
        #[server(name = "conformance", $($who_may_call)+)]
        impl $server {
            /// Answers text.
            #[tool]
            fn test_simple_text(&self) -> &'static str {
                "This is a simple text response for testing."
            }

            /// Answers an image.
            #[tool]
            fn test_image_content(&self) -> ContentBlock {
                content::image()
            }

            /// Answers audio.
            #[tool]
            fn test_audio_content(&self) -> ContentBlock {
                content::audio()
            }

            /// Answers a resource.
            #[tool]
            fn test_embedded_resource(&self) -> ContentBlock {
                let text = "This is an embedded resource content.";
                content::embedded("test://embedded-resource", "text/plain", text)
            }

            /// Answers content of several kinds.
            #[tool]
            fn test_multiple_content_types(&self) -> Vec<ContentBlock> {
                content::mixed()
            }

            /// Fails.
            #[tool]
            fn test_error_handling(&self) -> Result<(), ToolError> {
                Err(ToolError::new("This tool intentionally returns an error for testing"))
            }

            /// Reports progress.
            #[tool]
            async fn test_tool_with_progress(
                &self,
                peer: Peer<RoleServer>,
                token: Option<ProgressToken>,
            ) -> Result<&'static str, ToolError> {
                client::progress(&peer, token).await?;
                Ok("done")
            }

            /// Logs three messages.
            #[tool]
            async fn test_tool_with_logging(&self, peer: Peer<RoleServer>) -> Result<&'static str, ToolError> {
                let texts = ["Tool execution started", "Tool processing data", "Tool execution completed"];
                client::log(&peer, LoggingLevel::Info, &texts).await?;
                Ok("done")
            }

            /// Logs where the request asks for it.
            #[tool]
            async fn test_logging_tool(
                &self,
                peer: Peer<RoleServer>,
                meta: RequestMetaObject,
            ) -> Result<&'static str, ToolError> {
                if let Some(level) = meta.log_level() {
                    client::log(&peer, level, &["the request asked for this"]).await?;
                }
                Ok("done")
            }

            /// Asks the client's model.
            #[tool]
            async fn test_sampling(
                &self,
                peer: Peer<RoleServer>,
                Parameters(Sampling { prompt }): Parameters<Sampling>,
            ) -> Result<String, ToolError> {
                client::sample(&peer, prompt).await
            }

            /// Asks the user.
            #[tool]
            async fn test_elicitation(
                &self,
                peer: Peer<RoleServer>,
                Parameters(Elicitation { message }): Parameters<Elicitation>,
            ) -> Result<String, ToolError> {
                client::elicit(&peer, message, json!({ "response": { "type": "string" } })).await
            }

            /// Asks the user, with a default for each answer.
            #[tool]
            async fn test_elicitation_sep1034_defaults(&self, peer: Peer<RoleServer>) -> Result<String, ToolError> {
                client::elicit(&peer, "Change what is not right", client::defaults()).await
            }

            /// Asks the user to choose.
            #[tool]
            async fn test_elicitation_sep1330_enums(&self, peer: Peer<RoleServer>) -> Result<String, ToolError> {
                client::elicit(&peer, "Choose", client::choices()).await
            }

            /// Takes long enough for a client to reconnect.
            #[tool]
            async fn test_reconnection(&self) -> &'static str {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                "done"
            }

            /// Takes its arguments by its own schema.
            #[tool(input_schema = content::schema_2020_12())]
            fn json_schema_2020_12_tool(&self, arguments: JsonObject) -> String {
                Value::Object(arguments).to_string()
            }

            /// Takes an argument that a header repeats.
            #[tool]
            fn test_custom_header(&self, Parameters(InHeader { value }): Parameters<InHeader>) -> String {
                value
            }

            /// Needs a client that can sample.
            #[tool]
            fn test_missing_capability(&self, meta: RequestMetaObject) -> Result<&'static str, ErrorData> {
                match meta.client_capabilities().unwrap_or_default().sampling {
                    Some(_) => Ok("done"),
                    None => {
                        let needed = ClientCapabilities::builder().enable_sampling().build();
                        Err(ErrorData::missing_required_client_capability(needed))
                    }
                }
            }

            /// Asks for a value, in its answer.
            #[tool]
            fn test_streaming_elicitation(&self) -> Result<InputRequiredResult, ErrorData> {
                rounds::streaming_elicitation()
            }

            /// Tells listeners that the tools changed.
            #[tool]
            async fn test_trigger_tool_change(&self) -> &'static str {
                self.listeners.tools_changed().await;
                "done"
            }

            /// Tells listeners that the prompts changed.
            #[tool]
            async fn test_trigger_prompt_change(&self) -> &'static str {
                self.listeners.prompts_changed().await;
                "done"
            }

            /// Asks the user for a name.
            #[tool]
            fn test_input_required_result_elicitation(
                &self,
                responses: InputResponses,
            ) -> Result<CallToolResponse, ErrorData> {
                rounds::elicitation(&responses)
            }

            /// Asks the client's model.
            #[tool]
            fn test_input_required_result_sampling(&self, responses: InputResponses) -> CallToolResponse {
                rounds::sampling(&responses)
            }

            /// Asks for the client's roots.
            #[tool]
            fn test_input_required_result_list_roots(&self, responses: InputResponses) -> CallToolResponse {
                rounds::list_roots(&responses)
            }

            /// Keeps state between two rounds.
            #[tool]
            fn test_input_required_result_request_state(
                &self,
                state: RequestState,
            ) -> Result<CallToolResponse, ErrorData> {
                rounds::request_state(&state)
            }

            /// The same; clients may not change what is kept.
            #[tool]
            fn test_input_required_result_tampered_state(
                &self,
                state: RequestState,
            ) -> Result<CallToolResponse, ErrorData> {
                rounds::request_state(&state)
            }

            /// Asks for three things at once.
            #[tool]
            fn test_input_required_result_multiple_inputs(
                &self,
                state: RequestState,
                responses: InputResponses,
            ) -> Result<CallToolResponse, ErrorData> {
                rounds::multiple_inputs(&state, &responses)
            }

            /// Asks twice.
            #[tool]
            fn test_input_required_result_multi_round(
                &self,
                state: RequestState,
            ) -> Result<CallToolResponse, ErrorData> {
                rounds::multi_round(&state)
            }

            /// Asks for what the client can answer.
            #[tool]
            fn test_input_required_result_capabilities(
                &self,
                meta: RequestMetaObject,
                responses: InputResponses,
            ) -> Result<CallToolResponse, ErrorData> {
                rounds::capabilities(&meta.client_capabilities().unwrap_or_default(), &responses)
            }

            /// Greets, at once.
            #[tool]
            fn greet(&self, Parameters(Greet { name }): Parameters<Greet>) -> String {
                format!("Hello, {name}!")
            }

            /// Works for some seconds.
            #[tool]
            async fn slow_compute(
                &self,
                context: RequestContext<RoleServer>,
                Parameters(SlowCompute { seconds }): Parameters<SlowCompute>,
            ) -> Result<CallToolResponse, ErrorData> {
                task::slow_compute(&self.tasks, &context, seconds).await
            }

            /// Works for a second, and fails.
            #[tool]
            fn failing_job(&self, context: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
                task::failing_job(&self.tasks, &context)
            }

            /// Works, and breaks.
            #[tool]
            fn protocol_error_job(
                &self,
                context: RequestContext<RoleServer>,
            ) -> Result<CallToolResponse, ErrorData> {
                task::protocol_error_job(&self.tasks, &context)
            }

            /// Asks before it goes on.
            #[tool]
            fn confirm_delete(&self, context: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
                task::confirm_delete(&self.tasks, &context)
            }

            /// Asks for two things before it goes on.
            #[tool]
            fn multi_input(&self, context: RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
                task::multi_input(&self.tasks, &context)
            }

            /// Asks for a name, then works.
            #[tool]
            fn test_tool_with_task(
                &self,
                context: RequestContext<RoleServer>,
                responses: InputResponses,
            ) -> Result<CallToolResponse, ErrorData> {
                task::after_a_round(&self.tasks, &context, &responses)
            }

            /// Text.
            #[resource(uri = "test://static-text", mime_type = "text/plain")]
            fn static_text(&self) -> &'static str {
                "This is the content of the static text resource."
            }

            /// An image.
            #[resource(uri = "test://static-binary", mime_type = "image/png")]
            fn static_binary(&self) -> ResourceContents {
                content::binary("test://static-binary")
            }

            /// Something to subscribe to.
            #[resource(uri = "test://watched-resource", mime_type = "text/plain")]
            fn watched_resource(&self) -> &'static str {
                "Nothing new."
            }

            /// Data of an identifier.
            #[resource(uri = "test://template/{id}/data", mime_type = "application/json")]
            fn template_data(&self, id: String) -> Json<Value> {
                Json(json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") }))
            }

            /// One message.
            #[prompt]
            fn test_simple_prompt(&self) -> &'static str {
                "This is a simple prompt for testing."
            }

            /// Repeats its arguments.
            #[prompt]
            fn test_prompt_with_arguments(
                &self,
                Parameters(TwoArguments { arg1, arg2 }): Parameters<TwoArguments>,
            ) -> String {
                format!("Prompt with arguments: arg1='{arg1}', arg2='{arg2}'")
            }

            /// About a resource.
            #[prompt]
            fn test_prompt_with_embedded_resource(
                &self,
                Parameters(Embedded { resource_uri }): Parameters<Embedded>,
            ) -> Vec<PromptMessage> {
                let text = "Embedded resource content for testing.";
                let resource = content::embedded(&resource_uri, "text/plain", text);
                content::prompt_about(resource, "Please process the embedded resource above.")
            }

            /// About an image.
            #[prompt]
            fn test_prompt_with_image(&self) -> Vec<PromptMessage> {
                content::prompt_about(content::image(), "Please analyze the image above.")
            }

            /// Asks the user for context.
            #[prompt]
            fn test_input_required_result_prompt(
                &self,
                responses: InputResponses,
            ) -> Result<GetPromptResponse, ErrorData> {
                rounds::context_prompt(&responses)
            }

            #[method("completion/complete")]
            fn complete(
                &self,
                Parameters(asked): Parameters<CompleteRequestParams>,
            ) -> Result<CompleteResult, ToolError> {
                Ok(CompleteResult::new(CompletionInfo::new(vec![format!("{}-value", asked.argument.name)])?))
            }

            #[method("logging/setLevel")]
            fn set_level(&self) {}

            #[method("resources/subscribe")]
            fn subscribe(&self) {}

            #[method("resources/unsubscribe")]
            fn unsubscribe(&self) {}

            #[method("subscriptions/listen")]
            async fn listen(&self, subscription: SubscriptionContext) {
                self.listeners.listen(&subscription).await;
            }

            #[method("tasks/get")]
            fn get_task(
                &self,
                Parameters(asked): Parameters<GetTaskParams>,
            ) -> Result<GetTaskResult, ErrorData> {
                Ok(GetTaskResult::new(self.tasks.get_task(&asked.task_id)?))
            }

            #[method("tasks/update")]
            fn update_task(&self, Parameters(update): Parameters<UpdateTaskParams>) -> Result<(), ErrorData> {
                self.tasks.update_task(&update.task_id, update.input_responses)
            }

            #[method("tasks/cancel")]
            fn cancel_task(&self, Parameters(asked): Parameters<CancelTaskParams>) -> Result<(), ErrorData> {
                self.tasks.cancel_task(&asked.task_id)
            }
        }
    };
}

everything! {
    /// Everything, for anyone.
    Open, public
}

everything! {
    /// Everything, for callers with the scope `mcp`.
    Protected, scope = "mcp"
}
