//! Which files and keys of `[server.tls]` do not start.

use super::authority::{Authority, Pair};
use super::encrypted::{Files, HOST, server_section};
use crate::launch;

const ISSUER: &str =
    "[auth]\nbase_scopes = [\"base\"]\n[[auth.issuers]]\nissuer = \"https://issuer.example\"\n";

async fn refused(files: &Files, server: &str, tls: &str, more: &str, reasons: &[&str]) {
    let toml = [server, &files.section(tls), ISSUER, more].concat();
    let ended = launch::toml(&toml).variable("MCP_SERVER__LISTEN", "127.0.0.1:0").run().await;
    ended.refused(reasons);
    for line in ended.stderr.lines() {
        assert!(!line.contains("PRIVATE"), "a key is shown: {line}");
    }
}

#[tokio::test]
async fn files_that_tls_cannot_be_served_with_do_not_start_and_no_key_is_shown() {
    let authority = Authority::new("servers");
    let own = authority.server(HOST);
    let server = server_section("");
    let of = |certificate: &str, key: &str| {
        Files::of(&Pair { certificate: certificate.to_owned(), key: key.to_owned() }, None)
    };
    let at = "server.tls in mcp.toml";
    let other = authority.server(HOST);
    for (files, reasons) in [
        (of(&own.certificate, &other.key), &["certificate and key cannot be used together", at][..]),
        (of("", &own.key), &["certificate holds no certificate in PEM", at]),
        (of(&own.key, &own.key), &["certificate holds no certificate in PEM", at]),
        (of(&own.certificate, &own.certificate), &["key holds no private key in PEM", at]),
        (of(&own.certificate, "hunter2hunter2"), &["key holds no private key in PEM", at]),
        (of(&own.certificate[..own.certificate.len() / 2], &own.key), &["certificate", at]),
        (of(&own.certificate, &own.key[..own.key.len() / 2]), &["key", at]),
    ] {
        refused(&files, &server, "", "", reasons).await;
    }
    let files = of(&own.certificate, &own.key);
    std::fs::remove_file(files.path("chain.pem")).unwrap();
    refused(&files, &server, "", "", &["chain.pem cannot be read", at]).await;
    let files = Files::of(&own, Some(&own.key));
    refused(&files, &server, "", "", &["client_ca holds no certificate in PEM", at]).await;
}

#[cfg(unix)]
#[tokio::test]
async fn c07_a_key_that_everyone_may_read_does_not_start() {
    use std::os::unix::fs::PermissionsExt as _;
    let files = Files::of(&Authority::new("servers").server(HOST), None);
    std::fs::set_permissions(files.path("key.pem"), std::fs::Permissions::from_mode(0o644)).unwrap();
    refused(&files, &server_section(""), "", "", &["chmod o-r", "key.pem"]).await;
}

#[tokio::test]
async fn a_url_without_https_and_client_certificates_that_contradict_each_other_do_not_start() {
    let (servers, clients) = (Authority::new("servers"), Authority::new("clients"));
    let own = servers.server(HOST);
    let plain = Files::of(&own, None);
    for server in ["", "[server]\npublic_url = \"http://localhost:8080/mcp\"\n"] {
        refused(&plain, server, "", "", &["set public_url to the https:// URL", "server.tls in mcp.toml"])
            .await;
    }
    let server = server_section("");
    for mode in ["required", "optional"] {
        let tls = format!("client_certificates = {mode:?}");
        let why = format!("client_certificates is {mode:?}, but client_ca does not say");
        refused(&plain, &server, &tls, "", &[&why, "server.tls.client_certificates in mcp.toml"]).await;
    }
    let both = Files::of(&own, Some(&clients.pem));
    let reasons =
        ["client_certificates is \"any\", but client_ca", "server.tls.client_certificates in mcp.toml"];
    refused(&both, &server, "client_certificates = \"any\"", "", &reasons).await;
    // Nobody is asked for a certificate.
    let reasons = ["certificate_bound is \"allowed\"", "[server.tls]"];
    refused(&plain, &server, "", "certificate_bound = \"allowed\"", &reasons).await;
}
