//! Removes tokens from text, because a server may repeat in an error what it was sent.

use mcp_auth_core::SecretText;

/// Shorter parts of a token are not secret, and may be common words.
const SHORTEST_SECRET: usize = 8;

/// Removes tokens, and every part of them, from a text.
#[derive(Clone, Default)]
pub(crate) struct Scrubber(Vec<String>);

impl Scrubber {
    /// Makes a scrubber for these tokens, whole and in their parts between dots.
    pub(crate) fn of<'a>(tokens: impl IntoIterator<Item = &'a SecretText>) -> Self {
        let secrets = tokens.into_iter().map(SecretText::expose).flat_map(|token| {
            let parts = token.split('.').filter(|part| part.len() >= SHORTEST_SECRET);
            std::iter::once(token).chain(parts)
        });
        Self(secrets.filter(|secret| !secret.is_empty()).map(str::to_owned).collect())
    }

    pub(crate) fn clean(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[token]"))
    }
}

impl std::fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scrubber")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_token_nor_a_part_of_it_comes_back() {
        let token = SecretText::new("headerheader.payloadpayload.signaturesignature");
        let echoed = "bad token headerheader.payloadpayload.signaturesignature (signaturesignature)";
        assert_eq!(Scrubber::of([&token]).clean(echoed), "bad token [token] ([token])");
        assert_eq!(Scrubber::of([]).clean("as it was"), "as it was");
        assert_eq!(Scrubber::of([&SecretText::new("")]).clean("as it was"), "as it was");
    }
}
