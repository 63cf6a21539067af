//! People log in at a provider: an OpenID Connect provider, or GitHub. It is told apart who they are by (issuer, subject), never by an email
//! address, and nobody is let in whom no rule names, unless the operator says so.
//!
//! - `options`: which provider, and what it says where. `admission`: who is let in. `invalid`: with what nobody could log in.
//! - `request`: what the browser is sent there with. `exchange`: the code for a token.
//! - `metadata`, `openid`: an OpenID Connect provider. `github`: GitHub.
//! - `said`: what either said. `person`: whom that names. `passed_on`: what of it our tokens say.
//! - `tokens`: what is kept of the tokens that it gives. `provider`, `userinfo`: what it is asked later. `renewal`: a refresh follows it.
//! - `login`: the steps.

mod admission;
mod exchange;
mod github;
mod invalid;
mod login;
mod metadata;
mod openid;
mod options;
mod passed_on;
mod person;
mod provider;
mod renewal;
mod request;
mod said;
mod tokens;
mod userinfo;

pub use admission::{Admitted, AdmittedLists};
pub use invalid::InvalidUpstream;
pub use login::UpstreamLogin;
pub use options::{
    DomainIn, GitHubEndpoints, OfflineAccess, SaidIn, UpstreamOptions, UpstreamProvider, UpstreamTenants,
};
pub(super) use person::PREFIX;
