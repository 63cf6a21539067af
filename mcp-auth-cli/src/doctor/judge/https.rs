//! Whether the token is protected on its way to the server.

use mcp_auth_core::net::is_loopback;
use url::Url;

use crate::doctor::checks::HTTPS;
use crate::doctor::step::Step;

pub(crate) fn https(url: &Url) -> Step {
    if url.scheme() == "https" {
        HTTPS.ok("https")
    } else if is_loopback(url) {
        HTTPS.ok("http, on this machine only")
    } else {
        HTTPS.fail(
            "http: tokens travel readable, and many clients refuse",
            "put TLS in front (nginx, Caddy, a load balancer), and give clients the https URL; mcp-auth: \
             server.public_url = \"https://…\"",
        )
    }
}
