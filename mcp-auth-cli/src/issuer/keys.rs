//! `mcp-auth issuer keys`: which keys sign tokens, and the change to another one.

use std::process::ExitCode;
use std::time::Duration;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_issuer::{KeyChange, KeyRing, KeySource, KeyState, ListedKey, SigningAlgorithm, Store};
use mcp_auth_runtime::config::issuer::BuiltInIssuer;
use mcp_auth_runtime::config::{Config, key};
use mcp_auth_runtime::facade::open_store;

use super::audit;
use super::time::written as time;
use crate::configuration::Configuration;
use crate::terminal::{Cell, Table};
use crate::{Failure, terminal::Terminal};

/// Shows the signing keys, and changes to another one.
///
/// They are in the store of [store]; with a store in memory, in the directory issuer.state_dir.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    List(List),
    Rotate(Rotate),
}

/// Lists the keys that are published, and what each one does. Nothing of them that is secret is shown.
#[derive(Debug, clap::Args)]
struct List {
    #[command(flatten)]
    configuration: Configuration,
}

/// Makes a key that signs from a few minutes on; the key of now stays until its last token has ended.
///
/// Servers go on meanwhile, and no token that is good is refused.
#[derive(Debug, clap::Args)]
struct Rotate {
    #[command(flatten)]
    configuration: Configuration,
    /// For keys that leaked: removes all of them at once, and with them every access token. The new key signs now.
    ///
    /// Logins stay: clients get other access tokens for their refresh tokens.
    #[arg(long)]
    now: bool,
    /// What the new key signs with: ES256, RS256 or EdDSA [else issuer.signing_alg].
    #[arg(long, value_name = "ALG")]
    alg: Option<SigningAlgorithm>,
}

pub(super) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let ambient = Ambient::system();
    let now = ambient.clock.unix_now();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            Command::List(list) => {
                let config = list.configuration.load()?;
                let kept = Kept::of(&config, &ambient).await?;
                match kept.find(now).await? {
                    Some(ring) => terminal.table(&table(&ring.listed(now))),
                    None => terminal.line(kept.none()),
                }
            }
            Command::Rotate(rotate) => {
                let config = rotate.configuration.load()?;
                let _log = audit::start(&config)?;
                let kept = Kept::of(&config, &ambient).await?;
                let ring = kept.open(now).await?;
                let algorithm = rotate.alg.unwrap_or_else(|| kept.issuer.signing_alg.into());
                let lag = config.store.revocation_lag.get();
                let mut said = match rotate.now {
                    true => replaced(&ring.replace(algorithm, now).await?, lag),
                    false => rotated(&ring.rotate(algorithm, lag, now).await?),
                };
                said.extend(kept.left_over().filter(|_| rotate.now));
                said.iter().for_each(|line| terminal.hanging("", line));
                terminal.table(&table(&ring.listed(now)));
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Where the keys of a server are.
struct Kept<'a> {
    config: &'a Config,
    issuer: &'a BuiltInIssuer,
    /// `None`: it is in memory.
    store: Option<(Store, String)>,
}

impl<'a> Kept<'a> {
    async fn of(config: &'a Config, ambient: &Ambient) -> Result<Self, Failure> {
        let issuer = config.built_in_issuer().ok_or_else(|| {
            format!("the built-in issuer is off, so it has no signing keys: {}", config.place(&key!(issuer)))
        })?;
        let opened = open_store(config, &config.store, ambient).await;
        let opened = opened.map_err(|why| format!("[store] of the configuration: {why}"))?;
        let store = opened.map(|opened| (Store::new(opened.durable), opened.place));
        Ok(Self { config, issuer, store })
    }

    /// The keys, if there are any.
    async fn find(&self, now: u64) -> Result<Option<KeyRing>, Failure> {
        Ok(match &self.store {
            Some((store, _)) => KeyRing::find_in_store(store, now).await?,
            None => KeyRing::find_in_dir(&self.config.state_dir(self.issuer))?,
        })
    }

    /// The keys as a server would have them once it has started: a store that is new begins with those in the directory, or with one
    /// of its own.
    async fn open(&self, now: u64) -> Result<KeyRing, Failure> {
        let Some((store, _)) = &self.store else {
            return self.find(now).await?.ok_or_else(|| {
                format!("{}: with a store in memory there is nothing to rotate before that", self.none())
                    .into()
            });
        };
        let algorithm = self.issuer.signing_alg.into();
        let own = KeySource::StateDir(self.config.state_dir(self.issuer));
        Ok(own.shared(store, algorithm, now).await?.open(algorithm, now)?)
    }

    /// What is left of the time before the store lasted: a new store would begin with it.
    fn left_over(&self) -> Option<String> {
        let dir = self.config.state_dir(self.issuer);
        let is_left = self.store.is_some() && !matches!(KeyRing::find_in_dir(&dir), Ok(None));
        is_left.then(|| format!("{} holds signing keys too, which no server on this store uses: delete them if they may have leaked.", dir.display()))
    }

    fn none(&self) -> String {
        let place = match &self.store {
            Some((_, place)) => place.clone(),
            None => self.config.state_dir(self.issuer).display().to_string(),
        };
        format!("there is no signing key in {place} yet; the first start of the server makes one")
    }
}

/// What became of a rotation.
fn rotated(change: &KeyChange) -> Vec<String> {
    let begin = |key: &ListedKey, from: u64| {
        let (kid, algorithm) = (&key.kid, key.algorithm);
        let wait = "By then every server and every program that keeps /jwks knows it.";
        match change {
            KeyChange::Waiting(_) => format!(
                "Nothing was changed: the {algorithm} key {kid} waits already, and signs from {} on. For a key that leaked, use --now.",
                time(from)
            ),
            _ => format!(
                "The {algorithm} key {kid} is published now, and signs from {} on. {wait}",
                time(from)
            ),
        }
    };
    match change {
        KeyChange::Added(key) | KeyChange::Waiting(key) => match key.state {
            KeyState::Next { from } => vec![begin(key, from)],
            KeyState::Current | KeyState::Retired { .. } => {
                vec![format!(
                    "The {} key {} is the first one, and signs from now on.",
                    key.algorithm, key.kid
                )]
            }
        },
        _ => Vec::new(),
    }
}

/// What became of keys that leaked.
fn replaced(key: &ListedKey, lag: Duration) -> Vec<String> {
    vec![
        format!("All keys are removed; the {} key {} signs from now on.", key.algorithm, key.kid),
        format!(
            "Servers refuse every access token of the removed keys within {} (store.revocation_lag). Refresh tokens stay: clients get other \
             access tokens for them.",
            humantime::format_duration(lag)
        ),
        "Other programs that verify these tokens may keep /jwks for 5 minutes; restart those that must not."
            .to_owned(),
    ]
}

fn table(keys: &[ListedKey]) -> Table<4> {
    let mut table = Table::headed(0, ["key", "signs with", "made", "state"]);
    for key in keys {
        let made = key.made_at.map_or_else(|| "by an older release".to_owned(), time);
        let state = match key.state {
            KeyState::Current => "signs".to_owned(),
            KeyState::Next { from } => format!("next: published, signs from {} on", time(from)),
            KeyState::Retired { until } => {
                format!("retired: published until {}, for the tokens it signed", time(until))
            }
        };
        table.row([
            Cell::from(&key.kid),
            Cell::from(key.algorithm.name()),
            Cell::from(made),
            Cell::from(state),
        ]);
    }
    table
}
