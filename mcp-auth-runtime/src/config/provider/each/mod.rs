//! One file a provider; `usual` and `microsoft` are what several have in common, `all` is the list.

mod all;
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
mod microsoft;
mod oidc;
mod okta;
mod ory;
mod propelauth;
mod scalekit;
mod stytch;
mod supabase;
mod usual;
mod workos;
mod wso2;
mod zitadel;

pub(super) use all::ALL;
pub(in crate::config) use microsoft::is_open_to_everyone;
