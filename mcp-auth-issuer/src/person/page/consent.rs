//! The consent page: which client asks, for which scopes, which person decides, and what each answer does. Where people log in at a provider, it
//! comes before they go there.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_store::{Client, GrantType};

use super::claim::{application, visible};
use super::host::{look_alike, stressed};
use super::lifetime::in_words;
use super::shell::{page, retry_after};
use crate::client::redirect_uri::{Destination, destination};
use crate::client::scopes::Described;
use crate::issuer::Issuer;
use crate::person::LoginSite;

/// Asks a person to allow or deny a request.
pub(crate) struct Consent<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) client: &'a Client,
    pub(crate) redirect_uri: &'a str,
    pub(crate) who: Decides<'a>,
    /// What is new comes first.
    pub(crate) scopes: Vec<ScopeLine<'a>>,
    /// Whether this person said that they need not be asked again; `None` where they cannot say so.
    pub(crate) remember: Option<bool>,
    /// Why the page is shown again.
    pub(crate) alert: Option<Alert<'a>>,
    /// The URL that the form posts to.
    pub(crate) action: &'a str,
    pub(crate) csrf: &'a str,
}

/// Who decides.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Decides<'a> {
    /// The person who is logged in and is called so.
    LoggedIn(&'a str),
    /// Whoever logs in at this site next. What the person is called who did so last at this browser, where that is known.
    LogsIn { at: &'a LoginSite, last: Option<&'a str> },
}

/// Why the page is shown again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alert<'a> {
    pub(crate) status: StatusCode,
    /// What the title of the page begins with.
    pub(crate) title: &'static str,
    pub(crate) text: &'a str,
    /// After how many seconds it can be answered again.
    pub(crate) retry_after: Option<u64>,
}

impl<'a> Alert<'a> {
    /// Nothing was ticked.
    pub(crate) fn nothing_ticked(text: &'a str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, title: "Nothing was ticked: ", text, retry_after: None }
    }

    /// There is something to look at, and no mistake.
    pub(crate) fn look(text: &'a str) -> Self {
        Self { status: StatusCode::OK, title: "", text, retry_after: None }
    }
}

/// One requested scope, as the page shows it.
pub(crate) struct ScopeLine<'a> {
    pub(crate) scope: &'a str,
    pub(crate) told: Described<'a>,
    /// The scopes that it implies and that are not requested by name, each with what is told of it.
    pub(crate) includes: Vec<(&'a str, Described<'a>)>,
    /// Whether this person allowed it to this client before.
    pub(crate) before: bool,
    /// Why the person cannot leave it out, if they cannot.
    pub(crate) fixed: Option<&'static str>,
    /// Whether its box is ticked.
    pub(crate) ticked: bool,
}

impl IntoResponse for Consent<'_> {
    fn into_response(self) -> Response {
        let server = visible(&self.issuer.server_name);
        let destination = destination(self.redirect_uri);
        let body = html! {
            h1 { "Allow access to " bdi { (server) } "?" }
            @if let Some(alert) = &self.alert {
                p.warning role="alert" { (alert.text) }
            }
            // One form around everything, so that its buttons stay in sight while it is read.
            form.decision method="post" action=(self.action) {
                input type="hidden" name="csrf" value=(self.csrf);
                (warning(&destination, self.issuer.publisher(&self.client.id).as_deref()))
                (self.facts(&destination))
                (scope_list(&self.scopes))
                (self.outcomes())
                (self.again(&destination))
                // Deny is the first button, so that pressing Enter by mistake denies. No button has the focus when
                // the page opens.
                div.buttons {
                    button type="submit" name="decision" value="deny" aria-describedby="on-deny" { "Deny" }
                    button.primary type="submit" name="decision" value="allow" aria-describedby="on-allow" {
                        "Allow"
                        @if let Decides::LogsIn { at, .. } = self.who { ", and log in at " (site(at)) }
                    }
                }
            }
            @if let Decides::LoggedIn(_) | Decides::LogsIn { last: Some(_), .. } = self.who {
                form.aside method="post" action=(self.action) {
                    input type="hidden" name="csrf" value=(self.csrf);
                    button.link type="submit" name="decision" value="logout" { "Use another account" }
                }
            }
        };
        let (status, state) = self.alert.map_or((StatusCode::OK, ""), |alert| (alert.status, alert.title));
        let mut response = page(self.issuer, status, &format!("{state}Allow access to {server}?"), &body);
        if let Some(seconds) = self.alert.and_then(|alert| alert.retry_after) {
            retry_after(&mut response, seconds);
        }
        response
    }
}

impl Consent<'_> {
    fn facts(&self, destination: &Destination) -> Markup {
        html! {
            dl {
                (application(self.issuer, Some(self.client)))
                (answer_goes_to(destination))
                dt { "Server" }
                dd { code.url { (self.issuer.resource) } }
                (self.person())
            }
        }
    }

    fn person(&self) -> Markup {
        let you_are = |person: &str| {
            html! {
                dt { "You are" }
                dd { strong { bdi { (visible(person)) } } }
            }
        };
        match self.who {
            Decides::LoggedIn(person) => you_are(person),
            Decides::LogsIn { at, last } => html! {
                @if let Some(last) = last { (you_are(last)) }
                dt { "You log in at" }
                dd {
                    strong { (site(at)) }
                    @if at.title.is_some() { " (" bdi { (visible(&at.host)) } ")" }
                    p.hint {
                        @if last.is_some() { "If you come back as somebody else, you are asked again." }
                        @else { "You come back here, see who you are, and are asked once more." }
                    }
                }
            },
        }
    }

    fn outcomes(&self) -> Markup {
        html! {
            h2 { "Your answer" }
            p #on-deny { strong { "Deny:" } " it gets nothing, and is told so." }
            @match self.who {
                Decides::LoggedIn(person) => { (on_allow(self.issuer, self.client, person)) }
                Decides::LogsIn { .. } => { (on_allow(self.issuer, self.client, "the person who logs in")) }
            }
        }
    }

    /// Whether the person wants to be asked again.
    fn again(&self, destination: &Destination) -> Markup {
        let (Some(ticked), Destination::Web(host)) = (self.remember, destination) else { return html! {} };
        html! {
            label.choice {
                input type="checkbox" name="remember" value="yes" checked[ticked] aria-describedby="on-remember";
                span { "Do not ask me again for this" }
            }
            p.hint #on-remember {
                "For 400 days this application gets the same, or less, without this page when you "
                @match (self.who, self.issuer.login.site()) {
                    (Decides::LoggedIn(_), None) => { "are logged in here" }
                    (_, _) => { "log in with this browser" }
                }
                " and it returns to " (stressed(host)) "."
            }
        }
    }
}

