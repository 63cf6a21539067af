//! `mcp-auth login` against a real server with the built-in issuer, and against servers with false metadata.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use mcp_auth_tests::process::private;
use mcp_auth_tests::site::Served;
use serde_json::{Value, json};

use crate::person::{Person, Way};
use crate::site::Site;

#[tokio::test]
async fn a_login_walks_the_whole_way_and_is_kept() {
    for way in [Way::Loopback, Way::Pasted] {
        let (site, mut alice) = (Site::start().await, Person::new());
        let said = alice
            .run_and(&["login", site.url(), "--no-browser"], way, "allow", |callback| {
                vec![callback.to_owned()]
            })
            .await
            .succeeded();
        assert!(said.stderr.contains("logged in"), "{}", said.stderr);
        assert!(said.stderr.contains("in a file of mode 0600 in"), "the place is stated: {}", said.stderr);
        assert_eq!(said.asked_for("scope").as_deref(), Some("notes.read"), "what the challenge names");
        assert_eq!(said.asked_for("resource").as_deref(), Some(site.url()));
        assert_eq!(said.asked_for("code_challenge_method").as_deref(), Some("S256"));
        let redirect = said.asked_for("redirect_uri").unwrap();
        assert!(redirect.starts_with("http://127.0.0.1:") && redirect.ends_with("/callback"), "{redirect}");

        let kept = alice.kept();
        assert_eq!(kept["server"], site.url());
        assert_eq!(kept["resource"], site.url());
        assert_eq!(kept["issuer"], site.url().trim_end_matches("/mcp"));
        assert_eq!(kept["tokens"]["scopes"], json!(["notes.read"]));
        assert_eq!(kept["registration"]["redirect_uri"], redirect);
        assert!(kept["tokens"]["expires_at"].is_u64());

        let again = alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
        assert!(again.stderr.contains("already logged in") && again.asked.is_empty(), "{}", again.stderr);
    }
}

#[tokio::test]
async fn no_token_is_shown_unless_it_is_asked_for() {
    let (site, mut alice) = (Site::start().await, Person::new());
    let said = alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
    for token in alice.tokens() {
        assert!(!said.stdout.contains(&token) && !said.stderr.contains(&token), "{said:?}");
    }
    assert_eq!(said.stdout, "");
    let said = alice.run(&["login", site.url(), "--print-token"]).await.succeeded();
    let [refresh, access] = alice.tokens();
    assert_eq!(said.stdout, format!("{access}\n"), "alone, for TOKEN=$(…)");
    assert!(!said.stderr.contains(&access) && !said.stderr.contains(&refresh));
}

#[tokio::test]
async fn a_token_printed_at_the_first_login_calls_the_server() {
    let (site, mut alice) = (Site::start().await, Person::new());
    let said = alice.run(&["login", site.url(), "--no-browser", "--print-token"]).await.succeeded();
    let mut bob = Person::new();
    let token = bob.home().join("token");
    std::fs::write(&token, &said.stdout).unwrap();
    private(&token);
    let place = format!("file:{}", token.display());
    let said = bob.run(&["call", site.url(), "whoami", "--token", &place]).await.succeeded();
    assert_eq!(said.stdout, "alice\n");
}

#[tokio::test]
async fn p15_a_callback_with_another_state_is_refused_and_the_right_one_still_counts() {
    for way in [Way::Loopback, Way::Pasted] {
        let (site, mut alice) = (Site::start().await, Person::new());
        let said = alice
            .run_and(&["login", site.url(), "--no-browser"], way, "allow", |callback| {
                vec![
                    replaced(callback, "state", Some("forged")),
                    replaced(callback, "state", None),
                    callback.to_owned(),
                ]
            })
            .await
            .succeeded();
        assert_eq!(said.stderr.matches("without our state was refused").count(), 2, "{}", said.stderr);
        assert!(matches!(way, Way::Pasted) || said.stderr.contains("<page 400>\n"), "{}", said.stderr);
    }
}

