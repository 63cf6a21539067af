//! `[upstreams]`, and `issuer.login` that names one.

use super::own_login::check_login;
use crate::config::Config;

const TENANT: &str = "11111111-2222-3333-4444-555555555555";

/// An upstream that `login` names, with these lines.
fn upstream(lines: &str) -> String {
    format!("[issuer]\nlogin = \"idp\"\n[upstreams.idp]\nclient_id = \"us\"\n{lines}")
}

fn entra(tenant: &str, allow: &str) -> String {
    let issuer = format!("https://login.microsoftonline.com/{tenant}/v2.0");
    upstream(&format!("provider = \"entra\"\nissuer = \"{issuer}\"\nallow = {allow}"))
}

#[test]
fn whole_upstreams_are_taken() {
    let plain = "issuer = \"https://login.example.com\"\n";
    let enterprise = "authorization_endpoint = \"https://gh.example/login/oauth/authorize\"\ntoken_endpoint = \"https://gh.example/login/oauth/access_token\"\napi = \"https://gh.example/api/v3\"\n";
    for good in [
        upstream(&format!("{plain}allow = {{ subjects = [\"17\"] }}")),
        upstream(&format!("{plain}allow = \"anyone\"\nclient_secret = \"env:LONG\"\nscopes = [\"openid\", \"profile\"]")),
        upstream(&format!("{plain}allow = {{ domains = [\"example.com\"] }}\nscopes = [\"openid\", \"email\"]")),
        upstream(&format!("{plain}allow = {{ organizations = [\"org_1\"] }}")),
        upstream(&format!("{plain}allow = {{ groups = [\"a\"] }}\ngroups_claim = [\"realm\", \"groups\"]")),
        upstream("issuer = \"http://localhost:9000\"\nallow = \"anyone\""),
        upstream("provider = \"google\"\nallow = { domains = [\"example.com\"] }"),
        upstream("provider = \"google\"\nissuer = \"https://accounts.google.com\"\nallow = \"anyone\""),
        upstream("provider = \"github\"\nallow = { organizations = [\"Our-Org\"] }"),
        upstream(&format!("provider = \"github\"\nallow = {{ subjects = [\"17\"] }}\n{enterprise}")),
        upstream("provider = \"okta\"\nissuer = \"https://example.okta.com\"\nallow = { groups = [\"a\"], domains = [\"example.com\"] }"),
        upstream("provider = \"cognito\"\nissuer = \"https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_A\"\nallow = { groups = [\"a\"] }\nclaims = [\"cognito:groups\"]"),
        entra(TENANT, "\"anyone\""),
        entra(TENANT, "{ groups = [\"a\"] }"),
        entra(TENANT, &format!("{{ tenants = [\"{TENANT}\"] }}")),
        entra("organizations", &format!("{{ tenants = [\"{TENANT}\"] }}")),
        entra("organizations", &format!("{{ subjects = [\"{TENANT}/{TENANT}\"] }}")),
        // Nobody is sent there, and nothing is missing.
        "[issuer]\nenabled = false\nlogin = \"idp\"\n[upstreams.idp]\nclient_id = \"us\"\n[[auth.issuers]]\nissuer = \"https://a.example\"\n[server]\npublic_url = \"https://b.example/mcp\"".to_owned(),
    ] {
        assert_eq!(check_login(&good), Ok(()), "{good}");
    }
}

/// What tokens would say of who logs in there.
#[test]
fn of_an_account_that_is_connected_no_token_says_anything() {
    let table =
        "[issuer]\n[upstreams.idp]\nclient_id = \"us\"\nissuer = \"https://i.example\"\nallow = \"anyone\"\n";
    for (lines, why) in [
        ("claims = [\"team\"]", "no token has claims of it"),
        ("acr_values = [\"gold\"]", "no token has its acr"),
    ] {
        let config = Config::from_toml_str(&format!("{table}{lines}")).unwrap();
        let said = config.check_alone().unwrap_err().to_string();
        assert!(said.contains(why) && said.contains("upstreams.idp"), "{lines}: {said}");
    }
    // Without the program nobody can tell whether a tool acts there.
    Config::from_toml_str(table).unwrap().check_alone().unwrap();
}

#[test]
fn an_upstream_that_is_not_there_or_that_no_login_and_no_tool_names_is_refused() {
    let google = "[upstreams.google]\nprovider = \"google\"\nclient_id = \"us\"\nallow = \"anyone\"\n";
    for (bad, why) in [
        (
            "[issuer]\nlogin = \"google\"".to_owned(),
            "there is no [upstreams.google]; write that table, or \"development\"",
        ),
        (format!("[issuer]\nlogin = \"gogle\"\n{google}"), "did you mean \"google\"?; there is google"),
        ("[issuer]\nlogin = \"acounts\"".to_owned(), "did you mean \"accounts\"?"),
        (
            format!("[issuer]\n{google}"),
            "nobody logs in at the upstream \"google\", and no tool acts there: write login = \"google\" in [issuer]",
        ),
        (format!("[issuer]\nlogin = \"own\"\n{google}"), "nobody logs in at the upstream \"google\""),
        (
            format!("{google}[[auth.issuers]]\nissuer = \"https://a.example\""),
            "nobody logs in at the upstream \"google\"",
        ),
        (
            format!("[issuer]\nlogin = \"google\"\n{google}{}", google.replace("google]", "other]")),
            "nobody logs in at the upstream \"other\"",
        ),
    ] {
        let said = check_login(&bad).unwrap_err();
        assert!(said.contains(why), "{bad}: {said}");
    }
}

