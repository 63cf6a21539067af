//! The page on which a test's person confirms a call, or connects an account: the throwaway issuer's, without a login form.

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::{StatusCode, Uri};
use mcp_auth_store::{Answer, SecretHash};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::serve::LocalIssuerSetup;

/// Where it is.
const PATH: &str = "/confirm";

/// Who logs in there, and what they answer.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Answered {
    login: String,
    allow: bool,
}

impl Answered {
    /// What a test's person replied to a question that sends them to this page; `None` where they answer nothing there.
    pub(super) fn of(reply: &Value) -> Option<Self> {
        serde_json::from_value(reply["content"].clone()).ok()
    }

    /// As the page reads it.
    pub(super) fn written(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The URL of the page, and the page.
pub(super) fn page(setup: LocalIssuerSetup) -> (String, Router) {
    let url = format!("{}{PATH}", setup.issuer);
    (url, Router::new().route(PATH, post(answer)).with_state(setup))
}

/// As the page of the built-in issuer answers: for its person, and for nobody else.
async fn answer(State(setup): State<LocalIssuerSetup>, uri: Uri, body: String) -> StatusCode {
    let id = uri.query().and_then(|query| query.strip_prefix("id="));
    let (Some(id), Ok(answered)) = (id, serde_json::from_str::<Answered>(&body)) else {
        return StatusCode::BAD_REQUEST;
    };
    let (id, now) = (SecretHash::of(id), setup.ambient.clock.unix_now());
    let confirmations = setup.store.confirmations();
    let Ok(Some(call)) = confirmations.find(id, now).await else { return StatusCode::NOT_FOUND };
    let answer = match (call.subject == answered.login, answered.allow) {
        (false, _) => Answer::Foreign,
        (true, true) => Answer::Allowed,
        (true, false) => Answer::Denied,
    };
    match confirmations.answer(id, answer, now).await {
        Ok(true) => StatusCode::OK,
        Ok(false) | Err(_) => StatusCode::CONFLICT,
    }
}
