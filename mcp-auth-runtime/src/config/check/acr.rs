//! The `acr` values of operations: whether a login at the built-in issuer can be by one of them.

use mcp_auth_core::Acr;

use super::findings::Findings;
use crate::config::Warning;
use crate::config::section::auth::Verify;
use crate::config::section::issuer::IssuerLogin;
use crate::declared::registry::Registry;

impl Findings<'_> {
    /// Each operation that no login at the built-in issuer is good for. A client that is challenged there gets another token of the same
    /// login, and is challenged again. It is a warning: tokens of other issuers may do.
    pub(super) fn acr_out_of_reach(&self) -> Vec<Warning> {
        let issuer = self.config.built_in_issuer().filter(|_| self.config.auth.verify == Verify::Tokens);
        let Some(issuer) = issuer else { return Vec::new() };
        let can_reach = self.config.login_acr_values(issuer);
        let reached = match (&issuer.login, can_reach.as_slice()) {
            (IssuerLogin::Development, _) => "the development login has no acr".to_owned(),
            (IssuerLogin::Accounts, all) => format!("accounts reach {}", quoted(all)),
            (IssuerLogin::Own, []) => "issuer.own_login.acr_values names none".to_owned(),
            (IssuerLogin::Own, all) => format!("issuer.own_login.acr_values names {}", quoted(all)),
            (IssuerLogin::Upstream(name), []) => format!("upstreams.{name}.acr_values names none"),
            (IssuerLogin::Upstream(name), all) => {
                format!("upstreams.{name}.acr_values names {}", quoted(all))
            }
        };
        let all = self.registry.into_iter().flat_map(Registry::iter).map(|(_, declaration)| declaration);
        all.filter_map(|declaration| {
            let wanted: Vec<&str> = declaration.rule.login().acr_values().iter().map(Acr::as_str).collect();
            let is_reached = wanted.is_empty() || wanted.iter().any(|acr| can_reach.contains(acr));
            (!is_reached).then(|| Warning::AcrOutOfReach {
                operation: format!("{} `{}`", declaration.kind(), declaration.name()),
                wanted: quoted(&wanted),
                reached: reached.clone(),
            })
        })
        .collect()
    }
}

fn quoted(values: &[&str]) -> String {
    values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" or ")
}
