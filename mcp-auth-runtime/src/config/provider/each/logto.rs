//! Logto.

use super::usual::CLIENT_ID;
use crate::authn::{Hint, Sign};
use crate::config::provider::provider::{Clients, Provider, Sets, any};

pub(super) static LOGTO: Provider = Provider {
    name: "logto",
    title: "Logto",
    about: "A tenant of Logto, with an API resource whose indicator is your server's URL.",
    issuer: "\"https://example.logto.app/oidc\"",
    misfit: any,
    at: &["*.logto.app/oidc"],
    wide: &[],
    sets: &[
        Sets::key(
            "algorithms",
            "[\"ES384\", \"RS256\", \"ES256\"]",
            "By the signing key: ES384 for new tenants, RS256 for old ones.",
        ),
        CLIENT_ID,
    ],
    hints: &[Hint {
        when: Sign::Opaque,
        says: "The client sent no `resource`, so the token is opaque. It has to send it to the token endpoint too; or set a default resource.",
    }],
    states: &[],
    base_scopes: &["todos.read"],
    steps: &[
        "API resources → Create: the indicator is your `public_url`, byte for byte. Add the scopes that your server declares as permissions.",
        "Give those permissions to people by roles.",
        "Applications: create one for each client, or turn on dynamic apps (Client ID Metadata Documents).",
    ],
    clients: Clients {
        registration: "Client ID Metadata Documents (dynamic app), off until you turn it on.",
        resource: "yes; without it, tokens are opaque unless the tenant has a default resource.",
        s256: "yes.",
    },
    mind: &["Permissions of organizations have the audience `urn:logto:organization:ID`."],
    sources: &["logto-io/docs: docs/authorization/validate-access-tokens"],
};
