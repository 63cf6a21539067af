//! Microsoft Entra ID.

use super::microsoft::{APPLICATION, LIFETIME, PROGRAMS, REQUESTED_PREFIX, SCOPES, SUBJECT};
use super::usual::{AZP, RS256};
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::provider::{Clients, Provider, Sets, States};

pub(super) static ENTRA: Provider = Provider {
    name: "entra",
    title: "Microsoft Entra ID",
    about: "An application of Microsoft Entra ID, which was Azure AD, whose access tokens are of version 2.",
    issuer: "\"https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0\"",
    misfit,
    at: &["login.microsoftonline.com/*/v2.0"],
    wide: &[APPLICATION],
    sets: &[
        RS256,
        SCOPES,
        AZP,
        SUBJECT,
        PROGRAMS,
        Sets::key(
            "require_claims",
            "{ ver = \"2.0\" }",
            "Tokens of version 1 have another issuer, and `entra-v1`.",
        ),
        REQUESTED_PREFIX,
        Sets::with("tenants", "tenant_claim", "\"tid\"", "The tenant, which must be the one in `iss`."),
        LIFETIME,
    ],
    hints: &[
        Hint {
            when: Sign::Issuer("sts.windows.net/*/"),
            says: "This is a token of version 1: set `requestedAccessTokenVersion` to 2 in the manifest of the API, or write `provider = \"entra-v1\"`.",
        },
        Hint {
            when: Sign::Required("ver"),
            says: "This is a token of version 1: set `requestedAccessTokenVersion` to 2 in the manifest of the API.",
        },
        Hint {
            when: Sign::Issuer("login.microsoftonline.com/*/v2.0"),
            says: "This is a token of another tenant. To let it in, list the tenant in `tenants`.",
        },
        Hint {
            when: Sign::Audience(Aud::Other),
            says: "`aud` is another application: the client asked for scopes of another API. Scopes of yours begin with its App ID URI.",
        },
    ],
    states: &[
        States::needed(
            "audience",
            "\"66666666-7777-8888-9999-000000000000\"",
            "the application (client) ID of your API: it is what `aud` says.",
        ),
        States::if_wanted(
            "scope_prefix",
            "\"https://todos.example.com/mcp/\"",
            "the App ID URI and a slash. Your server then asks for its scopes as Entra ID knows them, such as `https://todos.example.com/mcp/todos.read`; without it, clients ask for the bare name, which Entra ID takes for a scope of Microsoft Graph; leave it out only where your clients are told their scopes by hand.",
        ),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "App registrations → New registration, for your API. In its manifest, set `requestedAccessTokenVersion` to 2 first.",
        "Expose an API: set the App ID URI to your `public_url`, which must have a path and no slash at its end, and add the scopes that your server declares.",
        "Token configuration: add the optional claim `idtyp` for access tokens.",
        "Register an application for each client, under the platform Mobile and desktop (public clients), with its redirect URIs and permissions to those scopes.",
    ],
    clients: Clients {
        registration: "none: register every client by hand, or put an issuer in between.",
        resource: "it is compared with the App ID URIs, byte for byte; a slash too many is error AADSTS9010010.",
        s256: "its metadata does not say so: clients that insist on it do not log in.",
    },
    mind: &[
        "App roles are in the claim `roles`: in `[roles.manager]`, `when = { claim = \"roles\", contains = \"Todos.Manage\" }`. Groups are GUIDs in `groups`, and left out where there are more than 200.",
        "Several tenants: register your API for accounts in any organizational directory, and let an administrator of each other tenant consent to it (`https://login.microsoftonline.com/TENANT/adminconsent?client_id=…`). Then `issuer = \"https://login.microsoftonline.com/{tenant}/v2.0\"`, `tenants = [\"…\", \"…\"]` with the ids of the tenants that you let in, and `authorization_server = \"https://login.microsoftonline.com/organizations/v2.0\"`. `caller.tenant()` says which one it is.",
        "Tokens of every API of the tenant have this issuer and these keys; only `audience` tells them apart.",
        "National clouds have other hosts; write theirs.",
    ],
    sources: &[
        "MicrosoftDocs/entra-docs: docs/identity-platform/access-tokens.md, access-token-claims-reference.md, claims-validation.md, optional-claims-reference.md",
        "MicrosoftDocs/entra-docs: docs/agent-id/secure-mcp-server-with-entra-id.md",
    ],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    let path = issuer.trim_start_matches("https://").split_once('/').map_or("", |(_, path)| path);
    match path.split('/').collect::<Vec<_>>()[..] {
        ["common" | "organizations" | "consumers", "v2.0"] => Some(
            "no token says this issuer: name your tenant by its id, or write {tenant} and list the tenants in `tenants`",
        ),
        [_, "v2.0"] => None,
        _ => Some(
            "an issuer of Entra ID, version 2, is \"https://login.microsoftonline.com/\", the tenant's id, and \"/v2.0\"; tokens of \"https://sts.windows.net/…\" are of version 1: provider = \"entra-v1\"",
        ),
    }
}
