//! Runs every client, all at once, and puts their reports together.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::table::{Row, by_step, markdown};
use super::{bound, bridged, built_in, record};
use crate::process::{Process, Server, fresh};
use crate::program;
use crate::step::{Outcome, root};
use crate::toolbox::{self, Node};

/// The steps of the complete flow.
pub(super) const FLOW: [&str; 11] = [
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
];

/// The protocol eras: a revision of each.
pub(crate) const REVISIONS: [&str; 2] = ["2026-07-28", "2025-11-25"];

/// How long the other issuer's tokens live, in seconds; for them the server allows nothing on top.
pub(super) const FOREIGN_LIFETIME: &str = "20";

/// Keys are fetched again at once, so that no step has to wait for it. A token of a client names no subject when its issuer
/// is asked about it (RFC 7662).
const FOREIGN_RULES: &str = r#"clock_skew="0s", token_cache_ttl="1s", unknown_kid_cooldown="1s", jwks_min_refresh="1s", client_when={ sub={ present=false } }"#;

/// The client that both issuers know as `todos`, and its secret.
const BY_SECRET: &str = r#"client_id="todos", client_secret="env:INTEROP_SECRET""#;
pub(super) const SERVER_SECRET: &str = "the secret of a server: 100 %";

/// How long one driver may take: a token's life, and a slow machine.
const LIMIT: Duration = Duration::from_secs(240);

/// What one group of rows comes from.
type Run = fn(&Bench) -> Result<Group, String>;

pub(crate) fn check() -> Result<Outcome, String> {
    let bench = Bench::prepare()?;
    let groups = thread::scope(|scope| {
        let groups: [Run; 11] = [
            built_in::flows,
            built_in::bound_flows,
            built_in::machines,
            foreign,
            bound::flows,
            oidc_providers_tokens,
            authlibs_tokens,
            bound::tokens,
            built_in::inspector,
            bridged::flows,
            bridged::people,
        ];
        let bench = &bench;
        let running = groups.map(|group| scope.spawn(move || group(bench)));
        let joined =
            running.map(|thread| thread.join().unwrap_or_else(|_| Err("a driver's thread panicked".into())));
        joined.into_iter().collect::<Result<Vec<_>, _>>()
    })?;
    let text = groups.iter().map(Group::markdown).collect::<Vec<_>>().join("\n");
    println!("\n{text}");
    let failures: Vec<_> =
        groups.iter().flat_map(|group| &group.rows).filter_map(|r| r.failure.clone()).collect();
    if failures.is_empty() {
        record::confirm("interop", &text)?;
        return Ok(Outcome::Passed);
    }
    for group in &groups {
        if group.rows.iter().any(|row| row.failure.is_some()) {
            println!("{}", group.logs);
        }
    }
    Err(failures.join("\n"))
}

/// What every driver needs.
pub(super) struct Bench {
    pub(super) node: Node,
    pub(super) python: PathBuf,
    pub(super) todos: PathBuf,
    pub(super) directory: PathBuf,
}

impl Bench {
    /// Builds and installs, at once.
    fn prepare() -> Result<Self, String> {
        let folder = root().join("interop");
        let (todos, python, node) = thread::scope(|scope| {
            let todos = scope.spawn(|| program::example("todos"));
            let python = scope.spawn(|| toolbox::python(&folder.join("requirements.txt")));
            let node = toolbox::npm_ci(&folder).and_then(|()| toolbox::node());
            let panicked = || "an installing thread panicked".to_owned();
            let todos = todos.join().unwrap_or_else(|_| Err(panicked()));
            (todos, python.join().unwrap_or_else(|_| Err(panicked())), node)
        });
        Ok(Self { node: node?, python: python?, todos: todos?, directory: fresh("interop")? })
    }

    /// An authorization server of another project, and the example that trusts only it.
    fn foreign_server(&self, by: Issuer, name: &str, lifetime: &str) -> Result<Foreign, String> {
        let (process, issuer, key) = self.foreign_issuer(by, name, lifetime)?;
        let server = self.trusting(name, &issuer, BY_SECRET, SERVER_SECRET, "off")?;
        Ok(Foreign { server, process, issuer, key })
    }

