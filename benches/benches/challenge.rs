//! The text of a challenge, and the whole answer around it.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use mcp_auth_core::challenge::{BearerError, Challenge, Scheme};
use mcp_auth_core::{LoginTerms, ScopeSet};
use mcp_auth_runtime::facade::Rejection;

const METADATA: &str = "https://bench.example/.well-known/oauth-protected-resource/mcp";

fn challenge(criterion: &mut Criterion) {
    let scopes = ScopeSet::parse_lossy("todos.read todos.write");
    let mut group = criterion.benchmark_group("challenge");
    let first =
        Challenge { scheme: Scheme::Bearer, error: None, scopes: scopes.clone(), login: LoginTerms::NONE };
    group.bench_function("first 401", |b| b.iter(|| black_box(&first).header(Some(METADATA))));
    let step_up = Challenge {
        scheme: Scheme::Bearer,
        error: Some((BearerError::InsufficientScope, "this needs the scope todos.write".to_owned())),
        scopes: scopes.clone(),
        login: LoginTerms::NONE,
    };
    group.bench_function("403", |b| b.iter(|| black_box(&step_up).header(Some(METADATA))));
    let id = serde_json::json!(1);
    let unauthenticated = Rejection::Unauthenticated { scopes: scopes.clone() };
    group
        .bench_function("whole 401", |b| b.iter(|| black_box(&unauthenticated).respond(&id, Some(METADATA))));
    let insufficient = Rejection::InsufficientScope { required: scopes, held: ScopeSet::new() };
    group.bench_function("whole 403", |b| b.iter(|| black_box(&insufficient).respond(&id, Some(METADATA))));
    group.finish();
}

criterion_group!(benches, challenge);
criterion_main!(benches);
