//! One correct site, changed by one mistake each: doctor finds the mistake, names it as the cause, and says the fix.

use serde_json::json;

use super::site::Site;

#[tokio::test]
async fn a_wrong_resource_is_named_with_the_key_to_set() {
    let site = Site::start(|plan| plan.metadata["resource"] = "https://other.example/mcp".into()).await;
    let fix = format!("server.public_url = \"{}\"", site.url);
    let seen = "`resource` is \"https://other.example/mcp\"";
    site.doctor().await.names_only("resource", "fail", seen, &fix);
}

#[tokio::test]
async fn a_trailing_slash_makes_another_resource() {
    let site = Site::start(|plan| plan.metadata["resource"] = format!("{}/", plan.url).into()).await;
    site.doctor().await.names_only(
        "resource",
        "fail",
        "a trailing slash more",
        "the slash is part of the identifier",
    );
}

#[tokio::test]
async fn another_scheme_in_the_metadata_is_named_as_such() {
    let site =
        Site::start(|plan| plan.metadata["resource"] = plan.url.replace("http:", "https:").into()).await;
    site.doctor().await.names_only(
        "resource",
        "fail",
        "it says https where this URL is http",
        "https://127.0.0.1",
    );
}

#[tokio::test]
async fn the_inner_port_of_a_proxied_server_is_named() {
    let site = Site::start(|plan| plan.metadata["resource"] = "http://127.0.0.1:9/mcp".into()).await;
    site.doctor().await.names_only("resource", "fail", "another port", "server.public_url");
}

#[tokio::test]
async fn metadata_at_the_root_only_is_a_failure_when_the_challenge_does_not_lead_there() {
    let site = Site::start(|plan| {
        (plan.metadata_at_path, plan.metadata_at_root) = (false, true);
        plan.challenge = Some("Bearer scope=\"notes.read\"".to_owned());
    })
    .await;
    let report = site.doctor().await;
    report.names("challenge", "fail", "no resource_metadata", "/.well-known/oauth-protected-resource/mcp");
    assert_eq!(report.verdict("resource-metadata-path"), "fail");
    assert!(report.step("resource-metadata-path")["seen"].as_str().unwrap().contains("only at the root"));
}

#[tokio::test]
async fn metadata_at_the_root_only_is_a_warning_when_the_challenge_leads_there() {
    let site = Site::start(|plan| {
        (plan.metadata_at_path, plan.metadata_at_root) = (false, true);
        plan.challenge = plan.challenge.take().map(|challenge| challenge.replace("resource/mcp", "resource"));
    })
    .await;
    let fix = "/.well-known/oauth-protected-resource/mcp too";
    site.doctor().await.names_only("resource-metadata-path", "warn", "404 Not Found", fix);
}

#[tokio::test]
async fn a_401_without_a_challenge_leads_nowhere() {
    let site = Site::start(|plan| plan.challenge = None).await;
    let fix = "WWW-Authenticate: Bearer resource_metadata=\"http://127.0.0.1";
    site.doctor().await.names_only("challenge", "fail", "401 without WWW-Authenticate", fix);
}

#[tokio::test]
async fn a_challenge_without_resource_metadata_is_a_warning_while_the_path_form_is_there() {
    let site = Site::start(|plan| plan.challenge = Some("Bearer scope=\"notes.read\"".to_owned())).await;
    site.doctor().await.names_only(
        "challenge",
        "warn",
        "no resource_metadata",
        "resource_metadata=\"http://",
    );
}

#[tokio::test]
async fn a_page_of_a_proxy_where_the_metadata_should_be_is_not_taken_for_a_server_without_a_login() {
    let site = Site::start(|plan| {
        plan.challenge = Some("Bearer".to_owned());
        plan.metadata = json!("a page");
    })
    .await;
    let report = site.doctor().await;
    assert_eq!(report.verdict("challenge"), "fail", "{}", report.text);
    assert_eq!(report.verdict("resource-metadata-path"), "fail");
    let site = Site::start(|plan| {
        plan.challenge = Some("Bearer".to_owned());
        plan.metadata_at_path = false;
    })
    .await;
    assert_eq!(site.doctor().await.verdict("challenge"), "warn");
}

