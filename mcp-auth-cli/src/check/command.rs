//! The command: everything that a start would refuse, else the report.

use std::path::PathBuf;
use std::process::ExitCode;

use mcp_auth_runtime::config::{ConfigError, Transport};
use mcp_auth_runtime::facade::{LOCK_FILE, Registry, stdio_caller, try_encryption};
use serde_json::json;

use super::locked::{Locked, held_against};
use super::page;
use super::report::Report;
use crate::configuration::Configuration;
use crate::operations::operations;
use crate::{Failure, built_in, terminal::Terminal, terminal::json as json_text};

/// Checks a configuration before anything is deployed.
///
/// Reads what the server would read (the same files, profile and environment) and says what will be served where,
/// whom it trusts and what is unwise. Over stdio it says too whom the credential names and what it may call, as far as
/// that can be told without asking its issuer. With the server's own `--scopes json` it checks the rest too: which operations
/// need what, and whether every scope is declared by one; with --locked, whether they are what somebody last looked at. Opens no port, runs no program and sends nothing.
///
/// Exit code: 0 when the server would start; 1 when it would not, with --locked when the operations are others, or with
/// --deny-warnings when something is unwise;
/// 2 when it could not be checked.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    configuration: Configuration,
    /// What your server prints for `--scopes json`; - reads standard input.
    #[arg(long, value_name = "FILE")]
    scopes: Option<PathBuf>,
    /// Exit 1 too where the operations are not what this file says, which `your-server --scopes lock` wrote
    /// [mcp.lock in this directory]. Needs --scopes.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = LOCK_FILE, requires = "scopes")]
    locked: Option<PathBuf>,
    /// Exit 1 on warnings too.
    #[arg(long)]
    deny_warnings: bool,
    /// Print one JSON document, for programs.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let registry = arguments.scopes.as_deref().map(operations).transpose()?;
    let locked = arguments.locked.as_deref().zip(registry.as_ref());
    let locked = locked.map(|(file, registry)| held_against(file, registry)).transpose()?;
    let mut report = match checked(&arguments.configuration, registry.as_ref()) {
        Ok(report) => report,
        Err(refused) => {
            match arguments.json {
                true => terminal.line(json_text(&refusal(&*refused, locked.as_ref()))?),
                false => {
                    terminal.failure(&*refused);
                    locked.iter().for_each(|locked| page::print_locked(locked, terminal));
                }
            }
            return Ok(ExitCode::FAILURE);
        }
    };
    report.locked = locked;
    let denied = arguments.deny_warnings && !report.warnings.is_empty();
    match arguments.json {
        true => terminal.line(json_text(&report.json()?)?),
        false => page::print(&report, denied, terminal),
    }
    Ok(if denied || report.differs() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Everything that would stop the server from starting, from all stages at once.
#[derive(Debug, thiserror::Error)]
#[error("{} reasons not to start:{}", .0.len(), .0.iter().map(|reason| format!("\n  - {reason}")).collect::<String>())]
struct Reasons(Vec<String>);

/// Checks everything that would stop the server from starting.
fn checked(configuration: &Configuration, registry: Option<&Registry>) -> Result<Report, Failure> {
    let refused = match configuration.load_and_check(registry) {
        Ok((config, checked)) => {
            let issuer = config.built_in_issuer();
            let issuer =
                issuer.map(|issuer| built_in::issuer(&config, issuer, &checked, None)).transpose()?;
            try_encryption(&config).map_err(|refused| refused.to_string())?;
            let over_stdio = config.server.transport == Transport::Stdio;
            let caller = over_stdio.then(|| stdio_caller(&config, &checked, issuer.as_ref()));
            let caller = caller.transpose().map_err(|refused| refused.to_string())?;
            let registry = registry.map(|registry| config.narrowed(registry.clone()));
            return Ok(Report::new(&config, &checked, registry.as_ref(), caller.as_ref()));
        }
        Err(refused) => refused,
    };
    // What the built-in issuer would refuse besides can be told if the values alone are good.
    let config = configuration.load().ok();
    let issuer = config.as_ref().and_then(|config| Some((config, config.built_in_issuer()?)));
    match issuer.and_then(|(config, issuer)| built_in::options(config, issuer).err()) {
        Some(also) => {
            let mut reasons = refused.reasons();
            let also = also.to_string();
            // A secret that cannot be read is found by both.
            if !reasons.iter().any(|reason| reason.contains(&also) || also.contains(reason)) {
                reasons.push(also);
            }
            Err(Reasons(reasons).into())
        }
        None => Err(refused.into()),
    }
}

/// A refusal as JSON, for programs: one text for each reason.
fn refusal(refused: &(dyn std::error::Error + 'static), locked: Option<&Locked>) -> serde_json::Value {
    let several = refused.downcast_ref::<Reasons>().map(|all| all.0.clone());
    let several = several.or_else(|| refused.downcast_ref().map(ConfigError::reasons));
    let errors = several.unwrap_or_else(|| vec![refused.to_string()]);
    json!({ "verdict": "refused", "errors": errors, "locked": locked })
}
