//! Zitadel.

use super::usual::CLIENT_ID;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static ZITADEL: Provider = Provider {
    name: "zitadel",
    title: "Zitadel",
    about: "An instance of Zitadel.",
    issuer: "\"https://example.zitadel.cloud\"",
    misfit: any,
    at: &["*.zitadel.cloud"],
    wide: &[Wide { aud: Aud::Other, is: "the project, or a client of it" }],
    sets: &[
        CLIENT_ID,
        Sets::with(
            "introspection",
            "introspection.endpoint",
            "\"{issuer}/oauth/v2/introspect\"",
            "Where opaque tokens are asked about; applications that registered themselves always get opaque ones.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Opaque,
            says: "Access tokens of Zitadel are opaque unless the application says JWT, and always where it was registered dynamically: let the server ask about them (the table `introspection`).",
        },
        Hint {
            when: Sign::Inactive,
            says: "Zitadel calls a token inactive too whose `aud` does not hold the project of the application that asks: the client has to ask for that project.",
        },
    ],
    states: &[
        States::needed("audience", "\"123456789012345678\"", "the id of the project: it is in `aud`."),
        States::if_wanted(
            "introspection.client_id",
            "\"123456789012345678@todos\"",
            "an API application of the project: it asks about opaque tokens. Without the table `introspection` only JWTs are accepted.",
        ),
        States::if_wanted("introspection.client_secret", "\"env:ZITADEL_SECRET\"", "its secret."),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "Create a project, and in it an application of type API, with Basic authentication.",
        "Add the roles of your project, and turn on Assert Roles on Authentication.",
        "Create an application for each client; choose JWT as its access token type, or write the table `introspection`.",
    ],
    clients: Clients {
        registration: "dynamic registration and Client ID Metadata Documents, from 2026, each off until you turn it on.",
        resource: "ignored: `aud` holds the clients and the project.",
        s256: "yes.",
    },
    mind: &[
        "Its signed tokens hold no scopes; answers of introspection do. Where signed tokens are all that you accept, write `scopes_from = \"roles\"` and leave `base_scopes` empty: `grants` in `[roles.NAME]` then gives scopes.",
        "Roles are the keys of an object: in `[roles.manager]`, `when = { claim = \"urn:zitadel:iam:org:project:roles\", contains = \"todo-managers\" }`.",
    ],
    sources: &[
        "zitadel/zitadel: apps/docs/content/apis/openidoauth/claims, scopes; internal/api/oidc/introspect.go",
    ],
};
