//! The example as a bridge: its clients know its own issuer alone, and its people log in at a provider at which no client can register.

use serde_json::{Value, json};

use super::built_in::{LIFETIME, Own, SKEW, WAYS};
use super::check::{Bench, Group, SERVER_SECRET, Sdk, Target, every, flows_against, version, with_arguments};
use crate::http;
use crate::process::Process;
use crate::step::root;

/// The steps of the complete flow, and how the person ends it.
const STEPS: [&str; 13] = [
    "401",
    "metadata",
    "registration",
    "consent",
    "token",
    "list",
    "call",
    "403",
    "step-up",
    "call again",
    "refresh",
    "taken back",
    "refused",
];

/// The bridge, and the provider behind it.
struct Bridge {
    own: Own,
    provider: Process,
    /// Who the provider says it is.
    issuer: String,
}

impl Bridge {
    fn start(bench: &Bench, name: &str, lifetime: &str) -> Result<Self, String> {
        let folder = root().join("interop");
        let mut command = with_arguments(bench.node.command(&folder), "provider.mjs");
        command.env("INTEROP_SECRET", SERVER_SECRET);
        let mut provider = Process::start(&format!("{name}-provider"), &bench.directory, &mut command)?;
        let issuer = provider.wait_for(issuer_in)?;
        let table = format!(
            r#"{{ issuer="{issuer}", client_id="bridge", client_secret="env:INTEROP_SECRET", scopes=["openid", "profile"], allow="anyone" }}"#
        );
        let settings = [("MCP_ISSUER__LOGIN", "elsewhere".to_owned()), ("MCP_UPSTREAMS__elsewhere", table)];
        let own = Own::start_with(bench, name, lifetime, &settings)?;
        // Its one client is known by hand, as at any such provider.
        let redirect_uri = format!("{}/authorize/login/elsewhere", own.server.origin());
        let client = json!({ "redirect_uri": redirect_uri }).to_string();
        let address = issuer.trim_start_matches("http://").parse();
        let address = address.map_err(|error| format!("the provider is at {issuer}: {error}"))?;
        let answer = http::send(address, &http::form("/control", &client))?;
        if answer.status != 200 {
            return Err(format!("the provider takes no client:\n{answer}"));
        }
        Ok(Self { own, provider, issuer })
    }

    fn logs(&self) -> String {
        format!("{}\n{}", self.own.logs(), self.provider.end())
    }
}

/// The line in which the provider says who it is.
fn issuer_in(log: &str) -> Option<String> {
    let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let mut values = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    values.find_map(|value| Some(value["issuer"].as_str()?.to_owned()))
}

/// The official clients through the complete flow, known in each way, until their person takes it back.
pub(super) fn flows(bench: &Bench) -> Result<Group, String> {
    let bridge = Bridge::start(bench, "bridged", LIFETIME)?;
    let url = bridge.own.server.url();
    let target = Target { url: &url, skew: SKEW, group: "bridged", bound: None, columns: &STEPS };
    let (rows, logs) = flows_against(bench, &target, &every(&[Sdk::TypeScript, Sdk::Python], &WAYS))?;
    let title = format!(
        "`examples/todos` with its built-in issuer, and people who log in at oidc-provider {}, which registers no client",
        version("oidc-provider")?
    );
    let logs = format!("{logs}\n{}", bridge.logs());
    Ok(Group { title, first: "client", columns: &STEPS, rows, logs })
}

/// Who says no, comes back as somebody else, or follows the link of another browser.
pub(super) fn people(bench: &Bench) -> Result<Group, String> {
    let bridge = Bridge::start(bench, "bridged-people", "15m")?;
    let mut command = with_arguments(bench.node.command(&root().join("interop")), "bridged.mjs");
    command.args(["--url", &bridge.own.server.url(), "--provider", &bridge.issuer]);
    let (row, log) = bench.drive("bridged-driver", "bridged".to_owned(), &mut command, &[])?;
    let title = format!("People who log in at oidc-provider {}", version("oidc-provider")?);
    let logs = format!("{log}\n{}", bridge.logs());
    Ok(Group { title, first: "what happens", columns: &[], rows: vec![row], logs })
}

#[cfg(test)]
mod tests {
    use super::super::check::FLOW;
    use super::*;

    #[test]
    fn it_is_the_complete_flow_and_more() {
        assert!(STEPS.starts_with(&FLOW));
        assert_eq!(issuer_in("{\"issuer\":\"http://127.0.0.1:1\"}"), None);
        assert_eq!(issuer_in("{\"issuer\":\"http://h\"}\n").as_deref(), Some("http://h"));
    }
}
