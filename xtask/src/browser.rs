//! A person's login at the todos example in a real browser: `interop/browser/consent.mjs`, `connect.mjs` and `passkeys.mjs` drive Chromium through it.

use std::path::Path;
use std::process::Command;

use crate::process::{Server, fixed_port, fresh};
use crate::program;
use crate::step::{Outcome, root, succeed};
use crate::toolbox;

/// What the store of the accounts is encrypted with.
const STORE_KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
/// How many people `passkeys.mjs` needs.
const PEOPLE: usize = 5;

pub(crate) fn check() -> Result<Outcome, String> {
    let driver = root().join("interop/browser");
    let chromium = toolbox::chromium()?;
    let node = toolbox::node()?;
    toolbox::npm_ci(&driver)?;
    let (screenshots, files) = (fresh("browser")?, fresh("xtask-browser")?);

    let executable = program::example("todos")?;
    let start = |name: &str, arguments: &[&str]| {
        let mut command = program::started_in(&files.join(name), &executable)?;
        Server::start(name, &screenshots, command.args(arguments))
    };
    let todos = start("todos", &[])?;
    let hostile = start("hostile", &["--config", &driver.join("hostile.toml").to_string_lossy()])?;
    let mut consent = node.command(&driver);
    consent.args(["consent.mjs", &todos.origin(), &hostile.origin()]).arg(&chromium).arg(&screenshots);
    succeed(&mut consent)?;

    let branded = start("branded", &["--config", &driver.join("branded.toml").to_string_lossy()])?;
    let mut connect = node.command(&driver);
    connect.args(["connect.mjs", &todos.origin(), &branded.origin()]).arg(&chromium).arg(&screenshots);
    succeed(&mut connect)?;

    let directory = files.join("passkeys");
    let config = driver.join("passkeys.toml");
    let port = fixed_port()?;
    // Authenticators take no IP address.
    let origin = format!("http://localhost:{port}");
    let store = format!("sqlite:{}", directory.join("accounts.db").display());
    let with_accounts = |command: &mut Command| {
        command.env("STORE_URL", &store).env("STORE_KEY", STORE_KEY);
        command.env("MCP_SERVER__PUBLIC_URL", format!("{origin}/mcp"));
        command.arg("--config").arg(&config);
    };
    let mut server = program::started_in(&directory, &executable)?;
    with_accounts(&mut server);
    let _server = Server::start_at("passkeys", &screenshots, &mut server, port)?;
    let links = people(&directory, with_accounts)?;
    let mut passkeys = node.command(&driver);
    passkeys.args(["passkeys.mjs", &origin]).arg(&chromium).arg(&screenshots).args(links);
    succeed(&mut passkeys)?;
    Ok(Outcome::Passed)
}

/// Makes accounts: the links by which their people set a password.
fn people(directory: &Path, configured: impl Fn(&mut Command)) -> Result<Vec<String>, String> {
    let mcp_auth = program::binary("mcp-auth")?;
    let add = |number| {
        let mut add = Command::new(&mcp_auth);
        add.args(["issuer", "user"]);
        configured(&mut add);
        let added = add.args(["add", &format!("person{number}")]).current_dir(directory).output();
        let added = added.map_err(|error| format!("mcp-auth did not start: {error}"))?;
        match added.status.success() {
            true => Ok(String::from_utf8_lossy(&added.stdout).trim().to_owned()),
            false => Err(format!("no account was made: {}", String::from_utf8_lossy(&added.stderr))),
        }
    };
    (0..PEOPLE).map(add).collect()
}
