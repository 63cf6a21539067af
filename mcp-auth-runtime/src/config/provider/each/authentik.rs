//! authentik.

use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States};

pub(super) static AUTHENTIK: Provider = Provider {
    name: "authentik",
    title: "authentik",
    about: "A provider of authentik: one provider is one application, and one client.",
    issuer: "\"https://auth.example.com/application/o/todos/\"",
    misfit,
    at: &["*/application/o/*/"],
    wide: &[Wide { aud: Aud::Other, is: "the client" }],
    sets: &[
        Sets::key(
            "algorithms",
            "[\"RS256\", \"ES256\", \"ES384\"]",
            "By the signing key of the provider. Without a signing key it signs with HS256, which cannot be verified here.",
        ),
        Sets::key(
            "client_claims",
            "[\"azp\"]",
            "The client. Introspection names the client that asks in `client_id`, so that claim says nothing of the token.",
        ),
        Sets::with(
            "introspection",
            "introspection.tokens",
            "\"all\"",
            "Its JWTs hold no scopes; the answer of introspection does.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Encrypted,
            says: "The provider has an encryption key, so its tokens are encrypted: remove that key.",
        },
        Hint {
            when: Sign::Algorithm("HS256"),
            says: "The provider has no signing key, so it signs with HS256, which cannot be verified here: choose one.",
        },
        Hint {
            when: Sign::Audience(Aud::Other),
            says: "`aud` is the client ID of another provider of authentik: every client is one of its own. List its client ID in `audience` too, if its tokens are to pass.",
        },
    ],
    states: &[
        States::needed(
            "audience",
            "\"todos-client-id\"",
            "the client ID of the provider: it is what `aud` says.",
        ),
        States::if_wanted(
            "introspection.endpoint",
            "\"https://auth.example.com/application/o/introspect/\"",
            "where tokens are asked about. Without the table `introspection` a token has no scopes of your server.",
        ),
        States::if_wanted("introspection.client_id", "\"todos-client-id\"", "who asks."),
        States::if_wanted(
            "introspection.client_secret",
            "\"env:AUTHENTIK_SECRET\"",
            "the secret of that client.",
        ),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "Create an OAuth2/OpenID provider and an application. Choose a signing key: an RSA or EC certificate, and no encryption key.",
        "Subject mode: the user's UUID or hashed ID. An e-mail address or a user name can pass to another person.",
        "Add a scope mapping for each scope that your server declares, and select it in the provider.",
        "Register the redirect URIs of your clients.",
    ],
    clients: Clients {
        registration: "the newest versions, with a bearer token of a special scope; each client then becomes an application with an issuer of its own.",
        resource: "no.",
        s256: "not in every version: look for `code_challenge_methods_supported` in its metadata.",
    },
    mind: &[
        "Its signed tokens hold no scopes. Where those are all that you accept, write `scopes_from = \"roles\"` and leave `base_scopes` empty: `grants` in `[roles.NAME]` then gives scopes.",
        "The issuer ends with a slash, and holds the slug of the application.",
        "Groups are in the claim `groups`: in `[roles.manager]`, `when = { claim = \"groups\", contains = \"todo-managers\" }`.",
    ],
    sources: &[
        "goauthentik/authentik: authentik/providers/oauth2/id_token.py, views/introspection.py, tests/test_dcr.py",
        "goauthentik/authentik: website/docs/add-secure-apps/providers/oauth2",
    ],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    (!issuer.ends_with('/')).then_some(
        "an issuer of authentik ends with a slash, such as \"https://auth.example.com/application/o/todos/\"",
    )
}
