//! Who callers are besides: API keys, roles, and the caller of this computer.

use crate::authn::{ApiKeyDigest, ApiKeyRules, Held, Identity, RoleGrants, RoleRule, RoleRules, local};
use crate::config::api_keys::ApiKeyEntry;
use crate::config::issuers::{AcceptedIssuer, ScopesFrom, TrustedIssuer};
use crate::config::roles::RoleEntry;
use crate::config::{Checked, Config, key};
use crate::error::{Error, Result};
use mcp_auth_core::own_claims::ROLES_CLAIM;
use mcp_auth_core::{ApiKey, RoleSet, ScopeSet};

/// Who the bearer of each API key is, and what it may do.
///
/// # Errors
/// A key that cannot be read from where the configuration says it is, by name.
pub(in crate::serve) fn api_keys(config: &Config, checked: &Checked) -> Result<Vec<ApiKeyRules>> {
    let keys = config.auth.api_keys.iter().enumerate();
    let grants = grants(config);
    keys.map(|(index, entry)| {
        let roles = RoleSet::union_of(entry.roles.iter().filter_map(|role| checked.roles.get(role)));
        let mut scopes: ScopeSet = entry.scopes.iter().map(|scope| scope.scope().clone()).collect();
        // What names scopes has those and no more, as with tokens.
        if scopes.is_empty() {
            scopes = grants.of(&roles);
        }
        Ok(ApiKeyRules {
            name: entry.name.as_str().to_owned(),
            digests: digests(config, entry).map_err(|why| {
                Error::from(format!("{why}: {}", config.place(&key!(auth.api_keys[index].key))))
            })?,
            held: Held { scopes, roles, is_fixed: true, login: None },
            expires_at: entry.expires.map(|moment| moment.unix()),
            allowed_addresses: entry
                .allowed_addresses
                .as_ref()
                .map(|addresses| addresses.iter().map(|cidr| **cidr).collect()),
        })
    })
    .collect()
}

fn digests(config: &Config, entry: &ApiKeyEntry) -> Result<Vec<ApiKeyDigest>> {
    let written = entry.digest.iter().flat_map(|digests| digests.iter().copied());
    let read = entry.key.iter().map(|secret| {
        let text = config.secret(secret).read()?;
        Ok(ApiKeyDigest::of(&text.expose().parse::<ApiKey>()?))
    });
    written.map(Ok).chain(read).collect()
}

/// What roles give to tokens of an issuer, where their scopes come from roles.
pub(in crate::serve) fn grants_of(config: &Config, issuer: &TrustedIssuer) -> Option<RoleGrants> {
    (issuer.scopes_from == ScopesFrom::Roles).then(|| grants(config))
}

/// What roles give.
fn grants(config: &Config) -> RoleGrants {
    config.grants().map(|(role, scopes)| (role.role().clone(), scopes)).collect()
}

/// Which roles the claims of an issuer's credentials give; `accepted` are its names. A condition that names no issuer is about
/// the only one.
pub(in crate::serve) fn roles(config: &Config, checked: &Checked, accepted: &[AcceptedIssuer]) -> RoleRules {
    let mut rules = Vec::new();
    for (role, gives) in &checked.roles {
        for condition in config.roles.get(role).into_iter().flat_map(RoleEntry::conditions) {
            let of = condition.issuer.as_ref().map(|named| meant(config, named.as_str(), accepted));
            rules.push(RoleRule {
                of,
                claim: condition.claim.names().map(str::to_owned).collect(),
                equals: condition.equal_to().map(|value| value.json().clone()).collect(),
                contains: condition.contained().map(str::to_owned).collect(),
                gives: gives.clone(),
            });
        }
    }
    rules.into_iter().collect()
}

/// The roles that an issuer in this process names as such.
pub(in crate::serve) fn named_roles(checked: &Checked) -> impl Iterator<Item = RoleRule> {
    checked.roles.iter().map(|(role, gives)| RoleRule {
        of: None,
        claim: vec![ROLES_CLAIM.to_owned()],
        equals: Vec::new(),
        contains: vec![role.as_str().to_owned()],
        gives: gives.clone(),
    })
}

/// The local caller of a stdio server.
pub(in crate::serve) fn local_caller(config: &Config, checked: &Checked) -> Identity {
    let stdio = &config.stdio;
    let roles = RoleSet::union_of(stdio.local_roles.iter().filter_map(|role| checked.roles.get(role)));
    let held = Held { roles, ..Held::of(stdio.local_scopes()) };
    local::caller(held, stdio.local_claims.clone())
}

