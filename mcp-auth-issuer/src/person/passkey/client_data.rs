//! `clientDataJSON` (§5.8.1): what the browser says of the page that asked.

use aws_lc_rs::{constant_time, digest};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_core::strict_json;
use serde_json::{Map, Value};

use super::error::PasskeyError;
use super::relying_party::RelyingParty;

/// The longest text that is read. Browsers write about 150 bytes.
const LONGEST: usize = 4096;

/// What an answer has to be about.
#[derive(Debug, Clone, Copy)]
pub(in crate::person) struct Expected<'a> {
    /// Who asked.
    pub(in crate::person) relying_party: &'a RelyingParty,
    /// The challenge, in base64url.
    pub(in crate::person) challenge: &'a str,
    /// Whether the authenticator has to have verified its person, by a PIN or a finger for example: where nothing else does.
    pub(in crate::person) user_verification: bool,
}

/// What a page asked a browser for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ceremony {
    Create,
    Get,
}

impl Ceremony {
    fn name(self) -> &'static str {
        match self {
            Self::Create => "webauthn.create",
            Self::Get => "webauthn.get",
        }
    }
}

/// Verifies client data, and returns its hash, which the authenticator signed. Members that the standard does not name are left alone:
/// browsers add some to see that nobody compares the text (§5.8.1.2).
///
/// - Source: §7.1 steps 7 to 11, §7.2 steps 10 to 14.
///
/// # Errors
/// [`PasskeyError`].
pub(super) fn verify(
    bytes: &[u8],
    ceremony: Ceremony,
    expected: &Expected<'_>,
) -> Result<digest::Digest, PasskeyError> {
    if bytes.len() > LONGEST {
        return Err(PasskeyError::ClientData);
    }
    let members = strict_json::object(bytes).map_err(|_| PasskeyError::ClientData)?;
    if text(&members, "type") != Some(ceremony.name()) {
        return Err(PasskeyError::Ceremony(ceremony.name()));
    }
    let said = text(&members, "challenge").and_then(|text| BASE64_URL_SAFE_NO_PAD.decode(text).ok());
    let asked = BASE64_URL_SAFE_NO_PAD.decode(expected.challenge).ok();
    match (said, asked) {
        (Some(said), Some(asked)) if constant_time::verify_slices_are_equal(&said, &asked).is_ok() => {}
        (_, _) => return Err(PasskeyError::Challenge),
    }
    if text(&members, "origin") != Some(expected.relying_party.origin()) {
        return Err(PasskeyError::Origin);
    }
    // Our pages are in no frame, so there is no other site at the top.
    let is_framed = members.get("crossOrigin").is_some_and(|value| *value != Value::Bool(false));
    if is_framed || members.contains_key("topOrigin") {
        return Err(PasskeyError::Framed);
    }
    Ok(digest::digest(&digest::SHA256, bytes))
}

fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    members.get(name).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::person::passkey::testing::{CHALLENGE, ORIGIN, relying_party};

    fn verified(text: &str) -> Result<(), PasskeyError> {
        let party = relying_party();
        let expected = Expected { relying_party: &party, challenge: CHALLENGE, user_verification: true };
        verify(text.as_bytes(), Ceremony::Get, &expected).map(drop)
    }

    fn good() -> Value {
        json!({ "type": "webauthn.get", "challenge": CHALLENGE, "origin": ORIGIN, "crossOrigin": false })
    }

    fn with(name: &str, value: Value) -> String {
        let mut members = good();
        members[name] = value;
        members.to_string()
    }

    #[test]
    fn client_data_of_our_page_is_taken_with_what_browsers_add() {
        assert_eq!(verified(&good().to_string()), Ok(()));
        assert_eq!(verified(&with("other_keys_can_be_added_here", json!("do not compare"))), Ok(()));
        let mut without = good();
        without.as_object_mut().unwrap().remove("crossOrigin");
        assert_eq!(verified(&without.to_string()), Ok(()));
    }

    #[test]
    fn client_data_that_is_not_one_reading_is_refused() {
        let good = good().to_string();
        for bad in [
            "",
            "null",
            "[]",
            &good[1..],
            &format!("{good} x"),
            &format!("\u{feff}{good}"),
            &good.replacen('{', "{\"origin\":\"https://evil.example\",", 1),
            &good.replacen('{', "{\"\\u0074ype\":\"webauthn.create\",", 1),
            &with("long", json!("x".repeat(LONGEST))),
        ] {
            assert_eq!(verified(bad), Err(PasskeyError::ClientData), "{bad}");
        }
    }

    #[test]
    fn an_answer_of_the_other_ceremony_is_refused() {
        for other in
            [json!("webauthn.create"), json!("WEBAUTHN.GET"), json!("payment.get"), json!(null), json!(1)]
        {
            assert_eq!(verified(&with("type", other)), Err(PasskeyError::Ceremony("webauthn.get")));
        }
    }

    #[test]
    fn another_challenge_is_refused_however_it_is_written() {
        let other = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
        for bad in [
            json!(other),
            json!(""),
            json!(&CHALLENGE[1..]),
            json!(format!("{CHALLENGE}=")),
            json!(format!("{CHALLENGE}AA")),
            json!(null),
            json!([CHALLENGE]),
        ] {
            assert_eq!(verified(&with("challenge", bad.clone())), Err(PasskeyError::Challenge), "{bad}");
        }
    }

    #[test]
    fn another_origin_is_refused_down_to_its_port_and_its_writing() {
        for bad in [
            "https://evil.example",
            "http://localhost:8081",
            "http://localhost",
            "https://localhost:8080",
            "http://LOCALHOST:8080",
            "http://localhost:8080/",
            "http://a.localhost:8080",
            "http://localhost:8080.evil.example",
            "null",
            "",
        ] {
            assert_eq!(verified(&with("origin", json!(bad))), Err(PasskeyError::Origin), "{bad}");
        }
        assert_eq!(verified(&with("origin", json!([ORIGIN]))), Err(PasskeyError::Origin));
    }

    #[test]
    fn a_page_in_a_frame_is_refused() {
        for bad in [json!(true), json!("false"), json!(null), json!(0)] {
            assert_eq!(verified(&with("crossOrigin", bad.clone())), Err(PasskeyError::Framed), "{bad}");
        }
        for top in [json!("https://evil.example"), json!(ORIGIN), json!(null)] {
            assert_eq!(verified(&with("topOrigin", top.clone())), Err(PasskeyError::Framed), "{top}");
        }
    }
}
