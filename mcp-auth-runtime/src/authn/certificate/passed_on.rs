//! How a proxy at which TLS ends writes the certificate of its client into a header.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::fault::CertificateFault;
use super::thumbprint::CertificateThumbprint;

/// The longest header that is read, in bytes. A certificate of an RSA key of 4096 bits has about 2 KB, three times that where
/// each byte is escaped.
const MAX_HEADER_BYTES: usize = 32 * 1024;
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
const END: &[u8] = b"-----END CERTIFICATE-----";
/// RFC 8941 §4.2.7: whoever writes a byte sequence may leave out its padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// How a certificate stands in a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum CertificateFormat {
    /// Its DER as a byte sequence between colons (RFC 9440 §2.1).
    #[default]
    Rfc9440,
    /// PEM, percent-encoded: `$ssl_client_escaped_cert` of nginx.
    UrlPem,
}

impl CertificateFormat {
    /// The thumbprint of the certificate in the value of a header; `None` where it says that there was none: an empty value, or,
    /// by RFC 9440, an empty byte sequence.
    ///
    /// # Errors
    /// [`CertificateFault::TooLong`] and [`CertificateFault::Malformed`]. Several certificates are malformed.
    pub(crate) fn read(self, value: &[u8]) -> Result<Option<CertificateThumbprint>, CertificateFault> {
        if value.len() > MAX_HEADER_BYTES {
            return Err(CertificateFault::TooLong { max: MAX_HEADER_BYTES });
        }
        let value = value.trim_ascii();
        let der = match self {
            _ if value.is_empty() => return Ok(None),
            Self::Rfc9440 if value == b"::" => return Ok(None),
            Self::Rfc9440 => byte_sequence(value),
            Self::UrlPem => unescaped(value).as_deref().and_then(one_of_pem),
        };
        let der = der.filter(|der| is_one_sequence(der)).ok_or(CertificateFault::Malformed)?;
        Ok(Some(CertificateThumbprint::of(&der)))
    }
}

/// `:` base64 `:` (RFC 8941 §3.3.5), and no parameters, of which RFC 9440 has none.
fn byte_sequence(value: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(value.strip_prefix(b":")?.strip_suffix(b":")?).ok()
}

/// Percent-decoded (RFC 3986 §2.1). A `+` is one: it stands in base64, and AWS does not escape it.
fn unescaped(value: &[u8]) -> Option<Vec<u8>> {
    let mut decoded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        decoded.push(match byte {
            b'%' => {
                let (digits, after) = rest.split_first_chunk::<2>()?;
                rest = after;
                hex(digits[0])? << 4 | hex(digits[1])?
            }
            byte => byte,
        });
    }
    Some(decoded)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| value.try_into().ok())
}

/// The one certificate of a PEM text (RFC 7468 §5). Between two there is a `-`, which base64 does not have.
fn one_of_pem(text: &[u8]) -> Option<Vec<u8>> {
    let inner = text.trim_ascii().strip_prefix(BEGIN)?.strip_suffix(END)?;
    let inner: Vec<u8> = inner.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(inner).ok()
}

