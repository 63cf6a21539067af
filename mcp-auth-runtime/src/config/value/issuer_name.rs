//! Issuers as `[[auth.issuers]]` names them: the several names of one authorization server, one name for each tenant.

use std::str::FromStr;

use mcp_auth_core::IssuerIdentifier;
use serde::{Deserialize, Serialize};

use super::{One, ValueError, list, one_or_many, schema, text_value};
use crate::config::value::url::IssuerUrl;

/// What stands for a tenant.
const TENANT: &str = "{tenant}";

/// An issuer identifier, in which `{tenant}` may stand once for a tenant: what it then says is compared byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct IssuerName(String);

impl IssuerName {
    /// The name's text, as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is one of a tenant's.
    pub fn has_tenant(&self) -> bool {
        self.0.contains(TENANT)
    }

    /// The name with something else in the tenant's place.
    pub(crate) fn with(&self, tenant: &str) -> String {
        self.0.replacen(TENANT, tenant, 1)
    }

    /// The issuer of this tenant; a name without one is the same for every tenant.
    pub fn of(&self, tenant: Option<&TenantName>) -> Option<IssuerIdentifier> {
        match tenant {
            Some(tenant) => self.with(tenant.as_str()).parse().ok(),
            None => self.0.parse().ok().filter(|_| !self.has_tenant()),
        }
    }
}

impl FromStr for IssuerName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let plain = text.replacen(TENANT, "t", 1);
        if plain.contains(['{', '}']) {
            return Err(ValueError::refused(text, "{tenant} may stand in it once, and no other { or }"));
        }
        if text.contains(TENANT) && text.contains('%') {
            return Err(ValueError::refused(text, "beside {tenant} it has no % escapes"));
        }
        match plain.parse::<IssuerUrl>() {
            Ok(_) => Ok(Self(text.to_owned())),
            // In the words of what was given.
            Err(_) if plain != text => {
                Err(ValueError::malformed(text, "an issuer's URL once {tenant} is a name"))
            }
            Err(error) => Err(error),
        }
    }
}

text_value!(IssuerName, "a URL such as \"https://issuer.example.com\"");

/// One name of an issuer or a list of them, never an empty list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct IssuerNames(Vec<IssuerName>);

impl std::ops::Deref for IssuerNames {
    type Target = [IssuerName];
    fn deref(&self) -> &[IssuerName] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for IssuerNames {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let all: Vec<IssuerName> =
            one_or_many(from, One::Text, "a URL such as \"https://issuer.example.com\"")?;
        if all.is_empty() {
            return Err(serde::de::Error::custom(ValueError::Empty("name the issuer")));
        }
        Ok(Self(all))
    }
}

schema!(IssuerNames, {
    "type": ["string", "array"],
    "minLength": 1,
    "items": { "type": "string", "minLength": 1 },
    "minItems": 1,
});

/// The name of a tenant: 1 to 255 of `A-Z a-z 0-9 . _ -`, and neither `.` nor `..`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct TenantName(String);

impl TenantName {
    /// The name's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TenantName {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let is_plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !(1..=255).contains(&text.len()) || !is_plain || matches!(text, "." | "..") {
            return Err(ValueError::malformed(
                text,
                "1 to 255 letters, digits and . _ -, and not . or .. alone",
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

text_value!(TenantName, "the name of a tenant in quotes");

list! {
    /// Tenants whose tokens are accepted.
    Tenants of TenantName,
    "it would let no tenant in; name each tenant"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c03_tenant_stands_once_in_a_name_that_is_a_url_with_it() {
        for ok in [
            "https://as.example",
            "https://as.example/realms/{tenant}",
            "https://as.example/{tenant}/v2.0",
            "https://{tenant}.as.example/",
            "http://127.0.0.1:9000/t-{tenant}",
        ] {
            let name: IssuerName = ok.parse().unwrap();
            assert_eq!(name.has_tenant(), ok.contains('{'));
            let tenant = "acme".parse().unwrap();
            assert_eq!(name.of(Some(&tenant)).unwrap().as_str(), ok.replace("{tenant}", "acme"));
            assert_eq!(name.of(None).is_some(), !name.has_tenant());
        }
        for bad in [
            "https://as.example/{tenant}/{tenant}",
            "https://as.example/{tenantid}",
            "https://as.example/{}",
            "https://as.example/{tenant}}",
            "https://as.example/{tenant}?x",
            "https://as.example/?{tenant}",
            "https://as.example/#{tenant}",
            "https://{tenant}@as.example",
            "https://as.example:{tenant}/",
            "{tenant}://as.example",
            "{tenant}",
            "https://as.example/%7Btenant%7D/{tenant}",
            "as.example",
            "",
        ] {
            assert!(bad.parse::<IssuerName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn t71_a_tenant_is_a_plain_name_that_cannot_leave_its_place() {
        for ok in ["acme", "9188040d-6c67-4c5b-b112-36a304b66dad", "A_b.c-1", "...", "-"] {
            assert!(ok.parse::<TenantName>().is_ok(), "{ok}");
        }
        let long = "x".repeat(256);
        for bad in [
            "", ".", "..", "a/b", "/", "a%2fb", "%2e%2e", "a b", "a?b", "a#b", "a@b", "a:b", "a\\b", "*",
            "{tenant}", "\u{e9}", "a\n", "a;b", "~", &long,
        ] {
            assert!(bad.parse::<TenantName>().is_err(), "{bad:?}");
        }
    }
}
