//! Token verification per algorithm: the whole of it, the same token again, and what aws-lc-rs needs for the signature
//! alone. And an opaque token again, which its issuer was asked about a moment ago.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use mcp_auth_bench::signing::{ALGORITHMS, Signer, jwks};
use mcp_auth_bench::{INTROSPECTION, ISSUER, RESOURCE, SCOPE, raw};
use mcp_auth_core::ApiKey;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::facade::{
    ApiKeyDigest, ApiKeyRules, ApiKeyVerifier, Authenticator, CacheBounds, ClientAuth, Credential, Fetch,
    FetchFuture, FetchRequest, Fetched, HttpFetch, IntrospectionRules, IntrospectionVerifier, IssuerRules,
    JwtVerifier, KeySource,
};

fn authenticator(signer: &Signer, cache: CacheBounds) -> Authenticator {
    let keys = KeySource::Static(jwks([signer]));
    let mut rules = IssuerRules::new(ISSUER.parse().unwrap(), vec![RESOURCE.to_owned()], keys);
    rules.algorithms = Some(vec![signer.algorithm()]);
    let fetch = Arc::new(HttpFetch::new().unwrap());
    let ambient = Ambient::system();
    let verifier = JwtVerifier::new(vec![rules], fetch, ambient.clone()).unwrap();
    Authenticator::new(vec![Arc::new(verifier)], ambient.clock, cache)
}

/// An issuer that says of every token that it is active.
struct Active(bytes::Bytes);

impl Fetch for Active {
    fn fetch(&self, _request: FetchRequest, _max_bytes: usize) -> FetchFuture<'_> {
        let fetched =
            Fetched { status: http::StatusCode::OK, headers: http::HeaderMap::new(), body: self.0.clone() };
        Box::pin(async { Ok(fetched) })
    }
}

fn asking(now: u64) -> Authenticator {
    let answer = serde_json::json!({
        "active": true, "iss": ISSUER, "aud": RESOURCE, "sub": "alice", "client_id": "app", "iat": now,
        "exp": now + 3600, "scope": SCOPE, "token_type": "Bearer",
    });
    let client = ClientAuth::None { client_id: None };
    let mut rules = IntrospectionRules::new(ISSUER.parse().unwrap(), vec![RESOURCE.to_owned()], client);
    rules.endpoint = Some(INTROSPECTION.parse().unwrap());
    let fetch = Arc::new(Active(answer.to_string().into()));
    let ambient = Ambient::system();
    let verifier = IntrospectionVerifier::new(vec![rules], fetch, ambient.clone()).unwrap();
    Authenticator::new(vec![Arc::new(verifier)], ambient.clock, CacheBounds::default())
}

fn verification(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let now = Ambient::system().clock.unix_now();
    let mut group = criterion.benchmark_group("verify");
    for algorithm in ALGORITHMS {
        let signer = Signer::new(algorithm).unwrap();
        let token = signer.token(now, 1, SCOPE).unwrap();
        let name = algorithm.name();

        let cached = authenticator(&signer, CacheBounds::default());
        group.bench_function(BenchmarkId::new("cached", name), |b| {
            b.iter(|| runtime.block_on(cached.authenticate(Credential::Bearer(black_box(&token)))).unwrap());
        });
        let uncached = authenticator(&signer, CacheBounds { ttl: Duration::ZERO, ..CacheBounds::default() });
        group.bench_function(BenchmarkId::new("uncached", name), |b| {
            b.iter(|| {
                runtime.block_on(uncached.authenticate(Credential::Bearer(black_box(&token)))).unwrap()
            });
        });
        let (signed, signature) = raw::parts(&token).unwrap();
        let key = raw::key(algorithm, &signer.raw_public_key()).unwrap();
        group.bench_function(BenchmarkId::new("signature-alone", name), |b| {
            b.iter(|| key.verify_sig(black_box(signed.as_bytes()), &signature).unwrap());
        });
    }
    let cached = asking(now);
    let token = "an_opaque_token_of_64_characters_as_many_issuers_make_them_-----";
    runtime.block_on(cached.authenticate(Credential::Bearer(token))).unwrap();
    group.bench_function(BenchmarkId::new("cached", "opaque"), |b| {
        b.iter(|| runtime.block_on(cached.authenticate(Credential::Bearer(black_box(token)))).unwrap());
    });
    group.finish();
}

/// A key that was verified a moment ago, beside a token that was (`verify/cached`); and one that is compared with all keys
/// that a server may have.
fn api_keys(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let ambient = Ambient::system();
    let keys: Vec<ApiKey> = (0..1000).map(|_| ApiKey::make(&*ambient.random)).collect();
    let rules = |(index, key)| ApiKeyRules::new(format!("key-{index}"), vec![ApiKeyDigest::of(key)]);
    let rules: Vec<ApiKeyRules> = keys.iter().enumerate().map(rules).collect();
    let mut group = criterion.benchmark_group("verify");
    for (name, ttl) in [("cached", Duration::from_secs(60)), ("uncached", Duration::ZERO)] {
        let verifier = ApiKeyVerifier::new(rules.clone(), Arc::clone(&ambient.clock));
        let bounds = CacheBounds { ttl, ..CacheBounds::default() };
        let authenticator = Authenticator::new(vec![Arc::new(verifier)], Arc::clone(&ambient.clock), bounds);
        group.bench_function(BenchmarkId::new(name, "api-key"), |b| {
            let key = keys[0].expose();
            b.iter(|| {
                runtime.block_on(authenticator.authenticate(Credential::Bearer(black_box(key)))).unwrap()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, verification, api_keys);
criterion_main!(benches);
