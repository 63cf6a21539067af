//! Signatures of tokens, verified and nothing more: what no server can leave out for a token that it has not seen.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::signature::ParsedPublicKey;
use mcp_auth_bench::raw;
use mcp_auth_runtime::facade::Algorithm;

use super::Error;

/// How many different tokens are taken in turn: more than a processor remembers its way through.
const TOKENS: usize = 2_000;

/// Signed tokens of one key.
pub(super) struct Signatures {
    key: ParsedPublicKey,
    signed: Vec<(String, Vec<u8>)>,
    next: AtomicUsize,
}

impl Signatures {
    /// Those that `bench-load mint` made.
    pub(super) fn read(keys: &str, algorithm: Algorithm) -> Result<Self, Error> {
        let file = |end: &str| Path::new(keys).join(format!("{}.{end}", algorithm.name().to_lowercase()));
        let tokens = fs::read_to_string(file("txt"))?;
        let signed = tokens.lines().take(TOKENS).map(|token| {
            let (signed, signature) = raw::parts(token)?;
            Ok((signed.to_owned(), signature))
        });
        let signed = signed.collect::<Result<Vec<_>, Error>>()?;
        if signed.is_empty() {
            return Err(format!("no token in {}", file("txt").display()).into());
        }
        Ok(Self { key: raw::key(algorithm, &fs::read(file("key"))?)?, signed, next: AtomicUsize::new(0) })
    }

    /// Whether the next one is good; each is.
    pub(super) fn verify_next(&self) -> bool {
        let (signed, signature) = &self.signed[self.next.fetch_add(1, Ordering::Relaxed) % self.signed.len()];
        self.key.verify_sig(signed.as_bytes(), signature).is_ok()
    }
}
