//! The issuers whose assertions are trusted, and whose an assertion is.

use std::collections::HashMap;
use std::sync::Arc;

use mcp_auth_core::IssuerIdentifier;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::facade::{
    Assertion, AssertionIssuer, Fetch, JwtVerifierError, NotAsserted, UnverifiedJwt,
};
use serde_json::Value;

use super::kind::NotOfProfile;
use super::options::{AssertionOptions, AssertionProfile, Workload};
use super::workload::workload_of;

/// The issuers whose assertions are trusted, by what `iss` says.
#[derive(Default)]
pub(crate) struct Trusted(HashMap<String, TrustedIssuer>);

/// One of them.
pub(crate) struct TrustedIssuer {
    identifier: IssuerIdentifier,
    profile: AssertionProfile,
    keys: AssertionIssuer,
}

impl Trusted {
    /// These issuers, whose assertions are for `own`. Fetches nothing yet.
    ///
    /// # Errors
    /// [`JwtVerifierError`] names the issuer whose keys cannot be used.
    pub(crate) fn new(
        all: &[AssertionOptions],
        own: &IssuerIdentifier,
        fetch: &Arc<dyn Fetch>,
        ambient: &Ambient,
    ) -> Result<Self, JwtVerifierError> {
        let trusted = all.iter().map(|one| {
            let keys = AssertionIssuer::new(
                one.issuer.clone(),
                own.to_string(),
                one.keys.clone(),
                one.max_lifetime,
                Arc::clone(fetch),
                ambient,
            )?;
            let trusted =
                TrustedIssuer { identifier: one.issuer.clone(), profile: one.profile.clone(), keys };
            Ok((one.issuer.to_string(), trusted))
        });
        trusted.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the assertions of one are of the profile `id-jag`.
    pub(crate) fn has_id_jag(&self) -> bool {
        self.0.values().any(|trusted| matches!(trusted.profile, AssertionProfile::IdJag))
    }

    /// The issuer that an assertion names. It is only claimed so far, and that is enough to choose whose keys must have signed it.
    pub(crate) fn named_by(&self, jwt: &UnverifiedJwt<'_>) -> Option<&TrustedIssuer> {
        self.0.get(jwt.unverified_claims().get("iss").and_then(Value::as_str)?)
    }
}

impl TrustedIssuer {
    /// Its identifier.
    pub(crate) fn as_str(&self) -> &str {
        self.identifier.as_str()
    }

    /// Whether its assertions are about programs.
    pub(crate) fn is_of_workloads(&self) -> bool {
        matches!(self.profile, AssertionProfile::Workload(_))
    }

    /// Verifies an assertion of it.
    ///
    /// # Errors
    /// [`NotAsserted`].
    pub(crate) async fn verify(&self, jwt: &UnverifiedJwt<'_>) -> Result<Assertion, NotAsserted> {
        self.keys.verify(jwt).await
    }

    /// The program that a verified assertion is of.
    ///
    /// # Errors
    /// [`NotOfProfile`].
    pub(crate) fn workload_of(
        &self,
        assertion: &Assertion,
        typ: Option<&str>,
    ) -> Result<&Workload, NotOfProfile> {
        match &self.profile {
            AssertionProfile::Workload(workloads) => workload_of(workloads, assertion, typ),
            AssertionProfile::IdJag => Err(NotOfProfile::NoWorkloads),
        }
    }
}
