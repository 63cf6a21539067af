//! A checked server, in its parts.

use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use rmcp::transport::streamable_http_server::session::SessionStore;

use super::denied::denied;
use super::local_issuer::{LocalIssuer, LocalIssuerSetup};
use super::settings;
use super::trust::Given;
use crate::authn::{CredentialVerifier, Denied, DeniedIssued, Fetch};
use crate::call::handler::About;
use crate::call::served::Served;
use crate::config::{Checked, Config};
use crate::dispatch::Rulebook;
use crate::error::Result;
use crate::page::Brand;

use crate::transport::shutdown::Shutdown;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::{IssuerIdentifier, Resource};
use mcp_auth_store::Store;

/// Builds the issuer of `[issuer]`. The runtime knows none; the facade passes one in.
pub(crate) type LocalIssuerFactory =
    Box<dyn for<'a> FnOnce(LocalIssuerSetup, &'a Config) -> BoxFuture<'a, Result<LocalIssuer>> + Send>;

/// What verifies the kinds of credentials that are the program's own, by name.
pub(super) type OwnVerifiers = Vec<(String, Arc<dyn CredentialVerifier>)>;

/// A checked server: nothing in it is unsafe any more.
pub(super) struct Parts {
    pub(super) served: Box<dyn Served>,
    pub(super) about: About,
    pub(super) rules: Arc<Rulebook>,
    /// Whether tools come and go while the server runs.
    pub(super) changes: bool,
    pub(super) checked: Checked,
    pub(super) config: Config,
    pub(super) ambient: Ambient,
    pub(super) fetch: Arc<dyn Fetch>,
    pub(super) local_issuer: Option<LocalIssuerFactory>,
    pub(super) store: Store,
    pub(super) session_store: Option<Arc<dyn SessionStore>>,
    pub(super) verifiers: OwnVerifiers,
    pub(super) health: bool,
    /// The application that takes the router says that it serves it by TLS only.
    pub(super) served_by_tls: bool,
    pub(super) shutdown: Shutdown,
    /// What is denied, once somebody asked: what verifies credentials and the issuer in this process look at one list.
    pub(super) denied: OnceLock<Denied>,
    /// How pages look, once somebody asked.
    pub(super) brand: OnceLock<Brand>,
}

impl Parts {
    /// What it is made of whom the server trusts: with this issuer in this process, and these verifiers of the program's own.
    pub(super) fn trust<'a>(&'a self, local: Option<&'a LocalIssuer>, own: OwnVerifiers) -> Given<'a> {
        Given {
            config: &self.config,
            checked: &self.checked,
            local,
            own,
            fetch: &self.fetch,
            ambient: &self.ambient,
            store: Some(&self.store),
            dpop: None,
        }
    }

    /// What is denied. Call it within a Tokio runtime.
    pub(super) fn denied(&self) -> Denied {
        self.denied.get_or_init(|| denied(&self.config, self.shutdown.stopping())).clone()
    }

    /// What an operator made their own on the pages: read once, so that all pages show the same.
    ///
    /// # Errors
    /// A logo that cannot be read any more.
    pub(super) fn brand(&self) -> Result<Brand> {
        if let Some(brand) = self.brand.get() {
            return Ok(brand.clone());
        }
        let brand = settings::brand(&self.config, &self.about)?;
        Ok(self.brand.get_or_init(|| brand).clone())
    }

    /// The issuer in this process, if there is one.
    pub(super) async fn build_local_issuer(&mut self, resource: &Resource) -> Result<Option<LocalIssuer>> {
        let Some(factory) = self.local_issuer.take() else { return Ok(None) };
        let issuer: IssuerIdentifier = resource.origin().try_into()?;
        let setup = LocalIssuerSetup {
            denied: DeniedIssued::of(issuer.as_str(), self.denied()),
            issuer,
            reach: self.config.issuer_reach(),
            resource: resource.clone(),
            server_name: settings::name_for_people(&self.config, &self.about),
            brand: self.brand()?,
            scopes: self.checked.scopes.clone(),
            families: self.checked.families.clone(),
            hierarchy: self.checked.hierarchy.clone(),
            default_scopes: self.checked.policy.base_scopes().clone(),
            ambient: self.ambient.clone(),
            store: self.store.clone(),
            fetch: Arc::clone(&self.fetch),
        };
        factory(setup, &self.config).await.map(Some)
    }
}
