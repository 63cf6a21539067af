//! What a server would answer to one call, for those who explain it. The server's own code decides. It runs no program, and sends
//! nothing unless it is given something to send with.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::to_bytes;
use bytes::Bytes;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_store::{Caps, Store};
use serde_json::{Map, Value, json};

use super::foreseen::{Nowhere, StdioCaller, looking, stdio_caller};
use super::local_issuer::LocalIssuer;
use super::recalled::{LoggedCaller, Recalled, recalled};
use super::settings;
use super::trust;
use crate::answer::Rejection;
use crate::authn::{
    Authenticator, AuthnError, CertificateFormat, Credential, Fetch, Foresight, Identity, Sender, TokenError,
};
use crate::authz::{Decision, Guarded, Guards};
use crate::config::issuers::TrustedIssuer;
use crate::config::{Checked, Config, Transport};
use crate::declared::Kind;
use crate::declared::registry::Registry;
use crate::dispatch::Rulebook;
use crate::envelope::{Envelope, read};
use crate::error::{Error, Result};
use crate::gate::{Gate, ToolErrors, refusal, refused};
use crate::owned::Tasks;

/// The largest answer to a refused call.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// One call of a tool, of a prompt, or of a resource.
#[derive(Debug, Clone, Copy)]
pub struct ExplainedCall<'a> {
    /// The kind of what is called.
    pub kind: Kind,
    /// Its name; of a resource, the URI.
    pub name: &'a str,
    /// The arguments.
    pub arguments: Option<&'a Map<String, Value>>,
    /// Who calls.
    pub presents: Presents<'a>,
    /// The address that the call comes from, if that is known.
    pub from: Option<IpAddr>,
    /// The certificate that its client shows, in PEM, if it shows one.
    pub certificate: Option<&'a str>,
}

/// What a caller presents.
#[derive(Clone, Copy)]
pub enum Presents<'a> {
    /// Nothing. Over stdio that is whom the configuration names.
    Nothing,
    /// A token or an API key.
    Bearer(&'a str),
    /// The claims of a signed token, as JSON. Whether a signature over them would be good is not asked.
    Claims(&'a [u8]),
    /// What this caller presented, whom a log names.
    Logged(&'a LoggedCaller),
    /// Something that is not known; why.
    Unknown(&'static str),
}

/// Says what kind it is, never what it says.
impl std::fmt::Debug for Presents<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Nothing => "Nothing",
            Self::Bearer(_) => "Bearer(***)",
            Self::Claims(_) => "Claims(***)",
            Self::Logged(_) => "Logged",
            Self::Unknown(_) => "Unknown",
        })
    }
}

/// What a server would answer, and to whom.
#[derive(Debug)]
#[non_exhaustive]
pub struct Explained {
    /// Who calls.
    pub who: KnownAs,
    /// What is answered.
    pub answer: Answered,
    /// Whether a guard is asked besides, which only the program has: it is supposed to let the call pass.
    pub is_guarded: bool,
}

