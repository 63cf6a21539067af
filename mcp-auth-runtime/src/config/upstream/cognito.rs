//! Amazon Cognito.

use super::preset::{DomainFrom, UpstreamPreset, any};

/// A user pool of Cognito. Its endpoints are on the pool's login domain, and its metadata at the issuer names them. `email_verified` may be
/// the text `"true"`. Groups are in `cognito:groups`. It gives
/// a refresh token with each code, and knows no scope for it.
///
/// - Source: docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html.
pub(in crate::config) static COGNITO: UpstreamPreset = UpstreamPreset {
    title: Some("Amazon Cognito"),
    is_openid: true,
    issuer: None,
    example: "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_EXAMPLE00",
    misfit: any,
    scopes: &["openid", "email"],
    asks_by_access_type: false,
    organization_scope: None,
    subject_claims: &["sub"],
    tenant_claim: None,
    domain: DomainFrom::VerifiedEmail,
    organization_claim: None,
    groups_claim: Some("cognito:groups"),
};
