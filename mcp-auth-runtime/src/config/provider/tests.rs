//! Every preset: what it sets can be read, and what it shows starts a server.

use super::fill::value;
use super::list::ProviderName;
use crate::authn::Hint;
use crate::config::load::process::ProcessContext;
use crate::config::section::schema::Node;
use crate::config::{Config, ConfigError};

fn load(text: &str) -> Result<Config, ConfigError> {
    let names = text.split("\"env:").skip(1).filter_map(|rest| rest.split('"').next());
    let process =
        names.fold(ProcessContext::empty(), |process, name| process.variable(name, "not-a-real-secret"));
    Config::builder().process(process).toml(text).build()
}

/// Why a server with this text does not start.
fn reasons(text: &str) -> Vec<String> {
    let checked = load(text).and_then(|config| config.check_alone());
    checked.err().map(|error| error.reasons()).unwrap_or_default()
}

#[test]
fn every_example_starts_a_server_with_and_without_what_is_only_for_some() {
    for provider in ProviderName::all().map(ProviderName::provider) {
        let text = provider.example();
        assert_eq!(reasons(&text), Vec::<String>::new(), "{}:\n{text}", provider.name);
        let whole = text.replace("\n#", "\n");
        assert_eq!(reasons(&whole), Vec::<String>::new(), "{}:\n{whole}", provider.name);
    }
}

#[test]
fn what_a_preset_sets_stops_no_start_where_it_does_nothing() {
    let asked = "[auth.issuers.introspection]\ntokens = \"all\"\nauth = \"basic\"\nclient_id = \"rs\"\n\
                 client_secret = \"env:SECRET\"\n";
    for provider in ProviderName::all().map(ProviderName::provider) {
        let example = provider.example();
        let first = provider.issuer.split('"').nth(1).unwrap();
        let one_name = example.replace(provider.issuer, &format!("{first:?}"));
        let without = one_name.split("[auth.issuers.introspection]").next().unwrap();
        assert_eq!(reasons(&one_name), Vec::<String>::new(), "{}:\n{one_name}", provider.name);
        let beside = format!("{}\n{asked}", without.trim_end_matches('#'));
        // What the operator wrote may be refused there; what nobody wrote may not.
        let mut refused = reasons(&beside);
        refused.retain(|reason| reason.contains("(not set)"));
        assert_eq!(refused, Vec::<String>::new(), "{}:\n{beside}", provider.name);
    }
}

#[test]
fn every_key_that_a_preset_sets_or_asks_for_is_one_and_its_value_can_be_read() {
    let issuer = ["auth", "issuers", "0"];
    for provider in ProviderName::all().map(ProviderName::provider) {
        let stated = provider.states.iter().filter(|states| !states.key.starts_with("auth."));
        for key in provider.sets.iter().map(|sets| sets.key).chain(stated.map(|states| states.key)) {
            let path = issuer.into_iter().chain(key.split('.'));
            let mut node = Some(Node::root());
            for step in path {
                node = node.and_then(|node| node.items().or_else(|| node.key(step)));
            }
            assert!(node.is_some(), "{}: {key}", provider.name);
        }
        for sets in provider.sets {
            assert!(value(sets, "https://a.example").is_some(), "{}: {}", provider.name, sets.key);
        }
    }
}

#[test]
fn what_only_the_operator_knows_has_to_be_stated() {
    for provider in ProviderName::all().map(ProviderName::provider) {
        for (key, _, _) in provider.needed() {
            let own = key.rsplit('.').next().unwrap();
            let text: String = provider
                .example()
                .lines()
                .filter(|line| line.split(' ').next() != Some(own))
                .fold(String::new(), |text, line| text + line + "\n");
            let reasons = reasons(&text);
            assert!(
                reasons
                    .iter()
                    .any(|reason| reason.contains(&format!("{key} is missing")) || reason.contains(own)),
                "{}: {key}: {reasons:?}",
                provider.name
            );
        }
    }
}

#[test]
fn what_the_operator_wrote_stays_and_only_the_rest_is_set() {
    let text = |more: &str| {
        format!(
            "[[auth.issuers]]\nprovider = \"okta\"\nissuer = \"https://a.okta.com/oauth2/default\"\naudience = \"x\"\n{more}"
        )
    };
    let config = load(&text("")).unwrap();
    assert_eq!(config.auth.issuers[0].scope_claims.iter().map(|c| c.as_str()).collect::<Vec<_>>(), ["scp"]);
    let config = load(&text("scope_claims = [\"scope\"]\nalgorithms = [\"ES256\"]\n")).unwrap();
    let issuer = &config.auth.issuers[0];
    assert_eq!(issuer.scope_claims.iter().map(|c| c.as_str()).collect::<Vec<_>>(), ["scope"]);
    assert_eq!(format!("{:?}", issuer.algorithms.as_ref().map(|only| only.to_vec())), "Some([Es256])");
    // Without the name nothing is set.
    let config = load(&text("").replace("provider = \"okta\"\n", "")).unwrap();
    assert!(config.auth.issuers[0].algorithms.is_none());
}

