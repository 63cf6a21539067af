//! `[[issuer.assertions]]`: whose assertions are trusted, and with what.

use mcp_auth_runtime::config::Config;
use mcp_auth_runtime::config::issuer::{AssertionKind, IssuerAssertions, IssuerWorkload};
use mcp_auth_runtime::facade::KeySource;

use super::ConfiguredError;
use crate::assertion::{AssertionOptions, AssertionProfile, Workload};

/// An issuer of `[[issuer.assertions]]`.
pub(super) fn asserted(config: &Config, one: &IssuerAssertions) -> Result<AssertionOptions, ConfiguredError> {
    let keys = match (&one.jwks, &one.jwks_uri) {
        (Some(jwks), _) => {
            let set = config.jwk_set(jwks)?;
            let issuer = || one.identifier().as_str().to_owned();
            let set = serde_json::from_str(&set)
                .map_err(|why| ConfiguredError::AssertionKeys { issuer: issuer(), why })?;
            KeySource::Static(set)
        }
        (None, Some(uri)) => KeySource::JwksUri(uri.url().clone()),
        (None, None) => KeySource::Discovery,
    };
    let workload = |workload: &IssuerWorkload| Workload {
        client_id: workload.client_id.as_str().to_owned(),
        subject: workload.subject.as_str().to_owned(),
        require_claims: workload.claim_rules(),
        scopes: workload.scopes(),
    };
    Ok(AssertionOptions {
        issuer: one.identifier().clone(),
        keys,
        profile: match one.profile {
            AssertionKind::IdJag => AssertionProfile::IdJag,
            AssertionKind::Workload => {
                AssertionProfile::Workload(one.workloads.iter().map(workload).collect())
            }
        },
        max_lifetime: one.longest(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Map, Value};

    use super::*;
    use crate::options::IssuerOptions;

    #[test]
    fn an_issuer_of_assertions_is_trusted_as_its_table_says() {
        let keys = crate::key::SigningKey::generate().unwrap().public_jwk();
        let members = keys.as_object().unwrap().iter();
        let key = members.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ");
        let text = format!(
            "[[issuer.assertions]]\nissuer = \"https://idp.example\"\nprofile = \"id-jag\"\n\
             [[issuer.assertions]]\nissuer = \"https://other.example\"\nprofile = \"id-jag\"\nmax_lifetime = \"1m\"\n\
             jwks_uri = \"https://other.example/keys\"\n\
             [[issuer.assertions]]\nissuer = \"https://ci.example\"\nprofile = \"workload\"\n\
             jwks = {{ keys = [{{ {key} }}] }}\n\
             workloads = [{{ client_id = \"deploy\", subject = \"repo:a\", require_claims = {{ owner = \"1\" }}, \
             scopes = [\"a\"], claims = {{ team = \"x\" }} }}]"
        );
        let config = Config::from_toml_str(&text).unwrap();
        let options = IssuerOptions::configured(&config, config.built_in_issuer().unwrap()).unwrap();
        options.check(|_| true).unwrap();
        let [idp, other, ci] = options.assertions.as_slice() else { panic!("three issuers") };
        assert!(matches!((&idp.profile, &idp.keys), (AssertionProfile::IdJag, KeySource::Discovery)));
        assert_eq!(
            (idp.issuer.as_str(), idp.max_lifetime),
            ("https://idp.example", Duration::from_secs(300))
        );
        assert!(matches!(&other.keys, KeySource::JwksUri(uri) if uri.path() == "/keys"));
        assert_eq!(other.max_lifetime, Duration::from_secs(60));
        assert_eq!(ci.max_lifetime, Duration::from_secs(3600));
        let KeySource::Static(set) = &ci.keys else { panic!("keys") };
        assert_eq!(set["keys"][0], keys);
        let AssertionProfile::Workload(workloads) = &ci.profile else { panic!("workloads") };
        let deploy = &workloads[0];
        assert_eq!((&*deploy.client_id, &*deploy.subject), ("deploy", "repo:a"));
        assert_eq!(deploy.scopes.to_string(), "a");
        let claims = |owner: &str| Map::from_iter([("owner".to_owned(), Value::from(owner))]);
        assert!(deploy.require_claims.pass(&claims("1")) && !deploy.require_claims.pass(&claims("2")));
        assert_eq!(options.claims["deploy"]["team"], "x");
    }
}
