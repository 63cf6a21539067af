//! Every refusal, and the configuration next to it that is accepted.

use rmcp::model::Tool;

use mcp_auth_core::{Scope, ScopeSet};

use super::conflict::{AuthConflict, BuiltInIssuerConflict};
use super::{Checked, Conflict};
use crate::config::load::process::MemoryFiles;
use crate::config::{Config, ConfigError, Connect, Warning};
use crate::declared::Rule;
use crate::declared::registry::{Declaration, Item, Registry};

/// A server whose tools need these scopes, one tool each; `""` is a public tool.
fn registry(scopes: &[&'static str]) -> Registry {
    let declare = |scope: &&'static str| {
        let rule = match *scope {
            "" => Rule::PUBLIC,
            scope => Rule::any_of([[Scope::new(scope).unwrap()].into_iter().collect()]),
        };
        let tool = Tool::new(format!("tool-{scope}"), "", crate::call::build::any_input());
        Declaration::new(rule, Item::Tool(tool))
    };
    Registry::new(scopes.iter().map(declare).collect()).unwrap()
}

fn check(text: &str, scopes: &[&'static str]) -> Result<Checked, Vec<Conflict>> {
    let files =
        MemoryFiles::default().with_world_readable("/home/ann/open", "s3cr3t").with("/home/ann/ok", "s3cr3t");
    let process = files.process().variable("TOKEN", "ey.J.x").variable("EMPTY", "");
    let config = Config::builder().process(process).toml(text).build().unwrap();
    match config.check(&registry(scopes)) {
        Ok(checked) => Ok(checked),
        Err(ConfigError::Refused(refusals)) => Err(refusals),
        Err(other) => panic!("{other}"),
    }
}

/// The name of a reason, without that of its section.
fn kind(conflict: &Conflict) -> String {
    let text = format!("{conflict:?}");
    let name = |text: &str| text.split([' ', '(']).next().unwrap_or_default().to_owned();
    let outer = name(&text);
    text[outer.len()..].strip_prefix('(').map_or(outer, name)
}

/// Asserts that `text` is refused for one reason alone, which is of this kind, and gives its message.
macro_rules! refused {
    ($text:expr, $scopes:expr, $kind:ident) => {{
        let refusals = check($text, $scopes).expect_err("accepted");
        let kinds: Vec<_> = refusals.iter().map($crate::config::check::tests::kind).collect();
        assert_eq!(kinds, [stringify!($kind)], "{refusals:#?}");
        refusals[0].to_string()
    }};
}

mod api_keys;
mod introspection;
mod issuer_assertions;
mod issuer_clients;
mod names;
mod own_login;
mod roles;
mod upstreams;

const ISSUER: &str = "issuers = [{ issuer = \"https://i.example\" }]";

fn verify(more: &str) -> String {
    format!("[auth]\n{ISSUER}\nbase_scopes = [\"a\"]\n{more}")
}

#[test]
fn complete_configuration_is_accepted_without_a_warning() {
    let checked = check(&verify(""), &["a", ""]).unwrap();
    assert_eq!(checked.warnings, []);
    assert_eq!(checked.connect, Connect::Authenticated);
    assert_eq!(checked.scopes.keys().collect::<Vec<_>>(), ["a"]);
}

#[test]
fn without_the_operations_only_what_depends_on_them_is_left_open() {
    let alone = |text: &str| {
        let config = Config::from_toml_str(text).unwrap();
        config.check_alone().map(|checked| checked.warnings.len()).map_err(|e| e.to_string())
    };
    // No operation is known: whether `b` is one's, and whether base scopes are needed, cannot be told.
    for text in [
        verify("[scopes.b]\ndescription = \"x\""),
        format!("[auth]\n{ISSUER}"),
        verify("").replace("[\"a\"]", "[\"unheard.of\"]"),
        "[auth]\nverify = \"none\"".to_owned(),
        "stdio.local_scopes = [\"b\"]\n[issuer]\n[auth]\nbase_scopes = [\"b\"]".to_owned(),
    ] {
        assert_eq!(alone(&text), Ok(0), "{text}");
    }
    assert!(check(&verify("[scopes.b]\ndescription = \"x\""), &["a"]).is_err());
    // Everything else is refused as ever.
    for (text, why) in [
        ("server.listen = \"0.0.0.0:80\"\n[issuer]", "4 reasons not to start"),
        ("[auth]\nverify = \"tokens\"", "no issuer is configured"),
        ("[issuer]\n[auth]\nbase_scopes = [\"offline_access\"]", "never a scope of a server"),
        ("[issuer]\n[scopes.a]\nimplies = [\"b\"]\n[scopes.b]\nimplies = [\"a\"]", "circle"),
    ] {
        let refused = alone(text).unwrap_err();
        assert!(refused.contains(why), "{text}: {refused}");
    }
}

#[test]
fn verify_none_is_for_public_operations_only() {
    let message = refused!("auth.verify = \"none\"", &["", "a"], Unverified);
    assert!(
        message.contains("tool `tool-a` needs a")
            && message.ends_with("auth.verify in the configuration text, line 1")
    );
    let checked = check("auth.verify = \"none\"", &[""]).unwrap();
    assert_eq!(checked.connect, Connect::Anonymous);
}

#[test]
fn verify_none_is_for_servers_without_issuers_only() {
    let none = "[auth]\nverify = \"none\"\n";
    for (more, tables) in [
        (ISSUER.to_owned(), "the issuers in [[auth.issuers]]:"),
        ("[issuer]".to_owned(), "the issuers in [issuer]:"),
        (format!("{ISSUER}\n[issuer]"), "the issuers in [[auth.issuers]] and [issuer]:"),
    ] {
        let message = refused!(&format!("{none}{more}"), &[""], UnusedIssuers);
        assert!(message.contains(tables) && message.contains("auth.verify in"), "{message}");
    }
    assert!(check(&format!("{none}[issuer]\nenabled = false"), &[""]).is_ok());
}

#[test]
fn verify_none_on_stdio_trusts_the_local_caller_and_no_credential() {
    let stdio = "auth.verify = \"none\"\nserver.transport = \"stdio\"\n";
    assert!(check(&format!("{stdio}stdio.local_scopes = [\"a\"]"), &["a"]).is_ok());
    let refusals =
        check(&format!("{stdio}stdio = {{ credential = \"env:TOKEN\", audience = \"x\" }}"), &[""]);
    assert!(matches!(
        refusals.unwrap_err()[..],
        [Conflict::Auth(AuthConflict::StdioCredentialUnverified { .. })]
    ));
    let command = "stdio = { credential_command = [\"token\"], audience = \"x\" }";
    let message = refused!(&format!("{stdio}{command}"), &[""], StdioCredentialUnverified);
    assert!(message.contains("stdio.credential_command in"), "{message}");
}

#[test]
fn tokens_need_an_issuer_unless_nothing_is_verified() {
    refused!("auth.base_scopes = [\"a\"]", &["a"], NoIssuers);
    refused!("", &[""], NoIssuers);
    let message = refused!("auth.base_scopes = [\"a\"]\n[issuer]\nenabled = false", &["a"], NoIssuers);
    assert!(message.contains("add [[auth.issuers]], or [issuer]"), "{message}");
    assert!(check("auth.base_scopes = [\"a\"]\n[issuer]", &["a"]).is_ok());
    assert!(check("server.transport = \"stdio\"\nauth.base_scopes = [\"a\"]", &["a"]).is_ok());
}

#[test]
fn built_in_issuer_stands_beside_others_but_not_beside_itself() {
    let with = |issuer: &str| {
        format!("[auth]\nbase_scopes = [\"a\"]\nissuers = [{{ issuer = {issuer:?} }}]\n[issuer]")
    };
    assert_eq!(check(&with("https://i.example"), &["a"]).unwrap().warnings, []);
    let message = refused!(&with("http://127.0.0.1:8080"), &["a"], OwnIssuerListed);
    assert!(message.contains("auth.issuers[0].issuer in"), "{message}");
    assert!(check(&with("http://127.0.0.1:8081"), &["a"]).is_ok());
    assert!(check(&format!("{}\nenabled = false", with("http://127.0.0.1:8080")), &["a"]).is_ok());
}

#[test]
fn listening_off_loopback_needs_a_public_url() {
    let off = format!("server.listen = \"0.0.0.0:80\"\n{}", verify(""));
    let message = refused!(&off, &["a"], PublicUrlMissing);
    assert!(message.contains("server.listen in the configuration text"), "{message}");
    let with = format!("server.public_url = \"https://a.example/mcp\"\n{off}");
    assert!(check(&with, &["a"]).is_ok());
}

#[test]
fn public_url_off_loopback_is_https_and_ends_with_the_path() {
    let with = |url: &str| format!("server.public_url = {url:?}\n{}", verify(""));
    refused!(&with("http://a.example/mcp"), &["a"], PublicUrlNotHttps);
    refused!(&with("https://a.example/"), &["a"], PublicUrlPath);
    refused!(&with("https://a.example/mcp/"), &["a"], PublicUrlPath);
    refused!(&with("https://a.example/xmcp"), &["a"], PublicUrlPath);
    for ok in ["https://a.example/mcp", "https://a.example/todos/mcp", "http://localhost:8080/mcp"] {
        assert_eq!(check(&with(ok), &["a"]).unwrap().warnings, [], "{ok}");
    }
    let odd = check(&with("https://A.example/mcp"), &["a"]).unwrap();
    assert!(matches!(odd.warnings[..], [Warning::PublicUrlNotCanonical { .. }]));
}

#[test]
fn c03_issuer_and_jwks_off_loopback_are_https() {
    let with = |issuer: &str| format!("[auth]\nbase_scopes = []\nissuers = [{{ {issuer} }}]");
    refused!(&with("issuer = \"http://i.example\""), &[""], IssuerNotHttps);
    refused!(
        &with("issuer = \"https://i.example\", jwks_uri = \"http://i.example/k\""),
        &[""],
        JwksUriNotHttps
    );
    for ok in ["issuer = \"http://127.0.0.1:9\"", "issuer = \"https://i\", jwks_uri = \"http://[::1]:9/k\""] {
        assert!(check(&with(ok), &[""]).is_ok(), "{ok}");
    }
}

#[test]
fn c03_plain_http_is_allowed_for_the_private_host_that_is_named_and_warned_about() {
    let with = |issuer: &str| format!("[auth]\nbase_scopes = []\nissuers = [{{ {issuer} }}]");
    for ok in [
        "issuer = \"http://keycloak:8080/realms/a\", allow_http = \"keycloak\"",
        "issuer = \"http://10.0.0.7\", allow_http = \"10.0.0.7\"",
        "issuer = \"http://keycloak\", jwks_uri = \"http://keycloak:9/k\", allow_http = \"keycloak\"",
        "issuer = \"http://keycloak\", jwks_uri = \"https://i.example/k\", allow_http = \"keycloak\"",
        // The name that browsers know, and the one by which a container reaches it.
        "issuer = \"http://localhost:8180/realms/a\", jwks_uri = \"http://keycloak/k\", allow_http = \"keycloak\"",
        "issuer = \"https://i.example\", jwks_uri = \"http://keycloak/k\", allow_http = \"keycloak\"",
    ] {
        let warnings = check(&with(ok), &["a"]).unwrap().warnings;
        let is_said =
            |warning: &Warning| matches!(warning, Warning::PlainHttp { host, .. } if ok.contains(host));
        assert_eq!(warnings.iter().filter(|warning| is_said(warning)).count(), 1, "{ok}: {warnings:?}");
    }
    let message = refused!(&with("issuer = \"http://keycloak:8080\""), &[""], IssuerNotHttps);
    assert!(message.contains("allow_http = \"keycloak\""), "{message}");
    let message = refused!(&with("issuer = \"http://login.example.com\""), &[""], IssuerNotHttps);
    assert!(!message.contains("allow_http"), "{message}");
    for (bad, why) in [
        ("issuer = \"http://keycloak.example.com\", allow_http = \"keycloak\"", "issuer is"),
        (
            "issuer = \"http://keycloak\", jwks_uri = \"http://keys/k\", allow_http = \"keycloak\"",
            "jwks_uri is",
        ),
        ("issuer = \"http://keycloak\", jwks_uri = \"http://keys/k\", allow_http = \"keys\"", "issuer is"),
        (
            "issuer = \"https://keycloak\", allow_http = \"keycloak\"",
            "allow_http is \"keycloak\", but neither",
        ),
        (
            "issuer = \"http://localhost:9\", allow_http = \"keycloak\"",
            "allow_http is \"keycloak\", but neither",
        ),
    ] {
        let error = check(&with(bad), &["a"]).unwrap_err()[0].to_string();
        assert!(error.contains(why), "{bad}: {error}");
    }
}

#[test]
fn issuer_configured_twice_is_refused() {
    let twice = |a: &str, b: &str| format!("auth.issuers = [{{ issuer = {a:?} }}, {{ issuer = {b:?} }}]");
    let message = refused!(&twice("https://i.example", "https://i.example"), &[""], DuplicateIssuer);
    assert!(message.contains("auth.issuers[1].issuer in"), "{message}");
    assert!(check(&twice("https://i.example", "https://i.example/"), &[""]).is_ok());
}

#[test]
fn refresh_bounds_are_the_right_way_round() {
    let with = |min: &str| {
        format!(
            "auth.issuers = [{{ issuer = \"https://i.example\", jwks_min_refresh = {min:?}, jwks_max_refresh = \"1m\" }}]"
        )
    };
    refused!(&with("2m"), &[""], RefreshBounds);
    assert!(check(&with("1m"), &[""]).is_ok());
}

#[test]
fn built_in_issuer_stays_on_loopback_without_what_it_needs_elsewhere() {
    let with = |server: &str| format!("server = {{ {server} }}\nauth = {{ base_scopes = [] }}\n[issuer]");
    for (server, which) in [
        ("listen = \"0.0.0.0:80\", public_url = \"http://localhost/mcp\"", "server.listen"),
        ("public_url = \"https://a.example/mcp\"", "server.public_url"),
        ("listen = \"0.0.0.0:80\", public_url = \"https://a.example/mcp\"", "server.public_url"),
    ] {
        let lacks: Vec<String> =
            check(&with(server), &[""]).unwrap_err().iter().map(|c| c.to_string()).collect();
        for (lack, said) in lacks.iter().zip(["issuer.login", "store.url", "server.tls"]) {
            assert!(lack.contains(said) && lack.contains(&format!(": {which} in")), "{lack}");
        }
        assert_eq!(lacks.len(), 3, "{lacks:?}");
    }
    for ok in ["", "listen = \"127.0.0.1:0\"", "public_url = \"http://localhost:8080/mcp\""] {
        assert!(check(&with(ok), &[""]).is_ok(), "{ok}");
    }
    let beside = format!("[server]\npublic_url = \"https://a.example/mcp\"\n{}\n[issuer]", verify(""));
    assert_eq!(check(&beside, &["a"]).unwrap_err().len(), 3);
    assert!(check(&format!("{beside}\nenabled = false"), &["a"]).is_ok());
}

#[test]
fn built_in_issuer_needs_a_user_and_clients_of_different_names() {
    let with = |issuer: &str| format!("issuer = {{ {issuer} }}");
    let message = refused!(&with("users = []"), &[""], IssuerWithoutUsers);
    assert!(message.ends_with("issuer.users in the configuration text, line 1"), "{message}");
    let client = "{ client_id = \"c\", client_secret = \"file:ok\" }";
    let message = refused!(&with(&format!("clients = [{client}, {client}]")), &[""], DuplicateClient);
    assert!(message.contains("issuer.clients[1].client_id in"), "{message}");
    assert!(check(&with(&format!("clients = [{client}]")), &[""]).is_ok());
}

#[test]
fn accounts_need_a_store_that_lasts_and_no_user() {
    let lasting = "[store]\nurl = \"sqlite:here.db\"\nkey = \"env:STORE_KEY\"\n";
    let issuer = "[issuer]\nlogin = \"accounts\"\nusers = []";
    let message = refused!(issuer, &[""], AccountsInMemory);
    assert!(message.ends_with("issuer.login in the configuration text, line 2"), "{message}");
    let refused = check(&format!("{lasting}{issuer}"), &[""]).err().unwrap_or_default();
    let is_about_accounts = |conflict: &Conflict| {
        matches!(
            conflict,
            Conflict::BuiltInIssuer(BuiltInIssuerConflict::AccountsInMemory { .. })
                | Conflict::BuiltInIssuer(BuiltInIssuerConflict::IssuerWithoutUsers { .. })
        )
    };
    assert!(!refused.iter().any(is_about_accounts), "{refused:?}");
}

#[test]
fn passkeys_that_somebody_asks_for_need_a_host_name() {
    let lasting = "[store]\nurl = \"sqlite:here.db\"\nkey = \"env:STORE_KEY\"\n";
    let with = |url: &str, passkeys: &str, login: &str| {
        let server = format!("[server]\npublic_url = {url:?}\n");
        let users = if login == "accounts" { "users = []\n" } else { "" };
        format!("{lasting}{server}[issuer]\nlogin = {login:?}\n{users}accounts.passkeys = {passkeys:?}")
    };
    let said = |text: &str| {
        let refused = check(text, &[""]).err().unwrap_or_default();
        let about_passkeys = refused.iter().find(|one| {
            matches!(one, Conflict::BuiltInIssuer(BuiltInIssuerConflict::PasskeysAtAddress { .. }))
        });
        about_passkeys.map(ToString::to_string)
    };
    for address in ["http://127.0.0.1:8080/mcp", "http://[::1]:8080/mcp"] {
        let message = said(&with(address, "on", "accounts")).expect("it is refused");
        assert!(message.contains("host names only"), "{message}");
        assert!(message.contains("issuer.accounts.passkeys in"), "{message}");
    }
    for (url, passkeys, login) in [
        ("http://localhost:8080/mcp", "on", "accounts"),
        ("http://127.0.0.1:8080/mcp", "auto", "accounts"),
        ("http://127.0.0.1:8080/mcp", "off", "accounts"),
        ("http://127.0.0.1:8080/mcp", "on", "development"),
    ] {
        assert_eq!(said(&with(url, passkeys, login)), None, "{url} {passkeys} {login}");
    }
}

#[test]
fn client_with_the_name_of_a_user_is_refused() {
    let with = |user: &str| {
        let client = "{ client_id = \"c\", client_secret = \"file:ok\" }";
        format!("issuer = {{ users = [\"ann\", {user:?}], clients = [{client}] }}")
    };
    let message = refused!(&with("c"), &[""], ClientIsUser);
    assert!(message.starts_with("client \"c\" has the name of one of issuer.users"), "{message}");
    assert!(message.ends_with("issuer.clients[0].client_id in the configuration text, line 1"), "{message}");
    assert!(check(&with("C"), &[""]).is_ok());
}

#[test]
fn c07_client_secret_of_the_built_in_issuer_that_cannot_be_read_is_refused() {
    for (secret, why) in
        [("env:NONE", "NONE is not set"), ("env:EMPTY", "is empty"), ("file:open", "chmod o-r")]
    {
        let client = format!("[{{ client_id = \"c\", client_secret = {secret:?} }}]");
        let message = refused!(&format!("issuer = {{ clients = {client} }}"), &[""], Secret);
        assert!(message.contains(why) && message.contains("clients[0].client_secret in"), "{message}");
    }
}

#[test]
fn needed_scopes_need_base_scopes() {
    let without = format!("auth.{ISSUER}");
    let message = refused!(&without, &["", "a"], BaseScopesMissing);
    assert!(message.contains("tool `tool-a` needs a"), "{message}");
    assert!(check(&without, &[""]).is_ok());
    let empty = check(&format!("{without}\nauth.base_scopes = []"), &["a"]).unwrap();
    assert_eq!(empty.warnings, [Warning::EmptyBaseScopes]);
}

#[test]
fn unknown_base_scope_is_refused_by_the_built_in_issuer_and_warned_about_otherwise() {
    let warned = check(&format!("[auth]\n{ISSUER}\nbase_scopes = [\"openid\"]"), &["a"]).unwrap();
    assert_eq!(warned.warnings, [Warning::UnknownBaseScope("openid".to_owned())]);
    let message = refused!("[issuer]\n[auth]\nbase_scopes = [\"todos.raed\"]", &["todos.read"], UnknownScope);
    assert!(message.contains("did you mean \"todos.read\""), "{message}");
}

#[test]
fn a05_offline_access_is_never_a_scope_of_ours() {
    refused!(&format!("[auth]\n{ISSUER}\nbase_scopes = [\"a\", \"offline_access\"]"), &["a"], OfflineAccess);
    refused!(&verify("[scopes.offline_access]\nimplies = [\"a\"]"), &["a"], OfflineAccess);
    refused!(&verify("[scopes.b]\nimplies = [\"offline_access\"]"), &["a", "b"], OfflineAccess);
}

#[test]
fn scope_entry_that_changes_nothing_is_refused() {
    let message =
        refused!(&verify("[scopes.\"todos.raed\"]\ndescription = \"x\""), &["a", "todos.read"], UnusedScope);
    assert!(message.contains("did you mean \"todos.read\""), "{message}");
    assert!(message.contains("scopes.\"todos.raed\" in the configuration text"), "{message}");
    assert!(check(&verify("[scopes.a]\ndescription = \"x\""), &["a"]).is_ok());
    assert!(check(&verify("[scopes.all]\nimplies = [\"a\"]"), &["a"]).is_ok());
}

#[test]
fn unknown_implied_scope_is_refused() {
    refused!(&verify("[scopes.all]\nimplies = [\"b\"]"), &["a"], UnknownScope);
}

#[test]
fn scopes_in_a_circle_are_refused_with_the_way_round() {
    let circle = "[scopes.a]\nimplies = [\"b\"]\n[scopes.b]\nimplies = [\"a\"]";
    let message = refused!(&verify(circle), &["a", "b"], ImpliesCycle);
    assert!(
        message.starts_with("scopes imply each other in a circle: a -> b -> a: scopes.a.implies in"),
        "{message}"
    );
}

#[test]
fn broader_scope_counts_for_narrower_ones_and_keeps_its_description() {
    let checked =
        check(&verify("[scopes.all]\nimplies = [\"a\"]\ndescription = \"Everything\""), &["a"]).unwrap();
    assert!(checked.hierarchy.satisfies(&ScopeSet::parse_lossy("all"), "a"));
    assert!(!checked.hierarchy.satisfies(&ScopeSet::parse_lossy("a"), "all"));
    assert_eq!(checked.scopes["all"].as_deref(), Some("Everything"));
}

#[test]
fn stdio_credential_needs_an_audience_and_must_be_there() {
    let with = |stdio: &str| format!("server.transport = \"stdio\"\nstdio = {{ {stdio} }}\n{}", verify(""));
    refused!(&with("credential = \"env:TOKEN\""), &["a"], StdioAudienceMissing);
    assert!(check(&with("credential = \"env:TOKEN\", audience = \"x\""), &["a"]).is_ok());
    for (credential, why) in [
        ("env:NONE", "NONE is not set: stdio.credential in"),
        ("env:EMPTY", "EMPTY is empty"),
        ("file:open", "every user of this machine"),
        ("file:none", "cannot be read"),
    ] {
        let message =
            refused!(&with(&format!("credential = {credential:?}, audience = \"x\"")), &["a"], Secret);
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn a_program_may_give_the_credential_of_a_server_of_api_keys_alone_without_an_audience() {
    let stdio = "server.transport = \"stdio\"\nstdio = { credential_command = [\"token\"] }\n";
    let digest = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
    let key = format!("[[auth.api_keys]]\nname = \"ci\"\ndigest = \"sha256:{digest}\"\nscopes = [\"a\"]");
    assert!(check(&format!("{stdio}{key}"), &["a"]).is_ok());
    refused!(&format!("{stdio}{}", verify("")), &["a"], StdioAudienceMissing);
}

#[test]
fn introspection_over_plain_http_is_warned_of_as_tokens_in_the_clear() {
    let asked = |endpoint: &str| {
        let toml = format!(
            "[auth]\nbase_scopes = [\"a\"]\n[[auth.issuers]]\nissuer = \"http://keycloak\"\nallow_http = \"keycloak\"\n\
             [auth.issuers.introspection]\nendpoint = {endpoint:?}\nauth = \"none\"\n"
        );
        check(&toml, &["a"]).unwrap().warnings
    };
    let is_said = |warning: &Warning| warning.to_string().contains("travel in the clear");
    let warnings = asked("http://keycloak/introspect");
    assert!(warnings.iter().any(is_said), "{warnings:?}");
    let warnings = asked("https://i.example/introspect");
    assert!(!warnings.iter().any(is_said), "{warnings:?}");
}

#[test]
fn what_is_configured_and_not_used_is_warned_about() {
    let checked = check(&verify("visibility = \"granted\""), &["a"]).unwrap();
    assert_eq!(checked.warnings, [Warning::StepUpThroughBaseScopesOnly]);
    let local = "server.transport = \"stdio\"\nstdio.local_scopes = [\"b\"]\n";
    let checked = check(&format!("{local}{}", verify("")), &["a"]).unwrap();
    assert_eq!(checked.warnings, [Warning::UnknownLocalScope("b".to_owned())]);
}

#[test]
fn all_refusals_are_told_at_once() {
    let text = "server.listen = \"0.0.0.0:80\"\n[issuer]\n[scopes.x]\ndescription = \"x\"";
    let refusals = check(text, &["a"]).unwrap_err();
    assert_eq!(refusals.len(), 6, "{refusals:#?}");
    let told = ConfigError::Refused(refusals).to_string();
    assert!(told.starts_with("6 reasons not to start:\n  - listen is 0.0.0.0:80"), "{told}");
}

/// The loader has said it: nothing is concluded from what is not there because of it.
#[test]
fn a_mistyped_key_of_the_built_in_issuer_is_refused_once() {
    let network = "server.public_url = \"https://a.example/mcp\"\n";
    let own = "[issuer]\nlogin = \"own\"\n[issuer.own_login]\nkey = \"env:TOKEN\"\n";
    let upstream =
        "[issuer]\nlogin = \"idp\"\n[upstreams.idp]\nissuer = \"https://i.example\"\nallow = \"anyone\"\n";
    let store = "[store]\nurl = \"sqlite:x\"\n";
    let device = "[issuer]\nusers = [\"ann\"]\n[[issuer.clients]]\nclient_id = \"tv\"\npublic = true\ngrant_types = [\"device_code\"]\n";
    for text in [
        format!("{own}url = 5"),
        format!("{own}urll = \"https://app.example/login\""),
        format!("{upstream}client_id = 5"),
        format!("{upstream}clientid = \"us\""),
        format!(
            "{network}{store}key = \"env:TOKEN\"\n[issuer]\nlogin = \"accounts\"\n[server.tls]\ncertt = \"file:c\"\n"
        ),
        format!(
            "{network}server.trusted_proxies = \"10.0.0.1\"\n{store}key = \"env:TOKEN\"\n[issuer]\nlogin = \"accounts\"\n"
        ),
        format!("{store}keyy = \"env:TOKEN\"\n[issuer]\nlogin = \"accounts\"\n"),
        device.replace("[[issuer", "device_codes = true\n[[issuer"),
        device.replace("[[issuer", "device_code = \"yes\"\n[[issuer"),
    ] {
        let process = MemoryFiles::default().process().variable("TOKEN", "0123456789abcdef".repeat(4));
        let loaded = Config::builder().process(process).toml(&text).build();
        let told = match loaded {
            Err(error) => error.to_string(),
            Ok(config) => config.check(&registry(&["a"])).unwrap_err().to_string(),
        };
        // The loader says what is mistyped, and what is missing by it in the same table.
        for reason in told.lines().filter(|line| !line.ends_with(':')) {
            let is_of_loader =
                ["unknown key", "is missing", "expected"].iter().any(|said| reason.contains(said));
            assert!(is_of_loader, "{text}: {told}");
        }
    }
}
