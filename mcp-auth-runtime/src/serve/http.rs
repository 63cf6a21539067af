//! The server over HTTP: the one ordered list of what a request passes, each with its why.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::any;
use rmcp::transport::StreamableHttpServerConfig;
use tokio::net::TcpListener;

use super::{Parts, Running, banner, trust};
use crate::authn::Authenticator;
use crate::config::{Config, Denial};
use crate::declared::handler::Handler;
use crate::dispatch::Dispatch;
use crate::envelope::EnvelopeLimits;
use crate::error::{Error, Result};
use crate::gate::{Endpoint, EndpointLimits, EndpointSettings, Gate};
use crate::local_issuer::LocalIssuer;
use crate::metadata::ProtectedResourceMetadata;
use crate::observe::health;
use crate::owned::{Sessions, StoredSessions};
use crate::transport::cors;
use crate::transport::host::{self, AllowedHosts, HostSettings};
use crate::transport::http::{ConnectionLimits, serve_http};
use crate::transport::origin::{self, AllowedOrigins, OriginSettings};
use crate::transport::{panic, peer, routes};
use mcp_auth_core::net::{Authority, Origin};
use mcp_auth_core::{IssuerIdentifier, Resource};

/// Where operators allow another host or origin.
const HOSTS_SETTING: &str = "server.allowed_hosts in mcp.toml";
const ORIGINS_SETTING: &str = "cors.allowed_origins in mcp.toml";

/// Serves until the process is told to stop.
pub(super) async fn serve<H: Handler>(parts: Parts<H>) -> Result {
    let announce = banner::Announcement::new(&parts.about, &parts.config);
    let running = start(parts).await?;
    announce.print(running.address(), running.resource());
    running.ended().await;
    Ok(())
}

/// Binds first, because the address is part of the default resource identifier; loads the issuers' keys; then
/// serves in the background.
pub(super) async fn start<H: Handler>(mut parts: Parts<H>) -> Result<Running> {
    let listen = parts.config.server.listen.get();
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| Error::from(format!("cannot listen on {listen} (server.listen): {error}")))?;
    let address = listener.local_addr()?;
    let (resource, limits) = (parts.config.resource_for(address), connection_limits(&parts.config));
    let shutdown = parts.shutdown.clone();
    let trusted = Trusted::by(&mut parts, address)?;
    if let Some(authenticator) = &trusted.authenticator {
        trust::load_keys(authenticator, &parts.config, shutdown.stopping()).await?;
        authenticator.start(shutdown.stopping());
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
    if let Some(authenticator) = &trusted.authenticator {
        authenticator.start(parts.shutdown.stopping());
    }
    layers(parts, bound, trusted)
}

/// Whom the server trusts.
struct Trusted {
    local: Option<LocalIssuer>,
    authenticator: Option<Arc<Authenticator>>,
}

impl Trusted {
    fn by<H: Handler>(parts: &mut Parts<H>, bound: SocketAddr) -> Result<Self> {
        let resource = parts.config.resource_for(bound);
        let local = parts.build_local_issuer(&resource)?;
        let config = &parts.config;
        let audiences = |issuer: Option<&_>| match issuer {
            Some(issuer) => config.audiences(issuer, &resource),
            None => vec![resource.to_string()],
        };
        let fetch = Arc::clone(&parts.fetch);
        let authenticator = trust::authenticator(config, local.as_ref(), audiences, fetch, &parts.ambient)?;
        Ok(Self { local, authenticator })
    }
}

/// What a request passes, in this order:
///
/// 1. the listener (`transport::http`): header and body timers, connection cap, header size;
/// 2. `panic`: a bug answers 500 and the process lives;
/// 3. `host`: every route but health, or a page that rebound its name could drive the issuer's login;
/// 4. `origin`: the MCP endpoint, and the issuer's POSTs;
/// 5. `cors`: so that pages of allowed origins can read every answer below, refusals included
///    (not on `/authorize`: RFC 9700 §2.6; the issuer answers for its own endpoints, and `peer` lets only
///    this computer reach them, whoever's listener it is);
/// 6. routes: health, protected resource metadata, the issuer, the MCP endpoint by exact path only;
/// 7. the gate: authenticate, read, decide, and only then rmcp (see `gate`).
fn layers<H: Handler>(parts: Parts<H>, bound: SocketAddr, trusted: Trusted) -> Result<Router> {
    let resource = parts.config.resource_for(bound);
    let Trusted { local, authenticator } = trusted;
    let hosts = Arc::new(allowed_hosts(&parts.config, &resource, bound));
    let origins = Arc::new(allowed_origins(&parts.config, &resource, bound));
    let path = parts.config.server.path.as_str().to_owned();
    let metadata = match &authenticator {
        Some(_) => protected_resource_metadata(&parts, &resource, local.as_ref()).router()?,
        None => Router::new(), // nobody to send a client to, and nothing to send it for
    };
    let (shutdown, answers_health) = (parts.shutdown.clone(), parts.health);
    let endpoint = endpoint(parts, &resource, authenticator.clone())?;
    let ready = move || {
        !shutdown.is_stopping() && authenticator.as_ref().is_none_or(|authenticator| authenticator.ready())
    };
    let health = if answers_health { health::router(ready) } else { Router::new() };

    let endpoint = routes::exact(&path, any(Endpoint::serve).with_state(Arc::new(endpoint)))
        .layer(from_fn_with_state(Arc::clone(&origins), cors::answer))
        .layer(from_fn_with_state(Arc::clone(&origins), origin::check));
    let metadata = metadata.layer(from_fn_with_state(Arc::clone(&origins), cors::answer));
    let issuer = local.map_or_else(Router::new, |local| local.router);
    let issuer = issuer
        .layer(from_fn_with_state(origins, origin::check_posts))
        .layer(axum::middleware::from_fn(peer::loopback_only));
    Ok(endpoint
        .merge(metadata)
        .merge(issuer)
        .layer(from_fn_with_state(hosts, host::check))
        .merge(health)
        .layer(axum::middleware::from_fn(panic::catch)))
}

