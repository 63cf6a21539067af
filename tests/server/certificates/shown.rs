//! Tokens that are bound to the certificate that a client shows in the handshake.

use serde_json::json;

use super::authority::{Authority, self_signed};
use super::bench::rfc9440;
use super::encrypted::{Bench, Offer, call_on};

const NONE: &str = "the token is bound to a client certificate and the request came without one";
const OTHER: &str = "the token is bound to another client certificate";

#[tokio::test]
async fn t86_over_tls_a_bound_token_is_served_with_its_certificate_and_no_other() {
    let clients = Authority::new("clients");
    let (alice, mallory) = (clients.client("alice"), clients.client("mallory"));
    for mode in ["allowed", "required"] {
        let says = format!("certificate_bound = {mode:?}");
        let bench = Bench::of(Some(&clients), "client_certificates = \"optional\"", &says).await;
        let token = bench.token(&alice);
        for _ in 0..2 {
            bench.serves(Some(&alice), &token, mode).await;
            bench.refuses(Some(&mallory), &token, OTHER, mode).await;
            bench.refuses(None, &token, NONE, mode).await;
        }
        let again = clients.client("alice");
        bench.refuses(Some(&again), &token, OTHER, "a new certificate of the same name").await;
        let plain = bench.token_with(json!({}));
        match mode {
            "allowed" => bench.serves(Some(&alice), &plain, mode).await,
            _ => {
                bench
                    .refuses(Some(&alice), &plain, "the token is not bound to a client certificate", mode)
                    .await
            }
        }
    }
}

#[tokio::test]
async fn t86_a_token_may_be_bound_to_a_self_signed_certificate_where_any_may_be_shown() {
    let (alice, mallory) = (self_signed("alice"), self_signed("alice"));
    let bench = Bench::of(None, "client_certificates = \"any\"", "certificate_bound = \"required\"").await;
    let token = bench.token(&alice);
    bench.serves(Some(&alice), &token, "alice").await;
    bench.refuses(Some(&mallory), &token, OTHER, "of the same name").await;
    bench.refuses(None, &token, NONE, "none").await;
    let expired = Authority::new("clients").expired("alice");
    bench
        .serves(
            Some(&expired),
            &bench.token(&expired),
            "who issued it, and until when, is its token's issuer's matter",
        )
        .await;
}

#[tokio::test]
async fn the_certificate_counts_for_every_request_of_its_connection_and_for_no_other_connection() {
    let clients = Authority::new("clients");
    let (alice, bob) = (clients.client("alice"), clients.client("bob"));
    let bench = Bench::of(Some(&clients), "", "certificate_bound = \"required\"").await;
    let (of_alice, of_bob) = (bench.token(&alice), bench.token(&bob));
    let offer = |own| Offer { own: Some((own, own)), ..Offer::to(&bench.authority) };
    let mut by_alice = offer(&alice).connect(bench.address()).await.unwrap();
    let mut by_bob = offer(&bob).connect(bench.address()).await.unwrap();
    for _ in 0..2 {
        assert_eq!(call_on(&mut by_alice, &of_alice, "").await.unwrap().0, 200);
        assert_eq!(call_on(&mut by_bob, &of_alice, "").await.unwrap().0, 401);
        assert_eq!(call_on(&mut by_bob, &of_bob, "").await.unwrap().0, 200);
        assert_eq!(call_on(&mut by_alice, &of_bob, "").await.unwrap().0, 401);
    }
    assert_eq!(bench.everything.ran(), 4);
}

#[tokio::test]
async fn h44_over_tls_the_header_of_a_proxy_is_refused_from_a_client_and_stands_for_its_own_client_from_a_proxy()
 {
    let clients = Authority::new("clients");
    let (alice, proxy) = (clients.client("alice"), clients.client("proxy"));
    let header = rfc9440(&alice.der());
    let says = "certificate_bound = \"allowed\"";
    for (trusted, own, with_header, without) in [
        // A client: its own certificate counts, and the header is not its to send.
        ("10.0.0.0/8", &alice, 400, 200),
        // A proxy that shows a certificate of its own to this server: its header counts, and its certificate is not its client's.
        ("127.0.0.1", &proxy, 200, 401),
        ("127.0.0.1", &alice, 200, 401),
    ] {
        let section = format!("trusted_proxies = [{trusted:?}]\nclient_cert_header = {{}}");
        let bench = Bench::with(Some(&clients), &section, "", says).await;
        let (token, client) = (bench.token(&alice), bench.client(Some(own)));
        let got = bench.call_with(&client, &token, &[("client-cert", &header)]).await.unwrap();
        assert_eq!(got.status, with_header, "{trusted}: {got:?}");
        let got = bench.call_with(&client, &token, &[]).await.unwrap();
        assert_eq!(got.status, without, "{trusted}: {got:?}");
    }
}

#[tokio::test]
async fn where_clients_are_not_asked_for_a_certificate_bound_tokens_are_refused() {
    let alice = self_signed("alice");
    let bench = Bench::of(None, "", "").await;
    // It has one, and is not asked for it.
    bench
        .refuses(Some(&alice), &bench.token(&alice), "the token is bound to its sender's key", "unasked")
        .await;
    bench.serves(Some(&alice), &bench.token_with(json!({})), "the twin").await;
}
