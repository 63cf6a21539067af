//! An issuer that is down, slow or hostile: 503 before its keys came, the old keys after.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use jsonwebtoken::Algorithm;
use mcp_auth::testing::{Era, TestServer};
use serde_json::{Value, json};

use super::trust::{
    EVERY_SECOND, assert_invalid, assert_read, assert_unavailable, read_note, readyz, status, token,
    trusting, until, verify,
};
use crate::authorization_server::{AuthorizationServer, JWKS, Key, METADATA, Reply};
use crate::everything::Everything;

#[tokio::test]
async fn k21_keys_down_at_cold_start_is_503_not_401_until_they_come() {
    let key = Key::new(Algorithm::ES256, "k");
    let address = AuthorizationServer::free_address().await;
    let name = format!("http://{address}");
    let everything = Everything::default();
    let server = everything.start_with(&verify(&[format!("[[auth.issuers]]\nissuer = \"{name}\"\n")])).await;

    assert_eq!(readyz(&server).await, 503);
    assert_eq!(status(&server.at("/healthz")).await, 200);
    let claims = |changes: Value| {
        let mut claims = json!({ "iss": name, "sub": "alice", "aud": server.url(), "scope": "read",
            "exp": crate::authorization_server::now() + 300 });
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        claims
    };
    let good = key.token(&claims(json!({})));
    for era in Era::ALL {
        for tool in ["read_note", "ping"] {
            let client = server.client().era(era).token(&good);
            assert_unavailable(&client.call_tool(tool, json!({})).await, &format!("{era:?} {tool}"));
        }
    }
    // A fault of the token itself is reported at once; a token of another issuer is served; without a token, 401.
    for (case, token) in [
        ("not a token", "sk_live_0123456789".to_owned()),
        ("a stranger's", key.token(&claims(json!({ "iss": "https://stranger.example" })))),
    ] {
        assert_invalid(&read_note(&server, token).await, case);
    }
    let anonymous = server.client().call_tool("read_note", json!({})).await;
    assert_eq!((anonymous.status(), anonymous.challenge().unwrap().error()), (401, None));
    assert_eq!(everything.ran(), 0);
    assert_read(&read_note(&server, server.token("alice").scope("read")).await, "another issuer");

    let issuer = AuthorizationServer::on(address, "").await;
    issuer.publish_metadata(METADATA);
    issuer.publish(&[&key]);
    until("ready", async || readyz(&server).await == 200).await;
    assert_read(&read_note(&server, good).await, "recovered");
    assert_eq!(everything.ran(), 2);
}

/// What `/readyz` says: its status, and the issuers that it names.
async fn readiness(server: &TestServer) -> (u16, Vec<String>) {
    let reply = reqwest::get(server.at("/readyz")).await.expect("an answer");
    let (status, body) = (reply.status().as_u16(), reply.bytes().await.expect("a body"));
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["ready"], status == 200, "{body}");
    let missing = body["missing"].as_array().cloned().unwrap_or_default();
    assert!(
        missing.iter().all(|missing| missing["since"].as_str().is_some_and(|since| since.ends_with('Z')))
    );
    (status, missing.iter().map(|missing| missing["issuer"].as_str().expect("a name").to_owned()).collect())
}

#[tokio::test]
async fn k21_of_two_issuers_one_is_down_and_the_server_is_ready_and_says_who() {
    let key = Key::new(Algorithm::ES256, "k");
    let up = AuthorizationServer::with_keys(&[&key]).await;
    for (demand, expected) in [("", 200), ("ready = \"any\"\n", 200), ("ready = \"all\"\n", 503)] {
        let down = AuthorizationServer::empty("").await;
        let name = down.issuer().to_owned();
        let everything = Everything::default();
        let sections = format!("[auth]\n{demand}{}{}", up.toml(""), down.toml(""));
        let server = everything.start_with(&sections).await;
        assert_eq!(readiness(&server).await, (expected, vec![name.clone()]), "{demand}");
        assert_read(&read_note(&server, token(&server, &up, &key)).await, "the other's tokens pass");

        down.publish_metadata(METADATA);
        down.publish(&[&key]);
        until("recovered", async || readiness(&server).await == (200, vec![])).await;
    }
}

#[tokio::test]
async fn k21_both_issuers_down_is_not_ready_whatever_is_demanded() {
    for demand in ["any", "all"] {
        let issuers = [AuthorizationServer::empty("").await, AuthorizationServer::empty("").await];
        let names = issuers.each_ref().map(|issuer| issuer.issuer().to_owned());
        let [one, other] = issuers.each_ref().map(|issuer| issuer.toml(""));
        let sections = format!("[auth]\nready = \"{demand}\"\n{one}{other}");
        let server = Everything::default().start_with(&sections).await;
        assert_eq!(readiness(&server).await, (503, names.to_vec()), "{demand}");
        assert_eq!(status(&server.at("/healthz")).await, 200);
    }
}

