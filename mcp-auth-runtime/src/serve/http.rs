//! The server over HTTP: the one ordered list of what a request passes, each with its why.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use rmcp::transport::StreamableHttpServerConfig;
use tokio::net::TcpListener;

use super::{Parts, Running, banner, trust};
use crate::authn::Verifier;
use crate::config::{Config, Denial};
use crate::dispatch::Dispatch;
use crate::envelope::EnvelopeLimits;
use crate::error::{Error, Result};
use crate::gate::{Gate, GateLimits, GateSettings};
use crate::handler::Handler;
use crate::local_issuer::LocalIssuer;
use crate::metadata::{ProtectedResourceMetadata, WellKnown};
use crate::observe::health;
use crate::session::Sessions;
use crate::transport::cors;
use crate::transport::host::{self, AllowedHosts, HostSettings};
use crate::transport::http::{ConnectionLimits, serve_http};
use crate::transport::origin::{self, AllowedOrigins, OriginSettings};
use crate::transport::{panic, routes};

/// Where operators allow another host or origin.
const HOSTS_SETTING: &str = "server.allowed_hosts in mcp.toml";
const ORIGINS_SETTING: &str = "cors.allowed_origins in mcp.toml";

/// Serves until the process is told to stop.
pub(super) async fn serve<H: Handler>(parts: Parts<H>) -> Result {
    let announce = banner::Announcement::new(&parts.about, &parts.config);
    let running = start(parts).await?;
    announce.print(running.address(), running.resource());
    let _ = running.task.await;
    Ok(())
}

/// Binds first, because the address is part of the default resource identifier; loads the issuers' keys; then
/// serves in the background.
pub(super) async fn start<H: Handler>(mut parts: Parts<H>) -> Result<Running> {
    let listen = parts.config.server.listen.get();
    let listener = TcpListener::bind(listen).await.map_err(|error| {
        Error::from(format!("cannot listen on {listen} (server.listen): {error}"))
    })?;
    let address = listener.local_addr()?;
    let (resource, limits) = (parts.config.resource_for(address), connection_limits(&parts.config));
    let shutdown = parts.shutdown.clone();
    let trusted = Trusted::by(&mut parts, address)?;
    if let Some(verifier) = &trusted.verifier {
        trust::load_keys(verifier, &parts.config, shutdown.stopping()).await?;
    }
    let router = layers(parts, address, trusted)?;
    let stop = shutdown.clone();
    let task = tokio::spawn(async move {
        let drained = serve_http(listener, router, limits, stop).await;
        if drained.cut_off > 0 {
            tracing::warn!(connections = drained.cut_off, "cut off after the drain time");
        }
    });
    Ok(Running { address, resource, shutdown, task })
}

/// The same without a listener and without waiting: the keys are loaded in the background.
pub(super) fn router<H: Handler>(mut parts: Parts<H>, bound: SocketAddr) -> Result<Router> {
    let trusted = Trusted::by(&mut parts, bound)?;
    layers(parts, bound, trusted)
}

/// Whom the server trusts.
struct Trusted {
    local: Option<LocalIssuer>,
    verifier: Option<Arc<Verifier>>,
}

impl Trusted {
    fn by<H: Handler>(parts: &mut Parts<H>, bound: SocketAddr) -> Result<Self> {
        let resource = parts.config.resource_for(bound);
        let local = parts.build_local_issuer(parts.config.origin_for(bound), resource.clone())?;
        let config = &parts.config;
        let audiences = |issuer: Option<&_>| match issuer {
            Some(issuer) => config.audiences(issuer, &resource),
            None => vec![resource.clone()],
        };
        let fetch = Arc::clone(&parts.fetch);
        let verifier = trust::verifier(config, local.as_ref(), audiences, fetch, &parts.ambient)?;
        Ok(Self { local, verifier })
    }
}

