//! The subcommands.

use std::path::PathBuf;
use std::process::ExitCode;

use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::config::Config;
use mcp_auth_runtime::facade::OpenStore;

use super::file::{self, NewFile};
use super::place::{Unshown, configured, named};
use crate::configuration::Configuration;
use crate::{Failure, terminal::Terminal};

/// Looks at the store of [store], backs it up, restores it, and copies it to another one.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Check(Check),
    Migrate(Migrate),
    Backup(Backup),
    Restore(Restore),
    Copy(Copy),
}

/// Opens the store as the server would, and says what is in it and what may lose it.
///
/// Tries the key, and the tables or their version. A store that is not there yet is made.
///
/// Exit code: 0 when nothing may lose it; 1 when something may; 2 when it cannot be opened.
#[derive(Debug, clap::Args)]
struct Check {
    #[command(flatten)]
    configuration: Configuration,
}

/// Makes the tables of this release, if they are not there.
///
/// A server does the same as it starts. This is for a database whose tables another role makes than the one that the server has.
#[derive(Debug, clap::Args)]
struct Migrate {
    #[command(flatten)]
    configuration: Configuration,
}

/// Writes all that is in the store into a new file.
///
/// The server may run meanwhile. What has to be read back is in the file as in the store, encrypted with its key: keep the key too.
#[derive(Debug, clap::Args)]
struct Backup {
    #[command(flatten)]
    configuration: Configuration,
    /// The file, which must not be there yet.
    file: PathBuf,
}

/// Fills a store that was never used with what a backup holds.
///
/// Stop the server first. What was done after the backup is lost: a login that was revoked since then is valid again, so revoke it again;
/// a login that was refreshed since then ends at its next use.
#[derive(Debug, clap::Args)]
struct Restore {
    #[command(flatten)]
    configuration: Configuration,
    /// The file that `backup` wrote.
    file: PathBuf,
}

/// Copies all that is in one store into another one that was never used.
///
/// Stop the server first. Logins, tokens and sessions go on in the other store.
#[derive(Debug, clap::Args)]
struct Copy {
    #[command(flatten)]
    configuration: Configuration,
    /// The URL of the store that is copied, as store.url [else that of the configuration].
    #[arg(long, value_name = "URL", requires = "from_key")]
    from: Option<Unshown>,
    /// Where its key is: env:NAME or file:/path.
    #[arg(long, value_name = "PLACE", requires = "from")]
    from_key: Option<Unshown>,
    /// The URL of the store that is filled, as store.url.
    #[arg(long, value_name = "URL")]
    to: Unshown,
    /// Where its key is: env:NAME or file:/path.
    #[arg(long, value_name = "PLACE")]
    to_key: Unshown,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let ambient = Ambient::system();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match arguments.command {
            Command::Check(check) => checked(&check.configuration.load()?, &ambient, terminal).await,
            Command::Migrate(migrate) => {
                let store = configured(&migrate.configuration.load()?, &ambient).await?;
                terminal.line(format_args!("{} has the tables of this release", store.place));
                Ok(ExitCode::SUCCESS)
            }
            Command::Backup(backup) => {
                let store = configured(&backup.configuration.load()?, &ambient).await?;
                let mut file = NewFile::make(&backup.file)?;
                let rows = store.durable.backup(&mut file, ambient.clock.unix_now()).await?;
                file.finish()?;
                terminal.line(format_args!(
                    "{rows} entries of {} are in {}",
                    store.place,
                    backup.file.display()
                ));
                Ok(ExitCode::SUCCESS)
            }
            Command::Restore(restore) => {
                let store = configured(&restore.configuration.load()?, &ambient).await?;
                let open = || file::open(&restore.file);
                let rows = store.durable.restore(open, ambient.clock.unix_now()).await?;
                terminal.line(format_args!(
                    "{rows} entries of {} are in {}",
                    restore.file.display(),
                    store.place
                ));
                Ok(ExitCode::SUCCESS)
            }
            Command::Copy(copy) => copied(&copy, &ambient, terminal).await,
        }
    })
}

async fn checked(config: &Config, ambient: &Ambient, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let OpenStore { durable, place, trouble, .. } = configured(config, ambient).await?;
    let census = durable.census(ambient.clock.unix_now()).await.map_err(|error| error.cause().to_string())?;
    terminal.line(format_args!("{place} is open, and its key fits"));
    for (kind, count) in census {
        terminal.line(format_args!("  {count:>9}  {}", kind.replace('_', " ")));
    }
    for trouble in &trouble {
        terminal.hanging("! ", trouble);
    }
    Ok(if trouble.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn copied(copy: &Copy, ambient: &Ambient, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let config = copy.configuration.load()?;
    let from = match copy.from.as_ref().zip(copy.from_key.as_ref()) {
        Some(from) => named(&config, from, "--from", ambient).await?,
        None => configured(&config, ambient).await?,
    };
    let to = named(&config, (&copy.to, &copy.to_key), "--to", ambient).await?;
    let rows = from.durable.copy_to(&to.durable, ambient.clock.unix_now()).await?;
    terminal.line(format_args!("{rows} entries of {} are in {}", from.place, to.place));
    Ok(ExitCode::SUCCESS)
}
