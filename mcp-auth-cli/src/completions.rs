//! `mcp-auth completions`: what a shell needs to complete this command.

use std::io;
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
    clap_complete::generate(arguments.shell, &mut crate::Arguments::command(), "mcp-auth", &mut io::stdout());
    Ok(ExitCode::SUCCESS)
}
