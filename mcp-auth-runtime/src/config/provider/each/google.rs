//! Google.

use super::usual::AZP;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static GOOGLE: Provider = Provider {
    name: "google",
    title: "Google",
    about: "OAuth clients of Google. Their tokens are opaque: your server asks Google about each.",
    issuer: "\"https://accounts.google.com\"",
    misfit: any,
    at: &["accounts.google.com"],
    wide: &[Wide { aud: Aud::Other, is: "the client, whatever it got the token for" }],
    sets: &[
        Sets::with(
            "introspection",
            "introspection.kind",
            "\"google-tokeninfo\"",
            "Google has an endpoint of its own for this.",
        ),
        Sets::with(
            "introspection",
            "introspection.prefixes",
            "[\"ya29.\"]",
            "How its access tokens begin. ID tokens are JWTs and not accepted: they say who logged in, not who may call.",
        ),
        AZP,
    ],
    hints: &[
        Hint {
            when: Sign::IdToken,
            says: "This is an ID token of Google: the client has to send the access token, which is opaque.",
        },
        Hint {
            when: Sign::Missing("sub"),
            says: "The token has no subject: the client has to ask for the scope `openid`.",
        },
        Hint {
            when: Sign::Begins(&["ya29."]),
            says: "The token is one of Google, which are opaque: only a server with `provider = \"google\"` and its table `introspection` can ask about it.",
        },
    ],
    states: &[
        States::needed(
            "allowed_clients",
            "[\"1234567890-example.apps.googleusercontent.com\"]",
            "your client IDs: `aud` of an answer is one of them. Google calls the tokens of every client active.",
        ),
        States::needed(
            "introspection.kind",
            "\"google-tokeninfo\"",
            "the table turns it on; write this one key, so that the table is not empty.",
        ),
    ],
    base_scopes: &["openid"],
    steps: &[
        "Google Cloud console → Clients: create an OAuth client with the redirect URI of your MCP client.",
        "Data access: add the scopes that you need. `openid` gives tokens a subject.",
    ],
    clients: Clients {
        registration: "none: MCP clients need an issuer in between, or a client that is registered by hand.",
        resource: "no.",
        s256: "yes.",
    },
    mind: &[
        "Scopes are those of Google; `email` and `profile` come back as URLs. Declare `authenticated`, or Google's scopes.",
        "Scopes of your own follow from Google's: `[scopes.\"https://www.googleapis.com/auth/userinfo.email\"]` with `implies = [\"todos.read\"]`.",
    ],
    sources: &["developers.google.com/identity/protocols/oauth2", "PrefectHQ/fastmcp: providers/google.py"],
};
