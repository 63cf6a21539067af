//! Who calls over stdio, as data: whom the credential names, what that caller holds, and what it may call.

use std::time::{Duration, UNIX_EPOCH};

use mcp_auth_runtime::config::{Checked, Config, RoleName, StdioCredential};
use mcp_auth_runtime::facade::{Confirm, Identity, Registry, StdioCaller};
use serde::Serialize;

use super::report::Serves;

/// Who calls over stdio. Nothing else of what the credential says.
#[derive(Debug, Serialize)]
pub(super) struct Who {
    /// By which kind of credential: `jwt`, `api-key` or `local`.
    pub(super) by: &'static str,
    pub(super) issuer: String,
    pub(super) subject: String,
    pub(super) client: Option<String>,
    pub(super) scopes: Vec<String>,
    pub(super) roles: Vec<String>,
    /// When the credential is refused; `None` if it has no end.
    pub(super) expires: Option<String>,
    /// Whether its signature was checked, where it has one: `false` means that a start does it, by keys that it fetches.
    pub(super) signature_checked: bool,
}

/// What is served over stdio, and to whom.
pub(super) fn over_stdio(
    config: &Config,
    checked: &Checked,
    registry: Option<&Registry>,
    caller: &StdioCaller,
) -> Serves {
    let (identity, untold) = match caller {
        StdioCaller::Local(who) => (Some((who, true)), None),
        StdioCaller::Bearer { who, is_whole } => (Some((who, *is_whole)), None),
        StdioCaller::Printed => (None, Some("a start runs the program that prints it")),
        StdioCaller::Asked => (None, Some("a start asks its issuer about it")),
        StdioCaller::Judged => (None, Some("a verifier of the program's own may judge it")),
        _ => (None, Some("only a start can tell")),
    };
    let reach = |who: &Identity, registry: &Registry| {
        let all = registry.iter().filter(|(id, operation)| {
            checked.policy.admits(*id, who) && operation.rule.confirm() != Some(Confirm::ByLogin)
        });
        all.map(|(_, operation)| operation.name().to_owned()).collect()
    };
    Serves::Stdio {
        caller: origin(config),
        who: identity.and_then(|(who, is_whole)| known(who, is_whole)),
        untold,
        may_call: identity.zip(registry).map(|((who, _), registry)| reach(who, registry)),
    }
}

fn known(who: &Identity, signature_checked: bool) -> Option<Who> {
    let principal = who.principal()?;
    let at = |unix| humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(unix)).to_string();
    Some(Who {
        by: principal.via().as_str(),
        issuer: principal.issuer().to_owned(),
        subject: principal.subject().to_owned(),
        client: principal.client_id().map(str::to_owned),
        scopes: principal.scopes().iter().map(ToString::to_string).collect(),
        roles: principal.roles().iter().map(ToString::to_string).collect(),
        expires: principal.expires_at().map(at),
        signature_checked,
    })
}

/// Who the local caller is.
fn local(config: &Config) -> String {
    let stdio = &config.stdio;
    let scopes = match stdio.local_scopes.is_empty() {
        true => "without any scope".to_owned(),
        false => format!("with {}", stdio.local_scopes()),
    };
    let roles: Vec<&str> = stdio.local_roles.iter().map(RoleName::as_str).collect();
    match roles.is_empty() {
        true => format!("the local caller, {scopes}"),
        false => format!("the local caller, {scopes}, as {}", roles.join(", ")),
    }
}

/// Where the caller comes from.
fn origin(config: &Config) -> String {
    match config.stdio_credential() {
        Some(source @ StdioCredential::Program { .. }) => format!("the bearer of {source}"),
        Some(source) => format!("the bearer of the credential in {source}"),
        None => local(config),
    }
}
