//! A person's login at the todos example in a real browser: `interop/browser/consent.mjs` drives Chromium through it.

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::smoke::http::{free_address, wait_until_healthy};
use crate::smoke::{Example, Running};
use crate::step::{Outcome, root, succeed};
use crate::toolbox;

pub(crate) fn check() -> Result<Outcome, String> {
    let driver = root().join("interop/browser");
    let chromium = toolbox::chromium()?;
    let node = toolbox::node()?;
    toolbox::npm_ci(&driver)?;
    let screenshots = emptied(&root().join("target/browser"))?;

    let example = Example::build("xtask-browser")?;
    let (todos, _todos) = start(&example, "todos.log", &[])?;
    let hostile = driver.join("hostile.toml");
    let (hostile, _hostile) = start(&example, "hostile.log", &["--config", &hostile.to_string_lossy()])?;
    succeed(node.command(&driver).args(["consent.mjs", &todos, &hostile]).arg(chromium).arg(screenshots))?;
    Ok(Outcome::Passed)
}

/// Starts the example on a free port, its log in a file beside the screenshots; its URL, and the child that ends with
/// the check.
fn start(example: &Example, log: &str, arguments: &[&str]) -> Result<(String, Running), String> {
    let address = free_address()?;
    let listen = address.to_string();
    let arguments = [&["--listen", listen.as_str()], arguments].concat();
    let path = root().join("target/browser").join(log);
    let failed = |error| format!("{}: {error}", path.display());
    let log = File::create(&path).map_err(failed)?;
    let mut command = example.command(&arguments);
    command.stderr(log.try_clone().map_err(failed)?).stdout(log);
    let mut running = Running::start(&mut command)?;
    wait_until_healthy(address, &mut running)?;
    Ok((format!("http://{address}"), running))
}

/// `directory`, without the screenshots of the last run.
fn emptied(directory: &Path) -> Result<PathBuf, String> {
    let failed = |error| format!("{}: {error}", directory.display());
    if directory.exists() {
        std::fs::remove_dir_all(directory).map_err(failed)?;
    }
    std::fs::create_dir_all(directory).map_err(failed)?;
    Ok(directory.to_owned())
}