    /// An authorization server of another project: its process, who it says it is, and the key of `todos-with-a-key`.
    pub(super) fn foreign_issuer(
        &self,
        by: Issuer,
        name: &str,
        lifetime: &str,
    ) -> Result<(Process, String, String), String> {
        let folder = root().join("interop");
        let mut command = match by {
            Issuer::OidcProvider => with_arguments(self.node.command(&folder), "issuer.mjs"),
            Issuer::Authlib => with_arguments(Command::new(&self.python), "issuer.py"),
        };
        command.current_dir(&folder).env("LIFETIME", lifetime);
        let mut process = Process::start(&format!("{name}-issuer"), &self.directory, &mut command)?;
        let (issuer, key) = process.wait_for(issuer_in)?;
        Ok((process, issuer, key))
    }

    /// The example that trusts only this issuer, with `dpop` for tokens that are bound to a key.
    pub(super) fn bound_server(&self, name: &str, issuer: &str, dpop: &str) -> Result<Server, String> {
        self.trusting(name, issuer, BY_SECRET, SERVER_SECRET, dpop)
    }

    /// The example that trusts only this issuer and asks it about opaque tokens as `client`, whose secret or key is `secret`.
    fn trusting(
        &self,
        name: &str,
        issuer: &str,
        client: &str,
        secret: &str,
        dpop: &str,
    ) -> Result<Server, String> {
        let mut command = program::started_in(&self.directory.join(name), &self.todos)?;
        let asked = format!("introspection={{ {client}, cache_ttl=\"1s\", negative_ttl=\"0s\" }}");
        command.env("MCP_ISSUER__ENABLED", "false").env("INTEROP_SECRET", secret).env(
            "MCP_AUTH__ISSUERS",
            format!("[{{ issuer=\"{issuer}\", dpop=\"{dpop}\", {FOREIGN_RULES}, {asked} }}]"),
        );
        Server::start(name, &self.directory, &mut command)
    }

    /// Runs one driver to its end.
    pub(super) fn drive(
        &self,
        name: &str,
        label: String,
        command: &mut Command,
        columns: &[&str],
    ) -> Result<(Row, String), String> {
        let mut process = Process::start(name, &self.directory, command)?;
        let status = process.wait(LIMIT)?;
        let success = status.is_some_and(|status| status.success());
        let row = Row::new(label, &process.log(), success, columns);
        let ended = status.map_or_else(|| format!("killed after {} s", LIMIT.as_secs()), |s| s.to_string());
        // A driver that went well has nothing to add to one that did not.
        let log = if row.failure.is_some() { format!("{}({ended})\n", process.end()) } else { String::new() };
        Ok((row, log))
    }
}

/// An authorization server of another project.
#[derive(Clone, Copy)]
pub(super) enum Issuer {
    /// `issuer.mjs`, on Node.js.
    OidcProvider,
    /// `issuer.py`, in Python.
    Authlib,
}

/// A server and the authorization server it trusts.
struct Foreign {
    server: Server,
    process: Process,
    issuer: String,
    /// The private key of the client `todos-with-a-key`, a JWK.
    key: String,
}

impl Foreign {
    fn logs(&self) -> String {
        format!("{}\n{}", self.server.end(), self.process.end())
    }
}

/// The line in which `issuer.mjs` or `issuer.py` says who it is, and which key it made for a server.
fn issuer_in(log: &str) -> Option<(String, String)> {
    let lines = log.split_inclusive('\n').filter(|line| line.ends_with('\n'));
    let mut values = lines.filter_map(|line| serde_json::from_str::<Value>(line).ok());
    values.find_map(|value| Some((value["issuer"].as_str()?.to_owned(), value["key"].to_string())))
}

/// Rows that belong together.
pub(super) struct Group {
    pub(super) title: String,
    pub(super) first: &'static str,
    /// The steps, where all rows have the same; otherwise each step becomes a separate row.
    pub(super) columns: &'static [&'static str],
    pub(super) rows: Vec<Row>,
    pub(super) logs: String,
}

impl Group {
    fn markdown(&self) -> String {
        let table = if self.columns.is_empty() {
            let steps = self.rows.iter().flat_map(|row| &row.steps);
            let verdict = |ok| if ok { "ok" } else { "FAILED" }.to_owned();
            markdown(
                vec![self.first.to_owned(), "result".to_owned()],
                steps.map(|step| vec![step.name.clone(), verdict(step.ok)]).collect(),
            )
        } else {
            by_step(self.first, self.columns, &self.rows)
        };
        format!("**{}**\n\n{table}", self.title)
    }
}

/// How a client and an authorization server come to know each other.
#[derive(Clone, Copy)]
pub(super) enum By {
    /// Dynamic Client Registration.
    Dcr,
    /// A Client ID Metadata Document.
    Cimd,
    /// The authorization server's configuration: a client that authenticates with a secret.
    Known,
}

