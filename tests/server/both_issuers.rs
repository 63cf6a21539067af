//! `[issuer]` beside `[[auth.issuers]]`: tokens of both are accepted, both are named, and each is turned off alone.

use jsonwebtoken::Algorithm;
use mcp_auth::{Config, Running, Server, serde_json};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, Key};
use crate::everything::{CONFIG, Everything};
use crate::launch;
use crate::process::text;
use crate::wire::{self, Wire};

const SECRET: &str = "a secret of the robot";

/// The built-in issuer with a client that gets tokens for itself, its key in `directory`.
fn built_in(directory: &tempfile::TempDir) -> String {
    let secret = directory.path().join("secret");
    std::fs::write(&secret, SECRET).expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o600)).expect("made private");
    }
    format!(
        "[issuer]\nstate_dir = {:?}\n[[issuer.clients]]\nclient_id = \"robot\"\nclient_secret = {:?}\n\
         scopes = [\"read\"]\n",
        directory.path().join("state"),
        format!("file:{}", secret.display())
    )
}

async fn start(texts: &[&str]) -> Running {
    let mut config = Config::builder().toml("server.listen = \"127.0.0.1:0\"").toml(CONFIG);
    for text in texts {
        config = config.toml(text);
    }
    let config = config.build().expect("a configuration");
    Server::builder(Everything::default()).config(config).start().await.expect("it starts")
}

/// A token of the built-in issuer (RFC 6749 section 4.4).
async fn token(running: &Running) -> String {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "robot"),
        ("client_secret", SECRET),
        ("scope", "read"),
        ("resource", running.resource()),
    ];
    let answer = wire::http().post(format!("http://{}/token", running.address())).form(&form);
    let answer: Value = answer.send().await.expect("an answer").json().await.expect("JSON");
    answer["access_token"].as_str().unwrap_or_else(|| panic!("no token in {answer}")).to_owned()
}

async fn call(running: &Running, token: &str) -> u16 {
    let credentials = format!("Authorization: Bearer {token}\r\n");
    Wire::at(running.address()).call("read_note", &credentials).await.status()
}

async fn authorization_servers(running: &Running) -> Value {
    let url = format!("http://{}/.well-known/oauth-protected-resource/mcp", running.address());
    let document: Value = wire::http().get(url).send().await.expect("an answer").json().await.expect("JSON");
    document["authorization_servers"].clone()
}

#[tokio::test]
async fn tokens_of_the_built_in_issuer_and_of_others_are_accepted_and_both_are_named() {
    let (directory, key) = (tempfile::tempdir().expect("a directory"), Key::new(Algorithm::ES256, "k"));
    let other = AuthorizationServer::with_keys(&[&key]).await;
    let running = start(&[&built_in(&directory), &other.toml("")]).await;
    let theirs = key.token(&other.claims(running.resource(), json!({})));
    let stranger = AuthorizationServer::with_keys(&[&key]).await;
    let of_a_stranger = key.token(&stranger.claims(running.resource(), json!({})));
    let ours = token(&running).await;

    assert_eq!(call(&running, &ours).await, 200, "the built-in issuer's");
    assert_eq!(call(&running, &theirs).await, 200, "the other issuer's");
    assert_eq!(call(&running, &of_a_stranger).await, 401, "an issuer's that is not configured");
    let own = format!("http://{}", running.address());
    assert_eq!(authorization_servers(&running).await, json!([own, other.issuer()]));
    running.stop().await;
}

#[tokio::test]
async fn turned_off_the_built_in_issuer_is_neither_there_nor_trusted_nor_named() {
    let (directory, key) = (tempfile::tempdir().expect("a directory"), Key::new(Algorithm::ES256, "k"));
    let other = AuthorizationServer::with_keys(&[&key]).await;
    let on = start(&[&built_in(&directory)]).await;
    let ours = token(&on).await;
    assert_eq!(call(&on, &ours).await, 200);
    let theirs = key.token(&other.claims(on.resource(), json!({})));
    assert_eq!(call(&on, &theirs).await, 401, "an issuer that is not configured");
    let address = on.address().to_string();
    on.stop().await;

    // The same address, or the token would be for another resource.
    let here = format!("server.listen = {address:?}");
    let off = start(&[&here, &built_in(&directory), "issuer.enabled = false", &other.toml("")]).await;
    assert_eq!(call(&off, &ours).await, 401, "of an issuer that is off");
    assert_eq!(call(&off, &theirs).await, 200);
    assert_eq!(authorization_servers(&off).await, json!([other.issuer()]));
    let metadata = format!("http://{address}/.well-known/oauth-authorization-server");
    let answer = wire::http().get(metadata).send().await.expect("an answer");
    let metadata: Value = answer.json().await.expect("metadata, for clients of 2025-03-26");
    assert_eq!(metadata["issuer"], other.issuer(), "the issuer that is trusted, not the one that is off");
    off.stop().await;
}

#[tokio::test]
async fn a_server_with_both_is_ready_when_the_keys_of_both_are_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let down = AuthorizationServer::empty("").await;
    let ready = async |running: &Running| {
        let url = format!("http://{}/readyz", running.address());
        wire::http().get(url).send().await.expect("an answer").status().as_u16()
    };
    let waiting = start(&[&built_in(&directory), &down.toml("")]).await;
    assert_eq!(ready(&waiting).await, 503, "the other issuer has no keys yet");
    assert_eq!(call(&waiting, &token(&waiting).await).await, 200, "its own tokens are good all the same");
    waiting.stop().await;

    let key = Key::new(Algorithm::ES256, "k");
    let up = AuthorizationServer::with_keys(&[&key]).await;
    let running = start(&[&built_in(&directory), &up.toml("")]).await;
    assert_eq!(ready(&running).await, 200);
    running.stop().await;
}

#[tokio::test]
async fn on_stdio_the_credential_may_be_of_either() {
    let (directory, key) = (tempfile::tempdir().expect("a directory"), Key::new(Algorithm::ES256, "k"));
    let other = AuthorizationServer::with_keys(&[&key]).await;
    let running = start(&[&built_in(&directory)]).await;
    let (ours, resource) = (token(&running).await, running.resource().to_owned());
    running.stop().await;

    let toml = format!(
        "{CONFIG}\n[server]\ntransport = \"stdio\"\npublic_url = {resource:?}\n[stdio]\ncredential = \"env:TOKEN\"\n\
         {}{}",
        built_in(&directory),
        other.toml("")
    );
    let theirs = |audience: &str| key.token(&other.claims(audience, json!({})));
    for token in [ours.clone(), theirs(&resource)] {
        let mut pipe = launch::toml(&toml).variable("TOKEN", &token).stdio();
        pipe.open().await;
        assert_eq!(text(&pipe.call_tool("read_note", json!({})).await), "a note");
    }
    for (token, reason) in
        [(theirs("https://elsewhere.test/mcp"), "audience"), (ours.replace("ey", "ez"), "")]
    {
        let ended = launch::toml(&toml).variable("TOKEN", &token).run().await;
        ended.refused(&[reason, "stdio.credential"]);
    }
}
