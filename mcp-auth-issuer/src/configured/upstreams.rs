//! `[upstreams.NAME]`: a provider at which people log in, and who is let in.

use std::collections::BTreeSet;

use mcp_auth_core::{IssuerIdentifier, ScopeSet};
use mcp_auth_runtime::config::upstream::DomainFrom;
use mcp_auth_runtime::config::upstreams::{AllowLists, Upstream, UpstreamAllow};
use mcp_auth_runtime::config::{Config, NonEmpty, UpstreamName};
use mcp_auth_runtime::facade::ANY_TENANT;

use super::ConfiguredError;
use super::login::acrs;
use crate::person::upstream::{
    Admitted, AdmittedLists, DomainIn, GitHubEndpoints, OfflineAccess, SaidIn, UpstreamOptions,
    UpstreamProvider, UpstreamTenants,
};

/// What one table says.
pub(super) fn upstream(
    config: &Config,
    name: &UpstreamName,
    upstream: &Upstream,
) -> Result<UpstreamOptions, ConfiguredError> {
    let preset = upstream.preset();
    let missing = |what| ConfiguredError::NotInUpstream { name: name.to_string(), what };
    let secret = upstream.client_secret.as_ref().map(|secret| config.secret(secret).read());
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
    let admitted = match upstream.allow.as_ref().ok_or_else(|| missing("allow"))? {
        UpstreamAllow::Anyone => Admitted::Anyone,
        UpstreamAllow::Listed(lists) => Admitted::Listed(admitted(lists, preset.is_openid)),
        _ => return Err(missing("allow")),
    };
    Ok(UpstreamOptions {
        name: name.as_str().to_owned(),
        title: preset.title.map(str::to_owned),
        provider: match preset.is_openid {
            true => openid(upstream, &admitted).ok_or_else(|| missing("issuer"))?,
            false => github(upstream).ok_or_else(|| missing("one of its endpoints"))?,
        },
        client_id: upstream.client_id.as_str().to_owned(),
        client_secret: secret.transpose()?,
        scopes: ScopeSet::parse_lossy(&upstream.scopes().join(" ")),
        offline: match preset.asks_by_access_type {
            true => OfflineAccess::AccessType,
            false => OfflineAccess::Scope,
        },
        said_in: SaidIn {
            subject: owned(preset.subject_claims.to_vec()),
            domain: match preset.domain {
                DomainFrom::Claim(claim) => DomainIn::Claim(claim.to_owned()),
                DomainFrom::VerifiedEmail => DomainIn::VerifiedEmail,
                _ => DomainIn::Nowhere,
            },
            organization: preset.organization_claim.map(str::to_owned),
            tenant: preset.tenant_claim.map(str::to_owned),
            groups: upstream.groups_claim().map(owned),
        },
        admitted,
        claims: upstream.claims.iter().map(|path| path.names().map(str::to_owned).collect()).collect(),
        acr_values: acrs(&upstream.acr_values),
    })
}

/// Who is let in. GitHub takes the names of organizations for the same whatever their capital letters are, and says them in lower case here.
fn admitted(lists: &AllowLists, is_openid: bool) -> AdmittedLists {
    let all = |list: &[NonEmpty]| list.iter().map(|one| one.as_str().to_owned()).collect();
    let organization = |one: &NonEmpty| match is_openid {
        true => one.as_str().to_owned(),
        false => one.as_str().to_ascii_lowercase(),
    };
    AdmittedLists {
        subjects: all(&lists.subjects),
        domains: lists.domains.iter().map(|domain| domain.as_str().to_owned()).collect(),
        organizations: lists.organizations.iter().map(organization).collect(),
        tenants: all(&lists.tenants),
        groups: all(&lists.groups),
    }
}

/// An OpenID Connect provider; of one with tenants, the tenant that its issuer names, or those that `allow` names.
fn openid(upstream: &Upstream, admitted: &Admitted) -> Option<UpstreamProvider> {
    let issuer: IssuerIdentifier = upstream.issuer()?.parse().ok()?;
    let tenants = upstream.preset().tenant_claim.and_then(|claim| {
        let (before, rest) = issuer.as_str().strip_suffix("/v2.0")?.rsplit_once('/')?;
        let names = match (rest, admitted) {
            ("organizations", Admitted::Listed(lists)) => {
                let of_people = lists.subjects.iter().filter_map(|subject| subject.split_once('/'));
                let of_people = of_people.map(|(tenant, _)| tenant.to_owned());
                lists.tenants.iter().cloned().chain(of_people).collect::<BTreeSet<_>>().into_iter().collect()
            }
            ("organizations", Admitted::Anyone) => Vec::new(),
            (tenant, _) => vec![tenant.to_owned()],
        };
        let template = format!("{before}/{ANY_TENANT}/v2.0");
        Some(UpstreamTenants { template, claim: claim.to_owned(), names })
    });
    Some(UpstreamProvider::OpenId { issuer, tenants })
}

/// github.com, or the GitHub Enterprise Server of these endpoints.
fn github(upstream: &Upstream) -> Option<UpstreamProvider> {
    let endpoints = match (&upstream.authorization_endpoint, &upstream.token_endpoint, &upstream.api) {
        (None, None, None) => GitHubEndpoints::github_com().ok()?,
        (Some(authorization), Some(token), Some(api)) => GitHubEndpoints {
            authorization: authorization.url().clone(),
            token: token.url().clone(),
            api: api.url().clone(),
        },
        (_, _, _) => return None,
    };
    Some(UpstreamProvider::GitHub(endpoints))
}
