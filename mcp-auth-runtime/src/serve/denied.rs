//! What is denied: read from the configuration, and again from its files while the server runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::authn::{CredentialHash, Denied, DenyList, DenyRule};
use crate::config::deny::DenyEntry;
use crate::config::issuers::TrustedIssuer;
use crate::config::{Config, NonEmpty};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// What is denied, kept up to date until `cancel`. Call it within a Tokio runtime.
pub(super) fn denied(config: &Config, cancel: CancellationToken) -> Denied {
    let list = list(&config.auth.deny, config);
    if config.file().is_none() {
        return Denied::fixed(list);
    }
    let source = watch::Sender::new(Arc::new(list));
    let denied = Denied::by(&source);
    tokio::spawn(follow(config.clone(), source, cancel));
    denied
}

/// Reads the tables again whenever a file has changed. One that cannot be read, or is not a configuration, changes nothing.
async fn follow(config: Config, source: watch::Sender<Arc<DenyList>>, cancel: CancellationToken) {
    let config = Arc::new(config);
    let mut entries = config.auth.deny.clone();
    let (mut seen, mut last) = (None, None);
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = cancel.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let (read, known) = (Arc::clone(&config), seen.clone());
        // Off the threads that serve: a file may be on a disk that is slow, or gone.
        let found = tokio::task::spawn_blocking(move || {
            let texts = read.texts().filter(|texts| known.as_ref() != Some(texts))?;
            let again =
                read.again(&texts).and_then(|again| Ok((again.check_deny()?, again.auth.deny.clone())));
            Some((texts, again))
        });
        let Ok(Some((texts, again))) = found.await else { continue };
        let is_seen_twice = last.replace(texts.clone()).as_ref() == Some(&texts);
        match again {
            // A file that is being written may be a valid one half the way: what lets credentials in again has to last.
            Ok((_, now)) if !is_seen_twice && entries.iter().any(|entry| !now.contains(entry)) => continue,
            Ok((warnings, now)) if now != entries => {
                for warning in warnings {
                    tracing::warn!("{warning}");
                }
                source.send_replace(Arc::new(list(&now, &config)));
                tracing::info!(tables = now.len(), "auth.deny was read again");
                entries = now;
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(
                    "auth.deny stays as it was: the configuration has changed and is not valid: {error}"
                );
            }
        }
        seen = Some(texts);
    }
}

/// The list that these tables come to, where the issuers of `config` are trusted.
pub(crate) fn list(entries: &[DenyEntry], config: &Config) -> DenyList {
    let text = |value: &Option<NonEmpty>| value.as_ref().map(|text| text.as_str().to_owned());
    let stands_for = |issuer: &NonEmpty| {
        let mut accepted = config.auth.issuers.iter().flat_map(TrustedIssuer::accepted);
        let named = accepted.find(|accepted| accepted.iss == issuer.as_str())?;
        (named.stands_for != named.iss).then(|| named.stands_for.to_string())
    };
    let rule = |entry: &DenyEntry| DenyRule {
        issuer: text(&entry.issuer),
        stands_for: entry.issuer.as_ref().and_then(stands_for),
        subject: text(&entry.subject),
        client: text(&entry.client),
        jti: text(&entry.jti),
        issued_before: entry.issued_before.map(|moment| moment.unix()),
        credential: entry.sha256.map(|hash| CredentialHash::known(hash.bytes())),
        api_key: text(&entry.api_key),
    };
    DenyList::new(entries.iter().map(rule).collect())
}
