//! The example with its own issuer: the official clients with people, programs without, and MCP Inspector.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::check::{
    Bench, By, FLOW, Group, REVISIONS, SERVER_SECRET, Sdk, Target, every, flows_against, version,
    with_arguments,
};
use super::table::Row;
use crate::process::{Process, Server};
use crate::program;
use crate::step::root;

/// The steps of MCP Inspector's command line.
const INSPECTOR: [&str; 4] = ["refused", "login", "tools/list", "tools/call"];

/// The steps of a program that gets its token by itself.
const MACHINE: [&str; 3] = ["token", "call", "403"];

/// The shortest life of an access token the built-in issuer can be set to, and what the server allows on top.
pub(super) const LIFETIME: &str = "1m";
pub(super) const SKEW: &str = "30";

/// All ways in which a client can be known.
pub(super) const WAYS: [By; 3] = [By::Dcr, By::Cimd, By::Known];

/// The example with its own issuer, and what there is outside of it.
pub(super) struct Own {
    pub(super) server: Server,
    outside: Process,
    /// Where the keys of `outside.py` are.
    keys: PathBuf,
}

impl Own {
    /// Starts both. Addresses of loopback count as one, so all clients together get what the limits give to one.
    fn start(bench: &Bench, name: &str, lifetime: &str) -> Result<Self, String> {
        Self::start_with(bench, name, lifetime, &[])
    }

