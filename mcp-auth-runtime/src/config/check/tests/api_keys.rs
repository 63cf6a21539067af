//! What `[[auth.api_keys]]` is refused for, and the keys next to them that are accepted.

use mcp_auth_core::ApiKey;
use mcp_auth_core::ambient::SystemRandom;

use super::{Warning, check, registry};
use crate::authn::ApiKeyDigest;
use crate::config::load::process::MemoryFiles;
use crate::config::{Config, ConfigError};

/// A digest that ends so.
fn digest(end: &str) -> String {
    format!("sha256:{end:0>64}")
}

/// One key with this name and digest, and then some.
fn key(name: &str, end: &str, more: &str) -> String {
    format!("[[auth.api_keys]]\nname = {name:?}\ndigest = {:?}\n{more}\n", digest(end))
}

#[test]
fn keys_alone_need_neither_an_issuer_nor_base_scopes() {
    assert_eq!(check(&key("ci", "1", "scopes = [\"a\"]"), &["a"]).unwrap().warnings, []);
    let text = format!("[issuer]\n{}", key("ci", "1", ""));
    refused!(&text, &["a"], BaseScopesMissing);
    let text = format!("auth.base_scopes = []\n{}", key("ci", "1", ""));
    assert_eq!(check(&text, &["a"]).unwrap().warnings, [], "no client asks for scopes");
    assert!(Config::from_toml_str(&key("ci", "1", "")).unwrap().accepts_no_tokens());
    assert!(
        !Config::from_toml_str(&format!("[issuer]\n{}", key("ci", "1", ""))).unwrap().accepts_no_tokens()
    );
    assert!(!Config::from_toml_str("").unwrap().accepts_no_tokens());
}

#[test]
fn verify_none_is_for_servers_without_keys_only() {
    refused!(&format!("auth.verify = \"none\"\n{}", key("ci", "1", "")), &[""], UnusedApiKeys);
}

#[test]
fn two_keys_of_one_name_or_one_digest_are_refused() {
    let two = |name: &str, end: &str| format!("{}{}", key("ci", "1", ""), key(name, end, ""));
    assert!(check(&two("deploy", "2"), &["a"]).is_ok());
    let message = refused!(&two("ci", "2"), &["a"], DuplicateApiKey);
    assert!(message.ends_with("auth.api_keys[1].name in the configuration text, line 6"), "{message}");
    let message = refused!(&two("deploy", "1"), &["a"], DuplicateDigest);
    assert!(message.contains("\"deploy\" has a digest that \"ci\" has already"), "{message}");
    assert!(!message.contains("sha256:0"), "{message}");
    let twice = format!("[[auth.api_keys]]\nname = \"ci\"\ndigest = [{0:?}, {0:?}]\n", digest("1"));
    refused!(&twice, &["a"], DuplicateDigest);
}

