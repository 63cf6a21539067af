//! GitHub.

use crate::authn::{Hint, Sign};
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static GITHUB: Provider = Provider {
    name: "github",
    title: "GitHub",
    about: "An OAuth app or a GitHub App. Its tokens are opaque: your server asks GitHub whether a token is of your app.",
    issuer: "\"https://github.com/login/oauth\"",
    misfit: any,
    at: &["github.com/login/oauth"],
    wide: &[],
    sets: &[
        Sets::with(
            "introspection",
            "introspection.kind",
            "\"github-check-token\"",
            "GitHub has an endpoint of its own for this, and answers only for tokens of the app that asks.",
        ),
        Sets::with(
            "introspection",
            "introspection.prefixes",
            "[\"gho_\", \"ghu_\"]",
            "How tokens of OAuth apps and GitHub Apps begin.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Inactive,
            says: "GitHub does not know the token as one of your app: it expired, was revoked, or is of another app.",
        },
        Hint {
            when: Sign::Begins(&["gho_", "ghu_"]),
            says: "The token is one of GitHub, which are opaque: only a server with `provider = \"github\"` and its table `introspection` can ask about it.",
        },
    ],
    states: &[
        States::needed("introspection.client_id", "\"Iv1.example0000000\"", "the client ID of your app."),
        States::needed("introspection.client_secret", "\"env:GITHUB_CLIENT_SECRET\"", "its client secret."),
    ],
    base_scopes: &[],
    steps: &[
        "Settings → Developer settings: create an OAuth app or a GitHub App, with the redirect URI of your client.",
        "Generate a client secret, and give it to your server in the environment.",
    ],
    clients: Clients {
        registration: "none, and no metadata either: MCP clients need an issuer in between, or a token that is given to them.",
        resource: "no.",
        s256: "there is no metadata.",
    },
    mind: &[
        "Scopes are those of GitHub (`repo`, `read:user`); a GitHub App's token has none. Declare `authenticated`, or let scopes of your own follow from GitHub's: `[scopes.\"read:user\"]` with `implies = [\"todos.read\"]`.",
        "`caller.subject()` is the number of the user, which never changes; the login is the claim `login`.",
        "That GitHub knows the token as one of your app is the audience check.",
        "GitHub says no `iss`, so what you write as `issuer` is a name of your choice. It is part of `caller.id()`: choose it once, before you store rows.",
    ],
    sources: &["docs.github.com/en/rest/apps/oauth-applications"],
};
