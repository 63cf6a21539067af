//! `mcp-auth token`: mints an access token of the built-in issuer, without a browser.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::own_claims::{ROLES_CLAIM, is_of_every_token};
use mcp_auth_core::seen::deceives;
use mcp_auth_core::{IssuerIdentifier, Resource, Scope, ScopeSet};
use mcp_auth_issuer::{
    AccessTokenClaims, Authentication, Brand, Caps, DeniedIssued, DevelopmentLogin, HttpFetch, IssuerOptions,
    KeyRing, KeySource, KnownRevocations, LocalIssuerSetup, SigningAlgorithm, SigningKey, Store,
};
use mcp_auth_runtime::config::bounds::MAX_TOKEN_LIFETIME;
use mcp_auth_runtime::config::issuer::{BuiltInIssuer, IssuerLogin};
use mcp_auth_runtime::config::{Config, RoleName, key};
use serde_json::{Map, Value};

use crate::configuration::Configuration;
use crate::terminal::{DIM, WARN, shown, styled};
use crate::{Failure, terminal::Terminal};

/// The client that tokens are issued to if none is given.
const CLIENT_ID: &str = "mcp-auth-token";

/// Mints a development token with the built-in issuer's key.
///
/// Only with `[issuer]`. The token alone goes to standard output, so that
/// `curl -H "Authorization: Bearer $(mcp-auth token)"` works; who it is for goes to standard error.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    configuration: Configuration,
    /// Who it is for [else the first of issuer.users].
    #[arg(long, value_name = "NAME")]
    sub: Option<String>,
    /// Scopes it allows, separated by spaces [else auth.base_scopes].
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// How long it is valid, at most 24h.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = lifetime)]
    ttl: Duration,
    /// A claim that it says besides: KEY=TEXT, or KEY:=JSON; instead of what issuer.users says of it. Several times.
    #[arg(long = "claim", value_name = "KEY=VALUE", value_parser = claim)]
    claims: Vec<(String, Value)>,
    /// A role of [roles] that it names, besides those of issuer.users. Several times.
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<RoleName>,
    /// The client it is issued to [else mcp-auth-token, or the subject if that is one of issuer.clients].
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
}

/// Parses whole seconds, at most what a server accepts.
fn lifetime(text: &str) -> Result<Duration, String> {
    let ttl = humantime::parse_duration(text)
        .map_err(|_| "expected a duration with a unit, such as \"30m\"".to_owned())?;
    let most = MAX_TOKEN_LIFETIME.default;
    match ttl {
        ttl if ttl.as_secs() == 0 => Err("at least \"1s\"".to_owned()),
        ttl if ttl > most => Err(format!(
            "at most {:?}: the server refuses tokens that live longer",
            format!("{}h", most.as_secs() / 3600)
        )),
        ttl => Ok(ttl),
    }
}

/// Parses a claim, as `mcp-auth call` parses an argument of which no schema says anything.
fn claim(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("expected KEY=TEXT or KEY:=JSON")?;
    let (name, value) = match name.strip_suffix(':') {
        Some(name) => {
            let value = serde_json::from_str(value).map_err(|why| format!("{name}:= is not JSON: {why}"))?;
            (name, value)
        }
        None => (name, Value::from(value)),
    };
    match name {
        "" => Err("the claim has no name".to_owned()),
        "scope" => Err("write --scope".to_owned()),
        "sub" => Err("write --sub".to_owned()),
        "client_id" => Err("write --client-id".to_owned()),
        ROLES_CLAIM => Err("write --role".to_owned()),
        // Who mints a token by hand may try what becomes of an old or a weak login.
        "auth_time" | "acr" | "amr" => Ok((name.to_owned(), value)),
        name if is_of_every_token(name) => {
            Err(format!("{name:?} is what the issuer writes into every token itself"))
        }
        name => Ok((name.to_owned(), value)),
    }
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let config = arguments.configuration.load()?;
    let built_in = config.built_in_issuer().ok_or_else(|| without_issuer(&config))?;
    let token = Wanted::new(&config, built_in, &arguments)?;
    let (issuer, resource) = address(&config)?;
    let ambient = Ambient::system();
    let iat = ambient.clock.unix_now();
    let keys = match crate::built_in::keys_in_store(&config, built_in, &ambient)? {
        Some(keys) => keys,
        None => signing_keys(&config.state_dir(built_in), built_in.signing_alg.into(), iat, terminal)?,
    };
    let key = keys.current(iat);
    accepts((&config, built_in), (&issuer, &resource), &key, &ambient)?;

    let exp = iat + arguments.ttl.as_secs();
    let mut jti = [0; 16];
    ambient.random.fill(&mut jti);
    let minted = key.mint(&AccessTokenClaims {
        iss: issuer.as_str(),
        sub: &token.subject,
        aud: resource.as_str(),
        client_id: &token.client_id,
        scope: token.scopes.clone(),
        iat,
        exp,
        jti: &URL_SAFE_NO_PAD.encode(jti),
        authentication: token.auth_time(iat).map(Authentication::at).as_ref(),
        grant_id: None,
        granted_to: None,
        known_revocations: KnownRevocations::default(),
        cnf: None,
        act: None,
        more: Some(&token.claims),
    })?;
    for warning in token.doubts(&config, built_in) {
        terminal.note(format_args!("{WARN}warning:{WARN:#} {}", shown(&warning)));
    }
    let until = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(exp));
    let said = format!("{} until {until}, at {resource}", token.described());
    terminal.note(styled(DIM, shown(&said)));
    terminal.line(minted);
    Ok(ExitCode::SUCCESS)
}

