//! Arguments held against the schema that lists show: few, many, and such as do not fit.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mcp_auth::model::Tool;
use mcp_auth_runtime::facade::{Declaration, Registry, Rule, build};
use schemars::JsonSchema;
use serde_json::{Value, json};

#[derive(JsonSchema)]
#[expect(dead_code, reason = "its schema is all that is asked for")]
struct Sale {
    #[schemars(length(min = 1))]
    title: String,
    #[schemars(range(min = 1))]
    cents: i64,
    kind: Kind,
    note: Option<String>,
    lines: Vec<Line>,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "as above")]
enum Kind {
    Cash,
    Card,
}

#[derive(JsonSchema)]
#[expect(dead_code, reason = "as above")]
struct Line {
    #[schemars(regex(pattern = "^[A-Z]{2}[0-9]+$"))]
    article: String,
    count: u32,
}

fn sale(lines: usize) -> Value {
    let lines: Vec<Value> =
        (0..lines).map(|at| json!({ "article": format!("AB{at}"), "count": at })).collect();
    json!({ "title": "a sale", "cents": 1250, "kind": "Card", "lines": lines })
}

fn arguments(criterion: &mut Criterion) {
    let tool = Tool::new_with_raw("sell", None, build::input_schema::<Sale>());
    let declared: Declaration = build::tool(Rule::PUBLIC, tool).with_derived_input();
    let registry = Registry::new(vec![declared]).unwrap();
    let declared = registry.get(registry.tool("sell").unwrap());
    let mut group = criterion.benchmark_group("arguments");
    for lines in [1, 100] {
        let fitting = sale(lines);
        group.bench_function(format!("{lines} lines, fitting"), |b| {
            b.iter(|| declared.takes(black_box(&fitting)).unwrap());
        });
    }
    let mut wrong = sale(1);
    wrong["title"] = json!("");
    wrong["lines"][0]["count"] = json!("three");
    group.bench_function("1 line, two faults", |b| {
        b.iter(|| declared.takes(black_box(&wrong)).unwrap_err());
    });
    group.finish();
}

criterion_group!(benches, arguments);
criterion_main!(benches);
