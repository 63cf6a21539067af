//! How issuer identifiers look.

/// Whether an issuer identifier, its scheme left aside, is of a pattern, in which `*` stands for some text without a slash.
/// For words only: nothing is trusted because it looks so.
pub(crate) fn looks_like(pattern: &str, issuer: &str) -> bool {
    let rest = issuer.strip_prefix("https://").or_else(|| issuer.strip_prefix("http://"));
    is_of(pattern.as_bytes(), rest.unwrap_or(issuer).as_bytes())
}

fn is_of(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => {
            let most = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
            (1..=most).any(|taken| is_of(rest, &text[taken..]))
        }
        [byte, rest @ ..] => text.first() == Some(byte) && is_of(rest, &text[1..]),
    }
}