#[test]
fn t71_no_endpoint_of_a_preset_is_below_an_issuer_of_several_tenants() {
    let text = |issuer: &str| {
        format!(
            "[[auth.issuers]]\nprovider = \"keycloak\"\nissuer = {issuer:?}\n\
             [auth.issuers.introspection]\nclient_id = \"rs\"\nclient_secret = \"env:SECRET\""
        )
    };
    let endpoint = |issuer: &str| {
        let issuer = load(&text(issuer)).unwrap().auth.issuers[0].clone();
        issuer.introspection.unwrap().endpoint.map(|url| url.as_str().to_owned())
    };
    let below = "https://a.example/realms/r/protocol/openid-connect/token/introspect".to_owned();
    assert_eq!(endpoint("https://a.example/realms/r"), Some(below));
    assert_eq!(endpoint("https://a.example/realms/{tenant}"), None);
}

#[test]
fn t58_a_preset_sends_no_token_to_a_name_of_the_issuer_that_is_not_its_authorization_server() {
    let endpoint = |names: &str| {
        let text = format!(
            "[[auth.issuers]]\nprovider = \"keycloak\"\n{names}\n\
             [auth.issuers.introspection]\nclient_id = \"rs\"\nclient_secret = \"env:SECRET\""
        );
        let issuer = load(&text).unwrap().auth.issuers[0].clone();
        issuer.introspection.unwrap().endpoint.map(|url| url.as_str().to_owned())
    };
    let [old, new] = ["https://old.example/realms/r", "https://new.example/realms/r"];
    let several = format!("issuer = [{old:?}, {new:?}]");
    let below = |name: &str| Some(format!("{name}/protocol/openid-connect/token/introspect"));
    assert_eq!(endpoint(&format!("{several}\nauthorization_server = {new:?}")), None, "its metadata says it");
    assert_eq!(endpoint(&format!("issuer = {old:?}\nauthorization_server = {new:?}")), None);
    // The twins: the first name is the authorization server, stated or not.
    assert_eq!(endpoint(&several), below(old));
    assert_eq!(endpoint(&format!("{several}\nauthorization_server = {old:?}")), below(old));
}

#[test]
fn a_name_that_is_not_known_says_the_nearest_and_an_issuer_of_another_kind_what_to_write() {
    let said = reasons("[[auth.issuers]]\nprovider = \"autho\"\nissuer = \"https://a.eu.auth0.com/\"");
    assert!(said[0].contains("did you mean \"auth0\"?"), "{said:?}");
    for (provider, issuer, says) in [
        ("auth0", "https://a.eu.auth0.com", "ends with a slash"),
        ("okta", "https://a.okta.com", "custom authorization server"),
        ("keycloak", "https://k.example.com/realms/a/", "without a slash"),
        ("keycloak", "https://k.example.com", "/realms/"),
        ("entra", "https://sts.windows.net/11111111-2222-3333-4444-555555555555/", "entra-v1"),
        ("entra", "https://login.microsoftonline.com/common/v2.0", "tenants"),
        ("entra-v1", "https://login.microsoftonline.com/a/v2.0", "provider = \"entra\""),
        ("authentik", "https://a.example/application/o/x", "slash"),
        ("supabase", "https://a.supabase.co", "/auth/v1"),
        ("stytch", "https://stytch.com/project-live-1", "project domain"),
    ] {
        let text =
            format!("[[auth.issuers]]\nprovider = {provider:?}\nissuer = {issuer:?}\naudience = \"x\"\n");
        let said = reasons(&text);
        assert!(said.iter().any(|reason| reason.contains(says)), "{provider} {issuer}: {said:?}");
    }
}

#[test]
fn an_issuer_cannot_write_more_than_its_own_value() {
    let text = "[[auth.issuers]]\nprovider = \"cloudflare-access\"\nissuer = 'https://a.example\"/x'\naudience = \"x\"\n";
    assert!(load(text).is_err());
}

#[test]
fn every_hint_is_a_short_plain_sentence_and_no_sign_is_told_of_twice() {
    for provider in ProviderName::all().map(ProviderName::provider) {
        let signs: Vec<String> = provider.hints.iter().map(|hint| format!("{:?}", hint.when)).collect();
        for (index, hint) in provider.hints.iter().enumerate() {
            let says = hint.says;
            assert!(
                says.ends_with('.') && says.len() < 300 && !says.contains('\n'),
                "{}: {says}",
                provider.name
            );
            assert!(provider.page().contains(says), "{}: {says}", provider.name);
            assert!(!signs[..index].contains(&signs[index]), "{}: {}", provider.name, signs[index]);
        }
        let steps = provider.steps.len();
        for step in 1..10 {
            let names = |hint: &Hint| hint.says.contains(&format!("(step {step})"));
            assert!(step <= steps || !provider.hints.iter().any(names), "{}: step {step}", provider.name);
        }
    }
}
