//! The consent page: who asks, for what, and where the answer goes.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};

use super::claim::shown_name;
use super::shell::page;
use crate::client::Client;
use crate::redirect_uri::{Destination, RedirectUri, destination};

/// Asks somebody who is logged in.
pub(crate) struct Consent<'a> {
    pub(crate) server_name: &'a str,
    pub(crate) client: &'a Client,
    pub(crate) redirect_uri: &'a str,
    pub(crate) subject: &'a str,
    /// Each scope, what it is for, and whether it was allowed before.
    pub(crate) scopes: Vec<(&'a str, Option<&'a str>, bool)>,
    /// Where the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
}

impl IntoResponse for Consent<'_> {
    fn into_response(self) -> Response {
        let name = shown_name(self.client);
        let body = html! {
            h1 { "Allow " bdi.claim { (name) } " to use " (self.server_name) "?" }
            p { "The name is the application’s own claim. You are logged in as " strong { bdi { (self.subject) } } "." }
            (self.scopes())
            (destination_note(self.redirect_uri))
            @if self.client.redirect_uris.iter().all(RedirectUri::is_local) {
                p.warning role="note" {
                    strong { "An application on this computer asks." }
                    " Any program here can take any name. Allow it only if you have just started this yourself."
                }
            }
            form method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                div.buttons {
                    button.primary type="submit" name="decision" value="allow" { "Allow" }
                    button type="submit" name="decision" value="deny" { "Deny" }
                }
            }
            form.aside method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                button.link type="submit" name="decision" value="logout" { "Use another account" }
            }
        };
        page(StatusCode::OK, &format!("Allow access to {}?", self.server_name), self.server_name, &body)
    }
}

impl Consent<'_> {
    fn scopes(&self) -> Markup {
        let stepping_up = self.scopes.iter().any(|(_, _, before)| *before);
        html! {
            h2 { "It will be able to" }
            @if self.scopes.is_empty() {
                p { "know who you are here, and nothing more." }
            }
            ul.scopes {
                @for (scope, description, before) in &self.scopes {
                    li {
                        @match description {
                            Some(description) => { span.what { (description) } " " code { (scope) } }
                            None => { code.what { (scope) } }
                        }
                        @if *before {
                            " " span.badge { "allowed before" }
                        } @else if stepping_up {
                            " " span.badge.new { "new" }
                        }
                    }
                }
            }
        }
    }
}

fn destination_note(redirect_uri: &str) -> Markup {
    html! {
        h2 { "Your answer goes to" }
        p.where {
            @match destination(redirect_uri) {
                Destination::ThisComputer(host) => { strong { (host) } " (an application on this computer)" }
                Destination::Web(host) => { strong { (host) } " (a web site)" }
                Destination::App(scheme) => {
                    "the application on this computer that opens " strong { (scheme) ":" } " links"
                }
            }
        }
    }
}
