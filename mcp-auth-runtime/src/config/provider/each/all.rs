//! Every preset.

use super::{
    auth0, authentik, azure_b2c, clerk, cloudflare_access, cognito, descope, entra, entra_external_id,
    entra_v1, fusionauth, github, google, keycloak, logto, oidc, okta, ory, propelauth, scalekit, stytch,
    supabase, workos, wso2, zitadel,
};
use crate::config::provider::provider::Provider;

/// Every preset, in alphabetical order; last `oidc`, for every other provider.
pub(in crate::config::provider) const ALL: [&Provider; 25] = [
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
