//! The tables, as they can stand in `docs/src/performance.md`.

use std::fmt::Write as _;
use std::time::Duration;

use super::clock::Sample;
use super::rows::Row;
use super::weight::Weight;
use crate::stores::Kind;

/// One measurement.
pub(super) struct Cell {
    pub(super) row: Row,
    pub(super) kind: Kind,
    pub(super) connections: usize,
    pub(super) sample: Sample,
}

/// A table for each number of connections.
pub(super) fn asked(cells: &[Cell], connections: &[usize]) -> String {
    let mut text = String::new();
    for &connections in connections {
        let plural = if connections == 1 { "" } else { "s" };
        let _ = write!(
            text,
            "## {connections} connection{plural}\n\n\
             | | store | ratio | per second | p50 | p99 | CPU |\n|---|---|--:|--:|--:|--:|--:|\n"
        );
        for cell in cells.iter().filter(|cell| cell.connections == connections) {
            let Sample { per_second, p50, p99, cpu } = cell.sample;
            let _ = writeln!(
                text,
                "| {} | {} | {} | {per_second:.0} | {} | {} | {} |",
                cell.row.name(),
                cell.kind.name(),
                ratio(cell, cells).map_or_else(|| "n/a".to_owned(), |ratio| format!("**{ratio:.2}**")),
                time(p50),
                time(p99),
                cpu.map_or_else(|| "n/a".to_owned(), time),
            );
        }
        text.push('\n');
    }
    text
}

/// How many a second there are of it for one of the same in memory.
fn ratio(cell: &Cell, cells: &[Cell]) -> Option<f64> {
    let mut same =
        cells.iter().filter(|other| other.row == cell.row && other.connections == cell.connections);
    let memory = same.find(|other| other.kind == Kind::Memory)?;
    Some(cell.sample.per_second / memory.sample.per_second)
}

/// What clients and grants weigh, for each 100 000.
pub(super) fn weighed(weights: &[(Kind, Weight)]) -> String {
    let mut text = String::from(
        "| store | clients per second | grants per second | memory of 100 000 clients | of 100 000 grants | file of both | measured with |\n\
         |---|--:|--:|--:|--:|--:|--:|\n",
    );
    for (kind, weight) in weights {
        let times = 100_000.0 / weight.count as f64;
        let mib = |kib: Option<f64>| {
            kib.map_or_else(|| "n/a".to_owned(), |kib| format!("{:.0} MiB", kib * times / 1024.0))
        };
        let _ = writeln!(
            text,
            "| {} | {:.0} | {:.0} | {} | {} | {} | {} of each |",
            kind.name(),
            weight.clients.per_second,
            weight.grants.per_second,
            mib(weight.clients.memory_kib),
            mib(weight.grants.memory_kib),
            mib(weight.file.map(|bytes| bytes as f64 / 1024.0)),
            weight.count,
        );
    }
    text
}

fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    if micros < 1000.0 { format!("{micros:.0} µs") } else { format!("{:.1} ms", micros / 1000.0) }
}

#[cfg(test)]
mod tests {
    use super::super::weight::Part;
    use super::*;

    fn cell(kind: Kind, per_second: f64) -> Cell {
        let sample = Sample {
            per_second,
            p50: Duration::from_micros(900),
            p99: Duration::from_micros(2500),
            cpu: Some(Duration::from_micros(50)),
        };
        Cell { row: Row::Login, kind, connections: 1, sample }
    }

    #[test]
    fn a_row_is_compared_with_the_same_in_memory() {
        let text = asked(&[cell(Kind::Memory, 200.0), cell(Kind::Sqlite, 50.0)], &[1]);
        assert!(
            text.contains("| a whole login | memory | **1.00** | 200 | 900 µs | 2.5 ms | 50 µs |"),
            "{text}"
        );
        assert!(text.contains("| a whole login | sqlite | **0.25** | 50 |"), "{text}");
        assert!(asked(&[cell(Kind::Sqlite, 50.0)], &[1]).contains("| sqlite | n/a | 50 |"));
    }

    #[test]
    fn weights_are_for_a_hundred_thousand() {
        let part = Part { per_second: 10.0, memory_kib: Some(1024.0) };
        let weight = Weight { count: 1000, clients: part, grants: part, file: Some(1024 * 1024) };
        let text = weighed(&[(Kind::Sqlite, weight)]);
        assert!(text.contains("| sqlite | 10 | 10 | 100 MiB | 100 MiB | 100 MiB | 1000 of each |"), "{text}");
    }
}
