//! `[auth.issuers.introspection]`: what is refused, and the configuration next to it that is accepted.

use super::super::conflict::IntrospectionConflict;
use super::*;

/// One issuer that is asked, with these keys in its table and in that of `introspection`.
fn asked(issuer: &str, introspection: &str) -> String {
    format!(
        "[auth]\nbase_scopes = []\n[[auth.issuers]]\nissuer = \"https://i.example\"\n{issuer}\n[auth.issuers.introspection]\n\
         {introspection}\n"
    )
}

const OURS: &str = "client_id = \"rs\"\nclient_secret = \"env:TOKEN\"\n";

#[test]
fn each_way_of_showing_itself_has_what_it_needs() {
    for fine in [
        OURS.to_owned(),
        format!("auth = \"post\"\n{OURS}"),
        "auth = \"bearer\"\nclient_secret = \"env:TOKEN\"".to_owned(),
        "auth = \"none\"".to_owned(),
        "auth = \"none\"\nclient_id = \"rs\"".to_owned(),
        "kind = \"github-check-token\"\n".to_owned() + OURS,
    ] {
        assert!(check(&asked("", &fine), &[""]).is_ok(), "{fine}");
    }
    for (missing, needs) in [
        ("", "client_id and client_secret"),
        ("client_id = \"rs\"", "client_id and client_secret"),
        ("client_secret = \"env:TOKEN\"", "client_id and client_secret"),
        ("auth = \"bearer\"", "needs client_secret"),
        ("auth = \"private_key_jwt\"\nclient_id = \"rs\"", "client_id and private_key"),
        ("kind = \"github-check-token\"", "client_id and client_secret"),
    ] {
        let said = refused!(&asked("", missing), &[""], IntrospectionClient);
        assert!(said.contains(needs) && said.contains("introspection.auth"), "{said}");
    }
    let said = refused!(&asked("", &format!("auth = \"none\"\n{OURS}")), &[""], IntrospectionUnused);
    assert!(said.contains("client_secret is not used with auth = \"none\""), "{said}");
    let github = format!("kind = \"github-check-token\"\nauth = \"post\"\n{OURS}");
    refused!(&asked("", &github), &[""], IntrospectionUnused);
}

#[test]
fn c07_a_secret_or_key_that_cannot_be_read_is_refused() {
    for bad in ["env:NONE", "env:EMPTY", "file:/home/ann/open"] {
        refused!(&asked("", &format!("client_id = \"rs\"\nclient_secret = \"{bad}\"")), &[""], Secret);
        refused!(&asked("", &format!("client_id = \"rs\"\nprivate_key = \"{bad}\"")), &[""], Secret);
    }
    let no_key = "client_id = \"rs\"\nprivate_key = \"file:/home/ann/ok\"";
    let said = refused!(&asked("", no_key), &[""], IntrospectionKey);
    assert!(said.contains("expected PEM") && !said.contains("s3cr3t"), "{said}");
}

#[test]
fn c03_tokens_are_asked_about_over_https_or_on_loopback() {
    for fine in ["https://i.example/i", "http://127.0.0.1:9/i"] {
        assert!(check(&asked("", &format!("endpoint = \"{fine}\"\n{OURS}")), &[""]).is_ok(), "{fine}");
    }
    let plain = format!("endpoint = \"http://hydra:4445/admin/oauth2/introspect\"\n{OURS}");
    let said = refused!(&asked("", &plain), &[""], IntrospectionNotHttps);
    assert!(said.contains("allow_http = \"hydra\""), "{said}");
    assert!(check(&asked("allow_http = \"hydra\"", &plain), &[""]).is_ok());
    refused!(&asked("", &format!("endpoint = \"http://i.example/i\"\n{OURS}")), &[""], IntrospectionNotHttps);
}

#[test]
fn google_needs_to_know_whose_clients_are_meant() {
    let google = "kind = \"google-tokeninfo\"";
    refused!(&asked("", google), &[""], IntrospectionAnyClient);
    assert!(check(&asked("allowed_clients = [\"app\"]", google), &[""]).is_ok());
}

#[test]
fn t70_several_names_are_fine_where_an_answer_can_say_which_one() {
    let several = "issuer = [\"https://i.example\", \"https://j.example\"]";
    let shared = format!("{several}\nshared_subjects = true");
    let server = format!("{several}\nauthorization_server = \"https://as.example\"");
    let tenants = "issuer = \"https://i.example/{tenant}\"\ntenants = [\"t\", \"u\"]\nauthorization_server = \"https://as.example\"";
    let of = |names: &str, introspection: &str| {
        asked("", introspection).replace("issuer = \"https://i.example\"", names)
    };
    for names in [several, &shared, &server, tenants] {
        assert!(check(&of(names, OURS), &[""]).is_ok(), "{names}");
    }
    let (github, google) =
        (format!("kind = \"github-check-token\"\n{OURS}"), "kind = \"google-tokeninfo\"".to_owned());
    for kind in [github, google] {
        let with = |names: &str| of(&format!("{names}\nallowed_clients = [\"app\"]"), &kind);
        assert!(check(&with(&shared), &[""]).is_ok(), "{kind}");
        for names in [several, &server, tenants] {
            let said = refused!(&with(names), &[""], IntrospectionUnsaidIssuer);
            assert!(said.contains("shared_subjects") && said.contains("auth.issuers[0].issuer"), "{said}");
        }
    }
}

