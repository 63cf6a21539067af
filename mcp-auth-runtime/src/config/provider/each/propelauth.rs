//! PropelAuth.

use super::usual::CLIENT_ID;
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static PROPELAUTH: Provider = Provider {
    name: "propelauth",
    title: "PropelAuth",
    about: "MCP authentication of PropelAuth. Its tokens are opaque: your server asks about each.",
    issuer: "\"https://auth.example.com/oauth/2.1\"",
    misfit: any,
    at: &["*/oauth/2.1"],
    wide: &[],
    sets: &[
        Sets::with(
            "introspection",
            "introspection.endpoint",
            "\"{issuer}/introspect\"",
            "Where tokens are asked about.",
        ),
        CLIENT_ID,
    ],
    hints: &[],
    states: &[
        States::needed(
            "introspection.client_id",
            "\"todos-server\"",
            "the client ID of the introspection credentials.",
        ),
        States::needed("introspection.client_secret", "\"env:PROPELAUTH_SECRET\"", "their secret."),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "MCP Authentication: turn it on, add your `public_url` as the resource, and the scopes that your server declares.",
        "Allow the redirect URIs of your clients.",
        "Create request validation credentials.",
    ],
    clients: Clients {
        registration: "dynamic registration, or a client that you create.",
        resource: "required: `aud` is your server.",
        s256: "yes.",
    },
    mind: &["An answer has no `iss`; the configured issuer stands for it."],
    sources: &["docs.propelauth.com: mcp-authentication/overview, reference/api/mcp"],
};