/// Who calls, as far as that can be told.
#[derive(Debug)]
#[non_exhaustive]
pub enum KnownAs {
    /// A caller without a credential.
    Anonymous,
    /// This caller.
    Caller {
        /// Who that is.
        who: Identity,
        /// Whether no signature is left to check.
        is_whole: bool,
        /// Whether each request brings a proof (DPoP) beside the token, which is supposed to be good.
        owes_proof: bool,
    },
    /// The credential is refused.
    Refused {
        /// Everything that is wrong with it, the first being what a server says.
        faults: Vec<TokenError>,
        /// What that most often means at its identity provider.
        hint: Option<&'static str>,
    },
    /// Only a running server can tell; why.
    Untold(&'static str),
}

/// What is answered.
#[derive(Debug)]
#[non_exhaustive]
pub enum Answered {
    /// The call goes on.
    Allowed,
    /// No method runs: a value of the call fills no scope of the rule, or is not there. What is wrong with it.
    Unfit(String),
    /// It is refused.
    Refused {
        /// The status; `None` over stdio.
        status: Option<u16>,
        /// The headers that say something, in the order in which they are sent.
        headers: Vec<(String, String)>,
        /// The body.
        body: Value,
    },
    /// Only a running server can tell.
    Untold,
}

/// What the server with this configuration would answer to `call`. `registry` is what the program declares with what the
/// configuration adds, `local` the issuer in this process, if there is one. With `fetch`, issuers are asked for keys, and about
/// opaque tokens.
///
/// # Errors
/// What stops a start; a call that is not one message.
pub async fn explain(
    config: &Config,
    checked: &Checked,
    registry: Registry,
    local: Option<&LocalIssuer>,
    call: ExplainedCall<'_>,
    fetch: Option<Arc<dyn Fetch>>,
) -> Result<Explained> {
    let over_stdio = config.server.transport == Transport::Stdio;
    let (asks, ambient) = (fetch.is_some(), Ambient::system());
    let fetch: Arc<dyn Fetch> = fetch.unwrap_or_else(|| Arc::new(Nowhere));
    let given = looking(config, checked, local, &fetch, &ambient);
    let resource = config.resource();
    let audiences = |issuer: Option<&TrustedIssuer>| match issuer {
        _ if over_stdio => config.stdio_audiences(issuer, &resource),
        Some(issuer) => config.audiences(issuer, &resource),
        None => vec![resource.to_string()],
    };
    let authenticator = trust::onlooker(given, audiences)?.map(Arc::new);
    let sender = sender(config, &call)?;
    let (who, identity) = match (call.presents, &authenticator) {
        (Presents::Unknown(why), _) => (KnownAs::Untold(why), None),
        (Presents::Logged(caller), _) if caller.via == "local" => match over_stdio {
            true => on_stdio(stdio_caller(config, checked, local)?),
            false => (KnownAs::Untold("the log is of a server over stdio, and this one is over HTTP"), None),
        },
        (Presents::Logged(caller), Some(authenticator)) => {
            match recalled(config, checked, local, authenticator, caller)? {
                Recalled::Known(foresight) => foretold(foresight, None),
                Recalled::Untold(why) => (KnownAs::Untold(why), None),
            }
        }
        (Presents::Nothing, _) if over_stdio => on_stdio(stdio_caller(config, checked, local)?),
        (Presents::Nothing, _) | (_, None) => (KnownAs::Anonymous, Some(Ok(Identity::Anonymous))),
        (Presents::Claims(claims), Some(authenticator)) => {
            foretold(authenticator.foresee_claims(claims, &sender), None)
        }
        (Presents::Bearer(text), Some(authenticator)) => {
            let foresight = authenticator.foresee(text, &sender);
            match &foresight {
                // What the program itself judges is not known here, whoever is asked.
                Foresight::Asks(via) if via.is_of_the_program() => foretold(foresight, None),
                _ if asks => asked(authenticator, text, &sender, foresight).await,
                _ => {
                    let hint = |fault: &AuthnError| authenticator.hint(Credential::Bearer(text), fault);
                    foretold(foresight, Some(&hint))
                }
            }
        }
    };
    let (who, identity) = match who {
        // No proof can come with it there.
        KnownAs::Caller { owes_proof: true, .. } if over_stdio => {
            foretold(Foresight::Refused(vec![TokenError::SenderConstrained]), None)
        }
        who => (who, identity),
    };
    let Some(identity) = identity else {
        return Ok(Explained { who, answer: Answered::Untold, is_guarded: false });
    };

    let envelope = message(config, &call)?;
    let tasks = Tasks::new(Store::memory(Caps::default()), Arc::clone(&ambient.clock));
    let rules = Arc::new(Rulebook::new(registry, checked.policy.clone(), tasks));
    let supposed = Arc::new(Supposed::default());
    let gate = Gate::new(authenticator, rules).asking_with(settings::requested_prefix(config));
    let gate = gate.guarded_by(Arc::clone(&supposed) as _);
    let tool_errors = settings::tool_errors(config, checked.connect);
    let answer = match gate.foresee(&envelope, identity) {
        None => Answered::Untold,
        Some(Ok(None)) => Answered::Allowed,
        Some(Ok(Some(why))) => Answered::Unfit(why),
        Some(Err(rejection)) if over_stdio => Answered::Refused {
            status: None,
            headers: Vec::new(),
            body: json!(refused(&rejection, &envelope, tool_errors)),
        },
        Some(Err(rejection)) => {
            over_http(config, local.is_some(), &envelope, &rejection, tool_errors).await?
        }
    };
    Ok(Explained { who, answer, is_guarded: supposed.was_asked() })
}

/// Guards that are supposed to let everything pass: their methods are the program's.
#[derive(Default)]
struct Supposed(AtomicBool);

impl Supposed {
    fn was_asked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Guards for Supposed {
    fn ask<'a>(&'a self, _: &'a Guarded) -> Pin<Box<dyn Future<Output = Decision> + Send + 'a>> {
        self.0.store(true, Ordering::Relaxed);
        Box::pin(std::future::ready(Decision::Allow))
    }
}

/// Who calls; and what the gate is told, unless only a running server can tell.
type Told = (KnownAs, Option<Result<Identity, Rejection>>);

fn on_stdio(caller: StdioCaller) -> Told {
    let (who, is_whole) = match caller {
        StdioCaller::Local(who) => (who, true),
        StdioCaller::Bearer { who, is_whole } => (who, is_whole),
        StdioCaller::Printed => return (KnownAs::Untold("a start runs the program that prints it"), None),
        StdioCaller::Asked => return (KnownAs::Untold("its issuer has to be asked about it"), None),
        StdioCaller::Judged => {
            return (KnownAs::Untold("a verifier of the program's own may judge it"), None);
        }
    };
    known(who, is_whole, false)
}

fn known(who: Identity, is_whole: bool, owes_proof: bool) -> Told {
    (KnownAs::Caller { who: who.clone(), is_whole, owes_proof }, Some(Ok(who)))
}

/// Who sends the call. A certificate counts where a server sees those of its clients.
fn sender(config: &Config, call: &ExplainedCall<'_>) -> Result<Sender> {
    let sender = Sender::at(call.from);
    let Some(pem) = call.certificate.filter(|_| config.server.sees_client_certificates()) else {
        return Ok(sender);
    };
    match CertificateFormat::UrlPem.read(pem.as_bytes()) {
        Ok(Some(certificate)) => Ok(sender.with(Some(certificate))),
        Ok(None) | Err(_) => Err(Error::from("the client's certificate is not one certificate in PEM")),
    }
}

/// What a refusal most often means.
type Hint<'a> = &'a dyn Fn(&AuthnError) -> Option<&'static str>;

/// What can be told without asking anyone.
fn foretold(foresight: Foresight, hint: Option<Hint<'_>>) -> Told {
    match foresight {
        Foresight::Accepted { who, is_whole, owes_proof } => known(who, is_whole, owes_proof),
        Foresight::Refused(faults) => {
            let first = faults.first().cloned().map(AuthnError::from);
            let refused = first.as_ref().map(|fault| Err(Rejection::from(fault)));
            let hint = first.as_ref().and_then(|fault| hint?(fault));
            (KnownAs::Refused { faults, hint }, refused)
        }
        Foresight::Asks(via) if via.is_of_the_program() => {
            (KnownAs::Untold("a verifier of the program's own may judge it"), None)
        }
        Foresight::Asks(_) => (KnownAs::Untold("its issuer has to be asked about it"), None),
    }
}

/// What issuers say who are asked. Where they refuse, everything that is wrong is told that can be told without them.
async fn asked(authenticator: &Authenticator, text: &str, sender: &Sender, foresight: Foresight) -> Told {
    // What is missing then is said of the token.
    let _ = authenticator.load().await;
    match authenticator.examine(text, sender).await {
        Ok((who, owes_proof)) => known(who, true, owes_proof),
        Err(error) => {
            let hint = authenticator.hint(Credential::Bearer(text), &error);
            let mut faults = Vec::new();
            if let AuthnError::Token(fault) = &error {
                faults.push(fault.clone());
            }
            if let Foresight::Refused(others) = foresight {
                let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
                faults.extend(others.into_iter().filter(|other| !said.contains(&other.to_string())));
            }
            (KnownAs::Refused { faults, hint }, Some(Err(Rejection::from(&error))))
        }
    }
}

/// The call as one message, read as every other.
fn message(config: &Config, call: &ExplainedCall<'_>) -> Result<Envelope> {
    let (method, mut params) = match call.kind {
        Kind::Prompt => ("prompts/get", json!({ "name": call.name })),
        Kind::Resource | Kind::ResourceTemplate => ("resources/read", json!({ "uri": call.name })),
        _ => ("tools/call", json!({ "name": call.name })),
    };
    if let Some(arguments) = call.arguments {
        params["arguments"] = Value::Object(arguments.clone());
    }
    let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let bytes = Bytes::from(message.to_string());
    read(&bytes, settings::endpoint_limits(config).envelope)
        .map_err(|wrong| Error::from(format!("no such call can be made: {wrong}")))
}

async fn over_http(
    config: &Config,
    local: bool,
    envelope: &Envelope,
    rejection: &Rejection,
    tool_errors: ToolErrors,
) -> Result<Answered> {
    let metadata = settings::challenge_metadata(config, &config.resource());
    let schemes = settings::schemes(config, local);
    let response = refusal(rejection, envelope, tool_errors, metadata.as_deref(), &schemes);
    let (parts, body) = response.into_parts();
    let telling =
        parts.headers.iter().filter(|(name, _)| !["content-type", "cache-control"].contains(&name.as_str()));
    let headers = telling
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let headers = headers.collect();
    let body = to_bytes(body, LARGEST_ANSWER).await.map_err(|error| Error::from(error.to_string()))?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Ok(Answered::Refused { status: Some(parts.status.as_u16()), headers, body })
}
