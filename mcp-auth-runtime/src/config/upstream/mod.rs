//! What is known of a provider as one that people log in at, so that `provider = "google"` in `[upstreams.NAME]` stands for its habits. What is
//! known of its access tokens is in `provider`.
//!
//! - `preset`: what there is to know. A file for each provider; `plain` is any other one.

mod cognito;
mod entra;
mod github;
mod google;
mod okta;
mod plain;
mod preset;

pub(in crate::config) use cognito::COGNITO;
pub(in crate::config) use entra::{ENTRA, is_guid};
pub(in crate::config) use github::GITHUB;
pub(in crate::config) use google::GOOGLE;
pub(in crate::config) use okta::OKTA;
pub(in crate::config) use plain::PLAIN;
pub use preset::{DomainFrom, UpstreamPreset};
