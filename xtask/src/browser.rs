//! A person's login at the todos example in a real browser: `interop/browser/consent.mjs` drives Chromium through it.

use crate::example;
use crate::process::{Server, fresh};
use crate::step::{Outcome, root, succeed};
use crate::toolbox;

pub(crate) fn check() -> Result<Outcome, String> {
    let driver = root().join("interop/browser");
    let chromium = toolbox::chromium()?;
    let node = toolbox::node()?;
    toolbox::npm_ci(&driver)?;
    let (screenshots, files) = (fresh("browser")?, fresh("xtask-browser")?);

    let executable = example::build("todos")?;
    let start = |name: &str, arguments: &[&str]| {
        let mut command = example::started_in(&files.join(name), &executable)?;
        Server::start(name, &screenshots, command.args(arguments))
    };
    let todos = start("todos", &[])?;
    let hostile = start("hostile", &["--config", &driver.join("hostile.toml").to_string_lossy()])?;
    let mut consent = node.command(&driver);
    consent.args(["consent.mjs", &todos.origin(), &hostile.origin()]).arg(chromium).arg(&screenshots);
    succeed(&mut consent)?;
    Ok(Outcome::Passed)
}
