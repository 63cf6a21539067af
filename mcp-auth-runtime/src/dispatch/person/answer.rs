//! A person is sent to a page of the issuer, and the call waits for what they answer there.
//!
//! The client only opens the page, and what was answered never goes through it.

use std::time::Duration;

use mcp_auth_core::Era;
use mcp_auth_store::{Answer, Taken};
use tokio::time::timeout;

use super::page::{PersonPage, public_id};
use super::unconfirmed::Unconfirmed;
use crate::answer::refused_by::OUTAGE;
use crate::authn::Principal;
use crate::call::ask::{Ask, Reply};
use crate::call::tool_error::ToolError;

/// How long one message waits (2026-07-28), before the client is asked to come again: most clients and proxies wait a minute for an
/// answer.
const ONE_MESSAGE: Duration = Duration::from_secs(50);

/// How long it may take to tell a client that its person is done.
const TELLING: Duration = Duration::from_secs(1);

/// What a person is asked on the page, and what the client is told where they do not do it.
pub(super) struct Question<'q> {
    pub(super) tool: &'q str,
    /// The provider at which they connect an account; without it they confirm the call.
    pub(super) connects: Option<&'q str>,
    /// The arguments, as the page shows them.
    pub(super) arguments: String,
    /// What the client shows them beside the URL.
    pub(super) message: String,
    pub(super) denied: &'static str,
    pub(super) late: &'static str,
    pub(super) foreign: &'static str,
}

impl PersonPage {
    /// Asks `person`, and waits for their answer. `page`: the secret of the page where they were asked before, and are now.
    ///
    /// # Errors
    /// The question, or why the call does not run.
    pub(super) async fn asks(
        &self,
        person: &Principal,
        question: Question<'_>,
        page: &mut Option<String>,
        ask: &mut Ask,
    ) -> Result<(), Unconfirmed> {
        ask.needs_urls()?;
        let id = match &page {
            Some(id) => id.clone(),
            None => self.keep(person, &question).await?,
        };
        *page = Some(id.clone());
        let answered = self.answered(&question, &id, ask).await;
        // After a question the call waits on, and where the store cannot tell the answer it may come again. After everything else it does not.
        if let Err(unconfirmed) = &answered
            && !unconfirmed.told.is_question()
            && unconfirmed.by != OUTAGE
        {
            let _closed = self.close(&id).await;
        }
        answered
    }

    async fn answered(&self, question: &Question<'_>, id: &str, ask: &mut Ask) -> Result<(), Unconfirmed> {
        let Question { message, denied, late, foreign, .. } = question;
        let (url, public_id) = (self.url(id), public_id(id));
        let patience = match ask.era() {
            Era::Stateless => ONE_MESSAGE,
            Era::Sessions => self.session_wait,
        };
        match timeout(patience, ask.url(&**message, &url, &*public_id)).await {
            Ok(reply) => match reply? {
                Reply::Accepted(()) => {}
                Reply::Declined | Reply::Cancelled => return Err(Unconfirmed::refused(*denied)),
            },
            Err(_) => return Err(Unconfirmed::refused(*late)),
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
            Taken::Answered(Answer::Denied) => Err(Unconfirmed::refused(*denied)),
            Taken::Answered(Answer::Foreign) => Err(Unconfirmed::refused(*foreign)),
            Taken::Waiting if ask.era() == Era::Stateless => {
                Err(ask.url_again(&**message, &url, &*public_id).into())
            }
            Taken::Waiting | Taken::Gone => Err(Unconfirmed::refused(*late)),
        }
    }
}
