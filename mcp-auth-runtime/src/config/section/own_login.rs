//! `[issuer.own_login]`: people log in on a page of an application that has its own users.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::value::jwk_set::JwkSet;
use crate::config::value::secret::Secret;
use crate::config::value::url::HttpUrl;
use crate::config::value::{AcrValue, NonEmpty};

/// An application that has its own users. Its page gets a `transaction` in the query, logs its user in, and sends them back to
/// `/authorize/login` of this server with a signed answer.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OwnLogin {
    /// The page: `https`, or `http` on loopback.
    pub url: HttpUrl,
    /// Where the secret is that the application signs its answers with (HS256): at least 32 bytes, known to it and to this server alone.
    #[serde(default)]
    pub key: Option<Secret>,
    /// Instead of `key`: the public keys of the application, for ES256 or EdDSA: a JWK Set, as a table or as `file:/path` of one in JSON.
    #[serde(default)]
    pub jwks: Option<JwkSet>,
    /// What its answers say in `iss`. Without it, the origin of `url`.
    #[serde(default)]
    pub issuer: Option<NonEmpty>,
    /// By what people can log in there (`acr`), in the words of the application, the strongest first: a login by one counts for those behind it.
    /// Metadata names them, and a request that asks for some of them (`acr_values`) gets a login that reaches one, or an error. Without
    /// them `acr_values` are passed on and nothing depends on the answer.
    #[serde(default)]
    pub acr_values: Vec<AcrValue>,
    /// Where the application is asked whether a person still has an account: at each refresh, for each page that somebody opens or answers
    /// while logged in, and after each code that a client redeems. It gets `{"sub": "..."}` by POST and answers `{"active": true}` or `{"active": false}`. Without it, a person whom the application removed can be refreshed until
    /// `grant_lifetime` has passed.
    #[serde(default)]
    pub check_url: Option<HttpUrl>,
    /// Where the secret is that this server sends there as a bearer token; it is not `key`.
    #[serde(default)]
    pub check_secret: Option<Secret>,
}
