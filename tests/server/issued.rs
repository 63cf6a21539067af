//! What the built-in issuer gives beside a login's token, used at the same server over sockets: to a sub-agent in exchange (RFC 8693), to a
//! device (RFC 8628), and to whoever holds a key (RFC 9449). `login.rs` has the rest.

use jsonwebtoken::Algorithm;
use mcp_auth::prelude::*;
use mcp_auth::serde_json::{Value, json};
use mcp_auth::testing::{self, Era};
use mcp_auth_tests::person::Browser;
use mcp_auth_tests::site::Site;
use mcp_auth_tests::wire::{Reply, Wire};

use crate::authorization_server::{Key, b64, now};
use crate::dpop::bench::{Proof, ath, unique};

const SECRET: &str = "a secret of at least thirty-two characters";
const REDIRECT: &str = "http://127.0.0.1:9/callback";
const CLIENTS: &str = r#"
[auth]
base_scopes = ["notes.read"]
[issuer]
device_code = true
[[issuer.clients]]
client_id = "agent"
public = true
redirect_uris = ["http://127.0.0.1/callback"]
[[issuer.clients]]
client_id = "sub-agent"
client_secret_sha256 = "SHA256"
grant_types = ["token_exchange", "client_credentials"]
exchange_from = ["agent"]
scopes = ["notes.read"]
[[issuer.clients]]
client_id = "stranger"
client_secret_sha256 = "SHA256"
grant_types = ["token_exchange"]
[[issuer.clients]]
client_id = "tv"
public = true
grant_types = ["device_code"]
"#;

#[derive(Clone)]
struct Notes;

#[server(name = "notes")]
impl Notes {
    /// Whose notes these are.
    #[tool(scope = "notes.read")]
    fn read_notes(&self, caller: Caller) -> String {
        format!("the notes of {}", caller.subject())
    }

    /// Removes them.
    #[tool(scope = "notes.write")]
    fn remove_notes(&self) -> &'static str {
        "removed"
    }
}

async fn start() -> Site<Notes> {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, SECRET.as_bytes());
    let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Site::start(Notes, &CLIENTS.replace("SHA256", &hash)).await
}

/// An endpoint of the issuer at this server.
fn at(site: &Site<Notes>, path: &str) -> String {
    site.url().replace("/mcp", path)
}

async fn post(site: &Site<Notes>, path: &str, form: &[(&str, &str)]) -> (u16, Value) {
    post_with(site, path, form, None).await
}

/// Posts this form, with a proof.
async fn post_with(
    site: &Site<Notes>,
    path: &str,
    form: &[(&str, &str)],
    proof: Option<&str>,
) -> (u16, Value) {
    let mut request = crate::wire::http().post(at(site, path)).form(form);
    if let Some(proof) = proof {
        request = request.header("dpop", proof);
    }
    let answer = request.send().await.expect("the issuer answers");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}

fn text<'a>(answer: &'a Value, name: &str) -> &'a str {
    answer[name].as_str().unwrap_or_else(|| panic!("no {name} in {answer}"))
}

/// The tokens of the client `agent` for this person, with both scopes.
async fn tokens(site: &Site<Notes>, user: &str) -> Value {
    let verifier = "v".repeat(43);
    let challenge = b64(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes()));
    let asked = [
        ("response_type", "code"),
        ("client_id", "agent"),
        ("redirect_uri", REDIRECT),
        ("scope", "notes.read notes.write"),
        ("code_challenge", &*challenge),
        ("code_challenge_method", "S256"),
    ];
    let url = url::Url::parse_with_params(&at(site, "/authorize"), asked).unwrap();
    let back = Browser::new().decide(url.as_str(), user, "allow").await;
    let back = url::Url::parse(&back).unwrap();
    let (_, code) = back.query_pairs().find(|(name, _)| name == "code").expect("a code");
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", "agent"),
        ("code", &*code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", &*verifier),
    ];
    let (status, tokens) = post(site, "/token", &form).await;
    assert_eq!(status, 200, "{tokens}");
    tokens
}

/// What `client` gets for this token.
async fn exchanged(site: &Site<Notes>, client: &str, subject: &str) -> (u16, Value) {
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("client_id", client),
        ("client_secret", SECRET),
        ("subject_token", subject),
        ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token"),
        ("scope", "notes.read"),
    ];
    post(site, "/token", &form).await
}

async fn call(site: &Site<Notes>, era: Era, token: &str, tool: &str) -> (u16, Option<String>) {
    let client = testing::Client::new(site.url()).era(era).token(token);
    let answer = client.call_tool(tool, json!({})).await;
    (answer.status(), answer.text().map(str::to_owned))
}

fn read(user: &str) -> (u16, Option<String>) {
    (200, Some(format!("the notes of {user}")))
}