    /// The same, with more settings.
    pub(super) fn start_with(
        bench: &Bench,
        name: &str,
        lifetime: &str,
        settings: &[(&str, String)],
    ) -> Result<Self, String> {
        let keys = bench.directory.join(format!("{name}-keys"));
        let mut command = with_arguments(Command::new(&bench.python), "outside.py");
        command.current_dir(root().join("interop")).arg(&keys);
        let mut outside = Process::start(&format!("{name}-outside"), &bench.directory, &mut command)?;
        let site = outside.wait_for(address_in)?;

        let mut command = program::started_in(&bench.directory.join(name), &bench.todos)?;
        let shown = keys.display();
        let secret = r#"client_secret="env:INTEROP_SECRET""#;
        let redirects = r#"redirect_uris=["http://127.0.0.1/callback", "http://127.0.0.1/oauth/callback"]"#;
        let scopes = r#"scopes=["todos.read"]"#;
        let clients = [
            format!(r#"client_id="known", name="interop (known)", {secret}, {redirects}"#),
            format!(r#"client_id="robot", {secret}, {scopes}"#),
            format!(r#"client_id="robot-with-a-key", jwks="file:{shown}/robot.jwks.json", {scopes}"#),
            format!(r#"client_id="agent", {secret}, grant_types=["jwt_bearer"], {scopes}"#),
        ];
        let clients: Vec<_> = clients.iter().map(|client| format!("{{ {client} }}")).collect();
        let provider = format!(
            r#"[{{ issuer="https://provider.example", profile="id-jag", jwks="file:{shown}/provider.jwks.json" }}]"#
        );
        let documents =
            format!(r#"{{ private={{ "client.example"="{site}" }}, ca_file="file:{shown}/authority.pem" }}"#);
        command
            .env("INTEROP_SECRET", SERVER_SECRET)
            .env("MCP_ISSUER__ACCESS_TOKEN_LIFETIME", lifetime)
            .env("MCP_ISSUER__CLIENTS", format!("[{}]", clients.join(", ")))
            .env("MCP_ISSUER__ASSERTIONS", provider)
            .env("MCP_ISSUER__CLIENT_DOCUMENTS", documents)
            .envs(settings.iter().map(|(name, value)| (name, value)));
        let server = Server::start(name, &bench.directory, &mut command)?;
        Ok(Self { server, outside, keys })
    }

    pub(super) fn logs(&self) -> String {
        format!("{}\n{}", self.server.end(), self.outside.end())
    }
}

/// Where the site of `outside.py` is, in the line in which it says so.
fn address_in(log: &str) -> Option<String> {
    let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let mut values = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    values.find_map(|value| Some(value["address"].as_str()?.to_owned()))
}

/// The official clients through the complete flow, known in each way.
pub(super) fn flows(bench: &Bench) -> Result<Group, String> {
    let own = Own::start(bench, "built-in", LIFETIME)?;
    let url = own.server.url();
    let target = Target { url: &url, skew: SKEW, group: "built-in", bound: None, columns: &FLOW };
    let flows = every(&[Sdk::TypeScript, Sdk::Python], &WAYS);
    let (rows, logs) = flows_against(bench, &target, &flows)?;
    let title = "`examples/todos` with its built-in issuer".to_owned();
    let logs = format!("{logs}\n{}", own.logs());
    Ok(Group { title, first: "client", columns: &FLOW, rows, logs })
}

/// The same with tokens bound to a key of the client. The Python SDK makes no proofs.
pub(super) fn bound_flows(bench: &Bench) -> Result<Group, String> {
    let own = Own::start(bench, "built-in-bound", LIFETIME)?;
    let url = own.server.url();
    let target = Target { url: &url, skew: SKEW, group: "built-in-bound", bound: Some(""), columns: &FLOW };
    let (rows, logs) = flows_against(bench, &target, &every(&[Sdk::TypeScript], &WAYS))?;
    let title = "`examples/todos` with its built-in issuer, tokens bound to a key of the client".to_owned();
    let logs = format!("{logs}\n{}", own.logs());
    Ok(Group { title, first: "client", columns: &FLOW, rows, logs })
}

/// Programs that get a token without a person: by a secret, by a key, by what an identity provider says.
pub(super) fn machines(bench: &Bench) -> Result<Group, String> {
    let own = Own::start(bench, "machines", "15m")?;
    let folder = root().join("interop");
    let (url, issuer) = (own.server.url(), own.server.origin());
    let (mut rows, mut logs) = (Vec::new(), String::new());
    let kinds = [
        ("secret", "client_credentials by a secret"),
        ("key", "client_credentials by a key"),
        ("id-jag", "JWT bearer (ID-JAG)"),
    ];
    for (kind, about) in kinds {
        for sdk in [Sdk::TypeScript, Sdk::Python] {
            for revision in REVISIONS {
                let (name, mut command) = match sdk {
                    Sdk::TypeScript => {
                        ("typescript", with_arguments(bench.node.command(&folder), "machine.mjs"))
                    }
                    Sdk::Python => ("python", with_arguments(Command::new(&bench.python), "machine.py")),
                };
                let of =
                    [("--url", &*url), ("--issuer", &*issuer), ("--revision", revision), ("--kind", kind)];
                command.current_dir(&folder).env("INTEROP_SECRET", SERVER_SECRET);
                command.args(of.iter().flat_map(|&(option, value)| [option, value]));
                command.arg("--keys").arg(&own.keys);
                let label = format!("{}, {revision}, {about}", sdk.label()?);
                let name = format!("machines-{name}-{revision}-{kind}");
                let (row, log) = bench.drive(&name, label, &mut command, &MACHINE)?;
                rows.push(row);
                logs += &log;
            }
        }
    }
    let title = "Programs without a person, with the built-in issuer".to_owned();
    let logs = format!("{logs}\n{}", own.logs());
    Ok(Group { title, first: "client", columns: &MACHINE, rows, logs })
}

/// MCP Inspector's command line, on both eras, known in each way.
pub(super) fn inspector(bench: &Bench) -> Result<Group, String> {
    let own = Own::start(bench, "inspector", "15m")?;
    let label = version("@modelcontextprotocol/inspector")?;
    let (mut rows, mut logs) = (Vec::<Row>::new(), String::new());
    for by in WAYS {
        for (era, revision) in ["modern", "legacy"].into_iter().zip(REVISIONS) {
            let way = by.argument();
            let storage = bench.directory.join(format!("inspector-{era}-{way}"));
            fs::create_dir_all(&storage).map_err(|error| format!("{}: {error}", storage.display()))?;
            let mut command = with_arguments(bench.node.command(&root().join("interop")), "inspector.mjs");
            command.env("INTEROP_SECRET", SERVER_SECRET);
            command
                .args(["--url", &own.server.url(), "--era", era, "--registration", way, "--storage"])
                .arg(&storage);
            let label = format!("MCP Inspector {label}, {revision}, {}", by.label());
            let name = format!("inspector-{era}-{way}-driver");
            let (row, log) = bench.drive(&name, label, &mut command, &INSPECTOR)?;
            rows.push(row);
            logs += &log;
        }
    }
    let title = "MCP Inspector's command line with the built-in issuer".to_owned();
    let logs = format!("{logs}\n{}", own.logs());
    Ok(Group { title, first: "client", columns: &INSPECTOR, rows, logs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_once_its_line_is_whole() {
        let line = "{\"address\":\"127.0.0.1:1\"}";
        assert_eq!(address_in(line), None);
        assert_eq!(address_in(&format!("a warning\n{line}\n")).as_deref(), Some("127.0.0.1:1"));
    }
}
