//! Whole tokens through the whole authenticator.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use serde_json::{Value, json};
use url::Url;

use super::support::{
    Answer, FakeClock, FakeFetch, ISSUER, JWKS, NOW, Signer, US, ambient, b64, claims, ed, other_p256,
    other_rsa, p256, p384, rsa,
};
use crate::authn::error::TokenError;
use crate::authn::verifier::jwt::issuer::RulesError;
use crate::authn::verifier::jwt::verifier::JwtVerifierError;
use crate::authn::{
    Algorithm, Authenticator, AuthnError, CacheBounds, Credential, Fault, Fetch, Identity, IssuerRules,
    JwtVerifier, KeySource, Principal,
};

struct Bench {
    authenticator: Authenticator,
    fetch: Arc<FakeFetch>,
    clock: Arc<FakeClock>,
}

fn rules() -> IssuerRules {
    let keys = KeySource::JwksUri(Url::parse(JWKS).unwrap());
    IssuerRules {
        algorithms: Some(Algorithm::ALL.to_vec()),
        ..IssuerRules::new(ISSUER.parse().unwrap(), vec![US.into()], keys)
    }
}

fn authenticator(rules: Vec<IssuerRules>, fetch: Arc<FakeFetch>) -> (Authenticator, Arc<FakeClock>) {
    let (ambient, clock) = ambient();
    let time = Arc::clone(&ambient.clock);
    let verifier = JwtVerifier::new(rules, fetch as Arc<dyn Fetch>, ambient).unwrap();
    (Authenticator::new(vec![Arc::new(verifier)], time, CacheBounds::default()), clock)
}

async fn presented(authenticator: &Authenticator, token: &str) -> Result<Arc<Principal>, TokenError> {
    match authenticator.authenticate(Credential::Bearer(token)).await {
        Ok(Identity::Known(principal)) => Ok(principal),
        Err(AuthnError::Token(error)) => Err(error),
        other => panic!("{other:?}"),
    }
}

impl Bench {
    async fn new() -> Self {
        Self::with(vec![rules()]).await
    }

    async fn with(rules: Vec<IssuerRules>) -> Self {
        let fetch = Arc::new(FakeFetch::default());
        fetch.publish(&[p256().jwk("p256"), p384().jwk("p384"), rsa().jwk("rsa"), ed().jwk("ed")]);
        let (authenticator, clock) = authenticator(rules, Arc::clone(&fetch));
        authenticator.load().await.unwrap();
        Self { authenticator, fetch, clock }
    }

    async fn verify(&self, token: &str) -> Result<Arc<Principal>, TokenError> {
        presented(&self.authenticator, token).await
    }

    async fn refused(&self, token: &str) -> TokenError {
        let error = self.verify(token).await.expect_err(token);
        assert_eq!(error.fault(), Fault::InvalidToken, "{error}");
        for part in token.split('.').filter(|part| part.len() > 20) {
            assert!(!format!("{error} {error:?}").contains(part), "the error shows the token");
        }
        error
    }
}

fn es256(claims: &Value) -> String {
    p256().token(&json!({"alg": "ES256", "kid": "p256", "typ": "at+jwt"}), claims)
}

fn good() -> String {
    es256(&claims(&json!({})))
}

