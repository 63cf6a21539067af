//! FusionAuth.

use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static FUSIONAUTH: Provider = Provider {
    name: "fusionauth",
    title: "FusionAuth",
    about: "A tenant of FusionAuth whose issuer is an https URL.",
    issuer: "\"https://auth.example.com\"",
    misfit: any,
    at: &[],
    wide: &[Wide { aud: Aud::Other, is: "the application, which is the client" }],
    sets: &[
        Sets::key(
            "algorithms",
            "[\"RS256\", \"ES256\"]",
            "Choose one of these for access tokens. The key of a new tenant signs with HS256, which cannot be verified here.",
        ),
        Sets::key(
            "client_claims",
            "[\"applicationId\", \"client_id\"]",
            "The client; FusionAuth calls it application.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Algorithm("HS256"),
            says: "The tenant signs with HS256, which cannot be verified here: choose an RSA or EC key for access tokens.",
        },
        Hint {
            when: Sign::Audience(Aud::Other),
            says: "The client sent no `resource`, or FusionAuth does not know it as an authorized resource, so `aud` is the application: write its ID in `audience`.",
        },
    ],
    states: &[States::if_wanted(
        "audience",
        "[\"https://todos.example.com/mcp\", \"66666666-7777-8888-9999-000000000000\"]",
        "the application's ID, where clients do not send `resource`. Without it, your `public_url`.",
    )],
    base_scopes: &["todos.read"],
    steps: &[
        "Tenants → your tenant → General: set the issuer to an https URL at which the metadata is found.",
        "Tenants → JWT: choose an RSA or EC key for access tokens.",
        "Applications → your client → OAuth: add your `public_url` to the authorized resource URIs (version 1.67 or newer).",
        "Scopes: add those that your server declares. This needs a paid plan.",
    ],
    clients: Clients {
        registration: "no dynamic registration; Client ID Metadata Documents from version 1.70, Enterprise.",
        resource: "from version 1.67; `aud` then names the client as well, so `single_audience` stays off.",
        s256: "yes.",
    },
    mind: &[
        "Roles are in the claim `roles`: in `[roles.manager]`, `when = { claim = \"roles\", contains = \"todo-managers\" }`.",
        "Tenants of one installation can share keys. To let in one only, write `require_claims = { tid = \"the tenant's id\" }`.",
    ],
    sources: &[
        "FusionAuth/fusionauth-site: docs/lifecycle/authenticate-users/oauth/tokens, endpoints, client-registration, issuer-validation",
    ],
};
