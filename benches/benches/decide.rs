//! The decision: 1, 20 and 200 declared operations, allowed and denied; and a resource that the last template answers.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use mcp_auth::model::{ResourceTemplate, Tool};
use mcp_auth_bench::deployment::{Deployment, SCOPES};
use mcp_auth_bench::signing::{Signer, jwks};
use mcp_auth_bench::{ISSUER, RESOURCE, SCOPE};
use mcp_auth_core::ambient::Ambient;
use mcp_auth_core::{Hierarchy, ScopeSet};
use mcp_auth_runtime::facade::{
    Algorithm, Authenticator, CacheBounds, Connect, Credential, HttpFetch, Identity, IssuerRules,
    JwtVerifier, KeySource, Message, Named, Policy, Registry, Settings, Verdict, Visibility, build,
};

/// A verified caller with this scope: there is no other way to have one than to verify a token.
fn caller(scope: &str) -> Identity {
    let signer = Signer::new(Algorithm::Es256).unwrap();
    let rules = IssuerRules::new(
        ISSUER.parse().unwrap(),
        vec![RESOURCE.to_owned()],
        KeySource::Static(jwks([&signer])),
    );
    let fetch = Arc::new(HttpFetch::new().unwrap());
    let ambient = Ambient::system();
    let token = signer.token(ambient.clock.unix_now(), 1, scope).unwrap();
    let verifier = JwtVerifier::new(vec![rules], fetch, ambient.clone()).unwrap();
    let authenticator = Authenticator::new(vec![Arc::new(verifier)], ambient.clock, CacheBounds::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(authenticator.authenticate(Credential::Bearer(&token))).unwrap()
}

fn policy(operations: usize) -> (Registry, Policy) {
    let tools = (0..operations).map(|number| {
        let tool = Tool::new_with_raw(format!("tool_{number:03}"), None, build::no_input());
        build::tool(build::any_of(&[&[SCOPE]]), tool)
    });
    let templates = (0..operations).map(|number| {
        let template = ResourceTemplate::new(format!("kind{number:03}://{{id}}"), "a template");
        build::resource_template(build::any_of(&[&[SCOPE]]), template)
    });
    let registry = Registry::new(tools.chain(templates).collect()).unwrap();
    let settings = Settings {
        asks_for_scopes: true,
        connect: Connect::Authenticated,
        visibility: Visibility::All,
        base_scopes: ScopeSet::parse_lossy(SCOPE),
        ..Settings::default()
    };
    let policy = Policy::compile(registry.rules(), &Hierarchy::default(), settings);
    (registry, policy)
}

fn decision(criterion: &mut Criterion) {
    let (holder, stranger) = (caller(SCOPE), caller("bench.other"));
    let mut group = criterion.benchmark_group("decide");
    for operations in [1, 20, 200] {
        let (registry, policy) = policy(operations);
        let decide = |message, who| match policy.decide(&Named::of(message, &registry, |_| None), who) {
            Verdict::Allowed(permit) => Some(permit),
            Verdict::Denied(_) | Verdict::Recent(_) | Verdict::Templated(_) | Verdict::Guarded(_) => None,
        };
        let last = operations - 1;
        let tool = Arc::new(Message::Tool { name: format!("tool_{last:03}"), arguments: None });
        let resource = Arc::new(Message::Resource { uri: format!("kind{last:03}://42") });
        for (what, operation) in [("tool", &tool), ("resource", &resource)] {
            group.bench_function(BenchmarkId::new(format!("{what} allow"), operations), |b| {
                b.iter(|| decide(black_box(operation), &holder).unwrap());
            });
        }
        group.bench_function(BenchmarkId::new("tool deny", operations), |b| {
            b.iter(|| assert!(decide(black_box(&tool), &stranger).is_none()));
        });
        group.bench_function(BenchmarkId::new("tool unauthenticated", operations), |b| {
            b.iter(|| assert!(decide(black_box(&tool), &Identity::Anonymous).is_none()));
        });
    }
    group.finish();
}

/// 200 tools and 100 scopes, with hierarchy, roles and what an operator adds: under a microsecond.
fn deployment(criterion: &mut Criterion) {
    let Deployment { registry, policy } = Deployment::new();
    let call = Deployment::call();
    let decide = |who: &Identity| policy.decide(&Named::of(black_box(&call), &registry, |_| None), who);
    let is_allowed = |verdict: Verdict| matches!(verdict, Verdict::Allowed(_));
    let mut group = criterion.benchmark_group("decide a deployment");
    let everything: Vec<usize> = (0..SCOPES).collect();
    for (what, scopes, roles, allowed) in [
        ("allow by the scopes themselves", &[99, 0][..], &["editor", "staff"][..], true),
        ("allow by what implies them", &[0], &["owner", "staff"], true),
        ("allow with a hundred scopes", &everything, &["editor", "owner", "staff"], true),
        ("deny for a scope", &[10, 20], &["editor", "staff"], false),
        ("deny for a role", &[0], &["editor"], false),
    ] {
        let who = Deployment::caller(scopes, roles);
        assert_eq!(is_allowed(decide(&who)), allowed, "{what}");
        group.bench_function(what, |b| b.iter(|| decide(&who)));
    }
    group.finish();
}

criterion_group!(benches, decision, deployment);
criterion_main!(benches);
