//! The document.

use std::fmt::Write as _;
use std::time::Duration;

use super::measure::Weight;
use crate::bench::machine;

/// The whole of `docs/src/size.md`.
pub(super) fn render(weights: &[Weight]) -> String {
    let mut page = String::from(
        "# Size and build time\n\n\
         What a server costs to build, to keep and to start, beside a server of bare rmcp with the same `[profile.release]`.\n\
         `cargo xtask weigh` made this page, all of it.\n\n\
         | | crates | clean build | CPU | program | start |\n\
         |---|--:|--:|--:|--:|--:|\n",
    );
    for weight in weights {
        let (elapsed, cpu) = match weight.build {
            Some((elapsed, cpu)) => (minutes(elapsed), minutes(cpu)),
            None => ("—".to_owned(), "—".to_owned()),
        };
        let start =
            weight.start.map_or_else(|| "—".to_owned(), |time| format!("{:.0} ms", time.as_secs_f64() * 1e3));
        let _ = writeln!(
            page,
            "| {} | {} | {elapsed} | {cpu} | {:.1} MB | {start} |",
            weight.name,
            weight.crates,
            weight.size as f64 / 1e6,
        );
    }
    page.push_str(
        "\n- **crates** are all that are compiled for it, build scripts and macros included.\n\
         - **clean build** is `cargo build --release` with an empty target directory and everything downloaded; **CPU** is user\n\
         \x20 and system time of all its processes, which says more where several cores build.\n\
         - **program** is the file that is deployed.\n\
         - **start** is the time until it accepts a connection: the median of 11 starts.\n\n\
         A new project is that of `mcp-auth new`, built for production (`--no-default-features`) with the `[profile.release]` of\n\
         its `Cargo.toml`: `lto = \"thin\"`, one codegen unit, no symbols. With cargo's own `release` profile its program is half as\n\
         large again; with `opt-level = \"s\"` it is smaller by another third, and slower. What mcp-auth adds to bare rmcp is above all the\n\
         client that fetches an issuer's keys (HTTP and TLS), the cryptography of tokens, the reading of `mcp.toml`, and the\n\
         check of arguments against their schemas.\n\n",
    );
    page.push_str("## How it was made\n\n<!-- needs: a machine where nothing else runs; run by hand with half an hour to wait -->\n```sh\ncargo xtask weigh\n```\n\n");
    page.push_str(&machine());
    page
}

fn minutes(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    format!("{}:{:02} min", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_was_measured() {
        let weight = Weight {
            name: "a server",
            crates: 222,
            build: Some((Duration::from_secs(271), Duration::from_secs(540))),
            size: 12_600_000,
            start: Some(Duration::from_millis(21)),
        };
        let page = render(&[weight]);
        assert!(page.contains("| a server | 222 | 4:31 min | 9:00 min | 12.6 MB | 21 ms |"), "{page}");
    }
}
