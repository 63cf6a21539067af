//! What is denied, for tests of the built-in issuer without a server around it.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;

use crate::authn::{Denied, DeniedIssued, DenyList};
use crate::config::Config;
use crate::config::deny::DenyEntry;
use crate::error::{Error, Result};
use crate::serve;

/// The tables of `[[auth.deny]]`, which a test changes while an issuer runs.
#[derive(Debug)]
pub struct TestDenyList {
    issuer: String,
    list: watch::Sender<Arc<DenyList>>,
}

impl TestDenyList {
    /// No tables, for the issuer with this identifier.
    pub fn of(issuer: &str) -> Self {
        Self { issuer: issuer.to_owned(), list: watch::Sender::new(Arc::default()) }
    }

    /// What an issuer is given: it follows this list.
    pub fn denied(&self) -> DeniedIssued {
        DeniedIssued::of(&self.issuer, Denied::by(&self.list))
    }

    /// From now on these are the tables.
    ///
    /// # Errors
    /// They are not such tables.
    pub fn set(&self, tables: Value) -> Result {
        let wrong = |error: &dyn std::fmt::Display| Error::from(format!("not tables of auth.deny: {error}"));
        let tables: Vec<DenyEntry> = serde_json::from_value(tables).map_err(|error| wrong(&error))?;
        let config = Config::builder().build().map_err(|error| wrong(&error))?;
        self.list.send_replace(Arc::new(serve::deny_list(&tables, &config)));
        Ok(())
    }
}
