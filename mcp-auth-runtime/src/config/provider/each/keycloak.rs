//! Keycloak.

use super::usual::AZP;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets};

pub(super) static KEYCLOAK: Provider = Provider {
    name: "keycloak",
    title: "Keycloak",
    about: "A realm of Keycloak.",
    issuer: "\"https://keycloak.example.com/realms/todos\"",
    misfit,
    at: &["*/realms/*", "*/auth/realms/*"],
    wide: &[
        Wide {
            aud: Aud::Is("account"),
            is: "the account pages of the realm, which nearly every token of it names",
        },
        Wide { aud: Aud::Other, is: "a client of the realm" },
    ],
    sets: &[
        AZP,
        Sets::key(
            "require_claims",
            "{ typ = \"Bearer\" }",
            "ID tokens and refresh tokens have the same keys; in them this claim says `ID` and `Refresh`.",
        ),
        Sets::key(
            "client_when",
            "{ preferred_username = { starts_with = \"service-account-\" } }",
            "The user that stands for a client with a service account.",
        ),
        Sets::with(
            "introspection",
            "introspection.endpoint",
            "\"{issuer}/protocol/openid-connect/token/introspect\"",
            "Where tokens are asked about.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::IdToken,
            says: "This is an ID token of the realm: the client has to send the access token.",
        },
        Hint {
            when: Sign::Required("typ"),
            says: "This is an ID token or a refresh token of the realm: the client has to send the access token.",
        },
        Hint {
            when: Sign::Missing("sub"),
            says: "The client lacks the client scope `basic`, or has lightweight access tokens: then a token has no `sub`.",
        },
        Hint {
            when: Sign::Audience(Aud::Absent),
            says: "No mapper puts your server into `aud`: add one of type Audience (step 1).",
        },
        Hint {
            when: Sign::Audience(Aud::Is("account")),
            says: "No mapper puts your server into `aud`: add one of type Audience (step 1). `account` is in nearly every token.",
        },
        Hint {
            when: Sign::Audience(Aud::Other),
            says: "`aud` is a client of the realm: add a mapper of type Audience whose Included Custom Audience is your `public_url` (step 1).",
        },
    ],
    states: &[],
    base_scopes: &["todos.read"],
    steps: &[
        "Client scopes → Create: a scope of type Default, with a mapper of type Audience whose Included Custom Audience is your `public_url`. Without it, `aud` is absent or `account`.",
        "Client scopes: one for each scope that your server declares, of type Optional, included in token scope.",
        "Clients: register each client as a public client with PKCE S256, the standard flow, and its redirect URIs; give it those client scopes.",
        "Keep the client scope `basic`: without it tokens have no `sub`.",
    ],
    clients: Clients {
        registration: "dynamic registration is refused to most clients by the policies Trusted Hosts and Allowed Client Scopes until you change them; Client ID Metadata Documents are experimental (26.6).",
        resource: "experimental (26.7, feature `resource-indicators`); use the audience mapper.",
        s256: "yes.",
    },
    mind: &[
        "Roles of the realm: in `[roles.manager]`, `when = { claim = [\"realm_access\", \"roles\"], contains = \"todo-managers\" }`; of a client, `claim = [\"resource_access\", \"the-client\", \"roles\"]`.",
        "Many realms: `issuer = \"https://keycloak.example.com/realms/{tenant}\"` with `tenants` and the same text as `authorization_server`.",
        "In a network of containers, over plain http: `allow_http`.",
    ],
    sources: &["keycloak/keycloak: docs/guides/securing-apps/mcp-authz-server.adoc, oidc-layers.adoc"],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    let realm = issuer.split_once("/realms/").map_or("", |(_, realm)| realm);
    (realm.is_empty() || realm.contains('/')).then_some(
        "an issuer of Keycloak is the URL of a realm without a slash at its end: https://HOST/realms/REALM",
    )
}