/// Whether these bytes are one DER SEQUENCE and nothing after it, as every certificate is (RFC 5280 §4.1). Whoever read another
/// thing from them would see another certificate than the one that was hashed.
fn is_one_sequence(der: &[u8]) -> bool {
    let [0x30, length, rest @ ..] = der else { return false };
    let (length, rest) = match *length {
        short @ 0..=0x7f => (usize::from(short), rest),
        0x81 => match rest {
            [length @ 0x80..=0xff, rest @ ..] => (usize::from(*length), rest),
            _ => return false,
        },
        0x82 => match rest {
            [high @ 1..=0xff, low, rest @ ..] => (usize::from(*high) << 8 | usize::from(*low), rest),
            _ => return false,
        },
        _ => return false, // longer than a header
    };
    length > 0 && rest.len() == length
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::CertificateFormat::{Rfc9440, UrlPem};
    use super::*;

    /// The client certificate of RFC 9440, appendix A.
    const OF_THE_RFC: &str = ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk0wmuydBVoU4hBVZ1yhk=:";

    /// A SEQUENCE of one OCTET STRING of this length, below 256.
    fn der(length: u8) -> Vec<u8> {
        let inner = [&[0x04, 0x81, length][..], &vec![0xab; length.into()]].concat();
        let size = u16::try_from(inner.len()).unwrap().to_be_bytes();
        let header: &[u8] = match size {
            [0, low @ 0..=0x7f] => &[0x30, low],
            [0, low] => &[0x30, 0x81, low],
            [high, low] => &[0x30, 0x82, high, low],
        };
        [header, &inner].concat()
    }

    fn sequence(der: &[u8]) -> String {
        format!(":{}:", STANDARD.encode(der))
    }

    fn pem(der: &[u8]) -> String {
        let lines = STANDARD.encode(der);
        let lines: Vec<&str> =
            lines.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// As nginx escapes: all but the unreserved characters of RFC 3986.
    fn escaped(text: &str) -> String {
        let escape = |byte: u8| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        text.bytes().map(escape).collect()
    }

    fn read(
        format: CertificateFormat,
        value: &str,
    ) -> Result<Option<CertificateThumbprint>, CertificateFault> {
        format.read(value.as_bytes())
    }

    #[test]
    fn the_example_of_rfc_9440_is_read_and_its_thumbprint_is_of_its_der() {
        let der = STANDARD.decode(OF_THE_RFC.trim_matches(':')).unwrap();
        let expected = Ok(Some(CertificateThumbprint::of(&der)));
        assert_eq!(read(Rfc9440, OF_THE_RFC), expected);
        assert_eq!(read(Rfc9440, &format!("  {OF_THE_RFC}\t")), expected);
        assert_eq!(read(Rfc9440, &OF_THE_RFC.replace('=', "")), expected, "without padding");
        assert_eq!(read(UrlPem, &escaped(&pem(&der))), expected);
    }

    #[test]
    fn both_formats_say_the_same_certificate_of_every_length() {
        for length in [1, 2, 3, 100, 0x7c, 0x7d, 0x80, 0xfc, 0xfd, 0xff] {
            let der = der(length);
            let expected = Ok(Some(CertificateThumbprint::of(&der)));
            assert_eq!(read(Rfc9440, &sequence(&der)), expected, "{length}");
            assert_eq!(read(UrlPem, &escaped(&pem(&der))), expected, "{length}");
        }
    }

    #[test]
    fn pem_may_be_escaped_as_nginx_or_as_aws_does_and_in_any_lines() {
        let der = [der(0xfb), der(0xfb)].concat();
        let der = [&[0x30, 0x82, 0x02, 0x02][..], &der].concat();
        let expected = Ok(Some(CertificateThumbprint::of(&der)));
        let text = pem(&der);
        let aws = escaped(&text).replace("%2B", "+").replace("%3D", "=").replace("%2F", "/");
        let one_line = text.replacen("\n", "\u{1}", 1).replace('\n', "").replace('\u{1}', "\n");
        for form in [
            escaped(&text),
            aws,
            escaped(&text.replace('\n', "\r\n")),
            escaped(&one_line),
            escaped(text.trim()),
        ] {
            assert_eq!(read(UrlPem, &form), expected, "{form}");
        }
        assert_eq!(read(UrlPem, &escaped(&text).replace("%2B", "%2b").replace("%0A", "%0a")), expected);
    }

    #[test]
    fn an_empty_header_says_that_there_was_no_certificate() {
        for (format, empty) in [(Rfc9440, ""), (Rfc9440, "  "), (Rfc9440, "::"), (UrlPem, ""), (UrlPem, " ")]
        {
            assert_eq!(read(format, empty), Ok(None), "{format:?} {empty:?}");
        }
    }

    #[test]
    fn h43_what_is_not_one_certificate_in_its_format_is_malformed() {
        let der = der(100);
        let one = sequence(&der);
        let (bare, two) = (STANDARD.encode(&der), [&der[..], &der].concat());
        let rfc9440 = [
            bare.clone(),
            format!(":{bare}"),
            format!("{bare}:"),
            format!("{one}, {one}"),
            format!("{one},{one}"),
            format!("{one};x=1"),
            format!("\"{bare}\""),
            format!(":{}:", &bare[1..]),
            format!(":{}!:", &bare[..bare.len() - 1]),
            format!(":{} {}:", &bare[..8], &bare[8..]),
            format!(":{}:", bare.replace('q', "-")),
            ":".to_owned(),
            ":=:".to_owned(),
            ":::".to_owned(),
            sequence(&two),
            sequence(&der[..der.len() - 1]),
            sequence(b"not DER"),
            sequence(&[0x30, 0]),
            sequence(&[0x30, 0x80, 0, 0]),
            sequence(&[0x30, 0x81, 1, 5]),
            sequence(&[0x31, 1, 5]),
            escaped(&pem(&der)),
            "\u{e9}".to_owned(),
        ];
        for bad in rfc9440 {
            assert_eq!(read(Rfc9440, &bad), Err(CertificateFault::Malformed), "{bad}");
        }
        let (text, good) = (pem(&der), escaped(&pem(&der)));
        let url_pem = [
            one,
            bare.clone(),
            escaped(&bare),
            escaped(&format!("{text}{text}")),
            escaped(&format!("{text},{text}")),
            escaped(&pem(&two)),
            escaped(&format!("{text}x")),
            escaped(&format!("x{text}")),
            escaped(&text.replace("CERTIFICATE", "TRUSTED CERTIFICATE")),
            escaped(&text.replace("CERTIFICATE", "PUBLIC KEY")),
            good.replace("%20", "+"),
            format!("{good}%"),
            format!("{good}%0"),
            good.replacen("%0A", "%0G", 1),
            good.replacen("%0A", "%+A", 1),
            good.replacen("%0A", "%00", 1),
            good[..good.len() / 2].to_owned(),
            "-----BEGIN%20CERTIFICATE-----".to_owned(),
            "-----BEGIN%20CERTIFICATE-----%0A-----END%20CERTIFICATE-----".to_owned(),
            "%".to_owned(),
        ];
        for bad in url_pem {
            assert_eq!(read(UrlPem, &bad), Err(CertificateFault::Malformed), "{bad}");
        }
    }

    #[test]
    fn h43_a_header_that_is_too_long_is_not_read() {
        let long = format!(":{}:", "A".repeat(MAX_HEADER_BYTES - 1));
        for format in [Rfc9440, UrlPem] {
            assert_eq!(read(format, &long), Err(CertificateFault::TooLong { max: MAX_HEADER_BYTES }));
            assert_eq!(read(format, &long[1..]), Err(CertificateFault::Malformed));
        }
    }
}