/// The requested token, with the defaults filled in.
struct Wanted {
    subject: String,
    client_id: String,
    scopes: ScopeSet,
    claims: Map<String, Value>,
}

impl Wanted {
    fn new(config: &Config, issuer: &BuiltInIssuer, arguments: &Arguments) -> Result<Self, Failure> {
        let Arguments { sub, scope, client_id, claims, roles, .. } = arguments;
        let first = || issuer.users.names().next().map(str::to_owned);
        let subject = sub.clone().or_else(first).ok_or("users is empty: name a subject with --sub")?;
        if subject.is_empty() || deceives(&subject) {
            return Err(
                "--sub is empty or holds control characters: no server accepts that as a subject".into()
            );
        }
        let is_client = issuer.clients.iter().any(|client| client.client_id.as_str() == subject);
        let usual = || if is_client { subject.clone() } else { CLIENT_ID.to_owned() };
        let scopes = match scope {
            Some(text) => scopes(text)?,
            None => config.auth.base_scopes(),
        };
        let is_unknown = |role: &&RoleName| !config.roles.contains_key(*role);
        if let Some(role) = roles.iter().find(is_unknown) {
            return Err(
                format!("--role {role}: it is not one of [roles]: {}", config.place(&key!(roles))).into()
            );
        }
        let claims = said_of(issuer, &subject, claims, roles);
        Ok(Self { client_id: client_id.clone().unwrap_or_else(usual), subject, scopes, claims })
    }

    /// When its person logged in: now, unless it is said; a client does not log in.
    fn auth_time(&self, now: u64) -> Option<u64> {
        let is_said = self.claims.contains_key("auth_time");
        (!is_said && self.subject != self.client_id).then_some(now)
    }

    /// Warnings about what is allowed but probably not intended.
    fn doubts(&self, config: &Config, issuer: &BuiltInIssuer) -> Vec<String> {
        let users = || issuer.users.names();
        let clients = || issuer.clients.iter().map(|client| client.client_id.as_str());
        let mut doubts = Vec::new();
        if !users().chain(clients()).any(|name| name == self.subject) {
            let known = users().collect::<Vec<_>>().join(", ");
            doubts.push(format!(
                "{:?} is not in issuer.users ({known}): the server accepts the token all the same, but no user \
                 can log in under that name",
                self.subject
            ));
        }
        let described = config.scopes.keys().map(|name| name.scope().clone());
        let implied = config.scopes.values().flat_map(|entry| &entry.implies);
        let named = issuer.clients.iter().flat_map(|client| &client.scopes);
        let tokens = implied
            .chain(named)
            .chain(config.auth.base_scopes.iter().flatten())
            .chain(&config.stdio.local_scopes)
            .map(|scope| scope.scope().clone());
        let known: ScopeSet = described.chain(tokens).collect();
        let is_filled = |scope: &str| config.families().iter().any(|(family, _)| family.has(scope));
        let is_known = |scope: &str| known.contains(scope) || is_filled(scope);
        for scope in self.scopes.iter().filter(|scope| !is_known(scope.as_str())) {
            doubts.push(format!(
                "scope {:?} is not in the configuration: it counts only if an operation declares it",
                scope.as_str()
            ));
        }
        doubts
    }

