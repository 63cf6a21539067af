//! Connects to the MCP endpoint without a token, to see it refused.

use mcp_auth_core::Era;
use serde_json::Value;

use super::visit::Visit;
use crate::doctor::fetch::{Answer, Trouble};
use crate::doctor::judge::unauthenticated::{LoginSigns, asks_for_login};
use crate::doctor::mcp::{Endpoint, FirstAnswers, Reply, most_informative};

/// A tool name that servers do not have, so that calling it runs nothing.
const NO_SUCH_TOOL: &str = "mcp-auth-doctor-no-such-tool";

/// The server's answers to a caller without a token.
pub(super) struct Unauthenticated {
    pub(super) answers: FirstAnswers,
    pub(super) signs: LoginSigns,
    /// The answer to a tool call, where connecting needed no token.
    pub(super) called: Option<Result<Reply, Trouble>>,
}

impl Unauthenticated {
    pub(super) async fn connect(visit: &Visit<'_>) -> Self {
        let endpoint = visit.endpoint(None);
        let stateless = endpoint.open(Era::Stateless).await;
        let legacy = match &stateless {
            Err(trouble) if !matches!(trouble, Trouble::Other(_)) => Err(trouble.clone()),
            _ => endpoint.open(Era::Sessions).await,
        };
        let answers = [stateless, legacy];
        let mut unauthenticated = Self { answers, signs: LoginSigns::default(), called: None };
        unauthenticated.look_for_login(visit, &endpoint).await;
        unauthenticated
    }

    /// If connecting needs no token, finds out whether calling a tool needs one.
    async fn look_for_login(&mut self, visit: &Visit<'_>, endpoint: &Endpoint<'_>) {
        let used = self.most_informative().filter(|reply| reply.result().is_some()).cloned();
        for answer in self.answers.iter().flatten() {
            let is_used = used.as_ref().is_some_and(|used| used.era == answer.era);
            if answer.result().is_some() && !is_used {
                endpoint.close(&endpoint.proceed(answer).await).await;
            }
        }
        let Some(used) = used else { return };
        let talk = endpoint.proceed(&used).await;
        let tools = endpoint.list_tools(&talk).await;
        let name = visit.tool.filter(|_| visit.token.is_none()).unwrap_or(NO_SUCH_TOOL);
        let called = endpoint.call_tool(&talk, name).await;
        endpoint.close(&talk).await;
        self.signs.tools_ask = tools.is_ok_and(|tools| some_need_a_login(&tools));
        self.signs.calls_ask = asks_for_login(called.as_ref().ok());
        self.called = Some(called);
    }

    pub(super) fn most_informative(&self) -> Option<&Reply> {
        most_informative(&self.answers)
    }

    /// The 401 that a client sees first.
    pub(super) fn refusal(&self) -> Option<&Answer> {
        let called = self.called.as_ref().and_then(|called| called.as_ref().ok());
        [self.most_informative(), called]
            .into_iter()
            .flatten()
            .find(|reply| reply.status() == 401)
            .map(|reply| &reply.answer)
    }

    pub(super) fn is_open(&self) -> bool {
        self.called.is_some()
    }
}

/// Whether a tool has `securitySchemes` that name OAuth, as some servers with public and private tools declare it.
fn some_need_a_login(tools: &Reply) -> bool {
    let tools = tools.result().and_then(|result| result.get("tools")).and_then(Value::as_array);
    let schemes = |tool: &Value| {
        let stated = tool.get("securitySchemes").or_else(|| tool.pointer("/_meta/securitySchemes"))?;
        Some(stated.as_array()?.iter().any(|scheme| scheme["type"] == "oauth2"))
    };
    tools.is_some_and(|tools| tools.iter().any(|tool| schemes(tool) == Some(true)))
}
