//! Presets: what is known of an identity provider, so that `provider = "auth0"` stands for its habits. In reading order:
//! `provider` (what a preset is), `each` (one file a provider: what it sets, why, and what to do there), `list` (all of
//! them, by name), `fill` (an issuer's unset keys, before they are read), `fits` (whether an issuer can be that provider's),
//! `recognize` (whose an issuer looks to be), `audience` (what `aud` stands for where it does not name one server),
//! `page` (the provider's page of the book, and what `mcp-auth providers NAME` prints).

mod audience;
mod each;
mod fill;
mod fits;
mod list;
mod page;
#[allow(clippy::module_inception, reason = "the folder is about one type")]
mod provider;
mod recognize;
#[cfg(test)]
mod tests;

pub use audience::{WideAudience, wide_audience};
pub(in crate::config) use each::is_open_to_everyone;
pub(in crate::config) use fill::fill;
pub use list::ProviderName;
pub use provider::Provider;
