//! What is allowed and worth knowing.

use std::fmt;

/// Something allowed that its operator should know. For people; nothing depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A variable that looks like ours and is not.
    NearMissVariable {
        /// The variable.
        name: String,
        /// The section that was most likely meant.
        section: String,
    },
    /// A variable of a key of ours with one underscore where two belong.
    OneUnderscore {
        /// The variable.
        name: String,
        /// The variable that sets that key.
        meant: String,
    },
    /// `base_scopes = []` although operations need scopes.
    EmptyBaseScopes,
    /// A base scope that no operation needs and no section describes.
    UnknownBaseScope(String),
    /// A local scope that no operation needs and no section describes.
    UnknownLocalScope(String),
    /// A scope of an API key that no operation needs and no section describes.
    UnknownKeyScope {
        /// The name of the key.
        key: String,
        /// The scope.
        scope: String,
    },
    /// A scope that a role grants, and that no operation needs and no section describes.
    UnknownGrant {
        /// The role.
        role: String,
        /// The scope.
        scope: String,
    },
    /// A role with `grants` although neither keys nor issuers take them.
    GrantsUnused(String),
    /// An issuer with `scopes_from = "roles"` although no role grants anything.
    NothingGranted(String),
    /// An API key whose `expires` has come.
    ApiKeyExpired(String),
    /// `"unix"` among the trusted proxies of a server that listens on an address.
    NoUnixSocket,
    /// An API key that may be used from an address of a trusted proxy.
    ApiKeyFromProxy {
        /// The name of the key.
        key: String,
        /// Its network.
        allowed: String,
        /// The proxies' network.
        proxies: String,
    },
    /// `auth.x_api_key` although there are no keys.
    HeaderWithoutApiKeys,
    /// `limits.anonymous_sessions` although callers are verified: those without a credential have no session then.
    AnonymousSessionsUnused,
    /// Roles although no issuer's tokens are accepted: no caller has claims.
    RolesWithoutIssuer,
    /// A denied API key that is not there.
    DeniedKeyUnknown(String),
    /// A denied issuer whose credentials are not accepted anyway.
    DeniedIssuerUnknown(String),
    /// Variables that set up the built-in issuer, which is off.
    IssuerNotOn,
    /// A `public_url` that clients will write differently.
    PublicUrlNotCanonical {
        /// As configured.
        configured: String,
        /// As a client's URL parser writes it.
        canonical: String,
    },
    /// An issuer at which everyone can make an account.
    OpenToEveryone(String),
    /// An issuer that is asked over plain http, as configured.
    PlainHttp {
        /// The issuer.
        issuer: String,
        /// The host that may be asked.
        host: String,
    },
    /// An issuer that is asked about tokens over plain http, as configured.
    PlainIntrospection {
        /// The issuer.
        issuer: String,
        /// The host that may be asked.
        host: String,
    },
    /// What clients or model APIs refuse of a tool.
    RefusedByClients(String),
    /// A tool with `confirm = "login"` over stdio: there is no page for it, so every call of it is refused.
    NotOverStdio(String),
    /// An operation that needs a login by what nobody can log in by at the built-in issuer.
    AcrOutOfReach {
        /// The operation, as messages name it.
        operation: String,
        /// What it takes.
        wanted: String,
        /// By what people can log in there.
        reached: String,
    },
    /// `visibility = "granted"`: clients cannot step up to what they cannot see.
    StepUpThroughBaseScopesOnly,
    /// A family of scopes that the built-in issuer does not grant.
    UndescribedFamily(String),
    /// What would stop the start of a server whose tools do not change.
    NotThereYet(String),
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NearMissVariable { name, section } => {
                let meant = section.to_uppercase();
                write!(f, "environment variable {name} is ignored: no section of that name; did you mean MCP_{meant}__…?")
            }
            Self::OneUnderscore { name, meant } => {
                write!(f, "environment variable {name} is ignored: section and key are separated by two underscores; did you mean {meant}?")
            }
            Self::EmptyBaseScopes => f.write_str(
                "auth.base_scopes is empty: clients will ask for every scope in scopes_supported when they log in",
            ),
            Self::UnknownBaseScope(scope) => write!(
                f,
                "auth.base_scopes names {scope:?}, which no operation needs and no [scopes] entry describes: the issuer \
                 must know it, or logging in will fail"
            ),
            Self::UnknownLocalScope(scope) => write!(
                f,
                "stdio.local_scopes names {scope:?}, which no operation needs and no [scopes] entry describes"
            ),
            Self::UnknownKeyScope { key, scope } => write!(
                f,
                "auth.api_keys gives {key:?} the scope {scope:?}, which no operation needs and no [scopes] entry describes"
            ),
            Self::UnknownGrant { role, scope } => write!(
                f,
                "role {role:?} grants the scope {scope:?}, which no operation needs and no [scopes] entry describes"
            ),
            Self::GrantsUnused(role) => write!(
                f,
                "role {role:?} has grants, which count for API keys and for tokens of issuers with scopes_from = \"roles\": there \
                 are neither; a token's own scopes are all that its client may use"
            ),
            Self::NothingGranted(issuer) => write!(
                f,
                "issuer {issuer:?} has scopes_from = \"roles\" and no role has grants: its tokens may call nothing that needs a \
                 scope; write grants = [...] in a [roles.NAME] table"
            ),
            Self::ApiKeyExpired(key) => {
                write!(f, "API key {key:?} is refused: its `expires` in auth.api_keys has come")
            }
            Self::NoUnixSocket => f.write_str(
                "server.trusted_proxies names \"unix\", and this server listens on an address: no proxy reaches it by a Unix socket, \
                 so nothing is trusted by that",
            ),
            Self::ApiKeyFromProxy { key, allowed, proxies } => write!(
                f,
                "API key {key:?} may be used from {allowed} (allowed_addresses), which has addresses of the proxies {proxies} \
                 (server.trusted_proxies): what a proxy says that it asks for itself passes"
            ),
            Self::HeaderWithoutApiKeys => {
                f.write_str("auth.x_api_key is not used: [[auth.api_keys]] has no keys")
            }
            Self::AnonymousSessionsUnused => f.write_str(
                "limits.anonymous_sessions is not used: it counts only with auth.verify = \"none\"",
            ),
            Self::DeniedKeyUnknown(name) => {
                write!(f, "auth.deny names the API key {name:?}, which is not in [[auth.api_keys]]")
            }
            Self::DeniedIssuerUnknown(issuer) => write!(
                f,
                "auth.deny names the issuer {issuer:?}, whose credentials are not accepted anyway; issuers are compared byte for byte"
            ),
            Self::RolesWithoutIssuer => f.write_str(
                "[roles] gives no caller a role: roles come from the claims of a token, and tokens of no issuer are accepted",
            ),
            Self::IssuerNotOn => f.write_str(
                "variables MCP_ISSUER__… are set, but the built-in issuer is off: no file has [issuer], and \
                 MCP_ISSUER__ENABLED=true is not set",
            ),
            Self::PublicUrlNotCanonical { configured, canonical } => write!(
                f,
                "server.public_url {configured:?} is published as it is, but clients will write it {canonical:?} and may \
                 refuse the difference"
            ),
            Self::OpenToEveryone(issuer) => write!(
                f,
                "issuer {issuer:?} is the tenant of all personal Microsoft accounts: everyone can make one, so `authenticated` \
                 lets everyone in; name the tenants of your organizations instead, unless that is what you want"
            ),
            Self::PlainHttp { issuer, host } => write!(
                f,
                "the keys of issuer {issuer:?} are fetched from {host} over plain http (allow_http): anyone who can change \
                 what passes between here and there can make tokens for every user"
            ),
            Self::PlainIntrospection { issuer, host } => write!(
                f,
                "issuer {issuer:?} is asked about tokens at {host} over plain http (allow_http): the tokens and the client \
                 secret travel in the clear, for anyone between here and there to read and use"
            ),
            Self::RefusedByClients(what) => f.write_str(what),
            Self::NotOverStdio(name) => write!(
                f,
                "tool `{name}` is confirmed by a login on a page, and over stdio there is no page: every call of it is refused \
                 there"
            ),
            Self::AcrOutOfReach { operation, wanted, reached } => write!(
                f,
                "{operation} needs a login by {wanted} (acr), which no login at the built-in issuer can be ({reached}): whoever logs in \
                 there is sent back to log in again, each time in vain"
            ),
            Self::NotThereYet(what) => write!(f, "{what} (a tool that is added at run time may bring it)"),
            Self::UndescribedFamily(family) => write!(
                f,
                "the built-in issuer grants no scope of the family {family:?}, because nothing says what it means; add \
                 [scopes.{family:?}] with a description"
            ),
            Self::StepUpThroughBaseScopesOnly => f.write_str(
                "auth.visibility is \"granted\": clients cannot ask for scopes of operations they do not see, only for \
                 auth.base_scopes",
            ),
        }
    }
}
