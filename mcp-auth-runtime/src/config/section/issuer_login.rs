//! `issuer.login`: how people log in at the built-in issuer.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::config::value::{UpstreamName, ValueError, text_value};

/// How people log in at the built-in issuer. **(default: `"development"`)**
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum IssuerLogin {
    /// One button for each of `issuer.users` and no password: for development on this computer only.
    #[default]
    Development,
    /// An account in the store: a name, a password and, where it is set up, a one-time code. `mcp-auth issuer user` makes accounts.
    Accounts,
    /// On a page of an application that has its own users.
    Own,
    /// At a provider: that of `[upstreams]` with this name.
    Upstream(UpstreamName),
}

impl IssuerLogin {
    /// Whether a person can log in without proof of who they are.
    pub fn is_for_development(&self) -> bool {
        match self {
            Self::Development => true,
            Self::Accounts | Self::Own | Self::Upstream(_) => false,
        }
    }

    /// As the configuration writes it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Development => "development",
            Self::Accounts => "accounts",
            Self::Own => "own",
            Self::Upstream(name) => name.as_str(),
        }
    }
}

impl fmt::Display for IssuerLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for IssuerLogin {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text {
            "development" => Ok(Self::Development),
            "accounts" => Ok(Self::Accounts),
            "own" => Ok(Self::Own),
            name => name.parse().map(Self::Upstream).map_err(|_| {
                let expected = "\"development\", \"accounts\", \"own\" or the name of one of [upstreams]";
                ValueError::malformed(text, expected)
            }),
        }
    }
}

impl Serialize for IssuerLogin {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

text_value!(IssuerLogin, "\"development\", \"accounts\", \"own\" or the name of one of [upstreams]");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_one_of_three_words_or_the_name_of_an_upstream() {
        for (text, login) in [
            ("development", IssuerLogin::Development),
            ("accounts", IssuerLogin::Accounts),
            ("own", IssuerLogin::Own),
            ("google", IssuerLogin::Upstream("google".parse().unwrap())),
        ] {
            assert_eq!(text.parse::<IssuerLogin>().unwrap(), login);
            assert_eq!((login.as_str(), login.is_for_development()), (text, text == "development"));
        }
        let error = "a/b".parse::<IssuerLogin>().unwrap_err().to_string();
        assert!(error.contains("the name of one of [upstreams]"), "{error}");
    }
}
