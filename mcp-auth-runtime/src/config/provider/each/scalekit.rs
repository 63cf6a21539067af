//! Scalekit.

use super::usual::{CLIENT_ID, RS256};
use crate::authn::{Hint, Sign};
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static SCALEKIT: Provider = Provider {
    name: "scalekit",
    title: "Scalekit",
    about: "An MCP server that is registered with Scalekit.",
    issuer: "[\"https://example.scalekit.com\", \"https://example.scalekit.com/resources/res_1234567890\"]",
    misfit: any,
    at: &["*.scalekit.com", "*.scalekit.com/resources/*"],
    wide: &[],
    sets: &[
        RS256,
        CLIENT_ID,
        Sets::key(
            "shared_subjects",
            "true",
            "Tokens say the environment today, and the resource in time; the keys and the people are the same.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Issuer("*.scalekit.com"),
            says: "Scalekit changes what `iss` says, from the environment to the resource: list both in `issuer`.",
        },
        Hint {
            when: Sign::Issuer("*.scalekit.com/resources/*"),
            says: "Scalekit changes what `iss` says, from the environment to the resource: list both in `issuer`.",
        },
    ],
    states: &[
        States::needed(
            "authorization_server",
            "\"https://example.scalekit.com/resources/res_1234567890\"",
            "the resource: where clients log in, and where the metadata is.",
        ),
        States::needed(
            "audience",
            "[\"res_1234567890\", \"https://todos.example.com/mcp\"]",
            "the id of the resource; and your `public_url` where it is set in the dashboard.",
        ),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "MCP servers → Add: your `public_url`, and the scopes that your server declares.",
        "Choose how clients register.",
    ],
    clients: Clients {
        registration: "dynamic registration and Client ID Metadata Documents, each a switch.",
        resource: "by the resource that clients log in at.",
        s256: "yes.",
    },
    mind: &[
        "A client whose registration is stale gets `invalid_client_metadata_url`; it has to register anew.",
    ],
    sources: &[
        "scalekit-inc/developer-docs: authenticate/mcp/quickstart, managing-mcp-clients, troubleshooting",
    ],
};
