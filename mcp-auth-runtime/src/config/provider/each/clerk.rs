//! Clerk.

use super::usual::{CLIENT_ID, RS256};
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static CLERK: Provider = Provider {
    name: "clerk",
    title: "Clerk",
    about: "An instance of Clerk as an OAuth provider.",
    issuer: "\"https://clerk.example.com\"",
    misfit: any,
    at: &["clerk.*", "*.clerk.accounts.dev"],
    wide: &[Wide { aud: Aud::Absent, is: "everything that its client may use" }],
    sets: &[
        RS256,
        Sets::key(
            "require_at_jwt",
            "true",
            "Tokens of browser sessions have the same issuer and the same keys; only OAuth access tokens are typed `at+jwt`.",
        ),
        CLIENT_ID,
        Sets::key(
            "client_when",
            "{ sub = { starts_with = \"mch_\" } }",
            "The subject of a machine begins so.",
        ),
        Sets::with(
            "introspection",
            "introspection.endpoint",
            "\"{issuer}/oauth/token_info\"",
            "Where opaque tokens are asked about.",
        ),
        Sets::with("introspection", "introspection.prefixes", "[\"oat_\"]", "How its opaque tokens begin."),
    ],
    hints: &[
        Hint {
            when: Sign::Type("JWT"),
            says: "This is the token of a browser session of Clerk, not an OAuth access token.",
        },
        Hint {
            when: Sign::Audience(Aud::Absent),
            says: "The client sent no `resource`, so the token has no `aud`: set `audience_optional`, with the client in `allowed_clients`.",
        },
        Hint {
            when: Sign::Begins(&["oat_"]),
            says: "The token is an opaque one of Clerk: leave the access tokens of the application as JWTs, or let the server ask about them (the table `introspection`).",
        },
    ],
    states: &[
        States::if_wanted(
            "audience_optional",
            "true",
            "where clients do not send `resource`, its tokens have no `aud`. Then `allowed_clients` has to say whose tokens are for your server.",
        ),
        States::if_wanted("allowed_clients", "[\"todos-agent\"]", "the clients whose tokens are accepted."),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "OAuth applications: turn on dynamic client registration, or advertise Client ID Metadata Documents.",
        "Leave the access tokens of the application as JWTs. Opaque ones need the table `introspection`, with the id and secret of an application.",
        "Add the scopes that your server declares.",
    ],
    clients: Clients {
        registration: "dynamic registration is a switch; Client ID Metadata Documents are in beta.",
        resource: "yes, if the client sends it.",
        s256: "yes.",
    },
    mind: &[
        "A token lives for a day, and as a JWT it cannot be revoked.",
        "An answer of introspection has neither `exp` nor `aud`: it is remembered for seconds, and its client must be in `allowed_clients`.",
    ],
    sources: &[
        "clerk/clerk-docs: guides/configure/auth-strategies/oauth/how-clerk-implements-oauth, client-id-metadata-documents, token-formats",
    ],
};
