//! Runs each page by itself.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::page::{Block, Page};
use super::{program, script};
use crate::cargo::dev_profile;
use crate::program::{binary, example};
use crate::step::{Outcome, available, command, root};

pub(crate) fn check() -> Result<Outcome, String> {
    let shell = match Shell::find() {
        Ok(shell) => shell,
        Err(why) => return Ok(Outcome::Skipped(why)),
    };
    binary("mcp-auth")?;
    example("todos")?;
    let directory = std::env::temp_dir().join(format!("mcp-auth-book-{}", std::process::id()));
    let ran = pages()?.iter().try_for_each(|page| run(page, shell, &directory));
    let removed = match fs::remove_dir_all(&directory) {
        Err(error) if directory.exists() => Err(format!("{}: {error}", directory.display())),
        _ => Ok(()),
    };
    let missing = ran.and_then(|()| program::check(shell))?;
    removed?;
    if missing.is_empty() {
        return Ok(Outcome::Passed);
    }
    Ok(Outcome::Skipped(format!(
        "every command passed; the configuration of these was not looked at: {missing}"
    )))
}

/// What is read besides the book.
const OTHERS: [&str; 4] =
    ["README.md", "CONTRIBUTING.md", "examples/conformance/README.md", "examples/todos/README.md"];

/// README and the pages of the book, those that have something to run.
fn pages() -> Result<Vec<Page>, String> {
    let source = root().join("docs/src");
    let entries = fs::read_dir(&source).map_err(|error| format!("{}: {error}", source.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "md"));
    files.sort();
    files.splice(0..0, OTHERS.map(|name| root().join(name)));
    let mut pages = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let name = file.strip_prefix(root()).unwrap_or(&file).display().to_string();
        pages.push(Page::read(&name, &text)?);
    }
    pages.retain(|page| !page.blocks.is_empty());
    Ok(pages)
}

/// How blocks are run here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shell {
    /// With separate processes and a separate loopback interface.
    Apart,
    /// Among the other processes of the machine.
    Here,
}

impl Shell {
    const UNSHARE: [&str; 6] = ["--net", "--mount", "--map-root-user", "--pid", "--fork", "--kill-child"];

    /// What there is, or what is missing.
    fn find() -> Result<Self, String> {
        if !cfg!(target_os = "linux") {
            return Err("only on Linux the browser can be another program".to_owned());
        }
        let needed = ["bash", "curl", "git"].iter().find(|program| !available(program, &["--version"]));
        if let Some(program) = needed {
            return Err(format!("no {program} here"));
        }
        let loopback = [&Self::UNSHARE[..], &["ip", "link", "set", "lo", "up"]].concat();
        if available("unshare", &loopback) {
            return Ok(Self::Apart);
        }
        let free = std::net::TcpListener::bind("127.0.0.1:8080");
        free.map(|_| Self::Here).map_err(|error| format!("cannot listen on port 8080: {error}"))
    }

    pub(super) fn command(self, script: &Path) -> Command {
        match self {
            Self::Here => {
                let mut bash = command("bash");
                bash.arg(script);
                bash
            }
            Self::Apart => {
                let mut unshare = command("unshare");
                unshare
                    .args(Self::UNSHARE)
                    .args(["bash", "-c", "ip link set lo up && exec bash \"$0\" \"$@\""])
                    .arg(script);
                unshare
            }
        }
    }
}

fn run(page: &Page, shell: Shell, directory: &Path) -> Result<(), String> {
    println!("$ bash ({}, {} blocks)", page.name, page.blocks.len());
    let directory = directory.join(page.name.replace(['/', '.'], "-"));
    let write = |name: &str, text: &str| {
        fs::write(directory.join(name), text).map_err(|error| format!("{name}: {error}"))
    };
    for folder in ["elsewhere", ".cargo"] {
        fs::create_dir_all(directory.join(folder))
            .map_err(|error| format!("{}: {error}", directory.display()))?;
    }
    for (number, block) in page.blocks.iter().enumerate() {
        write(&format!("{number}.sh"), &block.text)?;
    }
    write(".cargo/config.toml", &dev_profile()?)?;
    write("page.sh", &script::of(page, root(), &directory))?;
    write("xdg-open", script::PERSON)?;
    fs::set_permissions(directory.join("xdg-open"), fs::Permissions::from_mode(0o755))
        .map_err(|error| format!("xdg-open: {error}"))?;
    let path = std::env::var("PATH").unwrap_or_default();
    let ended = shell
        .command(&directory.join("page.sh"))
        .env(
            "PATH",
            format!("{0}/installed/bin:{0}:{1}/target/debug:{path}", directory.display(), root().display()),
        )
        .env("GIT_CONFIG_COUNT", "1")
        .env("GIT_CONFIG_KEY_0", format!("url.file://{}.insteadOf", root().display()))
        .env("GIT_CONFIG_VALUE_0", "https://github.com/mcp-auth/mcp-auth")
        .env("MCP_AUTH_KEEP", "file")
        .env("XDG_STATE_HOME", directory.join("kept"))
        .env("TODOS_DB", directory.join("todos.db"))
        .env("CARGO_TARGET_DIR", root().join("target"))
        .env("CARGO_NET_OFFLINE", "true")
        .env("NO_COLOR", "1")
        .status()
        .map_err(|error| format!("bash did not start: {error}"))?;
    let output = |number: usize| {
        fs::read(directory.join(format!("{number}.out")))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    };
    if !ended.success() {
        let last = fs::read_to_string(directory.join("current")).unwrap_or_default();
        let block =
            last.trim().parse().ok().and_then(|number: usize| Some((number, page.blocks.get(number)?)));
        return Err(match block {
            Some((number, Block { line, .. })) => {
                format!("{}:{line}: this block ended with {ended}:\n{}", page.name, output(number))
            }
            None => format!("{}: nothing was run: {ended}", page.name),
        });
    }
    for (number, block) in page.blocks.iter().enumerate() {
        block.printed(&output(number)).map_err(|why| format!("{}:{}: {why}", page.name, block.line))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readme_and_the_book_have_blocks_to_run() {
        let pages = pages().unwrap();
        assert!(pages.iter().any(|page| page.name == "README.md"));
        for name in OTHERS.into_iter().chain(["docs/src/without-a-browser.md"]) {
            assert!(pages.iter().any(|page| page.name == name), "{name}");
        }
        assert!(pages.iter().flat_map(|page| &page.blocks).any(|block| block.prints.is_some()));
    }
}