fn allowed_hosts(config: &Config, resource: &Resource, listen: SocketAddr) -> AllowedHosts {
    let extra: &Vec<Authority> = &config.server.allowed_hosts.iter().map(|host| (**host).clone()).collect();
    AllowedHosts::new(&HostSettings { resource, listen, extra, setting: HOSTS_SETTING })
}

fn allowed_origins(config: &Config, resource: &Resource, listen: SocketAddr) -> AllowedOrigins {
    let extra: &Vec<Origin> = &config.cors.allowed_origins.iter().map(|origin| (**origin).clone()).collect();
    AllowedOrigins::new(&OriginSettings { resource, listen, extra, setting: ORIGINS_SETTING })
}

/// What a client reads to find out whom to ask for a token, and for which scopes.
fn protected_resource_metadata<H>(
    parts: &Parts<H>,
    resource: &Resource,
    local: Option<&LocalIssuer>,
) -> ProtectedResourceMetadata {
    let (config, server) = (&parts.config, &parts.config.server);
    let configured = config.auth.issuers.iter().map(|issuer| IssuerIdentifier::clone(&issuer.issuer));
    // The built-in issuer first: clients take the first, and who turns it on wants to log in there.
    let issuers = local.map(|local| local.issuer.clone()).into_iter().chain(configured).collect();
    let mut metadata =
        ProtectedResourceMetadata::new(resource.clone(), issuers, parts.rules.policy().scopes());
    metadata.resource_name = server.name.as_ref().map(|name| name.as_str().to_owned());
    metadata.resource_documentation = server.documentation.as_ref().map(|url| url.as_str().to_owned());
    metadata.resource_policy_uri = server.policy.as_ref().map(|url| url.as_str().to_owned());
    metadata.resource_tos_uri = server.terms.as_ref().map(|url| url.as_str().to_owned());
    metadata
}

/// The MCP endpoint: the gate, with rmcp and the handler behind it.
fn endpoint<H: Handler>(
    parts: Parts<H>,
    resource: &Resource,
    authenticator: Option<Arc<Authenticator>>,
) -> Result<Endpoint<H>> {
    let (limits, clock) = (&parts.config.limits, &parts.ambient.clock);
    let stored = match parts.session_store {
        Some(sessions) => Some(StoredSessions::Program(sessions)),
        None => StoredSessions::of(&parts.store, clock),
    };
    let gate = Gate::new(authenticator, Arc::clone(&parts.rules));
    let settings = EndpointSettings {
        resource_metadata: resource.metadata_url(),
        denial_as_tool_error: parts.config.auth.denial == Denial::ToolError,
        limits: endpoint_limits(&parts.config),
        sessions: Sessions::new(limits.sessions.get(), limits.session_timeout.get(), stored),
        clock: Arc::clone(&parts.ambient.clock),
    };
    let mut rmcp = StreamableHttpServerConfig::default()
        .with_json_response(true)
        .with_cancellation_token(parts.shutdown.cut())
        .with_max_request_body_bytes(limits.body.get())
        .disable_allowed_hosts(); // `host` has checked it, with the port
    rmcp.session_store = settings.sessions.stored().map(StoredSessions::for_rmcp);
    let (rules, closing) = (parts.rules, parts.shutdown.stopping());
    let dispatch = Dispatch::new(parts.handler, parts.routes, rules, &parts.ambient, &parts.store, closing);
    Ok(Endpoint::new(gate, settings, Arc::new(dispatch), rmcp))
}

fn endpoint_limits(config: &Config) -> EndpointLimits {
    EndpointLimits {
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
        write_timeout: config.limits.write_timeout.get(),
        drain_timeout: config.limits.drain_timeout.get(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_limit_of_a_connection_is_the_configured_one() {
        let text = "[limits]\nconnections = 7\nheaders = 17\nheader_bytes = \"9 KiB\"\nheader_timeout = \"2s\"\n\
                    body_timeout = \"3s\"\nidle_timeout = \"4s\"\nwrite_timeout = \"5s\"\ndrain_timeout = \"6s\"";
        let expected = ConnectionLimits {
            max_connections: 7,
            max_headers: 17,
            max_header_bytes: 9 * 1024,
            header_timeout: Duration::from_secs(2),
            body_timeout: Duration::from_secs(3),
            idle_timeout: Duration::from_secs(4),
            write_timeout: Duration::from_secs(5),
            drain_timeout: Duration::from_secs(6),
        };
        assert_eq!(connection_limits(&Config::from_toml_str(text).unwrap()), expected);
    }
}
