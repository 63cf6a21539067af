//! The command: what it is asked, and whether it can be done.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::ambient::SystemClock;
use mcp_auth_core::net::is_secure;
use url::Url;

use super::fetch::Web;
use super::quote::quote;
use super::reach::Reach;
use super::report::Report;
use super::token::Token;
use super::walk::{self, Visit};
use crate::outbound::PlainHttp;
use crate::secret::{Scrubber, SecretPlace};
use crate::{Failure, terminal::Terminal};

/// Walks what a client would do at a running server, and says what is wrong.
///
/// Works with any MCP server over HTTP. Each step has a verdict, what was seen, and the fix; the last line is the
/// first cause that explains the rest. Exit code: 0 nothing failed, 1 something failed, 2 could not run.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The MCP endpoint, exactly as clients are given it: identifiers are compared byte for byte.
    url: String,

    /// Where an access token is: env:NAME, file:PATH, or - for standard input. It is compared with what server and
    /// issuer say, sent to URL only, and never printed.
    #[arg(long, value_name = "WHERE")]
    token: Option<SecretPlace>,

    /// Also send the token to other machines over http://: everyone on the network between can read it.
    #[arg(long)]
    plain_http: bool,

    /// Also ask private addresses (10.0.0.0/8 and the like) that the server names: for an issuer inside your network.
    #[arg(long)]
    private_addresses: bool,

    /// Call this tool, with no arguments, to see what a missing scope is answered. This is a real call: name one
    /// that may run.
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,

    /// Print one JSON document, for programs.
    #[arg(long)]
    json: bool,

    /// How long each request may take.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = timeout)]
    timeout: Duration,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let url = endpoint(&arguments.url)?;
    if arguments.token.is_some() && !arguments.plain_http && !is_secure(&url) {
        return Err(PlainHttp(url).into());
    }
    let token = arguments.token.as_ref().map(Token::read).transpose()?;
    let scrubber = Scrubber::of(token.as_ref().map(Token::secret));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let reach = runtime.block_on(Reach::of(&url, arguments.private_addresses));
    let web = Web::new(arguments.timeout, reach, Arc::new(SystemClock), scrubber)?;
    let visit = Visit {
        given: &arguments.url,
        url: &url,
        web: &web,
        token: token.as_ref(),
        tool: arguments.tool.as_deref(),
    };
    let report = Report::new(&arguments.url, runtime.block_on(walk::walk(&visit)));
    if arguments.json {
        terminal.line(serde_json::to_string_pretty(&report)?);
    } else {
        report.show(terminal);
    }
    Ok(report.exit())
}

fn endpoint(text: &str) -> Result<Url, Failure> {
    let usage = "expected an absolute URL such as https://todos.example.com/mcp";
    let url = Url::parse(text).map_err(|error| format!("{}: {error}; {usage}", quote(text)))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("doctor speaks http and https, not {}; {usage}", quote(url.scheme())).into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            format!("the URL holds a user name or password, which MCP clients do not send; {usage}").into()
        );
    }
    if url.fragment().is_some() {
        return Err(format!(
            "the URL has a fragment, which no resource identifier has (RFC 8707 §2); {usage}"
        )
        .into());
    }
    Ok(url)
}

fn timeout(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text).map_err(|error| format!("{error}; for example 10s"))?;
    let range = Duration::from_millis(100)..=Duration::from_secs(300);
    if range.contains(&duration) { Ok(duration) } else { Err("expected 100ms to 5m".to_owned()) }
}
