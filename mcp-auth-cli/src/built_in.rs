//! The built-in issuer as a server would have it, for commands that judge its tokens. Nothing is written.

use std::sync::Arc;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_issuer::{
    AccountsLogin, Brand, Caps, DeniedIssued, IssuerOptions, KeyRing, KeySource, LocalIssuerSetup,
    LoginOptions, Store,
};
use mcp_auth_runtime::config::issuer::BuiltInIssuer;
use mcp_auth_runtime::config::{Checked, Config};
use mcp_auth_runtime::facade::{HttpFetch, LocalIssuer, open_store};

use crate::Failure;

/// What the built-in issuer is set to, with its signing keys, which are read but never made here.
pub(crate) fn options(config: &Config, issuer: &BuiltInIssuer) -> Result<IssuerOptions, Failure> {
    let mut options = IssuerOptions::configured(config, issuer)?;
    let kept = KeyRing::find_in_dir(&config.state_dir(issuer))?;
    options.signing_key = kept.map_or(KeySource::Ephemeral, KeySource::Ring);
    Ok(options)
}

/// The signing keys that all servers on the store share, where `[store]` lasts: made there if there are none, as the first start would.
pub(crate) fn keys_in_store(
    config: &Config,
    issuer: &BuiltInIssuer,
    ambient: &Ambient,
) -> Result<Option<KeyRing>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open_store(config, &config.store, ambient).await;
        let Some(store) = store.map_err(|why| format!("[store] of the configuration: {why}"))? else {
            return Ok(None);
        };
        let own = KeySource::StateDir(config.state_dir(issuer));
        let (now, algorithm) = (ambient.clock.unix_now(), issuer.signing_alg.into());
        let shared = own.shared(&Store::new(store.durable), algorithm, now).await?;
        Ok(Some(shared.open(algorithm, now)?))
    })
}

/// The built-in issuer has its own checks: options, identifier and signing keys, which are those of `issuer.state_dir` unless others are
/// given.
pub(crate) fn issuer(
    config: &Config,
    issuer: &BuiltInIssuer,
    checked: &Checked,
    keys: Option<KeyRing>,
) -> Result<LocalIssuer, Failure> {
    let mut options = options(config, issuer)?;
    if let Some(keys) = keys {
        options.signing_key = KeySource::Ring(keys);
    }
    let mut scopes = checked.scopes.clone();
    for client in &options.clients {
        // The runtime has already checked these scopes, as far as the operations are known.
        scopes.extend(client.scopes.iter().map(|scope| (scope.to_string(), None)));
    }
    let resource = config.resource();
    let (ambient, store) = (Ambient::system(), Store::memory(Caps::default()));
    // Who has an account makes no difference here, so this store need not last.
    let accounts = match &options.login {
        LoginOptions::Accounts(accounts) => {
            Some(AccountsLogin::new(store.clone(), ambient.clone(), accounts, ""))
        }
        _ => None,
    };
    let setup = LocalIssuerSetup {
        issuer: resource.origin().try_into()?,
        reach: config.issuer_reach(),
        resource,
        server_name: String::new(),
        brand: Brand::named(""),
        scopes,
        families: checked.families.clone(),
        default_scopes: config.auth.base_scopes(),
        hierarchy: checked.hierarchy.clone(),
        ambient,
        store,
        fetch: Arc::new(HttpFetch::new()?),
        denied: DeniedIssued::nothing(),
    };
    Ok(match accounts {
        Some(accounts) => mcp_auth_issuer::build_with(setup, options, Arc::new(accounts))?,
        None => mcp_auth_issuer::build(setup, options)?,
    })
}
