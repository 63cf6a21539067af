//! How the person behind a caller says yes to each call, and how files write it.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How the person says yes to a call. The later one is the stronger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Confirm {
    /// `confirm`: in the client, which can answer without asking anyone.
    InClient,
    /// `confirm = "login"`: on a page of the built-in issuer, after logging in there for this call.
    ByLogin,
}

/// The word for [`Confirm::ByLogin`].
const LOGIN: &str = "login";

/// What is expected of files.
const EXPECTED: &str = "true, false or \"login\"";

/// Whether and how each call is confirmed, as files write it: `false`, `true` or `"login"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WrittenConfirm(Option<Confirm>);

impl WrittenConfirm {
    /// `how`, written.
    pub(crate) const fn of(how: Option<Confirm>) -> Self {
        Self(how)
    }

    /// Whether and how.
    pub const fn how(self) -> Option<Confirm> {
        self.0
    }

    /// Whether each call runs without one.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde wants it")]
    pub(super) fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

/// As TOML writes it.
impl fmt::Display for WrittenConfirm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("false"),
            Some(Confirm::InClient) => f.write_str("true"),
            Some(Confirm::ByLogin) => write!(f, "\"{LOGIN}\""),
        }
    }
}

impl Serialize for WrittenConfirm {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            None => to.serialize_bool(false),
            Some(Confirm::InClient) => to.serialize_bool(true),
            Some(Confirm::ByLogin) => to.serialize_str(LOGIN),
        }
    }
}

impl<'de> Deserialize<'de> for WrittenConfirm {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Read;
        impl Visitor<'_> for Read {
            type Value = WrittenConfirm;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(EXPECTED)
            }
            fn visit_bool<E: Error>(self, said: bool) -> Result<WrittenConfirm, E> {
                Ok(WrittenConfirm(said.then_some(Confirm::InClient)))
            }
            fn visit_str<E: Error>(self, word: &str) -> Result<WrittenConfirm, E> {
                match word {
                    LOGIN => Ok(WrittenConfirm(Some(Confirm::ByLogin))),
                    other => Err(E::custom(format_args!("is {other:?}, expected {EXPECTED}"))),
                }
            }
        }
        from.deserialize_any(Read)
    }
}

impl JsonSchema for WrittenConfirm {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "WrittenConfirm".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["boolean", "string"], "enum": [false, true, LOGIN] })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_read_as_it_is_written_and_nothing_else_is() {
        for (how, written) in [
            (None, json!(false)),
            (Some(Confirm::InClient), json!(true)),
            (Some(Confirm::ByLogin), json!("login")),
        ] {
            let confirm = WrittenConfirm::of(how);
            assert_eq!(serde_json::to_value(confirm).unwrap(), written);
            assert_eq!(serde_json::from_value::<WrittenConfirm>(written.clone()).unwrap().how(), how);
            assert_eq!(confirm.to_string(), written.to_string());
        }
        for other in [json!("true"), json!("Login"), json!(""), json!(1), json!(null), json!(["login"])] {
            assert!(serde_json::from_value::<WrittenConfirm>(other.clone()).is_err(), "{other}");
        }
    }

    #[test]
    fn a_login_is_the_stronger_one() {
        assert!(Some(Confirm::ByLogin) > Some(Confirm::InClient) && Some(Confirm::InClient) > None);
    }
}
