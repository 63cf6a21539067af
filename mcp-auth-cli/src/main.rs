//! The `mcp-auth` command. Its subcommands, in the order in which a project uses them: `new`, `check`, `explain`, `providers`, `schema`,
//! `token`, `key`, `store`, `issuer`, `doctor`, `login`, `call`, `completions`. They share `configuration` (finds and loads `mcp.toml`), `operations` (what a server
//! declares), `built_in` (its own issuer),
//! `client` (the OAuth and MCP client), `outbound` (HTTP requests), `token_store` (where logins are stored), `secret`
//! (text that is never shown) and `terminal` (all output).
//!
//! Exit codes: 0, yes or done; 1, the answer is no (`check` or `doctor` found a failure, or a call was answered with
//! an error); 2, the command could not do its work.

mod built_in;
mod call;
mod check;
mod client;
mod completions;
mod configuration;
mod doctor;
mod explain;
mod issuer;
mod key;
mod login;
mod new;
mod operations;
mod outbound;
mod providers;
mod schema;
mod secret;
mod store;
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
    Explain(explain::Arguments),
    Providers(providers::Arguments),
    Schema(schema::Arguments),
    Token(token::Arguments),
    Key(key::Arguments),
    Store(store::Arguments),
    Issuer(issuer::Arguments),
    Doctor(doctor::Arguments),
    Login(login::Arguments),
    Call(call::Arguments),
    Completions(completions::Arguments),
}

/// How a command fails: the text that the person reads, including what to do about it. Never holds a token or a
/// secret.
type Failure = Box<dyn std::error::Error + Send + Sync>;

fn main() -> ExitCode {
    let terminal = Terminal::new();
    // Before they are read: a message about an argument would repeat it.
    if let Some(why) = explain::carelessness(std::env::args_os()) {
        terminal.failure(&*Failure::from(why));
        return ExitCode::from(2);
    }
    let done = match Arguments::parse().command {
        Command::New(arguments) => new::run(arguments, &terminal),
        Command::Check(arguments) => check::run(arguments, &terminal),
        Command::Explain(arguments) => explain::run(arguments, &terminal),
        Command::Providers(arguments) => providers::run(arguments, &terminal),
        Command::Schema(arguments) => schema::run(arguments, &terminal),
        Command::Token(arguments) => token::run(arguments, &terminal),
        Command::Key(arguments) => key::run(arguments, &terminal),
        Command::Store(arguments) => store::run(arguments, &terminal),
        Command::Issuer(arguments) => issuer::run(arguments, &terminal),
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
