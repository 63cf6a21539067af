//! Whose an issuer identifier looks to be, where nobody names the provider.

use super::list::ProviderName;
use crate::authn::looks_like;

impl ProviderName {
    /// The provider whose issuer identifiers look like this one. For words only: who wrote the identifier is not checked,
    /// and a provider that runs at addresses of its customers is not recognized there.
    pub fn of_issuer(issuer: &str) -> Option<Self> {
        let is_of_the_web = issuer.starts_with("https://") || issuer.starts_with("http://");
        Self::all()
            .filter(|_| is_of_the_web)
            .find(|name| name.provider().at.iter().any(|pattern| looks_like(pattern, issuer)))
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
