//! Any OpenID Connect provider.

use super::preset::{DomainFrom, UpstreamPreset, any};

/// A provider of which nothing is known but what the standard says: `sub` is the person (OpenID Connect Core 1.0 §5.7), and `email` counts with
/// `email_verified` alone (§5.1). `org_id` is Auth0's claim for its organizations. Many refuse scopes that they
/// do not know, so `offline_access` (§11) is for the operator to write.
///
/// - Source: OpenID Connect Core 1.0; auth0.com/docs/manage-users/organizations/using-tokens.
pub(in crate::config) static PLAIN: UpstreamPreset = UpstreamPreset {
    title: None,
    is_openid: true,
    issuer: None,
    example: "https://login.example.com",
    misfit: any,
    scopes: &["openid"],
    asks_by_access_type: false,
    organization_scope: None,
    subject_claims: &["sub"],
    tenant_claim: None,
    domain: DomainFrom::VerifiedEmail,
    organization_claim: Some("org_id"),
    groups_claim: None,
};
