//! The command: one call, and what the server would answer.

use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::strict_json;
use mcp_auth_runtime::facade::{ExplainedCall, Fetch, HttpFetch, Kind, Presents, Registry, explain};
use serde_json::{Map, Value};

use super::careless::holds_token;
use super::logged::Logged;
use super::page;
use super::report::Report;
use crate::configuration::Configuration;
use crate::operations::operations;
use crate::secret::{SecretPlace, bearer_token};
use crate::{Failure, built_in, terminal::Terminal, terminal::json as json_text};

/// The most bytes of a file of claims.
const LONGEST_CLAIMS: u64 = 64 * 1024;

/// Says what the server would answer to one call, and why; or to one that its log tells of.
///
/// Reads what the server would read, and decides with the server's own code: what the operation needs, whether the credential
/// would be accepted and as whom, what that caller lacks, and the exact answer. It names the lines of mcp.toml that decided. A token
/// is never printed, and nothing is sent unless you say --fetch.
///
/// With --request-id and --log it finds the audit events of one request in a log of JSON, says what they say, and decides the call again for the
/// caller whom they name: whether today's configuration would decide the same, and what it would need.
///
/// Exit code: 0 when the call would be allowed, also where a signature or a guard is left to ask; 1 when it would be refused; 2 when that
/// could not be told.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    configuration: Configuration,
    /// What your server prints for `--scopes json`; - reads standard input.
    #[arg(long, value_name = "FILE")]
    scopes: PathBuf,
    #[command(flatten)]
    operation: Operation,
    /// The log that has the request, as format = "json" in [log] writes it; - reads standard input. Other lines are passed over.
    #[arg(long, value_name = "FILE", requires = "request_id")]
    log: Option<PathBuf>,
    /// The arguments of the call, a JSON object.
    #[arg(long, value_name = "JSON", conflicts_with = "request_id")]
    arguments: Option<String>,
    /// The file that holds the token or API key; - reads standard input. Without it and --claims, no credential comes.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["claims", "request_id"])]
    token_file: Option<PathBuf>,
    /// A file with the claims of a signed token, a JSON object: as if a good signature stood over them.
    #[arg(long, value_name = "FILE", conflicts_with = "request_id")]
    claims: Option<PathBuf>,
    /// The address that the call comes from, for API keys that are for certain addresses.
    #[arg(long, value_name = "ADDRESS", conflicts_with = "request_id")]
    from: Option<IpAddr>,
    /// A file with the certificate that the client shows, in PEM, for tokens that are bound to one.
    #[arg(long, value_name = "FILE", conflicts_with = "request_id")]
    client_cert: Option<PathBuf>,
    /// Ask the configured issuers for their keys, and about opaque tokens.
    #[arg(long, conflicts_with_all = ["claims", "request_id"])]
    fetch: bool,
    /// Print one JSON document, for programs.
    #[arg(long)]
    json: bool,
}

/// What is called.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Operation {
    /// The tool that is called.
    #[arg(long, value_name = "NAME")]
    tool: Option<String>,
    /// The prompt that is asked for.
    #[arg(long, value_name = "NAME")]
    prompt: Option<String>,
    /// The resource that is read.
    #[arg(long, value_name = "URI")]
    resource: Option<String>,
    /// The request that is looked up in --log: what its answer said in X-Request-Id, and the audit in request_id.
    #[arg(long, value_name = "ID", requires = "log")]
    request_id: Option<String>,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let reads = [Some(&arguments.scopes), arguments.token_file.as_ref(), arguments.log.as_ref()];
    if reads.into_iter().flatten().filter(|file| *file == "-").count() > 1 {
        return Err("only one of --scopes, --token-file and --log can be standard input".into());
    }
    let declared = operations(&arguments.scopes)?;
    let logged = match (&arguments.operation.request_id, &arguments.log) {
        (Some(id), Some(log)) => Some(Logged::find(log, id)?),
        _ => None,
    };
    if let Some((kind, name)) = arguments.operation.called() {
        is_declared(&declared, kind, name)?;
    }
    let call_arguments = arguments.arguments.as_deref().map(object).transpose()?;
    let token = arguments.token_file.as_ref().map(token).transpose()?;
    let claims = arguments.claims.as_ref().map(claims).transpose()?;
    let certificate = arguments.client_cert.as_ref().map(certificate).transpose()?;

    let (config, checked) = arguments.configuration.load_and_check(Some(&declared))?;
    let issuer = config.built_in_issuer();
    let issuer = issuer.map(|issuer| {
        // Only a token has a signature to look at.
        let keys = match &token {
            Some(_) => built_in::keys_in_store(&config, issuer, &Ambient::system())?,
            None => None,
        };
        built_in::issuer(&config, issuer, &checked, keys)
    });
    let issuer = issuer.transpose()?;
    let fetch: Option<Arc<dyn Fetch>> = match arguments.fetch {
        true => Some(Arc::new(HttpFetch::new()?)),
        false => None,
    };
    let called = match &logged {
        Some(logged) => logged.called(),
        None => arguments.operation.called(),
    };
    let report = match called {
        None => Report::untold(),
        Some((kind, name)) => {
            let call = ExplainedCall {
                kind,
                name,
                arguments: call_arguments.as_ref(),
                presents: match (&logged, &token, &claims) {
                    (Some(logged), ..) => logged.presents(),
                    (None, Some(token), _) => Presents::Bearer(token.expose()),
                    (None, None, Some(claims)) => Presents::Claims(claims),
                    (None, None, None) => Presents::Nothing,
                },
                from: arguments.from,
                certificate: certificate.as_deref(),
            };
            let narrowed = config.narrowed(declared.clone());
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let explaining = explain(&config, &checked, narrowed.clone(), issuer.as_ref(), call, fetch);
            let explained = runtime.block_on(explaining).map_err(|wrong| wrong.to_string())?;
            Report::of(&config, &checked, &declared, &narrowed, &call, &explained)
        }
    };
    let report = match &logged {
        Some(logged) => report.after(logged.steps(), |verdict| logged.compared(verdict, called.is_some())),
        None => report,
    };
    match arguments.json {
        true => terminal.line(json_text(&report)?),
        false => page::print(&report, terminal),
    }
    Ok(report.exit_code())
}

