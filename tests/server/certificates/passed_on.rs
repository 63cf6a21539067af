//! What the header of a proxy says, and what is refused of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::bench::{Bench, MALFORMED, SEVERAL, UNTRUSTED, behind_proxy, certificate, escaped, pem, rfc9440};

#[tokio::test]
async fn a_bound_token_is_served_with_its_certificate_in_both_formats() {
    let der = certificate("alice's laptop");
    let bench = Bench::with("allowed").await;
    bench.serves(&bench.token(&der), &[&rfc9440(&der)], "rfc9440").await;
    let nginx = Bench::of(&behind_proxy("url-pem"), "certificate_bound = \"allowed\"").await;
    nginx.serves(&nginx.token(&der), &[&escaped(&pem(&der))], "url-pem").await;
    // Neither is read as the other.
    bench.refuses(&bench.token(&der), &[&escaped(&pem(&der))], MALFORMED, "pem as rfc9440").await;
    nginx.refuses(&nginx.token(&der), &[&rfc9440(&der)], MALFORMED, "rfc9440 as pem").await;
}

#[tokio::test]
async fn the_header_has_the_name_that_is_configured_and_no_other_one_is_read() {
    let der = certificate("alice's laptop");
    let section =
        "[server]\ntrusted_proxies = [\"127.0.0.1\"]\nclient_cert_header = { name = \"X-SSL-Cert\" }\n";
    let bench = Bench::of(section, "certificate_bound = \"allowed\"").await;
    let token = bench.token(&der);
    let client = bench.server.client().token(token.clone());
    let answer = client.header("x-ssl-cert", &rfc9440(&der)).call_tool("read_note", json!({})).await;
    assert_eq!(answer.status(), 200, "{}", answer.body());
    // Client-Cert is a header as any other here.
    bench.refuses(&token, &[&rfc9440(&der)], super::bench::NO_CERTIFICATE, "another name").await;
}

#[tokio::test]
async fn h44_the_header_is_refused_from_a_peer_that_is_no_trusted_proxy_whatever_it_says() {
    let der = certificate("alice's laptop");
    let section = "[server]\ntrusted_proxies = [\"10.0.0.0/8\"]\nclient_cert_header = {}\n";
    let bench = Bench::of(section, "certificate_bound = \"allowed\"").await;
    let (bound, plain) = (bench.token(&der), bench.token_with(json!({})));
    let good = rfc9440(&der);
    for (case, token) in [("bound", &bound), ("plain", &plain), ("none", &String::new())] {
        for values in [&[&*good][..], &[""], &["::"], &["x"], &[&good, &good]] {
            bench.refuses(token, values, UNTRUSTED, &format!("{case} {values:?}")).await;
        }
    }
    // Its twin: without the header a plain token is served.
    bench.serves(&plain, &[], "plain").await;
    bench.refuses(&bound, &[], super::bench::NO_CERTIFICATE, "bound").await;
    // What proxies say besides makes no one trusted.
    let claimed = bench.server.client().token(plain).header("x-forwarded-for", "10.0.0.1");
    let answer = claimed.header("client-cert", &good).call_tool("read_note", json!({})).await;
    assert_eq!(answer.status(), 400, "{}", answer.body());
}

#[tokio::test]
async fn h43_more_than_one_certificate_or_a_malformed_one_is_400_beside_any_token() {
    let (der, other) = (certificate("alice's laptop"), certificate("mallory's"));
    let bench = Bench::with("allowed").await;
    let (good, second) = (rfc9440(&der), rfc9440(&other));
    let bare = STANDARD.encode(&der);
    for token in [bench.token(&der), bench.token_with(json!({}))] {
        for values in [[&*good, &*good], [&good, &second], [&second, &good], [&good, ""], ["", &good]] {
            bench.refuses(&token, &values, SEVERAL, &format!("{values:?}")).await;
        }
        for bad in [
            format!("{good}, {second}"),
            format!("{good},{good}"),
            format!("{good};p"),
            bare.clone(),
            format!(":{bare}"),
            format!(":{bare}!:"),
            ":not base64:".to_owned(),
            rfc9440(b"not DER"),
            rfc9440(&[&der[..], &other].concat()),
            rfc9440(&der[..der.len() - 1]),
            "\u{ff}".to_owned(),
        ] {
            bench.refuses(&token, &[&bad], MALFORMED, &bad).await;
        }
    }
    bench.serves(&bench.token(&der), &[&good], "the twin").await;
}

#[tokio::test]
async fn h43_pem_with_two_certificates_or_truncated_escapes_is_400() {
    let (der, other) = (certificate("alice's laptop"), certificate("mallory's"));
    let bench = Bench::of(&behind_proxy("url-pem"), "certificate_bound = \"allowed\"").await;
    let token = bench.token(&der);
    let good = escaped(&pem(&der));
    for bad in [
        escaped(&format!("{}{}", pem(&der), pem(&other))),
        escaped(&format!("{},{}", pem(&other), pem(&der))),
        format!("{good}%"),
        format!("{good}%0"),
        good.replacen("%0A", "%0", 1),
        good.replacen("%0A", "%ZZ", 1),
        good[..good.len() - 10].to_owned(),
        escaped(&pem(&der).replace("CERTIFICATE", "PRIVATE KEY")),
    ] {
        bench.refuses(&token, &[&bad], MALFORMED, &bad).await;
    }
    bench.serves(&token, &[&pem(&der).replace('\n', " ")], "unescaped, in one line").await;
    bench.serves(&token, &[&good], "the twin").await;
}

#[tokio::test]
async fn h43_a_certificate_longer_than_any_that_is_read_is_400() {
    let bench = Bench::with("allowed").await;
    let long = format!(":{}:", "A".repeat(33 * 1024));
    let words = "the header for client certificates is too long";
    let got = bench.call(&bench.token(b"x"), &[&long]).await;
    // Or the whole head was too long.
    match got.status() {
        400 => assert_eq!(
            got.challenge().and_then(|said| said.get("error_description").map(str::to_owned)).as_deref(),
            Some(words)
        ),
        status => assert_eq!(status, 431),
    }
    assert_eq!(bench.everything.ran(), 0);
}

#[tokio::test]
async fn an_empty_header_of_a_trusted_proxy_says_that_there_was_no_certificate() {
    let der = certificate("alice's laptop");
    let bench = Bench::with("allowed").await;
    let (bound, plain) = (bench.token(&der), bench.token_with(json!({})));
    for empty in [&[][..], &[""], &["::"]] {
        bench.serves(&plain, empty, "plain").await;
        bench.refuses(&bound, empty, super::bench::NO_CERTIFICATE, "bound").await;
    }
}
