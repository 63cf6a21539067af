//! The `mcp-auth` command. In the order a project meets it: `new`, `check`, `schema`, `token`, `doctor`, `login`,
//! `call`, `completions`; `configuration` is how those that read one find it, `client` the OAuth and MCP client of
//! those that are one, `outbound` the HTTP of all that send something, `challenge` what they are refused with, `keep` where its tokens stay, `secret` what is never shown,
//! `terminal` how all of them speak.
//!
//! Exit codes: 0, yes or done; 1, the answer is no (what `check` and `doctor` look at is wrong, what `call` called
//! answered with an error); 2, it could not be done.

mod call;
mod check;
mod client;
mod completions;
mod configuration;
mod doctor;
mod login;
mod new;
mod outbound;
mod schema;
mod secret;
mod terminal;
mod token;
mod token_store;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use terminal::Terminal;

/// MCP servers in which authorization is declared: check, diagnose, log in, call, start a project.
#[derive(Debug, Parser)]
#[command(name = "mcp-auth", version, propagate_version = true, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(new::Arguments),
    Check(check::Arguments),
    Schema(schema::Arguments),
    Token(token::Arguments),
    Doctor(doctor::Arguments),
    Login(login::Arguments),
    Call(call::Arguments),
    Completions(completions::Arguments),
}

/// How a command fails: what the person reads, with what to do about it. Never holds a token or a secret.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let terminal = Terminal::new();
    let done = match Arguments::parse().command {
        Command::New(arguments) => new::run(arguments, &terminal),
        Command::Check(arguments) => check::run(arguments, &terminal),
        Command::Schema(arguments) => schema::run(arguments, &terminal),
        Command::Token(arguments) => token::run(arguments, &terminal),
        Command::Doctor(arguments) => doctor::run(arguments, &terminal),
        Command::Login(arguments) => login::run(arguments, &terminal),
        Command::Call(arguments) => call::run(arguments, &terminal),
        Command::Completions(arguments) => completions::run(arguments, &terminal),
    };
    done.unwrap_or_else(|failure| {
        terminal.failure(&*failure);
        ExitCode::from(2)
    })
}
