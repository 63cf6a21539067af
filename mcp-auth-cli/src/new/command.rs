//! The command: asks, and writes the project.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use mcp_auth_runtime::config::provider::ProviderName;

use super::answers::{self, Given, LoginAt, Transport};
use super::checkout;
use super::name::ProjectName;
use super::template::Template;
use crate::Failure;
use crate::terminal::{STRONG, Terminal, shown, shown_lines, styled};

/// Starts a project of your own from the template.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// What it is called: lower-case words, all joined by "-" or all by "_".
    name: ProjectName,
    /// What it is, in a sentence.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The provider of that issuer, as `mcp-auth providers` lists it [else oidc, which is any]
    #[arg(long, value_name = "NAME", value_parser = crate::providers::read)]
    provider: Option<ProviderName>,
    /// The issuer whose tokens count, exactly as they have it in iss [else the built-in issuer: no password here, for others with accounts]
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Where people log in at the built-in issuer, once it is for others [default: accounts]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["issuer", "provider"])]
    login: Option<LoginAt>,
    /// How clients reach it, unless it is told otherwise.
    #[arg(long)]
    transport: Option<Transport>,
    /// Keep the notes in SQLite, not in memory.
    #[arg(long)]
    sqlite: bool,
    /// Depend on this checkout of mcp-auth, not on its repository on GitHub.
    #[arg(long, value_name = "DIR")]
    mcp_auth_path: Option<PathBuf>,
    /// Where to make its directory.
    #[arg(long, value_name = "DIR", default_value = ".")]
    into: PathBuf,
    /// Ask nothing, as where standard input is not a terminal: what is not given takes its default.
    #[arg(long, short)]
    yes: bool,
}

pub(crate) fn run(arguments: Arguments, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let Arguments { name, description, provider, issuer, login, transport, sqlite, mcp_auth_path, into, yes } =
        arguments;
    let project = if into == Path::new(".") { name.as_str().into() } else { into.join(name.as_str()) };
    refuse_if_in_use(&project)?;
    let mcp_auth = mcp_auth_path.map(|checkout| checkout::dependency(&checkout, &into, name.as_str()));
    let mcp_auth = mcp_auth.transpose()?;

    let template = Template::built_in()?;
    let given = Given { description, provider, issuer, login, transport, sqlite: sqlite.then_some(true) };
    let answers = if yes || !io::IsTerminal::is_terminal(&io::stdin()) {
        answers::defaults(&template.questions, given)?
    } else {
        answers::ask(&template.questions, given, &mut io::stdin().lock(), &mut anstream::stderr().lock())?
    };

    for (file, text) in template.render(&name, &answers, mcp_auth.as_deref())? {
        write(&project.join(file), &text)?;
    }
    if let Some(note) = version_control(&project) {
        terminal.note(shown_lines(&note));
    }
    if let Some(note) = workspace(&project) {
        terminal.note(shown(&note));
    }
    terminal.line(format_args!("{} is ready", styled(STRONG, shown(&project.display().to_string()))));
    let next = format!("next: cd {}, and what README.md says under First run", project.display());
    terminal.note(shown(&next));
    Ok(ExitCode::SUCCESS)
}

/// No file is overwritten: the project's directory must not exist, or must be empty.
fn refuse_if_in_use(project: &Path) -> Result<(), Failure> {
    match fs::read_dir(project).map(|mut entries| entries.next().is_none()) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Ok(true) => Ok(()),
        Ok(false) => Err(format!(
            "{} exists and is not empty: choose another name, or another place with --into",
            project.display()
        )
        .into()),
        Err(error) => Err(format!("{} cannot be used: {error}", project.display()).into()),
    }
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(file, text));
    written.map_err(|error| format!("{} cannot be written: {error}", file.display()).into())
}

/// Makes the project a git repository unless it is inside one, as `cargo new` does; returns a note if that failed.
fn version_control(project: &Path) -> Option<String> {
    let project = project.canonicalize().ok()?;
    if project.ancestors().any(|directory| directory.join(".git").exists()) {
        return None;
    }
    match Command::new("git").args(["init", "--quiet"]).current_dir(&project).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Some(format!("not under version control: `git init` failed: {told}"))
        }
        Err(error) => Some(format!("not under version control: `git` did not start: {error}")),
    }
}

/// A note if the project is inside a workspace that does not list it, which cargo refuses.
fn workspace(project: &Path) -> Option<String> {
    let project = project.canonicalize().ok()?;
    let manifests = project.ancestors().skip(1).map(|directory| directory.join("Cargo.toml"));
    let mut workspaces = manifests.filter(|manifest| {
        fs::read_to_string(manifest)
            .is_ok_and(|text| text.lines().any(|line| line.trim_start().starts_with("[workspace")))
    });
    let manifest = workspaces.next()?;
    let directory = project.strip_prefix(manifest.parent()?).ok()?;
    Some(format!(
        "cargo will want \"{}\" in `members` or `exclude` of the workspace around it: {}",
        directory.display(),
        manifest.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_new_or_empty_may_be_used() {
        let here = tempfile::tempdir().unwrap();
        assert!(refuse_if_in_use(&here.path().join("new")).is_ok());
        assert!(refuse_if_in_use(here.path()).is_ok());
    }

    #[test]
    fn a_directory_that_holds_something_and_a_file_may_not() {
        let here = tempfile::tempdir().unwrap();
        fs::write(here.path().join("precious"), "").unwrap();
        let told = refuse_if_in_use(here.path()).unwrap_err().to_string();
        assert!(told.contains("exists and is not empty"), "{told}");
        assert!(refuse_if_in_use(&here.path().join("precious")).is_err());
    }

    #[test]
    fn a_workspace_around_it_is_named_and_a_package_around_it_is_not() {
        let here = tempfile::tempdir().unwrap();
        let project = here.path().join("servers/notes");
        fs::create_dir_all(&project).unwrap();
        fs::write(here.path().join("Cargo.toml"), "[package]\nname = \"a\"\n").unwrap();
        assert_eq!(workspace(&project), None);
        fs::write(here.path().join("Cargo.toml"), "[workspace]\nmembers = []\n").unwrap();
        let told = workspace(&project).unwrap();
        assert!(told.contains("\"servers/notes\""), "{told}");
    }
}
