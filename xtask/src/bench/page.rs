//! The document: what was measured, how, and how far to trust it.

use std::fmt::Write as _;
use std::fs;

use super::options::{self, Options};
use super::rounds::{CONNECTIONS, Cell, Sample};
use super::rows::ROWS;
use crate::step;

/// The whole of `docs/src/performance.md`.
pub(super) fn render(options: &Options, cells: &[Cell]) -> String {
    let mut page = String::from(
        "# Performance\n\n\
         What authorization costs: whole servers, each a process of its own, asked in turn in one run, as ratios to rmcp\n\
         without any authorization in the same run. `cargo xtask bench` made this page, all of it. What a server costs to build, to\n\
         keep and to start is [a page of its own](size.md).\n\n\
         ## How to read it\n\n\
         - **ratio** is requests per second, divided by those of the row's reference: bare rmcp asked for the same thing in\n\
         \x20 the same protocol revision. Above 1.00 is faster than rmcp alone. It is the median, over the rounds, of the\n\
         \x20 ratio within one round, so that a slow minute of the machine hits both sides.\n\
         - **CPU** is user and system time of the server's process per request; **CPU ratio** is the reference's CPU divided\n\
         \x20 by the row's. On a machine that does other things it is the steadiest figure here.\n\
         - **p50**, **p99** are what a client waits for its answer, in a closed loop: each connection sends its next request\n\
         \x20 when it has its answer. **RSS** is resident memory at the end of the clock.\n\
         - **spread** is the distance between the lowest and the highest round, in percent of the median of requests per\n\
         \x20 second: differences below it mean little.\n\
         - Every answer is checked: its status, and that it says the expected thing; the first that does not ends the run.\n\n",
    );
    for connections in CONNECTIONS {
        let plural = if connections == 1 { "" } else { "s" };
        let _ = write!(
            page,
            "## {connections} connection{plural}\n\n\
             | | ratio | CPU ratio | requests/s | CPU | p50 | p99 | RSS | spread |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|\n"
        );
        for cell in cells.iter().filter(|cell| cell.connections == connections) {
            page.push_str(&line(cell, cells));
        }
        page.push('\n');
    }
    page.push_str(&beyond_the_signature(cells));
    if cells.iter().any(|cell| cell.reused) {
        page.push_str("\\* Some tokens came again while the server still remembered them: longer lists are needed here.\n\n");
    }
    page.push_str("## The rows\n\n| row | is | compared with |\n|---|---|---|\n");
    for row in ROWS {
        let _ = writeln!(page, "| {} | {} ({}) | {} |", row.name, row.about, row.era, row.against);
    }
    page.push_str(
        "\nThe primary form is 2026-07-28: `_meta` and the `Mcp-*` headers with every request, no session. The tool adds two\n\
         numbers; every answer is JSON. mcp-auth runs with its defaults: all limits, the checks of `Host` and `Origin`, one\n\
         issuer; without a log, as bare rmcp has none either, except where the row says so.\n\n",
    );
    page.push_str(&circumstances(options));
    page
}

/// One row of a table.
fn line(cell: &Cell, cells: &[Cell]) -> String {
    let reference = cells
        .iter()
        .find(|other| other.row.name == cell.row.against && other.connections == cell.connections);
    let ratios = |of: fn(&Sample, &Sample) -> Option<f64>| {
        let pairs = reference.into_iter().flat_map(|reference| cell.samples.iter().zip(&reference.samples));
        median(pairs.filter_map(|(own, its)| of(own, its)))
    };
    let ratio = ratios(|own, its| Some(own.per_second / its.per_second));
    let cpu_ratio = ratios(|own, its| Some(its.cpu_us? / own.cpu_us?));
    let of = |value: fn(&Sample) -> Option<f64>| median(cell.samples.iter().filter_map(value));
    format!(
        "| {}{} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        cell.row.name,
        if cell.reused { " \\*" } else { "" },
        shown(ratio, |ratio| format!("**{ratio:.2}**")),
        shown(cpu_ratio, |ratio| format!("{ratio:.2}")),
        shown(of(|sample| Some(sample.per_second)), |rate| format!("{rate:.0}")),
        shown(of(|sample| sample.cpu_us), |micros| format!("{micros:.1} µs")),
        shown(of(|sample| Some(sample.p50_us)), time),
        shown(of(|sample| Some(sample.p99_us)), time),
        shown(of(|sample| sample.rss_kib), |kib| format!("{:.1} MiB", kib / 1024.0)),
        shown(spread(&cell.samples), |percent| format!("{percent:.0} %")),
    )
}

