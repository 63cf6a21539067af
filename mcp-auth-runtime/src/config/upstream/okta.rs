//! Okta.

use super::preset::{DomainFrom, UpstreamPreset, any};

/// An org server of Okta (`https://DOMAIN`) or a custom authorization server (`https://DOMAIN/oauth2/ID`): ID tokens of both are for any client.
/// `groups` is there where an administrator added that claim to ID tokens. `offline_access` gives a refresh token, where the application may use the
/// grant "Refresh Token".
///
/// - Source: developer.okta.com/docs/concepts/auth-servers, …/guides/customize-tokens-groups-claim.
pub(in crate::config) static OKTA: UpstreamPreset = UpstreamPreset {
    title: Some("Okta"),
    is_openid: true,
    issuer: None,
    example: "https://example.okta.com",
    misfit: any,
    scopes: &["openid", "profile", "email", "offline_access"],
    asks_by_access_type: false,
    organization_scope: None,
    subject_claims: &["sub"],
    tenant_claim: None,
    domain: DomainFrom::VerifiedEmail,
    organization_claim: None,
    groups_claim: Some("groups"),
};
