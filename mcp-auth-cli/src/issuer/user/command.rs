//! The subcommands of `mcp-auth issuer user`.

use std::process::ExitCode;

use mcp_auth_issuer::{AccountsLogin, AccountsOptions, ManageError, NewLink, People, TakenNames};
use mcp_auth_runtime::config::Config;
use mcp_auth_runtime::config::issuer::IssuerLogin;

use super::{listing, password};
use crate::Failure;
use crate::configuration::Configuration;
use crate::issuer::opened::{Opened, opened};
use crate::terminal::{Terminal, json};

/// Manages the people who log in at the built-in issuer, and their accounts (`[issuer] login = "accounts"`).
///
/// They are in the store that the configuration names. The server may run meanwhile. `list`, `logout` and `delete` are for the people of every
/// login, the others for accounts.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    configuration: Configuration,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Add(Add),
    List(List),
    Disable(Named),
    Enable(EnableNamed),
    Reset(Reset),
    Logout(LogoutNamed),
    Delete(DeleteNamed),
}

/// Makes an account, and prints a link by which its person sets a password: once, within 24 hours.
#[derive(Debug, clap::Args)]
struct Add {
    /// The name to log in with: the `sub` of the person's tokens, for ever.
    name: String,
    /// What pages call the person [else the name].
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// Read the password from standard input instead of printing a link.
    #[arg(long)]
    password_stdin: bool,
}