    fn described(&self) -> String {
        let scopes = match self.scopes.is_empty() {
            true => "without any scope".to_owned(),
            false => format!("with {}", self.scopes),
        };
        format!("for {} {scopes}, issued to {},", self.subject, self.client_id)
    }
}

/// What the configuration says of the subject, and what was asked for.
fn said_of(
    issuer: &BuiltInIssuer,
    subject: &str,
    claims: &[(String, Value)],
    roles: &[RoleName],
) -> Map<String, Value> {
    let configured = issuer.subjects().find(|(name, ..)| *name == subject);
    let (held, said) = configured.map_or((&[][..], None), |(_, roles, claims)| (roles, Some(claims)));
    let mut all = said.cloned().unwrap_or_default();
    all.retain(|claim, _| !is_of_every_token(claim)); // a start refuses them
    all.extend(claims.iter().cloned());
    let roles: BTreeSet<&str> = held.iter().chain(roles).map(RoleName::as_str).collect();
    if !roles.is_empty() {
        all.insert(ROLES_CLAIM.to_owned(), roles.into_iter().collect());
    }
    all
}

fn without_issuer(config: &Config) -> Failure {
    format!(
        "the built-in issuer is off, so the server trusts no key of this computer; ask its issuer for a token (`mcp-auth \
         login` does), or write [issuer] for development: {}",
        config.place(&key!(issuer))
    )
    .into()
}

fn scopes(text: &str) -> Result<ScopeSet, Failure> {
    let tokens = text.split(' ').filter(|token| !token.is_empty());
    let read = |token: &str| token.parse::<Scope>().map_err(|wrong| format!("--scope {token:?}: {wrong}"));
    Ok(tokens.map(read).collect::<Result<_, _>>()?)
}

/// The issuer identifier and resource identifier that the server will have.
fn address(config: &Config) -> Result<(IssuerIdentifier, Resource), Failure> {
    let listen = config.server.listen.get();
    if config.server.public_url.is_none() && listen.port() == 0 {
        return Err(format!(
            "listen is {listen}, any free port, so the audience of a token is not known before the server starts: set \
             server.public_url, or a port (--listen): {}",
            config.place(&key!(server.listen))
        )
        .into());
    }
    let resource = config.resource();
    Ok((resource.origin().try_into()?, resource))
}

/// The server's keys; if there are none, the first is made as the server's first start would make it.
fn signing_keys(
    state_dir: &Path,
    algorithm: SigningAlgorithm,
    now: u64,
    terminal: &Terminal,
) -> Result<KeyRing, Failure> {
    if let Some(keys) = KeyRing::find_in_dir(state_dir)? {
        return Ok(keys);
    }
    let keys = KeyRing::in_dir(state_dir, algorithm, now)?;
    let made = format!("made a signing key in {}, which the server will use", state_dir.display());
    terminal.note(styled(DIM, shown(&made)));
    Ok(keys)
}

/// Checks that the built-in issuer accepts the configured address: on loopback, or of https where other computers reach it and people prove who
/// they are. How they do makes no difference here.
fn accepts(
    (config, built_in): (&Config, &BuiltInIssuer),
    (issuer, resource): (&IssuerIdentifier, &Resource),
    key: &SigningKey,
    ambient: &Ambient,
) -> Result<(), Failure> {
    let setup = LocalIssuerSetup {
        issuer: issuer.clone(),
        reach: config.issuer_reach(),
        resource: resource.clone(),
        server_name: String::new(),
        brand: Brand::named(""),
        scopes: Default::default(),
        families: Default::default(),
        default_scopes: ScopeSet::new(),
        hierarchy: Default::default(),
        ambient: ambient.clone(),
        store: Store::memory(Caps::default()),
        fetch: Arc::new(HttpFetch::new()?),
        denied: DeniedIssued::nothing(),
    };
    let options = IssuerOptions::new(KeySource::Given(key.clone()));
    match &built_in.login {
        IssuerLogin::Development => mcp_auth_issuer::build(setup, options)?,
        IssuerLogin::Accounts | IssuerLogin::Own | IssuerLogin::Upstream(_) => {
            mcp_auth_issuer::build_with(setup, options, Arc::new(DevelopmentLogin::new(Vec::new())))?
        }
    };
    Ok(())
}
