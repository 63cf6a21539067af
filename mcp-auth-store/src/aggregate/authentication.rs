//! How a person logged in.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How a person logged in, as their access tokens say it (RFC 9068 §2.2.1). It is decided at the login, and a refresh changes nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Authentication {
    /// When, in Unix seconds.
    pub auth_time: u64,
    /// How strong it was: an authentication context class reference (OpenID Connect Core 1.0 §2).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// By which means, such as `pwd`, `otp` or `hwk` (RFC 8176).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// The version of what the person logs in with, as the login said it; 0 where a login has none. No token says it.
    #[serde(default, rename = "login_version", skip_serializing_if = "is_none")]
    pub version: u64,
    /// Which login it was, as it called itself: the same name is another person's at another login. No token says it.
    #[serde(default)]
    pub login: Option<String>,
    /// What the login said of the person besides, and tokens of it say too; none of the claims that the issuer writes itself.
    #[serde(default, rename = "login_claims")]
    pub claims: Map<String, Value>,
}

fn is_none(version: &u64) -> bool {
    *version == 0
}

impl Authentication {
    /// A login at `auth_time`, of which nothing else is known.
    pub fn at(auth_time: u64) -> Self {
        Self { auth_time, ..Self::default() }
    }
}
