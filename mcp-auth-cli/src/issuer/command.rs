//! The subcommands of `mcp-auth issuer`.

use std::process::ExitCode;

use super::{client, keys, user};
use crate::Failure;
use crate::terminal::Terminal;

/// Manages the built-in issuer: the people who log in, the clients, and its signing keys.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    User(user::Arguments),
    Client(client::Arguments),
    /// Lists and changes the keys that sign tokens.
    Keys(keys::Arguments),
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    match arguments.command {
        Command::User(arguments) => user::run(arguments, terminal),
        Command::Client(arguments) => client::run(arguments, terminal),
        Command::Keys(arguments) => keys::run(arguments, terminal),
    }
}