/// What a token costs that is verified anew, beside the signature that nobody can leave out.
fn beyond_the_signature(cells: &[Cell]) -> String {
    let mut text = String::from(
        "## Beyond the signature\n\n\
         What one request with a token that is verified anew costs (CPU), divided by what it costs with a cached token and one\n\
         bare signature of aws-lc-rs: reading the token, judging it and remembering it. 1.00 would be nothing.\n\n\
         | | connections | bare signature | verified anew | times |\n|---|--:|--:|--:|--:|\n",
    );
    for cell in cells {
        let least =
            |other: &&Cell| Some(other.row.name) == cell.row.least && other.connections == cell.connections;
        let Some(least) = cells.iter().find(least) else { continue };
        let cpu = |cell: &Cell| median(cell.samples.iter().filter_map(|sample| sample.cpu_us));
        let times =
            cell.samples.iter().zip(&least.samples).filter_map(|(own, its)| Some(own.cpu_us? / its.cpu_us?));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            cell.row.name,
            cell.connections,
            shown(cpu(least), |micros| format!("{micros:.1} µs")),
            shown(cpu(cell), |micros| format!("{micros:.1} µs")),
            shown(median(times), |times| format!("**{times:.2}**")),
        );
    }
    text + "\n"
}

/// What a terminal shows at the end: ratios only.
pub(super) fn summary(cells: &[Cell]) -> String {
    let mut text = String::from("ratio to bare rmcp (requests/s, CPU)");
    for cell in cells {
        let line = line(cell, cells);
        let mut columns = line.split('|').map(str::trim).skip(1);
        let (name, ratio, cpu) = (columns.next(), columns.next(), columns.next());
        let _ = write!(
            text,
            "\n{:>4} connections  {:<26} {:>6} {:>6}",
            cell.connections,
            name.unwrap_or_default(),
            ratio.unwrap_or_default().trim_matches('*'),
            cpu.unwrap_or_default()
        );
    }
    text
}

/// The command, the versions and the machine.
fn circumstances(options: &Options) -> String {
    let pinned = match options.pin {
        true => "server and load pinned to a core each, so a server has one worker thread",
        false => "server and load placed by the system",
    };
    let mut text = format!(
        "## How it was made\n\n<!-- needs: a machine where nothing else runs; run by hand with its load in mind -->\n```sh\n{}\n```\n\n\
         {} rounds of {} s per row and number of connections after {} ms of warming up, rows in rotated order; {pinned}.\n\
         Tokens of the uncached rows: {} per algorithm, minted before.\n\n",
        format!("cargo xtask bench {}", options.typed).trim(),
        options.rounds,
        options.seconds,
        super::rounds::WARM.as_millis(),
        options.tokens,
    );
    text.push_str(&machine());
    text.push_str(
        "\nThe profile is cargo's `release`, with overflow checks, for both sides. Single functions (verification per\n\
         algorithm, reading, deciding, challenging) are measured by `cargo bench --package mcp-auth-bench`.\n",
    );
    text
}