/// Shows everybody who has an account or has logged in: which login they use, and who they are at their provider.
#[derive(Debug, clap::Args)]
struct List {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

/// Lets a person log in no longer, and ends all that they are logged in with.
///
/// Their grants and browser sessions end, and their access tokens are revoked: at once on the servers of this store, within
/// `store.revocation_lag`.
#[derive(Debug, clap::Args)]
struct Named {
    /// The name of the account.
    name: String,
}

/// Lets a person log in again.
#[derive(Debug, clap::Args)]
struct EnableNamed {
    /// The name of the account.
    name: String,
}

/// Takes a person's password away, ends all that they are logged in with, and prints a link by which they set a new one: once, within
/// 24 hours.
#[derive(Debug, clap::Args)]
struct Reset {
    /// The name of the account.
    name: String,
    /// Remove one-time codes, passkeys and recovery codes too: for who lost them, or where somebody else may have added a passkey.
    #[arg(long)]
    factors: bool,
}

/// Logs a person out everywhere. They can log in again.
///
/// Their browser sessions and grants end, what they allowed is asked again, and their access tokens are revoked: at once on the servers of
/// this store, within `store.revocation_lag`.
#[derive(Debug, clap::Args)]
struct LogoutNamed {
    /// The name of the person, as `mcp-auth issuer user list` shows it.
    name: String,
}

/// Deletes all that is kept of a person, and their account, if they have one; then its name is not given again.
///
/// It logs them out everywhere first, as `logout` does. One who logs in at a provider or an application can log in again, as somebody new.
#[derive(Debug, clap::Args)]
struct DeleteNamed {
    /// The name of the person, as `mcp-auth issuer user list` shows it.
    name: String,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    opened(&arguments.configuration, async |Opened { config, store, ambient }| {
        let server = config.server.name.as_ref().map_or("", |name| name.as_str());
        let accounts = AccountsLogin::new(store, ambient, &AccountsOptions::default(), server)
            .reached_at(config.resource().origin().host().to_string());
        let done = done(&arguments.command, &config, &accounts, terminal).await?;
        let is_about_accounts =
            !matches!(&arguments.command, Command::List(_) | Command::Logout(_) | Command::Delete(_));
        match config.built_in_issuer() {
            Some(issuer) if issuer.login == IssuerLogin::Accounts => {}
            _ if !is_about_accounts => {}
            _ => terminal.note("note: [issuer] login is not \"accounts\" in this configuration, so nobody logs in with accounts yet"),
        }
        Ok(done)
    })
}

async fn done(
    command: &Command,
    config: &Config,
    accounts: &AccountsLogin,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let of = |name: &str, error: ManageError| Failure::from(format!("{name:?}: {error}"));
    let people = accounts.people(config.resource().origin().to_string());
    match command {
        Command::Add(Add { name, display_name, password_stdin }) => {
            let taken = config.built_in_issuer().map(TakenNames::configured).unwrap_or_default();
            if taken.has(name) {
                let why = "is a client in issuer.clients, a workload, or a person of an issuer in issuer.assertions, and tokens would \
                           name both by it";
                return Err(format!("{name:?} {why}").into());
            }
            let password = password_stdin.then(|| password::read(std::io::stdin().lock())).transpose()?;
            let added = accounts.add(name, display_name.as_deref(), password.as_ref()).await;
            match added.map_err(|error| of(name, error))? {
                Some(link) => print_link(&link, config, name, terminal),
                None => terminal.line(format_args!("{name:?} is added")),
            }
        }
        Command::List(List { json: as_json }) => {
            let listed = people.list().await?;
            match as_json {
                true => terminal.line(json(&listed)?),
                false => terminal.table(&listing::table(&listed)),
            }
        }
        Command::Disable(Named { name }) => {
            if let Err(error) = accounts.disable(name).await {
                return Err(elsewhere(&people, name, error, DENY).await);
            }
            terminal.line(format_args!("{name:?} is disabled, and logged out everywhere"));
        }
        Command::Enable(EnableNamed { name }) => {
            if let Err(error) = accounts.enable(name).await {
                return Err(elsewhere(&people, name, error, UNDENY).await);
            }
            terminal.line(format_args!("{name:?} is enabled"));
        }
        Command::Reset(Reset { name, factors }) => {
            let link = match accounts.reset(name, *factors).await {
                Ok(link) => link,
                Err(error) => return Err(elsewhere(&people, name, error, RESET).await),
            };
            print_link(&link, config, name, terminal);
            if link.passkeys > 0 {
                terminal.note(format_args!(
                    "note: {} of {name:?} still log in without the password. Where somebody else may have added one, use --factors.",
                    match link.passkeys {
                        1 => "1 passkey".to_owned(),
                        many => format!("{many} passkeys"),
                    }
                ));
            }
        }
        Command::Logout(LogoutNamed { name }) => {
            people.log_out(name).await.map_err(|error| of(name, error))?;
            terminal.line(format_args!("{name:?} is logged out everywhere"));
        }
        Command::Delete(DeleteNamed { name }) => {
            let had_account = people.find(name).await?.is_some_and(|person| person.account.is_some());
            people.delete(name).await.map_err(|error| of(name, error))?;
            match had_account {
                true => terminal.line(format_args!("{name:?} is deleted, and the name is not given again")),
                false => {
                    terminal.line(format_args!("{name:?} is deleted"));
                    terminal.note(format_args!("note: {name:?} can log in again where they did. {DENY}"));
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// How a person of another login is kept out.
const DENY: &str = "To keep them out, disable them there, take them out of `allow` in [upstreams], or add [[auth.deny]] with their \
                    subject and this issuer.";
/// And let in again.
const UNDENY: &str = "To let them in again, enable them there, name them in `allow` in [upstreams], or remove their [[auth.deny]].";
/// And given something else to log in with.
const RESET: &str =
    "There they get another password; `mcp-auth issuer user logout` ends what they are logged in with here.";

/// Why an account was not changed. Of a person who has none but has logged in, what to do instead.
async fn elsewhere(people: &People, name: &str, error: ManageError, instead: &str) -> Failure {
    let person = match error {
        ManageError::Unknown => people.find(name).await,
        error => return format!("{name:?}: {error}").into(),
    };
    match person {
        Ok(Some(person)) => {
            let login = listing::login(&person);
            format!("{name:?} has no account in this store: they log in with {login}. {instead}").into()
        }
        Ok(None) => format!("{name:?}: {}", ManageError::Unknown).into(),
        Err(error) => format!("{name:?}: {error}").into(),
    }
}

/// The link alone goes to standard output, so that it can be piped to where the person reads it.
fn print_link(link: &NewLink, config: &Config, name: &str, terminal: &Terminal) {
    terminal.note(format_args!(
        "Give this link to {name:?} alone. It sets the password: once, within 24 hours. Nobody is shown it again."
    ));
    terminal.line(format_args!("{}{}", config.resource().origin(), link.path.expose()));
}
