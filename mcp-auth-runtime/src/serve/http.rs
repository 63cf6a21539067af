//! The server over HTTP: the one ordered list of what a request passes, each with its why.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{from_fn_with_state, map_request};
use rmcp::transport::StreamableHttpServerConfig;
use tokio::net::TcpListener;

use super::connect_page::{self, Connect};
use super::local_issuer::LocalIssuer;
use super::parts::Parts;
use super::running::Running;
use super::settings::Listener;
use super::trust::Given;
use super::{banner, encryption, settings, trust};
use crate::answer::{Schemes, issuer_metadata};
use crate::authn::{Authenticator, Dpop, IssuerMetadata};
use crate::call::upstream::LocalUpstreams;
use crate::dispatch::{Dispatch, PersonPage, PersonPages};
use crate::error::{Error, Result};
use crate::gate::{Endpoint, EndpointSettings, Gate};
use crate::observe::health::{self, Readiness};
use crate::owned::{Sessions, Shares, StoredSessions};
use crate::transport::before::Before;
use crate::transport::http::serve_http;
use crate::transport::peer::IssuerPeers;
use crate::transport::{cors, host, origin, place, routes};
use mcp_auth_core::Resource;

/// Serves until the process is told to stop.
pub(super) async fn serve(parts: Parts) -> Result {
    let announce = banner::Announcement::new(&parts.about, &parts.config);
    let running = start(parts).await?;
    announce.print(running.address(), running.resource());
    running.ended().await;
    Ok(())
}

/// Binds first, because the address is part of the default resource identifier; loads the issuers' keys; then
/// serves in the background.
pub(super) async fn start(mut parts: Parts) -> Result<Running> {
    let listen = parts.config.server.listen.get();
    let peers = settings::issuer_peers(&parts.config, Listener::Own)?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Error::from(format!("cannot listen on {listen} (server.listen): {error}")))?;
    let address = listener.local_addr()?;
    let (resource, limits) = (parts.config.resource_for(address), settings::connection_limits(&parts.config));
    let shutdown = parts.shutdown.clone();
    let trusted = Trusted::by(&mut parts, address).await?;
    if let Some(authenticator) = &trusted.authenticator {
        trust::load_keys(authenticator, &parts.config, shutdown.stopping()).await?;
        authenticator.start(shutdown.stopping());
    }
    let encryption = encryption::of(&parts.config, shutdown.stopping())?;
    let path = parts.config.server.path.as_str().to_owned();
    let places = settings::places(&parts.config, &parts.ambient);
    let router = routes::and_nothing_else(layers(parts, address, (trusted, peers), Root::Ours)?, &path);
    let stop = shutdown.clone();
    let task = tokio::spawn(async move {
        let drained = serve_http(listener, router, limits, stop, places, encryption).await;
        if drained.cut_off > 0 {
            tracing::warn!(connections = drained.cut_off, "cut off after the drain time");
        }
    });
    Ok(Running { address, resource, shutdown, task })
}

/// The same without a listener and without waiting: the keys are loaded in the background.
pub(super) async fn router(mut parts: Parts, bound: SocketAddr) -> Result<Router> {
    let listener = Listener::Application { speaks_tls: parts.served_by_tls };
    let peers = settings::issuer_peers(&parts.config, listener)?;
    let trusted = Trusted::by(&mut parts, bound).await?;
    if let Some(authenticator) = &trusted.authenticator {
        authenticator.start(parts.shutdown.stopping());
    }
    let places = Arc::new(settings::places(&parts.config, &parts.ambient));
    // The listener of `start` does this for every request; the application's does not.
    let router = layers(parts, bound, (trusted, peers), Root::OfTheApplication)?;
    Ok(router.layer(from_fn_with_state(places, place::place)))
}

/// Whose the path `/` is, where the MCP endpoint is elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    Ours,
    OfTheApplication,
}

/// Whom the server trusts.
struct Trusted {
    local: Option<LocalIssuer>,
    authenticator: Option<Arc<Authenticator>>,
}

