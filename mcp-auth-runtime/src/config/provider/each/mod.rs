//! One file a provider.

mod auth0;
mod authentik;
mod azure_b2c;
mod clerk;
mod cloudflare_access;
mod cognito;
mod descope;
mod entra;
mod entra_external_id;
mod entra_v1;
mod fusionauth;
mod github;
mod google;
mod keycloak;
mod logto;
mod oidc;
mod okta;
mod ory;
mod propelauth;
mod scalekit;
mod stytch;
mod supabase;
mod workos;
mod wso2;
mod zitadel;

use super::provider::Provider;

/// Every preset, in alphabetical order; `oidc`, which is none in particular, last.
pub(super) const ALL: [&Provider; 25] = [
    &auth0::AUTH0,
    &authentik::AUTHENTIK,
    &azure_b2c::AZURE_B2C,
    &clerk::CLERK,
    &cloudflare_access::CLOUDFLARE_ACCESS,
    &cognito::COGNITO,
    &descope::DESCOPE,
    &entra::ENTRA,
    &entra_external_id::ENTRA_EXTERNAL_ID,
    &entra_v1::ENTRA_V1,
    &fusionauth::FUSIONAUTH,
    &github::GITHUB,
    &google::GOOGLE,
    &keycloak::KEYCLOAK,
    &logto::LOGTO,
    &okta::OKTA,
    &ory::ORY,
    &propelauth::PROPELAUTH,
    &scalekit::SCALEKIT,
    &stytch::STYTCH,
    &supabase::SUPABASE,
    &workos::WORKOS,
    &wso2::WSO2,
    &zitadel::ZITADEL,
    &oidc::OIDC,
];
