//! How the pages that people see look, and what they call the server.

use crate::call::handler::About;
use crate::config::{Config, Verify, key};
use crate::error::{Error, Result};
use crate::page::{Brand, Needs};

/// The name for people: the configured one, else the title, else the name on the wire.
pub(in crate::serve) fn name_for_people(config: &Config, about: &About) -> String {
    let configured = config.server.name.as_ref().map(|name| name.as_str().to_owned());
    configured.or_else(|| about.title.clone()).unwrap_or_else(|| about.name.clone())
}

/// What an operator made their own on the pages.
///
/// # Errors
/// A logo that cannot be read any more.
pub(in crate::serve) fn brand(config: &Config, about: &About) -> Result<Brand> {
    let pages = &config.pages;
    let logo = config.logo().map_err(|why| {
        Error::from(format!("the logo cannot be shown: {why}: {}", config.place(&key!(pages.logo))))
    })?;
    let support = pages.support_url.as_ref().map(|url| url.as_str().to_owned());
    Ok(Brand::new(&name_for_people(config, about), pages.color.map(|color| color.get()), logo, support))
}

/// What an application needs besides the URL.
pub(in crate::serve) fn needs(config: &Config) -> Needs {
    match () {
        () if config.auth.verify == Verify::None => Needs::Nothing,
        () if config.accepts_no_tokens() => Needs::Key,
        () if config.built_in_issuer().is_some() => Needs::Login,
        () => Needs::LoginElsewhere,
    }
}