#[tokio::test]
async fn k01_an_issuer_that_stalls_does_not_hold_up_a_start() {
    let issuer = AuthorizationServer::empty("").await;
    issuer.put(METADATA, Reply::Stall);
    let start = Instant::now();
    let server = trusting(&Everything::default(), &issuer, "").await;
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
    assert_eq!(readyz(&server).await, 503);
    let key = Key::new(Algorithm::ES256, "k");
    issuer.publish_metadata(METADATA);
    issuer.publish(&[&key]);
    until("ready", async || readyz(&server).await == 200).await;
    assert_read(&read_note(&server, token(&server, &issuer, &key)).await, "recovered");
}

/// Everything that can go wrong with an issuer that was healthy: the row, what it answers then and where.
fn faults(attacker: &AuthorizationServer) -> Vec<(&'static str, &'static str, Reply)> {
    let http = |status, body: &str| Reply::Http(status, vec![], body.as_bytes().to_vec());
    let redirect = |to: String| Reply::Http(302, vec![("location", to)], vec![]);
    let html = vec![("content-type", "text/html".to_owned())];
    let gzip = vec![("content-encoding", "gzip".to_owned())];
    vec![
        ("K01 keys stall", JWKS, Reply::Stall),
        ("K01 metadata stalls", METADATA, Reply::Stall),
        ("K03 500", JWKS, http(500, "oops")),
        ("K03 429", JWKS, http(429, "")),
        ("K03 403", JWKS, http(403, "")),
        ("K03 204", JWKS, http(204, "")),
        ("K04 HTML", JWKS, Reply::Http(200, html, b"<html>sorry</html>".to_vec())),
        ("K04 {}", JWKS, http(200, "{}")),
        ("K04 no keys", JWKS, http(200, "{\"keys\":[]}")),
        ("K04 null", JWKS, http(200, "null")),
        ("K04 keys null", JWKS, http(200, "{\"keys\":null}")),
        ("K06 huge", JWKS, http(200, &" ".repeat(600 * 1024))),
        ("K06 endless", JWKS, Reply::Endless),
        ("K06 a byte a second", JWKS, Reply::Trickle),
        ("K06 gzip", JWKS, Reply::Http(200, gzip, vec![0x1f, 0x8b, 8, 0])),
        ("K07 elsewhere", JWKS, redirect(attacker.at(JWKS))),
        ("K07 metadata elsewhere", METADATA, redirect(attacker.at(METADATA))),
        ("K07 a file", JWKS, redirect("file:///etc/passwd".to_owned())),
        ("K07 a loop", JWKS, redirect(JWKS.to_owned())),
        (
            "K09 another issuer",
            METADATA,
            Reply::Json(json!({ "issuer": attacker.issuer(), "jwks_uri": attacker.at(JWKS) })),
        ),
        (
            "K09 plain http",
            METADATA,
            Reply::Json(json!({ "issuer": "x", "jwks_uri": "http://as.example/jwks" })),
        ),
    ]
}

#[tokio::test]
async fn k01_to_k09_known_keys_keep_working_with_every_answer_of_an_issuer_and_it_recovers() {
    let (known, new) = (Key::new(Algorithm::ES256, "known"), Key::new(Algorithm::ES256, "new"));
    let attacker = AuthorizationServer::with_keys(&[&new]).await;
    let mut issuers = Vec::new();
    for fault in faults(&attacker) {
        issuers.push((AuthorizationServer::with_keys(&[&known]).await, fault));
    }
    let everything = Everything::default();
    let sections: Vec<_> = issuers.iter().map(|(issuer, _)| issuer.toml(EVERY_SECOND)).collect();
    let server = everything.start_with(&verify(&sections)).await;
    for (issuer, (case, ..)) in &issuers {
        assert_read(&read_note(&server, token(&server, issuer, &known)).await, case);
    }

    let mut asked = Vec::new();
    for (issuer, (_, path, reply)) in &issuers {
        issuer.put(path, reply.clone());
        asked.push(issuer.asked().iter().filter(|asked| asked == path).count());
    }
    // Asked twice, it has spoiled at least one whole attempt.
    for ((issuer, (case, path, _)), before) in issuers.iter().zip(asked) {
        until(case, async || issuer.asked().iter().filter(|asked| asked == path).count() >= before + 2).await;
    }
    for (issuer, (case, ..)) in &issuers {
        let start = Instant::now();
        assert_read(&read_note(&server, token(&server, issuer, &known)).await, case);
        assert!(start.elapsed() < Duration::from_secs(2), "{case}: {:?}", start.elapsed());
    }
    assert_eq!(readyz(&server).await, 200);
    let ran = everything.ran();
    // Its issuer may have this key by now; that the issuer cannot be reached is not the client's fault.
    let unknown = issuers.iter().map(|(issuer, _)| read_note(&server, token(&server, issuer, &new)));
    for (answer, (_, (case, ..))) in join_all(unknown).await.iter().zip(&issuers) {
        assert_unavailable(answer, case);
    }
    assert_eq!(everything.ran(), ran);
    assert_eq!(attacker.asked().len(), 0, "{:?}", attacker.asked());

    for (issuer, _) in &issuers {
        issuer.publish_metadata(METADATA);
        issuer.publish(&[&known, &new]);
    }
    for (issuer, (case, ..)) in &issuers {
        until(case, async || read_note(&server, token(&server, issuer, &new)).await.status() == 200).await;
    }
}
