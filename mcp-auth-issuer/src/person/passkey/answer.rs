//! What the script of our pages puts into a form: JSON with the bytes of the browser's answer in base64url.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::strict_json;
use serde_json::{Map, Value};

use super::error::PasskeyError;

/// The most ways to reach an authenticator that are kept, and the longest word for one.
const TRANSPORTS: (usize, usize) = (8, 20);

/// A passkey that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::person) struct NewPasskey {
    /// Its identifier, in base64url.
    pub(in crate::person) id: String,
    pub(super) client_data: Vec<u8>,
    pub(super) attestation_object: Vec<u8>,
    /// How the browser reaches its authenticator, to be told again at a login.
    pub(in crate::person) transports: Vec<String>,
}

/// A passkey that signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::person) struct Assertion {
    /// Its identifier, in base64url.
    pub(in crate::person) id: String,
    pub(super) client_data: Vec<u8>,
    pub(super) authenticator_data: Vec<u8>,
    pub(super) signature: Vec<u8>,
    /// Whom it is for, as it says itself, in base64url.
    pub(in crate::person) user_handle: Option<String>,
}

impl NewPasskey {
    /// # Errors
    /// [`PasskeyError::Answer`].
    pub(in crate::person) fn read(text: &str) -> Result<Self, PasskeyError> {
        let answer = Members::read(text, &["id", "clientDataJSON", "attestationObject", "transports"])?;
        Ok(Self {
            id: answer.text("id")?.to_owned(),
            client_data: answer.bytes("clientDataJSON")?,
            attestation_object: answer.bytes("attestationObject")?,
            transports: answer.words("transports"),
        })
    }
}

impl Assertion {
    /// # Errors
    /// [`PasskeyError::Answer`].
    pub(in crate::person) fn read(text: &str) -> Result<Self, PasskeyError> {
        let names = ["id", "clientDataJSON", "authenticatorData", "signature", "userHandle"];
        let answer = Members::read(text, &names)?;
        let user_handle = match answer.0.get("userHandle") {
            None | Some(Value::Null) => None,
            Some(_) => Some(answer.text("userHandle")?.to_owned()),
        };
        Ok(Self {
            id: answer.text("id")?.to_owned(),
            client_data: answer.bytes("clientDataJSON")?,
            authenticator_data: answer.bytes("authenticatorData")?,
            signature: answer.bytes("signature")?,
            user_handle,
        })
    }

    /// Whether it says that it is for the person of this handle. It has to say so where the page did not name them; where it did, it may say
    /// nothing (§7.2 step 6).
    pub(in crate::person) fn is_for(&self, user_handle: Option<&str>, is_named: bool) -> bool {
        match (&self.user_handle, user_handle) {
            (Some(said), Some(kept)) => said == kept,
            (Some(_), None) => false,
            (None, _) => is_named,
        }
    }
}

struct Members(Map<String, Value>);

impl Members {
    fn read(text: &str, names: &[&str]) -> Result<Self, PasskeyError> {
        let members = strict_json::object(text.as_bytes()).map_err(|_| PasskeyError::Answer)?;
        match members.keys().all(|name| names.contains(&name.as_str())) {
            true => Ok(Self(members)),
            false => Err(PasskeyError::Answer),
        }
    }

    fn text(&self, name: &str) -> Result<&str, PasskeyError> {
        self.0.get(name).and_then(Value::as_str).ok_or(PasskeyError::Answer)
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, PasskeyError> {
        BASE64_URL_SAFE_NO_PAD.decode(self.text(name)?).map_err(|_| PasskeyError::Answer)
    }

    /// Words in small letters. They prove nothing and only help the browser, so what is something else is left out.
    fn words(&self, name: &str) -> Vec<String> {
        let (most, longest) = TRANSPORTS;
        let words = self.0.get(name).and_then(Value::as_array).into_iter().flatten();
        let words = words.filter_map(Value::as_str).filter(|word| {
            let is_word = word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            is_word && !word.is_empty() && word.len() <= longest
        });
        words.take(most).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_script_writes_is_read_and_nothing_else() {
        let made = r#"{"id":"BwcH","clientDataJSON":"e30","attestationObject":"oA","transports":["usb","<b>","hybrid",1]}"#;
        let read = NewPasskey::read(made).unwrap();
        assert_eq!(
            (read.id.as_str(), &*read.client_data, &*read.attestation_object),
            ("BwcH", &b"{}"[..], &[0xa0][..])
        );
        assert_eq!(read.transports, ["usb", "hybrid"]);
        assert!(NewPasskey::read(&made.replace(r#","transports":["usb","<b>","hybrid",1]"#, "")).is_ok());
        let used = r#"{"id":"BwcH","clientDataJSON":"e30","authenticatorData":"AA","signature":"","userHandle":"h"}"#;
        assert_eq!(Assertion::read(used).unwrap().user_handle.as_deref(), Some("h"));
        assert_eq!(Assertion::read(&used.replace("\"h\"", "null")).unwrap().user_handle, None);
        for bad in [
            "",
            "[]",
            &used.replace("BwcH", "BwcH\",\"id\":\"x"),
            &used.replace("\"e30\"", "\"e30=\""),
            &used.replace("\"e30\"", "\"e31\""),
            &used.replace("\"AA\"", "null"),
            &used.replace("\"h\"", "1"),
            &used.replace("signature", "Signature"),
            &used.replace("\"h\"", "\"h\",\"more\":1"),
        ] {
            assert_eq!(Assertion::read(bad), Err(PasskeyError::Answer), "{bad}");
        }
        for bad in [&made.replace("oA", "o"), &made.replace("\"BwcH\"", "{}"), used] {
            assert_eq!(NewPasskey::read(bad), Err(PasskeyError::Answer), "{bad}");
        }
    }

    #[test]
    fn an_answer_names_the_person_that_the_page_did_not_name() {
        let of = |user_handle: Option<&str>| Assertion {
            id: String::new(),
            client_data: vec![],
            authenticator_data: vec![],
            signature: vec![],
            user_handle: user_handle.map(str::to_owned),
        };
        for (said, kept, is_named, is_for) in [
            (Some("h"), Some("h"), false, true),
            (Some("h"), Some("h"), true, true),
            (Some("g"), Some("h"), false, false),
            (Some("g"), Some("h"), true, false),
            (None, Some("h"), false, false),
            (None, Some("h"), true, true),
            (Some(""), None, true, false),
            (None, None, false, false),
        ] {
            assert_eq!(of(said).is_for(kept, is_named), is_for, "{said:?} {kept:?} {is_named}");
        }
    }
}