/// The issuers of principals that a condition about `named` is about. What `iss` may say, here or in another entry, means the
/// issuer that it stands for; else the name of an authorization server means all of its tokens.
fn meant(config: &Config, named: &str, accepted: &[AcceptedIssuer]) -> Vec<String> {
    let is_these = |issuer: &&TrustedIssuer| issuer.accepted() == accepted;
    let these = config.auth.issuers.iter().find(is_these);
    if these.is_some_and(|issuer| issuer.templates().any(|template| template == named)) {
        return accepted.iter().map(|name| name.stands_for.to_string()).collect();
    }
    let others = config.auth.issuers.iter().flat_map(TrustedIssuer::accepted);
    let is_iss = accepted.iter().cloned().chain(others).any(|name| name.iss == named);
    let is_meant = |name: &&AcceptedIssuer| if is_iss { name.iss == named } else { name.server == named };
    accepted.iter().filter(is_meant).map(|name| name.stands_for.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn condition_reaches_the_rules_of_its_own_issuer_and_gives_what_the_role_implies() {
        let text = r#"
            auth.issuers = [{ issuer = "https://a.example" }, { issuer = "https://b.example" }]
            [roles.viewer]
            [roles.manager]
            implies = ["viewer"]
            when = [
                { issuer = "https://a.example", claim = ["x", "y"], any = ["z", 5] },
                { issuer = "https://b.example", claim = "x.y", equals = "z" },
            ]
        "#;
        let config = Config::from_toml_str(text).unwrap();
        let checked = config.check_alone().unwrap();
        let held = |issuer: &str, claims: serde_json::Value| {
            let rules = roles(&config, &checked, &[AcceptedIssuer::plain(issuer.parse().unwrap())]);
            rules.held(issuer, claims.as_object().unwrap()).to_string()
        };
        let nested = |value: serde_json::Value| serde_json::json!({ "x": { "y": value } });
        for value in [serde_json::json!("z"), serde_json::json!(5), serde_json::json!(["z"])] {
            assert_eq!(held("https://a.example", nested(value.clone())), "manager viewer");
            assert_eq!(held("https://b.example", nested(value.clone())), "");
            assert_eq!(held("https://c.example", nested(value)), "");
        }
        let dotted = serde_json::json!({ "x.y": "z" });
        assert_eq!(held("https://b.example", dotted.clone()), "manager viewer");
        assert_eq!(held("https://a.example", dotted), "");
    }

    #[test]
    fn condition_about_an_issuer_is_not_about_another_entry_that_has_it_as_authorization_server() {
        let held = |about: &str| {
            let text = format!(
                "[[auth.issuers]]\nissuer = \"https://a.example\"\n\
                 [[auth.issuers]]\nissuer = \"https://b.example\"\nauthorization_server = \"{}\"\n\
                 [roles.m]\nwhen = {{ issuer = {about:?}, claim = \"x\", equals = 1 }}",
                if about.ends_with("as.example") { about } else { "https://a.example" }
            );
            let config = Config::from_toml_str(&text).unwrap();
            let checked = config.check_alone().unwrap();
            let is_held = |index: usize, issuer: &str| {
                let rules = roles(&config, &checked, &config.auth.issuers[index].accepted());
                !rules.held(issuer, serde_json::json!({ "x": 1 }).as_object().unwrap()).is_empty()
            };
            [is_held(0, "https://a.example"), is_held(1, "https://b.example")]
        };
        assert_eq!(held("https://a.example"), [true, false]);
        assert_eq!(held("https://b.example"), [false, true]);
        assert_eq!(
            held("https://as.example"),
            [false, true],
            "no token says it, so all of the server's are meant"
        );
    }

    #[test]
    fn condition_about_a_name_is_about_the_issuer_that_it_stands_for() {
        let held = |keys: &str, about: &str, issuer: &str| {
            let text = format!(
                "[[auth.issuers]]\n{keys}\n[roles.m]\nwhen = {{ issuer = {about:?}, claim = \"x\", equals = 1 }}"
            );
            let config = Config::from_toml_str(&text).unwrap();
            let checked = config.check_alone().unwrap();
            let rules = roles(&config, &checked, &config.auth.issuers[0].accepted());
            !rules.held(issuer, serde_json::json!({ "x": 1 }).as_object().unwrap()).is_empty()
        };
        let several = "issuer = [\"https://a.example\", \"https://b.example\"]";
        let shared = format!("{several}\nshared_subjects = true");
        let tenants = "issuer = [\"https://a.example/{tenant}\", \"https://b.example/{tenant}\"]\nshared_subjects = true\n\
                       tenants = [\"t\", \"u\"]\nauthorization_server = \"https://as.example/{tenant}\"";
        for (keys, about, issuer, is_held) in [
            (several, "https://a.example", "https://a.example", true),
            (several, "https://b.example", "https://a.example", false),
            (several, "https://b.example", "https://b.example", true),
            (&shared, "https://b.example", "https://a.example", true),
            (tenants, "https://b.example/t", "https://a.example/t", true),
            (tenants, "https://b.example/t", "https://a.example/u", false),
            (tenants, "https://as.example/t", "https://a.example/t", true),
            (tenants, "https://as.example/t", "https://a.example/u", false),
        ] {
            assert_eq!(held(keys, about, issuer), is_held, "{keys} {about} {issuer}");
        }
    }
}
