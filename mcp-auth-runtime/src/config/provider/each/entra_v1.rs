//! Microsoft Entra ID, version 1 tokens.

use super::microsoft::{APPLICATION, LIFETIME, PROGRAMS, REQUESTED_PREFIX, SCOPES, SUBJECT};
use super::usual::RS256;
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::provider::{Clients, Provider, Sets, States};

pub(super) static ENTRA_V1: Provider = Provider {
    name: "entra-v1",
    title: "Microsoft Entra ID, version 1 tokens",
    about: "An API of Microsoft Entra ID whose manifest leaves `requestedAccessTokenVersion` at 1 or null. Version 2 (`entra`) is the better choice for a new one.",
    issuer: "\"https://sts.windows.net/11111111-2222-3333-4444-555555555555/\"",
    misfit,
    at: &["sts.windows.net/*/"],
    wide: &[APPLICATION],
    sets: &[
        RS256,
        SCOPES,
        Sets::key("client_claims", "[\"appid\"]", "The client."),
        SUBJECT,
        PROGRAMS,
        Sets::key(
            "require_claims",
            "{ ver = \"1.0\" }",
            "Tokens of version 2 have another issuer, and `entra`.",
        ),
        REQUESTED_PREFIX,
        LIFETIME,
    ],
    hints: &[
        Hint {
            when: Sign::Issuer("login.microsoftonline.com/*/v2.0"),
            says: "This is a token of version 2: write `provider = \"entra\"` with its issuer, or set `requestedAccessTokenVersion` to 1 in the manifest of the API.",
        },
        Hint {
            when: Sign::Required("ver"),
            says: "This is a token of version 2: write `provider = \"entra\"` with its issuer.",
        },
        Hint { when: Sign::Issuer("sts.windows.net/*/"), says: "This is a token of another tenant." },
        Hint {
            when: Sign::Audience(Aud::Other),
            says: "`aud` of version 1 is the App ID URI as the client wrote it, or the application ID: list both in `audience`, or turn on `use_guid` for the optional claim `aud`.",
        },
    ],
    states: &[
        States::needed(
            "authorization_server",
            "\"https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0\"",
            "where clients log in, and where the metadata is: the same tenant's, version 2.",
        ),
        States::needed(
            "audience",
            "[\"https://todos.example.com/mcp\", \"66666666-7777-8888-9999-000000000000\"]",
            "what `aud` says: the App ID URI as the client wrote it, or the application's ID where the optional claim `aud` has `use_guid`.",
        ),
        States::if_wanted(
            "scope_prefix",
            "\"https://todos.example.com/mcp/\"",
            "the App ID URI and a slash: what clients have to write before a scope when they ask for it.",
        ),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "App registrations → your API → Expose an API: set the App ID URI, and add the scopes that your server declares.",
        "Token configuration: add the optional claims `aud` with `use_guid`, and `idtyp`, for access tokens.",
        "Register an application for each client, under the platform Mobile and desktop, with permissions to those scopes.",
    ],
    clients: Clients {
        registration: "none: register every client by hand, or put an issuer in between.",
        resource: "only with `use_guid`.",
        s256: "its metadata does not say so: clients that insist on it do not log in.",
    },
    mind: &[
        "The manifest of the API decides the version of its tokens, not the endpoint that a client uses.",
    ],
    sources: &[
        "MicrosoftDocs/entra-docs: docs/identity-platform/access-tokens.md, claims-validation.md, optional-claims-reference.md",
    ],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    let is_of_v1 = issuer.starts_with("https://sts.") && issuer.ends_with('/');
    (!is_of_v1).then_some(
        "an issuer of version 1 is \"https://sts.windows.net/\", the tenant's id, and a slash; tokens of \"…/v2.0\" are of version 2: provider = \"entra\"",
    )
}
