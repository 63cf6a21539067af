//! `mcp-auth login`: a person's login at any MCP server, kept for `mcp-auth call`.

use std::process::ExitCode;
use std::time::Duration;

use http::StatusCode;
use mcp_auth_core::ambient::SystemClock;

use crate::client::{
    Browser, Client, LogIn, Reach, Renewal, Scopes, ServerUrl, Usable, Wanted, contact, revoke,
};
use crate::terminal::{GOOD, shown_line, styled};
use crate::token_store::{Login, Place, TokenStore};
use crate::{Failure, terminal::Terminal};

/// Logs in at an MCP server as a client, and keeps the token.
///
/// The whole flow: challenge, metadata, client, PKCE, your browser, token. Tokens stay in the operating system's
/// keyring, or in a file of mode 0600 where there is none. Nothing is printed to standard output, except the
/// token with --print-token: TOKEN=$(mcp-auth login URL --print-token).
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The server's whole URL, such as https://todos.example.com/mcp.
    url: String,
    /// Do not open a browser: print the URL, and take the answer from the port or pasted here.
    #[arg(long)]
    no_browser: bool,
    #[command(flatten)]
    wanted: Wanted,
    /// Scopes to ask for, separated by spaces [else what the server asks for].
    #[arg(long, value_name = "SCOPES")]
    scope: Option<String>,
    /// The port of the redirect URI http://127.0.0.1:PORT/callback [else any free one].
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
    /// Print the access token, and nothing else, to standard output.
    #[arg(long)]
    print_token: bool,
    /// Log in although a valid login is kept, as a newly registered client.
    #[arg(long)]
    again: bool,
    /// Remove the login that is kept for this server, and revoke its refresh token where the issuer can.
    #[arg(long, conflicts_with_all = ["print_token", "again"])]
    forget: bool,
    /// Where logins are kept [else MCP_AUTH_KEEP, the keyring if there is one].
    #[arg(long, value_enum)]
    keep: Option<Place>,
    #[command(flatten)]
    reach: Reach,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let store = TokenStore::choose(arguments.keep)?;
    if arguments.forget {
        return forget(&arguments, &store, terminal);
    }
    let client = &Client::new(&arguments.url, arguments.reach, SystemClock)?;
    let server = &client.server;
    arguments.wanted.check()?;
    let scopes: Option<Vec<String>> =
        arguments.scope.as_deref().map(|text| text.split_whitespace().map(str::to_owned).collect());

    let kept = store.load(server.as_str())?;
    let renewal = Renewal { client, store: &store };
    let enough = |login: &Login| scopes.as_ref().is_none_or(|scopes| login.tokens.cover(scopes));
    if !arguments.again
        && let Some(login) = kept.clone().filter(enough)
        && let Some(login) = still_valid(&renewal, login)?
    {
        terminal.note(format!(
            "{}, {}; --again logs in again",
            styled(GOOD, "already logged in"),
            described(&login, client.clock.unix_now())
        ));
        print(&arguments, terminal, &login);
        return Ok(ExitCode::SUCCESS);
    }

    let first = client.runtime.block_on(contact(client, None))?;
    if first.status != StatusCode::UNAUTHORIZED {
        terminal.note(format!(
            "the server answers without a login (HTTP {}); looking for its issuer anyway",
            first.status.as_u16()
        ));
    }
    let login = client.runtime.block_on(
        LogIn {
            client,
            terminal,
            wanted: &arguments.wanted,
            scopes: scopes.map_or(Scopes::AsChallenged, Scopes::These),
            port: arguments.port,
            browser: if arguments.no_browser { Browser::ByHand } else { Browser::Open },
            kept: kept.as_ref().filter(|_| !arguments.again),
            challenge: first.challenge,
        }
        .run(),
    )?;
    let place = store.save(&login)?;
    terminal.note(format!("{}, {}", styled(GOOD, "logged in"), described(&login, client.clock.unix_now())));
    terminal.note(format!("kept {place}"));
    print(&arguments, terminal, &login);
    Ok(ExitCode::SUCCESS)
}

/// Removes the kept login, whatever its URL; what can be revoked is revoked first.
fn forget(arguments: &Arguments, store: &TokenStore, terminal: &Terminal) -> Result<ExitCode, Failure> {
    // Nothing is sent to this URL for its own sake, so no rule for the network is in the way.
    let anywhere = Reach { plain_http: true, private_addresses: true };
    let server = ServerUrl::parse(&arguments.url, anywhere)?;
    // One that cannot be read can be removed all the same.
    let revoked = match store.load(server.as_str()) {
        Ok(Some(login)) => Client::new(&arguments.url, arguments.reach, SystemClock)
            .map_err(|error| error.to_string())
            .and_then(|client| client.runtime.block_on(revoke(&client, &login))),
        Ok(None) => Err("there is none".to_owned()),
        Err(error) => Err(error.to_string()),
    };
    terminal.note(match (store.forget(server.as_str())?, revoked) {
        (false, _) => format!("no login is kept for {server}"),
        (true, Ok(())) => format!("forgotten {server}; its refresh token is revoked"),
        (true, Err(why)) => format!("forgotten {server}; nothing was revoked: {}", shown_line(&why, 500)),
    });
    Ok(ExitCode::SUCCESS)
}

/// The kept login, renewed if necessary, if the server still accepts its token.
fn still_valid(renewal: &Renewal<'_>, login: Login) -> Result<Option<Login>, Failure> {
    let was = login.tokens.access_token.clone();
    let Usable::Login(login) = renewal.fresh(login)? else { return Ok(None) };
    let taken = |login: &Login| {
        let contact = contact(renewal.client, Some(&login.tokens.access_token));
        renewal.client.runtime.block_on(contact).map(|contact| contact.status != StatusCode::UNAUTHORIZED)
    };
    if taken(&login)? {
        return Ok(Some(*login));
    }
    if login.tokens.access_token != was {
        return Ok(None);
    }
    match renewal.renewed(*login)? {
        Usable::Login(login) if taken(&login)? => Ok(Some(*login)),
        _ => Ok(None),
    }
}

fn print(arguments: &Arguments, terminal: &Terminal, login: &Login) {
    if arguments.print_token {
        terminal.line(login.tokens.access_token.expose());
    }
}

/// Describes a login: its issuer, its client, and when its token expires.
fn described(login: &Login, now: u64) -> String {
    let scopes = match login.tokens.scopes.join(" ") {
        none if none.is_empty() => "without scopes".to_owned(),
        scopes => format!("for {}", shown_line(&scopes, 500)),
    };
    let end = match login.tokens.expires_at {
        Some(end) => format!("{}", humantime::format_duration(Duration::from_secs(end.saturating_sub(now)))),
        None => "as long as the issuer allows".to_owned(),
    };
    let renewed = if login.tokens.refresh_token.is_some() { ", then renewed automatically" } else { "" };
    let registration = &login.registration;
    format!(
        "at {} {scopes}; the token is valid for {end}{renewed}; client {} ({})",
        shown_line(&login.issuer, 200),
        shown_line(&registration.client_id, 200),
        registration.way
    )
}
