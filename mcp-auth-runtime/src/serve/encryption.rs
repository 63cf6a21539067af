//! What is spoken below HTTP: nothing, or TLS by the files of `[server.tls]`, which are looked at again while the server runs.

use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::error::Result;
use crate::transport::encryption::Encryption;

/// What the listener speaks, kept up to date until `cancel`. Call it within a Tokio runtime.
///
/// # Errors
/// Files that cannot be read, or do not belong together.
#[cfg(feature = "tls")]
pub(super) fn of(config: &Config, cancel: CancellationToken) -> Result<Encryption> {
    followed::of(config, cancel)
}

/// The same without TLS: a configuration that asks for it was refused before.
#[cfg(not(feature = "tls"))]
#[expect(clippy::unnecessary_wraps, reason = "with the feature tls it can fail")]
pub(super) fn of(_: &Config, _: CancellationToken) -> Result<Encryption> {
    Ok(Encryption::None)
}

#[cfg(feature = "tls")]
mod followed {
    use std::sync::Arc;
    use std::time::Duration;

    use aws_lc_rs::digest;
    use tokio::sync::watch;
    use tokio::time::{MissedTickBehavior, interval};

    use super::{CancellationToken, Config, Encryption, Result};
    use crate::config::key;
    use crate::config::tls::Tls;
    use crate::error::Error;
    use crate::transport::tls::{Clients, TlsAcceptor, TlsConfig, TlsMaterial};

    /// How often the files are looked at.
    const EVERY: Duration = Duration::from_secs(2);

    pub(super) fn of(config: &Config, cancel: CancellationToken) -> Result<Encryption> {
        let Some(tls) = &config.server.tls else { return Ok(Encryption::None) };
        let refused = |why: String| {
            let place = config.place(&key!(server.tls));
            Error::from(format!("TLS cannot be served: {why}: {place}"))
        };
        let material = config.tls_material(tls).map_err(refused)?;
        let first = TlsConfig::of(&material).map_err(|why| refused(why.to_string()))?;
        let newest = watch::Sender::new(first);
        let acceptor = TlsAcceptor::following(newest.subscribe());
        tokio::spawn(follow(config.clone(), tls.clone(), Seen::of(&Ok(material)), newest, cancel));
        Ok(Encryption::Tls(acceptor))
    }

    /// Reads the files again and again. What has changed counts once it was seen twice the same: a file that is being written, or a
    /// certificate whose key is still to come, would be half of it. What cannot be served changes nothing.
    async fn follow(
        config: Config,
        tls: Tls,
        mut seen: Seen,
        newest: watch::Sender<TlsConfig>,
        cancel: CancellationToken,
    ) {
        let (config, mut last) = (Arc::new((config, tls)), seen);
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = cancel.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let read = Arc::clone(&config);
            // Off the threads that serve: a file may be on a disk that is slow, or gone.
            let found = tokio::task::spawn_blocking(move || read.0.tls_material(&read.1)).await;
            let Ok(material) = found else { continue };
            let now = Seen::of(&material);
            let is_seen_twice = std::mem::replace(&mut last, now) == now;
            if now == seen || !is_seen_twice {
                continue;
            }
            seen = now;
            match material.and_then(|material| TlsConfig::of(&material).map_err(|why| why.to_string())) {
                Ok(changed) => {
                    newest.send_replace(changed);
                    tracing::info!("the files of server.tls were read again: new connections use them");
                }
                Err(why) => {
                    tracing::error!(
                        "server.tls stays as it was: its files have changed and cannot be used: {why}"
                    );
                }
            }
        }
    }

    /// What was in the files, without keeping it.
    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Seen([u8; 32]);

    impl Seen {
        fn of(material: &Result<TlsMaterial, String>) -> Self {
            let (certificate, key, clients) = match material {
                Ok(TlsMaterial { certificate, key, clients }) => {
                    let by = match clients {
                        Clients::Issued { by, .. } => by.as_str(),
                        Clients::Unasked | Clients::Any => "",
                    };
                    (certificate.as_str(), key.expose(), by)
                }
                Err(why) => (why.as_str(), "", ""),
            };
            let mut hash = digest::Context::new(&digest::SHA256);
            for text in [certificate, key, clients] {
                hash.update(&text.len().to_be_bytes());
                hash.update(text.as_bytes());
            }
            let mut bytes = [0; 32];
            bytes.copy_from_slice(hash.finish().as_ref());
            Self(bytes)
        }
    }
}