#[tokio::test]
async fn l03_a_callback_of_another_issuer_or_of_none_is_refused_and_its_code_sent_nowhere() {
    for (iss, why) in [
        (Some("https://evil.example"), "names the issuer https://evil.example"),
        (None, "does not name its issuer"),
    ] {
        for way in [Way::Loopback, Way::Pasted] {
            let (site, mut alice) = (Site::start().await, Person::new());
            let said = alice
                .run_and(&["login", site.url(), "--no-browser"], way, "allow", |callback| {
                    vec![replaced(callback, "iss", iss)]
                })
                .await
                .failed(2, why);
            assert!(!said.stderr.contains("logged in,"), "{}", said.stderr);
            assert!(!alice.home().join(".local").exists(), "nothing is kept");
        }
    }
}

#[tokio::test]
async fn a_login_that_is_denied_says_so_and_keeps_nothing() {
    let (site, mut alice) = (Site::start().await, Person::new());
    alice
        .run_and(&["login", site.url(), "--no-browser"], Way::Loopback, "deny", |callback| {
            vec![callback.to_owned()]
        })
        .await
        .failed(2, "answered access_denied");
    assert!(!alice.home().join(".local").exists());
}

#[tokio::test]
async fn scopes_that_the_kept_login_lacks_are_asked_for() {
    let (site, mut alice) = (Site::start().await, Person::new());
    alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
    let said = alice
        .run(&["login", site.url(), "--no-browser", "--scope", "notes.read notes.write"])
        .await
        .succeeded();
    assert_eq!(said.asked_for("scope").as_deref(), Some("notes.read notes.write"));
    assert_eq!(alice.kept()["tokens"]["scopes"], json!(["notes.read", "notes.write"]));
    let said = alice.run(&["login", site.url(), "--no-browser", "--scope", "notes.write"]).await.succeeded();
    assert!(said.asked.is_empty(), "it has it: {}", said.stderr);
}

#[tokio::test]
async fn a_second_login_is_the_same_client() {
    let (site, mut alice) = (Site::start().await, Person::new());
    let client = |said: &crate::person::CommandResult| said.asked_for("client_id").unwrap();
    let first = alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
    let second =
        alice.run(&["login", site.url(), "--no-browser", "--scope", "notes.write"]).await.succeeded();
    assert_eq!(
        (client(&first), first.asked_for("redirect_uri")),
        (client(&second), second.asked_for("redirect_uri"))
    );
    // It registers once more, and the issuer of the site knows a public client that says the same.
    let third = alice.run(&["login", site.url(), "--no-browser", "--again"]).await.succeeded();
    assert_eq!(client(&first), client(&third));
}

#[tokio::test]
async fn a_forgotten_login_is_gone() {
    let (site, mut alice) = (Site::start().await, Person::new());
    alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
    let file = alice.kept_file();
    assert!(alice.run(&["login", site.url(), "--forget"]).await.succeeded().stderr.starts_with("forgotten"));
    assert!(!file.exists());
    assert!(
        alice
            .run(&["login", site.url(), "--forget"])
            .await
            .succeeded()
            .stderr
            .starts_with("no login is kept")
    );
}

#[tokio::test]
async fn a_forgotten_logins_refresh_token_is_revoked_where_the_issuer_can() {
    let (site, mut alice) = (Site::start().await, Person::new());
    alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
    let (file, kept) = (alice.kept_file(), alice.kept());
    let said = alice.run(&["login", site.url(), "--forget"]).await.succeeded();
    assert!(said.stderr.contains("its refresh token is revoked"), "{}", said.stderr);
    // A copy of it gives no new token.
    let mut copy = kept;
    copy["tokens"]["expires_at"] = 1.into();
    std::fs::write(&file, copy.to_string()).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    alice.run(&["call", site.url(), "whoami"]).await.failed(2, "no longer renews it");
}

