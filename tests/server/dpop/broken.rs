//! Proofs that are refused, each with its answer: the list of modelcontextprotocol/conformance pull request 395, and what
//! else RFC 9449 §4.3 and the ways of a JWS to deceive come to.

use jsonwebtoken::Algorithm;
use mcp_auth_tests::clock::MovedClock;
use serde_json::json;

use super::bench::{Bench, Proof, ath};
use crate::authorization_server::{Key, b64, now};
use crate::wire::{Wire, call_body, call_headers};

const BAD: &str = "invalid_dpop_proof";
const SHAPE: &str = "the DPoP proof is not a compact JWS";
const HEADER: &str = "the header of the DPoP proof has a parameter that is not supported";
const TYPE: &str = "the typ of the DPoP proof is not dpop+jwt";
const ALG: &str = "the alg of the DPoP proof is not accepted";
const KEY: &str = "the jwk of the DPoP proof is not a usable key for its alg";
const PRIVATE: &str = "the jwk of the DPoP proof is not a public key";
const OTHER_KEY: &str = "the DPoP proof is made with another key than the token is bound to";
const SIGNATURE: &str = "the signature of the DPoP proof is wrong";
const CLAIM: &str = "a claim of the DPoP proof is malformed";
const METHOD: &str = "the htm of the DPoP proof is not the method of the request";
const URI: &str = "the htu of the DPoP proof is not the URL of this server";
const OLD: &str = "the iat of the DPoP proof is more than 5 minutes ago";
const EARLY: &str = "the DPoP proof is not valid yet: check the clocks of the client and of this server";
const TOKEN: &str = "the ath of the DPoP proof is not the hash of the token";

#[tokio::test]
async fn a_header_that_a_good_proof_had_makes_no_other_proof_good() {
    let bench = Bench::with("allowed").await;
    let (token, other) = (bench.token(), Key::new(Algorithm::ES256, "o"));
    bench.accepts(&token, &bench.proof(&token).signed(), "the header is remembered").await;
    let forged = Proof { key: other.clone(), ..bench.proof(&token) };
    bench.refuses(&token, &[forged.signed().as_bytes()], BAD, SIGNATURE, "signed by another key").await;
    let others = bench.token_for(&other);
    let proof = bench.proof(&others);
    bench.refuses(&others, &[proof.signed().as_bytes()], BAD, OTHER_KEY, "another's token").await;
    bench.accepts(&token, &bench.proof(&token).signed(), "the next one").await;
}

