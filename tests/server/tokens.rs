//! What a token must be, over HTTP on every protocol revision (SECURITY.md T01 to T60). Each row has a token that
//! is served next to those that are not; no tool runs for a refused one, public tools included.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use mcp_auth::ambient::{Ambient, Clock, SystemClock, SystemRandom};
use mcp_auth::testing::{Era, TestIssuer, TestServer};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, Key, b64, now};
use crate::everything::Everything;

/// A server that trusts one issuer over the network, and what signs for it.
struct Bench {
    everything: Everything,
    server: TestServer,
    issuer: AuthorizationServer,
    key: Key,
}

impl Bench {
    async fn new() -> Self {
        Self::with("").await
    }

    /// With more keys in the issuer's section.
    async fn with(more: &str) -> Self {
        let key = Key::new(Algorithm::ES256, "k");
        let issuer = AuthorizationServer::with_keys(&[&key]).await;
        let everything = Everything::default();
        let toml = format!("[auth]\nmode = \"verify\"\n{}", issuer.toml(more));
        let server = everything.start_with(&toml).await;
        Self { everything, server, issuer, key }
    }

    fn claims(&self, changes: Value) -> Value {
        self.issuer.claims(self.server.url(), changes)
    }

    /// A good token but for these claims; null removes one.
    fn token(&self, changes: Value) -> String {
        self.key.token(&self.claims(changes))
    }

    /// A good token but for this member of its header.
    fn with_header(&self, name: &str, value: Value) -> String {
        let mut header = self.key.header();
        header[name] = value;
        self.key.compact(&header.to_string(), self.claims(json!({})).to_string())
    }

    /// A good token but for its claims' text: `replace` of the good one's.
    fn with_payload(&self, change: impl FnOnce(String) -> String) -> String {
        let payload = change(self.claims(json!({})).to_string());
        self.key.compact(&self.key.header().to_string(), payload)
    }

    /// Header and payload of a good token, encoded, and its signature.
    fn parts(&self) -> [String; 3] {
        let token = self.token(json!({}));
        let mut parts = token.split('.').map(str::to_owned);
        std::array::from_fn(|_| parts.next().unwrap())
    }

    async fn accepts(&self, token: &str, case: &str) {
        for era in Era::ALL {
            let before = self.everything.ran();
            let client = self.server.client().era(era).token(token);
            let answer = client.call_tool("read_note", json!({})).await;
            assert_eq!(
                answer.text(),
                Some("a note"),
                "{case} {era:?}: {} {}",
                answer.status(),
                answer.body()
            );
            assert_eq!(self.everything.ran(), before + 1, "{case} {era:?}");
        }
    }

    /// 401 `invalid_token`, with everything a client needs to get another, and nothing of the token.
    async fn refuses(&self, token: &str, case: &str) {
        let before = self.everything.ran();
        for era in Era::ALL {
            for (tool, stateless) in [("read_note", vec!["base", "read"]), ("ping", vec!["base"])] {
                let client = self.server.client().era(era).token(token);
                let answer = client.call_tool(tool, json!({})).await;
                assert_eq!(answer.status(), 401, "{case} {era:?}: {}", answer.body());
                let challenge = answer.challenge().expect(case);
                assert_eq!(challenge.error(), Some("invalid_token"), "{case} {era:?}");
                let metadata = self.server.at("/.well-known/oauth-protected-resource/mcp");
                assert_eq!(challenge.resource_metadata(), Some(&*metadata), "{case} {era:?}");
                // Before 2026-07-28 it is `initialize` that is refused, and that needs no more than the base.
                let wanted = if era == Era::Stateless { stateless } else { vec!["base"] };
                assert_eq!(challenge.scopes(), wanted, "{case} {era:?}");
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{case} {era:?}");
                assert_eq!(
                    (answer.error_code(), &answer.message()["id"]),
                    (Some(401), &json!(1)),
                    "{case} {era:?}"
                );
                assert_eq!(answer.error().unwrap()["data"]["error"], "invalid_token", "{case} {era:?}");
                assert!(token.len() < 20 || !answer.body().contains(token), "{case}: the token came back");
            }
        }
        assert_eq!(self.everything.ran(), before, "{case}: a tool ran");
    }

