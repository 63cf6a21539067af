//! Ory Hydra and Ory Network.

use super::usual::CLIENT_ID;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static ORY: Provider = Provider {
    name: "ory",
    title: "Ory Hydra and Ory Network",
    about: "Ory Hydra, or a project of Ory Network.",
    issuer: "\"https://example.projects.oryapis.com\"",
    misfit: any,
    at: &["*.projects.oryapis.com"],
    wide: &[],
    sets: &[
        Sets::key(
            "scope_claims",
            "[\"scp\", \"scope\"]",
            "By the setting `strategies.jwt.scope_claim`, and in answers of introspection.",
        ),
        CLIENT_ID,
        Sets::with(
            "introspection",
            "introspection.endpoint",
            "\"{issuer}/admin/oauth2/introspect\"",
            "Where opaque tokens are asked about. For a Hydra of your own, write the address of its admin port.",
        ),
        Sets::with(
            "introspection",
            "introspection.auth",
            "\"bearer\"",
            "Ory Network takes an API key. The admin port of a Hydra of your own takes nothing: `\"none\"`.",
        ),
        Sets::with(
            "introspection",
            "introspection.prefixes",
            "[\"ory_at_\"]",
            "How its opaque tokens begin.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Opaque,
            says: "Access tokens of Ory are opaque unless `strategies.access_token` is `jwt`: set it, or let the server ask about them (the table `introspection`).",
        },
        Hint {
            when: Sign::Audience(Aud::Absent),
            says: "The client asked for no `audience`, or the consent app granted none: Ory ignores `resource`.",
        },
    ],
    states: &[States::if_wanted(
        "introspection.client_secret",
        "\"env:ORY_API_KEY\"",
        "the API key of the project, where its tokens are opaque, which is the default.",
    )],
    base_scopes: &["todos.read"],
    steps: &[
        "OAuth 2 → Configuration: set the access token strategy to `jwt`, or leave it opaque and write the table `introspection`.",
        "Put your `public_url` into the allowed audiences of each client. The consent app grants it.",
        "Turn on dynamic client registration, or create the clients.",
    ],
    clients: Clients {
        registration: "dynamic registration is a switch; no Client ID Metadata Documents.",
        resource: "ignored, unless your consent app grants it as audience.",
        s256: "yes.",
    },
    mind: &["Hydra's issuer is `urls.self.issuer` as it is written there, often with a slash at its end."],
    sources: &["ory/docs: oauth2-oidc/jwt-access-token, hydra/guides/audiences, oauth2-token-introspection"],
};