#[tokio::test]
async fn t80_each_broken_proof_is_refused_in_words_that_say_what_is_wrong() {
    let bench = Bench::with("allowed").await;
    let token = bench.token();
    let good = || bench.proof(&token);
    let (other, other_alg) = (Key::new(Algorithm::ES256, "o"), Key::new(Algorithm::ES384, "o"));
    let url = bench.server.url().to_owned();
    let signed_by = |key: &Key, proof: Proof| Proof { key: key.clone(), ..proof };
    let cases: Vec<(&str, Proof, &str)> = vec![
        // The header.
        ("no typ", good().header("typ", json!(null)), TYPE),
        ("typ jwt", good().header("typ", json!("jwt")), TYPE),
        ("typ JWT", good().header("typ", json!("JWT")), TYPE),
        ("typ at+jwt", good().header("typ", json!("at+jwt")), TYPE),
        ("typ in another case", good().header("typ", json!("DPoP+JWT")), TYPE),
        ("typ with application/", good().header("typ", json!("application/dpop+jwt")), TYPE),
        ("typ in a list", good().header("typ", json!(["dpop+jwt"])), TYPE),
        ("no alg", good().header("alg", json!(null)), ALG),
        ("alg none", good().header("alg", json!("none")), ALG),
        ("alg NoNe", good().header("alg", json!("NoNe")), ALG),
        ("alg HS256", good().header("alg", json!("HS256")), ALG),
        ("alg HS512", good().header("alg", json!("HS512")), ALG),
        ("alg in another case", good().header("alg", json!("es256")), ALG),
        ("alg ES256K", good().header("alg", json!("ES256K")), ALG),
        ("alg in a list", good().header("alg", json!(["ES256"])), ALG),
        ("alg of another curve", good().header("alg", json!("ES384")), KEY),
        ("alg of another kind of key", good().header("alg", json!("RS256")), KEY),
        ("crit", good().header("crit", json!(["exp"])), HEADER),
        ("crit that is empty", good().header("crit", json!([])), HEADER),
        ("b64", good().header("b64", json!(false)), HEADER),
        ("zip", good().header("zip", json!("DEF")), HEADER),
        ("enc", good().header("enc", json!("A128GCM")), HEADER),
        // The key.
        ("no jwk", good().header("jwk", json!(null)), "the DPoP proof has no jwk"),
        ("jwk that is text", good().header("jwk", json!("x")), KEY),
        ("jwk in a list", good().header("jwk", json!([bench.own.bare_jwk()])), KEY),
        ("jwk that is empty", good().header("jwk", json!({})), KEY),
        ("jwk with d", good().jwk("d", json!("AAAA")), PRIVATE),
        ("jwk that is a whole private key", good().header("jwk", private_key()), PRIVATE),
        ("jwk with d that is empty", good().jwk("d", json!("")), PRIVATE),
        ("jwk that is symmetric", good().header("jwk", json!({ "kty": "oct", "k": "AAAA" })), PRIVATE),
        ("jwk with priv", good().jwk("priv", json!("AAAA")), PRIVATE),
        ("jwk off its curve", good().jwk("x", json!(b64([1; 32]))), KEY),
        ("jwk with a short x", good().jwk("x", json!(b64([1; 31]))), KEY),
        ("jwk with padding", good().jwk("x", json!(format!("{}=", b64([1; 32])))), KEY),
        ("jwk for another alg", good().jwk("alg", json!("ES384")), KEY),
        ("jwk for encryption", good().jwk("use", json!("enc")), KEY),
        ("jwk that may not verify", good().jwk("key_ops", json!(["sign"])), KEY),
        ("another key", bench.proof_by(&other, &token), OTHER_KEY),
        ("another key of another alg", bench.proof_by(&other_alg, &token), OTHER_KEY),
        ("our key, signed by another", signed_by(&other, good()), SIGNATURE),
        // The claims.
        ("no jti", good().claim("jti", json!(null)), "the DPoP proof lacks jti"),
        ("jti that is empty", good().claim("jti", json!("")), CLAIM),
        ("jti of 257 bytes", good().claim("jti", json!("a".repeat(257))), CLAIM),
        ("jti that is a number", good().claim("jti", json!(1)), CLAIM),
        ("no htm", good().claim("htm", json!(null)), "the DPoP proof lacks htm"),
        ("htm GET", good().claim("htm", json!("GET")), METHOD),
        ("htm in another case", good().claim("htm", json!("post")), METHOD),
        ("htm in a list", good().claim("htm", json!(["POST"])), CLAIM),
        ("no htu", good().claim("htu", json!(null)), "the DPoP proof lacks htu"),
        ("htu of another server", good().claim("htu", json!("https://wrong.example.com/mcp")), URI),
        ("htu of another scheme", good().claim("htu", json!(url.replace("http:", "https:"))), URI),
        ("htu of the origin", good().claim("htu", json!(url.trim_end_matches("/mcp"))), URI),
        ("htu of the token endpoint", good().claim("htu", json!(bench.issuer.at("/token"))), URI),
        ("htu with a slash", good().claim("htu", json!(format!("{url}/"))), URI),
        ("htu with a user", good().claim("htu", json!(url.replace("http://", "http://u@"))), URI),
        ("htu that is a path", good().claim("htu", json!("/mcp")), URI),
        ("htu with a space", good().claim("htu", json!(format!(" {url}"))), URI),
        ("htu with backslashes", good().claim("htu", json!(url.replace("//", "\\\\"))), URI),
        ("htu that is empty", good().claim("htu", json!("")), URI),
        ("htu in a list", good().claim("htu", json!([url])), CLAIM),
        ("no iat", good().claim("iat", json!(null)), "the DPoP proof lacks iat"),
        ("iat of 303 seconds ago", good().claim("iat", json!(now() - 303)), OLD),
        ("iat of 1970", good().claim("iat", json!(0)), OLD),
        ("iat more than five minutes ahead", good().claim("iat", json!(now() + 400)), EARLY),
        ("iat an hour ahead", good().claim("iat", json!(now() + 3600)), EARLY),
        ("iat in milliseconds", good().claim("iat", json!(now() * 1000)), CLAIM),
        ("iat that is text", good().claim("iat", json!(now().to_string())), CLAIM),
        ("iat that is negative", good().claim("iat", json!(-1)), CLAIM),
        (
            "exp that has passed",
            good().claim("exp", json!(now() - 1)),
            "the exp of the DPoP proof has passed",
        ),
        ("exp that is text", good().claim("exp", json!("x")), CLAIM),
        ("nbf far ahead", good().claim("nbf", json!(now() + 400)), EARLY),
        ("no ath", good().claim("ath", json!(null)), "the DPoP proof lacks ath"),
        ("ath of something else", good().claim("ath", json!("not-the-right-hash")), TOKEN),
        ("ath of another token", good().claim("ath", json!(ath(&bench.token()))), TOKEN),
        ("ath with padding", good().claim("ath", json!(format!("{}=", ath(&token)))), TOKEN),
        ("ath in a list", good().claim("ath", json!([ath(&token)])), CLAIM),
    ];
    assert!(cases.len() >= 40);
    for (case, proof, words) in cases {
        bench.refuses(&token, &[proof.signed().as_bytes()], BAD, words, case).await;
    }
    bench.accepts(&token, &good().signed(), "good all the same").await;
}

