//! Clients of the built-in issuer: each mistake by its name, beside what is accepted.

use super::super::conflict::{Conflict, IssuerClientConflict};
use super::check;

/// A P-256 key of RFC 7515 appendix A.3.
const KEY: &str = "{ kty = \"EC\", crv = \"P-256\", x = \"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\", \
                   y = \"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\" }";
const HASH: &str =
    "client_secret_sha256 = \"00000000000000000000000000000000000000000000000000000000000000a1\"";

fn client(more: &str) -> String {
    format!("[issuer]\ndevice_code = true\n[[issuer.clients]]\nclient_id = \"app\"\n{more}")
}

fn refusals(more: &str) -> Vec<Conflict> {
    check(&client(more), &[""]).err().unwrap_or_default()
}

#[test]
fn a_client_authenticates_in_exactly_one_way() {
    let jwks = format!("jwks = {{ keys = [{KEY}] }}");
    let ways =
        ["client_secret = \"file:ok\"", HASH, &jwks, "jwks_uri = \"https://app.example/k\"", "public = true"];
    for (index, one) in ways.into_iter().enumerate() {
        let grants = if one == "public = true" { "\ngrant_types = [\"device_code\"]" } else { "" };
        assert!(refusals(&format!("{one}{grants}")).is_empty(), "{one}");
        for other in &ways[index + 1..] {
            let both = refusals(&format!("{one}\n{other}\ngrant_types = [\"device_code\"]"));
            assert!(
                matches!(
                    both.as_slice(),
                    [Conflict::IssuerClients(IssuerClientConflict::ClientCredentials { .. })]
                ),
                "{one}, {other}"
            );
            let said = both[0].to_string();
            assert!(said.contains("app") && said.contains("issuer.clients[0]"), "{said}");
        }
    }
    for none in ["", "public = false"] {
        assert!(
            matches!(
                refusals(none).as_slice(),
                [Conflict::IssuerClients(IssuerClientConflict::ClientWithoutCredential { .. })]
            ),
            "{none}"
        );
    }
}

#[test]
fn a_public_client_gets_nothing_without_a_person() {
    let with = |grant: &str| {
        refusals(&format!(
            "public = true\nredirect_uris = [\"https://app.example/cb\"]\ngrant_types = [\"authorization_code\", {grant:?}]"
        ))
    };
    for refused in [
        "client_credentials",
        "token_exchange",
        "jwt_bearer",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ] {
        assert!(
            matches!(
                with(refused).as_slice(),
                [Conflict::IssuerClients(IssuerClientConflict::PublicClientGrant { .. })]
            ),
            "{refused}"
        );
    }
    for accepted in ["refresh_token", "device_code"] {
        assert!(with(accepted).is_empty(), "{accepted}");
    }
    assert!(
        matches!(
            refusals("public = true").as_slice(),
            [Conflict::IssuerClients(IssuerClientConflict::PublicClientGrant { .. })]
        ),
        "default"
    );
}

#[test]
fn device_codes_are_for_clients_that_name_them_where_they_are_turned_on() {
    let with = |device_code: bool| {
        let text = format!(
            "[issuer]\ndevice_code = {device_code}\n[[issuer.clients]]\nclient_id = \"tv\"\npublic = true\n\
             grant_types = [\"device_code\"]"
        );
        check(&text, &[""]).err().unwrap_or_default()
    };
    assert!(with(true).is_empty());
    let off = with(false);
    assert!(matches!(off.as_slice(), [Conflict::IssuerClients(IssuerClientConflict::DeviceCodeOff { .. })]));
    let said = off[0].to_string();
    assert!(said.contains("tv") && said.contains("issuer.clients[0].grant_types"), "{said}");
}

#[test]
fn redirect_uris_go_with_authorization_code_and_refresh_tokens_with_what_gives_them() {
    let uris = "redirect_uris = [\"https://app.example/cb\", \"http://127.0.0.1/cb\"]";
    let with = |more: &str| refusals(&format!("{HASH}\n{more}"));
    assert!(with(uris).is_empty());
    let without = with("grant_types = [\"authorization_code\"]");
    assert!(matches!(
        without.as_slice(),
        [Conflict::IssuerClients(IssuerClientConflict::ClientWithoutRedirectUri { .. })]
    ));
    let unused = with(&format!("{uris}\ngrant_types = [\"client_credentials\"]"));
    assert!(matches!(
        unused.as_slice(),
        [Conflict::IssuerClients(IssuerClientConflict::ClientRedirectUnused { .. })]
    ));
    let refresh = with("grant_types = [\"client_credentials\", \"refresh_token\"]");
    assert!(matches!(
        refresh.as_slice(),
        [Conflict::IssuerClients(IssuerClientConflict::ClientRefreshUnused { .. })]
    ));
    assert!(with("grant_types = [\"device_code\", \"refresh_token\"]").is_empty());
    assert!(with("grant_types = []").is_empty(), "one that only asks about tokens");
}

