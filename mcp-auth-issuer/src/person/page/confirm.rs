//! The page on which a person confirms one call: which client calls, which tool, with which arguments.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::html;
use mcp_auth_core::seen::shown;
use mcp_auth_runtime::facade::{said, said_plainly};
use mcp_auth_store::{Client, Confirmation};

use super::claim::{application, visible};
use super::shell::page;
use super::speaking::texts;
use super::who::Who;
use crate::issuer::Issuer;

/// Asks a person, who logged in for this, to allow or deny a call.
pub(crate) struct ConfirmPage<'a> {
    pub(crate) issuer: &'a Issuer,
    /// The client that called, where it is known.
    pub(crate) client: Option<&'a Client>,
    pub(crate) call: &'a Confirmation,
    /// Who logged in.
    pub(crate) person: Who<'a>,
    /// The URL that the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
}

impl IntoResponse for ConfirmPage<'_> {
    fn into_response(self) -> Response {
        let server = visible(&self.issuer.server_name);
        let call = self.call;
        let texts = texts();
        let body = html! {
            h1 { (said(texts.allow_call, &[("server", &html! { bdi { (server) } })])) }
            // One form around everything, so that its buttons stay in sight while it is read.
            form.decision method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                dl {
                    (application(self.issuer, self.client))
                    dt { (texts.calls_tool) }
                    dd { code.url { bdi { (shown(&call.tool)) } } }
                    (self.person.line())
                }
                h2 { (texts.with_arguments) }
                pre.arguments { code { (call.arguments) } }
                h2 { (texts.your_answer) }
                p #on-deny { (said(texts.on_deny_call, &[])) }
                p #on-allow { (said(texts.on_allow_call, &[])) }
                // Deny is the first button, so that pressing Enter by mistake denies. No button has the focus when the
                // page opens.
                div.buttons {
                    button type="submit" name="decision" value="deny" aria-describedby="on-deny" { (texts.deny) }
                    button.primary type="submit" name="decision" value="allow" aria-describedby="on-allow" { (texts.allow) }
                }
            }
        };
        let title = said_plainly(texts.allow_call, &[("server", &server)]);
        page(self.issuer, StatusCode::OK, &title, &body)
    }
}
