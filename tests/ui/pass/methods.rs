#![allow(deprecated)]

use mcp_auth::extract::SubscriptionContext;
use mcp_auth::model::{
    CompleteRequestParams, CompleteResult, GetTaskParams, GetTaskResult, SetLevelRequestParams,
    SubscribeRequestParams,
};
use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("completion/complete", scope = "todos.read")]
    async fn complete(
        &self,
        Parameters(params): Parameters<CompleteRequestParams>,
    ) -> Result<CompleteResult, ToolError> {
        drop(params);
        Ok(CompleteResult::default())
    }

    #[method("resources/subscribe", scope = "todos.read")]
    async fn subscribe(&self, Parameters(params): Parameters<SubscribeRequestParams>) {
        drop(params);
    }

    #[method("subscriptions/listen", authenticated)]
    async fn listen(&self, subscription: SubscriptionContext) {
        subscription.cancelled().await;
    }

    #[method("logging/setLevel", authenticated)]
    fn set_level(&self, Parameters(params): Parameters<SetLevelRequestParams>) {
        drop(params);
    }

    #[method("tasks/get", authenticated)]
    async fn task(&self, Parameters(params): Parameters<GetTaskParams>) -> Result<GetTaskResult, ErrorData> {
        Err(ErrorData::invalid_params(params.task_id, None))
    }

    #[method("todos/count", public)]
    fn count(&self, peer: Peer<RoleServer>) -> Json<usize> {
        Json(usize::from(peer.is_transport_closed()))
    }
}

fn main() {}