#[tokio::test]
async fn a_sub_agent_reads_for_the_person_with_an_exchanged_token_until_the_grant_ends() {
    let site = start().await;
    let tokens = tokens(&site, "alice").await;
    let subject = text(&tokens, "access_token");
    assert_eq!(call(&site, Era::Stateless, subject, "remove_notes").await.0, 200);

    let (status, narrower) = exchanged(&site, "sub-agent", subject).await;
    assert_eq!((status, text(&narrower, "scope")), (200, "notes.read"), "{narrower}");
    let narrower = text(&narrower, "access_token");
    for era in Era::ALL {
        assert_eq!(call(&site, era, narrower, "read_notes").await, read("alice"), "{era:?}");
        assert_eq!(call(&site, era, narrower, "remove_notes").await.0, 403, "{era:?}");
    }

    let (status, refused) = exchanged(&site, "stranger", subject).await;
    assert_eq!((status, text(&refused, "error")), (400, "invalid_request"), "a client that is not listed");

    let refresh = text(&tokens, "refresh_token");
    let (status, _) = post(&site, "/revoke", &[("client_id", "agent"), ("token", refresh)]).await;
    assert_eq!(status, 200);
    for era in Era::ALL {
        for token in [subject, narrower] {
            assert_eq!(call(&site, era, token, "read_notes").await.0, 401, "{era:?}: the grant has ended");
        }
    }
    assert_eq!(exchanged(&site, "sub-agent", subject).await.0, 400, "and what ended is not exchanged");
}

#[tokio::test]
async fn a_device_reads_for_the_person_who_followed_its_link_and_allowed_it() {
    let site = start().await;
    for (user, decision, ends) in
        [("alice", "allow", None), ("bob", "allow", None), ("bob", "deny", Some("access_denied"))]
    {
        let asked = [("client_id", "tv"), ("scope", "notes.read")];
        let (status, begun) = post(&site, "/device_authorization", &asked).await;
        assert_eq!(status, 200, "{begun}");
        let poll = [
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", "tv"),
            ("device_code", text(&begun, "device_code")),
        ];
        let (status, waits) = post(&site, "/token", &poll).await;
        assert_eq!((status, text(&waits, "error")), (400, "authorization_pending"));

        Browser::new().connect_device(text(&begun, "verification_uri_complete"), user, decision).await;
        site.clock().advance(begun["interval"].as_u64().expect("seconds") + 1);
        let (status, answer) = post(&site, "/token", &poll).await;
        if let Some(error) = ends {
            assert_eq!((status, text(&answer, "error")), (400, error));
            continue;
        }
        assert_eq!(status, 200, "{answer}");
        let token = text(&answer, "access_token");
        for era in Era::ALL {
            assert_eq!(call(&site, era, token, "read_notes").await, read(user), "{era:?}");
            assert_eq!(call(&site, era, token, "remove_notes").await.0, 403, "{era:?}");
        }
        let (status, again) = post(&site, "/token", &poll).await;
        assert_eq!((status, text(&again, "error")), (400, "invalid_grant"), "a code counts once");
    }
}

/// A proof of `key` for a POST there, beside this token and with this nonce of the server.
fn proof(key: &Key, url: &str, beside: Option<(&str, &str)>) -> String {
    let mut claims = json!({ "jti": unique(), "htm": "POST", "htu": url, "iat": now() });
    if let Some((token, nonce)) = beside {
        claims["ath"] = ath(token).into();
        claims["nonce"] = nonce.into();
    }
    let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.bare_jwk() });
    Proof { header, claims, key: key.clone() }.signed()
}

#[tokio::test]
async fn a_token_that_the_issuer_bound_to_a_key_is_taken_with_its_proof_alone() {
    let site = start().await;
    let [own, thief] = ["client", "thief"].map(|name| Key::new(Algorithm::ES256, name));
    let form = [("grant_type", "client_credentials"), ("client_id", "sub-agent"), ("client_secret", SECRET)];
    let (status, bound) =
        post_with(&site, "/token", &form, Some(&proof(&own, &at(&site, "/token"), None))).await;
    assert_eq!((status, text(&bound, "token_type")), (200, "DPoP"), "{bound}");
    let token = text(&bound, "access_token");

    let wire = Wire::at(site.url()["http://".len()..].split_once('/').unwrap().0.parse().unwrap());
    let send = async |scheme: &str, proof: Option<String>| -> Reply {
        let proof = proof.map(|proof| format!("DPoP: {proof}\r\n")).unwrap_or_default();
        wire.call("read_notes", &format!("Authorization: {scheme} {token}\r\n{proof}")).await
    };
    // The first answer says which nonce the server's proofs hold.
    let first = send("DPoP", Some(proof(&own, site.url(), Some((token, ""))))).await;
    assert_eq!(first.status(), 401, "{}", first.text());
    let nonce = first.header("dpop-nonce").expect("a nonce");
    let good = send("DPoP", Some(proof(&own, site.url(), Some((token, nonce))))).await;
    assert_eq!(good.status(), 200, "{}", good.text());
    assert!(good.text().contains("the notes of sub-agent"), "{}", good.text());
    let used = proof(&own, site.url(), Some((token, nonce)));
    assert_eq!(send("DPoP", Some(used.clone())).await.status(), 200);
    for (what, scheme, proof) in [
        ("a proof that was used", "DPoP", Some(used)),
        ("no proof", "DPoP", None),
        ("no proof, as Bearer", "Bearer", None),
        ("its proof, as Bearer", "Bearer", Some(proof(&own, site.url(), Some((token, nonce))))),
        ("another key's proof", "DPoP", Some(proof(&thief, site.url(), Some((token, nonce))))),
        (
            "a proof for the token endpoint",
            "DPoP",
            Some(proof(&own, &at(&site, "/token"), Some((token, nonce)))),
        ),
        ("a proof for another token", "DPoP", Some(proof(&own, site.url(), Some(("another", nonce))))),
    ] {
        let refused = send(scheme, proof).await;
        assert_eq!(refused.status(), 401, "{what}: {}", refused.text());
    }
}
