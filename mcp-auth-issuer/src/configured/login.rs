//! `[issuer] login`: how people log in.

use mcp_auth_core::Acr;
use mcp_auth_runtime::config::accounts::{Accounts, Passkeys, SecondFactor};
use mcp_auth_runtime::config::issuer::{BuiltInIssuer, IssuerLogin};
use mcp_auth_runtime::config::own_login::OwnLogin;
use mcp_auth_runtime::config::{AcrValue, Config, UpstreamName};

use super::ConfiguredError;
use super::upstreams::upstream;
use crate::options::LoginOptions;
use crate::person::accounts::{AccountsOptions, PasskeysPolicy, SecondFactorPolicy};
use crate::person::own::{AnswerKey, InvalidKey, OwnLoginCheck, OwnLoginOptions, SharedKey};
use crate::person::upstream::UpstreamOptions;

/// How people log in.
pub(super) fn login(config: &Config, issuer: &BuiltInIssuer) -> Result<LoginOptions, ConfiguredError> {
    match &issuer.login {
        IssuerLogin::Development => Ok(LoginOptions::Development),
        IssuerLogin::Accounts => Ok(LoginOptions::Accounts(accounts(&issuer.accounts))),
        IssuerLogin::Own => {
            let own = issuer.own_login.as_ref().ok_or(ConfiguredError::NoTable("issuer.own_login".into()))?;
            Ok(LoginOptions::Own(Box::new(own_login(config, own)?)))
        }
        IssuerLogin::Upstream(name) => {
            let table = config.upstreams.get(name);
            let table = table.ok_or_else(|| ConfiguredError::NoTable(format!("upstreams.{name}")))?;
            Ok(LoginOptions::Upstream(Box::new(upstream(config, name, table)?)))
        }
    }
}

/// The providers at which nobody logs in: people connect accounts there.
pub(super) fn connections(
    config: &Config,
    issuer: &BuiltInIssuer,
) -> Result<Vec<UpstreamOptions>, ConfiguredError> {
    let is_login =
        |name: &UpstreamName| matches!(&issuer.login, IssuerLogin::Upstream(login) if login == name);
    let others = config.upstreams.iter().filter(|(name, _)| !is_login(name));
    others.map(|(name, table)| upstream(config, name, table)).collect()
}

fn accounts(accounts: &Accounts) -> AccountsOptions {
    let most = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    AccountsOptions {
        attempts_per_account: most(accounts.attempts_per_account.get()),
        attempts_per_address: most(accounts.attempts_per_address.get()),
        second_factor: match accounts.second_factor {
            SecondFactor::Optional => SecondFactorPolicy::Optional,
            SecondFactor::Required => SecondFactorPolicy::Required,
        },
        passkeys: match accounts.passkeys {
            Passkeys::Auto => PasskeysPolicy::WherePossible,
            Passkeys::On => PasskeysPolicy::On,
            Passkeys::Off => PasskeysPolicy::Off,
        },
    }
}

fn own_login(config: &Config, own: &OwnLogin) -> Result<OwnLoginOptions, ConfiguredError> {
    let key = match (&own.key, &own.jwks) {
        (Some(key), _) => AnswerKey::shared(SharedKey::new(&config.secret(key).read()?)?),
        (None, Some(jwks)) => AnswerKey::public(config.jwk_set_keys(jwks)?)?,
        (None, None) => return Err(InvalidKey::None.into()),
    };
    let check = match (&own.check_url, &own.check_secret) {
        (Some(url), Some(secret)) => {
            Some(OwnLoginCheck { url: (**url).clone(), secret: config.secret(secret).read()? })
        }
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(ConfiguredError::HalfOfCheck),
    };
    let issuer = own.issuer.as_ref().map(|issuer| issuer.as_str().to_owned());
    let acr_values = acrs(&own.acr_values);
    Ok(OwnLoginOptions { url: (*own.url).clone(), key, issuer, check, acr_values })
}

pub(super) fn acrs(values: &[AcrValue]) -> Vec<Acr> {
    values.iter().map(|value| value.acr().clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::IssuerOptions;

    #[test]
    fn the_public_keys_of_an_application_are_a_set_or_a_file_of_one() {
        let jwk = crate::key::SigningKey::generate().unwrap().public_jwk();
        let members = jwk.as_object().unwrap().iter();
        let inline = members.map(|(name, value)| format!("{name} = {value}")).collect::<Vec<_>>().join(", ");
        let configured = |jwks: &str| {
            let text = format!(
                "[issuer]\nlogin = \"own\"\n[issuer.own_login]\nurl = \"https://app.example/login\"\n{jwks}"
            );
            let config = Config::from_toml_str(&text).unwrap();
            IssuerOptions::configured(&config, config.built_in_issuer().unwrap())
        };
        let options = configured(&format!("jwks = {{ keys = [{{ {inline} }}] }}")).unwrap();
        let LoginOptions::Own(own) = options.login else { panic!("{:?}", options.login) };
        assert!(format!("{:?}", own.key).contains(jwk["x"].as_str().unwrap()), "{:?}", own.key);
        for (bad, why) in [
            ("jwks = { keys = [] }", "none of its keys"),
            ("jwks = \"file:none.json\"", "cannot be read"),
            ("", "there is no public key"),
        ] {
            let error = configured(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
    }

    #[test]
    fn every_key_of_the_own_login_is_an_option() {
        let text = "[issuer]\nlogin = \"own\"\n[issuer.own_login]\nurl = \"https://app.example/login\"\nkey = \"env:KEY\"\n\
                    issuer = \"the app\"\ncheck_url = \"https://app.example/check\"\ncheck_secret = \"env:CHECK\"\n\
                    acr_values = [\"gold\", \"silver\"]";
        let configured = |key: &str| {
            let process = mcp_auth_runtime::config::ProcessContext::empty();
            let process = process.variable("KEY", key).variable("CHECK", "a secret for asking");
            let config = Config::builder().process(process).toml(text).build().unwrap();
            IssuerOptions::configured(&config, config.built_in_issuer().unwrap())
        };
        let options = configured("a-secret-of-at-least-thirty-two-bytes").unwrap();
        let LoginOptions::Own(own) = options.login else { panic!("{:?}", options.login) };
        assert_eq!((own.url.as_str(), own.issuer.as_deref()), ("https://app.example/login", Some("the app")));
        assert_eq!(own.acr_values.iter().map(Acr::as_str).collect::<Vec<_>>(), ["gold", "silver"]);
        let check = own.check.unwrap();
        assert_eq!(
            (check.url.as_str(), check.secret.expose()),
            ("https://app.example/check", "a secret for asking")
        );
        assert!(
            configured("short").unwrap_err().to_string().starts_with("issuer.own_login: the key has less")
        );
    }
}
