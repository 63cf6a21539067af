//! Descope.

use super::usual::RS256;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static DESCOPE: Provider = Provider {
    name: "descope",
    title: "Descope",
    about: "An MCP server of Descope (Agentic Identity Hub), or an inbound app.",
    issuer: "[\"https://api.descope.com/v1/apps/agentic/P2example/S2example\", \"https://api.descope.com/v1/apps/P2example\"]",
    misfit: any,
    at: &["api.descope.com/v1/apps/*", "api.descope.com/v1/apps/*/*", "api.descope.com/v1/apps/agentic/*/*"],
    wide: &[Wide { aud: Aud::Other, is: "the project, or a client of it" }],
    sets: &[
        RS256,
        Sets::key(
            "shared_subjects",
            "true",
            "The issuers of one project have one set of keys, and the same people.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Issuer("api.descope.com/v1/apps/*"),
            says: "`iss` is another name of your Descope project: list each name that you mean in `issuer`.",
        },
        Hint {
            when: Sign::Issuer("api.descope.com/v1/apps/*/*"),
            says: "`iss` is another name of your Descope project: list each name that you mean in `issuer`.",
        },
        Hint {
            when: Sign::Issuer("api.descope.com/v1/apps/agentic/*/*"),
            says: "`iss` is another name of your Descope project: list each name that you mean in `issuer`.",
        },
        Hint {
            when: Sign::Audience(Aud::Other),
            says: "`aud` is what the settings of the Descope application say: the project, the client, or both. Write it in `audience`.",
        },
    ],
    states: &[
        States::needed(
            "authorization_server",
            "\"https://api.descope.com/v1/apps/agentic/P2example/S2example\"",
            "the one that clients log in at.",
        ),
        States::needed(
            "jwks_uri",
            "\"https://api.descope.com/P2example/.well-known/jwks.json\"",
            "the keys of the project.",
        ),
        States::needed(
            "audience",
            "\"https://todos.example.com/mcp\"",
            "what `aud` says, by your settings: look into a token.",
        ),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "Agentic Identity Hub → MCP Servers: add your server with its URL, and the scopes that it declares.",
        "Choose how clients register: dynamic registration or Client ID Metadata Documents.",
        "Look into `iss` and `aud` of a first token, and write them as they stand.",
    ],
    clients: Clients {
        registration: "dynamic registration and Client ID Metadata Documents, at the MCP server of Descope.",
        resource: "values on the allow list of the app.",
        s256: "yes.",
    },
    mind: &[
        "`iss` names the project, the MCP server or a tenant. List those that you mean; every other one is refused.",
        "The metadata is found by appending the well-known path only; clients that only insert it do not find it.",
    ],
    sources: &[
        "docs.descope.com/agentic-identity-hub",
        "descope/terraform-provider-descope: docs/resources/inbound_app.md",
    ],
};