#[tokio::test]
async fn t80_the_window_of_iat_is_five_minutes_to_the_second() {
    let start = now();
    let clock = MovedClock::at(start);
    let ambient = clock.ambient();
    let bench = Bench::changed("allowed", |builder| builder.ambient(ambient)).await;
    let token = bench.token();
    let at = |iat: u64| bench.proof(&token).claim("iat", json!(iat)).signed();
    for edge in [start - 300, start + 300] {
        bench.accepts(&token, &at(edge), &edge.to_string()).await;
    }
    // The suite asks with 303 seconds, because it does not know the server's clock so well.
    for (iat, words) in [(start - 301, OLD), (start - 303, OLD), (start + 301, EARLY), (start + 303, EARLY)] {
        bench.refuses(&token, &[at(iat).as_bytes()], BAD, words, &iat.to_string()).await;
    }
}

#[tokio::test]
async fn t80_a_proof_is_for_the_public_url_whatever_host_the_request_names() {
    let server = "[server]\npublic_url = \"https://public.test/mcp\"\nallowed_hosts = [\"other.test\"]\n";
    let bench = Bench::of(server, "dpop = \"allowed\"").await;
    let (token, wire) = (bench.token(), Wire::of(&bench.server));
    let send = async |host: &str, proof: Proof| {
        let lines = format!(
            "Host: {host}\r\n{}Authorization: DPoP {token}\r\nDPoP: {}\r\n",
            call_headers("read_note"),
            proof.signed()
        );
        wire.post("/mcp", &lines, call_body("read_note")).await
    };
    let listens_on = wire.host();
    for host in ["other.test", "public.test", &listens_on] {
        let before = bench.everything.ran();
        for htu in [
            "https://other.test/mcp",
            "http://other.test/mcp",
            "http://public.test/mcp",
            &format!("http://{listens_on}/mcp"),
        ] {
            let refused = send(host, bench.proof(&token).claim("htu", json!(htu))).await;
            assert_eq!(refused.status(), 401, "{host} {htu}: {}", refused.text());
            assert!(refused.text().contains(BAD) && refused.text().contains(URI), "{}", refused.text());
        }
        assert_eq!(bench.everything.ran(), before, "{host}");
        let proof = bench.proof(&token);
        assert_eq!(proof.claims["htu"], "https://public.test/mcp");
        assert_eq!(send(host, proof).await.status(), 200, "{host}");
        assert_eq!(bench.everything.ran(), before + 1, "{host}");
    }
    let stranger = send("stranger.test", bench.proof(&token)).await;
    assert_eq!(stranger.status(), 403, "a host that is not allowed: {}", stranger.text());
}

