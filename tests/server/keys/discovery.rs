//! Where an issuer's metadata and keys are looked for, and which metadata stops the start.

use jsonwebtoken::Algorithm;
use serde_json::json;

use super::trust::{assert_read, assert_unavailable, read_note, readyz, token, trusting, verify};
use crate::authorization_server::{AuthorizationServer, JWKS, Key, METADATA, Reply};
use crate::everything::Everything;

#[tokio::test]
async fn keys_are_found_by_rfc_8414_and_openid_discovery_with_and_without_a_path() {
    let tenant = "/.well-known/oauth-authorization-server/tenant/1";
    let inserted = "/.well-known/openid-configuration/tenant/1";
    let appended = "/tenant/1/.well-known/openid-configuration";
    let openid = "/.well-known/openid-configuration";
    let cases: &[(&str, &str, &[&str])] = &[
        ("", METADATA, &[METADATA, JWKS]),
        ("", openid, &[METADATA, openid, JWKS]),
        ("/", METADATA, &[METADATA, JWKS]),
        ("/tenant/1", tenant, &[tenant, JWKS]),
        ("/tenant/1", inserted, &[tenant, inserted, JWKS]),
        ("/tenant/1", appended, &[tenant, inserted, appended, JWKS]),
        ("/tenant/1/", tenant, &[tenant, JWKS]),
    ];
    let key = Key::new(Algorithm::ES256, "k");
    for (path, document, asked) in cases {
        let issuer = AuthorizationServer::empty(path).await;
        issuer.publish_metadata(document);
        issuer.publish(&[&key]);
        let server = trusting(&Everything::default(), &issuer, "").await;
        let case = format!("{path} at {document}");
        assert_eq!(readyz(&server).await, 200, "{case}");
        assert_read(&read_note(&server, token(&server, &issuer, &key)).await, &case);
        assert_eq!(issuer.asked(), *asked, "{case}");
    }
}

#[tokio::test]
async fn metadata_elsewhere_is_not_found_and_the_server_is_not_ready() {
    let key = Key::new(Algorithm::ES256, "k");
    for (path, document) in [
        ("/tenant/1", METADATA),
        ("/tenant/1", "/tenant/1/.well-known/oauth-authorization-server"),
        ("", "/.well-known/oauth-protected-resource"),
        ("", "/"),
    ] {
        let everything = Everything::default();
        let issuer = AuthorizationServer::empty(path).await;
        issuer.publish_metadata(document);
        issuer.publish(&[&key]);
        let server = trusting(&everything, &issuer, "").await;
        assert_eq!(readyz(&server).await, 503, "{path} {document}");
        assert_unavailable(&read_note(&server, token(&server, &issuer, &key)).await, document);
        assert_eq!((issuer.fetches(), everything.ran()), (0, 0), "{path} {document}");
    }
}

#[tokio::test]
async fn a_configured_jwks_uri_is_the_only_thing_asked_for() {
    let key = Key::new(Algorithm::ES256, "k");
    let issuer = AuthorizationServer::empty("").await;
    issuer.put("/elsewhere/keys", Reply::Json(json!({ "keys": [key.jwk()] })));
    let more = format!("jwks_uri = \"{}\"", issuer.at("/elsewhere/keys"));
    let server = trusting(&Everything::default(), &issuer, &more).await;
    assert_read(&read_note(&server, token(&server, &issuer, &key)).await, "");
    assert_eq!(issuer.asked(), ["/elsewhere/keys"]);
}

/// The error of a start that must not succeed.
async fn refusal(toml: &str) -> String {
    match Everything::default().builder(toml).start().await {
        Ok(_) => panic!("it started with {toml}"),
        Err(error) => format!("{error:?}"),
    }
}

#[tokio::test]
async fn k09_metadata_of_another_issuer_or_without_https_keys_stops_the_start_by_name() {
    let key = Key::new(Algorithm::ES256, "k");
    let issuer = AuthorizationServer::with_keys(&[&key]).await;
    let (name, keys) = (issuer.issuer().to_owned(), issuer.at(JWKS));
    for (metadata, said) in [
        (json!({ "issuer": format!("{name}/"), "jwks_uri": keys }), "names issuer"),
        (json!({ "issuer": name.replace("http:", "https:"), "jwks_uri": keys }), "names issuer"),
        (json!({ "issuer": "https://evil.example", "jwks_uri": keys }), "\"https://evil.example\""),
        (json!({ "issuer": [name], "jwks_uri": keys }), "names issuer"),
        (json!({ "jwks_uri": keys }), "names issuer"),
        (json!({ "issuer": name, "jwks_uri": "http://as.example/jwks" }), "no https jwks_uri"),
        (json!({ "issuer": name, "jwks_uri": "file:///etc/passwd" }), "no https jwks_uri"),
        (json!({ "issuer": name, "jwks_uri": JWKS }), "no https jwks_uri"),
        (json!({ "issuer": name }), "has no jwks_uri"),
    ] {
        issuer.put(METADATA, Reply::Json(metadata.clone()));
        let error = refusal(&verify(&[issuer.toml("")])).await;
        assert!(error.contains(said) && error.contains(&name), "{metadata}: {error}");
        assert!(error.contains("auth.issuers[0].issuer in "), "{metadata}: {error}");
    }
    assert_eq!(issuer.fetches(), 0);
    issuer.publish_metadata(METADATA);
    let server = trusting(&Everything::default(), &issuer, "").await;
    assert_read(&read_note(&server, token(&server, &issuer, &key)).await, "the right metadata");
}

#[tokio::test]
async fn k09_a_wrong_issuer_is_named_among_healthy_and_stalling_ones() {
    let key = Key::new(Algorithm::ES256, "k");
    let healthy = AuthorizationServer::with_keys(&[&key]).await;
    let stalling = AuthorizationServer::empty("").await;
    stalling.put(METADATA, Reply::Stall);
    let wrong = AuthorizationServer::empty("").await;
    wrong.put(METADATA, Reply::Json(json!({ "issuer": healthy.issuer(), "jwks_uri": healthy.at(JWKS) })));
    let error = refusal(&verify(&[healthy.toml(""), stalling.toml(""), wrong.toml("")])).await;
    assert!(error.contains("auth.issuers[2].issuer in ") && error.contains(wrong.issuer()), "{error}");
}

#[tokio::test]
async fn c03_k09_issuers_and_keys_over_plain_http_off_loopback_stop_the_start() {
    for (section, key) in [
        ("issuer = \"http://as.example\"", "auth.issuers[0].issuer"),
        (
            "issuer = \"https://as.example\"\njwks_uri = \"http://as.example/jwks\"",
            "auth.issuers[0].jwks_uri",
        ),
        ("issuer = \"https://as.example?x\"", "auth.issuers[0].issuer"),
        ("issuer = \"https://as.example#x\"", "auth.issuers[0].issuer"),
    ] {
        let toml = verify(&[format!("[[auth.issuers]]\n{section}\n")]);
        // What one value cannot be is said when it is read, what several cannot be together at the start.
        let refused = match mcp_auth::Config::from_toml_str(&toml) {
            Err(error) => error.to_string(),
            Ok(_) => refusal(&toml).await,
        };
        assert!(refused.contains(key), "{section}: {refused}");
    }
}
