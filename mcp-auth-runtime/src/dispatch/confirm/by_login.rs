//! `confirm = "login"`: the person logs in on a page of the built-in issuer for this one call, sees it there, and answers there.
//!
//! The client only opens the page. Who logs in there must be the caller, so a client that answers by itself, and a person who was
//! sent the link of another one's call, allow nothing.

use std::time::Duration;

use mcp_auth_core::Era;
use mcp_auth_core::seen::shown;
use mcp_auth_store::{Answer, Taken};
use tokio::time::timeout;

use super::confirming::Confirming;
use super::page::{ConfirmationPage, public_id};
use super::seen::seen_arguments;
use super::unconfirmed::Unconfirmed;
use crate::answer::refused_by::OUTAGE;
use crate::authn::Identity;
use crate::call::Call;
use crate::call::ask::{Ask, Reply};
use crate::call::from_call::FromCall as _;
use crate::call::tool_error::ToolError;
use crate::declared::registry::Declaration;

/// How long one message waits (2026-07-28), before the client is asked to come again: most clients and proxies wait a minute for an
/// answer.
const ONE_MESSAGE: Duration = Duration::from_secs(50);

/// How long it may take to tell a client that its person is done.
const TELLING: Duration = Duration::from_secs(1);

impl ConfirmationPage {
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
        let name = declaration.name();
        let arguments = seen_arguments(call)?;
        let mut ask = Ask::from_call(call).map_err(ToolError::protocol)?;
        ask.needs_urls()?;
        let id = match &confirming.page {
            Some(id) => id.clone(),
            None => self.ask(person, name, arguments).await?,
        };
        confirming.page = Some(id.clone());
        let answered = self.answered(name, &id, &mut ask).await;
        // After a question the call waits on, and where the store cannot tell the answer it may come again. After everything else it does not.
        if let Err(unconfirmed) = &answered
            && !unconfirmed.told.is_question()
            && unconfirmed.by != OUTAGE
        {
            let _closed = self.close(&id).await;
        }
        answered
    }

    async fn answered(&self, name: &str, id: &str, ask: &mut Ask) -> Result<(), Unconfirmed> {
        let message = format!(
            "The program asks to call the tool {}. This page shows the call: log in there, and allow or deny it.",
            shown(name)
        );
        let (url, public_id) = (self.url(id), public_id(id));
        let patience = match ask.era() {
            Era::Stateless => ONE_MESSAGE,
            Era::Sessions => self.session_wait,
        };
        match timeout(patience, ask.url(&*message, &url, &*public_id)).await {
            Ok(reply) => match reply? {
                Reply::Accepted(()) => {}
                Reply::Declined | Reply::Cancelled => return Err(Unconfirmed::denied()),
            },
            Err(_) => return Err(Unconfirmed::late()),
        }
        let taken = tokio::select! {
            taken = self.taken(id, patience) => taken?,
            () = ask.cancelled() => return Err(ToolError::new("the call was cancelled").into()),
        };
        if taken != Taken::Waiting && ask.era() == Era::Sessions {
            let _told = timeout(TELLING, ask.complete(&public_id)).await;
        }
        match taken {
            Taken::Answered(Answer::Allowed) => Ok(()),
            Taken::Answered(Answer::Denied) => Err(Unconfirmed::denied()),
            Taken::Answered(Answer::Foreign) => {
                Err(Unconfirmed::refused("another person than the caller logged in to confirm this call"))
            }
            Taken::Waiting if ask.era() == Era::Stateless => {
                Err(ask.url_again(&*message, &url, &*public_id).into())
            }
            Taken::Waiting | Taken::Gone => Err(Unconfirmed::late()),
        }
    }
}
