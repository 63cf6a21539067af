//! The connections, and the clock. One thread, so that no other thread of this program disturbs what it measures.

use std::cell::{Cell, RefCell};
use std::fs;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use mcp_auth_bench::message::{self, answered};
use serde_json::json;
use tokio::task::LocalSet;

use super::Error;
use super::arguments::Run;
use super::connection::Connection;
use super::process;

/// Shared by all connections.
struct Load {
    requests: Vec<Vec<u8>>,
    next: Cell<usize>,
    sent: Cell<u64>,
    measuring: Cell<bool>,
    over: Cell<bool>,
    latencies: RefCell<Histogram<u64>>,
    status: u16,
    expected: String,
    body: String,
}

/// Runs once and prints what came of it.
///
/// # Errors
/// As soon as one answer is not the expected one: a number that counts errors would be worth nothing.
pub(super) fn run(run: &Run) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let line = LocalSet::new().block_on(&runtime, measure(run))?;
    println!("{line}");
    Ok(())
}

async fn measure(run: &Run) -> Result<serde_json::Value, Error> {
    let load = Rc::new(Load {
        requests: requests(run)?,
        next: Cell::new(0),
        sent: Cell::new(0),
        measuring: Cell::new(false),
        over: Cell::new(false),
        latencies: RefCell::new(Histogram::new_with_bounds(1, 60_000_000_000, 3)?),
        status: run.status,
        expected: run.answer.clone(),
        body: message::body(run.era, run.ask()),
    });
    let mut connections = Vec::with_capacity(run.connections);
    for _ in 0..run.connections {
        connections.push(Connection::open(run.address).await?);
    }
    let begun = Instant::now();
    let tasks: Vec<_> = connections
        .into_iter()
        .map(|connection| tokio::task::spawn_local(keep_asking(connection, Rc::clone(&load))))
        .collect();

    tokio::time::sleep(run.warm).await;
    let (cpu, start) = (process::cpu(run.pid), Instant::now());
    load.measuring.set(true);
    tokio::time::sleep(run.measure).await;
    load.measuring.set(false);
    let took = start.elapsed();
    let cpu = process::cpu(run.pid).zip(cpu).map(|(after, before)| after.saturating_sub(before));
    let resident = process::resident(run.pid);
    load.over.set(true);
    for task in tasks {
        task.await??;
    }

    let latencies = load.latencies.borrow();
    let answers = latencies.len();
    let micros = |nanos: u64| nanos as f64 / 1000.0;
    Ok(json!({
        "answers": answers,
        "per_second": answers as f64 / took.as_secs_f64(),
        "p50_us": micros(latencies.value_at_quantile(0.5)),
        "p99_us": micros(latencies.value_at_quantile(0.99)),
        "cpu_us": cpu.filter(|_| answers > 0).map(|cpu| cpu.as_secs_f64() * 1e6 / answers as f64),
        "rss_kib": resident,
        "reused_after_ms": reused_after(begun.elapsed(), load.requests.len(), load.sent.get()),
    }))
}

/// After how long the same request is sent again; the lists of tokens must be longer than the server remembers.
fn reused_after(took: Duration, requests: usize, sent: u64) -> f64 {
    took.as_secs_f64() * 1e3 * requests as f64 / sent.max(1) as f64
}

/// Every request there is to send: one, or one per token.
fn requests(run: &Run) -> Result<Vec<Vec<u8>>, Error> {
    let host = run.address.to_string();
    let request = |token| message::request(&host, run.era, run.ask(), token);
    let Some(file) = &run.tokens else { return Ok(vec![request(None)]) };
    let requests: Vec<Vec<u8>> =
        fs::read_to_string(file)?.lines().map(|token| request(Some(token))).collect();
    if requests.is_empty() {
        return Err(format!("no token in {}", file.display()).into());
    }
    Ok(requests)
}

/// One request after the other on one connection. The first answer is read as JSON; the others must equal it.
async fn keep_asking(mut connection: Connection, load: Rc<Load>) -> Result<(), Error> {
    let mut first: Option<Vec<u8>> = None;
    while !load.over.get() {
        let at = load.next.get();
        load.next.set((at + 1) % load.requests.len());
        load.sent.set(load.sent.get() + 1);
        let asked = Instant::now();
        let answer = connection.exchange(&load.requests[at]).await?;
        let took = asked.elapsed();
        let body = connection.body(&answer);
        if answer.status != load.status {
            return Err(format!("{} instead of {}: {}", answer.status, load.status, shown(body)).into());
        }
        match &first {
            Some(first) if first == body => {}
            Some(_) => return Err(format!("another answer: {}", shown(body)).into()),
            None if is_expected(body, &load) => first = Some(body.to_vec()),
            None => return Err(format!("not {}: {}", load.expected, shown(body)).into()),
        }
        if load.measuring.get() {
            let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
            load.latencies.borrow_mut().saturating_record(nanos);
        }
    }
    Ok(())
}

fn is_expected(body: &[u8], load: &Load) -> bool {
    match load.expected.as_str() {
        "echo" => body == load.body.as_bytes(),
        expected => answered(body).as_deref() == Some(expected),
    }
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}
