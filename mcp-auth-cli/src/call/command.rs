//! The command: attempts, and between them what a refusal asks for, until there is an answer.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;

use mcp_auth_core::ambient::SystemClock;
use mcp_auth_core::challenge::Reading;
use rmcp::model::{CallToolResult, ElicitRequestParams, ElicitResult, Tool};

use super::arguments::{self, ArgumentError, Written};
use super::person::Talk;
use super::{listing, outcome};
use crate::client::{
    Browser, Client, LogIn, Person, Reach, Refusal, Renewal, Said, Scopes, ServerUrl, Session, Usable, Wanted,
};
use mcp_auth_core::SecretText;

use crate::secret::SecretPlace;
use crate::terminal::{DIM, STRONG, shown_line, shown_lines, styled};
use crate::token_store::{Login, Place, TokenStore};
use crate::{Failure, terminal::Terminal};

/// Lists an MCP server's tools, or calls one.
///
/// Uses the login that `mcp-auth login URL` kept, renews its token, and asks you again when a tool needs more
/// scopes. Exit code 1: the tool or the server answered with an error; 2: it did not come to that.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The server's whole URL, such as https://todos.example.com/mcp.
    url: String,
    /// The tool to call [else the tools are listed].
    tool: Option<String>,
    /// The tool's arguments. Their types come from the tool's schema: key=text where it says string, key=JSON
    /// otherwise. key:=JSON is taken as JSON whatever the schema says.
    #[arg(value_name = "KEY=VALUE", requires = "tool")]
    arguments: Vec<Written>,
    /// Arguments as one JSON object, as they are; KEY=VALUE adds to it.
    #[arg(long, value_name = "OBJECT", requires = "tool")]
    json_arguments: Option<String>,
    /// Print the server's whole answer as one JSON document, for programs.
    #[arg(long)]
    json: bool,
    /// Do not log in again when a tool needs more scopes: fail and say which.
    #[arg(long)]
    no_step_up: bool,
    /// Where an access token is: env:NAME, file:PATH, or - for standard input [else the kept login's].
    #[arg(long, value_name = "WHERE")]
    token: Option<SecretPlace>,
    /// When logging in: do not open a browser, print the URL.
    #[arg(long)]
    no_browser: bool,
    /// Where logins are kept [else MCP_AUTH_KEEP, the keyring if there is one].
    #[arg(long, value_enum)]
    keep: Option<Place>,
    #[command(flatten)]
    reach: Reach,
}

/// The token that is sent to the server.
enum Credential {
    None,
    /// From `--token`: used unchanged.
    Given(SecretText),
    Kept(Box<Login>),
}

impl Credential {
    fn token(&self) -> Option<&SecretText> {
        match self {
            Self::None => None,
            Self::Given(token) => Some(token),
            Self::Kept(login) => Some(&login.tokens.access_token),
        }
    }
}

/// The successful answer of the server.
enum Answer {
    Tools(Vec<Tool>),
    Result(CallToolResult),
}

/// Why the server's answer is missing.
enum Trouble {
    Refused(Refusal),
    Arguments(ArgumentError),
}

