//! Which configurations do not start.

use crate::launch;

const ISSUER: &str = "[[auth.issuers]]\nissuer = \"https://issuer.example\"\n";

#[tokio::test]
async fn bound_tokens_cannot_be_required_over_stdio_nor_come_in_a_header_without_a_scheme() {
    for (toml, reasons) in [
        (
            format!("[server]\ntransport = \"stdio\"\n{ISSUER}dpop = \"required\""),
            &["dpop is \"required\"", "stdio", "auth.issuers[0].dpop in mcp.toml"][..],
        ),
        (
            format!("[auth]\ntoken_header = \"X-Token\"\n{ISSUER}dpop = \"allowed\""),
            &["dpop is \"allowed\"", "auth.token_header", "auth.issuers[0].dpop in mcp.toml"],
        ),
        (
            format!("{ISSUER}dpop = \"on\""),
            &["dpop is \"on\"", "auth.issuers[0].dpop in mcp.toml", "\"required\""],
        ),
    ] {
        launch::toml(&toml).run().await.refused(reasons);
    }
}
