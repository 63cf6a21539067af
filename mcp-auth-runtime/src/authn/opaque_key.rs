//! The one encoding of what belongs together: parts that cannot be told apart by where they end are one key.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// SHA-256 over the parts, each preceded by its length, so that no two lists of parts share a key: 43 characters of
/// base64url.
pub(crate) fn opaque_key(parts: &[&[u8]]) -> String {
    let mut hash = digest::Context::new(&digest::SHA256);
    for part in parts {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    URL_SAFE_NO_PAD.encode(hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_does_not_depend_on_where_one_part_ends_and_the_next_begins() {
        assert_ne!(opaque_key(&[b"ab", b"c"]), opaque_key(&[b"a", b"bc"]));
        assert_ne!(opaque_key(&[b"ab"]), opaque_key(&[b"ab", b""]));
        assert_eq!(opaque_key(&[b"ab", b"c"]).len(), 43);
    }
}