#[tokio::test]
async fn forgetting_needs_no_network_and_none_of_its_rules() {
    let mut alice = Person::new();
    for url in ["http://10.0.0.7/mcp", "http://todos.example/mcp", "https://127.0.0.1:1/mcp"] {
        let said = alice.run(&["login", url, "--forget"]).await.succeeded();
        assert!(said.stderr.starts_with("no login is kept for"), "{}", said.stderr);
    }
    // What cannot be revoked goes all the same, and it is said what that means.
    let site = Site::start().await;
    alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
    let file = alice.kept_file();
    alice.change_kept(|kept| kept["issuer"] = "https://elsewhere.example".into());
    let said = alice.run(&["login", site.url(), "--forget"]).await.succeeded();
    assert!(
        said.stderr.contains("nothing was revoked: the server now names another issuer"),
        "{}",
        said.stderr
    );
    assert!(!file.exists());
}

#[tokio::test]
async fn the_redirect_uses_the_port_that_is_asked_for() {
    let (site, mut alice) = (Site::start().await, Person::new());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    let arguments = ["login", site.url(), "--no-browser", "--port", &port];
    alice.run(&arguments).await.failed(2, "cannot listen on 127.0.0.1");
    drop(free);
    let said = alice.run(&arguments).await.succeeded();
    assert_eq!(said.asked_for("redirect_uri"), Some(format!("http://127.0.0.1:{port}/callback")));
}

