//! What a client of the built-in issuer is: where answers to it go, what it may present.

use std::str::FromStr;

use mcp_auth_core::redirect_uri::RedirectUri;
use mcp_auth_store::GrantType;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ValueError, not_one_of, read_text, schema, text_value};

/// Where answers to a client may be sent (OAuth 2.1 §2.3): `https`, `http` on loopback, or a scheme of an app's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ClientRedirectUri(RedirectUri);

impl ClientRedirectUri {
    /// The URI.
    pub fn get(&self) -> &RedirectUri {
        &self.0
    }
}

impl FromStr for ClientRedirectUri {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        text.parse().map(Self).map_err(|why: mcp_auth_core::redirect_uri::InvalidRedirectUri| {
            ValueError::refused(text, why.to_string())
        })
    }
}

text_value!(ClientRedirectUri, "a URI such as \"https://app.example.com/callback\"");

/// What a client may present at the token endpoint, by its name in RFC 7591 or its short one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientGrant(GrantType);

/// The short names of those that are long.
const SHORT: [(&str, GrantType); 3] = [
    ("device_code", GrantType::DeviceCode),
    ("token_exchange", GrantType::TokenExchange),
    ("jwt_bearer", GrantType::JwtBearer),
];

impl ClientGrant {
    /// The grant type.
    pub fn get(self) -> GrantType {
        self.0
    }
}

/// Every name that is read.
fn grant_names() -> Vec<&'static str> {
    let long = GrantType::ALL.map(GrantType::as_str);
    let (plain, urns): (Vec<_>, Vec<_>) = long.into_iter().partition(|name| !name.contains(':'));
    plain.into_iter().chain(SHORT.map(|(name, _)| name)).chain(urns).collect()
}

impl FromStr for ClientGrant {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let short = SHORT.into_iter().find(|(name, _)| *name == text).map(|(_, grant)| grant);
        short.or_else(|| GrantType::named(text)).map(Self).ok_or_else(|| not_one_of(text, &grant_names()))
    }
}

impl Serialize for ClientGrant {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.as_str())
    }
}

impl<'de> Deserialize<'de> for ClientGrant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = read_text(from, "a grant type such as \"client_credentials\"")?;
        text.parse().map_err(Error::custom)
    }
}

schema!(ClientGrant, { "type": "string", "enum": grant_names() });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_type_has_its_name_and_the_long_ones_a_short_one() {
        for (name, grant) in [
            ("authorization_code", GrantType::AuthorizationCode),
            ("client_credentials", GrantType::ClientCredentials),
            ("device_code", GrantType::DeviceCode),
            ("token_exchange", GrantType::TokenExchange),
            ("jwt_bearer", GrantType::JwtBearer),
        ] {
            assert_eq!(name.parse::<ClientGrant>().unwrap().get(), grant);
            assert_eq!(grant.as_str().parse::<ClientGrant>().unwrap().get(), grant);
        }
        let error = "devicecode".parse::<ClientGrant>().unwrap_err().to_string();
        assert!(error.contains("did you mean \"device_code\"?"), "{error}");
        assert!("password".parse::<ClientGrant>().is_err() && "implicit".parse::<ClientGrant>().is_err());
    }

    #[test]
    fn a_redirect_uri_is_one_that_the_issuer_takes() {
        assert!("https://app.example.com/cb".parse::<ClientRedirectUri>().is_ok());
        let error = "http://app.example.com/cb".parse::<ClientRedirectUri>().unwrap_err().to_string();
        assert!(error.contains("elsewhere use https"), "{error}");
        assert!("javascript:alert(1)".parse::<ClientRedirectUri>().is_err());
    }
}