impl Trusted {
    async fn by(parts: &mut Parts, bound: SocketAddr) -> Result<Self> {
        let resource = parts.config.resource_for(bound);
        let local = parts.build_local_issuer(&resource).await?;
        let own = std::mem::take(&mut parts.verifiers);
        let config = &parts.config;
        let audiences = |issuer: Option<&_>| match issuer {
            Some(issuer) => config.audiences(issuer, &resource),
            None => vec![resource.to_string()],
        };
        let dpop = match settings::reads_proofs(config) {
            true => Dpop::new(&resource, &parts.store, &parts.ambient),
            false => None,
        };
        let given = Given { dpop, ..parts.trust(local.as_ref(), own) };
        let authenticator = trust::authenticator(given, audiences, || parts.denied())?;
        Ok(Self { local, authenticator })
    }
}

/// The routes and what a request passes before each; a bug behind them answers 500, and the process lives. Before all of
/// it the listener (`transport::http`) holds a connection to its timers and caps; behind the MCP endpoint stands the gate: authenticate, read, decide, and only then rmcp.
fn layers(
    parts: Parts,
    bound: SocketAddr,
    (trusted, peers): (Trusted, IssuerPeers),
    root: Root,
) -> Result<Router> {
    let resource = parts.config.resource_for(bound);
    let Trusted { local, authenticator } = trusted;
    let hosts = Arc::new(settings::allowed_hosts(&parts.config, &resource, bound));
    let origins = Arc::new(settings::allowed_origins(&parts.config, &resource, bound));

    // The layers, in the order a request passes them.
    // On every route but health, or a page that rebound its name could drive the issuer's login.
    let check_host = Before(move |request: &Request| host::check(&hosts, request));
    // Before the built-in issuer: this computer alone, or what comes by TLS.
    let issuer_peers = Before(move |request: &Request| peers.check(request));
    // A page of another site may neither call tools nor post to the login.
    let (of_all, of_posts) = (Arc::clone(&origins), Arc::clone(&origins));
    let check_origin = Before(move |request: &Request| origin::check(&of_all, request));
    let check_origin_of_posts = Before(move |request: &Request| origin::check_posts(&of_posts, request));
    // The issuer counts logins by address.
    let proxies = settings::trusted_proxies(&parts.config);
    let tell_address = map_request(move |request: Request| {
        let request = proxies.addressed(request);
        async move { request }
    });
    // Last, so that pages of allowed origins can read every answer below, refusals included. Not for the issuer, which
    // answers for its own endpoints: /authorize has no CORS (RFC 9700 section 2.6).
    let answer_cors = from_fn_with_state(origins, cors::answer);

    // The routes, each behind its layers; of a pair the first is passed first.
    let path = parts.config.server.path.as_str().to_owned();
    let connect = Connect::of(&parts, &resource)?;
    let at_the_root = connect.clone().filter(|_| root == Root::Ours && path != "/");
    let at_the_root =
        at_the_root.map_or_else(Router::new, |connect| connect_page::at_the_root(connect, &path));
    let at_the_root = at_the_root.layer(check_host.clone());
    let first = parts.config.auth.issuers.first().filter(|_| local.is_none());
    let issuer_metadata = first.and_then(|issuer| {
        let (refresh, fetch) = (settings::key_refresh(issuer), Arc::clone(&parts.fetch));
        let server = issuer.authorization_servers().into_iter().next()?;
        let names = issuer.names_of(&server);
        Some(IssuerMetadata::new(server, names, fetch, refresh))
    });
    let metadata = match authenticator.is_some() && !parts.config.accepts_no_tokens() {
        true => {
            let now = parts.rules.now();
            let scopes = now.policy().scopes();
            let metadata =
                settings::protected_resource_metadata(&parts.config, &resource, local.as_ref(), scopes);
            let mut answers = match parts.changes {
                true => {
                    let (rules, advertised) = (Arc::clone(&parts.rules), settings::advertised(&parts.config));
                    metadata.answers_with(move || advertised(rules.now().policy().scopes()))
                }
                false => metadata.answers()?,
            };
            answers.extend(issuer_metadata.map(|metadata| issuer_metadata::answer(Arc::new(metadata))));
            routes::exact_all(answers)
        }
        false => Router::new(), // no issuer to send a client to, and nothing to send it for
    };
    let (shutdown, answers_health) = (parts.shutdown.clone(), parts.health);
    let demand = settings::ready_demand(&parts.config);
    let schemes = settings::schemes(&parts.config, local.is_some());
    let pages = local.as_ref().map(|local| person_pages(local, &parts)).unwrap_or_default();
    let upstreams = local.as_ref().and_then(|local| {
        Some(LocalUpstreams { issuer: local.issuer.clone(), tokens: local.upstreams.clone()? })
    });
    let endpoint = endpoint(parts, &resource, authenticator.clone(), (schemes, pages, upstreams))?;
    let readiness = move || {
        let issuers = authenticator.as_ref().map(|authenticator| authenticator.issuers()).unwrap_or_default();
        Readiness::of(issuers, demand, shutdown.is_stopping())
    };
    let endpoint = routes::exact(&path, connect_page::at_the_endpoint(endpoint, connect));
    let endpoint = endpoint.layer((check_host.clone(), check_origin, answer_cors.clone()));
    let metadata = metadata.layer((check_host.clone(), answer_cors));
    let issuer = local.map_or_else(Router::new, |local| local.router);
    let issuer = issuer.layer((check_host, issuer_peers, check_origin_of_posts, tell_address));
    let health = if answers_health { health::router(readiness) } else { Router::new() };
    Ok(endpoint.merge(at_the_root).merge(metadata).merge(issuer).merge(health))
}

