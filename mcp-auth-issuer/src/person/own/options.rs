//! What the issuer has to know of the application at which people log in.

use mcp_auth_core::net::HttpUrl;
use mcp_auth_core::{Acr, SecretText};

use super::key::AnswerKey;

/// The application at which people log in.
#[derive(Debug, Clone)]
pub struct OwnLoginOptions {
    /// Its page: https, or http on loopback.
    pub url: HttpUrl,
    /// By which its answers are verified.
    pub key: AnswerKey,
    /// What its answers say in `iss`. **(default: the origin of `url`)**
    pub issuer: Option<String>,
    /// Where it is asked whether a person still has an account, at each refresh and wherever a login of before is to count. Without it, a
    /// person whom it no longer knows can be refreshed until their grants end ([`IssuerOptions::grant_lifetime`](crate::IssuerOptions::grant_lifetime)).
    pub check: Option<OwnLoginCheck>,
    /// By what people can log in there (`acr`), the strongest first. A request that asks for some of them gets a login that reaches one, or
    /// an error; without them nothing depends on the `acr` of an answer.
    pub acr_values: Vec<Acr>,
}

/// Where the application says whether a person still has an account.
#[derive(Debug, Clone)]
pub struct OwnLoginCheck {
    /// It gets `{"sub": "..."}` by POST and answers `{"active": true}` or `{"active": false}`: https, or http on loopback.
    pub url: HttpUrl,
    /// What we send as a bearer token, so that nobody else can ask.
    pub secret: SecretText,
}