/// The most step-ups in one call (MCP authorization, step-up flow: a client should limit its attempts).
const STEP_UPS: u32 = 2;

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let client = &Client::new(&arguments.url, arguments.reach, SystemClock)?;
    let (server, runtime) = (&client.server, &client.runtime);
    let written = arguments::joined(&arguments.arguments, arguments.json_arguments.as_deref())?;
    let store = TokenStore::choose(arguments.keep)?;
    let renewal = Renewal { client, store: &store };
    let log_in =
        |scopes: Scopes, kept: Option<&Login>, challenge: Option<String>| -> Result<Credential, Failure> {
            let wanted = Wanted::default();
            let browser = if arguments.no_browser { Browser::ByHand } else { Browser::Open };
            let login = runtime.block_on(
                LogIn { client, terminal, wanted: &wanted, scopes, port: None, browser, kept, challenge }
                    .run(),
            )?;
            store.save(&login)?;
            Ok(Credential::Kept(Box::new(login)))
        };

    let mut credential = match &arguments.token {
        Some(place) => Credential::Given(place.read()?),
        None => match store.load(server.as_str())? {
            None => Credential::None,
            Some(login) => match renewal.fresh(login)? {
                Usable::Login(login) => Credential::Kept(login),
                Usable::LogInAgain(why) => return Err(log_in_first(server, &why)),
            },
        },
    };
    let (mut renewed, mut step_ups) = (false, 0);
    let person: Arc<dyn Person> =
        Arc::new(AtTerminal { server: server.to_string(), browser: !arguments.no_browser });
    loop {
        let attempt = attempt(client, &person, credential.token(), arguments.tool.as_deref(), &written);
        let refusal = match runtime.block_on(attempt) {
            Ok(Answer::Tools(tools)) => return listing::print(terminal, &tools, arguments.json),
            Ok(Answer::Result(result)) => return outcome::print(terminal, &result, arguments.json),
            Err(Trouble::Arguments(error)) => return Err(error.into()),
            Err(Trouble::Refused(refusal)) => refusal,
        };
        credential = match (refusal, credential) {
            (Refusal::Rpc(error), _) => return outcome::print_error(terminal, &error, arguments.json),
            (Refusal::Other(why), _) => return Err(format!("{server}: {why}").into()),

            (Refusal::Unauthorized { .. }, Credential::Given(_)) => {
                return Err(format!(
                    "{server} does not take this token; `mcp-auth doctor {server} --token …` says why"
                )
                .into());
            }
            (Refusal::Unauthorized { .. }, Credential::Kept(login)) if !renewed => {
                renewed = true;
                match renewal.renewed(*login)? {
                    Usable::Login(login) => Credential::Kept(login),
                    Usable::LogInAgain(why) => return Err(log_in_first(server, &why)),
                }
            }
            (Refusal::Unauthorized { .. }, Credential::Kept(_)) => {
                return Err(log_in_first(server, "the server does not take the kept token"));
            }
            (Refusal::Unauthorized { challenge }, Credential::None) => {
                if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
                    let login = log_in_first(server, "the server wants a login");
                    return Err(format!("{login}; or give it a token or an API key with --token").into());
                }
                terminal.note(format!("{server} wants a login."));
                log_in(Scopes::AsChallenged, None, Some(challenge))?
            }

            (Refusal::InsufficientScope { scopes, challenge }, credential) => {
                let what = arguments.tool.as_deref().unwrap_or("the list");
                if scopes.is_empty() {
                    let why = explained(&challenge)
                        .unwrap_or_else(|| "the server does not say which scope it needs".to_owned());
                    return Err(format!("{what}: {}", shown_line(&why, 500)).into());
                }
                let needs = shown_line(&scopes.join(" "), 500);
                let refused = |why: &str| Err(format!("{what} needs {needs}; {why}").into());
                match credential {
                    Credential::Given(_) => return refused("this token does not have it"),
                    Credential::None => return Err(log_in_first(server, &format!("{what} needs {needs}"))),
                    Credential::Kept(_) if arguments.no_step_up => {
                        return refused("--no-step-up does not ask for it");
                    }
                    Credential::Kept(_) if step_ups == STEP_UPS => {
                        return refused("the issuer did not grant it");
                    }
                    Credential::Kept(login) => {
                        step_ups += 1;
                        terminal.note(format!("{} needs {}.", styled(STRONG, what), styled(STRONG, needs)));
                        // Asks for the scopes it has and the scopes it needs, because an issuer may grant only what
                        // is asked for.
                        let mut all = login.tokens.scopes.clone();
                        all.extend(scopes.into_iter().filter(|scope| !login.tokens.scopes.contains(scope)));
                        log_in(Scopes::These(all), Some(&login), Some(challenge))?
                    }
                }
            }
        };
    }
}

/// What a challenge says in words.
fn explained(challenge: &str) -> Option<String> {
    let reading = Reading::of_field(challenge);
    reading.bearer()?.get("error_description").map(str::to_owned)
}

/// The person who runs the command. They are asked where a terminal shows the question and takes the answer.
struct AtTerminal {
    server: String,
    browser: bool,
}

impl Person for AtTerminal {
    fn can_be_asked(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    fn reply(&self, question: ElicitRequestParams) -> ElicitResult {
        let terminal = Terminal::new();
        let mut talk = Talk {
            lines: &mut std::io::stdin().lock(),
            show: &mut |line| terminal.note(line),
            open: &mut |url| {
                if self.browser && open::that_detached(url).is_err() {
                    terminal.note("no browser could be opened");
                }
            },
        };
        talk.reply(&self.server, &question)
    }

    fn hear(&self, said: Said) {
        let text = match said {
            Said::Progress(text) => format!("… {}", shown_line(&text, 500)),
            Said::Log(text) => format!("log {}", shown_lines(&text)),
        };
        Terminal::new().note(styled(DIM, text));
    }
}

/// Connects, lists the tools, and calls one if a tool is named.
async fn attempt(
    client: &Client,
    person: &Arc<dyn Person>,
    token: Option<&SecretText>,
    tool: Option<&str>,
    written: &[Written],
) -> Result<Answer, Trouble> {
    let session = Session::connect(client, token, Arc::clone(person)).await.map_err(Trouble::Refused)?;
    let answer = async {
        // The list comes first: it has the schema, and says which headers some parameters are sent in.
        let tools = session.tools(token).await.map_err(Trouble::Refused)?;
        let Some(name) = tool else { return Ok(Answer::Tools(tools)) };
        let tool = arguments::tool(&tools, name, token.is_some()).map_err(Trouble::Arguments)?;
        let typed = arguments::typed(tool, written).map_err(Trouble::Arguments)?;
        session.call(name, typed, token).await.map(Answer::Result).map_err(Trouble::Refused)
    }
    .await;
    session.close().await;
    answer
}

fn log_in_first(server: &ServerUrl, why: &str) -> Failure {
    format!("{why}; run: mcp-auth login {server}").into()
}
