//! `confirm = "login"`: the person logs in on a page of the built-in issuer for this one call, sees it there, and answers there.
//!
//! Who logs in there must be the caller, so a client that answers by itself, and a person who was sent the link of another one's call, allow nothing.

use mcp_auth_core::seen::shown;

use super::answer::Question;
use super::confirming::Confirming;
use super::page::PersonPage;
use super::seen::seen_arguments;
use super::unconfirmed::{DENIED, LATE, Unconfirmed};
use crate::authn::Identity;
use crate::call::Call;
use crate::call::ask::Ask;
use crate::call::from_call::FromCall as _;
use crate::call::tool_error::ToolError;
use crate::declared::registry::Declaration;

impl PersonPage {
    /// Asks the person behind `who`, who sent `call`, whether it runs.
    ///
    /// # Errors
    /// The question, or why it does not.
    pub(in crate::dispatch) async fn confirmed(
        &self,
        declaration: &Declaration,
        who: &Identity,
        call: &mut Call,
        confirming: &mut Confirming,
    ) -> Result<(), Unconfirmed> {
        let Some(person) = self.person(who) else {
            return Err(Unconfirmed::refused(format!(
                "this call needs a person who confirms it after logging in at {}, and no such person is behind this caller",
                self.issuer()
            )));
        };
        let tool = declaration.name();
        let question = Question {
            tool,
            connects: None,
            arguments: seen_arguments(call)?,
            message: format!(
                "The program asks to call the tool {}. This page shows the call: log in there, and allow or deny it.",
                shown(tool)
            ),
            denied: DENIED,
            late: LATE,
            foreign: "another person than the caller logged in to confirm this call",
        };
        let mut ask = Ask::from_call(call).map_err(ToolError::protocol)?;
        self.asks(person, question, &mut confirming.page, &mut ask).await
    }
}
