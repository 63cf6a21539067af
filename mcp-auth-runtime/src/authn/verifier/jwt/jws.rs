//! The shape of a token: a JWS in compact serialization (RFC 7515 §7.1) and its header, read strictly. Nothing
//! here is trusted yet.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mcp_auth_core::seen::Excerpt;
use mcp_auth_core::strict_json;
use serde_json::{Map, Value};

use super::algorithm::Algorithm;
use crate::authn::credential::MAX_CREDENTIAL_BYTES;
use crate::authn::error::TokenError;

/// A token taken apart.
pub(super) struct Jws<'t> {
    pub(super) header: Header,
    /// Decoded, and still to be read by `claims`.
    pub(super) payload: Vec<u8>,
    /// `ASCII(BASE64URL(header) || '.' || BASE64URL(payload))`: what is signed.
    pub(super) signed: &'t [u8],
    pub(super) signature: Vec<u8>,
}

/// What counts of a JOSE header. `jku`, `jwk`, `x5u`, `x5c` and unknown parameters are passed over: the keys are
/// the configured ones, and nothing a token names is ever fetched (RFC 8725 §3.10).
#[derive(Debug)]
pub(super) struct Header {
    pub(super) alg: Algorithm,
    pub(super) kid: Option<String>,
    pub(super) typ: Type,
}

/// The `typ` values an access token may have (RFC 9068 §2.1; many issuers predate it).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Absent,
    /// The value `JWT`.
    Jwt,
    /// `at+jwt` or `application/at+jwt`.
    AtJwt,
}

impl Type {
    /// Whether a token of this type may be an access token of an issuer that demands RFC 9068, or does not.
    ///
    /// # Errors
    /// [`TokenError::Type`].
    pub(super) fn check(self, requires_at_jwt: bool) -> Result<(), TokenError> {
        match self {
            Self::Jwt if requires_at_jwt => Err(TokenError::Type(Excerpt::of("JWT"))),
            Self::Absent if requires_at_jwt => Err(TokenError::Type(Excerpt::of(""))),
            Self::Absent | Self::Jwt | Self::AtJwt => Ok(()),
        }
    }
}

/// Parameters that change what the other parts mean, so that passing over them would misread the token.
pub(in crate::authn) const REFUSED: [(&str, &str); 4] = [
    ("crit", "is not supported, so it is refused (RFC 7515 section 4.1.11)"),
    ("b64", "is not supported (RFC 7797)"),
    ("zip", "is not supported; nothing is inflated"),
    ("enc", "belongs to an encrypted token"),
];

/// Takes a token apart.
///
/// # Errors
/// The first of RFC 7515 §5.2 steps 1 to 7, or of our bounds, that the token fails.
pub(super) fn parse(token: &str) -> Result<Jws<'_>, TokenError> {
    if token.len() > MAX_CREDENTIAL_BYTES {
        return Err(TokenError::TooLong { bytes: token.len(), max: MAX_CREDENTIAL_BYTES });
    }
    let parts = Parts::of(token).map_err(TokenError::Malformed)?;
    let header = read_header(parts.header().map_err(TokenError::Malformed)?)?;
    let payload = parts.payload().map_err(TokenError::Malformed)?;
    let signature = parts.signature().map_err(TokenError::Malformed)?;
    Ok(Jws { header, payload, signed: parts.signed, signature })
}

/// The three parts of any compact JWS (RFC 7515 §7.1), none of them decoded or trusted yet.
pub(in crate::authn) struct Parts<'t> {
    /// The header, in base64url.
    pub(in crate::authn) header: &'t str,
    payload: &'t str,
    /// `ASCII(BASE64URL(header) || '.' || BASE64URL(payload))`: what is signed.
    pub(in crate::authn) signed: &'t [u8],
    signature: &'t str,
}

impl<'t> Parts<'t> {
    /// # Errors
    /// What is wrong with the text.
    pub(in crate::authn) fn of(text: &'t str) -> Result<Self, &'static str> {
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err("not three parts");
        };
        let signed = &text.as_bytes()[..header.len() + 1 + payload.len()];
        Ok(Self { header, payload, signed, signature })
    }

    /// # Errors
    /// What stands where the header should be.
    pub(in crate::authn) fn header(&self) -> Result<Map<String, Value>, &'static str> {
        let header = decode(self.header, "header is not base64url")?;
        strict_json::object(&header).map_err(|_| "header is not one strict JSON object")
    }

    /// # Errors
    /// When it is not base64url.
    pub(in crate::authn) fn payload(&self) -> Result<Vec<u8>, &'static str> {
        decode(self.payload, "payload is not base64url")
    }

    /// # Errors
    /// When it is not base64url.
    pub(in crate::authn) fn signature(&self) -> Result<Vec<u8>, &'static str> {
        decode(self.signature, "signature is not base64url")
    }
}

