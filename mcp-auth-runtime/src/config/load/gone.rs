//! Keys that are gone, and what to write instead.

use figment::value::Value;

use super::environment;
use super::mistake::Mistake;

/// What is wrong with each key at `path`, if it is one that is gone; `from` says who set the value at a path.
pub(in crate::config) fn gone(
    path: &[String],
    value: &Value,
    from: impl Fn(&[String], &Value) -> String,
) -> Option<Vec<Mistake>> {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    match (&names[..], value) {
        (["auth", "mode"], _) => {
            let from = from(path, value);
            let instead = instead_of_mode(value.as_str().unwrap_or_default(), is_variable(&from));
            Some(vec![Mistake::Gone { key: "auth.mode".to_owned(), from, instead: instead.to_owned() }])
        }
        (["auth", "embedded"], Value::Dict(_, keys)) if !keys.is_empty() => {
            let each = keys.iter().map(|(key, value)| {
                let from = from(&[path, std::slice::from_ref(key)].concat(), value);
                let instead = instead_of_embedded(key, is_variable(&from));
                Mistake::Gone { key: format!("auth.embedded.{}", key.escape_debug()), from, instead }
            });
            Some(each.collect())
        }
        (["auth", "embedded"], _) => {
            let instead = "write the table [issuer]".to_owned();
            Some(vec![Mistake::Gone { key: "auth.embedded".to_owned(), from: from(path, value), instead }])
        }
        (["issuer", "own_login", "public_keys"], _) => {
            let from = from(path, value);
            let instead = match is_variable(&from) {
                false => {
                    "write jwks = { keys = [...] }, a JWK Set with the same keys, or jwks = \"file:/path\" of one"
                }
                true => {
                    "set MCP_ISSUER__OWN_LOGIN__JWKS to a JWK Set with the same keys, or to file:/path of one"
                }
            };
            let key = "issuer.own_login.public_keys".to_owned();
            Some(vec![Mistake::Gone { key, from, instead: instead.to_owned() }])
        }
        (["issuer", "upstream"], _) => {
            let instead = match is_variable(&from(path, value)) {
                true => {
                    "set MCP_UPSTREAMS__NAME__KEY for a name of your choice, and MCP_ISSUER__LOGIN to that name"
                }
                false => {
                    "write [upstreams.NAME] with a name of your choice, and login = \"NAME\" in [issuer]; allow_subjects = [\"17\"] is allow = { \
                     subjects = [\"17\"] }, and the redirect URI there is /authorize/login/NAME"
                }
            };
            let (key, from) = ("issuer.upstream".to_owned(), from(path, value));
            Some(vec![Mistake::Gone { key, from, instead: instead.to_owned() }])
        }
        _ => None,
    }
}

fn is_variable(from: &str) -> bool {
    from.starts_with(environment::SOURCE)
}

fn instead_of_mode(mode: &str, is_variable: bool) -> &'static str {
    match (mode, is_variable) {
        ("embedded", false) => "write the table [issuer]",
        ("embedded", true) => "set MCP_ISSUER__ENABLED=true",
        ("none", false) => "write verify = \"none\" in [auth]",
        ("none", true) => "set MCP_AUTH__VERIFY=none",
        (_, false) => {
            "remove it: tokens of [[auth.issuers]] are accepted without it, and enabled = false in [issuer] turns the \
             built-in issuer off"
        }
        (_, true) => {
            "unset it: tokens of [[auth.issuers]] are accepted without it, and MCP_ISSUER__ENABLED=false turns the \
             built-in issuer off"
        }
    }
}

