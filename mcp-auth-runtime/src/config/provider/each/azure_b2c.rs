//! Azure AD B2C.

use super::microsoft::{APPLICATION, SCOPES};
use super::usual::{AZP, RS256};
use crate::authn::{Aud, Hint, Sign};
use crate::config::provider::provider::{Clients, Provider, Sets, States};

pub(super) static AZURE_B2C: Provider = Provider {
    name: "azure-b2c",
    title: "Azure AD B2C",
    about: "A tenant of Azure AD B2C with one user flow or policy. New customers get Entra External ID instead (`entra-external-id`).",
    issuer: "\"https://example.b2clogin.com/11111111-2222-3333-4444-555555555555/v2.0/\"",
    misfit,
    at: &["*.b2clogin.com/*/v2.0/", "*.b2clogin.com/tfp/*/*/v2.0/"],
    wide: &[APPLICATION],
    sets: &[
        RS256,
        SCOPES,
        AZP,
        Sets::key("require_claims", "{ ver = \"1.0\" }", "What its access tokens say."),
    ],
    hints: &[
        Hint {
            when: Sign::Issuer("*.b2clogin.com/*/v2.0/"),
            says: "A user flow decides whether `iss` names the policy (`/tfp/`): copy it from a token or from the metadata of the flow.",
        },
        Hint {
            when: Sign::Issuer("*.b2clogin.com/tfp/*/*/v2.0/"),
            says: "A user flow decides whether `iss` names the policy (`/tfp/`): copy it from a token or from the metadata of the flow.",
        },
        Hint {
            when: Sign::Audience(Aud::Other),
            says: "`aud` is another application: the client asked for scopes of another API.",
        },
    ],
    states: &[
        States::needed(
            "authorization_server",
            "\"https://example.b2clogin.com/example.onmicrosoft.com/B2C_1_signin/v2.0\"",
            "where the metadata of your policy is; its `issuer` is the one above.",
        ),
        States::needed(
            "audience",
            "\"66666666-7777-8888-9999-000000000000\"",
            "the application (client) ID of the API.",
        ),
    ],
    base_scopes: &["todos.read"],
    steps: &[
        "Register an application for the API. Under Expose an API, add the scopes that your server declares.",
        "Register an application for each client, as a public client, with its redirect URIs and permissions to those scopes.",
        "Take `issuer` from the metadata of the policy, byte for byte.",
    ],
    clients: Clients {
        registration: "none: register every client by hand.",
        resource: "no.",
        s256: "no: MCP clients that insist on it do not log in.",
    },
    mind: &[
        "Every policy of the tenant issues tokens with this issuer and these keys. To let in those of one policy only, write `require_claims = { ver = \"1.0\", tfp = \"B2C_1_signin\" }`.",
        "The metadata names another issuer than the address where it is. Clients that compare both refuse it.",
    ],
    sources: &["MicrosoftDocs/azure-docs: articles/active-directory-b2c/tokens-overview.md"],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    (!issuer.ends_with('/')).then_some(
        "an issuer of Azure AD B2C ends with a slash, such as \"https://example.b2clogin.com/…/v2.0/\"",
    )
}
