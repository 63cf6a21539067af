//! New files while the server runs.

use std::time::{Duration, Instant};

use serde_json::json;

use super::authority::{Authority, self_signed};
use super::encrypted::{Bench, Files, HOST, Offer, PATIENCE, call_on, client_of, server_section};
use crate::everything::CONFIG;
use crate::launch;
use crate::process::listening;

/// Longer than it takes for a change to be seen twice.
const SEEN: Duration = Duration::from_secs(5);

/// Waits until a handshake says whether the server's certificate is of this authority.
async fn until(bench: &Bench, authority: &Authority) {
    let began = Instant::now();
    while Offer::to(authority).connect(bench.address()).await.is_err() {
        assert!(began.elapsed() < PATIENCE, "the new certificate is not used");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_new_certificate_is_used_for_new_connections_and_open_ones_stay() {
    let bench = Bench::of(None, "", "").await;
    let token = bench.token_with(json!({}));
    let mut before = Offer::to(&bench.authority).connect(bench.address()).await.unwrap();
    assert_eq!(call_on(&mut before, &token, "").await.unwrap().0, 200);
    let renewed = Authority::new("renewed");
    bench.files.put(&renewed.server(HOST));
    until(&bench, &renewed).await;
    assert!(Offer::to(&bench.authority).connect(bench.address()).await.is_err(), "the old one is gone");
    assert_eq!(call_on(&mut before, &token, "").await.unwrap().0, 200, "an open connection stays");
}

#[tokio::test]
async fn c13_files_that_are_broken_or_do_not_belong_together_change_nothing() {
    let bench = Bench::of(None, "", "").await;
    let renewed = Authority::new("renewed");
    let (own, other) = (renewed.server(HOST), renewed.server(HOST));
    let still = async |case: &str| {
        tokio::time::sleep(SEEN).await;
        let got = Offer::to(&bench.authority).connect(bench.address()).await;
        assert!(got.is_ok(), "{case}: {got:?}");
    };
    bench.files.write("chain.pem", &own.certificate);
    bench.files.write("key.pem", &other.key);
    still("the key of another one").await;
    bench.files.write("chain.pem", &own.certificate[..own.certificate.len() / 2]);
    bench.files.write("key.pem", &own.key);
    still("cut").await;
    std::fs::remove_file(bench.files.path("chain.pem")).unwrap();
    still("gone").await;
    bench.files.put(&own);
    until(&bench, &renewed).await;
}

#[tokio::test]
async fn c13_an_authority_of_clients_that_is_replaced_lets_its_clients_in_no_more() {
    let (old, new) = (Authority::new("old"), Authority::new("new"));
    let bench = Bench::of(Some(&old), "", "").await;
    let token = bench.token_with(json!({}));
    let (of_old, of_new) = (old.client("alice"), new.client("alice"));
    bench.serves(Some(&of_old), &token, "before").await;
    bench.shuts_out(Some(&of_new), "before").await;
    bench.files.write("clients.pem", &new.pem);
    let began = Instant::now();
    while bench.call(&bench.client(Some(&of_new)), &token).await.is_err() {
        assert!(began.elapsed() < PATIENCE, "the new authority is not used");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bench.shuts_out(Some(&of_old), "after").await;
    bench.shuts_out(Some(&self_signed("alice")), "after").await;
}

#[tokio::test]
async fn the_log_says_that_files_were_read_again_or_why_they_were_not() {
    use tokio::io::{AsyncBufReadExt as _, BufReader};
    let authority = Authority::new("servers");
    let files = Files::of(&authority.server(HOST), None);
    let issuer =
        "[[auth.issuers]]\nissuer = \"https://issuer.example\"\njwks_uri = \"http://127.0.0.1:1/\"\n";
    let toml = [CONFIG, &server_section(""), &files.section(""), issuer].concat();
    let launch = launch::toml(&toml).variable("MCP_SERVER__LISTEN", "127.0.0.1:0");
    let mut child = launch.command().spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    let address = listening(&mut log).await.parse().unwrap();
    let answer =
        client_of(&authority, address, None).get(format!("https://{HOST}:{}/healthz", address.port()));
    assert_eq!(answer.send().await.unwrap().status(), 200);
    let mut says = async |words: &str| {
        let said = async {
            loop {
                let line = log.next_line().await.unwrap().expect("a line");
                assert!(!line.contains("PRIVATE"), "{line}");
                if line.contains(words) {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, said).await.unwrap_or_else(|_| panic!("not said: {words}"));
    };
    files.write("key.pem", &authority.server(HOST).key);
    says("server.tls stays as it was").await;
    files.put(&authority.server(HOST));
    says("the files of server.tls were read again").await;
    child.kill().await.unwrap();
}