/// A client's way through the complete flow: whose client, which revision, and how it is known.
pub(super) type Flow = (Sdk, &'static str, By);

/// Each client on each revision, known in each way.
pub(super) fn every(sdks: &[Sdk], ways: &[By]) -> Vec<Flow> {
    let of = |&sdk: &Sdk| ways.iter().flat_map(move |&by| REVISIONS.map(|revision| (sdk, revision, by)));
    sdks.iter().flat_map(of).collect()
}

/// An official SDK.
#[derive(Clone, Copy)]
pub(super) enum Sdk {
    TypeScript,
    Python,
}

/// The official clients with oidc-provider.
fn foreign(bench: &Bench) -> Result<Group, String> {
    let foreign = bench.foreign_server(Issuer::OidcProvider, "foreign", FOREIGN_LIFETIME)?;
    let flows = every(&[Sdk::TypeScript, Sdk::Python], &[By::Dcr, By::Cimd]);
    let url = foreign.server.url();
    let target = Target { url: &url, skew: "0", group: "foreign", bound: None, columns: &FLOW };
    let (rows, logs) = flows_against(bench, &target, &flows)?;
    let title = format!("`examples/todos` with {}", Issuer::OidcProvider.label()?);
    Ok(Group { title, first: "client", columns: &FLOW, rows, logs: format!("{logs}\n{}", foreign.logs()) })
}

fn oidc_providers_tokens(bench: &Bench) -> Result<Group, String> {
    tokens(bench, Issuer::OidcProvider, "tokens")
}

/// A second opinion, by code that shares nothing with the first.
fn authlibs_tokens(bench: &Bench) -> Result<Group, String> {
    tokens(bench, Issuer::Authlib, "second")
}

/// What an issuer's tokens are worth, one by one.
fn tokens(bench: &Bench, by: Issuer, name: &str) -> Result<Group, String> {
    let foreign = bench.foreign_server(by, name, "300")?;
    let mut command = bench.node.command(&root().join("interop"));
    let by_key = r#"client_id="todos-with-a-key", private_key="env:INTEROP_SECRET""#;
    let keyed = bench.trusting(&format!("{name}-keyed"), &foreign.issuer, by_key, &foreign.key, "off")?;
    let (url, keyed_url) = (foreign.server.url(), keyed.url());
    command.args(["tokens.mjs", "--url", &url, "--keyed-url", &keyed_url, "--issuer", &foreign.issuer]);
    command.args(["--algs", by.algorithms()]);
    let (row, log) = bench.drive(&format!("{name}-driver"), "tokens".to_owned(), &mut command, &[])?;
    let title = format!("Access tokens of {}, on both eras", by.label()?);
    let logs = format!("{log}\n{}\n{}", keyed.end(), foreign.logs());
    Ok(Group { title, first: "token", columns: &[], rows: vec![row], logs })
}

/// Where flows go.
pub(super) struct Target<'a> {
    pub(super) url: &'a str,
    /// How long after `exp` the server takes a token, in seconds.
    pub(super) skew: &'a str,
    /// What their logs are called.
    pub(super) group: &'a str,
    /// Where the client has a key to bind its tokens to: `auth.issuers[].dpop` of the server, empty with the built-in issuer.
    pub(super) bound: Option<&'a str>,
    /// The steps of a flow: more than [`FLOW`] where people log in elsewhere.
    pub(super) columns: &'static [&'static str],
}

