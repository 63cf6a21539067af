//! What README shows and what the book lets people run, held against a server: what is promised is what works.

use std::net::SocketAddr;

use crate::step::{available, command, expect, root};

/// The page whose block is run, and the line before it.
const PAGE: &str = "docs/src/without-a-browser.md";
const MARK: &str = "<!-- run: smoke -->";

/// The address README speaks of.
const ADDRESS: &str = "127.0.0.1:8080";

/// The challenge README shows for `add_todo` without a token is the one `server` sent.
pub(super) fn shows_challenge(server: SocketAddr, challenge: &str) -> Result<(), String> {
    let line = format!("\nwww-authenticate: {}\n", challenge.replace(&server.to_string(), ADDRESS));
    expect(
        text("README.md")?.contains(&line),
        "README.md to show the challenge for add_todo as it is",
        line.trim(),
    )
}

fn text(name: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(name)).map_err(|error| format!("{name}: {error}"))
}

/// Runs the block against `server`.
pub(super) fn login(server: SocketAddr) -> Result<(), String> {
    for program in ["bash", "curl"] {
        if !available(program, &["--version"]) {
            println!("the login of {PAGE} is not run: there is no {program} here");
            return Ok(());
        }
    }
    let page = text(PAGE)?;
    let script = block(&page).ok_or_else(|| format!("{PAGE} has no block after {MARK}"))?;
    println!("$ bash ({PAGE}, the block after {MARK})");
    let output = command("bash")
        .args(["-euo", "pipefail", "-c", script])
        .env("SERVER", format!("http://{server}"))
        .output()
        .map_err(|error| format!("bash did not start: {error}"))?;
    let shown =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    expect(output.status.success(), "the login to end with success", &shown)?;
    for part in ["insufficient_scope", "buy milk"] {
        expect(shown.contains(part), &format!("the login to show {part}"), &shown)?;
    }
    Ok(())
}

/// The fenced block after the mark.
fn block(page: &str) -> Option<&str> {
    let fenced = page.split_once(MARK)?.1.trim_start().strip_prefix("```sh\n")?;
    fenced.split_once("\n```").map(|(script, _)| script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_block_after_the_mark_is_taken() {
        let page = format!("```sh\nnot this\n```\n{MARK}\n\n```sh\nthis\nand this\n```\n");
        assert_eq!(block(&page), Some("this\nand this"));
    }

    #[test]
    fn without_the_mark_there_is_no_block() {
        assert_eq!(block("```sh\nnot this\n```\n"), None);
        assert_eq!(block(&format!("{MARK}\nprose\n```sh\nnot this\n```\n")), None);
    }

    #[test]
    fn the_page_has_the_block() {
        assert!(block(&text(PAGE).unwrap()).is_some());
    }
}
