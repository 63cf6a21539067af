//! Whose an issuer identifier looks to be, where nobody names the provider.

use super::list::ProviderName;

impl ProviderName {
    /// The provider whose issuer identifiers look like this one. For words only: who wrote the identifier is not checked,
    /// and a provider that runs at addresses of its customers is not recognized there.
    pub fn of_issuer(issuer: &str) -> Option<Self> {
        let (scheme, rest) = issuer.split_once("://")?;
        let is_of_the_web = matches!(scheme, "https" | "http");
        Self::all().filter(|_| is_of_the_web).find(|name| {
            name.provider().at.iter().any(|pattern| looks_like(pattern.as_bytes(), rest.as_bytes()))
        })
    }
}

/// Whether the text is of the pattern, in which `*` stands for some text without a slash.
fn looks_like(pattern: &[u8], text: &[u8]) -> bool {
    match pattern {
        [] => text.is_empty(),
        [b'*', rest @ ..] => {
            let most = text.iter().position(|byte| *byte == b'/').unwrap_or(text.len());
            (1..=most).any(|taken| looks_like(rest, &text[taken..]))
        }
        [byte, rest @ ..] => text.first() == Some(byte) && looks_like(rest, &text[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(issuer: &str) -> Option<&'static str> {
        ProviderName::of_issuer(issuer).map(|name| name.provider().name)
    }

    #[test]
    fn every_example_of_a_provider_with_addresses_of_its_own_is_known_as_its_own_alone() {
        for provider in ProviderName::all().map(ProviderName::provider) {
            for issuer in provider.issuer.split('"').skip(1).step_by(2) {
                let known = of(issuer);
                match provider.at {
                    [] => assert_eq!(known, None, "{issuer}"),
                    _ => assert_eq!(known, Some(provider.name), "{issuer}"),
                }
            }
        }
    }

    #[test]
    fn an_issuer_that_only_holds_the_name_of_a_provider_is_not_taken_for_it() {
        for other in [
            "https://example.com/x.auth0.com/",
            "https://auth0.com.example.org/",
            "https://x.auth0.com",
            "https://.auth0.com/",
            "ftp://x.auth0.com/",
            "x.auth0.com/",
            "https://login.microsoftonline.com/a/b/v2.0",
            "https://abc.supabase.co/auth/v1/more",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(of("https://idp.example/auth/realms/todos"), Some("keycloak"));
    }
}
