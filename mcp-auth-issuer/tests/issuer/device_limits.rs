//! Codes of devices are short: how often they may be tried, and that they stand in no log.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use http::{Request, StatusCode};
use mcp_auth_runtime::facade::ClientAddress;

use crate::device::{PAGE, SECRET, devices, enter, log_in, television};
use crate::harness::*;

/// Well formed, and of no device but by a chance of one in 10^10.
const WRONG: &str = "BBBB-BBBB";

/// An issuer at which 16 people log in.
fn crowd() -> App {
    App::with(
        |_| (),
        |options| {
            devices(options);
            options.users = (0..16).map(|n| format!("person {n}")).collect();
        },
    )
}

/// This person, on the page where codes are entered.
async fn person(app: &App, n: usize) -> (Browser, Answer) {
    let mut browser = Browser::new(app);
    browser.address = Some(format!("198.51.100.{n}").parse().unwrap());
    let page = log_in(&mut browser, PAGE, &format!("person {n}")).await;
    (browser, page)
}

/// Sends the form of `page` from an address.
async fn enter_from(app: &App, (browser, page): &(Browser, Answer), code: &str, from: &str) -> StatusCode {
    let form = [("csrf", &*csrf(page)), ("decision", "code"), ("user_code", code)];
    let request = Request::post(form_action(page))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("host", "localhost:8080")
        .header("cookie", browser.cookies.header().unwrap())
        .extension(ClientAddress(Some(from.parse().unwrap())));
    app.send(request.body(Body::from(encode(&form))).unwrap()).await.status
}