#[test]
fn an_upstream_that_is_not_whole_or_not_safe_is_refused_with_what_to_write() {
    let plain = "issuer = \"https://login.example.com\"\n";
    let personal = "9188040d-6c67-4c5b-b112-36a304b66dad";
    let other = TENANT.replace('1', "2");
    for (bad, why) in [
        (upstream(plain), "nobody is let in: write allow"),
        (upstream(&format!("{plain}allow = {{}}")), "allow has no list with anybody in it"),
        (upstream(&format!("{plain}allow = {{ subjects = [] }}")), "allow has no list with anybody in it"),
        (upstream("provider = \"google\""), "nobody is let in: write allow"),
        (upstream("allow = \"anyone\""), "issuer is missing"),
        (
            upstream("provider = \"okta\"\nallow = \"anyone\""),
            "issuer is missing: write it as its metadata says it, such as \"https://example.okta.com\"",
        ),
        (upstream("issuer = \"http://login.example.com\"\nallow = \"anyone\""), "over https"),
        (upstream(&format!("{plain}allow = \"anyone\"\nscopes = [\"profile\"]")), "scopes need openid"),
        (upstream(&format!("{plain}allow = {{ domains = [\"example.com\"] }}")), "scopes need email"),
        (upstream(&format!("{plain}allow = \"anyone\"\nclient_secret = \"env:NONE\"")), "NONE is not set"),
        (upstream(&format!("{plain}allow = {{ tenants = [\"{TENANT}\"] }}")), "only Entra ID has tenants"),
        (upstream(&format!("{plain}allow = {{ groups = [\"a\"] }}")), "needs groups_claim"),
        (
            upstream(&format!("{plain}allow = \"anyone\"\napi = \"https://a.example\"")),
            "its metadata says where its endpoints are",
        ),
        (
            upstream(&format!("{plain}allow = \"anyone\"\nclaims = [\"scope\"]")),
            "\"scope\" is what the built-in issuer writes",
        ),
        (
            upstream(&format!("{plain}allow = \"anyone\"\nclaims = [[\"act\", \"sub\"]]")),
            "\"act\" is what the built-in issuer writes",
        ),
        (upstream(&format!("{plain}allow = \"anyone\"\nclaims = [\"may_act\"]")), "\"may_act\" is what"),
        (
            upstream(&format!("{plain}allow = \"anyone\"\nclaims = [\"urn:mcp-auth:roles\"]")),
            "\"urn:mcp-auth:roles\" is what",
        ),
        (
            upstream(&format!("{plain}allow = \"anyone\"\nclaims = {:?}", vec!["a"; 17])),
            "17 claims, at most 16",
        ),
        (
            upstream("provider = \"google\"\nissuer = \"https://login.example.com\"\nallow = \"anyone\""),
            "leave issuer out",
        ),
        (
            upstream("provider = \"google\"\nallow = { organizations = [\"a\"] }"),
            "this provider says no organizations",
        ),
        (upstream("provider = \"google\"\nallow = { groups = [\"a\"] }"), "needs groups_claim"),
        (
            upstream("provider = \"github\"\nallow = { domains = [\"example.com\"] }"),
            "use organizations or subjects",
        ),
        (
            upstream("provider = \"github\"\nallow = \"anyone\"\nissuer = \"https://github.com\""),
            "leave issuer out",
        ),
        (
            upstream("provider = \"github\"\nallow = { organizations = [\"a\"] }\nscopes = [\"read:user\"]"),
            "scopes need read:org",
        ),
        (
            upstream("provider = \"github\"\nallow = \"anyone\"\nclaims = [\"organizations\"]\nscopes = []"),
            "scopes need read:org",
        ),
        (upstream("provider = \"github\"\nallow = \"anyone\"\nacr_values = [\"mfa\"]"), "remove acr_values"),
        (
            upstream("provider = \"github\"\nallow = \"anyone\"\napi = \"https://gh.example/api/v3\""),
            "belong together",
        ),
        (
            upstream(
                "provider = \"github\"\nallow = \"anyone\"\napi = \"http://gh.example\"\ntoken_endpoint = \"http://gh.example\"\nauthorization_endpoint = \"http://gh.example\"",
            ),
            "over https",
        ),
        (entra("common", "\"anyone\""), "everyone can make a personal account"),
        (entra("contoso.com", "\"anyone\""), "an issuer of Entra ID is"),
        (entra("organizations", "\"anyone\""), "needs the list of them"),
        (entra("organizations", "{ groups = [\"a\"] }"), "each of them says what groups it likes"),
        (
            entra("organizations", &format!("{{ groups = [\"a\"], tenants = [\"{TENANT}\"] }}")),
            "each of them says what groups it likes",
        ),
        (entra(TENANT, "{ domains = [\"example.com\"] }"), "use tenants"),
        (entra(TENANT, &format!("{{ tenants = [\"{other}\"] }}")), "this tenant is not that of issuer"),
        (
            entra("organizations", &format!("{{ tenants = [\"{personal}\"] }}")),
            "the tenant of personal accounts",
        ),
        (entra("organizations", "{ tenants = [\"contoso.com\"] }"), "a tenant is its id in lower case"),
        (entra(TENANT, "{ subjects = [\"17\"] }"), "a person of Entra ID is TENANT/OBJECT"),
        (entra(TENANT, "{ organizations = [\"a\"] }"), "this provider says no organizations"),
    ] {
        let said = check_login(&bad).unwrap_err();
        assert!(said.contains(why) && said.contains("upstreams.idp"), "{bad}: {said}");
    }
}

#[test]
fn a_name_of_another_login_is_not_one_of_an_upstream() {
    for name in ["own", "accounts", "development", "\"a/b\"", "\"a b\""] {
        let text = format!("[issuer]\n[upstreams.{name}]\nclient_id = \"us\"\nallow = \"anyone\"");
        assert!(crate::config::Config::from_toml_str(&text).is_err(), "{name}");
    }
}
