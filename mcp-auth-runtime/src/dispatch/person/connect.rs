//! `upstream = "…"`: before a tool runs that acts for a person at a provider at which nobody logs in here, that person connects their account there,
//! on a page of the built-in issuer.
//!
//! Who opens the page must be the caller: a link that somebody else was sent connects nothing (MCP, elicitation, "Phishing").

use mcp_auth_core::seen::shown;

use super::answer::Question;
use super::connecting::Connecting;
use super::page::PersonPage;
use super::unconfirmed::Unconfirmed;
use crate::authn::Identity;
use crate::call::Call;
use crate::call::ask::Ask;
use crate::call::from_call::FromCall as _;
use crate::call::tool_error::ToolError;
use crate::declared::registry::Declaration;

impl PersonPage {
    /// Asks the person behind `who`, who sent `call`, to connect their account at `upstream`.
    ///
    /// # Errors
    /// The question, or why the call does not run.
    pub(in crate::dispatch) async fn connected(
        &self,
        (declaration, upstream): (&Declaration, &str),
        who: &Identity,
        call: &mut Call,
        connecting: &mut Connecting,
    ) -> Result<(), Unconfirmed> {
        // Nobody else has anything to connect, and the tool says so.
        let Some(person) = self.person(who) else { return Ok(()) };
        let tool = declaration.name();
        let question = Question {
            tool,
            connects: Some(upstream),
            arguments: String::new(),
            message: format!(
                "The tool {} acts for you at {upstream}, and your account there is not connected to this server. This page connects it.",
                shown(tool)
            ),
            denied: "the person did not connect the account that this tool acts for",
            late: "the person did not connect the account that this tool acts for in time",
            foreign: "another person than the caller opened the page that connects the account",
        };
        let mut ask = Ask::from_call(call).map_err(ToolError::protocol)?;
        self.asks(person, question, &mut connecting.page, &mut ask).await
    }
}
