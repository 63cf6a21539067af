//! The server over standard input and output: the same handler, the same gate. The credential comes from the environment
//! (MCP authorization: stdio), once for the connection.

use std::fmt;
use std::sync::Arc;

use super::parts::Parts;
use super::{credential_source, settings, trust};
use crate::authn::{Authenticator, Credential};
use crate::authz::Connect;
use crate::config::StdioCredential;
use crate::dispatch::Dispatch;
use crate::error::{Error, Result};
use crate::gate::{Gate, Speaker, serve_stdio};

/// Serves until the input ends or the process is told to stop.
pub(super) async fn serve(mut parts: Parts) -> Result {
    let (speaker, authenticator) = match parts.config.stdio_credential() {
        None => {
            if parts.config.stdio.is_anonymous() && parts.checked.connect == Connect::Authenticated {
                tracing::warn!(
                    "no caller can connect: set stdio.credential or stdio.credential_command, or say in stdio.local_scopes and \
                     stdio.local_roles what the local caller may do"
                );
            }
            (Speaker::local(settings::local_caller(&parts.config, &parts.checked)), None)
        }
        Some(source) => {
            // Only here: without a credential there is nothing an issuer in this process could have issued.
            let resource = parts.config.resource();
            let local = parts.build_local_issuer(&resource).await?;
            let own = std::mem::take(&mut parts.verifiers);
            let config = &parts.config;
            let audiences = |issuer: Option<&_>| config.stdio_audiences(issuer, &resource);
            let given = parts.trust(local.as_ref(), own);
            let authenticator = trust::authenticator(given, audiences, || parts.denied())?;
            let authenticator = authenticator.ok_or_else(|| unverified(&source))?;
            trust::load_keys(&authenticator, config, parts.shutdown.stopping()).await?;
            authenticator.start(parts.shutdown.stopping());
            (bearer(source, &authenticator).await?, Some(authenticator))
        }
    };
    let states = settings::request_states(&parts.config, &parts.store, &parts.ambient);
    let pages = settings::pages(&parts.config, &parts.store, &parts.ambient);
    let calls = settings::call_limits(&parts.config);
    let tool_errors = settings::tool_errors(&parts.config, parts.checked.connect);
    let (rules, closing) = (Arc::clone(&parts.rules), parts.shutdown.stopping());
    let dispatch = Dispatch::new((parts.served, parts.about), rules, &parts.ambient, states, calls, closing);
    let dispatch = dispatch.paged(pages).asking_with(settings::requested_prefix(&parts.config));
    let dispatch = Arc::new(if parts.changes { dispatch.changing() } else { dispatch });
    let gate = Gate::new(authenticator, parts.rules).asking_with(settings::requested_prefix(&parts.config));
    let gate = gate.telling(tool_errors).guarded_by(Arc::clone(&dispatch) as _);
    let limits = settings::stdio_limits(&parts.config);
    serve_stdio(dispatch, gate, speaker, limits, parts.ambient.random, parts.shutdown.stopping()).await?;
    Ok(())
}

/// The key that names it.
fn key(source: &StdioCredential) -> &'static str {
    match source {
        StdioCredential::Secret(_) => "stdio.credential",
        StdioCredential::Program { .. } => "stdio.credential_command",
    }
}

/// The bearer of the credential, which is verified before anything is served.
async fn bearer(source: StdioCredential, authenticator: &Authenticator) -> Result<Speaker> {
    let text = credential_source::read(&source).await.map_err(|error| refused(&source, &error))?;
    let presented = Credential::Bearer(text.expose());
    let who = authenticator.authenticate(presented).await;
    let who = who.map_err(|error| match authenticator.hint(presented, &error) {
        Some(hint) => refused(&source, &format_args!("{error}. {hint}")),
        None => refused(&source, &error),
    })?;
    Ok(Speaker::bearer(text.expose().to_owned(), &who, credential_source::again(&source)))
}

/// Why the credential is not accepted, with where it comes from.
pub(super) fn refused(source: &StdioCredential, error: &dyn fmt::Display) -> Error {
    Error::from(format!("the credential in {source} ({}): {error}", key(source)))
}

/// Why a credential is one too many.
pub(super) fn unverified(source: &StdioCredential) -> Error {
    Error::from(format!("{} is set and auth.verify is \"none\": nothing could verify it", key(source)))
}
