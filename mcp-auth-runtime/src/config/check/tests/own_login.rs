//! `issuer.login` and its table.

use super::*;

/// RFC 8037 appendix A.2.
const JWK: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// What is refused of `text`, in words.
pub(super) fn check_login(text: &str) -> Result<(), String> {
    let files = MemoryFiles::default()
        .with("/home/ann/keys.json", &format!("{{\"keys\":[{JWK}]}}"))
        .with("/home/ann/key.json", JWK)
        .with("/home/ann/twice.json", "{\"keys\":[],\"keys\":[]}");
    let process = files.process();
    let process = process
        .variable("LONG", "a-secret-of-at-least-thirty-two-bytes")
        .variable("OTHER", "another-secret-of-thirty-two-bytes")
        .variable("SHORT", "hunter2hunter2");
    let config = Config::builder().process(process).toml(text).build().unwrap();
    config.check(&registry(&[""])).map(|_| ()).map_err(|error| error.to_string())
}

#[test]
fn own_login_has_its_table_one_kind_of_key_and_https() {
    let own = |lines: &str| format!("[issuer]\nlogin = \"own\"\n[issuer.own_login]\n{lines}");
    let url = "url = \"https://app.example.com/login\"\n";
    let jwk = "{ kty = \"OKP\", crv = \"Ed25519\", x = \"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\" }";
    let rs256 = "{ kty = \"RSA\", n = \"AQAB\", e = \"AQAB\" }";
    for good in [
        "key = \"env:LONG\"".to_owned(),
        format!("jwks = {{ keys = [{jwk}] }}"),
        "jwks = \"file:keys.json\"".to_owned(),
        "key = \"env:LONG\"\ncheck_url = \"http://localhost:9/check\"\ncheck_secret = \"env:OTHER\""
            .to_owned(),
    ] {
        assert_eq!(check_login(&own(&format!("{url}{good}"))), Ok(()), "{good}");
    }
    for (bad, why) in [
        (own(url), "needs either key or jwks"),
        (own(&format!("{url}key = \"env:LONG\"\njwks = {{ keys = [{jwk}] }}")), "needs either key or jwks"),
        (own(&format!("{url}key = \"env:SHORT\"")), "less than 32 bytes"),
        (own(&format!("{url}key = \"env:NONE\"")), "NONE is not set"),
        (
            own(&format!("{url}jwks = {{ keys = [{jwk}, {{ kty = \"oct\", k = \"AAAA\" }}] }}")),
            "private or symmetric key",
        ),
        (
            own(&format!("{url}jwks = {{ keys = [{jwk}, {rs256}] }}")),
            "every key of own_login.jwks is one for ES256",
        ),
        (own(&format!("{url}jwks = {{ keys = [{rs256}] }}")), "none of its keys verifies"),
        (own(&format!("{url}jwks = {{ keys = [{jwk}, 1] }}")), "is not a JWK Set"),
        (own(&format!("{url}jwks = {{ keys = [] }}")), "none of its keys verifies"),
        (own(&format!("{url}jwks = \"file:none.json\"")), "cannot be read"),
        (own(&format!("{url}jwks = \"file:key.json\"")), "is not a JWK Set"),
        (own(&format!("{url}jwks = \"file:twice.json\"")), "is not a JWK Set"),
        (own("url = \"http://app.example.com/login\"\nkey = \"env:LONG\""), "over https"),
        (
            own(&format!("{url}key = \"env:LONG\"\ncheck_url = \"https://app.example.com/c\"")),
            "belong together",
        ),
        (own(&format!("{url}key = \"env:LONG\"\ncheck_secret = \"env:OTHER\"")), "belong together"),
        (
            own(&format!(
                "{url}key = \"env:LONG\"\ncheck_url = \"https://app.example.com/c\"\ncheck_secret = \"env:LONG\""
            )),
            "two secrets",
        ),
        ("[issuer]\nlogin = \"own\"".to_owned(), "no [issuer.own_login]"),
        (format!("[issuer.own_login]\n{url}key = \"env:LONG\""), "own_login is not used"),
    ] {
        let said = check_login(&bad).unwrap_err();
        assert!(said.contains(why), "{bad}: {said}");
    }
}

