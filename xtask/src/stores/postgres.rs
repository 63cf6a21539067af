//! A PostgreSQL server.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use crate::process::free_port;
use crate::toolbox;

/// A PostgreSQL server. It refuses to run as root, so there it runs as a user of its own.
pub(super) struct Postgres {
    programs: PathBuf,
    directory: PathBuf,
    /// Where its database is.
    pub(super) url: String,
}

impl Postgres {
    pub(super) fn start() -> Result<Self, String> {
        let programs = toolbox::postgres()?;
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        // Not below `target`: the other user may not be able to go there.
        let name = format!("mcp-auth-postgres-{}-{}", std::process::id(), since.as_millis());
        let directory = std::env::temp_dir().join(name);
        let port = free_port()?;
        let password = format!("{:x}", since.as_nanos());
        let postgres = Self {
            programs,
            directory,
            url: format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres"),
        };
        let data = postgres.directory.join("data");
        let shown = |error: std::io::Error| format!("{}: {error}", postgres.directory.display());
        std::fs::create_dir(&postgres.directory).map_err(shown)?;
        let secret = postgres.directory.join("password");
        std::fs::write(&secret, &password).map_err(shown)?;
        if toolbox::is_root() {
            quietly(Command::new("chown").args(["-R", "postgres"]).arg(&postgres.directory))?;
        }
        let make = postgres
            .run("initdb")
            .args(["-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--pwfile"])
            .arg(&secret)
            .arg("-D")
            .arg(&data)
            .output();
        told("initdb", make)?;
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories= -c max_connections=300"
        );
        let log = postgres.directory.join("log");
        let start = postgres
            .run("pg_ctl")
            .args(["-w", "-o", &options, "-l"])
            .arg(&log)
            .arg("-D")
            .arg(&data)
            .arg("start")
            .status();
        match start {
            Ok(status) if status.success() => Ok(postgres),
            failed => {
                Err(format!("pg_ctl: {failed:?}: {}", std::fs::read_to_string(log).unwrap_or_default()))
            }
        }
    }

    /// The URL of a new and empty database of this name.
    pub(super) fn database(&self, name: &str) -> Result<String, String> {
        let statement = format!("CREATE DATABASE {name}");
        quietly(self.run("psql").args(["-q", "-c", &statement]).arg(&self.url))?;
        let (server, _) = self.url.rsplit_once('/').ok_or("a URL without a database")?;
        Ok(format!("{server}/{name}"))
    }

    /// One of its programs, as the user that it runs as.
    fn run(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = match toolbox::is_root() {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        command.current_dir(std::env::temp_dir());
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // It may never have started.
        let _ = self
            .run("pg_ctl")
            .args(["-m", "immediate", "-D"])
            .arg(self.directory.join("data"))
            .arg("stop")
            .output();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn quietly(command: &mut Command) -> Result<(), String> {
    let program = command.get_program().to_string_lossy().into_owned();
    told(&program, command.output())
}

fn told(program: &str, output: std::io::Result<std::process::Output>) -> Result<(), String> {
    match output {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "{program} ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(error) => Err(format!("{program} did not start: {error}")),
    }
}
