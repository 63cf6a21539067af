//! Auth0.

use crate::authn::{Hint, Sign};
use crate::config::provider::provider::{Clients, Provider, Sets, States};

pub(super) static AUTH0: Provider = Provider {
    name: "auth0",
    title: "Auth0",
    about: "A tenant of Auth0, with an API whose identifier is your server's URL.",
    issuer: "\"https://example.eu.auth0.com/\"",
    misfit,
    at: &["*.auth0.com/"],
    wide: &[],
    sets: &[
        Sets::key(
            "algorithms",
            "[\"RS256\", \"PS256\"]",
            "An API signs with one of these. With HS256 its tokens cannot be verified here: choose RS256.",
        ),
        Sets::key(
            "scope_claims",
            "[\"scope\"]",
            "What was granted. `permissions` is what the person may have at most; it is never added.",
        ),
        Sets::key(
            "client_claims",
            "[\"client_id\", \"azp\"]",
            "The RFC 9068 profile says `client_id`, the Auth0 profile says `azp`.",
        ),
        Sets::key(
            "client_when",
            "{ gty = \"client-credentials\", sub = { ends_with = \"@clients\" } }",
            "A token of client credentials has this `gty`, and a `sub` that ends so.",
        ),
    ],
    hints: &[
        Hint {
            when: Sign::Encrypted,
            says: "The token is encrypted for Auth0 itself: the client asked for no API. Turn on Resource Parameter Compatibility Profile (step 3), or let the client send `audience`.",
        },
        Hint {
            when: Sign::Opaque,
            says: "The token is opaque: the client asked for no API. Turn on Resource Parameter Compatibility Profile (step 3), or let the client send `audience`.",
        },
        Hint {
            when: Sign::Algorithm("HS256"),
            says: "The API signs with HS256, which cannot be verified here: choose RS256 for it.",
        },
        Hint {
            when: Sign::LivesTooLong,
            says: "Auth0 lets the tokens of an API live for up to 30 days: shorten that at the API, or raise `max_token_lifetime`.",
        },
    ],
    states: &[States::if_wanted(
        "max_token_lifetime",
        "\"1d\"",
        "the longest lifetime of a token. Auth0 issues them for a day unless the API says otherwise, and for up to 30 days.",
    )],
    base_scopes: &["todos.read"],
    steps: &[
        "Applications → APIs → Create API. The identifier is your `public_url`, byte for byte. Choose RS256.",
        "In the API, under Permissions, add the scopes that your server declares.",
        "Settings → Advanced: turn on Resource Parameter Compatibility Profile. Without it, Auth0 ignores the `resource` that MCP clients send, and the token is not for your server.",
        "Let clients register: import them by their metadata URL (Client ID Metadata Documents), or turn on Dynamic Client Registration, promote a connection to domain level, and give third-party applications default permissions to the API.",
    ],
    clients: Clients {
        registration: "Client ID Metadata Documents by import in the dashboard; dynamic registration is off until you turn it on.",
        resource: "only with Resource Parameter Compatibility Profile.",
        s256: "yes.",
    },
    mind: &[
        "The issuer ends with a slash.",
        "`aud` has the `/userinfo` endpoint beside your server where a client asked for `openid`, so `single_audience` stays off.",
        "Roles are in a token only if an Action puts them there, under a name that is a URL. `[roles]` takes that name as it stands.",
        "Tokens of a custom domain have that domain in `iss`. If clients use both, list both: `issuer = [\"https://login.example.com/\", \"https://example.eu.auth0.com/\"]`.",
    ],
    sources: &[
        "auth0/docs-v2: secure/tokens/access-tokens/validate-access-tokens, access-token-profiles",
        "auth0/docs-v2: get-started/apis/enable-role-based-access-control-for-apis",
        "auth0/docs-v2: auth4genai/mcp/guides/resource-param-compatibility-profile",
        "auth0/docs-v2: get-started/applications/register-applications-with-cimd",
    ],
};

fn misfit(issuer: &str) -> Option<&'static str> {
    (!issuer.ends_with('/'))
        .then_some("an issuer of Auth0 ends with a slash, such as \"https://example.eu.auth0.com/\"")
}
