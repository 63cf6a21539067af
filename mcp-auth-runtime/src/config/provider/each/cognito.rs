//! Amazon Cognito.

use super::usual::{CLIENT_ID, RS256};
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static COGNITO: Provider = Provider {
    name: "cognito",
    title: "Amazon Cognito",
    about: "A user pool of Amazon Cognito, with managed login.",
    issuer: "\"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi\"",
    misfit: any,
    at: &["cognito-idp.*.amazonaws.com/*"],
    wide: &[Wide { aud: Aud::Absent, is: "every resource of the user pool that its client may use" }],
    sets: &[
        RS256,
        Sets::key("require_claims", "{ token_use = \"access\" }", "ID tokens of the pool say `id`."),
        CLIENT_ID,
        Sets::key(
            "client_when",
            "{ username = { present = false } }",
            "A token of client credentials has no `username`.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::IdToken,
            says: "This is an ID token of the user pool: the client has to send the access token.",
        },
        Hint {
            when: Sign::Required("token_use"),
            says: "This is an ID token of the user pool: the client has to send the access token.",
        },
        Hint {
            when: Sign::Audience(Aud::Absent),
            says: "The client sent no `resource`, or got the token by client credentials, so it has no `aud`: set `audience_optional`, with the client in `allowed_clients`.",
        },
    ],
    states: &[
        States::if_wanted(
            "scope_prefix",
            "\"todos/\"",
            "the identifier of the resource server and a slash: the pool says `todos/read` for the scope `read`, when asked and in the token. Leave it out where your declared scopes are written that way.",
        ),
        States::if_wanted(
            "audience_optional",
            "true",
            "where clients do not send `resource`, and for client credentials always, its tokens have no `aud`. Then `allowed_clients` has to say whose tokens are for your server.",
        ),
        States::if_wanted(
            "allowed_clients",
            "[\"1example23456789\"]",
            "the app clients whose tokens are accepted.",
        ),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "Create a resource server with the scopes that your server declares. Take your `public_url` as its identifier where your clients send `resource`, else a short name.",
        "Create an app client for each MCP client: a public one, with the authorization code grant, its callback URLs, and those scopes.",
        "Managed login on the Essentials or Plus plan puts the `resource` of the authorization request into `aud`.",
    ],
    clients: Clients {
        registration: "none: create every app client by hand.",
        resource: "for people, on the Essentials and Plus plans; never for client credentials.",
        s256: "its metadata does not say so, and MCP clients that insist on it do not log in. An issuer in between helps.",
    },
    mind: &[
        "Groups are in the claim `cognito:groups`: in `[roles.manager]`, `when = { claim = \"cognito:groups\", contains = \"todo-managers\" }`.",
        "Authorization and token endpoints are on the login domain of the pool, the keys are not.",
    ],
    sources: &[
        "AWS developer guide: amazon-cognito-user-pools-using-the-access-token, cognito-user-pools-define-resource-servers, authorization-endpoint",
    ],
};