/// The machine and the versions, as a table.
pub(crate) fn machine() -> String {
    let mut text = format!(
        "| | |\n|---|---|\n| processor | {}, {} cores |\n| system | {} |\n| rustc | {} |\n",
        processor(),
        options::cores(),
        said("uname", &["-s", "-m"]),
        said("rustc", &["--version"]),
    );
    let lock = fs::read_to_string(step::root().join("Cargo.lock")).unwrap_or_default();
    for package in ["mcp-auth", "rmcp", "axum", "hyper", "tokio", "aws-lc-rs"] {
        let _ = writeln!(text, "| {package} | {} |", version(&lock, package).unwrap_or("not known"));
    }
    text
}

/// The version of a package in a lock file; the highest where there are several.
fn version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    let mut found = None;
    while let Some(line) = lines.next() {
        if line == name {
            found = lines.next().and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
        }
    }
    found
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    model.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, model)| model.trim().to_owned())
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = step::command(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    text.ok().filter(|text| !text.is_empty()).unwrap_or_else(|| "not known".to_owned())
}

fn shown(value: Option<f64>, text: impl Fn(f64) -> String) -> String {
    value.map_or_else(|| "n/a".to_owned(), text)
}

fn time(micros: f64) -> String {
    if micros < 1000.0 { format!("{micros:.0} µs") } else { format!("{:.1} ms", micros / 1000.0) }
}

fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        count if count % 2 == 1 => Some(values[middle]),
        _ => Some((values[middle - 1] + values[middle]) / 2.0),
    }
}

fn spread(samples: &[Sample]) -> Option<f64> {
    let rates = || samples.iter().map(|sample| sample.per_second);
    let middle = median(rates())?;
    let (least, most) =
        rates().fold((f64::MAX, f64::MIN), |(least, most), rate| (least.min(rate), most.max(rate)));
    Some((most - least) / middle * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(name: &str, rates: &[f64]) -> Cell {
        let row = ROWS.iter().find(|row| row.name == name).unwrap_or_else(|| panic!("{name}"));
        let sample = |rate: &f64| Sample {
            per_second: *rate,
            p50_us: 10.0,
            p99_us: 2000.0,
            cpu_us: Some(1e6 / rate),
            rss_kib: None,
        };
        Cell { row, connections: 32, samples: rates.iter().map(sample).collect(), reused: false }
    }

    #[test]
    fn a_ratio_is_taken_within_each_round() {
        // The machine was twice as slow in the second round, for both.
        let cells = [cell("bare rmcp", &[100.0, 50.0, 100.0]), cell("cached token", &[150.0, 75.0, 150.0])];
        let line = line(&cells[1], &cells);
        assert!(line.starts_with("| cached token | **1.50** | 1.50 | 150 |"), "{line}");
        assert!(line.ends_with("| 10 µs | 2.0 ms | n/a | 50 % |\n"), "{line}");
    }

    #[test]
    fn a_token_verified_anew_stands_beside_a_bare_signature() {
        let cells = [cell("cached token, bare ES256", &[10_000.0]), cell("uncached ES256", &[8_000.0])];
        let text = beyond_the_signature(&cells);
        assert!(text.ends_with("| uncached ES256 | 32 | 100.0 µs | 125.0 µs | **1.25** |\n\n"), "{text}");
        assert!(beyond_the_signature(&cells[1..]).ends_with("--:|\n\n"), "nothing to compare with");
    }

    #[test]
    fn a_row_without_its_reference_has_no_ratio() {
        let cells = [cell("cached token", &[1.0])];
        assert!(line(&cells[0], &cells).contains("| n/a | n/a |"));
    }

    #[test]
    fn medians_are_of_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([1.0, 2.0].into_iter()), Some(1.5));
        assert_eq!(median(std::iter::empty()), None);
    }

    #[test]
    fn versions_come_from_the_lock_file() {
        let lock = "[[package]]\nname = \"a\"\nversion = \"1.2.3\"\n";
        assert_eq!((version(lock, "a"), version(lock, "b")), (Some("1.2.3"), None));
    }
}
