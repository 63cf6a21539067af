//! Okta.

use super::usual::RS256;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States};

pub(super) static OKTA: Provider = Provider {
    name: "okta",
    title: "Okta",
    about: "A custom authorization server of Okta. The org server's access tokens are for Okta alone.",
    issuer: "\"https://example.okta.com/oauth2/default\"",
    misfit,
    at: &["*.okta.com/oauth2/*", "*.oktapreview.com/oauth2/*"],
    wide: &[
        Wide {
            aud: Aud::Is("api://default"),
            is: "every server behind that authorization server, which says so until you set its audience",
        },
        Wide { aud: Aud::Other, is: "the authorization server, which has one audience for all its tokens" },
    ],
    sets: &[
        RS256,
        Sets::key("scope_claims", "[\"scp\"]", "Where the scopes are, as a list."),
        Sets::key("client_claims", "[\"cid\"]", "The client."),
        Sets::key(
            "subject_claims",
            "[\"uid\", \"sub\"]",
            "The stable id. `sub` is the login name, which can change; a client without a person has no `uid`.",
        ),
        Sets::key("client_when", "{ uid = { present = false } }", "A client without a person has no `uid`."),
        Sets::with(
            "introspection",
            "introspection.endpoint",
            "\"{issuer}/v1/introspect\"",
            "Where tokens are asked about.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Type("application/okta-internal-at+jwt"),
            says: "This is a token of Okta's org server, which is for Okta alone: take a custom authorization server.",
        },
        Hint {
            when: Sign::Issuer("*.okta.com"),
            says: "This is a token of Okta's org server, which is for Okta alone: take a custom authorization server.",
        },
        Hint {
            when: Sign::Issuer("*.oktapreview.com"),
            says: "This is a token of Okta's org server, which is for Okta alone: take a custom authorization server.",
        },
        Hint {
            when: Sign::Encrypted,
            says: "The authorization server encrypts its access tokens: turn that off.",
        },
        Hint {
            when: Sign::Audience(Aud::Is("api://default")),
            says: "The audience of the authorization server is still `api://default`: set it to your `public_url` (step 1), or write it in `audience`.",
        },
    ],
    states: &[States::needed(
        "audience",
        "\"https://todos.example.com/mcp\"",
        "the audience of the authorization server: one for all its tokens. A new server has `api://default`; set it to your `public_url`, or write it here.",
    )],
    base_scopes: &["todos.read"],
    steps: &[
        "Security → API → Authorization Servers: add one (or take `default`), with your `public_url` as its audience.",
        "Scopes: add those that your server declares, and include them in the public metadata.",
        "Access Policies: let your clients have tokens with these scopes.",
        "Applications: create a public client with PKCE for each MCP client, with its redirect URIs.",
    ],
    clients: Clients {
        registration: "dynamic registration needs an API token, so MCP clients cannot use it; register each by hand.",
        resource: "no: the audience is fixed for each authorization server.",
        s256: "yes.",
    },
    mind: &[
        "The issuer is what the metadata says: with a custom domain it can be either host.",
        "Groups are in a token only by a claim that you add: Claims → Add claim, `groups`.",
    ],
    sources: &[
        "okta/okta-developer-docs: concepts/auth-servers, guides/validate-access-tokens, concepts/oauth-claims, guides/custom-url-domain",
    ],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    let server = issuer.split_once("/oauth2/").map_or("", |(_, server)| server);
    (server.is_empty() || server.contains('/')).then_some(
        "access tokens of Okta's org server are for Okta alone; take a custom authorization server: https://DOMAIN/oauth2/default, or /oauth2/ and its id",
    )
}
