//! `mcp-auth completions`: prints what a shell needs to complete this command.

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

use crate::{Failure, terminal::Terminal};

/// Prints a completion script for your shell.
///
/// bash: `mcp-auth completions bash > ~/.local/share/bash-completion/completions/mcp-auth`.
/// zsh: `mcp-auth completions zsh > ~/.zfunc/_mcp-auth`, with `fpath+=~/.zfunc` before `compinit`.
/// fish: `mcp-auth completions fish > ~/.config/fish/completions/mcp-auth.fish`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// bash, zsh, fish, elvish or powershell.
    shell: Shell,
}

pub(crate) fn run(arguments: Arguments, _: &Terminal) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut crate::Arguments::command(), "mcp-auth", &mut script);
    let mut script = String::from_utf8(script)?;
    if arguments.shell == Shell::Bash {
        // clap_complete 4.6.11 writes the dash in the command's name in two ways, and then does not find the
        // subcommands.
        script = script.replace("mcp__subcmd__auth", "mcp__auth");
    }
    let _unread = io::stdout().write_all(script.as_bytes());
    Ok(ExitCode::SUCCESS)
}