/// Where people confirm calls after logging in, and where they connect accounts.
fn person_pages(local: &LocalIssuer, parts: &Parts) -> PersonPages {
    let timeout = parts.config.limits.session_timeout.get();
    let at = |url: &Option<String>| {
        let issuer = (local.issuer.clone(), url.clone()?);
        Some(PersonPage::new(issuer, parts.store.clone(), &parts.ambient, timeout))
    };
    PersonPages { confirm: at(&local.confirmation_page), connect: at(&local.connect_page) }
}

/// The MCP endpoint: the gate, with rmcp and the handler behind it.
fn endpoint(
    parts: Parts,
    resource: &Resource,
    authenticator: Option<Arc<Authenticator>>,
    (schemes, pages_of_people, upstreams): (Schemes, PersonPages, Option<LocalUpstreams>),
) -> Result<Endpoint> {
    let (limits, clock) = (&parts.config.limits, &parts.ambient.clock);
    let stored = match parts.session_store {
        Some(sessions) => Some(StoredSessions::Program(sessions)),
        None => StoredSessions::of(&parts.store, clock),
    };
    let verifies = authenticator.is_some();
    let gate = Gate::new(authenticator, Arc::clone(&parts.rules));
    let gate = gate.asking_with(settings::requested_prefix(&parts.config));
    let gate = gate.telling(settings::tool_errors(&parts.config, parts.checked.connect));
    let endpoint = EndpointSettings {
        resource_metadata: settings::challenge_metadata(&parts.config, resource),
        schemes,
        x_api_key: parts.config.auth.x_api_key,
        token_header: parts.config.auth.token_header.as_ref().map(|header| header.name().clone()),
        proxies: settings::trusted_proxies(&parts.config),
        certificates: settings::client_certificates(&parts.config),
        limits: settings::endpoint_limits(&parts.config),
        sessions: Sessions::new(settings::session_limits(&parts.config, verifies), stored),
        shares: Shares::new(settings::share_limits(&parts.config, verifies)),
        tool_headers: settings::tool_headers(&parts.config),
        clock: Arc::clone(&parts.ambient.clock),
    };
    let mut rmcp = StreamableHttpServerConfig::default()
        .with_json_response(true)
        .with_cancellation_token(parts.shutdown.cut())
        .with_max_request_body_bytes(limits.body.get())
        .disable_allowed_hosts(); // `host` has checked it, with the port
    rmcp.sse_keep_alive = Some(limits.heartbeat.get());
    rmcp.session_store = endpoint.sessions.stored().map(StoredSessions::for_rmcp);
    let (rules, closing) = (parts.rules, parts.shutdown.stopping());
    let calls = settings::call_limits(&parts.config);
    let states = settings::request_states(&parts.config, &parts.store, &parts.ambient);
    let pages = settings::pages(&parts.config, &parts.store, &parts.ambient);
    let dispatch = Dispatch::new((parts.served, parts.about), rules, &parts.ambient, states, calls, closing);
    let dispatch = dispatch
        .paged(pages)
        .telling(&settings::logins(&parts.config, verifies))
        .answered_on(pages_of_people);
    let dispatch = dispatch.asking_with(settings::requested_prefix(&parts.config)).reaching(upstreams);
    let dispatch = if parts.changes { dispatch.changing() } else { dispatch };
    Ok(Endpoint::new(gate, endpoint, Arc::new(dispatch), rmcp))
}