#[test]
fn a_key_has_a_digest_or_says_where_it_is_and_not_both() {
    let good = ApiKey::make(&SystemRandom);
    let check = |text: &str| {
        let process = MemoryFiles::default()
            .process()
            .variable("GOOD", good.expose())
            .variable("WEAK", "hunter2-and-more")
            .variable("SHORT", &good.expose()[..50]);
        let config = Config::builder().process(process).toml(text).build().unwrap();
        match config.check(&registry(&["a"])) {
            Ok(_) => Ok(()),
            Err(ConfigError::Refused(all)) => {
                Err(all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            }
            Err(other) => panic!("{other}"),
        }
    };
    let with = |lines: &str| format!("[[auth.api_keys]]\nname = \"ci\"\n{lines}\n");
    assert_eq!(check(&with("key = \"env:GOOD\"")), Ok(()));
    for (lines, why) in [
        ("", "needs exactly one of `digest` and `key`"),
        ("key = \"env:GOOD\"\ndigest = \"DIGEST\"", "needs exactly one of `digest` and `key`"),
        ("key = \"env:NONE\"", "environment variable NONE is not set"),
        ("key = \"env:WEAK\"", "not as `mcp-auth key new` makes them: an API key starts with mcpk_"),
        ("key = \"env:SHORT\"", "has 54 characters; this has 50"),
    ] {
        let refused = check(&with(&lines.replace("DIGEST", &digest("1")))).unwrap_err();
        assert!(
            refused.contains(why) && !refused.contains("hunter2") && !refused.contains(&good.expose()[..50]),
            "{refused}"
        );
    }
    let same = format!(
        "{}{}",
        with("key = \"env:GOOD\""),
        key("other", "1", "").replace(&digest("1"), &ApiKeyDigest::of(&good).to_string())
    );
    assert!(check(&same).unwrap_err().contains("has already"));
}

#[test]
fn a_key_has_roles_of_this_server_only_and_a_role_may_be_for_keys_alone() {
    let role =
        |roles: &str, tables: &str| format!("{}{tables}", key("ci", "1", &format!("roles = [{roles}]")));
    let tables = "[roles.viewer]\n[roles.manager]\nimplies = [\"viewer\"]\n";
    let checked = check(&role("\"manager\"", tables), &["a"]).unwrap();
    assert_eq!(checked.warnings, [], "a key gives it");
    let message = refused!(
        &role("\"managr\"", "[roles.manager]\nwhen = { claim = \"sub\", equals = \"x\" }\n"),
        &["a"],
        UnknownRole
    );
    assert!(message.contains("did you mean \"manager\"?: auth.api_keys[0].roles in"), "{message}");
    refused!(&role("", tables), &["a"], RoleWithoutHolder);
}

#[test]
fn a_scope_that_nothing_declares_is_warned_about() {
    let checked = check(&key("ci", "1", "scopes = [\"a\", \"typo\"]"), &["a"]).unwrap();
    let expected = Warning::UnknownKeyScope { key: "ci".to_owned(), scope: "typo".to_owned() };
    assert_eq!(checked.warnings, [expected]);
    refused!(&key("ci", "1", "scopes = [\"offline_access\"]"), &["a"], OfflineAccess);
}

#[test]
fn h12_a_key_for_addresses_of_trusted_proxies_is_warned_about() {
    let with = |allowed: &str| {
        let proxies = "server.trusted_proxies = [\"10.0.0.0/8\", \"2001:db8::1\"]\n";
        let key = key("ci", "1", &format!("allowed_addresses = {allowed}"));
        check(&format!("{proxies}{key}"), &["a"]).unwrap().warnings
    };
    for apart in ["[\"203.0.113.0/24\"]", "[\"11.0.0.0/8\", \"2001:db8::2\"]"] {
        assert_eq!(with(apart), [], "{apart}");
    }
    for (allowed, network) in [
        ("[\"203.0.113.0/24\", \"10.1.0.0/16\"]", "10.1.0.0/16"),
        ("[\"0.0.0.0/0\"]", "0.0.0.0/0"),
        ("[\"2001:db8::/32\"]", "2001:db8::/32"),
    ] {
        let warnings = with(allowed);
        let [warning @ Warning::ApiKeyFromProxy { allowed, .. }] = &warnings[..] else {
            panic!("{warnings:?}")
        };
        assert_eq!(allowed, network);
        assert!(warning.to_string().contains("\"ci\""), "{warning}");
    }
}

#[test]
fn a_header_without_keys_is_warned_about() {
    let with = |keys: &str| format!("auth.x_api_key = true\nauth.base_scopes = [\"a\"]\n[issuer]\n{keys}");
    assert_eq!(check(&with(""), &["a"]).unwrap().warnings, [Warning::HeaderWithoutApiKeys]);
    assert_eq!(check(&with(&key("ci", "1", "")), &["a"]).unwrap().warnings, []);
}

#[test]
fn a_key_whose_time_has_come_is_told_by_a_clock_that_is_passed_in() {
    for expires in ["\"2027-01-31\"", "2027-01-31", "2027-01-31T02:00:00+02:00"] {
        let config = Config::from_toml_str(&key("ci", "1", &format!("expires = {expires}"))).unwrap();
        let at = 1_801_353_600;
        assert_eq!(config.expired_api_keys(at - 1), [], "{expires}");
        assert_eq!(config.expired_api_keys(at), [Warning::ApiKeyExpired("ci".to_owned())], "{expires}");
    }
}

#[test]
fn an_api_key_over_stdio_needs_no_audience_and_a_token_does() {
    let good = ApiKey::make(&SystemRandom);
    let check = |issuer: &str, credential: &str| {
        let process = MemoryFiles::default().process().variable("KEY", credential);
        let text = format!(
            "[server]\ntransport = \"stdio\"\n[stdio]\ncredential = \"env:KEY\"\n{issuer}{}",
            key("ci", "1", "")
        );
        Config::builder().process(process).toml(&text).build().unwrap().check(&registry(&["a"])).map(|_| ())
    };
    let issuer = "[auth]\nbase_scopes = [\"a\"]\n[[auth.issuers]]\nissuer = \"https://a.example\"\n";
    assert!(check("", good.expose()).is_ok() && check(issuer, good.expose()).is_ok());
    let of =
        |issuer, credential| check(issuer, credential).map_or_else(|why| why.to_string(), |()| String::new());
    assert!(of(issuer, "ey.J.x").contains("needs server.public_url or stdio.audience"));
    // Where keys are all that is accepted, and where nothing can be read, an audience would not help.
    assert_eq!(of("", "ey.J.x"), "");
    assert!(of("", "").contains("KEY") && !of("", "").contains("audience"), "{}", of("", ""));
    assert!(!of(issuer, "").contains("audience"), "{}", of(issuer, ""));
}

#[test]
fn more_keys_than_a_server_compares_are_refused() {
    let all = |count: usize| (0..count).map(|n| key(&n.to_string(), &n.to_string(), "")).collect::<String>();
    assert!(check(&all(1000), &["a"]).is_ok());
    refused!(&all(1001), &["a"], TooManyApiKeys);
}

#[test]
fn a_proxy_by_a_unix_socket_is_warned_about_where_there_is_none() {
    let with = |proxies: &str| {
        let text = format!("server.trusted_proxies = [{proxies}]\nauth.base_scopes = [\"a\"]\n[issuer]\n");
        check(&text, &["a"]).unwrap().warnings
    };
    assert_eq!(with("\"10.0.0.0/8\", \"unix\""), [Warning::NoUnixSocket]);
    assert_eq!(with("\"10.0.0.0/8\""), []);
}