impl Operation {
    /// `None`: a log says it.
    fn called(&self) -> Option<(Kind, &str)> {
        let named =
            [(Kind::Tool, &self.tool), (Kind::Prompt, &self.prompt), (Kind::Resource, &self.resource)];
        named.into_iter().find_map(|(kind, name)| Some((kind, name.as_deref()?)))
    }
}

/// Refuses what the program does not have, with the nearest name.
fn is_declared(registry: &Registry, kind: Kind, name: &str) -> Result<(), Failure> {
    let found = match kind {
        Kind::Prompt => registry.prompt(name),
        Kind::Resource => registry.resource(name),
        _ => registry.tool(name),
    };
    if found.is_some() {
        return Ok(());
    }
    let is_of = |of: Kind| of == kind || (kind == Kind::Resource && of == Kind::ResourceTemplate);
    let names = || registry.iter().map(|(_, one)| one).filter(|one| is_of(one.kind())).map(|one| one.name());
    let nearest = names().map(|known| (strsim::damerau_levenshtein(known, name), known)).min();
    let hint = match nearest.filter(|(distance, known)| *distance <= 2.max(known.chars().count() / 4)) {
        Some((_, known)) => format!("; did you mean {known:?}?"),
        None if names().next().is_none() => format!(": it has no {kind}"),
        None => {
            format!("; it has {}", names().map(|known| format!("{known:?}")).collect::<Vec<_>>().join(", "))
        }
    };
    let added = match kind == Kind::Tool && registry.changes() {
        true => {
            ". It adds tools while it runs: of those, what it prints says nothing, so they cannot be explained"
        }
        false => "",
    };
    Err(format!("the program has no {kind} {name:?}{hint}{added}").into())
}

fn object(text: &str) -> Result<Map<String, Value>, Failure> {
    let object = strict_json::object(text.as_bytes());
    Ok(object.map_err(
        |_| "--arguments is not one JSON object, with no key twice: write it as '{\"title\": \"milk\"}'",
    )?)
}

/// The token or key in `file`.
fn token(file: &PathBuf) -> Result<SecretText, Failure> {
    let place = match file {
        file if file == "-" => SecretPlace::StandardInput,
        file => SecretPlace::File(file.clone()),
    };
    bearer_token(&place, "--token-file")
}

/// The text of the certificate in `file`.
fn certificate(file: &PathBuf) -> Result<String, Failure> {
    use std::io::Read as _;
    let unreadable = |error| format!("--client-cert {}: {error}", file.display());
    let mut text = String::new();
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    opened.take(LONGEST_CLAIMS).read_to_string(&mut text).map_err(unreadable)?;
    if !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(format!("--client-cert {}: this is not one certificate in PEM", file.display()).into());
    }
    Ok(text)
}

/// The claims in `file`, whole and strictly one object.
fn claims(file: &PathBuf) -> Result<Vec<u8>, Failure> {
    use std::io::Read as _;
    let shown = file.display();
    let unreadable = |error| format!("--claims {shown}: {error}");
    let mut bytes = Vec::new();
    let opened = std::fs::File::open(file).map_err(unreadable)?;
    opened.take(LONGEST_CLAIMS + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LONGEST_CLAIMS {
        return Err(format!("--claims {shown}: it is longer than 64 KiB, which no token is").into());
    }
    let read = String::from_utf8_lossy(&bytes);
    if holds_token(read.trim()) && !read.trim_start().starts_with('{') {
        return Err(
            format!("--claims {shown}: this is a token, not its claims: name it with --token-file").into()
        );
    }
    match strict_json::object(&bytes) {
        Ok(_) => Ok(bytes),
        Err(_) => Err(format!("--claims {shown}: this is not one JSON object, with no key twice").into()),
    }
}
