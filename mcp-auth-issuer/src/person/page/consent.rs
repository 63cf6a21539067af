//! The consent page: which client asks, for which scopes, which person decides, and what each answer does. Where people log in at a provider, it
//! comes before they go there.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use maud::{Markup, html};
use mcp_auth_runtime::facade::{said, said_plainly};
use mcp_auth_store::{Client, GrantType};

use super::claim::{application, visible};
use super::host::{look_alike, stressed};
use super::lifetime::in_words;
use super::shell::{page, retry_after, titled};
use super::speaking::texts;
use super::who::Who;
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
    /// The person who is logged in.
    LoggedIn(Who<'a>),
    /// Whoever logs in at this site next. The person who did so last at this browser, where that is known.
    LogsIn { at: &'a LoginSite, last: Option<Who<'a>> },
}

/// Why the page is shown again.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Alert<'a> {
    pub(crate) status: StatusCode,
    /// What the title of the page begins with.
    pub(crate) title: Option<&'static str>,
    pub(crate) text: &'a str,
    /// After how many seconds it can be answered again.
    pub(crate) retry_after: Option<u64>,
}

impl<'a> Alert<'a> {
    /// Nothing was ticked.
    pub(crate) fn nothing_ticked(text: &'a str) -> Self {
        Self { status: StatusCode::BAD_REQUEST, title: Some(texts().nothing_ticked), text, retry_after: None }
    }

    /// A page was answered that is not this one.
    pub(crate) fn other_page() -> Self {
        Self { status: StatusCode::FORBIDDEN, title: None, text: texts().other_page, retry_after: None }
    }

    /// There is something to look at, and no mistake.
    pub(crate) fn look(text: &'a str) -> Self {
        Self { status: StatusCode::OK, title: None, text, retry_after: None }
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
        let texts = texts();
        let body = html! {
            h1 { (said(texts.allow_access, &[("server", &html! { bdi { (server) } })])) }
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
                    button type="submit" name="decision" value="deny" aria-describedby="on-deny" { (texts.deny) }
                    button.primary type="submit" name="decision" value="allow" aria-describedby="on-allow" {
                        @match self.who {
                            Decides::LoggedIn(_) => (texts.allow),
                            Decides::LogsIn { at, .. } => (said(texts.allow_and_log_in, &[("site", &site(at))])),
                        }
                    }
                }
            }
            @if let Decides::LoggedIn(_) | Decides::LogsIn { last: Some(_), .. } = self.who {
                form.aside method="post" action=(self.action) {
                    input type="hidden" name="csrf" value=(self.csrf);
                    button.link type="submit" name="decision" value="logout" { (texts.use_another_account) }
                }
            }
        };
        let title = said_plainly(texts.allow_access, &[("server", &server)]);
        let (status, state) = self.alert.map_or((StatusCode::OK, None), |alert| (alert.status, alert.title));
        let mut response = page(self.issuer, status, &titled(state, &title), &body);
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
                dt { (texts().server) }
                dd { code.url { (self.issuer.resource) } }
                (self.person())
            }
        }
    }

    fn person(&self) -> Markup {
        match self.who {
            Decides::LoggedIn(person) => person.line(),
            Decides::LogsIn { at, last } => html! {
                @if let Some(last) = last { (last.line()) }
                dt { (texts().you_log_in_at) }
                dd {
                    strong { (site(at)) }
                    @if at.title.is_some() { " (" bdi { (visible(&at.host)) } ")" }
                    @if !at.scopes.is_empty() { (asked_of(at)) }
                    p.hint {
                        @if last.is_some() { (texts().asked_again_as_another) }
                        @else { (texts().asked_once_more) }
                    }
                }
            },
        }
    }

    fn outcomes(&self) -> Markup {
        html! {
            h2 { (texts().your_answer) }
            p #on-deny { (said(texts().on_deny, &[])) }
            @match self.who {
                Decides::LoggedIn(person) => { (on_allow(self.issuer, self.client, person.name)) }
                Decides::LogsIn { .. } => { (on_allow(self.issuer, self.client, texts().person_who_logs_in)) }
            }
        }
    }

    /// Whether the person wants to be asked again.
    fn again(&self, destination: &Destination) -> Markup {
        let (Some(ticked), Destination::Web(host)) = (self.remember, destination) else { return html! {} };
        html! {
            label.choice {
                input type="checkbox" name="remember" value="yes" checked[ticked] aria-describedby="on-remember";
                span { (texts().do_not_ask_again) }
            }
            p.hint #on-remember {
                @match (self.who, self.issuer.login.site()) {
                    (Decides::LoggedIn(_), None) => (said(texts().not_asked_for, &[("host", &stressed(host))])),
                    (_, _) => (said(texts().not_asked_with_browser, &[("host", &stressed(host))])),
                }
            }
        }
    }
}

