//! The clock: connections that ask as soon as they have their answer, until the time is over.

use std::fs;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use super::rows::{Asker, Row, Shared};
use crate::issuer::{Connection, Failure, Setting};

/// How many connections, each with one request under way.
pub(super) const CONNECTIONS: [usize; 2] = [1, 16];

/// What one measurement gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    pub(super) per_second: f64,
    pub(super) p50: Duration,
    pub(super) p99: Duration,
    /// User and system time of the server's process for each.
    pub(super) cpu: Option<Duration>,
}

/// Measures a row at so many connections for so long, or until there is nothing left to ask for.
pub(super) fn measure(
    setting: &Setting<'_>,
    process: u32,
    (row, shared): (Row, &Shared),
    connections: usize,
    seconds: f64,
) -> Result<Sample, String> {
    let open = || Asker::new(row, shared, Connection::open(setting.address())?);
    let mut askers = (0..connections).map(|_| open()).collect::<Result<Vec<_>, Failure>>()?;
    let (mut took, mut cpu, mut latencies) = (Duration::ZERO, Some(Duration::ZERO), Vec::new());
    let whole = Duration::from_secs_f64(seconds);
    while took < whole {
        let part = part(&mut askers, process, whole.saturating_sub(took))?;
        if part.latencies.is_empty() {
            break;
        }
        took += part.took;
        cpu = cpu.zip(part.cpu).map(|(before, more)| before + more);
        latencies.extend(part.latencies);
    }
    latencies.sort_unstable();
    let at = |share: f64| latencies.get(((latencies.len().max(1) - 1) as f64 * share) as usize).copied();
    Ok(Sample {
        per_second: latencies.len() as f64 / took.as_secs_f64().max(f64::EPSILON),
        p50: at(0.5).ok_or_else(|| format!("{row:?}: nothing was asked"))?,
        p99: at(0.99).unwrap_or_default(),
        cpu: cpu.map(|cpu| cpu / u32::try_from(latencies.len()).unwrap_or(u32::MAX)),
    })
}

struct Part {
    took: Duration,
    cpu: Option<Duration>,
    latencies: Vec<Duration>,
}

/// All make their stock, begin together, and ask until the time or the stock is over.
fn part(askers: &mut [Asker<'_>], process: u32, limit: Duration) -> Result<Part, String> {
    let begin = Barrier::new(askers.len() + 1);
    thread::scope(|scope| {
        let all: Vec<_> = askers
            .iter_mut()
            .map(|asker| {
                scope.spawn(|| {
                    let stocked = asker.stock();
                    begin.wait();
                    stocked?;
                    let (begun, mut latencies) = (Instant::now(), Vec::new());
                    while begun.elapsed() < limit {
                        let asked = Instant::now();
                        if !asker.ask()? {
                            break;
                        }
                        latencies.push(asked.elapsed());
                    }
                    Ok::<_, Failure>(latencies)
                })
            })
            .collect();
        begin.wait();
        let (begun, before) = (Instant::now(), used(process));
        let mut latencies = Vec::new();
        for one in all {
            latencies.extend(one.join().map_err(|_| "panicked")??);
        }
        let took = begun.elapsed();
        let cpu = used(process).zip(before).map(|(after, before)| after.saturating_sub(before));
        Ok(Part { took, cpu, latencies })
    })
}

/// User and system time of all threads of a process so far, as Linux's scheduler tells it.
fn used(process: u32) -> Option<Duration> {
    let mut nanos = 0;
    for task in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let told = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        nanos += told.split(' ').next()?.parse::<u64>().ok()?;
    }
    Some(Duration::from_nanos(nanos))
}