#[tokio::test]
async fn t80_what_is_not_one_well_formed_proof_is_refused() {
    let bench = Bench::with("allowed").await;
    let token = bench.token();
    let good = bench.proof(&token).signed();
    let [header, payload, signature] = parts(&good);
    let mut tampered = signature.clone().into_bytes();
    tampered[10] = if tampered[10] == b'A' { b'B' } else { b'A' };
    let tampered = String::from_utf8(tampered).unwrap();
    let twice = payload_with(&payload, |text| text.replacen('{', "{\"htm\":\"GET\",", 1));
    let changed = payload_with(&payload, |text| text.replace("proof-", "other-"));
    let unsigned = bench.proof(&token).header("alg", json!("none")).signed();
    let [none, claims, _] = parts(&unsigned);
    let resigned = |payload: &str| bench.own.compact(&bench.proof(&token).header.to_string(), payload);
    for (case, proof, words) in [
        ("a signature that was changed", format!("{header}.{payload}.{tampered}"), SIGNATURE),
        ("claims that were changed", format!("{header}.{changed}.{signature}"), SIGNATURE),
        ("a signature of another length", format!("{header}.{payload}.AA"), SIGNATURE),
        ("no signature", format!("{header}.{payload}."), SHAPE),
        ("alg none and no signature", format!("{none}.{claims}."), SHAPE),
        ("two parts", format!("{header}.{payload}"), SHAPE),
        ("four parts", format!("{good}.AA"), SHAPE),
        ("padding", format!("{good}="), SHAPE),
        ("no JWT", "this-is-not-a-jwt".to_owned(), SHAPE),
        ("a scheme before it", format!("DPoP {good}"), SHAPE),
        ("quotes around it", format!("\"{good}\""), SHAPE),
        ("the token itself", token.clone(), TYPE),
        ("a claim twice", format!("{header}.{twice}.{signature}"), SHAPE),
        ("claims that are a list", resigned("[]"), SHAPE),
        ("claims that are no JSON", resigned("x"), SHAPE),
        ("two in one line", format!("{good}, {good}"), "the request has more than one DPoP proof"),
        ("an empty header", String::new(), "the request has no DPoP header"),
        ("9 KB", format!("{header}.{}.AA", "A".repeat(9000)), "the DPoP proof is too long"),
    ] {
        bench.refuses(&token, &[proof.as_bytes()], BAD, words, case).await;
    }
    bench.refuses(&token, &[b"\xff"], BAD, SHAPE, "bytes outside ASCII").await;
    bench.refuses(&token, &[], BAD, "the request has no DPoP header", "none").await;
    let (one, two) = (bench.proof(&token).signed(), bench.proof(&token).signed());
    for both in [[one.as_bytes(), two.as_bytes()], [one.as_bytes(), one.as_bytes()], [one.as_bytes(), b"x"]] {
        let words = "the request has more than one DPoP proof";
        bench.refuses(&token, &both, BAD, words, "two headers").await;
    }
    bench.accepts(&token, &bench.proof(&token).signed(), "good all the same").await;
}

#[tokio::test]
async fn a_bad_token_is_refused_as_one_whatever_its_proof_is() {
    let bench = Bench::with("allowed").await;
    let jkt = super::bench::thumbprint(&bench.own.bare_jwk());
    let cnf = json!({ "jkt": jkt });
    for (case, token, words) in [
        (
            "another audience",
            bench.token_with(json!({ "cnf": cnf, "aud": "https://not-this-server.example.com/mcp" })),
            "the token is not for this resource",
        ),
        (
            "expired",
            bench.token_with(json!({ "cnf": cnf, "iat": now() - 900, "exp": now() - 300 })),
            "the token expired",
        ),
    ] {
        let good = bench.proof(&token).signed();
        for proof in [good.as_bytes(), b"x"] {
            bench.refuses(&token, &[proof], "invalid_token", words, case).await;
        }
    }
    // One of another key's, taken to this client.
    let token = bench.token_for(&Key::new(Algorithm::ES256, "o"));
    bench.refuses(&token, &[bench.proof(&token).signed().as_bytes()], BAD, OTHER_KEY, "cnf.jkt").await;
}

#[tokio::test]
async fn t80_the_proof_of_a_remembered_token_is_checked_on_each_request() {
    let bench = Bench::with("allowed").await;
    let token = bench.token();
    for _ in 0..3 {
        bench.accepts(&token, &bench.proof(&token).signed(), "good").await;
        let stale = bench.proof(&token).claim("iat", json!(now() - 400)).signed();
        bench.refuses(&token, &[stale.as_bytes()], BAD, OLD, "stale").await;
        bench.refuses(&token, &[], BAD, "the request has no DPoP header", "none").await;
        assert_eq!(bench.send("Bearer", &token, &[]).await.status, 401);
    }
}

/// A private key of P-256 as JOSE libraries export it (RFC 7515, appendix A.3.1).
fn private_key() -> serde_json::Value {
    json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    })
}

fn parts(jws: &str) -> [String; 3] {
    let mut parts = jws.split('.').map(str::to_owned);
    std::array::from_fn(|_| parts.next().unwrap())
}

fn payload_with(payload: &str, change: impl FnOnce(String) -> String) -> String {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    b64(change(String::from_utf8(bytes).unwrap()))
}