/// What a request passes, in this order:
///
/// 1. the listener (`transport::http`): header and body timers, connection cap, header size;
/// 2. `panic`: a bug answers 500 and the process lives;
/// 3. `host`: every route but health, or a page that rebound its name could drive the issuer's login;
/// 4. `origin`: the MCP endpoint, and the issuer's POSTs;
/// 5. `cors`: so that pages of allowed origins can read every answer below, refusals included
///    (not on `/authorize`: RFC 9700 §2.6; the issuer answers for its own endpoints);
/// 6. routes: health, protected resource metadata, the issuer, the MCP endpoint by exact path only;
/// 7. the gate: authenticate, read, decide, and only then rmcp (see `gate`).
fn layers<H: Handler>(parts: Parts<H>, bound: SocketAddr, trusted: Trusted) -> Result<Router> {
    let resource = parts.config.resource_for(bound);
    let Trusted { local, verifier } = trusted;
    let config = &parts.config;
    if let Some(verifier) = &verifier {
        verifier.start(parts.shutdown.stopping());
    }

    let hosts = Arc::new(AllowedHosts::new(&HostSettings {
        public_url: &resource,
        listen: bound,
        extra: &config.server.allowed_hosts.iter().map(|host| host.as_str().to_owned()).collect::<Vec<_>>(),
        setting: HOSTS_SETTING,
    })?);
    let origins = Arc::new(AllowedOrigins::new(&OriginSettings {
        public_url: &resource,
        listen: bound,
        extra: &extra_origins(config),
        setting: ORIGINS_SETTING,
    })?);

    let mut metadata = ProtectedResourceMetadata::new(
        &resource,
        config
            .trusted_issuers()
            .iter()
            .map(|issuer| issuer.issuer.as_str().to_owned())
            .chain(local.iter().map(|local| local.issuer.clone()))
            .collect(),
        &parts.policy.registry().scopes(),
    );
    metadata.resource_name = config.server.name.as_ref().map(|name| name.as_str().to_owned());
    metadata.resource_documentation = config.server.documentation.as_ref().map(|url| url.as_str().to_owned());
    metadata.resource_policy_uri = config.server.policy.as_ref().map(|url| url.as_str().to_owned());
    metadata.resource_tos_uri = config.server.terms.as_ref().map(|url| url.as_str().to_owned());

    let (path, issuer) = (config.server.path.as_str().to_owned(), local.map(|local| local.router));
    let settings = GateSettings {
        verifier: verifier.clone(),
        policy: Arc::clone(&parts.policy),
        resource_metadata: WellKnown::of(&resource)?.url,
        denial_as_tool_error: config.auth.denial == Denial::ToolError,
        limits: gate_limits(config),
        sessions: Sessions::new(
            config.limits.sessions.get(),
            config.limits.session_timeout.get(),
            parts.session_store,
        ),
        clock: Arc::clone(&parts.ambient.clock),
    };
    let mut rmcp = StreamableHttpServerConfig::default()
        .with_json_response(true)
        .with_cancellation_token(parts.shutdown.cut())
        .with_max_request_body_bytes(config.limits.body.get())
        .disable_allowed_hosts(); // `host` has checked it, with the port
    rmcp.session_store = settings.sessions.store();
    let dispatch = Dispatch::new(
        parts.handler,
        parts.routes,
        Arc::clone(&parts.policy),
        &parts.ambient,
        parts.shutdown.stopping(),
    );
    let gate = Arc::new(Gate::new(settings, Arc::new(dispatch), rmcp));

    let endpoint = routes::exact(&path, any(Gate::serve).with_state(gate))
        .layer(from_fn_with_state(Arc::clone(&origins), cors::answer))
        .layer(from_fn_with_state(Arc::clone(&origins), origin::check));
    let metadata = metadata.router()?.layer(from_fn_with_state(Arc::clone(&origins), cors::answer));
    let mut guarded = endpoint.merge(metadata);
    if let Some(issuer) = issuer {
        guarded = guarded.merge(issuer.layer(from_fn_with_state(origins, origin::check_posts)));
    }
    let shutdown = parts.shutdown;
    let ready = move || !shutdown.is_stopping() && verifier.as_ref().is_none_or(|verifier| verifier.ready());
    Ok(guarded
        .layer(from_fn_with_state(hosts, host::check))
        .merge(health::router(ready))
        .layer(axum::middleware::from_fn(panic::catch)))
}

fn extra_origins(config: &Config) -> Vec<String> {
    let cors = config.cors.allowed_origins.iter().flatten().map(|origin| origin.as_str().to_owned());
    cors.chain(config.server.allowed_origins.iter().map(|origin| origin.as_str().to_owned())).collect()
}

fn gate_limits(config: &Config) -> GateLimits {
    GateLimits {
        body: config.limits.body.get(),
        unverified_body: config.limits.unverified_body.get(),
        body_timeout: config.limits.body_timeout.get(),
        envelope: EnvelopeLimits { max_depth: config.limits.envelope_depth.get() },
    }
}

fn connection_limits(config: &Config) -> ConnectionLimits {
    ConnectionLimits {
        max_connections: config.limits.connections.get(),
        max_headers: config.limits.headers.get(),
        max_header_bytes: config.limits.header_bytes.get(),
        header_timeout: config.limits.header_timeout.get(),
        body_timeout: config.limits.body_timeout.get(),
        idle_timeout: config.limits.idle_timeout.get(),
        drain_timeout: config.limits.drain_timeout.get(),
        ..ConnectionLimits::default()
    }
}
