//! The run: rounds over all rows, each round beginning with another row, so that no row always follows the same one.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::options::Options;
use super::rows::{ROWS, Row, Token};
use super::servers::{self, Server};

/// How many connections, each with one request under way.
pub(super) const CONNECTIONS: [usize; 3] = [1, 32, 512];
/// Before the clock starts.
pub(super) const WARM: Duration = Duration::from_millis(200);
/// The longest a server remembers a token that is to be verified anew, in milliseconds.
const REMEMBERED: f64 = 1000.0;

/// What one measurement gave.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) cpu_us: Option<f64>,
    pub(super) rss_kib: Option<f64>,
}

/// All measurements of one row at one number of connections.
pub(super) struct Cell {
    pub(super) row: &'static Row,
    pub(super) connections: usize,
    pub(super) samples: Vec<Sample>,
    /// Whether some token came again while it was remembered.
    pub(super) reused: bool,
}

/// Measures all rows in all rounds.
pub(super) fn run(
    options: &Options,
    binaries: &Path,
    keys: &Path,
    servers: &[Server],
) -> Result<Vec<Cell>, String> {
    let wanted: Vec<usize> = (0..ROWS.len()).filter(|row| is_wanted(&ROWS[*row], options)).collect();
    if wanted.is_empty() {
        return Err(format!("no row holds {:?}", options.only.as_deref().unwrap_or_default()));
    }
    let mut cells: Vec<Cell> = CONNECTIONS
        .iter()
        .flat_map(|connections| wanted.iter().map(move |row| (*connections, &ROWS[*row])))
        .map(|(connections, row)| Cell { row, connections, samples: Vec::new(), reused: false })
        .collect();
    for round in 0..options.rounds {
        println!("round {} of {}", round + 1, options.rounds);
        for (at, connections) in CONNECTIONS.iter().enumerate() {
            for step in 0..wanted.len() {
                let position = (step + round * 5) % wanted.len();
                let row = wanted[position];
                let cell = &mut cells[at * wanted.len() + position];
                let (sample, reused_after) =
                    measure(options, binaries, keys, &ROWS[row], &servers[row], *connections)?;
                cell.samples.push(sample);
                cell.reused |= matches!(cell.row.token, Token::Fresh(_)) && reused_after <= REMEMBERED;
            }
        }
    }
    Ok(cells)
}

/// Rows that were asked for, and those they are compared with.
fn is_wanted(row: &Row, options: &Options) -> bool {
    let Some(only) = &options.only else { return true };
    row.name.contains(only.as_str())
        || ROWS.iter().any(|other| {
            other.name.contains(only.as_str()) && (other.against == row.name || other.least == Some(row.name))
        })
}

fn measure(
    options: &Options,
    binaries: &Path,
    keys: &Path,
    row: &Row,
    server: &Server,
    connections: usize,
) -> Result<(Sample, f64), String> {
    let mut load = servers::load(binaries, options.pin);
    load.arg("run")
        .arg(format!("address={}", server.address))
        .arg(format!("pid={}", server.pid()))
        .arg(format!("connections={connections}"))
        .arg(format!("warm={}", WARM.as_millis()))
        .arg(format!("measure={}", (options.seconds * 1000.0) as u64))
        .arg(format!("era={}", row.era))
        .arg(format!("ask={}", row.ask))
        .arg(format!("status={}", row.status))
        .arg(format!("answer={}", row.answer));
    if let Token::Same(file) | Token::Fresh(file) = row.token {
        load.arg(format!("tokens={}", keys.join(file).display()));
    }
    let failed = |what: &str| format!("{:?} at {connections} connections: {}", row.name, what.trim());
    let output = load.output().map_err(|error| failed(&error.to_string()))?;
    if !output.status.success() {
        return Err(failed(&String::from_utf8_lossy(&output.stderr)));
    }
    let said: Value = serde_json::from_slice(&output.stdout).map_err(|error| failed(&error.to_string()))?;
    let number = |name: &str| said[name].as_f64();
    let needed = |name: &str| number(name).ok_or_else(|| failed(&format!("no {name}")));
    let sample = Sample {
        per_second: needed("per_second")?,
        p50_us: needed("p50_us")?,
        p99_us: needed("p99_us")?,
        cpu_us: number("cpu_us"),
        rss_kib: number("rss_kib"),
    };
    Ok((sample, needed("reused_after_ms")?))
}
