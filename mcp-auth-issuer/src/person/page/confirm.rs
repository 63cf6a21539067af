//! The page on which a person confirms one call: which client calls, which tool, with which arguments.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::html;
use mcp_auth_core::seen::shown;
use mcp_auth_store::{Client, Confirmation};

use super::claim::{application, visible};
use super::shell::page;
use crate::issuer::Issuer;

/// Asks a person, who logged in for this, to allow or deny a call.
pub(crate) struct ConfirmPage<'a> {
    pub(crate) issuer: &'a Issuer,
    /// The client that called, where it is known.
    pub(crate) client: Option<&'a Client>,
    pub(crate) call: &'a Confirmation,
    /// Who logged in.
    pub(crate) person: &'a str,
    /// The URL that the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
}

impl IntoResponse for ConfirmPage<'_> {
    fn into_response(self) -> Response {
        let server = visible(&self.issuer.server_name);
        let call = self.call;
        let body = html! {
            h1 { "Allow this call to " bdi { (server) } "?" }
            // One form around everything, so that its buttons stay in sight while it is read.
            form.decision method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                dl {
                    (application(self.issuer, self.client))
                    dt { "It calls the tool" }
                    dd { code.url { bdi { (shown(&call.tool)) } } }
                    dt { "You are" }
                    dd { strong { bdi { (visible(self.person)) } } }
                }
                h2 { "With these arguments" }
                pre.arguments { code { (call.arguments) } }
                h2 { "Your answer" }
                p #on-deny { strong { "Deny:" } " the call does not run, and the application is told so." }
                p #on-allow {
                    strong { "Allow:" } " exactly this call runs, once. Only allow it if you want this now."
                }
                // Deny is the first button, so that pressing Enter by mistake denies. No button has the focus when the
                // page opens.
                div.buttons {
                    button type="submit" name="decision" value="deny" aria-describedby="on-deny" { "Deny" }
                    button.primary type="submit" name="decision" value="allow" aria-describedby="on-allow" { "Allow" }
                }
            }
        };
        page(self.issuer, StatusCode::OK, &format!("Allow this call to {server}?"), &body)
    }
}