#[tokio::test]
async fn basic_alone_is_not_a_challenge_for_mcp() {
    let site = Site::start(|plan| plan.challenge = Some("Basic realm=\"x\"".to_owned())).await;
    site.doctor().await.names_only("challenge", "fail", "only \"Basic\"", "Bearer resource_metadata");
}

#[tokio::test]
async fn a_server_that_lets_anonymous_callers_in_though_it_publishes_where_to_log_in() {
    let site = Site::start(|plan| plan.refusal = 200).await;
    let fix = "answer 401 with WWW-Authenticate";
    site.doctor().await.names_only("unauthenticated", "fail", "is answered without a token", fix);
}

#[tokio::test]
async fn h01_a_403_without_a_challenge_in_place_of_the_401() {
    let site = Site::start(|plan| (plan.refusal, plan.challenge) = (403, None)).await;
    let fix = "403 tells a client that logging in will not help";
    site.doctor().await.names_only("unauthenticated", "fail", "403 without a token", fix);
}

#[tokio::test]
async fn a_500_in_place_of_the_401() {
    let site = Site::start(|plan| (plan.refusal, plan.challenge) = (500, None)).await;
    let fix = "a missing token must end in 401";
    site.doctor().await.names_only("unauthenticated", "fail", "500 Internal Server Error", fix);
}

#[tokio::test]
async fn h15_a_host_the_server_does_not_know() {
    let site = Site::start(|plan| {
        plan.refusal = 403;
        plan.body = Some(("text/plain", "Forbidden: Host header is not allowed".to_owned()));
    })
    .await;
    site.doctor().await.names_only(
        "unauthenticated",
        "fail",
        "does not know the Host",
        "server.allowed_hosts",
    );
}

#[tokio::test]
async fn a_page_from_a_proxy_is_not_the_server() {
    let site = Site::start(|plan| {
        plan.refusal = 502;
        plan.body = Some(("text/html", "<html><title>502 Bad Gateway</title></html>".to_owned()));
    })
    .await;
    let report = site.doctor().await;
    report.names_only(
        "reachability",
        "fail",
        "titled \"502 Bad Gateway\"",
        "address and port that the proxy",
    );
    assert_eq!(report.verdict("pkce"), "skipped");
}

#[tokio::test]
async fn a_web_page_is_not_an_endpoint() {
    let site = Site::start(|plan| {
        plan.refusal = 200;
        plan.body = Some(("text/html", "<!doctype html><title>Log in</title>".to_owned()));
    })
    .await;
    site.doctor().await.names_only(
        "reachability",
        "fail",
        "a web page, not an MCP endpoint",
        "often ending in /mcp",
    );
}

#[tokio::test]
async fn a_redirect_is_reported_and_not_followed() {
    let site = Site::start(|plan| plan.redirect = Some("https://elsewhere.example/mcp".to_owned())).await;
    let seen = "307 Temporary Redirect to \"https://elsewhere.example/mcp\"";
    site.doctor().await.names_only("reachability", "fail", seen, "sends no token to another host");
}

#[tokio::test]
async fn a_closed_port_is_one_sentence() {
    let report = super::site::doctor("http://127.0.0.1:1/mcp", &[], None).await;
    report.names_only("reachability", "fail", "connection refused", "nothing listens on 127.0.0.1:1");
}

#[tokio::test]
async fn no_authorization_server_listed() {
    let site = Site::start(|plan| plan.metadata["authorization_servers"] = json!([])).await;
    site.doctor().await.names_only("authorization-servers", "fail", "is empty", "[[auth.issuers]] issuer");
}

#[tokio::test]
async fn k09_an_issuer_that_calls_itself_otherwise() {
    let site = Site::start(|plan| plan.issuer_metadata["issuer"] = format!("{}/", plan.issuer).into()).await;
    site.doctor().await.names_only(
        "issuer",
        "fail",
        "the metadata says `issuer` is",
        "authorization_servers",
    );
}

#[tokio::test]
async fn issuer_metadata_nowhere() {
    let site = Site::start(|plan| plan.issuer_found = false).await;
    let fix = "serve the metadata of";
    site.doctor().await.names_only("issuer-metadata", "fail", "found nowhere", fix);
}

#[tokio::test]
async fn an_issuer_that_is_not_running() {
    let site =
        Site::start(|plan| plan.metadata["authorization_servers"] = json!(["http://127.0.0.1:1"])).await;
    site.doctor().await.names_only(
        "issuer-metadata",
        "fail",
        "connection refused",
        "start the authorization server",
    );
}