/// Canonical base64url without padding (RFC 7515 §2), and not empty.
fn decode(part: &str, otherwise: &'static str) -> Result<Vec<u8>, &'static str> {
    match URL_SAFE_NO_PAD.decode(part) {
        Ok(bytes) if !bytes.is_empty() => Ok(bytes),
        _ => Err(otherwise),
    }
}

fn read_header(mut header: Map<String, Value>) -> Result<Header, TokenError> {
    for (parameter, fault) in REFUSED {
        if header.contains_key(parameter) {
            return Err(TokenError::JoseHeader { parameter, fault });
        }
    }
    let alg = header.get("alg").and_then(Value::as_str).ok_or(TokenError::Algorithm)?;
    let alg = alg.parse().map_err(|_| TokenError::Algorithm)?;
    let typ = match header.get("typ") {
        None => Type::Absent,
        Some(Value::String(typ)) => read_type(typ)?,
        Some(_) => {
            return Err(TokenError::JoseHeader { parameter: "typ", fault: "is not a string" });
        }
    };
    let kid = match header.remove("kid") {
        None => None,
        Some(Value::String(kid)) => Some(kid),
        Some(_) => {
            return Err(TokenError::JoseHeader { parameter: "kid", fault: "is not a string" });
        }
    };
    Ok(Header { alg, kid, typ })
}

/// Media types are compared in any case, `application/` is understood (RFC 7515 §4.1.9).
fn read_type(typ: &str) -> Result<Type, TokenError> {
    match typ.to_ascii_lowercase().as_str() {
        "jwt" => Ok(Type::Jwt),
        "at+jwt" | "application/at+jwt" => Ok(Type::AtJwt),
        _ => Err(TokenError::Type(Excerpt::of(typ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn b64(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    fn with_header(header: &str) -> Result<Header, TokenError> {
        let token = format!("{}.{}.AA", b64(header), b64("{}"));
        parse(&token).map(|jws| jws.header)
    }

    fn refused(header: &str) -> TokenError {
        with_header(header).expect_err(header)
    }

    #[test]
    fn rfc7515_appendix_a2_header_and_payload_are_read() {
        // RFC 7515 A.2.1: the header and payload it shows, in the encoding it shows.
        let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPo";
        let jws = parse(token).unwrap();
        assert_eq!((jws.header.alg, jws.header.kid, jws.header.typ), (Algorithm::Rs256, None, Type::Absent));
        assert_eq!(
            jws.payload,
            b"{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
        );
        assert_eq!(jws.signed, &token.as_bytes()[..token.rfind('.').unwrap()]);
        assert_eq!(jws.signature, [0x70, 0x2e, 0x21, 0x89, 0x43, 0xe8]);
    }

    #[test]
    fn t01_alg_none_in_any_spelling_or_absent_is_refused() {
        for header in [r#"{"alg":"none"}"#, r#"{"alg":"nOnE"}"#, r#"{"alg":"NONE"}"#, r#"{"alg":""}"#, "{}"] {
            assert!(matches!(refused(header), TokenError::Algorithm), "{header}");
        }
        for header in [r#"{"alg":null}"#, r#"{"alg":5}"#, r#"{"alg":["RS256"]}"#] {
            assert!(matches!(refused(header), TokenError::Algorithm), "{header}");
        }
        assert_eq!(with_header(r#"{"alg":"RS256"}"#).unwrap().alg, Algorithm::Rs256);
    }

    #[test]
    fn t07_anything_but_three_full_parts_is_refused() {
        let (h, p) = (b64(r#"{"alg":"RS256"}"#), b64("{}"));
        assert!(parse(&format!("{h}.{p}.AA")).is_ok());
        for bad in [
            String::new(),
            ".".into(),
            "..".into(),
            h.clone(),
            format!("{h}.{p}"),
            format!("{h}.{p}."),
            format!("{h}..AA"),
            format!(".{p}.AA"),
            format!("{h}.{p}.AA."),
            format!("{h}.{p}.AA.AA"),
            format!("{h}.{p}.AA.AA.AA"),
        ] {
            assert!(matches!(parse(&bad), Err(TokenError::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn t07_base64url_is_canonical_and_unpadded() {
        let (h, p) = (b64(r#"{"alg":"RS256"}"#), b64("{}"));
        assert!(parse(&format!("{h}.{p}.-_A")).is_ok());
        for bad in ["AA==", "A", "AB", "+/A", "A A", "AA\n", "é"] {
            assert!(matches!(parse(&format!("{h}.{p}.{bad}")), Err(TokenError::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn t09_crit_in_any_shape_is_refused() {
        for crit in [r#"["x"]"#, "[]", r#"["alg"]"#, r#""x""#, "null", r#"["exp"]"#] {
            let error = refused(&format!(r#"{{"alg":"RS256","crit":{crit}}}"#));
            assert!(matches!(error, TokenError::JoseHeader { parameter: "crit", .. }), "{crit}");
        }
    }

    #[test]
    fn t10_unencoded_payload_is_refused() {
        for header in [
            r#"{"alg":"RS256","b64":false}"#,
            r#"{"alg":"RS256","b64":true}"#,
            r#"{"alg":"RS256","b64":false,"crit":["b64"]}"#,
        ] {
            assert!(matches!(refused(header), TokenError::JoseHeader { .. }), "{header}");
        }
    }

    #[test]
    fn t12_t13_headers_that_name_keys_are_passed_over() {
        let header = r#"{"alg":"RS256","jku":"http://169.254.169.254/","x5u":"https://evil/","x5c":["MII"],"jwk":{"kty":"oct"},"x5t":1}"#;
        assert!(with_header(header).is_ok());
    }

    #[test]
    fn t16_kid_is_one_string_or_absent() {
        assert_eq!(with_header(r#"{"alg":"RS256","kid":"a"}"#).unwrap().kid.as_deref(), Some("a"));
        assert_eq!(with_header(r#"{"alg":"RS256"}"#).unwrap().kid, None);
        for kid in ["5", "[]", "null", "{}", "true", r#"["a"]"#] {
            let error = refused(&format!(r#"{{"alg":"RS256","kid":{kid}}}"#));
            assert!(matches!(error, TokenError::JoseHeader { parameter: "kid", .. }), "{kid}");
        }
        assert!(matches!(refused(r#"{"alg":"RS256","kid":"a","kid":"b"}"#), TokenError::Malformed(_)));
        assert!(matches!(refused(r#"{"alg":"RS256","alg":"RS256"}"#), TokenError::Malformed(_)));
    }

    #[test]
    fn t18_types_of_access_tokens_are_read_and_others_refused() {
        let typ = |typ: &str| with_header(&format!(r#"{{"alg":"RS256","typ":"{typ}"}}"#));
        for at in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+JWT"] {
            assert_eq!(typ(at).unwrap().typ, Type::AtJwt, "{at}");
        }
        assert_eq!(typ("JWT").unwrap().typ, Type::Jwt);
        for other in
            ["dpop+jwt", "logout+jwt", "secevent+jwt", "id+jwt", "JOSE", "", " JWT", "at+jwt ", "JWE"]
        {
            assert!(matches!(typ(other), Err(TokenError::Type(_))), "{other}");
        }
        for odd in ["null", "5", r#"["JWT"]"#] {
            assert!(with_header(&format!(r#"{{"alg":"RS256","typ":{odd}}}"#)).is_err(), "{odd}");
        }
    }

    #[test]
    fn t21_t22_encrypted_and_compressed_tokens_are_refused() {
        let jwe = format!("{}.AA.AA.AA.AA", b64(r#"{"alg":"RSA-OAEP","enc":"A256GCM","zip":"DEF"}"#));
        assert!(matches!(parse(&jwe), Err(TokenError::Malformed(_))));
        for (name, header) in
            [("zip", r#"{"alg":"RS256","zip":"DEF"}"#), ("enc", r#"{"alg":"RS256","enc":"A256GCM"}"#)]
        {
            assert!(matches!(refused(header), TokenError::JoseHeader { parameter, .. } if parameter == name));
        }
    }

    #[test]
    fn t45_a_token_is_at_most_16_kib() {
        let h = b64(r#"{"alg":"RS256"}"#);
        let of = |len: usize| format!("{h}.{}.AA", "A".repeat((len - h.len() - 4) / 4 * 4));
        assert!(parse(&of(MAX_CREDENTIAL_BYTES)).is_ok());
        for len in [17 * 1024, 1024 * 1024] {
            assert!(matches!(parse(&of(len)), Err(TokenError::TooLong { .. })), "{len}");
        }
    }

    #[test]
    fn t18_a_plain_jwt_passes_unless_the_issuer_demands_at_jwt() {
        for (typ, under_strict) in [(Type::AtJwt, true), (Type::Jwt, false), (Type::Absent, false)] {
            assert!(typ.check(false).is_ok());
            assert_eq!(typ.check(true).is_ok(), under_strict, "{typ:?}");
        }
    }
}
