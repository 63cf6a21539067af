//! WorkOS AuthKit and Connect.

use super::usual::RS256;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States};

pub(super) static WORKOS: Provider = Provider {
    name: "workos",
    title: "WorkOS AuthKit and Connect",
    about: "AuthKit of WorkOS, for people; and applications of WorkOS Connect, for machines.",
    issuer: "\"https://example.authkit.app\"",
    misfit,
    at: &["*.authkit.app"],
    wide: &[Wide {
        aud: Aud::Begins("client_"),
        is: "the whole environment; tokens have it where your server is not registered as a resource",
    }],
    sets: &[
        RS256,
        Sets::key(
            "client_claims",
            "[\"client_id\"]",
            "The client. Where it equals `sub`, the token is of a machine.",
        ),
        Sets::with(
            "introspection",
            "introspection.endpoint",
            "\"{issuer}/oauth2/introspection\"",
            "Where tokens are asked about.",
        ),
    ],
    hints: &[Hint {
        when: Sign::Audience(Aud::Begins("client_")),
        says: "Your `public_url` is not registered as a resource under Connect → Configuration, so `aud` is the environment's client ID. Tokens of machines (Connect M2M) always have it: list it in `audience` for them.",
    }],
    states: &[States::if_wanted(
        "audience",
        "[\"https://todos.example.com/mcp\", \"client_01EXAMPLE\"]",
        "the environment's client ID beside your `public_url`, where machines (Connect M2M) call too: their tokens always have it.",
    )],
    base_scopes: &["todos.read"],
    steps: &[
        "Connect → Configuration: add your `public_url` as a resource indicator. Without it `aud` is the environment's client ID.",
        "Turn on Client ID Metadata Documents, and dynamic registration for clients that need it.",
    ],
    clients: Clients {
        registration: "dynamic registration and Client ID Metadata Documents.",
        resource: "yes, if the resource is registered.",
        s256: "in its OAuth metadata; not in its OpenID document, which clients that read only that one refuse.",
    },
    mind: &[
        "Session tokens of user management have other keys and are refused.",
        "Clients that register get `client_secret_basic` unless they ask for `none`.",
    ],
    sources: &[
        "workos.com/docs/authkit/connect/token-claims, connect/m2m",
        "workos.com/docs/reference/authkit/oauth-resource",
    ],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    issuer.ends_with('/').then_some("an issuer of WorkOS has no slash at its end")
}
