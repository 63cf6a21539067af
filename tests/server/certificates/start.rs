//! Which configurations do not start.

use super::bench::behind_proxy;
use crate::launch;

const ISSUER: &str = "[[auth.issuers]]\nissuer = \"https://issuer.example\"\n";

#[tokio::test]
async fn certificates_that_no_one_vouches_for_or_nothing_depends_on_do_not_start() {
    let behind = behind_proxy("rfc9440");
    for (toml, reasons) in [
        (
            format!("[server]\nclient_cert_header = {{}}\n{ISSUER}certificate_bound = \"allowed\""),
            &[
                "client_cert_header is set, but trusted_proxies is not",
                "server.client_cert_header in mcp.toml",
            ][..],
        ),
        (
            format!("{behind}{ISSUER}"),
            &["client_cert_header is set, but tokens of no issuer", "server.client_cert_header in mcp.toml"],
        ),
        (
            format!("{ISSUER}certificate_bound = \"allowed\""),
            &[
                "certificate_bound is \"allowed\"",
                "server.client_cert_header",
                "auth.issuers[0].certificate_bound in mcp.toml",
            ],
        ),
        (
            format!("{}transport = \"stdio\"\n{ISSUER}certificate_bound = \"required\"", behind),
            &["certificate_bound is \"required\"", "stdio", "auth.issuers[0].certificate_bound in mcp.toml"],
        ),
        (
            format!("{behind}{ISSUER}certificate_bound = \"on\""),
            &["certificate_bound is \"on\"", "auth.issuers[0].certificate_bound in mcp.toml", "\"required\""],
        ),
        (
            format!("{}{ISSUER}certificate_bound = \"allowed\"", behind_proxy("pem")),
            &["format is \"pem\"", "server.client_cert_header.format in mcp.toml", "\"url-pem\""],
        ),
        (
            format!(
                "{}[auth]\ntoken_header = \"X-SSL-Cert\"\n{ISSUER}certificate_bound = \"allowed\"",
                behind.replace("{ ", "{ name = \"X-SSL-Cert\", ")
            ),
            &[
                "the header \"x-ssl-cert\" is auth.token_header already",
                "server.client_cert_header.name in mcp.toml",
            ],
        ),
        (
            format!(
                "{}{ISSUER}certificate_bound = \"allowed\"",
                behind.replace("{ ", "{ name = \"Cookie\", ")
            ),
            &["name is \"Cookie\"", "server.client_cert_header.name in mcp.toml"],
        ),
    ] {
        launch::toml(&toml).run().await.refused(reasons);
    }
}