/// Every flow against one server, all at once.
pub(super) fn flows_against(
    bench: &Bench,
    target: &Target<'_>,
    flows: &[Flow],
) -> Result<(Vec<Row>, String), String> {
    let &Target { url, skew, group, bound, columns } = target;
    let folder = root().join("interop");
    let one = |&(sdk, revision, by): &Flow| {
        let (name, mut command) = match sdk {
            Sdk::TypeScript => ("typescript", with_arguments(bench.node.command(&folder), "client.mjs")),
            Sdk::Python => ("python", with_arguments(Command::new(&bench.python), "client.py")),
        };
        let way = by.argument();
        let of = [("--url", url), ("--revision", revision), ("--registration", way), ("--skew", skew)];
        command
            .current_dir(&folder)
            .env("NODE", bench.node.executable())
            .env("INTEROP_SECRET", SERVER_SECRET);
        command.args(of.iter().flat_map(|&(option, value)| [option, value]));
        if columns.len() > FLOW.len() {
            // A person each: what one takes back at the end is not another one's.
            command.args(["--login", "elsewhere"]).env("PERSON", format!("{name}-{revision}-{way}"));
        }
        let mut label = format!("{}, {revision}, {}", sdk.label()?, by.label());
        if let Some(dpop) = bound {
            command.args(["--tokens", "dpop"]);
            match dpop {
                "" => drop(command.args(["--challenges", "Bearer"])),
                mode => label += &format!(", dpop = \"{mode}\""),
            }
        }
        bench.drive(&format!("{group}-{name}-{revision}-{way}"), label, &mut command, columns)
    };
    let ran = thread::scope(|scope| {
        let threads: Vec<_> = flows.iter().map(|flow| scope.spawn(move || one(flow))).collect();
        let join = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err("panicked".into()))
        };
        threads.into_iter().map(join).collect::<Result<Vec<(Row, String)>, String>>()
    })?;
    let (rows, logs): (Vec<_>, Vec<_>) = ran.into_iter().unzip();
    Ok((rows, logs.join("\n")))
}

impl Issuer {
    pub(super) fn label(self) -> Result<String, String> {
        match self {
            Self::OidcProvider => Ok(format!("oidc-provider {}", version("oidc-provider")?)),
            Self::Authlib => Ok(format!("Authlib {}", pinned_python("Authlib")?)),
        }
    }

    /// What it can sign access tokens with, of what it is asked for.
    fn algorithms(self) -> &'static str {
        match self {
            Self::OidcProvider => "RS256,ES256,EdDSA",
            Self::Authlib => "RS256,ES256",
        }
    }
}

impl By {
    /// What the drivers call it.
    pub(super) fn argument(self) -> &'static str {
        match self {
            Self::Dcr => "dcr",
            Self::Cimd => "cimd",
            Self::Known => "known",
        }
    }

    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Dcr => "DCR",
            Self::Cimd => "CIMD",
            Self::Known => "pre-registered",
        }
    }
}

impl Sdk {
    pub(super) fn label(self) -> Result<String, String> {
        match self {
            Self::TypeScript => Ok(format!("TypeScript SDK {}", version("@modelcontextprotocol/client")?)),
            Self::Python => Ok(format!("Python SDK {}", pinned_python("mcp")?)),
        }
    }
}

pub(super) fn with_arguments(mut command: Command, script: &str) -> Command {
    command.arg(script);
    command
}

/// The version of an npm package that `interop/package.json` names.
pub(crate) fn version(package: &str) -> Result<String, String> {
    let manifest = read("interop/package.json")?;
    let manifest: Value =
        serde_json::from_str(&manifest).map_err(|e| format!("interop/package.json: {e}"))?;
    let version = manifest["dependencies"][package].as_str();
    version.map(str::to_owned).ok_or_else(|| format!("interop/package.json: no {package}"))
}

/// The version of a Python package that `interop/requirements.txt` names.
fn pinned_python(package: &str) -> Result<String, String> {
    let requirements = read("interop/requirements.txt")?;
    let mut pins = requirements.lines().filter_map(|line| line.split_once("=="));
    let found = pins.find(|(name, _)| *name == package).map(|(_, version)| version.to_owned());
    found.ok_or_else(|| format!("interop/requirements.txt: no {package}"))
}

fn read(file: &str) -> Result<String, String> {
    fs::read_to_string(root().join(Path::new(file))).map_err(|error| format!("{file}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_installed_is_pinned_exactly() {
        let manifest: Value = serde_json::from_str(&read("interop/package.json").unwrap()).unwrap();
        for (package, version) in manifest["dependencies"].as_object().unwrap() {
            let version = version.as_str().unwrap();
            assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{package} {version}");
        }
        for package in ["mcp", "Authlib"] {
            assert!(pinned_python(package).unwrap().starts_with(|c: char| c.is_ascii_digit()), "{package}");
        }
    }

    #[test]
    fn an_issuer_is_read_once_its_line_is_whole() {
        let line = "{\"issuer\":\"http://127.0.0.1:1\",\"key\":{\"kty\":\"EC\"}}";
        assert_eq!(issuer_in(&format!("WARNING x\n{line}")), None);
        let (issuer, key) = issuer_in(&format!("WARNING x\n{line}\n")).unwrap();
        assert_eq!((&*issuer, &*key), ("http://127.0.0.1:1", "{\"kty\":\"EC\"}"));
    }
}
