//! Token verification per algorithm: the whole of it, the same token again, and what aws-lc-rs needs for the signature
//! alone. An opaque token again, which its issuer was asked about a moment ago. And a token that is bound to a key (DPoP), with
//! a new proof each time, beside what aws-lc-rs needs for the signatures of both.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::ParsedPublicKey;
use criterion::{BatchSize, BenchmarkId, Criterion, criterion_group, criterion_main};
use http::{HeaderMap, Method, Uri};
use mcp_auth_bench::proof::Prover;
use mcp_auth_bench::signing::{ALGORITHMS, Signer, jwks};
use mcp_auth_bench::{INTROSPECTION, ISSUER, RESOURCE, SCOPE, raw};
use mcp_auth_core::ApiKey;
use mcp_auth_core::ambient::Ambient;
use mcp_auth_runtime::facade::{
    Algorithm, ApiKeyDigest, ApiKeyRules, ApiKeyVerifier, Authenticator, BindingMode, CacheBounds,
    ClientAuth, Credential, Dpop, Fetch, FetchFuture, FetchRequest, Fetched, HttpFetch, IntrospectionRules,
    IntrospectionVerifier, IssuerRules, JwtVerifier, KeySource,
};
use mcp_auth_store::{Caps, Store};

/// Bounds by which nothing is remembered.
fn nothing_kept() -> CacheBounds {
    CacheBounds { ttl: Duration::ZERO, ..CacheBounds::default() }
}

fn authenticator(signer: &Signer, cache: CacheBounds) -> Authenticator {
    bound_by(signer, cache, BindingMode::Off)
}

/// One whose tokens have to be bound to a key, which proofs have to show.
fn proving(signer: &Signer, cache: CacheBounds) -> Authenticator {
    let (resource, store) = (RESOURCE.parse().unwrap(), Store::memory(Caps::default()));
    let dpop = Dpop::new(&resource, &store, &Ambient::system());
    bound_by(signer, cache, BindingMode::Required).proving(dpop)
}

fn bound_by(signer: &Signer, cache: CacheBounds, dpop: BindingMode) -> Authenticator {
    let keys = KeySource::Static(jwks([signer]));
    let mut rules = IssuerRules::new(ISSUER.parse().unwrap(), vec![RESOURCE.to_owned()], keys);
    rules.algorithms = Some(vec![signer.algorithm()]);
    rules.tokens.bindings.dpop = dpop;
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
        let uncached = authenticator(&signer, nothing_kept());
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

/// A token that is bound to a key, with a proof that was not seen before: read from the head of a request, verified where it is
/// not remembered, and its proof checked. The proofs are made outside of what is measured.
fn bound_tokens(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let clock = Ambient::system().clock;
    let (uri, method) = (Uri::from_static("/mcp"), Method::POST);
    let mut group = criterion.benchmark_group("verify/dpop");
    for algorithm in [Algorithm::Es256, Algorithm::Rs256] {
        let (signer, client) = (Signer::new(algorithm).unwrap(), Prover::new().unwrap());
        let token = signer.bound_token(clock.unix_now(), 1, SCOPE, &client.jkt()).unwrap();
        // That of the token, and that of its proofs.
        let name = format!("{}-ES256", algorithm.name());

        for (what, cache) in [("bound", nothing_kept()), ("bound-cached", CacheBounds::default())] {
            let authenticator = proving(&signer, cache);
            let mut number = 0;
            let mut request = || {
                number += 1;
                let nonce = runtime.block_on(authenticator.nonce()).unwrap();
                let proof = client.proof(&token, nonce.to_str().unwrap(), clock.unix_now(), number).unwrap();
                let mut headers = HeaderMap::new();
                headers.insert("authorization", format!("DPoP {token}").parse().unwrap());
                headers.insert("dpop", proof.parse().unwrap());
                headers
            };
            let authenticate = |headers: &mut HeaderMap| {
                let credential = Credential::read_with_proof(black_box(headers), &uri, &method).unwrap();
                runtime.block_on(authenticator.authenticate(credential)).unwrap()
            };
            authenticate(&mut request());
            group.bench_function(BenchmarkId::new(what, &name), |b| {
                b.iter_batched_ref(&mut request, authenticate, BatchSize::SmallInput);
            });
        }

        let proof = client.proof(&token, "x", clock.unix_now(), 0).unwrap();
        let of_token = raw::parts(&token).unwrap();
        let of_proof = raw::parts(&proof).unwrap();
        let issuers = raw::key(algorithm, &signer.raw_public_key()).unwrap();
        let clients = raw::key(Algorithm::Es256, &client.raw_public_key()).unwrap();
        let verify = |key: &ParsedPublicKey, (signed, signature): &(&str, Vec<u8>)| {
            key.verify_sig(black_box(signed.as_bytes()), signature).unwrap();
        };
        group.bench_function(BenchmarkId::new("two-signatures-alone", &name), |b| {
            b.iter(|| {
                verify(&issuers, &of_token);
                verify(&clients, &of_proof);
            });
        });
        group.bench_function(BenchmarkId::new("one-signature-alone", &name), |b| {
            b.iter(|| verify(&clients, &of_proof));
        });
    }
    group.finish();
}

criterion_group!(benches, verification, api_keys, bound_tokens);
criterion_main!(benches);