#[tokio::test(start_paused = true)]
async fn a_good_token_of_every_algorithm_is_verified() {
    let bench = Bench::new().await;
    let each: [(&Signer, &str, &[&str]); 4] = [
        (rsa(), "rsa", &["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]),
        (p256(), "p256", &["ES256"]),
        (p384(), "p384", &["ES384"]),
        (ed(), "ed", &["EdDSA", "Ed25519"]),
    ];
    for (signer, kid, algs) in each {
        for alg in algs {
            let token = signer.token(&json!({"alg": alg, "kid": kid}), &claims(&json!({})));
            let verified = bench.verify(&token).await.unwrap_or_else(|e| panic!("{alg}: {e}"));
            assert_eq!((verified.issuer(), verified.subject()), (ISSUER, "alice"), "{alg}");
            let tampered = token.replacen('.', ".e", 1);
            assert!(bench.verify(&tampered).await.is_err(), "{alg}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn t01_unsigned_tokens_are_refused() {
    let bench = Bench::new().await;
    for alg in ["none", "nOnE", "NONE", ""] {
        let unsigned =
            format!("{}.{}.", b64(json!({"alg": alg}).to_string()), b64(claims(&json!({})).to_string()));
        bench.refused(&unsigned).await;
        bench.refused(&format!("{unsigned}AA")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn t02_t03_algorithms_outside_the_allowlist_are_refused() {
    let bench = Bench::with(vec![IssuerRules {
        algorithms: Some(vec![Algorithm::Rs256, Algorithm::Es256]),
        ..rules()
    }])
    .await;
    let of = |alg: &str| rsa().token(&json!({"alg": alg, "kid": "rsa"}), &claims(&json!({})));
    assert!(bench.verify(&of("RS256")).await.is_ok());
    for alg in ["RS512", "PS256"] {
        assert!(matches!(bench.refused(&of(alg)).await, TokenError::Algorithm), "{alg}");
    }
    // RFC 8725 §2.1: an RSA public key taken as an HMAC secret.
    for secret in [rsa().public_der(), rsa().jwk("rsa").to_string().into_bytes()] {
        let signed =
            format!("{}.{}", b64(r#"{"alg":"HS256","kid":"rsa"}"#), b64(claims(&json!({})).to_string()));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), signed.as_bytes());
        assert!(matches!(bench.refused(&format!("{signed}.{}", b64(tag))).await, TokenError::Algorithm));
    }
    let lower = rsa().token_of(r#"{"alg":"rs256","kid":"rsa"}"#, "RS256", &claims(&json!({})).to_string());
    assert!(matches!(bench.refused(&lower).await, TokenError::Algorithm));
}

#[tokio::test(start_paused = true)]
async fn t04_degenerate_signatures_are_refused() {
    let bench = Bench::new().await;
    let good = good();
    let (signed, _) = good.rsplit_once('.').unwrap();
    for signature in [vec![0; 64], vec![0xff; 64], vec![0; 63], vec![0; 65], vec![1], vec![0; 96]] {
        assert!(matches!(
            bench.refused(&format!("{signed}.{}", b64(signature))).await,
            TokenError::Signature
        ));
    }
    let mut half = vec![0; 64];
    half[31] = 1;
    bench.refused(&format!("{signed}.{}", b64(&half))).await;
    half.rotate_left(32);
    bench.refused(&format!("{signed}.{}", b64(&half))).await;
    assert!(bench.verify(&good).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn t05_a_der_signature_is_refused_for_ecdsa() {
    let bench = Bench::new().await;
    let good = good();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let fixed = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature).unwrap();
    let integer = |bytes: &[u8]| [&[2, 33, 0][..], bytes].concat();
    let der = [&[0x30, 70][..], &integer(&fixed[..32]), &integer(&fixed[32..])].concat();
    assert!(matches!(bench.refused(&format!("{signed}.{}", b64(der))).await, TokenError::Signature));
}

#[tokio::test(start_paused = true)]
async fn t06_the_high_s_twin_is_another_token_and_passes() {
    let bench = Bench::new().await;
    let good = good();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let fixed = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, signature).unwrap();
    // n - s for the order n of P-256 (SEC 2 §2.4.2).
    let order: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let mut twin = fixed.clone();
    let mut borrow = 0i16;
    for index in (0..32).rev() {
        let digit = i16::from(order[index]) - i16::from(fixed[32 + index]) - borrow;
        borrow = i16::from(digit < 0);
        twin[32 + index] = digit.rem_euclid(256) as u8;
    }
    let twin = format!("{signed}.{}", b64(twin));
    assert!(bench.verify(&good).await.is_ok());
    assert!(bench.authenticator.remembers(&twin).is_none());
    assert!(bench.verify(&twin).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn t07_t21_t60_a_token_that_is_not_a_compact_jws_is_refused_at_once() {
    let bench = Bench::new().await;
    let good = good();
    let (signed, _) = good.rsplit_once('.').unwrap();
    let parts = [
        "",
        "mcp_sk_0123456789abcdef",
        "a.b",
        &format!("{signed}."),
        signed,
        &format!("{good}."),
        &format!("{good}.AA"),
        &format!("{good}.AA.AA"),
        &format!("{good}="),
        &format!(" {good}"),
        &format!("{good}\n"),
    ]
    .map(str::to_owned);
    for bad in parts {
        assert!(matches!(bench.refused(&bad).await, TokenError::Malformed(_)), "{bad}");
    }
}

#[tokio::test(start_paused = true)]
async fn t09_t10_t16_t18_t22_headers_are_strict_on_signed_tokens_too() {
    let bench = Bench::new().await;
    let with = |extra: &str| {
        p256().token_of(&format!(r#"{{"alg":"ES256"{extra}}}"#), "ES256", &claims(&json!({})).to_string())
    };
    for fine in [
        "",
        r#","kid":"p256""#,
        r#","typ":"JWT""#,
        r#","typ":"AT+JWT""#,
        r#","typ":"application/at+jwt""#,
        r#","cty":"x","unknown":1"#,
    ] {
        assert!(bench.verify(&with(fine)).await.is_ok(), "{fine}");
    }
    for bad in [
        r#","crit":["x"]"#,
        r#","crit":[]"#,
        r#","crit":["alg"]"#,
        r#","crit":"x""#,
        r#","b64":false,"crit":["b64"]"#,
        r#","b64":false"#,
        r#","zip":"DEF""#,
        r#","enc":"A256GCM""#,
        r#","kid":5"#,
        r#","kid":[]"#,
        r#","kid":null"#,
        r#","kid":"p256","kid":"p256""#,
        r#","typ":"dpop+jwt""#,
        r#","typ":"logout+jwt""#,
        r#","alg":"ES256""#,
    ] {
        bench.refused(&with(bad)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn t13_t17_an_attackers_key_and_a_key_of_another_kind_are_refused() {
    let bench = Bench::new().await;
    let embedded = json!({"alg": "ES256", "kid": "p256", "jwk": other_p256().jwk("p256"), "x5c": ["MIIB"]});
    assert!(matches!(
        bench.refused(&other_p256().token(&embedded, &claims(&json!({})))).await,
        TokenError::Signature
    ));
    let wrong_kind = p256().token(&json!({"alg": "ES256", "kid": "rsa"}), &claims(&json!({})));
    assert!(matches!(bench.refused(&wrong_kind).await, TokenError::Algorithm));
}

#[tokio::test(start_paused = true)]
async fn t19_to_t54_claims_are_checked_on_signed_tokens() {
    let bench = Bench::new().await;
    for bad in [
        json!({"aud": "app", "nonce": "n"}),
        json!({"aud": format!("{US}/")}),
        json!({"aud": null}),
        json!({"exp": null}),
        json!({"exp": "999"}),
        json!({"exp": u64::MAX}),
        json!({"exp": NOW - 35}),
        json!({"nbf": NOW + 60}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"cnf": {"jkt": "x"}}),
        json!({"iat": NOW + 60}),
        json!({"iss": null}),
        json!({"iss": [ISSUER]}),
    ] {
        bench.refused(&es256(&claims(&bad))).await;
    }
    assert!(bench.verify(&es256(&claims(&json!({"aud": [US, "https://other.example"]})))).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn t26_t28_issuers_are_compared_byte_for_byte() {
    let bench = Bench::new().await;
    for other in [
        "https://as.example/",
        "https://AS.example",
        "HTTPS://as.example",
        "https://as.example:443",
        "https://%61s.example",
        "http://as.example",
        "https://аs.example",
        "https://as.example ",
        "",
        "https://evil.example",
    ] {
        let token = es256(&claims(&json!({"iss": other})));
        assert!(matches!(bench.refused(&token).await, TokenError::UnknownIssuer(_)), "{other}");
    }
    let both = es256(&claims(&json!({"iss": ["https://evil.example", ISSUER]})));
    assert!(matches!(bench.refused(&both).await, TokenError::Claim { claim: "iss", .. }));
}

#[tokio::test(start_paused = true)]
async fn t30_the_same_kid_at_two_issuers_means_two_keys() {
    let other = "https://other.example";
    let of = |issuer: &str, signer: &Signer, aud: &str| {
        let keys = KeySource::Static(json!({"keys": [signer.jwk("k")]}));
        IssuerRules::new(issuer.parse().unwrap(), vec![aud.into()], keys)
    };
    let bench =
        Bench::with(vec![of(ISSUER, p256(), US), of(other, other_p256(), "https://rs.example/2")]).await;
    let token = |signer: &Signer, iss: &str, aud: &str| {
        signer.token(&json!({"alg": "ES256", "kid": "k"}), &claims(&json!({"iss": iss, "aud": aud})))
    };
    assert_eq!(bench.verify(&token(p256(), ISSUER, US)).await.unwrap().issuer(), ISSUER);
    assert_eq!(
        bench.verify(&token(other_p256(), other, "https://rs.example/2")).await.unwrap().issuer(),
        other
    );
    assert!(matches!(
        bench.refused(&token(p256(), other, "https://rs.example/2")).await,
        TokenError::Signature
    ));
    assert!(matches!(bench.refused(&token(other_p256(), ISSUER, US)).await, TokenError::Signature));
    let crossed = token(p256(), ISSUER, "https://rs.example/2");
    assert!(matches!(bench.refused(&crossed).await, TokenError::Audience(_)), "rules do not cross either");
}

#[tokio::test(start_paused = true)]
async fn t40_t42_t43_payloads_are_strict_on_signed_tokens_too() {
    let bench = Bench::new().await;
    let signed = |payload: &str| p256().token_of(r#"{"alg":"ES256","kid":"p256"}"#, "ES256", payload);
    let body = claims(&json!({})).to_string();
    assert!(bench.verify(&signed(&body)).await.is_ok());
    assert!(bench.verify(&signed(&format!(" {body}\n"))).await.is_ok());
    let open = &body[..body.len() - 1];
    for twice in [
        r#""exp":1900000000"#,
        r#""aud":"x""#,
        r#""iss":"x""#,
        r#""sub":"x""#,
        r#""scope":"admin""#,
        r#""sc\u006fpe":"admin""#,
    ] {
        assert!(
            matches!(bench.refused(&signed(&format!("{open},{twice}}}"))).await, TokenError::Malformed(_)),
            "{twice}"
        );
    }
    for bad in [
        "[]",
        "\"x\"",
        "1",
        "null",
        &format!("{body}x"),
        &format!("{body}{body}"),
        &format!("\u{feff}{body}"),
        &format!("{open},\"a\":1e999}}"),
    ] {
        assert!(matches!(bench.refused(&signed(bad)).await, TokenError::Malformed(_)), "{bad}");
    }
    let deep = format!("{open},\"a\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    bench.refused(&signed(&deep)).await;
    let many: String = (0..100_000).map(|i| format!(",\"{i}\":1")).collect();
    assert!(matches!(bench.refused(&signed(&format!("{open}{many}}}"))).await, TokenError::TooLong { .. }));
}

#[tokio::test(start_paused = true)]
async fn t45_long_tokens_pass_up_to_the_cap() {
    let bench = Bench::new().await;
    let padded = |bytes: usize| es256(&claims(&json!({"pad": "x".repeat(bytes)})));
    assert!(bench.verify(&padded(6_000)).await.is_ok());
    for bytes in [12_700, 780_000] {
        assert!(matches!(bench.refused(&padded(bytes)).await, TokenError::TooLong { .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_verified_token_is_remembered_until_the_ttl_and_never_past_its_expiry() {
    let bench = Bench::new().await;
    let (long, short) = (good(), es256(&claims(&json!({"exp": NOW + 5}))));
    assert!(bench.authenticator.remembers(&long).is_none());
    let first = bench.verify(&long).await.unwrap();
    assert!(Arc::ptr_eq(&first, &bench.verify(&long).await.unwrap()));
    assert!(Arc::ptr_eq(&first, &bench.authenticator.remembers(&long).unwrap()));
    bench.verify(&short).await.unwrap();
    bench.clock.set(NOW + 34);
    assert!(bench.authenticator.remembers(&short).is_some(), "exp plus skew is in 1 s");
    bench.clock.set(NOW + 35);
    assert!(bench.authenticator.remembers(&short).is_none());
    assert!(matches!(bench.refused(&short).await, TokenError::Expired { .. }));
    bench.clock.set(NOW + 60);
    assert!(bench.authenticator.remembers(&long).is_none());
    assert!(!Arc::ptr_eq(&first, &bench.verify(&long).await.unwrap()), "verified anew");
}

#[test]
fn verifying_can_move_between_threads() {
    fn can_move<T: Send>(_: T) {}
    let (authenticator, _) = authenticator(vec![rules()], Arc::default());
    let authenticator = Arc::new(authenticator);
    can_move(authenticator.authenticate(Credential::Bearer("a.b.c")));
    can_move(Arc::clone(&authenticator));
}

#[tokio::test(start_paused = true)]
async fn t53_a_bound_token_is_refused_as_bearer_however_often_it_comes() {
    let bench = Bench::new().await;
    let bound = es256(&claims(&json!({"cnf": {"jkt": "x"}})));
    for _ in 0..2 {
        assert!(matches!(bench.refused(&bound).await, TokenError::SenderConstrained));
    }
}

#[tokio::test(start_paused = true)]
async fn refused_tokens_are_not_remembered() {
    let bench = Bench::new().await;
    let early = es256(&claims(&json!({"nbf": NOW + 60})));
    assert!(matches!(bench.refused(&early).await, TokenError::NotYetValid { .. }));
    bench.clock.set(NOW + 60);
    assert!(bench.verify(&early).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_key_that_goes_away_takes_its_remembered_tokens_along() {
    let bench = Bench::new().await;
    let token = good();
    bench.verify(&token).await.unwrap();
    bench.fetch.publish(&[p384().jwk("p384"), rsa().jwk("rsa"), ed().jwk("ed")]);
    assert!(bench.authenticator.remembers(&token).is_some(), "not noticed yet");
    let unknown = other_rsa().token(&json!({"alg": "RS256", "kid": "new"}), &claims(&json!({})));
    bench.refused(&unknown).await;
    assert!(bench.authenticator.remembers(&token).is_none());
    assert!(matches!(bench.refused(&token).await, TokenError::UnknownKey));
}

#[tokio::test(start_paused = true)]
async fn k21_an_issuer_without_keys_is_named_with_the_time_since_when() {
    let fetch = Arc::new(FakeFetch::default());
    let local = IssuerRules::new(
        "http://localhost:1".parse().unwrap(),
        vec![US.into()],
        KeySource::Static(json!({"keys": [ed().jwk("k")]})),
    );
    let (verifier, _) = authenticator(vec![rules(), local], Arc::clone(&fetch));
    let missing = |verifier: &Authenticator| {
        verifier.issuers().iter().map(|state| (state.is_fetched, state.missing_since)).collect::<Vec<_>>()
    };
    assert_eq!(missing(&verifier), [(true, Some(NOW)), (false, None)]);
    fetch.put(JWKS, Answer::Hang);
    let failures = verifier.load().await.unwrap_err();
    assert_eq!(failures.len(), 1);
    assert!(failures[0].issuer == ISSUER && !failures[0].is_misconfiguration());
    match presented(&verifier, &good()).await.unwrap_err().fault() {
        Fault::Unavailable { retry_after } => assert!(retry_after >= Duration::from_secs(1)),
        other => panic!("{other:?}"),
    }
    fetch.publish(&[p256().jwk("p256")]);
    verifier.load().await.unwrap();
    assert_eq!(missing(&verifier), [(true, None), (false, None)]);
    assert!(presented(&verifier, &good()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn k09_metadata_of_another_issuer_at_start_is_a_misconfiguration() {
    let fetch = Arc::new(FakeFetch::default());
    fetch.put(
        "https://as.example/.well-known/openid-configuration",
        Answer::ok(&json!({"issuer": "https://as.example/", "jwks_uri": JWKS})),
    );
    let rules = IssuerRules { keys: KeySource::Discovery, ..rules() };
    let (verifier, _) = authenticator(vec![rules], fetch);
    let failures = verifier.load().await.unwrap_err();
    assert!(failures[0].is_misconfiguration(), "{:?}", failures[0].cause);
}

#[test]
fn a_verifier_needs_issuers_each_once_with_rules_that_stand() {
    let make = |rules| JwtVerifier::new(rules, Arc::new(FakeFetch::default()), ambient().0);
    assert!(matches!(make(vec![]), Err(JwtVerifierError::NoIssuer)));
    assert!(matches!(make(vec![rules(), rules()]), Err(JwtVerifierError::Twice { .. })));
    let mut open = rules();
    open.tokens.audiences.clear();
    assert!(matches!(make(vec![open]), Err(JwtVerifierError::Rules { cause: RulesError::Audience, .. })));
    let empty = IssuerRules { keys: KeySource::Static(json!({"keys": []})), ..rules() };
    assert!(matches!(make(vec![empty]), Err(JwtVerifierError::StaticKeys { .. })));
    assert!(make(vec![rules()]).is_ok());
}
