//! Google.

use super::preset::{DomainFrom, UpstreamPreset};

/// Google signs ID tokens under one issuer for everybody. `sub` never changes. `hd` is the domain of the organization that runs the account
/// (Google Workspace); an account without it is a private one, whatever its e-mail address is. `access_type=offline` asks for a refresh token, which
/// comes when a person agrees for the first time, and later with `prompt=consent`.
///
/// - Source: developers.google.com/identity/openid-connect/openid-connect, …/protocols/oauth2/web-server#offline.
pub(in crate::config) static GOOGLE: UpstreamPreset = UpstreamPreset {
    title: Some("Google"),
    is_openid: true,
    issuer: Some(ISSUER),
    example: ISSUER,
    misfit: |issuer| (issuer != ISSUER).then_some("Google has one issuer for everybody: leave issuer out"),
    scopes: &["openid", "email", "profile"],
    asks_by_access_type: true,
    organization_scope: None,
    subject_claims: &["sub"],
    tenant_claim: None,
    domain: DomainFrom::Claim("hd"),
    organization_claim: None,
    groups_claim: None,
};

const ISSUER: &str = "https://accounts.google.com";
