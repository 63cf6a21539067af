//! Which credentials an issuer is asked about. What is sent out cannot be taken back: nothing goes to an issuer that it was
//! not made for.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use mcp_auth_core::{ApiKey, strict_json};
use serde_json::Value;

/// Reads what is not quite base64url as well: a header that another reader may take for one is one.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a credential looks like from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::authn) enum Shape {
    /// An API key of this server's: made for no issuer.
    ApiKey,
    /// A JWT, signed or encrypted, whole or not, its signature lost too. `iss` is what its payload claims, unverified, if that can be read.
    Jwt { iss: Option<String> },
    /// Anything else: only its issuer knows what it is.
    Opaque,
}

/// What `presented` looks like. In doubt it is a JWT, which goes nowhere unless it names an issuer of ours.
pub(in crate::authn) fn shape(presented: &str) -> Shape {
    if ApiKey::bears_prefix(presented) {
        return Shape::ApiKey;
    }
    let mut parts = presented.split('.');
    let header = parts.next().filter(|header| begins_an_object(header));
    let payload = match (header, parts.next(), parts.next(), parts.next()) {
        // RFC 7515 §7.1: three parts.
        (Some(_), Some(payload), Some(_), None) => {
            LENIENT.decode(payload).ok().and_then(|payload| strict_json::object(&payload).ok())
        }
        // RFC 7516 §7.1: five, and nobody but its recipient can read it.
        (Some(_), Some(_), Some(_), Some(_)) => None,
        // The signature was lost, or cut off: whose it is was not asked, so it goes to nobody.
        (Some(_), Some(payload), None, _) if begins_an_object(payload) => None,
        _ if ApiKey::stands_in(presented) => return Shape::ApiKey,
        _ => return Shape::Opaque,
    };
    let iss = payload.and_then(|mut claims| match claims.remove("iss") {
        Some(Value::String(iss)) => Some(iss),
        _ => None,
    });
    Shape::Jwt { iss }
}

/// Whether this part decodes to text that begins as a JSON object does, as far as it can be decoded: what is wrong behind that
/// does not make another thing of it.
fn begins_an_object(part: &str) -> bool {
    let url_safe = part.bytes().map(|byte| match byte {
        b'+' => b'-',
        b'/' => b'_',
        byte => byte,
    });
    let is_of_it = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let mut text: Vec<u8> = url_safe.take_while(is_of_it).take(64).collect();
    if text.len() % 4 == 1 {
        text.pop(); // A single character left over holds less than a byte.
    }
    let decoded = LENIENT.decode(text).unwrap_or_default();
    decoded.trim_ascii_start().first() == Some(&b'{')
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;

    fn b64(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn t58_what_is_or_was_a_jwt_is_never_opaque() {
        let (header, payload) = (b64(r#"{"alg":"RS256"}"#), b64(r#"{"iss":"https://other.example"}"#));
        let iss = Some("https://other.example".to_owned());
        assert_eq!(shape(&format!("{header}.{payload}.AA")), Shape::Jwt { iss: iss.clone() });
        assert_eq!(shape(&format!("{header}.{payload}.")), Shape::Jwt { iss: iss.clone() });
        assert_eq!(shape(&format!("{header}=.{payload}==.AA==")), Shape::Jwt { iss: iss.clone() });
        let (start, rest) = header.split_at(8);
        for odd in [format!("{header}~"), format!("{start}~{rest}"), format!("{start}é{rest}")] {
            assert_eq!(shape(&format!("{odd}.{payload}.AA")), Shape::Jwt { iss: iss.clone() }, "{odd}");
        }
        for unread in [
            format!("{header}.{payload}.AA.AA"),
            format!("{header}.{payload}.AA.AA.AA"),
            format!("{header}..AA"),
            format!("{header}.{payload}"),
            format!("{header}=.{payload}=="),
            format!("{header}.{}", &payload[..9]),
            format!("{header}.{}", b64("{}")),
            format!("{header}.{}", b64("{")),
            format!("{}.{}.AA", b64("{}"), b64("{}")),
            format!("{header}.{}.AA", b64(r#"{"iss":"a","iss":"b"}"#)),
            format!("{header}.{}.AA", b64(r#"{"iss":["a"]}"#)),
            format!("{header}.{}.AA", b64("[]")),
            format!("{}.{payload}!.AA", STANDARD.encode(r#"{"alg":"RS256","x":"??>>"}"#)),
            format!("{}.x.AA", b64(" \n{\"alg\"")),
            format!("{}x.x.AA", b64(r#"{"alg":"RS256"}"#)),
            format!("{header}.{}~", &payload[..9]),
            format!("{header}~.{payload}~.AA"),
        ] {
            assert_eq!(shape(&unread), Shape::Jwt { iss: None }, "{unread}");
        }
    }

    #[test]
    fn what_is_not_a_jwt_is_opaque() {
        for opaque in [
            "ya29.a0AfH6SMBx-y_z",
            "gho_16C7e42F292c6912E7710c838347Ae178B4a",
            "ory_at_abc.def",
            "mF_9.B5f-4.1JqM",
            "v4.public.eyJzdWIiOiJ4In0",
            "eyJpdiI6IngifQ==",
            "eyJpdiI6IngifQ.sig",
            "a.b.c",
            "..",
            "",
            "mcp",
        ] {
            assert_eq!(shape(opaque), Shape::Opaque, "{opaque}");
        }
    }

    #[test]
    fn an_api_key_is_made_for_no_issuer() {
        for key in ["mcpk_", "mcpk_abc", "MCPK_abc", "mcpk_a.b.c"] {
            assert_eq!(shape(key), Shape::ApiKey, "{key}");
        }
        assert_eq!(shape("mcpk"), Shape::Opaque);
        assert_eq!(shape("xmcpk_a"), Shape::Opaque);
        let key = "mcpk_1fJjkkpe9PiTw9KSulA8Ghct30vZz4HpdQ5c5b9cPF11E6WUd";
        for before in ["apikey/", "-", "_", "x", "a.b.", "eyJ.", "Bearer-"] {
            for key in [key, &key.to_uppercase(), &key[..50]] {
                assert_eq!(shape(&format!("{before}{key}")), Shape::ApiKey, "{before}{key}");
            }
        }
    }
}
