//! What goes with several names of an issuer, and with tenants.

use crate::config::Config;

fn issuer_of(keys: &str) -> String {
    format!("auth.issuers = [{{ {keys} }}]")
}

/// What is said of an issuer with these keys, or that it is accepted.
fn said(keys: &str) -> String {
    let config = Config::from_toml_str(&issuer_of(keys)).unwrap();
    config.check_alone().map_or_else(|error| error.to_string(), |_| "accepted".to_owned())
}

#[test]
fn t71_tenants_are_listed_and_their_server_is_stated() {
    let pattern = "issuer = \"https://a.example/{tenant}\"";
    let server = "authorization_server = \"https://a.example/common\"";
    for fine in [
        format!("{pattern}, tenants = [\"x\"], {server}"),
        format!("{pattern}, tenants = [\"x\", \"y\"], tenant_claim = \"tid\", {server}"),
        format!("{pattern}, tenants = [\"x\"], authorization_server = \"https://a.example/{{tenant}}\""),
        "issuer = [\"https://a.example/{tenant}\", \"https://b.example/{tenant}\"], tenants = [\"x\"], \
         shared_subjects = true, authorization_server = \"https://a.example\""
            .to_owned(),
        "issuer = [\"https://a.example\", \"https://b.example\"], shared_subjects = true".to_owned(),
    ] {
        assert_eq!(said(&fine), "accepted", "{fine}");
    }
    for (bad, why) in [
        (format!("{pattern}, {server}"), "tenants must say which ones"),
        (format!("{pattern}, tenants = [\"x\"]"), "authorization_server must say where clients log in"),
        (format!("{pattern}, tenants = [\"x\", \"x\"], {server}"), "is configured twice"),
        ("issuer = \"https://a.example\", tenants = [\"x\"]".to_owned(), "{tenant} stands in no issuer"),
        ("issuer = \"https://a.example\", tenant_claim = \"tid\"".to_owned(), "{tenant} stands in no issuer"),
        (
            "issuer = \"https://a.example\", authorization_server = \"https://a.example/{tenant}\""
                .to_owned(),
            "{tenant} stands in authorization_server and in no issuer",
        ),
        (
            format!(
                "issuer = [\"https://a.example/{{tenant}}\", \"https://a.example\"], tenants = [\"x\"], {server}"
            ),
            "{tenant} stands in one issuer and not in another",
        ),
        ("issuer = \"https://a.example\", shared_subjects = true".to_owned(), "issuer is one name"),
        ("issuer = [\"https://a.example\", \"https://a.example\"]".to_owned(), "is configured twice"),
        (
            "issuer = \"https://a.example\", authorization_server = \"http://b.example\"".to_owned(),
            "authorization_server is \"http://b.example\": off loopback it must start with https://",
        ),
        (
            "issuer = [\"https://a.example\", \"http://b.example\"]".to_owned(),
            "issuer is \"http://b.example\": off loopback it must start with https://",
        ),
    ] {
        assert!(said(&bad).contains(why), "{bad}: {}", said(&bad));
    }
}

#[test]
fn condition_of_a_role_names_any_name_of_an_issuer_and_no_other() {
    let with = |issuer: &str| {
        let keys = "issuer = [\"https://a.example\", \"https://a.example/old\"], authorization_server = \"https://as.example\"";
        let text = format!(
            "{}\n[roles.m]\nwhen = {{ issuer = {issuer:?}, claim = \"x\", equals = 1 }}",
            issuer_of(keys)
        );
        Config::from_toml_str(&text).unwrap().check_alone().map(drop).map_err(|error| error.to_string())
    };
    for fine in ["https://a.example", "https://a.example/old", "https://as.example"] {
        assert_eq!(with(fine), Ok(()), "{fine}");
    }
    assert!(with("https://a.example/new").unwrap_err().contains("are not accepted"));
}

#[test]
fn a_tenant_that_everyone_can_join_is_warned_about() {
    let personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let warned = |keys: &str| {
        let config = Config::from_toml_str(&issuer_of(keys)).unwrap();
        config
            .check_alone()
            .unwrap()
            .warnings
            .iter()
            .any(|said| said.to_string().contains("personal Microsoft"))
    };
    let base = "https://login.microsoftonline.com";
    let server = format!("authorization_server = \"{base}/common/v2.0\"");
    let tenants = |tenant: &str| {
        format!("issuer = \"{base}/{{tenant}}/v2.0\", tenants = [\"acme\", {tenant:?}], {server}")
    };
    assert!(warned(&tenants(personal)) && warned(&format!("issuer = \"{base}/{personal}/v2.0\"")));
    assert!(!warned(&tenants("globex")) && !warned(&format!("issuer = \"https://a.example/{personal}\"")));
}
