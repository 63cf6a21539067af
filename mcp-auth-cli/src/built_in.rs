//! The built-in issuer as a server would have it, for commands that judge its tokens. Nothing is written.

use std::sync::Arc;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_issuer::{
    AccountsLogin, Caps, IssuerOptions, KeySource, LocalIssuerSetup, LoginOptions, SigningKey, Store,
};
use mcp_auth_runtime::config::issuer::BuiltInIssuer;
use mcp_auth_runtime::config::{Checked, Config};
use mcp_auth_runtime::facade::{LocalIssuer, open_store};

use crate::Failure;

/// What the built-in issuer is set to, with its signing key, which is read but never made here.
pub(crate) fn options(config: &Config, issuer: &BuiltInIssuer) -> Result<IssuerOptions, Failure> {
    let mut options = IssuerOptions::configured(config, issuer)?;
    let kept = SigningKey::load(&config.state_dir(issuer))?;
    options.signing_key = kept.map_or(KeySource::Ephemeral, KeySource::Given);
    Ok(options)
}

/// The signing key that all servers on the store share, where `[store]` lasts: made there if there is none, as the first start would.
pub(crate) fn key_in_store(
    config: &Config,
    issuer: &BuiltInIssuer,
    ambient: &Ambient,
) -> Result<Option<SigningKey>, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let store = open_store(config, &config.store, ambient).await;
        let Some(store) = store.map_err(|why| format!("[store] of the configuration: {why}"))? else {
            return Ok(None);
        };
        let own = KeySource::StateDir(config.state_dir(issuer));
        Ok(Some(own.shared(&Store::new(store.durable)).await?.open()?))
    })
}

/// The built-in issuer has its own checks: options, identifier and signing key, which is that of `issuer.state_dir` unless another one is
/// given.
pub(crate) fn issuer(
    config: &Config,
    issuer: &BuiltInIssuer,
    checked: &Checked,
    key: Option<SigningKey>,
) -> Result<LocalIssuer, Failure> {
    let mut options = options(config, issuer)?;
    if let Some(key) = key {
        options.signing_key = KeySource::Given(key);
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
        scopes,
        families: checked.families.clone(),
        default_scopes: config.auth.base_scopes(),
        hierarchy: checked.hierarchy.clone(),
        ambient,
        store,
    };
    Ok(match accounts {
        Some(accounts) => mcp_auth_issuer::build_with(setup, options, Arc::new(accounts))?,
        None => mcp_auth_issuer::build(setup, options)?,
    })
}