#[cfg(unix)]
#[tokio::test]
async fn the_browser_is_opened_at_the_authorization_url() {
    use std::os::unix::fs::PermissionsExt as _;
    let (site, mut alice) = (Site::start().await, Person::new());
    let (script, seen) = (alice.home().join("xdg-open"), alice.home().join("seen"));
    std::fs::write(&script, format!("#!/bin/sh\nprintf %s \"$1\" > '{}'\n", seen.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = alice.run(&["login", site.url()]).await.succeeded();
    assert_eq!(std::fs::read_to_string(seen).unwrap(), said.asked[0].as_str());
}

#[cfg(unix)]
#[tokio::test]
async fn tokens_are_kept_in_a_private_file_and_one_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let (site, mut alice) = (Site::start().await, Person::new());
    alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
    let file = alice.kept_file();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    for arguments in [&["login", site.url()][..], &["call", site.url(), "whoami"]] {
        let said = alice.run(arguments).await.failed(2, "can be read by others (mode 0640)");
        assert!(said.stderr.contains(&format!("rm {}", file.display())), "{}", said.stderr);
    }
    alice.run(&["login", site.url(), "--forget"]).await.succeeded();
}

#[tokio::test]
async fn a_plain_http_server_elsewhere_and_a_secret_on_the_command_line_are_refused() {
    let mut alice = Person::new();
    alice
        .run(&["login", "http://todos.example.com/mcp"])
        .await
        .failed(2, "a token would be readable on the way");
    alice.run(&["login", "todos"]).await.failed(2, "is not a URL");
    let said = alice
        .run(&["login", "https://a.example/mcp", "--client-id", "x", "--client-secret", "hunter2"])
        .await
        .failed(2, "never the secret itself");
    assert!(!said.stderr.contains("hunter2"), "{}", said.stderr);
    assert_eq!(said.stdout, "");
}

#[tokio::test]
async fn a_metadata_document_that_cannot_be_a_client_identifier_is_refused() {
    for bad in ["http://a.example/client.json", "https://a.example", "https://a.example/c#f", "client.json"] {
        let arguments = ["login", "https://a.example/mcp", "--client-metadata", bad];
        Person::new().run(&arguments).await.failed(2, "is not an https URL with a path");
    }
}

/// A server with the metadata that the test wants, which records the requests it gets.
struct Liar {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
    _serving: Served,
}

#[derive(Clone)]
struct Lies {
    origin: String,
    /// `{origin}` in the text stands for the server's own origin.
    challenge: &'static str,
    resource: &'static str,
    /// The place that the server names for its issuer's metadata.
    listed: &'static str,
    issuer: Value,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Liar {
    async fn start(challenge: &'static str, resource: &'static str, change: impl FnOnce(&mut Value)) -> Self {
        Self::listing("{origin}", challenge, resource, change).await
    }

    async fn listing(
        listed: &'static str,
        challenge: &'static str,
        resource: &'static str,
        change: impl FnOnce(&mut Value),
    ) -> Self {
        let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", socket.local_addr().unwrap());
        let mut issuer = json!({
            "issuer": origin,
            "authorization_endpoint": format!("{origin}/authorize"),
            "token_endpoint": format!("{origin}/token"),
            "registration_endpoint": format!("{origin}/register"),
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
        });
        change(&mut issuer);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let lies =
            Lies { origin: origin.clone(), challenge, resource, listed, issuer, asked: Arc::clone(&asked) };
        let serving = Served::on(socket, Router::new().fallback(lie).with_state(lies));
        Self { url: format!("{origin}/mcp"), asked, _serving: serving }
    }

    #[track_caller]
    fn got_no_registration_and_no_code(&self) {
        let asked = self.asked.lock().unwrap();
        assert!(!asked.iter().any(|path| path == "/register" || path == "/token"), "{asked:?}");
    }
}

async fn lie(State(lies): State<Lies>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    lies.asked.lock().unwrap().push(path.clone());
    let own = |text: &str| text.replace("{origin}", &lies.origin);
    match path.as_str() {
        "/mcp" => {
            (StatusCode::UNAUTHORIZED, [(header::WWW_AUTHENTICATE, own(lies.challenge))]).into_response()
        }
        "/.well-known/oauth-protected-resource/mcp" => {
            axum::Json(json!({ "resource": own(lies.resource), "authorization_servers": [own(lies.listed)] }))
                .into_response()
        }
        "/.well-known/oauth-authorization-server" | "/.well-known/elsewhere" => {
            axum::Json(lies.issuer).into_response()
        }
        "/register" => (StatusCode::CREATED, axum::Json(json!({ "client_id": "c", "redirect_uris": [] })))
            .into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

const ADVERTISED: &str = "Bearer resource_metadata=\"{origin}/.well-known/oauth-protected-resource/mcp\"";
const OWN: &str = "{origin}/mcp";

#[tokio::test]
async fn l01_metadata_for_another_resource_is_refused_whether_advertised_or_found() {
    for challenge in [ADVERTISED, "Bearer"] {
        for resource in ["https://bank.example/mcp", "http://127.0.0.1:1/mcp", "{origin}/other"] {
            let liar = Liar::start(challenge, resource, |_| ()).await;
            let said = Person::new()
                .run(&["login", &liar.url, "--no-browser"])
                .await
                .failed(2, "a token asked for there");
            assert!(said.asked.is_empty(), "{}", said.stderr);
            liar.got_no_registration_and_no_code();
        }
    }
}

#[tokio::test]
async fn l02_an_issuer_that_calls_itself_otherwise_or_lacks_s256_or_leads_elsewhere_is_refused() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 6] = [
        (|issuer| issuer["issuer"] = json!("https://other.example"), "calls itself https://other.example"),
        (|issuer| _ = issuer.as_object_mut().unwrap().remove("issuer"), "has no issuer"),
        (
            |issuer| _ = issuer.as_object_mut().unwrap().remove("code_challenge_methods_supported"),
            "PKCE with S256",
        ),
        (|issuer| issuer["code_challenge_methods_supported"] = json!(["plain"]), "PKCE with S256"),
        (
            |issuer| issuer["authorization_endpoint"] = json!("file:///etc/passwd"),
            "authorization_endpoint is",
        ),
        (|issuer| issuer["token_endpoint"] = json!("http://evil.example/token"), "token_endpoint is"),
    ];
    for (change, why) in cases {
        let liar = Liar::start(ADVERTISED, OWN, change).await;
        let said = Person::new().run(&["login", &liar.url, "--no-browser"]).await.failed(2, why);
        assert!(said.asked.is_empty(), "{}", said.stderr);
        liar.got_no_registration_and_no_code();
    }
}

#[tokio::test]
async fn an_issuer_may_have_endpoints_elsewhere_if_it_says_so_itself() {
    // The error is about the missing registration, so the endpoints were accepted.
    let liar = Liar::start(ADVERTISED, OWN, |issuer| {
        issuer["registration_endpoint"] = Value::Null;
        issuer["token_endpoint"] = json!("https://elsewhere.invalid/token");
    })
    .await;
    Person::new().run(&["login", &liar.url, "--no-browser"]).await.failed(2, "give --client-id");
}

/// A server that names metadata it hosts itself, in which it claims to be the bank's issuer with another token endpoint.
async fn impostor() -> Liar {
    let listed = "{origin}/.well-known/elsewhere";
    Liar::listing(listed, ADVERTISED, OWN, |issuer| issuer["issuer"] = json!("https://bank.invalid")).await
}

#[tokio::test]
async fn l04_metadata_that_the_server_hosts_does_not_pass_for_another_issuers() {
    let liar = impostor().await;
    let said =
        Person::new().run(&["login", &liar.url, "--no-browser"]).await.failed(2, "https://bank.invalid");
    assert!(said.asked.is_empty() && !said.stderr.contains("Logging in at"), "{}", said.stderr);
    liar.got_no_registration_and_no_code();
}

#[tokio::test]
async fn l04_a_refresh_token_is_not_sent_where_another_issuers_name_is_only_claimed() {
    let (site, mut alice) = (Site::start().await, Person::new());
    alice.run(&["login", site.url(), "--no-browser"]).await.succeeded();
    let liar = impostor().await;
    let name = |url: &str| {
        url.bytes().fold(String::new(), |name, byte| match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' => name + &char::from(byte).to_string(),
            other => name + &format!("_{other:02x}"),
        })
    };
    alice.change_kept(|kept| {
        kept["server"] = json!(liar.url);
        kept["issuer"] = json!("https://bank.invalid");
        kept["tokens"]["expires_at"] = json!(1);
    });
    let file = alice.kept_file();
    std::fs::rename(&file, file.with_file_name(format!("{}.json", name(&liar.url)))).unwrap();
    alice.run(&["call", &liar.url, "whoami"]).await.failed(2, "https://bank.invalid");
    liar.got_no_registration_and_no_code();
}

#[tokio::test]
async fn an_issuer_without_registration_asks_for_a_client_id() {
    let liar = Liar::start(ADVERTISED, OWN, |issuer| issuer["registration_endpoint"] = Value::Null).await;
    Person::new().run(&["login", &liar.url, "--no-browser"]).await.failed(2, "give --client-id");
}

#[tokio::test]
async fn a_server_without_metadata_or_that_is_not_there_is_said_to_be_so() {
    let nothing = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gone = format!("http://{}/mcp", nothing.local_addr().unwrap());
    let app = Router::new().fallback(|| async { StatusCode::UNAUTHORIZED });
    let mut alice = Person::new();
    let serving = tokio::spawn(async move { axum::serve(nothing, app).await });
    alice.run(&["login", &gone, "--no-browser"]).await.failed(2, "publishes no metadata");
    serving.abort();
    let _ = serving.await;
    alice.run(&["login", &gone, "--no-browser"]).await.failed(2, "cannot reach");
}

/// The callback with one parameter changed, or without it.
fn replaced(callback: &str, name: &str, value: Option<&str>) -> String {
    let mut url: url::Url = callback.parse().unwrap();
    let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
    url.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(value.map(|value| (name, value)));
    url.into()
}
