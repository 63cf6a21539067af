//! Where the page stands that says how applications are connected: at `/`, and in place of what the MCP endpoint says to a browser.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::routing::{MethodRouter, any};
use http::header::{ORIGIN, VARY, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, Response, StatusCode};
use mcp_auth_core::Resource;

use super::parts::Parts;
use super::settings;
use crate::answer::Rejection;
use crate::dispatch::Rulebook;
use crate::error::Result;
use crate::gate::{Endpoint, asks_for_html, takes_html};
use crate::page::{ConnectPage, Language, Operation, Page};
use crate::transport::peer::is_of_this_computer;
use crate::transport::routes;

/// The page, and what it says of a server in development.
pub(super) struct Connect {
    page: ConnectPage,
    /// The operations, where the server answers this computer only.
    rules: Option<Arc<Rulebook>>,
    /// The page without them, by language, at `/` and at the MCP endpoint: strangers ask for it as often as they like.
    kept: [[OnceLock<Page>; 2]; 2],
}

/// Who asks for the page, and how.
struct Visitor {
    language: Language,
    /// A person who opened the page in a browser on this computer: not a script of another page there, which could read what it gets.
    is_at_this_computer: bool,
}

impl Connect {
    /// `None` where the operator turned it off.
    ///
    /// # Errors
    /// A logo that cannot be read.
    pub(super) fn of(parts: &Parts, resource: &Resource) -> Result<Option<Arc<Self>>> {
        let (config, about) = (&parts.config, &parts.about);
        if !config.pages.connect {
            return Ok(None);
        }
        let server = &config.server;
        let url = |url: &Option<crate::config::url::HttpUrl>| url.as_ref().map(|url| url.as_str().to_owned());
        let page = ConnectPage {
            brand: parts.brand()?,
            wire_name: about.name.clone(),
            version: about.version.clone(),
            description: about.description.clone(),
            resource: resource.clone(),
            documentation: url(&server.documentation),
            policy: url(&server.policy),
            terms: url(&server.terms),
            needs: settings::needs(config),
        };
        let rules = config.leaves_this_computer().is_none().then(|| Arc::clone(&parts.rules));
        Ok(Some(Arc::new(Self { page, rules, kept: Default::default() })))
    }

    fn operations(&self, visitor: &Visitor) -> Option<Vec<Operation>> {
        let rules = self.rules.as_ref().filter(|_| visitor.is_at_this_computer)?.now();
        let each = rules.registry().iter().map(|(_, declaration)| Operation {
            kind: declaration.kind().as_str(),
            name: declaration.name().to_owned(),
            rule: declaration.rule.to_string(),
            description: declaration.description().map(str::to_owned),
        });
        Some(each.collect())
    }

    /// Makes the page the body of `response`, which keeps its status and its headers.
    fn put_into(&self, response: &mut Response<Body>, visitor: &Visitor, here: bool) {
        let language = visitor.language;
        match self.operations(visitor) {
            Some(operations) => self.page.page(language, Some(&operations), here).put_into(response),
            None => {
                let kept = match language {
                    Language::English => &self.kept[0][usize::from(here)],
                    Language::German => &self.kept[1][usize::from(here)],
                };
                kept.get_or_init(|| self.page.page(language, None, here)).put_into(response);
            }
        }
    }
}

impl Visitor {
    fn of(request: &Request) -> Self {
        let headers = request.headers();
        let is_navigated = headers.get("sec-fetch-mode").is_none_or(|mode| mode == "navigate");
        let is_opened = is_navigated && !headers.contains_key(ORIGIN);
        Self {
            language: Language::of_headers(headers),
            is_at_this_computer: is_opened && is_of_this_computer(request),
        }
    }
}

/// `GET /`, for whoever accepts a page: a browser, or a program that takes anything. Everything else is told where the MCP endpoint is, as on any
/// other path.
pub(super) fn at_the_root(connect: Arc<Connect>, path: &str) -> Router {
    let nothing = Rejection::NothingHere { path: path.to_owned() };
    routes::exact("/", any(root).with_state(Arc::new((connect, nothing))))
}

async fn root(State(there): State<Arc<(Arc<Connect>, Rejection)>>, request: Request) -> Response<Body> {
    let (connect, nothing) = &*there;
    if !is_opened(request.method()) {
        return nothing.respond_early();
    }
    let mut response = match takes_html(request.headers()) {
        true => {
            let mut response = Response::new(Body::empty());
            connect.put_into(&mut response, &Visitor::of(&request), false);
            response
        }
        false => nothing.respond_early(),
    };
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
    response
}

/// The MCP endpoint: with a page for a body where a browser opened it and is not let in.
pub(super) fn at_the_endpoint(endpoint: Endpoint, connect: Option<Arc<Connect>>) -> MethodRouter {
    let endpoint = Arc::new(endpoint);
    match connect {
        None => any(Endpoint::serve).with_state(endpoint),
        Some(connect) => any(opened).with_state(Arc::new((endpoint, connect))),
    }
}

async fn opened(State(there): State<Arc<(Arc<Endpoint>, Arc<Connect>)>>, request: Request) -> Response<Body> {
    let (endpoint, connect) = (Arc::clone(&there.0), &there.1);
    if !is_opened(request.method()) {
        return Endpoint::serve(State(endpoint), request).await;
    }
    let visitor = asks_for_html(request.headers()).then(|| Visitor::of(&request));
    let mut response = Endpoint::serve(State(endpoint), request).await;
    // What a request without a message gets. Any other answer says what is wrong with the request, and no page hides that.
    if matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::METHOD_NOT_ALLOWED) {
        response.headers_mut().append(VARY, HeaderValue::from_static("Accept"));
        if let Some(visitor) = visitor.filter(|_| !refuses_a_credential(&response)) {
            connect.put_into(&mut response, &visitor, true);
        }
    }
    response
}

/// Whether a credential was presented that is not good: the body says why (RFC 6750 §3.1).
fn refuses_a_credential(response: &Response<Body>) -> bool {
    let challenges = response.headers().get_all(WWW_AUTHENTICATE).iter();
    challenges.filter_map(|challenge| challenge.to_str().ok()).any(|challenge| challenge.contains("error="))
}

/// Whether a request only looks (RFC 9110 §9.3.1 and §9.3.2).
fn is_opened(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