/// What a site is called.
fn site(at: &LoginSite) -> Markup {
    html! { bdi { (visible(at.title.as_deref().unwrap_or(&at.host))) } }
}

/// Where the answer goes.
pub(super) fn answer_goes_to(destination: &Destination) -> Markup {
    html! {
        dt { "Your answer goes to" }
        dd {
            @match destination {
                Destination::ThisComputer(host) => {
                    strong { (host) }
                    p.hint { "An application on this computer. " (MILD) }
                }
                Destination::Web(host) => { (stressed(host)) }
                Destination::App(scheme) => {
                    strong { (scheme) ":" }
                    p.hint { "The application on this computer that opens such links. " (MILD) }
                }
            }
        }
    }
}

/// What the client asks to be able to do.
pub(super) fn scope_list(scopes: &[ScopeLine<'_>]) -> Markup {
    let (held, new): (Vec<_>, Vec<_>) = scopes.iter().partition(|line| line.before);
    let stepping_up = !held.is_empty() && !new.is_empty();
    html! {
        @if scopes.is_empty() {
            h2 { "It will be able to" }
            p { "know who you are here, and nothing more." }
        } @else if stepping_up {
            h2 { "It will also be able to" }
            (list(&new, true))
            h2 { "You allowed it before to" }
            (list(&held, true))
        } @else {
            h2 { "It will be able to" }
            (list(&scopes.iter().collect::<Vec<_>>(), !held.is_empty()))
        }
        @if scopes.iter().any(|line| line.fixed.is_none()) {
            p.hint { "It gets only what is ticked. Take away what it does not need." }
        }
    }
}

/// Scopes, each with a box. One that cannot be left out is ticked for good.
fn list(lines: &[&ScopeLine<'_>], marked: bool) -> Markup {
    html! {
        ul.scopes {
            @for line in lines {
                li {
                    label.choice {
                        @if line.fixed.is_none() {
                            input type="checkbox" name="scope" value=(line.scope) checked[line.ticked];
                        } @else {
                            input type="checkbox" checked disabled;
                        }
                        span {
                            (named(line.scope, &line.told))
                            @if marked && line.before {
                                " " span.badge { "allowed before" }
                            } @else if marked {
                                " " span.badge.new { "new" }
                            }
                        }
                    }
                    @if let Some(why) = line.fixed {
                        p.hint { (why) }
                    }
                    @if !line.includes.is_empty() {
                        p.includes { "This includes:" }
                        ul {
                            @for (scope, told) in &line.includes {
                                li { (named(scope, told)) }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// For a program that is on this computer already.
const MILD: &str = "Only allow it if you have just started it yourself: any program here can take any name.";

/// For an answer that leaves this computer: the page before it does not prove who asks. And for one that stays here, where a site
/// publishes the application: any program can send the identifier of another, and the site cannot tell (MCP 2026-07-28, Localhost
/// Redirect URI Risks).
fn warning(destination: &Destination, publisher: Option<&str>) -> Markup {
    let Destination::Web(host) = destination else {
        return html! {
            @if let Some(publisher) = publisher {
                p.warning {
                    strong { "Another program may pretend to be this application." }
                    " Your answer goes to a program on this computer, and " (stressed(publisher))
                    " cannot tell which one. Only allow it if you have just started the application yourself."
                }
            }
        };
    };
    html! {
        p.warning {
            strong { "Your answer leaves this computer." }
            " It goes to the web site " (stressed(host)) ". Only allow it if you know this site and it belongs to the application that you have just used."
            @if publisher.is_some_and(|publisher| publisher != host) {
                " It is not the site that publishes the application."
            }
            @if let Some(hint) = look_alike(host) { (hint) }
        }
    }
}

/// A scope by its description, followed by its values and its name; or by its name alone.
pub(super) fn named(scope: &str, told: &Described<'_>) -> Markup {
    html! {
        @match told.description {
            Some(description) => {
                bdi.what { (visible(description)) }
                @if !told.values.is_empty() {
                    ": "
                    @for (at, value) in told.values.iter().enumerate() {
                        @if at > 0 { ", " }
                        strong { (value) }
                    }
                }
                " " code { (scope) }
            }
            None => { code.what { (scope) } }
        }
    }
}

/// What "Allow" does.
pub(super) fn on_allow(issuer: &Issuer, client: &Client, person: &str) -> Markup {
    let lifetimes = issuer.lifetimes;
    html! {
        p #on-allow {
            strong { "Allow:" } " it can do what is ticked as " bdi { (visible(person)) } " for "
            (in_words(lifetimes.access_token))
            @if client.may(GrantType::RefreshToken) {
                " at a time, renewed without asking. Unused for " (in_words(lifetimes.refresh_token))
                ", it must ask again"
            }
            "."
        }
    }
}