#[tokio::test]
async fn b01_missing_s256() {
    let site = Site::start(|plan| {
        plan.issuer_metadata.as_object_mut().unwrap().remove("code_challenge_methods_supported");
    })
    .await;
    site.doctor().await.names_only("pkce", "fail", "is missing: clients must refuse", "[\"S256\"]");
    let site =
        Site::start(|plan| plan.issuer_metadata["code_challenge_methods_supported"] = json!(["plain"])).await;
    site.doctor().await.names_only("pkce", "fail", "no S256", "[\"S256\"]");
}

#[tokio::test]
async fn no_way_to_register() {
    let site = Site::start(|plan| {
        plan.issuer_metadata.as_object_mut().unwrap().remove("registration_endpoint");
    })
    .await;
    site.doctor().await.names_only(
        "registration",
        "warn",
        "neither client ID metadata documents",
        "--client-id",
    );
}

#[tokio::test]
async fn k04_an_empty_key_set() {
    let site = Site::start(|plan| plan.jwks = json!({ "keys": [] })).await;
    site.doctor().await.names_only("jwks", "fail", "the key set is empty", "publish the public key");
}

#[tokio::test]
async fn k12_duplicate_kids() {
    let site = Site::start(|plan| {
        let key = plan.jwks["keys"][0].clone();
        plan.jwks = json!({ "keys": [key, key] });
    })
    .await;
    site.doctor().await.names_only("jwks", "fail", "two keys have the kid \"test\"", "its own kid");
}

#[tokio::test]
async fn k16_an_rsa_key_of_1024_bits() {
    let site = Site::start(|plan| {
        let modulus = "_".repeat(170) + "w"; // 128 bytes of ones, base64url
        plan.jwks =
            json!({ "keys": [{ "kty": "RSA", "kid": "old", "use": "sig", "n": modulus, "e": "AQAB" }] });
    })
    .await;
    site.doctor().await.names_only("jwks", "fail", "has 1024 bits", "2048 bits or more");
}

#[tokio::test]
async fn k15_a_published_private_key() {
    let site = Site::start(|plan| plan.jwks["keys"][0]["d"] = "c2VjcmV0LW9mLXRoZS1pc3N1ZXI".into()).await;
    let report = site.doctor().await;
    report.names_only("jwks", "fail", "everyone can make tokens", "replace this key now");
    assert!(!report.text.contains("c2VjcmV0LW9mLXRoZS1pc3N1ZXI"));
}

#[tokio::test]
async fn a05_offline_access_among_the_scopes() {
    let site =
        Site::start(|plan| plan.metadata["scopes_supported"] = json!(["notes.read", "offline_access"])).await;
    site.doctor().await.names_only(
        "scopes",
        "warn",
        "offline_access in scopes_supported",
        "take offline_access out",
    );
}

#[tokio::test]
async fn cors_that_hides_the_challenge() {
    let site = Site::start(|plan| plan.exposes_challenge = false).await;
    site.doctor().await.names_only(
        "cors",
        "fail",
        "WWW-Authenticate is not exposed",
        "Access-Control-Expose-Headers",
    );
}

#[tokio::test]
async fn a_clock_ten_minutes_off() {
    // Half a minute more than ten minutes, so that a slow answer does not change the result.
    for (ahead, said) in [(630, "s ahead,"), (-630, "s behind,")] {
        let site = Site::start(|plan| plan.ahead = ahead).await;
        let report = site.doctor().await;
        report.names_only("clock", "fail", "the server's clock is 10m ", "NTP");
        assert!(report.step("clock")["seen"].as_str().unwrap().contains(said), "{}", report.text);
    }
}

#[tokio::test]
async fn a_scope_of_the_server_that_its_issuer_does_not_know_is_a_warning() {
    let known = |scopes: &'static [&'static str]| {
        Site::start(move |plan| plan.issuer_metadata["scopes_supported"] = json!(scopes))
    };
    let site = known(&["notes.read", "openid"]).await;
    site.doctor().await.names_only(
        "scopes",
        "warn",
        "does not list \"notes.write\"",
        "at the authorization server",
    );
    known(&["notes.write", "notes.read"]).await.doctor().await.is_healthy();
}
