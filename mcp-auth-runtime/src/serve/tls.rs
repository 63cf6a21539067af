//! TLS by the files of `[server.tls]`, which are looked at again while the server runs.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::config::tls::{ClientCertificates, Tls};
use crate::config::{Config, TlsFiles, key};
use crate::error::{Error, Result};
use crate::transport::encryption::Encryption;
use crate::transport::tls::{Clients, TlsAcceptor, TlsConfig, TlsMaterial};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

pub(super) fn of(config: &Config, cancel: CancellationToken) -> Result<Encryption> {
    let Some(tls) = &config.server.tls else { return Ok(Encryption::None) };
    let (files, first) = first(config, tls)?;
    let newest = watch::Sender::new(first);
    let acceptor = TlsAcceptor::following(newest.subscribe());
    tokio::spawn(follow(config.clone(), tls.clone(), Seen::of(&Ok(files)), newest, cancel));
    Ok(Encryption::Tls(acceptor))
}

/// What the files are at the start.
pub(super) fn first(config: &Config, tls: &Tls) -> Result<(TlsFiles, TlsConfig)> {
    let refused = |why: String| {
        let place = config.place(&key!(server.tls));
        Error::from(format!("TLS cannot be served: {why}: {place}"))
    };
    let files = config.tls_files(tls).map_err(refused)?;
    let first = made(tls, &files).map_err(refused)?;
    Ok((files, first))
}

/// What these files come to.
fn made(tls: &Tls, files: &TlsFiles) -> std::result::Result<TlsConfig, String> {
    let issued = |required: bool| match &files.client_ca {
        Some(by) => Ok(Clients::Issued { by, required }),
        None => Err("client_ca is not set".to_owned()),
    };
    let clients = match tls.asked() {
        None => Clients::Unasked,
        Some(ClientCertificates::Any) => Clients::Any,
        Some(ClientCertificates::Optional) => issued(false)?,
        Some(ClientCertificates::Required) => issued(true)?,
    };
    let material = TlsMaterial { certificate: &files.certificate, key: &files.key, clients };
    TlsConfig::of(&material).map_err(|why| why.to_string())
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
        let found = tokio::task::spawn_blocking(move || read.0.tls_files(&read.1)).await;
        let Ok(files) = found else { continue };
        let now = Seen::of(&files);
        let is_seen_twice = std::mem::replace(&mut last, now) == now;
        if now == seen || !is_seen_twice {
            continue;
        }
        seen = now;
        match files.and_then(|files| made(&config.1, &files)) {
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
    fn of(files: &std::result::Result<TlsFiles, String>) -> Self {
        let (certificate, key, clients) = match files {
            Ok(TlsFiles { certificate, key, client_ca }) => {
                (certificate.as_str(), key.expose(), client_ca.as_deref().unwrap_or_default())
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
