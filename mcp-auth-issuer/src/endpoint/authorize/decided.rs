//! What a person decided before they went to a provider: it stands if they are who was known to be at the browser. Else it waits, and a page says who
//! came back and asks again (MCP security best practices, confused deputy: the provider may let in whoever it knows, without a question).

use axum::response::Response;
use http::HeaderValue;
use http::header::SET_COOKIE;
use mcp_auth_core::SecretText;
use mcp_auth_store::{Browser, SecretHash, StoreError, Transaction};

use super::grant::grant;
use super::refusal::Refusal;
use super::request::AuthorizationRequest;
use super::response::see_other;
use super::visit::Visit;
use crate::endpoint::away::Decision;
use crate::endpoint::logged_in::LoggedIn;
use crate::issuer::Issuer;
use crate::observe::Event as _;
use crate::observe::authorization::AccessAllowed;
use crate::person::page::texts;

/// The kind of the transaction that a decision waits in.
const KIND: &str = "decision";
/// How long it waits, in seconds.
const LIFETIME: u64 = 10 * 60;

impl Decision {
    /// What the page says that asks the person `subject` again.
    pub(super) fn why_again(&self, subject: &str) -> &'static str {
        match self.by.as_deref() {
            None => texts().look_who_you_are,
            Some(by) if by == subject => texts().taken_back,
            Some(_) => texts().another_came_back,
        }
    }
}

impl AuthorizationRequest {
    /// Gives the client what this decision allows, if the person who has just logged in made it; else they see the page.
    pub(super) async fn decided(
        &self,
        issuer: &Issuer,
        visit: &Visit<'_>,
        (logged_in, decision): (LoggedIn, Decision),
    ) -> Response {
        let LoggedIn { id, browser, set_cookie } = logged_in;
        let outcome = self.answer_for(issuer, visit, (&id, browser), decision).await;
        let (mut response, remembered) = match outcome {
            Ok(outcome) => outcome,
            Err(refusal) => (refusal.about(&self.client).respond(issuer, visit.address), None),
        };
        for cookie in set_cookie.into_iter().chain(remembered) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
        response
    }

    async fn answer_for(
        &self,
        issuer: &Issuer,
        visit: &Visit<'_>,
        (id, browser): (&str, Browser),
        decision: Decision,
    ) -> Result<(Response, Option<HeaderValue>), Refusal> {
        let Some(person) = self.login_of(issuer, Some(browser)).await? else {
            return Ok((see_other(&self.url), None));
        };
        if !self.stands(issuer, visit, &person, &decision).await? {
            self.keep_decision(issuer, id, &decision).await?;
            return Ok((see_other(&self.url), None));
        }
        let Decision { scopes, remember, asked, .. } = decision;
        let answer = grant(issuer, self, (id, person.clone()), scopes.clone()).await?;
        AccessAllowed {
            subject: &person.subject,
            client_id: &self.client.id,
            scopes: &scopes,
            asked: &self.checked.scopes,
            unasked: !asked,
            remember,
            address: visit.address,
        }
        .happened();
        let remembered = match (asked, remember) {
            (false, _) => None,
            (true, true) => self.remember(issuer, &visit.memory, &person, scopes).await,
            (true, false) => self.forget(issuer, &visit.memory, &person.subject).await?,
        };
        Ok((answer, remembered))
    }

    /// Whether this is a decision of this person, on what is asked for, and they have not taken it back meanwhile.
    async fn stands(
        &self,
        issuer: &Issuer,
        visit: &Visit<'_>,
        person: &Browser,
        decision: &Decision,
    ) -> Result<bool, StoreError> {
        let is_asked_for = decision.scopes.iter().all(|scope| self.checked.scopes.contains(scope.as_str()));
        if decision.by.as_deref() != Some(&*person.subject) || !is_asked_for {
            return Ok(false);
        }
        match (&decision.press, decision.asked) {
            (Some(press), true) => {
                let of = (&*person.subject, &*self.client.id);
                press.counts(issuer, visit.cookie.unwrap_or_default(), of).await
            }
            (None, true) => Ok(false),
            (_, false) => self.is_allowed_already(issuer, &visit.memory, &person.subject).await,
        }
    }

    /// Under what a decision waits: for this request, and at the browser with this session identifier.
    fn waits_at(&self, id: &str) -> SecretHash {
        SecretHash::of(&format!("{id}\n{}", self.shown))
    }

    async fn keep_decision(&self, issuer: &Issuer, id: &str, decision: &Decision) -> Result<(), StoreError> {
        let now = issuer.now();
        let transaction = Transaction {
            owner: SecretHash::of(id).digits(),
            about: SecretText::new(serde_json::to_string(decision).map_err(StoreError::new)?),
            expires_at: now.saturating_add(LIFETIME),
        };
        issuer.store.transactions().begin(KIND, self.waits_at(id), transaction, now).await
    }

    /// The decision that waits at this browser, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn waiting_decision(
        &self,
        issuer: &Issuer,
        id: &str,
    ) -> Result<Option<Decision>, StoreError> {
        if issuer.login.site().is_none() {
            return Ok(None);
        }
        let kept = issuer.store.transactions().find(KIND, self.waits_at(id), issuer.now()).await?;
        Ok(kept.and_then(|kept| serde_json::from_str(kept.about.expose()).ok()))
    }

    /// It was answered.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn drop_decision(&self, issuer: &Issuer, id: &str) -> Result<(), StoreError> {
        if issuer.login.site().is_some() {
            issuer.store.transactions().take(KIND, self.waits_at(id), issuer.now()).await?;
        }
        Ok(())
    }
}
