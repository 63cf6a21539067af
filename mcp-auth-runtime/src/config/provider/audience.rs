//! What `aud` stands for at a provider where it does not name one server: tokens for other servers have it too.

use std::fmt;

use super::list::ProviderName;
use super::provider::Provider;
use crate::authn::Aud;

/// One kind of `aud` that is wider than a server.
#[derive(Debug)]
pub(super) struct Wide {
    /// Which `aud`.
    pub(super) aud: Aud,
    /// What it stands for.
    pub(super) is: &'static str,
}

/// What an `aud` stands for at its provider.
#[derive(Debug, Clone, Copy)]
pub struct WideAudience {
    /// The provider.
    pub provider: &'static Provider,
    /// What it stands for there, such as "the whole project".
    pub stands_for: &'static str,
}

/// What `aud` (`None`: absent) stands for, if it is wider than one server: at the provider that the operator named, else
/// at the one whose issuer identifiers look like `issuer`, else at the one that alone has such a value.
pub fn wide_audience(named: Option<ProviderName>, issuer: &str, aud: Option<&str>) -> Option<WideAudience> {
    let at = |provider: &'static Provider| {
        let wide = provider.wide.iter().find(|wide| wide.aud.means(aud))?;
        Some(WideAudience { provider, stands_for: wide.is })
    };
    if let Some(known) = named.or_else(|| ProviderName::of_issuer(issuer)) {
        return at(known.provider());
    }
    let telling =
        |wide: &WideAudience| wide.provider.wide.iter().any(|of| of.aud.is_telling() && of.aud.means(aud));
    ProviderName::all().filter_map(|name| at(name.provider())).find(telling)
}

/// As the page writes it.
impl fmt::Display for Wide {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.aud {
            Aud::Is(value) => write!(f, "An `aud` of `{value}` stands for {}.", self.is),
            Aud::Begins(start) => write!(f, "An `aud` that begins with `{start}` stands for {}.", self.is),
            Aud::Other => write!(f, "An `aud` that is not a URL stands for {}.", self.is),
            Aud::Absent => write!(f, "No `aud` at all stands for {}.", self.is),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(named: Option<&str>, issuer: &str, aud: Option<&str>) -> Option<(&'static str, &'static str)> {
        let named = named.map(|name| name.parse().unwrap());
        wide_audience(named, issuer, aud).map(|wide| (wide.provider.name, wide.stands_for))
    }

    #[test]
    fn what_stands_for_a_whole_project_is_known_by_provider_issuer_or_value_and_a_servers_own_url_is_not() {
        let supabase = Some(("supabase", "the whole project"));
        assert_eq!(told(None, "https://abc.supabase.co/auth/v1", Some("authenticated")), supabase);
        assert_eq!(told(None, "https://auth.acme.io/auth/v1", Some("authenticated")), supabase);
        assert_eq!(told(Some("supabase"), "https://auth.acme.io/auth/v1", Some("authenticated")), supabase);
        assert_eq!(told(Some("auth0"), "https://abc.supabase.co/auth/v1", Some("authenticated")), None);
        let okta = "https://acme.okta.com/oauth2/default";
        assert!(told(None, okta, Some("api://default")).unwrap().1.contains("until you set its audience"));
        assert!(told(None, okta, Some("api://todos")).unwrap().1.contains("one audience for all"));
        assert_eq!(told(None, okta, Some("https://todos.acme.io/mcp")), None);
        let pool = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi";
        assert_eq!(told(None, pool, None).unwrap().0, "cognito");
        assert_eq!(told(None, "https://login.acme.io", None), None);
        assert_eq!(told(None, "https://login.acme.io", Some("a-client")), None, "nothing says whose it is");
        assert_eq!(
            told(Some("authentik"), "https://login.acme.io", Some("a-client")).unwrap().0,
            "authentik"
        );
    }
}