    /// 403 `insufficient_scope`: the token is good, and holds none of the declared scopes.
    async fn grants_nothing(&self, token: &str, case: &str) {
        let before = self.everything.ran();
        for era in Era::ALL {
            let client = self.server.client().era(era).token(token);
            let answer = client.call_tool("read_note", json!({})).await;
            assert_eq!(answer.status(), 403, "{case} {era:?}: {}", answer.body());
            let challenge = answer.challenge().expect(case);
            assert_eq!(challenge.error(), Some("insufficient_scope"), "{case} {era:?}");
            assert_eq!(challenge.scopes(), ["read"], "{case} {era:?}");
            assert_eq!(answer.error().unwrap()["data"]["held"], json!([]), "{case} {era:?}");
        }
        assert_eq!(self.everything.ran(), before, "{case}: a tool ran");
    }
}

fn decode(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).expect("base64url")
}

#[tokio::test]
async fn t01_t03_unsigned_tokens_and_foreign_algorithms_are_refused() {
    let bench = Bench::new().await;
    let [_, payload, signature] = bench.parts();
    bench.accepts(&bench.token(json!({})), "ES256").await;
    let algs =
        ["none", "nOnE", "NONE", "", "RS512", "PS256", "HS256", "HS512", "rs256", "es256", "ES256K", "RS256"];
    for alg in algs {
        let header = b64(json!({ "alg": alg, "kid": "k", "typ": "at+jwt" }).to_string());
        bench.refuses(&format!("{header}.{payload}."), &format!("{alg:?}, no signature")).await;
        bench.refuses(&format!("{header}.{payload}.{signature}"), &format!("{alg:?}, a signature")).await;
        bench.refuses(&bench.with_header("alg", json!(alg)), &format!("{alg:?}, validly signed")).await;
    }
    for header in
        [r#"{"kid":"k","typ":"at+jwt"}"#, r#"{"alg":null,"kid":"k"}"#, r#"{"alg":["ES256"],"kid":"k"}"#, "{}"]
    {
        bench.refuses(&bench.key.compact(header, bench.claims(json!({})).to_string()), header).await;
    }
}

#[tokio::test]
async fn t02_a_public_key_is_no_hmac_secret() {
    let bench = Bench::new().await;
    let jwk = bench.key.jwk();
    let point = [jwk["x"].as_str().unwrap(), jwk["y"].as_str().unwrap()].concat();
    for secret in [jwk.to_string(), point, String::new()] {
        let mut header = jsonwebtoken::Header::new(Algorithm::HS256);
        header.kid = Some("k".to_owned());
        let key = jsonwebtoken::EncodingKey::from_secret(secret.as_bytes());
        let token = jsonwebtoken::encode(&header, &bench.claims(json!({})), &key).unwrap();
        bench.refuses(&token, &secret).await;
    }
}

#[tokio::test]
async fn t04_t05_wrong_and_degenerate_signatures_are_refused() {
    let bench = Bench::new().await;
    let [header, payload, signature] = bench.parts();
    bench.accepts(&format!("{header}.{payload}.{signature}"), "its own").await;
    let other = bench.parts();
    let bytes = decode(&signature);
    // DER (RFC 3279 §2.2.3), as most libraries make it; a JWS has r and s side by side (RFC 7518 §3.4).
    let integer = |bytes: &[u8]| [&[2, 33, 0], bytes].concat();
    let der = [&[0x30, 70][..], &integer(&bytes[..32]), &integer(&bytes[32..])].concat();
    let stranger = Key::new(Algorithm::ES256, "k").token(&bench.claims(json!({})));
    for (case, signature) in [
        ("r and s zero", b64([0; 64])),
        ("all ones", b64([0xff; 64])),
        ("too short", b64([1; 63])),
        ("too long", b64([1; 65])),
        ("another token's", other[2].clone()),
        ("of an RSA key's size", b64([1; 256])),
        ("T05 DER", b64(der)),
        ("padded", format!("{signature}==")),
    ] {
        bench.refuses(&format!("{header}.{payload}.{signature}"), case).await;
    }
    bench.refuses(&stranger, "a stranger's").await;
    let changed = b64(bench.claims(json!({ "scope": "admin" })).to_string());
    bench.refuses(&format!("{header}.{changed}.{signature}"), "another payload").await;
    let header = b64(json!({ "alg": "ES256", "kid": "k", "typ": "JWT" }).to_string());
    bench.refuses(&format!("{header}.{payload}.{signature}"), "another header").await;
}

#[tokio::test]
async fn t06_the_high_s_twin_of_a_signature_is_served_and_remembered_apart() {
    // n - s for the order n of P-256 (SEC 2 §2.4.2).
    const ORDER: [u8; 32] = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
        0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    let bench = Bench::new().await;
    let [header, payload, signature] = bench.parts();
    let mut bytes = decode(&signature);
    let mut borrow = 0;
    for (place, digit) in ORDER.iter().enumerate().rev() {
        let difference = i16::from(*digit) - i16::from(bytes[32 + place]) - borrow;
        borrow = i16::from(difference < 0);
        bytes[32 + place] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    let twin = format!("{header}.{payload}.{}", b64(&bytes));
    assert_ne!(twin, format!("{header}.{payload}.{signature}"));
    bench.accepts(&format!("{header}.{payload}.{signature}"), "as signed").await;
    bench.accepts(&twin, "the twin").await;
    bytes[63] ^= 1;
    bench.refuses(&format!("{header}.{payload}.{}", b64(&bytes)), "neither").await;
}

#[tokio::test]
async fn t07_t21_t60_what_is_no_compact_jws_is_refused() {
    let bench = Bench::new().await;
    let [h, p, s] = bench.parts();
    let jwe = b64(r#"{"alg":"RSA-OAEP","enc":"A256GCM","zip":"DEF"}"#);
    for token in [
        format!("{h}.{p}."),
        format!("{h}.{p}"),
        format!("{h}..{s}"),
        format!(".{p}.{s}"),
        format!("{h}.{p}.{s}."),
        format!(".{h}.{p}.{s}"),
        format!("{h}.{p}.{s}.{s}"),
        format!("{h}.{p}.{s}.{s}.{s}"),
        format!("{h}.{p}.{s}="),
        format!("{h}.{p}.{s}=="),
        format!("{jwe}.AAAA.AAAA.AAAA.AAAA"),
        format!("{jwe}.{p}.{s}"),
        h.clone(),
        ".".to_owned(),
        "..".to_owned(),
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc".to_owned(),
        "00000000-0000-0000-0000-000000000000".to_owned(),
        "mF_9.B5f-4.1JqM".to_owned(),
    ] {
        bench.refuses(&token, &token).await;
    }
    bench.accepts(&format!("{h}.{p}.{s}"), "three parts").await;
}

#[tokio::test]
async fn t09_t10_t22_headers_that_change_what_a_token_means_are_refused() {
    let bench = Bench::new().await;
    for (name, values) in [
        ("crit", vec![json!(["x"]), json!([]), json!(["alg"]), json!("x"), json!(null), json!(["b64"])]),
        ("b64", vec![json!(false), json!(true)]),
        ("zip", vec![json!("DEF"), json!(null)]),
        ("enc", vec![json!("A256GCM")]),
    ] {
        for value in values {
            bench.refuses(&bench.with_header(name, value.clone()), &format!("{name}: {value}")).await;
        }
    }
    bench.accepts(&bench.with_header("x-other", json!({ "any": 1 })), "a header without a meaning").await;
}

#[tokio::test]
async fn t12_t13_keys_a_token_names_are_neither_fetched_nor_used() {
    let bench = Bench::new().await;
    let theirs = Key::new(Algorithm::ES256, "k");
    let attacker = AuthorizationServer::with_keys(&[&theirs]).await;
    let asked = bench.issuer.asked();
    for (name, value) in [
        ("jku", json!(attacker.at("/jwks"))),
        ("x5u", json!(attacker.at("/chain.pem"))),
        ("jku", json!("http://169.254.169.254/latest/meta-data")),
        ("jwk", theirs.jwk()),
        ("x5c", json!(["MIIB"])),
    ] {
        bench
            .accepts(&bench.with_header(name, value.clone()), &format!("{name}, by the configured key"))
            .await;
        let mut header = theirs.header();
        header[name] = value;
        let token = theirs.compact(&header.to_string(), bench.claims(json!({})).to_string());
        bench.refuses(&token, &format!("{name}, by the key it names")).await;
    }
    assert_eq!(attacker.asked().len(), 0, "{:?}", attacker.asked());
    // The wrong signature asked the issuer itself, once: it might have a new key.
    assert_eq!(bench.issuer.asked().len(), asked.len() + 1);
}

#[tokio::test]
async fn t16_a_kid_is_one_string() {
    let bench = Bench::new().await;
    for kid in [json!(5), json!([]), json!(["k"]), json!(null), json!({}), json!(true)] {
        bench.refuses(&bench.with_header("kid", kid.clone()), &kid.to_string()).await;
    }
    for header in [
        r#"{"alg":"ES256","kid":"k","kid":"k"}"#,
        r#"{"alg":"ES256","kid":"k","\u006bid":"k"}"#,
        r#"{"alg":"ES256","alg":"ES256","kid":"k"}"#,
        r#"{"alg":"ES256","kid":"k"} "#,
        "\u{feff}{\"alg\":\"ES256\",\"kid\":\"k\"}",
        r#"[{"alg":"ES256","kid":"k"}]"#,
    ] {
        let token = bench.key.compact(header, bench.claims(json!({})).to_string());
        // White space around JSON is JSON; everything else here is not one strict object.
        if header.ends_with(' ') {
            bench.accepts(&token, header).await
        } else {
            bench.refuses(&token, header).await
        }
    }
    bench.refuses(&bench.with_header("kid", json!("../../k")), "unknown").await;
    bench.accepts(&bench.with_header("kid", json!("k")), "its own").await;
}

#[tokio::test]
async fn t18_types_of_other_tokens_are_refused_and_an_issuer_can_demand_rfc_9068() {
    let access = ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT"];
    let others =
        ["dpop+jwt", "logout+jwt", "id_token", "secevent+jwt", "JWE", "JOSE", "", "at+jwt ", "text/at+jwt"];
    let (any, strict) = (Bench::new().await, Bench::with("require_at_jwt = true").await);
    for (bench, demands) in [(&any, false), (&strict, true)] {
        for typ in access {
            bench.accepts(&bench.with_header("typ", json!(typ)), typ).await;
        }
        for typ in others {
            bench.refuses(&bench.with_header("typ", json!(typ)), typ).await;
        }
        for typ in [json!(null), json!(5), json!(["at+jwt"])] {
            bench.refuses(&bench.with_header("typ", typ.clone()), &typ.to_string()).await;
        }
        let untyped = bench.key.compact(r#"{"alg":"ES256","kid":"k"}"#, bench.claims(json!({})).to_string());
        for (case, token) in [
            ("JWT", bench.with_header("typ", json!("JWT"))),
            ("jwt", bench.with_header("typ", json!("jwt"))),
            ("absent", untyped),
        ] {
            if demands { bench.refuses(&token, case).await } else { bench.accepts(&token, case).await }
        }
    }
}

#[tokio::test]
async fn t19_t53_id_tokens_and_sender_constrained_tokens_are_refused() {
    let bench = Bench::new().await;
    for (case, changes) in [
        ("an ID token for the client", json!({ "aud": "app", "nonce": "n" })),
        ("at_hash", json!({ "at_hash": "x" })),
        ("c_hash", json!({ "c_hash": "x" })),
        ("bound to a key (DPoP)", json!({ "cnf": { "jkt": "x" } })),
        ("bound to a certificate", json!({ "cnf": { "x5t#S256": "x" } })),
        ("cnf of another shape", json!({ "cnf": "x" })),
    ] {
        bench.refuses(&bench.token(changes), case).await;
    }
    bench.accepts(&bench.token(json!({ "nonce": "n" })), "an access token with a nonce").await;
}

#[tokio::test]
async fn t24_an_audience_that_only_resembles_ours_is_refused() {
    let bench = Bench::new().await;
    let us = bench.server.url().to_owned();
    let origin = us.strip_suffix("/mcp").unwrap();
    for aud in [
        json!(format!("{us}/")),
        json!(us.to_uppercase()),
        json!(us.replace("http:", "HTTP:")),
        json!(format!("{us}.evil")),
        json!(us.replace("127.0.0.1", "127.0.0.1.evil")),
        json!(us.replace("127.0.0.1", "localhost")),
        json!(us.replace("/mcp", "/%6dcp")),
        json!(format!("{us}?x")),
        json!(format!("{us}#x")),
        json!(format!(" {us}")),
        json!(origin),
        json!(format!("{origin}/")),
        json!(format!("{us} https://other.example")),
        json!("https://other.example/mcp"),
        json!("*"),
        json!(""),
        json!([]),
        json!(["https://other.example"]),
        json!([[us]]),
        json!([us, 5]),
        json!([us, null]),
        json!({ "aud": us }),
        json!({ us.clone(): true }),
        json!(5),
        json!(true),
    ] {
        bench.refuses(&bench.token(json!({ "aud": aud })), &aud.to_string()).await;
    }
    bench.refuses(&bench.token(json!({ "aud": null })), "absent").await;
    bench.refuses(&bench.with_payload(|claims| claims.replace(&format!("\"{us}\""), "null")), "null").await;
    bench.accepts(&bench.token(json!({ "aud": us })), "ours").await;
}

#[tokio::test]
async fn t25_an_audience_among_others_is_ours_unless_it_must_be_the_only_one() {
    let (any, single) = (Bench::new().await, Bench::with("single_audience = true").await);
    for bench in [&any, &single] {
        let us = bench.server.url();
        bench.accepts(&bench.token(json!({ "aud": [us] })), "a list of one").await;
        let both = bench.token(json!({ "aud": [us, "https://other.example"] }));
        let twice = bench.token(json!({ "aud": ["https://other.example", us] }));
        for token in [both, twice] {
            if std::ptr::eq(bench, &any) {
                bench.accepts(&token, "any").await;
            } else {
                bench.refuses(&token, "single_audience").await;
            }
        }
    }
}

#[tokio::test]
async fn t27_t28_t58_an_issuer_that_only_resembles_ours_is_refused_and_nobody_is_asked() {
    let bench = Bench::new().await;
    let asked = bench.issuer.asked();
    let stranger = AuthorizationServer::with_keys(&[&bench.key]).await;
    let ours = bench.issuer.issuer().to_owned();
    for iss in [
        json!(["https://evil.example", ours]),
        json!([ours]),
        json!({ "iss": ours }),
        json!(5),
        json!(true),
        json!(""),
        json!(format!("{ours}/")),
        json!(ours.to_uppercase()),
        json!(ours.replace("http:", "https:")),
        json!(ours.replace("127.0.0.1", "127.0.0.%31")),
        json!(ours.replace("127.0.0.1", "localhost")),
        json!(ours.replace("127.0.0.1", "127.0.0.\u{661}")),
        json!(format!("{ours}\0")),
        json!(format!(" {ours}")),
        json!(format!("{ours}?x")),
        json!("https://evil.example"),
        json!(stranger.issuer()),
    ] {
        bench.refuses(&bench.token(json!({ "iss": iss })), &iss.to_string()).await;
    }
    bench.refuses(&bench.token(json!({ "iss": null })), "absent").await;
    bench.accepts(&bench.token(json!({ "iss": ours })), "ours").await;
    assert_eq!((bench.issuer.asked(), stranger.asked()), (asked, vec![]));
}

#[tokio::test]
async fn t31_t33_t34_an_expiry_is_a_date_and_not_too_far() {
    let bench = Bench::new().await;
    bench.refuses(&bench.token(json!({ "exp": null })), "absent").await;
    let exp = |text: &str| {
        bench.with_payload(|claims| {
            let mut claims: Value = serde_json::from_str(&claims).unwrap();
            claims["exp"] = json!("EXP");
            claims.to_string().replace("\"EXP\"", text)
        })
    };
    let (soon, long) = (now() + 300, now() + 23 * 3600);
    for text in [
        "null",
        "true",
        "\"999\"",
        "{}",
        "[]",
        "-1",
        "1e308",
        "1e999",
        "18446744073709551616",
        "18446744073709551615",
        "1000000000000000000",
        "253402300800",
        &format!("\"{soon}\""),
        &format!("[{soon}]"),
        &(now() + 25 * 3600).to_string(),
    ] {
        bench.refuses(&exp(text), text).await;
    }
    for text in [soon.to_string(), format!("{soon}.5"), long.to_string()] {
        bench.accepts(&exp(&text), &text).await;
    }
    bench.refuses(&bench.token(json!({ "iat": null, "exp": now() + 25 * 3600 })), "no iat, too far").await;
    bench.accepts(&bench.token(json!({ "iat": null })), "no iat").await;
}

#[tokio::test]
async fn t34_the_longest_lifetime_is_the_issuers() {
    let bench = Bench::with("max_token_lifetime = \"5m\"").await;
    bench.accepts(&bench.token(json!({ "exp": now() + 290 })), "290 s").await;
    bench.refuses(&bench.token(json!({ "exp": now() + 310 })), "310 s").await;
    bench.refuses(&bench.token(json!({ "iat": now() - 200, "exp": now() + 200 })), "400 s, half over").await;
}

#[tokio::test]
async fn t36_t37_t39_times_are_checked_with_the_issuers_skew() {
    let (default, none) = (Bench::new().await, Bench::with("clock_skew = \"0s\"").await);
    let expired = |ago: u64| json!({ "iat": now() - 600, "exp": now() - ago });
    default.accepts(&default.token(expired(15)), "expired within the skew").await;
    default.refuses(&default.token(expired(35)), "expired beyond the skew").await;
    none.refuses(&none.token(expired(1)), "expired, no skew").await;
    default.accepts(&default.token(json!({ "nbf": now() + 25 })), "soon valid").await;
    default.accepts(&default.token(json!({ "nbf": now() - 25 })), "long valid").await;
    for (case, changes) in [
        ("nbf in the future", json!({ "nbf": now() + 60 })),
        ("nbf is text", json!({ "nbf": "0" })),
        ("nbf is true", json!({ "nbf": true })),
        ("nbf is huge", json!({ "nbf": 1e308 })),
        ("nbf is negative", json!({ "nbf": -1 })),
        ("iat in the future", json!({ "iat": now() + 60 })),
        ("iat is text", json!({ "iat": "0" })),
        ("exp before iat", json!({ "iat": now() + 20, "exp": now() + 10 })),
        ("nbf after exp", json!({ "exp": now() + 5, "nbf": now() + 10 })),
    ] {
        default.refuses(&default.token(changes), case).await;
    }
    none.refuses(&none.token(json!({ "nbf": now() + 20 })), "soon valid, no skew").await;
}

/// The system's clock, moved ahead as far as a test says.
#[derive(Default)]
struct MovedClock(AtomicU64);

impl Clock for MovedClock {
    fn unix_now(&self) -> u64 {
        now() + self.0.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn t36_a_remembered_token_is_refused_once_exp_and_skew_have_passed() {
    let clock = Arc::new(MovedClock::default());
    let ambient = Ambient { clock: Arc::clone(&clock) as Arc<dyn Clock>, random: Arc::new(SystemRandom) };
    let everything = Everything::default();
    let server = everything.builder("").ambient(ambient).start().await.expect("the server starts");
    let token = server.token("alice").scope("read").ttl(20).mint();
    for (ahead, status) in [(0, 200), (15, 200), (40, 200), (55, 401), (0, 200)] {
        clock.0.store(ahead, Ordering::SeqCst);
        for era in Era::ALL {
            let answer = server.client().era(era).token(&token).call_tool("read_note", json!({})).await;
            assert_eq!(answer.status(), status, "{ahead} s ahead, {era:?}: {}", answer.body());
        }
    }
    assert_eq!(everything.ran(), 16);
}

#[tokio::test]
async fn t40_t42_t43_claims_are_one_strict_json_object() {
    let bench = Bench::new().await;
    let with = |member: &str| bench.with_payload(|claims| claims.replacen('{', &format!("{{{member},"), 1));
    let us = bench.server.url();
    for member in [
        "\"exp\":4102444800".to_owned(),
        format!("\"aud\":\"{us}\""),
        format!("\"iss\":\"{}\"", bench.issuer.issuer()),
        "\"sub\":\"root\"".to_owned(),
        "\"scope\":\"admin\"".to_owned(),
        "\"sc\\u006fpe\":\"admin\"".to_owned(),
        "\"x\":{\"a\":1,\"a\":2}".to_owned(),
        format!("\"deep\":{}1{}", "[".repeat(64), "]".repeat(64)),
        "\"nan\":NaN".to_owned(),
        "\"lone\":\"\\ud800\"".to_owned(),
    ] {
        bench.refuses(&with(&member), &member).await;
    }
    bench.accepts(&with("\"x\":{\"a\":1},\"y\":{\"a\":1}"), "the same name in two objects").await;
    let header = bench.key.header().to_string();
    let claims = bench.claims(json!({})).to_string();
    for (case, payload) in [
        ("a list", b"[]".to_vec()),
        ("text", b"\"x\"".to_vec()),
        ("a number", b"1".to_vec()),
        ("null", b"null".to_vec()),
        ("empty object", b"{}".to_vec()),
        ("in a list", format!("[{claims}]").into_bytes()),
        ("BOM", format!("\u{feff}{claims}").into_bytes()),
        ("two objects", format!("{claims}{{}}").into_bytes()),
        ("a byte too many", format!("{claims}\0").into_bytes()),
        ("a comma too many", claims.replace('}', ",}").into_bytes()),
        ("bad UTF-8", [claims.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat()),
        ("cut off", claims.trim_end_matches('}').as_bytes().to_vec()),
        ("UTF-16", claims.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("depth 5000", [b"{\"a\":".as_slice(), &b"[".repeat(5000), &b"]".repeat(5000), b"}"].concat()),
    ] {
        bench.refuses(&bench.key.compact(&header, payload), case).await;
    }
    bench.accepts(&bench.key.compact(&header, claims), "as it should be").await;
}

#[tokio::test]
async fn t45_long_tokens_are_served_up_to_the_header_limit() {
    let bench = Bench::new().await;
    let padded = |bytes: usize| bench.token(json!({ "padding": "x".repeat(bytes * 3 / 4) }));
    bench.accepts(&padded(8 * 1024), "8 KiB").await;
    let before = bench.everything.ran();
    for bytes in [17 * 1024, 100 * 1024, 1024 * 1024] {
        let client = bench.server.client().token(padded(bytes));
        let answer = client.call_tool("read_note", json!({})).await;
        assert_eq!(answer.status(), 431, "{bytes}: {}", answer.body());
    }
    assert_eq!(bench.everything.ran(), before);
}

#[tokio::test]
async fn t46_a_subject_is_a_short_plain_string() {
    let bench = Bench::new().await;
    bench.refuses(&bench.token(json!({ "sub": null })), "absent").await;
    for sub in [
        json!(""),
        json!(5),
        json!(["alice"]),
        json!({}),
        json!(true),
        json!("x".repeat(5 * 1024)),
        json!("x".repeat(256)),
        json!("a\r\nx-admin: 1"),
        json!("a\0"),
        json!("\u{202e}ecila"),
        json!("a\u{2028}b"),
        json!("\u{1b}[31malice"),
    ] {
        bench.refuses(&bench.token(json!({ "sub": sub })), &sub.to_string()).await;
    }
    for sub in ["alice", "auth0|123", "Ælfrēd", &"x".repeat(255)] {
        bench.accepts(&bench.token(json!({ "sub": sub })), sub).await;
    }
}

#[tokio::test]
async fn t48_scopes_come_from_the_configured_claims_and_never_from_two() {
    let (scope, scp) = (Bench::new().await, Bench::with("scope_claims = [\"scp\", \"scope\"]").await);
    let only = |name: &str, value: Value| json!({ "scope": null, name: value });
    scope.grants_nothing(&scope.token(json!({ "scope": "other", "scp": "read" })), "scope counts").await;
    scope.grants_nothing(&scope.token(only("scp", json!("read"))), "scp is not configured").await;
    scope.grants_nothing(&scope.token(only("scopes", json!("read"))), "nor is scopes").await;
    scope.grants_nothing(&scope.token(only("permissions", json!(["read"]))), "nor are permissions").await;
    scope.accepts(&scope.token(json!({ "scope": "read", "scp": "other" })), "scope counts").await;
    scp.grants_nothing(&scp.token(json!({ "scope": "read", "scp": "other" })), "scp comes first").await;
    scp.grants_nothing(&scp.token(json!({ "scope": "read", "scp": "" })), "present and empty").await;
    scp.grants_nothing(&scp.token(json!({ "scope": "read", "scp": 5 })), "present and no scopes").await;
    scp.accepts(&scp.token(json!({ "scope": "other", "scp": ["read"] })), "scp comes first").await;
    scp.accepts(&scp.token(json!({ "scope": "read" })), "scope comes second").await;
}

#[tokio::test]
async fn t49_t52_scopes_are_split_at_spaces_only_and_other_shapes_grant_nothing() {
    let bench = Bench::new().await;
    for scope in [
        json!("x\tread"),
        json!("x\u{a0}read"),
        json!("x\u{2003}read"),
        json!("x,read"),
        json!("x\nread"),
        json!("x\0read"),
        json!("\"read\""),
        json!("read;"),
        json!("READ"),
        json!("rea"),
        json!("read."),
        json!("re\u{430}d"),
        json!("*"),
        json!(""),
        json!(" "),
        json!({}),
        json!({ "read": true }),
        json!(5),
        json!(true),
        json!([]),
        json!(["x read"]),
        json!([["read"]]),
        json!(["read", 5]),
    ] {
        bench.grants_nothing(&bench.token(json!({ "scope": scope })), &scope.to_string()).await;
    }
    bench.grants_nothing(&bench.token(json!({ "scope": null })), "absent").await;
    bench.grants_nothing(&bench.with_payload(|claims| claims.replace("\"read\"", "null")), "null").await;
    for scope in
        [json!("read"), json!("x read"), json!("  x  read  "), json!("x,y read"), json!(["x", "read"])]
    {
        bench.accepts(&bench.token(json!({ "scope": scope })), &scope.to_string()).await;
    }
}

#[tokio::test]
async fn t51_a_token_with_more_than_1024_scopes_is_refused() {
    let bench = Bench::new().await;
    let scopes = |count: usize| format!("read{}", " x".repeat(count - 1));
    bench.accepts(&bench.token(json!({ "scope": scopes(1024) })), "1024").await;
    bench.refuses(&bench.token(json!({ "scope": scopes(1025) })), "1025").await;
    let list = |count: usize| (0..count).map(|n| if n == 0 { "read" } else { "x" }).collect::<Vec<_>>();
    bench.accepts(&bench.token(json!({ "scope": list(1024) })), "a list of 1024").await;
    bench.refuses(&bench.token(json!({ "scope": list(1025) })), "a list of 1025").await;
}

#[tokio::test]
async fn t54_only_allowed_clients_are_served_where_the_issuer_names_them() {
    let (any, named) = (Bench::new().await, Bench::with("allowed_clients = [\"app\", \"cli\"]").await);
    for (case, changes, allowed) in [
        ("client_id", json!({ "client_id": "cli" }), true),
        ("azp", json!({ "client_id": null, "azp": "app" }), true),
        ("another", json!({ "client_id": "other" }), false),
        ("another by azp", json!({ "client_id": null, "azp": "other" }), false),
        ("client_id before azp", json!({ "client_id": "other", "azp": "app" }), false),
        ("in capitals", json!({ "client_id": "APP" }), false),
        ("none at all", json!({ "client_id": null }), false),
    ] {
        any.accepts(&any.token(changes.clone()), case).await;
        let token = named.token(changes);
        if allowed { named.accepts(&token, case).await } else { named.refuses(&token, case).await }
    }
    for client in [json!(5), json!(""), json!(["app"]), json!("a\r\nb")] {
        any.refuses(&any.token(json!({ "client_id": client })), &client.to_string()).await;
    }
}

#[tokio::test]
async fn the_built_in_issuers_rules_hold_for_a_trusted_one_in_this_process() {
    let everything = Everything::default();
    let server = everything.start().await;
    let good = || server.token("alice").scope("read");
    let us = server.url();
    let stranger = TestIssuer::new("https://issuer.test", Arc::new(SystemClock));
    for (case, token) in [
        ("T10 b64", good().header("b64", false)),
        ("T18 JWT", good().header("typ", "JWT")),
        ("T24 slash", good().audience(&format!("{us}/"))),
        ("T28 slash", good().issuer("https://issuer.test/")),
        ("T31 no exp", good().without_claim("exp")),
        ("T36 expired", good().expired()),
        ("T46 no sub", good().without_claim("sub")),
        ("a stranger's key", good().signed_by_a_stranger()),
        ("another issuer of that name", stranger.token("alice", us).scope("read")),
    ] {
        for era in Era::ALL {
            let answer = server.client().era(era).token(&token).call_tool("read_note", json!({})).await;
            assert_eq!(answer.status(), 401, "{case} {era:?}: {}", answer.body());
            assert_eq!(answer.challenge().unwrap().error(), Some("invalid_token"), "{case} {era:?}");
        }
    }
    assert_eq!(everything.ran(), 0);
    for era in Era::ALL {
        let answer = server.client().era(era).token(good()).call_tool("read_note", json!({})).await;
        assert_eq!(answer.text(), Some("a note"), "{era:?}");
    }
    assert_eq!(everything.ran(), 4);
}
