//! Cloudflare Access.

use super::usual::RS256;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::provider::{Clients, Provider, Sets, States};

pub(super) static CLOUDFLARE_ACCESS: Provider = Provider {
    name: "cloudflare-access",
    title: "Cloudflare Access",
    about: "A server behind an application of Cloudflare Access: the edge lets people in, and says who they are in a header of its own.",
    issuer: "\"https://example.cloudflareaccess.com\"",
    misfit,
    at: &["*.cloudflareaccess.com"],
    wide: &[],
    sets: &[
        Sets::key("scopes_from", "\"roles\"", "Its tokens hold no scopes. `grants` of a role gives scopes."),
        RS256,
        Sets::key(
            "jwks_uri",
            "\"{issuer}/cdn-cgi/access/certs\"",
            "There is no metadata to find the keys by.",
        ),
        Sets::key(
            "require_claims",
            "{ type = \"app\" }",
            "The token of an application. `org` is the token of the login itself.",
        ),
        Sets::key("subject_claims", "[\"sub\", \"common_name\"]", "The `sub` of a service token is empty."),
        Sets::key("client_claims", "[\"common_name\"]", "The client ID of a service token."),
        Sets::key(
            "client_when",
            "{ common_name = { present = true } }",
            "Only a service token has this claim.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Required("type"),
            says: "This is the token of the login to Cloudflare Access, not the one for your application.",
        },
        Hint {
            when: Sign::Audience(Aud::Other),
            says: "`aud` is the tag of another application of Access: copy the Application Audience (AUD) Tag of yours.",
        },
    ],
    states: &[
        States::needed(
            "auth.token_header",
            "\"Cf-Access-Jwt-Assertion\"",
            "the header in which the edge puts the token. `Authorization` is then not read at all.",
        ),
        States::needed(
            "audience",
            "\"4714c1358e65fe4b408ad6d432a5f878f08194bdb4752441fd56faefa9b2b6f2\"",
            "the AUD tag of the application.",
        ),
    ],
    base_scopes: &[],
    steps: &[
        "Zero Trust → Access → Applications: add a self-hosted application for the host of your server.",
        "Copy its AUD tag, and the team domain.",
        "For MCP clients turn on Managed OAuth: the edge then answers 401, publishes the metadata and registers clients.",
        "Let nothing reach your server but the edge: use a tunnel, or allow its addresses only.",
    ],
    clients: Clients {
        registration: "by the edge, with Managed OAuth.",
        resource: "by the edge, which requires it.",
        s256: "by the edge.",
    },
    mind: &[
        "Its tokens hold no scopes: declare `authenticated`, or let `[roles.NAME]` with `grants` give scopes by what the claim `custom` says.",
        "The edge's metadata counts for clients. Your server publishes its own at the same place only for those that reach it directly.",
    ],
    sources: &[
        "cloudflare/cloudflare-docs: cloudflare-one/identity/authorization-cookie/application-token, validating-json",
        "cloudflare/cloudflare-docs: managed-oauth, linked-app-token",
    ],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    issuer.ends_with('/').then_some(
        "an issuer of Cloudflare Access has no slash at its end: https://TEAM.cloudflareaccess.com",
    )
}