#[test]
fn keys_of_a_client_are_public_keys_that_verify() {
    for (keys, why) in [
        ("jwks = {}", "is not a JWK Set"),
        ("jwks = { keys = [] }", "none of its keys verifies signatures of ES256"),
        ("jwks = { keys = [{ kty = \"oct\", k = \"aHVudGVyMg\" }] }", "private or symmetric key"),
        ("jwks = \"file:none.json\"", "cannot be read"),
        ("jwks = \"file:ok\"", "is not a JWK Set"),
    ] {
        let refused = refusals(keys);
        assert!(
            matches!(refused.as_slice(), [Conflict::IssuerClients(IssuerClientConflict::ClientKeys { .. })]),
            "{keys}"
        );
        let said = refused[0].to_string();
        assert!(said.contains(why) && said.contains("clients[0].jwks in"), "{said}");
        assert!(!said.contains("aHVudGVyMg"), "{said}");
    }
    let private = KEY.replace("kty", "d = \"aHVudGVyMg\", kty");
    let said = refusals(&format!("jwks = {{ keys = [{private}] }}"))[0].to_string();
    assert!(said.contains("private") && !said.contains("aHVudGVyMg"), "{said}");
}

#[test]
fn what_the_issuer_would_refuse_is_no_value_of_a_key() {
    for (more, why) in [
        ("redirect_uris = [\"http://app.example/cb\"]", "elsewhere use https"),
        ("redirect_uris = [\"javascript:alert(1)\"]", "a redirect URI is https"),
        ("jwks_uri = \"http://app.example/k\"", "must start with https://"),
        ("grant_types = [\"password\"]", "expected \"authorization_code\""),
        ("client_secret_sha256 = \"hunter2\"", "is not a SHA-256"),
        ("jwks = \"hunter2\"", "file:/path"),
    ] {
        let error = crate::config::Config::from_toml_str(&client(more)).unwrap_err();
        let said = error.mistakes().join("\n");
        assert!(said.contains(why) && !said.contains("hunter2"), "{more}: {said}");
    }
}

#[test]
fn an_initial_access_token_has_one_place_and_cannot_be_guessed() {
    let hash = HASH.replace("client_secret_sha256", "sha256");
    let with = |tokens: &str| {
        let text = format!("[issuer.registration]\nopen = false\ninitial_access_tokens = [{tokens}]");
        check(&text, &[""]).err().unwrap_or_default()
    };
    assert!(with("").is_empty() && with(&format!("{{ name = \"ci\", {hash} }}")).is_empty());
    let neither = with("{ name = \"ci\" }");
    assert!(
        matches!(neither.as_slice(), [Conflict::IssuerClients(IssuerClientConflict::HashOrToken { .. })]),
        "{neither:?}"
    );
    let both = with(&format!("{{ name = \"ci\", {hash}, token = \"file:ok\" }}"));
    assert!(
        matches!(both.as_slice(), [Conflict::IssuerClients(IssuerClientConflict::HashOrToken { .. })]),
        "{both:?}"
    );
    let short = with("{ name = \"ci\", token = \"file:ok\" }");
    assert!(
        matches!(short.as_slice(), [Conflict::IssuerClients(IssuerClientConflict::ShortInitialToken { .. })]),
        "{short:?}"
    );
    assert!(!short[0].to_string().contains("s3cr3t"));
    let missing = with("{ name = \"ci\", token = \"env:NONE\" }");
    assert!(matches!(missing.as_slice(), [Conflict::Secret { .. }]), "{missing:?}");
    let twice = with(&format!("{{ name = \"ci\", {hash} }}, {{ name = \"ci\", {hash} }}"));
    assert!(
        matches!(
            twice.as_slice(),
            [Conflict::IssuerClients(IssuerClientConflict::DuplicateInitialToken { .. })]
        ),
        "{twice:?}"
    );
}

#[test]
fn exchange_from_goes_with_token_exchange() {
    let with = |grants: &str| refusals(&format!("{HASH}\nexchange_from = [\"chat\"]\n{grants}"));
    assert!(with("grant_types = [\"token_exchange\"]").is_empty());
    for grants in ["", "grant_types = [\"jwt_bearer\"]"] {
        assert!(
            matches!(
                with(grants).as_slice(),
                [Conflict::IssuerClients(IssuerClientConflict::ClientExchangeUnused { .. })]
            ),
            "{grants}"
        );
    }
}

/// A client called `developer` did not start: that is the user of the default, whom no other login has.
#[test]
fn a_client_has_the_name_of_the_default_user_with_every_login_but_that_for_development() {
    let clashes = |login: &str, users: &str| {
        let text = format!(
            "[issuer]\nlogin = {login:?}\n{users}\n[[issuer.clients]]\nclient_id = \"developer\"\nclient_secret = \"file:ok\""
        );
        let refused = check(&text, &[""]).err().unwrap_or_default();
        let clashes = |one: &Conflict| {
            matches!(one, Conflict::IssuerClients(IssuerClientConflict::ClientIsUser { .. }))
        };
        refused.iter().any(clashes)
    };
    assert!(clashes("development", ""));
    for login in ["accounts", "own"] {
        assert!(!clashes(login, ""), "{login}");
        assert!(!clashes(login, "users = [\"developer\"]"), "{login}: no token says anything of it");
        // What tokens of the user say, those of the client would say too.
        assert!(clashes(login, "users.developer.claims = { team = \"a\" }"), "{login}");
        assert!(clashes(login, "users.developer.roles = [\"r\"]"), "{login}");
    }
}
