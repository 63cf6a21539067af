//! GitHub.

use super::preset::{DomainFrom, UpstreamPreset};

/// GitHub speaks OAuth 2.0 and no OpenID Connect: there is no ID token, and who logged in is asked at its API with the access token (`GET /user`, whose
/// `id` never changes; a login can be given to another person). No scope is needed for that; `read:org` is, to know of which
/// organizations they are (`GET /user/orgs`). The e-mail address that it shows is whatever the person shows. A GitHub Enterprise Server has its own endpoints.
///
/// - Source: docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps, docs.github.com/en/rest/users/users,
///   docs.github.com/en/rest/orgs/orgs.
pub(in crate::config) static GITHUB: UpstreamPreset = UpstreamPreset {
    title: Some("GitHub"),
    is_openid: false,
    issuer: None,
    example: "",
    misfit: |_| {
        Some(
            "GitHub has no issuer identifier: leave issuer out; for a GitHub Enterprise Server, set authorization_endpoint, token_endpoint and api",
        )
    },
    scopes: &[],
    asks_by_access_type: false,
    organization_scope: Some("read:org"),
    subject_claims: &["id"],
    tenant_claim: None,
    domain: DomainFrom::Nothing(
        "GitHub does not vouch for an e-mail address here: use organizations or subjects",
    ),
    organization_claim: Some("organizations"),
    groups_claim: None,
};
