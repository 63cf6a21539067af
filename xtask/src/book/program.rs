//! The configuration of other programs that the book shows: nginx and Caddy in front of the todos example, with TLS, and
//! systemd's unit. Each is taken from the page as it stands, and used where its program is installed.

use std::ffi::OsStr;
use std::fs;

use super::check::Shell;
use super::page;
use crate::step::{available, root};

const PAGE: &str = "docs/src/deploy.md";

/// A program, how to see whether it is here, and the language of its block.
const PROGRAMS: [(&str, &str, &str); 3] = [
    ("nginx", "-v", "```nginx"),
    ("caddy", "version", "```caddyfile"),
    ("systemd-analyze", "--version", "```ini"),
];

/// Looks at the configuration of each program that is installed; the names of the others.
pub(super) fn check(shell: Shell) -> Result<String, String> {
    let text = fs::read_to_string(root().join(PAGE)).map_err(|error| format!("{PAGE}: {error}"))?;
    let directory = root().join("target/book");
    let failed = |error| format!("{}: {error}", directory.display());
    if directory.exists() {
        fs::remove_dir_all(&directory).map_err(failed)?;
    }
    fs::create_dir_all(&directory).map_err(failed)?;
    let script = directory.join("program.sh");
    fs::write(&script, include_str!("program.sh")).map_err(failed)?;
    let mut missing = Vec::new();
    for (program, asked, fence) in PROGRAMS {
        let block = page::only(&text, fence).ok_or_else(|| format!("{PAGE}: there is not one {fence}"))?;
        if !available(program, &[asked]) || shell == Shell::Here {
            missing.push(program);
            continue;
        }
        println!("$ {program} ({PAGE})");
        let own = directory.join(program);
        fs::create_dir(&own).and_then(|()| fs::write(own.join("printed"), block)).map_err(failed)?;
        let output = shell
            .command(&script)
            .args([OsStr::new(program), own.as_os_str(), root().as_os_str()])
            .output()
            .map_err(|error| format!("bash did not start: {error}"))?;
        if !output.status.success() {
            let said = [output.stdout, output.stderr].concat();
            return Err(format!("{PAGE}: {program}: {}\n{}", output.status, String::from_utf8_lossy(&said)));
        }
    }
    Ok(missing.join(", "))
}
