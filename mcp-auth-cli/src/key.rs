//! `mcp-auth key`: makes API keys.

use std::process::ExitCode;

use mcp_auth_core::ambient::{Ambient, Clock};
use mcp_auth_core::{ApiKey, Role, RoleSet, Scope, ScopeSet};
use mcp_auth_runtime::config::Moment;
use mcp_auth_runtime::config::api_key::ApiKeyName;
use mcp_auth_runtime::config::network::Cidr;
use mcp_auth_runtime::facade::ApiKeyDigest;

use crate::{Failure, terminal::Terminal};

/// Makes API keys, for programs that no person logs in for.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    New(New),
}

/// Makes a key, and the block of mcp.toml that accepts it.
///
/// The key alone goes to standard output, once: it is stored nowhere, so that `mcp-auth key new ci | gh secret set KEY` shows
/// it to nobody. The block goes to standard error. It is TOML and holds the digest of the key, nothing secret.
#[derive(Debug, clap::Args)]
struct New {
    /// Who the bearer of the key is: the subject, in the audit and for tools.
    name: ApiKeyName,
    /// Scopes that it has, separated by spaces.
    #[arg(long, value_name = "SCOPES")]
    scope: Vec<String>,
    /// Roles of [roles] that it has, separated by spaces.
    #[arg(long, value_name = "ROLES")]
    role: Vec<String>,
    /// When it is refused: a date, a time (RFC 3339), or how long from now, such as 90d [else never].
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// The addresses and networks (CIDR) that it may be used from, separated by spaces [else any].
    #[arg(long, value_name = "NETWORKS")]
    from: Vec<String>,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let Command::New(new) = arguments.command;
    let ambient = Ambient::system();
    let wanted = Wanted::read(&new, &*ambient.clock)?;
    let key = ApiKey::make(&*ambient.random);
    terminal.note(wanted.block(&ApiKeyDigest::of(&key)));
    terminal.line(key.expose());
    Ok(ExitCode::SUCCESS)
}

/// What was asked for, read as the configuration reads it.
struct Wanted {
    name: String,
    scopes: ScopeSet,
    roles: RoleSet,
    expires: Option<Moment>,
    from: Vec<Cidr>,
}

impl Wanted {
    fn read(new: &New, clock: &dyn Clock) -> Result<Self, Failure> {
        Ok(Self {
            name: new.name.as_str().to_owned(),
            scopes: each::<Scope>("--scope", &new.scope)?.into_iter().collect(),
            roles: each::<Role>("--role", &new.role)?.into_iter().collect(),
            expires: new.expires.as_deref().map(|text| end(text, clock.unix_now())).transpose()?,
            from: each("--from", &new.from)?,
        })
    }

    /// The table, as `mcp.toml` has it. All of it is TOML, so that it can be added to the file as it is.
    fn block(&self, digest: &ApiKeyDigest) -> String {
        let list = |all: Vec<String>| {
            format!("[{}]", all.iter().map(|one| quoted(one)).collect::<Vec<_>>().join(", "))
        };
        let mut lines = vec![
            "# The key is on standard output, and nowhere else. Into mcp.toml:".to_owned(),
            "[[auth.api_keys]]".to_owned(),
            format!("name = {}", quoted(&self.name)),
            format!("digest = {}", quoted(&digest.to_string())),
            format!("scopes = {}", list(self.scopes.iter().map(ToString::to_string).collect())),
        ];
        if !self.roles.is_empty() {
            lines.push(format!("roles = {}", list(self.roles.iter().map(str::to_owned).collect())));
        }
        if let Some(expires) = self.expires {
            lines.push(format!("expires = {}", quoted(&expires.to_string())));
        }
        if !self.from.is_empty() {
            let networks = self.from.iter().map(|cidr| (**cidr).to_string()).collect();
            lines.push(format!("allowed_addresses = {}", list(networks)));
        }
        lines.join("\n")
    }
}

/// Every word of an option that may be given several times.
fn each<T: std::str::FromStr<Err: std::fmt::Display>>(
    option: &str,
    given: &[String],
) -> Result<Vec<T>, Failure> {
    let words = given.iter().flat_map(|text| text.split(' ')).filter(|word| !word.is_empty());
    words.map(|word| word.parse().map_err(|wrong| format!("{option} {word:?}: {wrong}").into())).collect()
}

/// A moment, or how long from now.
fn end(text: &str, now: u64) -> Result<Moment, Failure> {
    let moment = match humantime::parse_duration(text) {
        Ok(from_now) => Moment::from_unix(now.saturating_add(from_now.as_secs())),
        Err(_) => text
            .parse()
            .map_err(|wrong| format!("--expires {wrong}, or how long from now, such as \"90d\""))?,
    };
    match moment.unix() > now {
        true => Ok(moment),
        false => Err(format!("--expires {text:?}: that is over already").into()),
    }
}

/// A string as TOML writes it. What may stand here holds no control character.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