#[test]
fn a_tool_whose_acr_no_login_here_can_reach_is_a_warning_that_says_so() {
    use crate::call::build::{any_of, login};
    let warned = |text: &str, acr: &[&'static str]| {
        let rule = any_of(&[&["a"]]).with_login(login(0, acr));
        let tool = Tool::new("wipe", "", crate::call::build::any_input());
        let registry = Registry::new(vec![Declaration::new(rule, Item::Tool(tool))]).unwrap();
        let process = crate::config::ProcessContext::empty();
        let hex = "0123456789abcdef".repeat(4);
        let process = process.variable("LONG", "a-secret-of-at-least-thirty-two-bytes").variable("HEX", &hex);
        let text = format!("auth.base_scopes = [\"a\"]\n{text}");
        let config = Config::builder().process(process).toml(&text).build().unwrap();
        let warnings = config.check(&registry).unwrap().warnings;
        let all: Vec<_> = warnings.iter().map(Warning::to_string).filter(|w| w.contains("acr")).collect();
        assert!(all.len() < 2 && all.iter().all(|text| text.starts_with("tool `wipe` needs a login by")));
        all.into_iter().next().unwrap_or_default()
    };
    let own = |acr: &str| {
        format!(
            "[issuer]\nlogin = \"own\"\n[issuer.own_login]\nurl = \"https://a.example/login\"\nkey = \"env:LONG\"\n{acr}"
        )
    };
    let upstream = |acr: &str| {
        format!(
            "[issuer]\nlogin = \"idp\"\n[upstreams.idp]\nclient_id = \"us\"\nissuer = \"https://i.example\"\nallow = \"anyone\"\n{acr}"
        )
    };
    let accounts = |more: &str| {
        format!(
            "store = {{ url = \"sqlite:a.db\", key = \"env:HEX\" }}\n[issuer]\nlogin = \"accounts\"\n{more}"
        )
    };
    let list = "acr_values = [\"gold\", \"silver\"]";
    for good in [own(list), upstream(list)] {
        assert_eq!(warned(&good, &["silver"]), "", "{good}");
        assert_eq!(warned(&good, &["phr", "gold"]), "", "{good}");
        assert_eq!(warned(&good, &[]), "", "{good}");
    }
    let elsewhere = "auth.issuers = [{ issuer = \"https://i.example\" }]";
    assert_eq!(warned(elsewhere, &["phr"]), "", "nothing is known of what another issuer does");
    let required = "accounts.second_factor = \"required\"";
    for acr in ["urn:mcp-auth:pwd", "urn:mcp-auth:mfa"] {
        assert_eq!(warned(&accounts(""), &[acr]), "", "{acr}");
        assert_eq!(warned(&accounts(required), &[acr]), "", "{acr}: who asks for it gets it");
    }
    for (text, acr, why) in [
        (own(""), "phr", "issuer.own_login.acr_values names none"),
        (own(list), "phr", "issuer.own_login.acr_values names \"gold\" or \"silver\""),
        (own(list), "GOLD", "issuer.own_login.acr_values names"),
        (upstream(""), "gold", "upstreams.idp.acr_values names none"),
        (upstream(list), "phr", "upstreams.idp.acr_values names"),
        ("[issuer]".to_owned(), "phr", "the development login has no acr"),
        (accounts(""), "phr", "accounts reach \"urn:mcp-auth:mfa\" or \"urn:mcp-auth:pwd\""),
        (accounts(required), "phr", "accounts reach \"urn:mcp-auth:mfa\" or \"urn:mcp-auth:pwd\""),
    ] {
        let said = warned(&text, &[acr]);
        assert!(said.contains(why) && said.contains(&format!("{acr:?}")), "{text}: {said}");
    }
}
