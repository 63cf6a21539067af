//! Listening to resources, under the rule of each.

use mcp_auth::testing::Era;
use serde_json::{Value, json};

use crate::streams::Wire;
use crate::talks::{Talks, in_time};

fn listening(uris: &[&str]) -> Value {
    json!({ "notifications": { "resourceSubscriptions": uris } })
}

#[tokio::test]
async fn listening_needs_the_rule_of_every_resource() {
    let talks = Talks::default();
    let server = talks.start().await;
    let asking = |token: Option<mcp_auth::testing::Token>, uris: &'static [&'static str]| {
        let client = server.client();
        let client = match token {
            Some(token) => client.token(token),
            None => client,
        };
        async move { client.request("subscriptions/listen", listening(uris)).await }
    };
    let poor = || Some(server.token("alice"));
    for uris in [["note://7"].as_slice(), &["note://public", "note://7"], &["note://7", "note://public"]] {
        let answer = asking(poor(), uris).await;
        assert_eq!(answer.status(), 403, "{uris:?} {}", answer.body());
        assert_eq!(answer.challenge().expect("a challenge").scopes(), ["notes"]);
    }
    let rich = || Some(server.token("alice").scope("notes"));
    for uris in [["gone://7"].as_slice(), &["note://7", "gone://7"]] {
        let answer = asking(rich(), uris).await;
        assert_eq!(answer.error_code(), Some(-32602), "{uris:?} {}", answer.body());
    }
    for uris in [[].as_slice(), &["note://public"], &["note://7"], &["gone://7"]] {
        assert_eq!(asking(None, uris).await.status(), 401, "{uris:?}");
    }
    assert_eq!(talks.ran(), 0);

    for (token, uris) in [
        (server.token("alice"), ["note://public"].as_slice()),
        (server.token("alice").scope("notes"), &["note://public", "note://7"]),
    ] {
        let wire = Wire::new(server.url(), Era::Stateless).token(token);
        let mut stream = wire.request(9, "subscriptions/listen", listening(uris)).await;
        let first = stream.next().await.expect("an acknowledgement");
        assert_eq!(first["method"], "notifications/subscriptions/acknowledged");
        assert_eq!(first["params"]["notifications"]["resourceSubscriptions"], json!(uris), "{first}");
        for uri in uris {
            let update = stream.next().await.expect("an update");
            assert_eq!(update["method"], "notifications/resources/updated");
            assert_eq!(update["params"]["uri"], *uri);
        }
    }
}

#[tokio::test]
async fn listening_ends_with_its_result_when_the_server_stops() {
    let talks = Talks::default();
    let server = talks.start().await;
    let wire = Wire::new(server.url(), Era::Stateless).token(server.token("alice"));
    let mut stream = wire.request(9, "subscriptions/listen", listening(&["note://public"])).await;
    for _ in ["acknowledged", "updated"] {
        assert!(stream.next().await.expect("a notification").get("method").is_some());
    }
    let stopped = tokio::spawn(server.stop());
    let last = stream.next().await.expect("a final result");
    assert_eq!((&last["id"], &last["result"]["resultType"]), (&json!(9), &json!("complete")), "{last}");
    assert_eq!(stream.next().await, None);
    in_time(stopped).await.expect("stopped");
}
