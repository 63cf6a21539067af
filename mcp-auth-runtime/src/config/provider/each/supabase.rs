//! Supabase.

use super::usual::CLIENT_ID;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::audience::Wide;
use crate::config::provider::provider::{Clients, Provider, Sets};

pub(super) static SUPABASE: Provider = Provider {
    name: "supabase",
    title: "Supabase",
    about: "The OAuth server of a Supabase project.",
    issuer: "\"https://example.supabase.co/auth/v1\"",
    misfit,
    at: &["*.supabase.co/auth/v1"],
    wide: &[Wide { aud: Aud::Is("authenticated"), is: "the whole project" }],
    sets: &[
        Sets::key(
            "scopes_from",
            "\"roles\"",
            "It knows no scopes but those of OpenID Connect. `grants` of a role gives scopes.",
        ),
        Sets::key(
            "algorithms",
            "[\"ES256\", \"RS256\"]",
            "By the signing key of the project. A project on the old shared secret signs with HS256, which cannot be verified here.",
        ),
        Sets::key("audience", "\"authenticated\"", "What `aud` says in every token of the project."),
        CLIENT_ID,
        Sets::key(
            "require_claims",
            "{ client_id = { present = true } }",
            "Only tokens of the OAuth server name a client; those of ordinary sessions have the same issuer, keys and audience.",
        ),
        Sets::key("refuse_claims", "{ is_anonymous = true }", "Someone who did not log in."),
    ],
    hints: &[
        Hint {
            when: Sign::Algorithm("HS256"),
            says: "The project signs with its old shared secret, which cannot be verified here: move to an asymmetric signing key.",
        },
        Hint {
            when: Sign::Required("client_id"),
            says: "This is the token of a session of the project, not of its OAuth server.",
        },
        Hint {
            when: Sign::Refused("is_anonymous"),
            says: "Someone who did not log in: Supabase calls them anonymous.",
        },
    ],
    states: &[],
    base_scopes: &[],
    steps: &[
        "Authentication → OAuth Server: turn it on, and allow dynamic registration.",
        "JWT keys: move to an asymmetric signing key.",
        "The consent page is yours.",
    ],
    clients: Clients {
        registration: "dynamic registration is a switch; no Client ID Metadata Documents.",
        resource: "checked, but it does not become the audience.",
        s256: "yes.",
    },
    mind: &[
        "It knows the scopes `openid`, `profile`, `email`, `phone` and `offline_access`, and refuses a login that asks for another one: leave `base_scopes` empty, and let `[roles.NAME]` with `grants` give scopes by a claim that your access token hook adds.",
        "A claim of your hook and `require_claims` tell tokens for several servers of the project apart.",
    ],
    sources: &[
        "supabase.com/docs/guides/auth/oauth-server, oauth-server/mcp-authentication",
        "supabase/auth: internal/api/oauthserver",
    ],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    (!issuer.ends_with("/auth/v1"))
        .then_some("an issuer of Supabase ends with /auth/v1 and has no slash after it")
}
