//! Who the caller on stdio will be, as far as that can be told without starting: for those who check a configuration. It runs no
//! program and sends nothing.

use std::sync::Arc;

use mcp_auth_core::ambient::Ambient;

use super::local_issuer::LocalIssuer;
use super::parts::OwnVerifiers;
use super::stdio::{refused, unverified};
use super::trust::{self, Given};
use super::{credential_source, settings};
use crate::authn::fetch::{FetchFuture, FetchRequest};
use crate::authn::{
    CredentialFacts, CredentialFuture, CredentialVerifier, Fetch, FetchError, Foresight, Identity,
    RefusedCredential, Sender, TokenError,
};
use crate::config::{Checked, Config, NonEmpty, StdioCredential};
use crate::error::Result;

/// Who the caller on stdio will be.
#[derive(Debug)]
#[non_exhaustive]
pub enum StdioCaller {
    /// Who started the server: no credential is configured.
    Local(Identity),
    /// The bearer of the credential.
    Bearer {
        /// Who that is.
        who: Identity,
        /// Whether nothing is left to check. Else the signature of the token is, by keys that a start fetches.
        is_whole: bool,
    },
    /// The bearer of the credential, who is known once the server starts: a program prints the credential.
    Printed,
    /// The same: an issuer is asked about the credential.
    Asked,
    /// The same: a verifier of the program's own may judge the credential.
    Judged,
}

/// Who the caller on stdio will be. `local` is the issuer in this process, if there is one.
///
/// # Errors
/// The words in which a start refuses the credential, with everything that is wrong with it.
pub fn stdio_caller(config: &Config, checked: &Checked, local: Option<&LocalIssuer>) -> Result<StdioCaller> {
    let Some(source) = config.stdio_credential() else {
        return Ok(StdioCaller::Local(settings::local_caller(config, checked)));
    };
    let StdioCredential::Secret(secret) = &source else { return Ok(StdioCaller::Printed) };
    let text = credential_source::read_now(secret).map_err(|error| refused(&source, &error))?;
    let (fetch, ambient): (Arc<dyn Fetch>, _) = (Arc::new(Nowhere), Ambient::system());
    let given = looking(config, checked, local, &fetch, &ambient);
    let resource = config.resource();
    let audiences = |issuer: Option<&_>| config.stdio_audiences(issuer, &resource);
    let authenticator = trust::onlooker(given, audiences)?.ok_or_else(|| unverified(&source))?;
    match authenticator.foresee(text.expose(), &Sender::default()) {
        // Over stdio no proof can come with it.
        Foresight::Accepted { owes_proof: true, .. } => Err(refused(&source, &TokenError::SenderConstrained)),
        Foresight::Accepted { who, is_whole, owes_proof: false } => Ok(StdioCaller::Bearer { who, is_whole }),
        Foresight::Asks(via) if via.is_of_the_program() => Ok(StdioCaller::Judged),
        Foresight::Asks(_) => Ok(StdioCaller::Asked),
        Foresight::Refused(faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            Err(refused(&source, &faults.join("; ")))
        }
    }
}

/// What those who only look know of whom a server trusts. No proof (DPoP) comes with what they look at.
pub(super) fn looking<'a>(
    config: &'a Config,
    checked: &'a Checked,
    local: Option<&'a LocalIssuer>,
    fetch: &'a Arc<dyn Fetch>,
    ambient: &'a Ambient,
) -> Given<'a> {
    Given { config, checked, local, own: elsewhere(config), fetch, ambient, store: None, dpop: None }
}

/// The verifiers of the program's own, which is not this one.
fn elsewhere(config: &Config) -> OwnVerifiers {
    let names = config.auth.verifiers.iter().map(NonEmpty::as_str);
    names.map(|name| (name.to_owned(), Arc::new(Elsewhere) as Arc<dyn CredentialVerifier>)).collect()
}

/// A verifier of the program's own. What it claims only the program knows; it may be anything.
struct Elsewhere;

impl CredentialVerifier for Elsewhere {
    fn claims_it(&self, _presented: &str) -> bool {
        true
    }

    fn verify<'a>(&'a self, _presented: &'a str) -> CredentialFuture<'a> {
        let refused: Result<CredentialFacts, _> = Err(RefusedCredential::Unavailable { retry_after: None });
        Box::pin(std::future::ready(refused))
    }
}

/// Asks nobody.
pub(super) struct Nowhere;

impl Fetch for Nowhere {
    fn fetch(&self, _: FetchRequest, _: usize) -> FetchFuture<'_> {
        Box::pin(std::future::ready(Err(FetchError::Transport("a check asks nobody".into()))))
    }
}
