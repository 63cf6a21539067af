//! How it is weighed.

use std::collections::BTreeSet;
use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::project::{Project, Start};
use crate::process::Running;

/// How often each program is started.
const STARTS: usize = 11;
/// Longer than any start takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// What was measured of a project.
pub(super) struct Weight {
    pub(super) name: &'static str,
    /// Crates that are compiled for it, itself included.
    pub(super) crates: usize,
    /// A build from nothing on this machine, and the user and system time of all its processes.
    pub(super) build: Option<(Duration, Duration)>,
    /// Bytes of the program.
    pub(super) size: u64,
    /// From its start until it accepts a connection: the median.
    pub(super) start: Option<Duration>,
}

pub(super) fn weigh(project: &Project) -> Result<Weight, String> {
    let target = project.directory.join("target/weighed");
    if target.exists() && !project.is_built_on {
        fs::remove_dir_all(&target).map_err(|error| format!("{}: {error}", target.display()))?;
    }
    let build = Some(build(project, &target)?).filter(|_| !project.is_built_on);
    let program = target.join("release").join(format!("{}{}", project.program, std::env::consts::EXE_SUFFIX));
    let size = fs::metadata(&program).map_err(|error| format!("{}: {error}", program.display()))?.len();
    let start = match project.start {
        Start::Never => None,
        start => Some(median_start(&program, start)?),
    };
    Ok(Weight { name: project.name, crates: crates(project)?, build, size, start })
}

/// Builds it from nothing. The shell's `times` says what its processes used.
fn build(project: &Project, target: &Path) -> Result<(Duration, Duration), String> {
    let mut shell = Command::new("sh");
    shell.current_dir(&project.directory).env("CARGO_TARGET_DIR", target).env("CARGO_INCREMENTAL", "0");
    shell.args(["-c", "cargo build --release \"$@\" >&2 && times", "sh"]).args(project.flags);
    println!("$ cargo build --release {}   # {}", project.flags.join(" "), project.name);
    let begun = Instant::now();
    let output = shell.stderr(Stdio::inherit()).output().map_err(|error| format!("sh: {error}"))?;
    if !output.status.success() {
        return Err(format!("{} was not built", project.name));
    }
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    let cpu = children(&told).ok_or_else(|| format!("`times` said {told:?}"))?;
    Ok((begun.elapsed(), cpu))
}

/// The second line of `times` (POSIX): user and system time of the children, each as `3m1.25s`.
fn children(times: &str) -> Option<Duration> {
    let mut all = Duration::ZERO;
    for time in times.lines().nth(1)?.split_whitespace() {
        let (minutes, seconds) = time.strip_suffix('s')?.split_once('m')?;
        let seconds: f64 = seconds.replace(',', ".").parse().ok()?;
        all += Duration::from_secs(minutes.parse::<u64>().ok()? * 60) + Duration::from_secs_f64(seconds);
    }
    Some(all)
}

/// How many crates are compiled for it.
fn crates(project: &Project) -> Result<usize, String> {
    let mut tree = Command::new("cargo");
    tree.current_dir(&project.directory).args(["tree", "--edges", "normal,build", "--prefix", "none"]);
    tree.args(project.flags);
    let output = tree.output().map_err(|error| format!("cargo tree: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let crates: BTreeSet<_> =
        text.lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect();
    if crates.is_empty() {
        Err(String::from_utf8_lossy(&output.stderr).into_owned())
    } else {
        Ok(crates.len())
    }
}

fn median_start(program: &Path, start: Start) -> Result<Duration, String> {
    let mut times = (0..STARTS).map(|_| started(program, start)).collect::<Result<Vec<_>, _>>()?;
    times.sort_unstable();
    Ok(times[STARTS / 2])
}

/// From the start of the program until it accepts a connection.
fn started(program: &Path, start: Start) -> Result<Duration, String> {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
    let port = free.map_err(|error| format!("no free port: {error}"))?.port();
    let mut command = Command::new(program);
    match start {
        Start::Listen => command.args(["--listen", &format!("127.0.0.1:{port}")]),
        Start::Argument | Start::Never => command.arg(port.to_string()),
    };
    // Beside the project's `mcp.toml`.
    let project = program.ancestors().nth(4).unwrap_or(program);
    command.current_dir(project).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut running = Running::start("the server", &mut command)?;
    loop {
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(begun.elapsed());
        }
        if running.wait(Duration::ZERO)?.is_some() || begun.elapsed() > PATIENCE {
            return Err(format!("{} did not listen", program.display()));
        }
        sleep(Duration::from_micros(200));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_a_build_is_that_of_its_processes() {
        let told = "0m0.00s 0m0.01s\n9m1.50s 0m30.25s\n";
        assert_eq!(children(told), Some(Duration::from_millis(571_750)));
        assert_eq!(children("0m0,00s 0m0,01s\n0m1,50s 0m0,50s\n"), Some(Duration::from_secs(2)));
        assert_eq!(children("0m0.00s 0m0.01s\n"), None);
        assert_eq!(children("a\nb c\n"), None);
    }
}
