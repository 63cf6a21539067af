//! WSO2 Identity Server and Asgardeo.

use super::usual::RS256;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static WSO2: Provider = Provider {
    name: "wso2",
    title: "WSO2 Identity Server and Asgardeo",
    about: "An organization of Asgardeo, or WSO2 Identity Server.",
    issuer: "\"https://api.asgardeo.io/t/example/oauth2/token\"",
    misfit: any,
    at: &["api.asgardeo.io/t/*/oauth2/token", "*/oauth2/token"],
    wide: &[Wide { aud: Aud::Other, is: "the client" }],
    sets: &[
        RS256,
        Sets::key(
            "client_claims",
            "[\"azp\", \"client_id\"]",
            "The client: `azp` in a JWT, `client_id` in an answer of introspection.",
        ),
        Sets::key("client_when", "{ aut = \"APPLICATION\" }", "A token that an application got for itself."),
        Sets::with(
            "introspection",
            "introspection.username_as_subject",
            "true",
            "Its answers have no `sub`.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Opaque,
            says: "The application issues opaque tokens: set its access token type to JWT, or let the server ask about them (the table `introspection`).",
        },
        Hint {
            when: Sign::Audience(Aud::Other),
            says: "`aud` is the client: list its client ID in `audience`.",
        },
    ],
    states: &[
        States::needed(
            "jwks_uri",
            "\"https://api.asgardeo.io/t/example/oauth2/jwks\"",
            "the keys of the organization.",
        ),
        States::needed(
            "audience",
            "\"todos-client-id\"",
            "the client ID, or a list of them: it is what `aud` says.",
        ),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "Applications: create one for each client, with JWT as its access token type, RS256, and its redirect URIs.",
        "API resources → MCP servers: add yours with the scopes that it declares, and subscribe the applications to it.",
    ],
    clients: Clients { registration: "dynamic registration.", resource: "no.", s256: "yes." },
    mind: &[
        "The issuer looks like a token endpoint; it is written as the tokens say it.",
        "An answer of introspection has no `aud`: the client must be in `allowed_clients`.",
    ],
    sources: &[
        "wso2/docs-is: guides/authentication/oidc/token-validation-resource-server, references/tokens/access-tokens, guides/agentic-ai/mcp",
    ],
};
