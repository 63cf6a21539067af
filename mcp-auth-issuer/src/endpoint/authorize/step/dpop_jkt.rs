//! `dpop_jkt`: the key that the code is bound to (RFC 9449 §10).

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

use super::super::refusal::Refused;
use crate::request::Params;

/// The thumbprint of the key.
///
/// # Errors
/// [`Refused::Thumbprint`] for what is not the base64url of a SHA-256.
pub(in super::super) fn read(params: &Params) -> Result<Option<String>, Refused> {
    let is_thumbprint =
        |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).is_ok_and(|digest| digest.len() == 32);
    match params.get("dpop_jkt") {
        None => Ok(None),
        Some(jkt) if is_thumbprint(jkt) => Ok(Some(jkt.to_owned())),
        Some(_) => Err(Refused::Thumbprint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_named_by_its_whole_thumbprint() {
        let jkt = |text: &str| read(&Params::parse(&format!("dpop_jkt={text}")).unwrap());
        let good = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
        assert_eq!(jkt(good).unwrap().as_deref(), Some(good));
        assert_eq!(jkt("").unwrap(), None);
        for bad in ["short", &good[1..], &format!("{good}="), &good.replace('-', "%2B")] {
            assert!(matches!(jkt(bad), Err(Refused::Thumbprint)), "{bad}");
        }
    }
}
