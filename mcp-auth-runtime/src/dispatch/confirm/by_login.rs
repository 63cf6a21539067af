//! `confirm = "login"`: the person logs in on a page of the built-in issuer for this one call, sees it there, and answers there.
//!
//! The client only opens the page. Who logs in there must be the caller, so a client that answers by itself, and a person who was
//! sent the link of another one's call, allow nothing.

use std::time::Duration;

use mcp_auth_core::Era;
use mcp_auth_core::seen::shown;
use mcp_auth_store::{Answer, StoreError, Taken};

use super::page::{ConfirmationPage, WAITS, public_id};
use super::seen::seen_arguments;
use crate::authn::Identity;
use crate::call::Call;
use crate::call::ask::{Ask, Page, Reply};
use crate::call::from_call::FromCall as _;
use crate::call::tool_error::ToolError;
use crate::declared::registry::Declaration;
use crate::owned::unavailable;

/// How long one round of a call waits (2026-07-28), before the client is asked to come again: most clients and proxies wait a
/// minute for an answer.
const ROUND: Duration = Duration::from_secs(50);

impl ConfirmationPage {
    /// Asks for the confirmation of `call`, which `who` sent. What `Ask` remembers of it goes on into the call, whose tool may ask
    /// more.
    ///
    /// # Errors
    /// What the client is told where the call does not run: the question, or a refusal.
    pub(in crate::dispatch) async fn confirmed(
        &self,
        declaration: &Declaration,
        who: &Identity,
        call: &mut Call,
    ) -> Result<(), ToolError> {
        let Some(person) = self.person(who) else {
            return Err(ToolError::forbidden(format!(
                "this call needs a person who confirms it after logging in at {}, and no such person is behind this caller",
                self.issuer()
            )));
        };
        let name = declaration.name();
        let arguments = seen_arguments(call)?;
        let mut ask = Ask::from_call(call).map_err(ToolError::protocol)?;
        ask.needs_urls()?;
        let page = match ask.page() {
            Some(page) => page.clone(),
            None => {
                let id = self.ask(person, name, arguments).await.map_err(outage)?;
                Page { id, confirmed: false }
            }
        };
        *ask.page() = Some(page.clone());
        self.answered(name, &page, &mut ask).await?;
        *ask.page() = Some(Page { confirmed: true, ..page });
        call.rounds = Some(ask.into_rounds());
        Ok(())
    }

    async fn answered(&self, name: &str, page: &Page, ask: &mut Ask) -> Result<(), ToolError> {
        let message = format!(
            "The program asks to call the tool {}. This page shows the call: log in there, and allow or deny it.",
            shown(name)
        );
        let (url, public_id) = (self.url(&page.id), public_id(&page.id));
        match ask.url(&*message, &url, &*public_id).await? {
            Reply::Accepted(()) if page.confirmed => return Ok(()),
            Reply::Accepted(()) => {}
            Reply::Declined | Reply::Cancelled => {
                self.close(&page.id).await.map_err(outage)?;
                return Err(not_confirmed());
            }
        }
        let patience = match ask.era() {
            Era::Stateless => ROUND,
            Era::Sessions => Duration::from_secs(WAITS),
        };
        let taken = tokio::select! {
            taken = self.taken(&page.id, patience) => taken.map_err(outage)?,
            () = ask.cancelled() => return Err(ToolError::new("the call was cancelled")),
        };
        if taken != Taken::Waiting && ask.era() == Era::Sessions {
            ask.complete(&public_id).await;
        }
        match taken {
            Taken::Answered(Answer::Allowed) => Ok(()),
            Taken::Answered(Answer::Denied) => Err(not_confirmed()),
            Taken::Answered(Answer::Foreign) => {
                Err(ToolError::forbidden("another person than the caller logged in to confirm this call"))
            }
            Taken::Waiting if ask.era() == Era::Stateless => Err(ask.url_again(&*message, &url, &*public_id)),
            Taken::Waiting | Taken::Gone => {
                Err(ToolError::forbidden("the person did not confirm this call in time"))
            }
        }
    }
}

fn not_confirmed() -> ToolError {
    ToolError::forbidden("the person did not confirm this call")
}

fn outage(error: StoreError) -> ToolError {
    ToolError::protocol(unavailable(error))
}
