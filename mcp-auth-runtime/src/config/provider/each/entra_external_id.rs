//! Microsoft Entra External ID.

use super::microsoft::{APPLICATION, PROGRAMS, REQUESTED_PREFIX, SCOPES, SUBJECT};
use super::usual::{AZP, RS256};
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::provider::{Clients, Provider, Sets, States, any};

pub(super) static ENTRA_EXTERNAL_ID: Provider = Provider {
    name: "entra-external-id",
    title: "Microsoft Entra External ID",
    about: "An external tenant of Microsoft Entra (ciamlogin.com).",
    issuer: "\"https://11111111-2222-3333-4444-555555555555.ciamlogin.com/11111111-2222-3333-4444-555555555555/v2.0\"",
    misfit: any,
    at: &["*.ciamlogin.com/*/v2.0"],
    wide: &[APPLICATION],
    sets: &[
        RS256,
        SCOPES,
        AZP,
        SUBJECT,
        PROGRAMS,
        Sets::key("require_claims", "{ ver = \"2.0\" }", "Access tokens of version 2."),
        REQUESTED_PREFIX,
    ],
    hints: &[
        Hint {
            when: Sign::Issuer("*.ciamlogin.com/*/v2.0"),
            says: "`iss` of External ID has the tenant's ID as its host name, whatever name the metadata is found by: write it so in `issuer`.",
        },
        Hint {
            when: Sign::Audience(Aud::Other),
            says: "`aud` is another application: the client asked for scopes of another API.",
        },
    ],
    states: &[
        States::needed(
            "authorization_server",
            "\"https://example.ciamlogin.com/11111111-2222-3333-4444-555555555555/v2.0\"",
            "where the metadata is: by the name of the tenant. Its `issuer` is the one above, by the tenant's id.",
        ),
        States::needed(
            "audience",
            "\"66666666-7777-8888-9999-000000000000\"",
            "the application (client) ID of your API.",
        ),
        States::if_wanted(
            "scope_prefix",
            "\"api://66666666-7777-8888-9999-000000000000/\"",
            "the App ID URI and a slash: what clients have to write before a scope when they ask for it.",
        ),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "Register an application for your API, set `requestedAccessTokenVersion` to 2 in its manifest, and add the scopes that your server declares under Expose an API.",
        "Register an application for each client, add it to your user flow, and give it permissions to those scopes.",
        "Take `issuer` from the metadata, byte for byte.",
    ],
    clients: Clients {
        registration: "none: register every client by hand.",
        resource: "not documented.",
        s256: "its metadata does not say so: clients that insist on it do not log in.",
    },
    mind: &[
        "The metadata names another issuer than the address where it is. Clients that compare both refuse it.",
        "The keys are others than those of login.microsoftonline.com.",
    ],
    sources: &[
        "MicrosoftDocs/entra-docs: docs/external-id/customers",
        "AzureAD/microsoft-authentication-library-for-js: issues 8592, 8595",
    ],
};