#[tokio::test]
async fn p30_a_person_enters_five_codes_and_then_one_a_minute() {
    let app = crowd();
    let (_, code) = television(&app).await;
    let (mut browser, page) = person(&app, 0).await;
    for _ in 0..5 {
        let wrong = enter(&mut browser, &page, WRONG).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        assert!(wrong.body.contains("No device waits with this code."), "{}", wrong.body);
    }
    // The right one is not looked up either: who guesses learns nothing.
    for code in [WRONG, &code] {
        let refused = enter(&mut browser, &page, code).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS, "{}", refused.body);
        assert_eq!(refused.header("retry-after"), "60");
        assert!(refused.header("content-type").starts_with("text/html"));
    }
    // Another browser of the same person does not help, and others are not kept from it.
    let (mut again, same) = person(&app, 0).await;
    assert_eq!(enter(&mut again, &same, &code).await.status, StatusCode::TOO_MANY_REQUESTS);
    let (mut other, others) = person(&app, 1).await;
    assert_eq!(enter(&mut other, &others, &code).await.status, StatusCode::OK);
    app.advance(60);
    assert_eq!(enter(&mut browser, &page, &code).await.status, StatusCode::OK);
    assert_eq!(enter(&mut browser, &page, &code).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn p30_codes_that_are_tried_at_once_are_counted_one_after_the_other() {
    let app = crowd();
    let (browser, page) = person(&app, 0).await;
    let page = Arc::new(page);
    let tries = (0..20).map(|_| {
        let (mut browser, page) = (browser.clone(), Arc::clone(&page));
        tokio::spawn(async move { enter(&mut browser, &page, WRONG).await.status })
    });
    let mut looked_up = 0;
    for tried in tries.collect::<Vec<_>>() {
        looked_up += usize::from(tried.await.unwrap() == StatusCode::BAD_REQUEST);
    }
    assert_eq!(looked_up, 5);
}

#[tokio::test]
async fn what_cannot_be_a_code_is_not_counted() {
    let app = crowd();
    let (_, code) = television(&app).await;
    let (mut browser, page) = person(&app, 0).await;
    for _ in 0..20 {
        assert_eq!(enter(&mut browser, &page, "WDJB").await.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(enter(&mut browser, &page, &code).await.status, StatusCode::OK);
}

#[tokio::test]
async fn p30_codes_are_limited_by_address_whoever_enters_them() {
    let app = crowd();
    for n in 0..6 {
        let person = person(&app, n).await;
        for _ in 0..5 {
            assert_eq!(enter_from(&app, &person, WRONG, "192.0.2.7").await, StatusCode::BAD_REQUEST);
        }
    }
    let seventh = person(&app, 6).await;
    assert_eq!(enter_from(&app, &seventh, WRONG, "192.0.2.7").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(enter_from(&app, &seventh, WRONG, "192.0.2.8").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn p30_codes_are_limited_in_all_and_who_may_try_no_more_uses_up_nothing() {
    let app = crowd();
    let (mut eager, page) = person(&app, 0).await;
    for _ in 0..100 {
        enter(&mut eager, &page, WRONG).await;
    }
    for n in 1..12 {
        let (mut browser, page) = person(&app, n).await;
        for _ in 0..5 {
            assert_eq!(enter(&mut browser, &page, WRONG).await.status, StatusCode::BAD_REQUEST, "{n}");
        }
    }
    let (mut browser, page) = person(&app, 12).await;
    let refused = enter(&mut browser, &page, WRONG).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.header("retry-after"), "1");
    app.advance(1);
    assert_eq!(enter(&mut browser, &page, WRONG).await.status, StatusCode::BAD_REQUEST);
}

/// A device of this client asks from an address, or from one that is not known.
async fn ask_from(app: &App, client: &str, from: Option<&str>) -> Answer {
    ask_with(app, &[("client_id", client)], from).await
}

async fn ask_with(app: &App, form: &[(&str, &str)], from: Option<&str>) -> Answer {
    let request = Request::post("/device_authorization")
        .header("content-type", "application/x-www-form-urlencoded")
        .extension(ClientAddress(from.map(|from| from.parse().unwrap())));
    app.send(request.body(Body::from(encode(form))).unwrap()).await
}

#[tokio::test]
async fn p28_one_address_does_not_keep_the_devices_of_a_client_elsewhere_from_asking() {
    let app = crowd();
    // Where nobody's address is known, one of them does not stop all the others.
    for _ in 0..31 {
        assert_eq!(ask_from(&app, "tv", None).await.status, StatusCode::OK);
    }
    for from in [Some("192.0.2.7"), Some("2001:db8:1:2::1")] {
        for _ in 0..30 {
            assert_eq!(ask_from(&app, "tv", from).await.status, StatusCode::OK);
        }
        for client in ["tv", "printer"] {
            let refused = ask_from(&app, client, from).await;
            refused.assert_error(429, "temporarily_unavailable");
            assert_eq!(refused.header("retry-after"), "6");
        }
    }
    let mapped = ask_from(&app, "tv", Some("::ffff:192.0.2.7")).await;
    assert_eq!(mapped.status, StatusCode::TOO_MANY_REQUESTS, "it is the same address");
    for other in ["192.0.2.8", "2001:db8:1:3::1"] {
        assert_eq!(ask_from(&app, "tv", Some(other)).await.status, StatusCode::OK, "{other}");
    }
}

/// One customer has all addresses of such a network.
#[tokio::test]
async fn p28_addresses_of_one_ipv6_network_are_counted_as_one() {
    let app = crowd();
    let of_network = |n: usize| format!("2001:db8:1:2::{n:x}");
    for n in 0..30 {
        assert_eq!(ask_from(&app, "tv", Some(&of_network(n))).await.status, StatusCode::OK, "{n}");
    }
    assert_eq!(ask_from(&app, "tv", Some(&of_network(30))).await.status, StatusCode::TOO_MANY_REQUESTS);
    for n in 0..6 {
        let person = person(&app, n).await;
        for tried in 0..5 {
            let from = of_network(10 * n + tried);
            assert_eq!(enter_from(&app, &person, WRONG, &from).await, StatusCode::BAD_REQUEST);
        }
    }
    let seventh = person(&app, 6).await;
    let from = of_network(99);
    assert_eq!(enter_from(&app, &seventh, WRONG, &from).await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(enter_from(&app, &seventh, WRONG, "2001:db8:1:3::1").await, StatusCode::BAD_REQUEST);
}

/// A customer with an IPv6 network of 48 bits has 65 536 networks of 64 bits.
#[tokio::test]
async fn p43_who_has_many_ipv6_networks_asks_for_four_times_as_many_device_codes_and_no_more() {
    let app = crowd();
    let mut begun = 0;
    for network in 0..200 {
        let answer = ask_from(&app, "tv", Some(&format!("2001:db8:1:{network:x}::1"))).await;
        begun += usize::from(answer.status == StatusCode::OK);
    }
    assert_eq!(begun, 120);
    assert_eq!(ask_from(&app, "tv", Some("2001:db8:2::1")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn p43_who_has_many_ipv6_networks_enters_more_codes_than_from_one_and_not_without_end() {
    let people: Vec<String> = (0..52).map(|n| format!("person {n}")).collect();
    let app = App::for_people(&people.iter().map(String::as_str).collect::<Vec<_>>(), devices);
    let (mut tried, mut first_refused) = (0, None);
    for n in 0..250 {
        // 60 at once, and then one in each second: so the limits of each person, and of all codes, refuse nothing.
        if n >= 60 {
            app.advance(1);
        }
        let person = person(&app, n / 5).await;
        match enter_from(&app, &person, WRONG, &format!("2001:db8:1:{n:x}::1")).await {
            StatusCode::BAD_REQUEST => tried += 1,
            status => {
                assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{n}");
                first_refused = first_refused.or(Some(tried));
            }
        }
    }
    // 120, and those 40 a minute that came back in three minutes.
    assert_eq!(first_refused, Some(240));
    let other = person(&app, 51).await;
    assert_eq!(enter_from(&app, &other, WRONG, "2001:db8:2::1").await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn p28_devices_of_one_public_client_are_limited_in_all_and_leave_others_alone() {
    let app = crowd();
    for n in 0..300 {
        let from = format!("192.0.2.{}", n % 100);
        assert_eq!(ask_from(&app, "tv", Some(&from)).await.status, StatusCode::OK, "{n}");
    }
    let refused = ask_from(&app, "tv", Some("192.0.2.200")).await;
    refused.assert_error(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(ask_from(&app, "printer", Some("192.0.2.201")).await.status, StatusCode::OK);
}

/// Nobody else sends its requests, so it needs no room for those of strangers.
#[tokio::test]
async fn p28_devices_of_one_client_that_authenticates_are_limited_in_all_and_leave_others_alone() {
    let app = crowd();
    let own = [("client_id", "vault"), ("client_secret", SECRET)];
    let from = |n: usize| format!("192.0.2.{}", n % 10);
    for n in 0..60 {
        assert_eq!(ask_with(&app, &own, Some(&from(n))).await.status, StatusCode::OK, "{n}");
    }
    let refused = ask_with(&app, &own, Some("192.0.2.200")).await;
    refused.assert_error(429, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(ask_from(&app, "tv", Some("192.0.2.201")).await.status, StatusCode::OK);
    // Who only names it uses up nothing of it.
    app.advance(1);
    for _ in 0..5 {
        ask_from(&app, "vault", Some("192.0.2.202")).await.assert_error(401, "invalid_client");
    }
    assert_eq!(ask_with(&app, &own, Some("192.0.2.203")).await.status, StatusCode::OK);
    assert_eq!(ask_with(&app, &own, Some("192.0.2.203")).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn c19_the_log_says_what_devices_do_and_holds_no_code() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);

    let app = crowd();
    let (device_code, code) = television(&app).await;
    let poll = [("grant_type", crate::device::GRANT), ("client_id", "tv"), ("device_code", &*device_code)];
    app.token(&poll).await.assert_error(400, "authorization_pending");
    let (mut browser, page) = person(&app, 0).await;
    enter(&mut browser, &page, WRONG).await;
    let consent = enter(&mut browser, &page, &code).await;
    browser.post(&form_action(&consent), &[("csrf", "x"), ("decision", "allow")]).await;
    browser.submit(&consent, "allow").await;
    let tokens = app.token(&poll).await.json();
    app.token(&poll).await.assert_error(400, "invalid_grant");
    for _ in 0..5 {
        enter(&mut browser, &page, WRONG).await;
    }

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for line in [
        "event=\"device_code_issued\"",
        "no device waits for it",
        "event=\"page_refused\" page=\"device\"",
        "event=\"device_allowed\"",
        "event=\"token_issued\"",
        "the device code is unknown, or was used before",
        "too many codes",
    ] {
        assert!(log.contains(line), "{line} in {log}");
    }
    let plain = code.replace('-', "");
    for hidden in [
        &*device_code,
        &code,
        &plain,
        WRONG,
        "BBBBBBBB",
        &csrf(&consent),
        tokens["access_token"].as_str().unwrap(),
        tokens["refresh_token"].as_str().unwrap(),
    ] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
}
