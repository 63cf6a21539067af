//! `[auth]`: whose tokens are accepted, what a caller needs first, and how refusals look.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api_keys::ApiKeyEntry;
use super::deny::DenyEntry;
use super::issuers::TrustedIssuer;
use crate::authz::{Connect, Visibility};
use crate::config::value::scope::set;
use crate::config::value::{NonEmpty, ScopeToken, TokenHeader, keyword};
use crate::declared::registry::Registry;
use mcp_auth_core::ScopeSet;

keyword! {
    /// How callers are verified. **(default: `"tokens"`)**
    Verify {
        /// By tokens of the issuers in `[[auth.issuers]]` and of the built-in one, if there is an `[issuer]`, and by the keys of
        /// `[[auth.api_keys]]`.
        Tokens = "tokens",
        /// Not at all: only when every operation is public.
        None = "none",
    }
}

keyword! {
    /// How a refused call of a tool is answered. **(default: `"http-403"`)**
    Denial {
        /// HTTP 403 with a scope challenge.
        Http403 = "http-403",
        /// HTTP 200 and a result with `isError`, for clients that show results only, or a login by them.
        ToolError = "tool-error",
    }
}

keyword! {
    /// Which scopes `scopes_supported` names. **(default: `"all"`)**
    Advertise {
        /// Those that some operation needs.
        All = "all",
        /// `base_scopes` alone; clients learn of the others when they step up.
        Base = "base",
    }
}

keyword! {
    /// When the server is ready for traffic. **(default: `"any"`)**
    Ready {
        /// As soon as one issuer has keys, of those whose keys are fetched.
        Any = "any",
        /// Once every issuer has keys.
        All = "all",
    }
}

/// Whose tokens are accepted, what a caller needs first, and how refusals look.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Auth {
    /// How callers are verified: `tokens` (of the issuers below and of `[issuer]`, and API keys), or `none` (only when every
    /// operation is public, and without any issuer or key).
    pub verify: Verify,
    /// What `initialize`, lists and the rest need: `authenticated` (the default as soon as one operation is not
    /// public: clients log in when they connect) or `anonymous`.
    pub connect: Option<Connect>,
    /// Scopes asked for in the first challenge, for every message. Required as soon as an operation needs a
    /// scope; with an empty list clients ask for everything in `scopes_supported`.
    pub base_scopes: Option<Vec<ScopeToken>>,
    /// Which scopes `scopes_supported` of the metadata names: `all` that operations need, or those of `base_scopes` alone.
    pub advertise: Advertise,
    /// What lists show: `all` (clients can step up) or `granted` (what the caller cannot call does not exist).
    pub visibility: Visibility,
    /// How a refused call of a tool is answered: `http-403`, or `tool-error` for a result with `isError`, which the model reads and
    /// by which ChatGPT shows its login. With `connect = "anonymous"` a missing token is answered so too; an invalid one is
    /// always 401.
    pub denial: Denial,
    /// The one header in which a proxy in front of this server hands on the caller's token, such as
    /// `Cf-Access-Jwt-Assertion`: the token alone, without `Bearer`. `Authorization` then counts for nothing. Over HTTP.
    pub token_header: Option<TokenHeader>,
    /// When `/readyz` answers 200: `any` (one issuer has keys, of those whose keys are fetched) or `all` (every issuer has).
    pub ready: Ready,
    /// The verifiers of the program's own that are in use, by the names that it gives them: for credentials that are
    /// neither tokens of an issuer nor API keys. A name that the program does not have, or one that is missing here, stops
    /// the start.
    pub verifiers: Vec<NonEmpty>,
    /// Other issuers whose tokens are accepted, each with its own rules.
    pub issuers: Vec<TrustedIssuer>,
    /// Keys of programs that no person logs in for. Presented as a bearer token is.
    pub api_keys: Vec<ApiKeyEntry>,
    /// Whether an API key may come in the header `X-API-Key` too.
    pub x_api_key: bool,
    /// Credentials that are refused although they verify.
    pub deny: Vec<DenyEntry>,
}

impl Auth {
    /// The base scopes; none when the key is absent.
    pub fn base_scopes(&self) -> ScopeSet {
        set(self.base_scopes.iter().flatten())
    }

    /// What messages without a rule of their own need: as configured, else a verified caller as soon as one
    /// operation is not public.
    pub fn connect(&self, registry: &Registry) -> Connect {
        let default = if registry.is_public() { Connect::Anonymous } else { Connect::Authenticated };
        self.connect.unwrap_or(default)
    }
}
