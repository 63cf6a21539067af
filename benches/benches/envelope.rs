//! The one strict reading of a message: small and large bodies, both eras; beside it, what serde_json needs to make
//! a `Value` of the same bytes.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use bytes::Bytes;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use mcp_auth_bench::message::{Ask, body};
use mcp_auth_core::Era;
use mcp_auth_runtime::facade::{EnvelopeLimits, read};
use serde_json::{Value, json};

/// The same call with a document of about `bytes` for an argument.
fn large(era: Era, bytes: usize) -> String {
    let mut message: Value = serde_json::from_str(&body(era, Ask::Call("add"))).unwrap();
    let rows: Vec<Value> = (0..bytes / 64)
        .map(|row| json!({ "id": row, "title": "a title of a row", "done": row % 2 == 0 }))
        .collect();
    message["params"]["arguments"] = json!({ "rows": rows });
    message.to_string()
}

fn reading(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("envelope");
    for era in [Era::Stateless, Era::Sessions] {
        for (size, text) in [("small", body(era, Ask::Call("add"))), ("64 KiB", large(era, 64 * 1024))] {
            let bytes = Bytes::from(text);
            group.throughput(Throughput::Bytes(bytes.len() as u64));
            let name = format!("{size} {}", era.latest());
            group.bench_with_input(BenchmarkId::new("read", &name), &bytes, |b, bytes| {
                b.iter(|| {
                    read(black_box(bytes), EnvelopeLimits { max_depth: 64, max_values: 100_000 }).unwrap()
                });
            });
            group.bench_with_input(BenchmarkId::new("serde_json value", &name), &bytes, |b, bytes| {
                b.iter(|| serde_json::from_slice::<Value>(black_box(bytes)).unwrap());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, reading);
criterion_main!(benches);
