//! What is spoken below HTTP: nothing, or TLS, where this binary can.

use tokio_util::sync::CancellationToken;

#[cfg(feature = "tls")]
use super::tls;
#[cfg(not(feature = "tls"))]
use crate::config::key;
use crate::config::{Config, Transport};
#[cfg(not(feature = "tls"))]
use crate::error::Error;
use crate::error::Result;
use crate::transport::encryption::Encryption;

/// Whether the listener could speak now what the configuration says.
///
/// # Errors
/// Files that do not belong together; TLS, of a binary without the feature `tls`.
pub fn try_encryption(config: &Config) -> Result<()> {
    let Some(section) = config.server.tls.as_ref().filter(|_| config.server.transport == Transport::Http)
    else {
        return Ok(());
    };
    #[cfg(feature = "tls")]
    return tls::first(config, section).map(drop);
    #[cfg(not(feature = "tls"))]
    {
        let _ = section;
        Err(Error::from(format!(
            "[server.tls] is there, and this binary cannot speak TLS: enable the feature `tls` of mcp-auth: {}",
            config.place(&key!(server.tls))
        )))
    }
}

/// What the listener speaks, kept up to date until `cancel`. Call it within a Tokio runtime.
///
/// # Errors
/// Files that cannot be read, or do not belong together.
#[cfg(feature = "tls")]
pub(super) fn of(config: &Config, cancel: CancellationToken) -> Result<Encryption> {
    tls::of(config, cancel)
}

/// The same without TLS: a configuration that asks for it was refused before.
#[cfg(not(feature = "tls"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature tls it can fail")]
pub(super) fn of(_: &Config, _: CancellationToken) -> Result<Encryption> {
    Ok(Encryption::None)
}