/// What a site is called.
fn site(at: &LoginSite) -> Markup {
    html! { bdi { (visible(at.title.as_deref().unwrap_or(&at.host))) } }
}

/// What a site is asked for, on one line.
fn asked_of(at: &LoginSite) -> Markup {
    let scopes = html! {
        @for (place, scope) in at.scopes.iter().enumerate() {
            @if place > 0 { ", " }
            code { (visible(scope.as_str())) }
        }
    };
    html! { p.hint { (said(texts().site_is_asked_for, &[("scopes", &scopes)])) } }
}

/// Where the answer goes.
pub(super) fn answer_goes_to(destination: &Destination) -> Markup {
    html! {
        dt { (texts().answer_goes_to) }
        dd {
            @match destination {
                Destination::ThisComputer(host) => {
                    strong { (host) }
                    p.hint { (texts().answer_stays_here) " " (texts().only_if_just_started) }
                }
                Destination::Web(host) => { (stressed(host)) }
                Destination::App(scheme) => {
                    strong { (scheme) ":" }
                    p.hint { (texts().answer_opens_app) " " (texts().only_if_just_started) }
                }
            }
        }
    }
}

/// What the client asks to be able to do.
pub(super) fn scope_list(scopes: &[ScopeLine<'_>]) -> Markup {
    let (held, new): (Vec<_>, Vec<_>) = scopes.iter().partition(|line| line.before);
    let texts = texts();
    let stepping_up = !held.is_empty() && !new.is_empty();
    html! {
        @if scopes.is_empty() {
            h2 { (texts.will_be_able_to) }
            p { (texts.will_know_who_you_are) }
        } @else if stepping_up {
            h2 { (texts.will_also_be_able_to) }
            (list(&new, true))
            h2 { (texts.allowed_before_to) }
            (list(&held, true))
        } @else {
            h2 { (texts.will_be_able_to) }
            (list(&scopes.iter().collect::<Vec<_>>(), !held.is_empty()))
        }
        @if scopes.iter().any(|line| line.fixed.is_none()) {
            p.hint { (texts.untick) }
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
                                " " span.badge { (texts().allowed_before) }
                            } @else if marked {
                                " " span.badge.new { (texts().new) }
                            }
                        }
                    }
                    @if let Some(why) = line.fixed {
                        p.hint { (why) }
                    }
                    @if !line.includes.is_empty() {
                        p.includes { (texts().this_includes) }
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

/// For an answer that leaves this computer: the page before it does not prove who asks. And for one that stays here, where a site
/// publishes the application: any program can send the identifier of another, and the site cannot tell (MCP 2026-07-28, Localhost
/// Redirect URI Risks).
fn warning(destination: &Destination, publisher: Option<&str>) -> Markup {
    let Destination::Web(host) = destination else {
        return html! {
            @if let Some(publisher) = publisher {
                p.warning { (said(texts().may_be_pretended, &[("publisher", &stressed(publisher))])) }
            }
        };
    };
    html! {
        p.warning {
            (said(texts().answer_leaves, &[("host", &stressed(host))]))
            @if publisher.is_some_and(|publisher| publisher != host) { " " (texts().not_the_publisher) }
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
    let (lifetimes, texts) = (issuer.lifetimes, texts());
    let said_of_it =
        if client.may(GrantType::RefreshToken) { texts.on_allow_renewed } else { texts.on_allow };
    let person = html! { bdi { (visible(person)) } };
    let (time, unused) = (in_words(lifetimes.access_token), in_words(lifetimes.refresh_token));
    let values = [("person", &person), ("time", &html! { (time) }), ("unused", &html! { (unused) })];
    html! { p #on-allow { (said(said_of_it, &values)) } }
}
