//! Any other provider.

use crate::config::provider::provider::{Clients, Provider, States, any};

pub(super) static OIDC: Provider = Provider {
    name: "oidc",
    title: "Any other provider",
    about: "An authorization server that signs its access tokens, and publishes its metadata.",
    issuer: "\"https://login.example.com/\"",
    misfit: any,
    at: &[],
    wide: &[],
    sets: &[],
    hints: &[],
    states: &[States::if_wanted(
        "audience",
        "\"https://todos.example.com/mcp\"",
        "what `aud` says, where that is not your `public_url`.",
    )],
    base_scopes: &["todos.read"],
    steps: &[
        "Make a resource (often called an API or an audience) whose identifier is your `public_url`.",
        "Add the scopes that your server declares.",
        "Register your clients, or let them register.",
    ],
    clients: Clients {
        registration: "look for `registration_endpoint` or `client_id_metadata_document_supported` in its metadata.",
        resource: "look whether `aud` of a token is your `public_url`.",
        s256: "look for `S256` in `code_challenge_methods_supported`.",
    },
    mind: &[
        "[Identity providers](identity-providers.md#where-providers-differ) says which key answers which habit.",
    ],
    sources: &["RFC 8414, RFC 9068, OpenID Connect Discovery"],
};