fn instead_of_embedded(key: &str, is_variable: bool) -> String {
    match (key, is_variable) {
        (key, true) => format!("set MCP_ISSUER__{}", key.to_uppercase().escape_debug()),
        ("clients", false) => "write [[issuer.clients]]".to_owned(),
        (key, false) => format!("write {} in [issuer]", key.escape_debug()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::arguments::Arguments;
    use super::super::config::Config;
    use super::super::process::MemoryFiles;

    /// The mistakes of this `mcp.toml` with these variables, a line each.
    fn mistakes(text: &str, variables: &[(&str, &str)]) -> Vec<String> {
        let mut process = MemoryFiles::default().with("/home/ann/mcp.toml", text).process();
        for (name, value) in variables {
            process = process.variable(name, value);
        }
        match Config::load(&Arguments::default(), process, None) {
            Ok(_) => panic!("accepted: {text} {variables:?}"),
            Err(refused) => refused.mistakes(),
        }
    }

    #[test]
    fn mode_of_before_is_refused_with_the_line_to_write() {
        for (mode, instead) in [
            ("embedded", "write the table [issuer]"),
            ("none", "write verify = \"none\" in [auth]"),
            (
                "verify",
                "remove it: tokens of [[auth.issuers]] are accepted without it, and enabled = false in [issuer] turns \
                 the built-in issuer off",
            ),
        ] {
            let expected = format!("auth.mode is gone; {instead}: auth.mode in mcp.toml, line 1");
            assert_eq!(mistakes(&format!("auth.mode = {mode:?}"), &[]), [expected]);
        }
        assert!(mistakes("auth.mode = 1", &[])[0].contains("auth.mode is gone; remove it"));
    }

    #[test]
    fn mode_of_before_in_the_environment_is_refused_with_the_variable_to_set() {
        for (mode, instead) in [
            ("embedded", "set MCP_ISSUER__ENABLED=true"),
            ("none", "set MCP_AUTH__VERIFY=none"),
            (
                "verify",
                "unset it: tokens of [[auth.issuers]] are accepted without it, and MCP_ISSUER__ENABLED=false turns the \
                 built-in issuer off",
            ),
        ] {
            let expected =
                format!("auth.mode is gone; {instead}: auth.mode in environment variable MCP_AUTH__MODE");
            assert_eq!(mistakes("", &[("MCP_AUTH__MODE", mode)]), [expected]);
        }
    }

    #[test]
    fn table_of_the_embedded_issuer_is_refused_key_by_key_with_its_new_place() {
        let text = "[auth.embedded]\nstate_dir = \"s\"\nusers = [\"ann\"]\n[[auth.embedded.clients]]\nclient_id = \"c\"";
        assert_eq!(
            mistakes(text, &[]),
            [
                "auth.embedded.clients is gone; write [[issuer.clients]]: auth.embedded.clients in mcp.toml, line 4",
                "auth.embedded.state_dir is gone; write state_dir in [issuer]: auth.embedded.state_dir in mcp.toml, line 2",
                "auth.embedded.users is gone; write users in [issuer]: auth.embedded.users in mcp.toml, line 3",
            ]
        );
        assert_eq!(
            mistakes("[auth.embedded]", &[]),
            ["auth.embedded is gone; write the table [issuer]: auth.embedded in mcp.toml, line 1"]
        );
    }

    #[test]
    fn public_keys_of_an_own_login_are_refused_with_the_set_to_write() {
        let text = "[issuer.own_login]\nurl = \"https://app.example/login\"\npublic_keys = []";
        assert_eq!(
            mistakes(text, &[]),
            [
                "issuer.own_login.public_keys is gone; write jwks = { keys = [...] }, a JWK Set with the same keys, or jwks = \
                 \"file:/path\" of one: issuer.own_login.public_keys in mcp.toml, line 3"
            ]
        );
    }

    #[test]
    fn the_one_upstream_of_before_is_refused_with_the_table_to_write() {
        let told = mistakes(
            "[issuer]\nlogin = \"upstream\"\n[issuer.upstream]\nclient_id = \"us\"\nallow_subjects = [\"17\"]",
            &[],
        );
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("issuer.upstream is gone; write [upstreams.NAME]"), "{told:?}");
        assert!(told[0].ends_with(": issuer.upstream in mcp.toml, line 3"), "{told:?}");
        let told = mistakes("[issuer]", &[("MCP_ISSUER__UPSTREAM__CLIENT_ID", "us")]);
        assert!(told.len() == 1 && told[0].contains("set MCP_UPSTREAMS__NAME__KEY"), "{told:?}");
    }

    #[test]
    fn variables_of_the_embedded_issuer_are_refused_with_their_new_names() {
        let variables = [("MCP_AUTH__EMBEDDED__STATE_DIR", "/s"), ("MCP_AUTH__EMBEDDED__CLIENTS", "[]")];
        assert_eq!(
            mistakes("[auth.embedded]\nusers = []", &variables),
            [
                "auth.embedded.clients is gone; set MCP_ISSUER__CLIENTS: auth.embedded.clients in environment variable \
                 MCP_AUTH__EMBEDDED__CLIENTS",
                "auth.embedded.state_dir is gone; set MCP_ISSUER__STATE_DIR: auth.embedded.state_dir in environment \
                 variable MCP_AUTH__EMBEDDED__STATE_DIR",
                "auth.embedded.users is gone; write users in [issuer]: auth.embedded.users in mcp.toml, line 2",
            ]
        );
    }
}
