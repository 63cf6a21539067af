//! A person comes back from another page of the login, for an authorization request.

use std::net::IpAddr;

use axum::response::Response;
use http::HeaderMap;

use super::refusal::{Refusal, Refused, Unseen};
use super::request::AuthorizationRequest;
use super::visit::Visit;
use crate::endpoint::login_step::Ended;
use crate::endpoint::returned::Returned;
use crate::issuer::Issuer;
use crate::person::page::Notice;

/// Logs them in, and shows the page of the request again, unless they had answered it before they went.
pub(crate) async fn returned(
    issuer: &Issuer,
    (headers, address): (&HeaderMap, Option<IpAddr>),
    query: &str,
    returned: Returned<'_>,
) -> Result<Response, Refusal> {
    // It is verified again, as by each of its forms: the client may be gone by now.
    let request = AuthorizationRequest::read(issuer, query, address).await?;
    let resumed = async {
        let visit = Visit::read(issuer, headers, address).await?;
        resume(issuer, &request, &visit, returned).await
    };
    resumed.await.map_err(|refusal| refusal.about(&request.client))
}

async fn resume(
    issuer: &Issuer,
    request: &AuthorizationRequest,
    visit: &Visit<'_>,
    mut returned: Returned<'_>,
) -> Result<Response, Refusal> {
    let (id, decision) = (returned.cookie, returned.away.decision.take());
    let step = request.login_step(issuer, visit, decision.as_ref());
    match (step.came_back(issuer, visit.address, returned).await?, &decision) {
        (Ended::Page(page), _) => Ok(page),
        // They have answered, and the client waits for it: it is told, where it may be, that the provider failed.
        (Ended::Not(Notice::Unavailable), Some(_)) if request.may_be_told(issuer).await? => {
            Err(request.refused(issuer, Refused::Provider).await)
        }
        (Ended::Not(notice), _) => Ok(step.page(issuer, visit.headers, Some(notice)).await?),
        (Ended::Person(user), None) => Ok(step.begin(issuer, (id, visit.address), user).await?),
        (Ended::Person(user), Some(decision)) => {
            let logged_in = step.log_in(issuer, (id, visit.address), user).await?;
            Ok(request.decided(issuer, visit, (logged_in, decision.clone())).await)
        }
    }
}

impl AuthorizationRequest {
    /// Whether the client may be told of what went wrong: somebody looked at the address that the answer goes to.
    async fn may_be_told(&self, issuer: &Issuer) -> Result<bool, Refusal> {
        Ok(Unseen::of(issuer, &self.client, &self.answer.redirect_uri).await?.is_none())
    }
}