#[test]
fn t71_where_each_tenant_has_a_server_it_is_stated_where_opaque_tokens_are_asked_about() {
    let of = |tenants: &str, introspection: &str| {
        let names = format!(
            "issuer = \"https://i.example/{{tenant}}\"\ntenants = {tenants}\nauthorization_server = \"https://as.example/{{tenant}}\""
        );
        asked("", introspection).replace("issuer = \"https://i.example\"", &names)
    };
    let both = "[\"t\", \"u\"]";
    let stated = "endpoint = \"https://as.example/introspect\"\n";
    let signed = "client_id = \"rs\"\nprivate_key = \"file:/home/ann/ok\"\n";
    assert!(check(&of(both, &format!("{stated}{OURS}")), &[""]).is_ok());
    assert!(check(&of("[\"t\"]", OURS), &[""]).is_ok(), "one tenant is one server");
    let said = refused!(&of(both, OURS), &[""], IntrospectionServers);
    assert!(said.contains("introspection.endpoint") && said.contains("authorization_server"), "{said}");
    let prefixes = format!("{OURS}prefixes = [\"a_\"]");
    refused!(&of(both, &prefixes), &[""], IntrospectionServers);
    let refusals = check(&of(both, &format!("{stated}{signed}")), &[""]).unwrap_err();
    assert!(
        refusals.iter().any(|why| matches!(
            why,
            Conflict::Introspection(IntrospectionConflict::IntrospectionAssertions { .. })
        )),
        "{refusals:?}"
    );
    let text = of(both, &format!("endpoint = \"https://as.example/{{tenant}}/introspect\"\n{OURS}"));
    let error = Config::from_toml_str(&text).unwrap_err().to_string();
    assert!(error.contains("{tenant} may stand in issuer and authorization_server alone"), "{error}");
}

#[test]
fn keys_that_would_not_be_used_are_refused() {
    for (key, line) in [
        ("jwks_uri", "jwks_uri = \"https://i.example/jwks\""),
        ("algorithms", "algorithms = [\"ES256\"]"),
        ("require_at_jwt", "require_at_jwt = true"),
    ] {
        assert!(check(&asked(line, OURS), &[""]).is_ok(), "{line}");
        let said = refused!(&asked(line, &format!("tokens = \"all\"\n{OURS}")), &[""], IntrospectionUnused);
        assert!(said.contains(key), "{said}");
        refused!(&asked(line, &format!("kind = \"github-check-token\"\n{OURS}")), &[""], IntrospectionUnused);
    }
    assert!(check(&asked("require_at_jwt = false", &format!("tokens = \"all\"\n{OURS}")), &[""]).is_ok());
}

#[test]
fn t58_two_issuers_that_could_be_asked_about_one_token_are_refused() {
    let two = |one: &str, other: &str| {
        let table = |name: &str, more: &str| {
            format!(
                "[[auth.issuers]]\nissuer = \"https://{name}.example\"\nallowed_clients = [\"app\"]\n\
                 [auth.issuers.introspection]\n{more}\n"
            )
        };
        format!("[auth]\nbase_scopes = []\n{}{}", table("one", one), table("two", other))
    };
    let with = |prefixes: &str| format!("{OURS}prefixes = {prefixes}");
    for (one, other) in [
        (OURS.to_owned(), OURS.to_owned()),
        (with("[\"a_\"]"), OURS.to_owned()),
        (with("[\"a_\"]"), with("[\"a_b_\"]")),
        (with("[\"a_\", \"b_\"]"), with("[\"b_\"]")),
        (with("[\"gho_\"]"), format!("kind = \"github-check-token\"\n{OURS}")),
    ] {
        let said = refused!(&two(&one, &other), &[""], IntrospectionOfBoth);
        assert!(said.contains("https://one.example") && said.contains("prefixes"), "{said}");
    }
    for (one, other) in [
        (with("[\"a_\"]"), with("[\"b_\"]")),
        ("kind = \"google-tokeninfo\"".to_owned(), format!("kind = \"github-check-token\"\n{OURS}")),
    ] {
        assert!(check(&two(&one, &other), &[""]).is_ok());
    }
}
