//! Who called by the log of a server, and whether today's configuration knows that caller: for those who explain a request that was
//! logged. The log holds no credential and no claim, so what they said then is believed.

use std::sync::Arc;

use mcp_auth_core::seen::Excerpt;
use mcp_auth_core::{Role, RoleSet, ScopeSet};

use super::local_issuer::LocalIssuer;
use super::settings;
use crate::authn::{Authenticator, Facts, Foresight, Held, Login, TokenError, Via};
use crate::config::issuers::{ScopesFrom, TrustedIssuer};
use crate::config::{Checked, Config};
use crate::error::Result;

/// A caller as an audit event names it.
#[derive(Debug, Clone, Default)]
pub struct LoggedCaller {
    /// `via`: by which kind of credential the caller was known.
    pub via: String,
    /// `issuer`.
    pub issuer: String,
    /// `subject`.
    pub subject: String,
    /// `tenant`.
    pub tenant: Option<String>,
    /// `client_id`.
    pub client_id: Option<String>,
    /// `is_client`.
    pub is_client: bool,
    /// `held`: the scopes of then.
    pub scopes: ScopeSet,
    /// `roles`: those of then, by name.
    pub roles: Vec<Role>,
    /// `auth_time` and `acr`: how the person logged in, so long before now as it was before the request.
    pub login: Login,
}

/// What today's configuration makes of a caller of then.
#[derive(Debug)]
pub(super) enum Recalled {
    /// One that it may still know, with these.
    Known(Foresight),
    /// Only a running server can tell; why.
    Untold(&'static str),
}

/// What is known today of a caller of then.
///
/// # Errors
/// What stops a start.
pub(super) fn recalled(
    config: &Config,
    checked: &Checked,
    local: Option<&LocalIssuer>,
    authenticator: &Authenticator,
    caller: &LoggedCaller,
) -> Result<Recalled> {
    let facts = |held| Facts {
        tenant: caller.tenant.as_deref().map(Arc::from),
        client_id: caller.client_id.clone(),
        is_client: caller.is_client,
        held,
        ..Facts::of(caller.issuer.as_str().into(), caller.subject.clone())
    };
    let held = |is_fixed| Held {
        scopes: caller.scopes.clone(),
        roles: roles(checked, caller),
        is_fixed,
        login: (!caller.is_client).then(|| caller.login.clone()),
    };
    let (via, held) = match &*caller.via {
        "jwt" | "introspected" => {
            let own = local.is_some_and(|local| local.issuer.as_str() == caller.issuer);
            let trusted = config.auth.issuers.iter().find(|trusted| accepts(trusted, &caller.issuer));
            if trusted.is_none() && !own {
                return Ok(refused(TokenError::UnknownIssuer(Excerpt::of(&caller.issuer))));
            }
            let is_fixed = trusted.is_some_and(|trusted| trusted.scopes_from == ScopesFrom::Roles);
            (if caller.via == "jwt" { Via::Jwt } else { Via::Introspected }, held(is_fixed))
        }
        // What a key may do is the configuration's word, so today's counts.
        "api-key" => {
            match settings::api_keys(config, checked)?.into_iter().find(|key| key.name == caller.subject) {
                Some(key) => (Via::ApiKey, key.held),
                None => return Ok(refused(TokenError::Unclaimed)),
            }
        }
        "program" if config.auth.verifiers.is_empty() => return Ok(refused(TokenError::Unclaimed)),
        "program" => (Via::Program("program".into()), held(false)),
        _ => return Ok(Recalled::Untold("the log names a kind of caller that this version does not know")),
    };
    Ok(Recalled::Known(authenticator.recall(via, facts(held))))
}

fn refused(fault: TokenError) -> Recalled {
    Recalled::Known(Foresight::Refused(vec![fault]))
}

/// Whether principals of this issuer come of these tokens.
fn accepts(trusted: &TrustedIssuer, issuer: &str) -> bool {
    trusted.accepted().iter().any(|name| name.stands_for == issuer || name.iss == issuer)
}

/// The roles of then that there still are, with what they imply today.
fn roles(checked: &Checked, caller: &LoggedCaller) -> RoleSet {
    let of_now = |role: &Role| checked.roles.iter().find(|(name, _)| name.role() == role);
    RoleSet::union_of(caller.roles.iter().filter_map(of_now).map(|(_, held)| held))
}
