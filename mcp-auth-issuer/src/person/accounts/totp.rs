//! One-time codes of an authenticator app: TOTP (RFC 6238) with SHA-1, 6 digits and 30 seconds, which every app has.

use aws_lc_rs::{constant_time, hmac};
use mcp_auth_core::SecretText;
use mcp_auth_core::ambient::Random;

use super::base32;

/// How long one code is shown, in seconds.
const STEP: u64 = 30;
/// The digits of a code.
pub(super) const DIGITS: usize = 6;
/// The bytes of a secret: as long as the output of SHA-1 (RFC 4226 §4).
const SECRET: usize = 20;

/// A new secret, in base32.
pub(super) fn new_secret(random: &dyn Random) -> SecretText {
    let mut bytes = [0; SECRET];
    random.fill(&mut bytes);
    SecretText::new(base32::written(&bytes))
}

/// The time step whose code this is, at `now` in Unix seconds: the current one, or the one before or after it, as clocks differ and people
/// type slowly (RFC 6238 §5.2).
pub(super) fn step_of(secret: &SecretText, code: &str, now: u64) -> Option<u64> {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &base32::read(secret.expose())?);
    let current = now / STEP;
    let steps = [current, current.saturating_sub(1), current.saturating_add(1)];
    let is_its = |step: &u64| {
        constant_time::verify_slices_are_equal(code_of(&key, *step).as_bytes(), code.as_bytes()).is_ok()
    };
    steps.into_iter().find(is_its)
}

/// The code of a time step (RFC 4226 §5.3).
fn code_of(key: &hmac::Key, step: u64) -> String {
    let tag = hmac::sign(key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let at = tag.last().map_or(0, |last| usize::from(last & 15));
    let mut four = [0; 4];
    for (byte, of_tag) in four.iter_mut().zip(tag.iter().skip(at)) {
        *byte = *of_tag;
    }
    let number = (u32::from_be_bytes(four) & 0x7fff_ffff) % 10_u32.pow(6);
    format!("{number:0DIGITS$}")
}

/// The code that an app shows at `now`.
#[cfg(test)]
pub(super) fn shown(secret: &SecretText, now: u64) -> String {
    let secret = base32::read(secret.expose()).unwrap();
    code_of(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &secret), now / STEP)
}

/// The `otpauth` URI by which an app takes the secret.
pub(super) fn uri(secret: &SecretText, server: &str, account: &str) -> String {
    let (server, account) = (encoded(server), encoded(account));
    format!(
        "otpauth://totp/{server}:{account}?secret={}&issuer={server}&algorithm=SHA1&digits={DIGITS}&period={STEP}",
        secret.expose()
    )
}

/// Percent-encoded, with every character that is not unreserved (RFC 3986 §2.3): apps do not read `+` as a space.
fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            true => encoded.push(char::from(byte)),
            false => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemRandom;

    use super::*;

    /// RFC 6238, Appendix B: the last six digits of its eight.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = SecretText::new(base32::written(b"12345678901234567890"));
        for (now, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(shown(&secret, now), code);
            assert_eq!(step_of(&secret, code, now), Some(now / STEP));
        }
    }

    #[test]
    fn a_code_is_good_one_step_early_and_one_late_and_no_longer() {
        let secret = new_secret(&SystemRandom);
        let code = shown(&secret, 3000);
        for now in [2970, 2999, 3000, 3029, 3059] {
            assert_eq!(step_of(&secret, &code, now), Some(100), "{now}");
        }
        for now in [2969, 3060] {
            assert_eq!(step_of(&secret, &code, now), None, "{now}");
        }
        for bad in ["", "0", &code[1..], &format!("{code}0"), "abcdef"] {
            assert_eq!(step_of(&secret, bad, 3000), None, "{bad}");
        }
        assert_eq!(step_of(&SecretText::new("not base32"), &code, 3000), None);
        assert_eq!(step_of(&new_secret(&SystemRandom), &code, 3000), None);
    }

    #[test]
    fn the_uri_names_server_and_account_whatever_is_in_their_names() {
        let uri = uri(&SecretText::new("KEY"), "my todos", "a:b&c \u{e4}");
        assert_eq!(
            uri,
            "otpauth://totp/my%20todos:a%3Ab%26c%20%C3%A4?secret=KEY&issuer=my%20todos&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(new_secret(&SystemRandom).expose().len(), 32);
    }
}
