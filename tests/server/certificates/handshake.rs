//! Who gets through the handshake, and what is agreed on in it.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::rustls::{ProtocolVersion, version};

use super::authority::{Authority, self_signed};
use super::encrypted::{Bench, Offer, PATIENCE, call_on};

#[tokio::test]
async fn tls_1_3_and_1_2_are_spoken_and_http_1_1_on_them() {
    let bench = Bench::of(None, "", "").await;
    let token = bench.token_with(json!({}));
    bench.serves(None, &token, "reqwest").await;
    for (version, spoken) in
        [(&version::TLS13, ProtocolVersion::TLSv1_3), (&version::TLS12, ProtocolVersion::TLSv1_2)]
    {
        let offer = Offer { version, alpn: &[b"h2", b"http/1.1"], ..Offer::to(&bench.authority) };
        let mut stream = offer.connect(bench.address()).await.expect("a handshake");
        let agreed = stream.get_ref().1;
        assert_eq!(agreed.protocol_version(), Some(spoken));
        assert_eq!(agreed.alpn_protocol(), Some(&b"http/1.1"[..]));
        // Several requests on one connection.
        for _ in 0..2 {
            assert_eq!(call_on(&mut stream, &token, "").await.expect("an answer").0, 200);
        }
    }
    let offer = Offer { alpn: &[b"h2"], ..Offer::to(&bench.authority) };
    assert!(offer.connect(bench.address()).await.is_err(), "HTTP/2 alone is not spoken");
    let offer = Offer { alpn: &[], ..Offer::to(&bench.authority) };
    let mut stream = offer.connect(bench.address()).await.expect("ALPN is not needed");
    assert_eq!(call_on(&mut stream, &token, "").await.expect("an answer").0, 200);
}

#[tokio::test]
async fn the_end_of_a_connection_is_said_so_that_no_one_can_cut_an_answer() {
    let bench = Bench::of(None, "", "").await;
    let mut stream = Offer::to(&bench.authority).connect(bench.address()).await.expect("a handshake");
    let got = call_on(&mut stream, &bench.token_with(json!({})), "Connection: close\r\n").await;
    assert_eq!(got.expect("an answer").0, 200);
    // Without close_notify rustls says that the end is not the peer's.
    let end = timeout(PATIENCE, stream.read(&mut [0; 64])).await.expect("in time");
    assert_eq!(end.expect("close_notify"), 0);
}

#[tokio::test]
async fn plain_http_on_a_tls_listener_gets_no_answer_and_runs_nothing() {
    let bench = Bench::of(None, "", "").await;
    let mut stream = TcpStream::connect(bench.address()).await.unwrap();
    let got = call_on(&mut stream, &bench.token_with(json!({})), "").await;
    assert!(got.is_err(), "{got:?}");
    assert_eq!(bench.everything.ran(), 0);
    bench.serves(None, &bench.token_with(json!({})), "the twin").await;
}

#[tokio::test]
async fn a_client_without_a_certificate_of_the_authority_is_shut_out_where_one_is_required() {
    let clients = Authority::new("clients");
    // `required` is the default beside client_ca.
    for tls in ["", "client_certificates = \"required\""] {
        let bench = Bench::of(Some(&clients), tls, "").await;
        bench.serves(Some(&clients.client("alice")), &bench.token_with(json!({})), tls).await;
        bench.shuts_out(None, "none").await;
        bench
            .shuts_out(Some(&Authority::new("clients").client("alice")), "another authority of the same name")
            .await;
        bench.shuts_out(Some(&self_signed("alice")), "self-signed").await;
        bench.shuts_out(Some(&clients.expired("alice")), "expired").await;
        bench.shuts_out(Some(&clients.server("alice")), "for servers").await;
        bench.shuts_out(Some(&bench.authority.client("alice")), "the authority of servers").await;
    }
}

#[tokio::test]
async fn where_a_certificate_is_optional_none_is_served_and_a_strangers_is_shut_out() {
    let clients = Authority::new("clients");
    let bench = Bench::of(Some(&clients), "client_certificates = \"optional\"", "").await;
    let token = bench.token_with(json!({}));
    bench.serves(None, &token, "none").await;
    bench.serves(Some(&clients.client("alice")), &token, "alice").await;
    bench.shuts_out(Some(&self_signed("alice")), "self-signed").await;
    bench.shuts_out(Some(&clients.expired("alice")), "expired").await;
}

#[tokio::test]
async fn t88_who_shows_a_certificate_without_its_key_is_shut_out() {
    let clients = Authority::new("clients");
    let (alice, mallory) = (clients.client("alice"), clients.client("mallory"));
    for (by, tls) in [(Some(&clients), ""), (None, "client_certificates = \"any\"")] {
        let bench = Bench::of(by, tls, "certificate_bound = \"allowed\"").await;
        let token = bench.token(&alice);
        for version in [&version::TLS13, &version::TLS12] {
            let own = |key| Offer { version, own: Some((&alice, key)), ..Offer::to(&bench.authority) };
            let mut stream = own(&alice).connect(bench.address()).await.expect("the twin");
            assert_eq!(call_on(&mut stream, &token, "").await.expect("an answer").0, 200, "{tls}");
            let before = bench.everything.ran();
            match own(&mallory).connect(bench.address()).await {
                Err(_) => {}
                Ok(mut stream) => {
                    let got = call_on(&mut stream, &token, "").await;
                    assert!(got.is_err(), "{tls}: {got:?}");
                }
            }
            assert_eq!(bench.everything.ran(), before, "{tls}");
        }
    }
}

#[tokio::test]
async fn h45_a_handshake_that_does_not_come_ends_with_the_time_of_a_head() {
    let bench = Bench::with(None, "[limits]\nheader_timeout = \"1s\"", "", "").await;
    // The beginning of a ClientHello: a handshake record of 512 bytes.
    for sent in [&b""[..], &[0x16], &[0x16, 3, 1, 2, 0, 1]] {
        let began = Instant::now();
        let mut stream = TcpStream::connect(bench.address()).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let read = timeout(PATIENCE, stream.read(&mut [0; 64])).await.expect("the server closes");
        assert!(matches!(read, Ok(0) | Err(_)), "{sent:?}: {read:?}");
        assert!(began.elapsed() > Duration::from_millis(900), "{sent:?}");
    }
    bench.serves(None, &bench.token_with(json!({})), "others are served meanwhile").await;
}

#[tokio::test]
async fn h45_connections_without_a_handshake_give_way_to_others() {
    let bench = Bench::with(None, "[limits]\nconnections = 4", "", "").await;
    let mut idle = Vec::new();
    for _ in 0..12 {
        idle.push(TcpStream::connect(bench.address()).await.unwrap());
    }
    for _ in 0..4 {
        bench.serves(None, &bench.token_with(json!({})), "crowded").await;
    }
    drop(idle);
}
