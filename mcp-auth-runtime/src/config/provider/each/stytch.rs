//! Stytch.

use super::usual::{CLIENT_ID, RS256};
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets, States};

pub(super) static STYTCH: Provider = Provider {
    name: "stytch",
    title: "Stytch",
    about: "Connected Apps of a Stytch project, by its project domain.",
    issuer: "\"https://example.customers.stytch.com\"",
    misfit,
    at: &["*.customers.stytch.com", "*.customers.stytch.dev"],
    wide: &[Wide { aud: Aud::Begins("project-"), is: "the whole project" }],
    sets: &[
        RS256,
        CLIENT_ID,
        Sets::key(
            "require_claims",
            "{ client_id = { present = true } }",
            "Tokens of Connected Apps name a client; session tokens of the same project do not.",
        ),
        Sets::with(
            "introspection",
            "introspection.endpoint",
            "\"{issuer}/v1/oauth2/introspect\"",
            "Where tokens are asked about.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Issuer("stytch.com/*"),
            says: "The token was fetched from stytch.com: clients have to use the project domain.",
        },
        Hint {
            when: Sign::Required("client_id"),
            says: "This is the token of a session of the project, not of a Connected App.",
        },
    ],
    states: &[States::needed(
        "audience",
        "\"project-live-11111111-2222-3333-4444-555555555555\"",
        "the project's id: it is what `aud` says.",
    )],
    base_scopes: &["todos.read"],
    steps: &[
        "Connected Apps: allow dynamic client registration, or Client ID Metadata Documents.",
        "Add the scopes that your server declares.",
        "The consent page is yours: build it with Stytch's component.",
        "Take the project domain as issuer. Tokens that are fetched from stytch.com name an issuer that is not a URL.",
    ],
    clients: Clients {
        registration: "dynamic registration is off until you turn it on; Client ID Metadata Documents.",
        resource: "not documented: `aud` is the project.",
        s256: "yes.",
    },
    mind: &["Scopes of your own tell tokens for several servers of the project apart."],
    sources: &[
        "stytch.com/docs: connected-apps/mcp-server-overview, api-reference connected-app-access-token-object",
    ],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    issuer.starts_with("https://stytch.com").then_some(
        "take the project domain, such as \"https://example.customers.stytch.com\": tokens that are fetched from it have it in `iss`",
    )
}
