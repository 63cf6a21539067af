//! Whose an opaque token is, where its issuer has several names or tenants: what the answer says decides, as `iss` of a signed
//! token does (rows T70 to T72 of docs/src/threats.md).

use jsonwebtoken::Algorithm;
use mcp_auth::serde_json;
use mcp_auth::testing::{Era, TestServer};
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, JWKS, Key, Reply};
use crate::everything::{self, Everything};
use crate::launch;
use crate::process::text;

const AT: &str = "/introspect";
const METADATA: &str = "/.well-known/oauth-authorization-server/as";

/// A server that trusts one authorization server, `origin/as`, by several names: its signed tokens by its key, its opaque
/// ones by asking.
struct Bench {
    server: TestServer,
    issuer: AuthorizationServer,
    origin: String,
    key: Key,
}

/// The section of an issuer that is called so; what is in braces of `names` is its origin.
fn section(issuer: &AuthorizationServer, names: &str) -> String {
    let origin = issuer.issuer();
    let names = names.replace("{}", origin);
    format!(
        "[[auth.issuers]]\n{names}\nauthorization_server = \"{origin}/as\"\n\
         [auth.issuers.introspection]\nauth = \"none\"\ncache_ttl = \"1s\"\n"
    )
}

/// An issuer whose metadata, read at its authorization server, calls it `name`.
async fn issuer(name: &str) -> (AuthorizationServer, Key) {
    let (issuer, key) = (AuthorizationServer::empty("").await, Key::new(Algorithm::ES256, "k"));
    issuer.publish(&[&key]);
    let name = name.replace("{}", issuer.issuer());
    let document =
        json!({ "issuer": name, "jwks_uri": issuer.at(JWKS), "introspection_endpoint": issuer.at(AT) });
    issuer.put(METADATA, Reply::Json(document));
    (issuer, key)
}

const SEVERAL: &str = "issuer = [\"{}\", \"{}/old\"]";
const SHARED: &str = "issuer = [\"{}\", \"{}/old\"]\nshared_subjects = true";
const TENANTS: &str = "issuer = \"{}/{tenant}/v2\"\ntenants = [\"acme\", \"globex\"]";
const CLAIMED: &str = "issuer = \"{}/{tenant}/v2\"\ntenants = [\"acme\", \"globex\"]\ntenant_claim = \"tid\"";

impl Bench {
    async fn with(names: &str) -> Self {
        Self::with_more(names, "").await
    }

    /// The same, with these lines at the end.
    async fn with_more(names: &str, more: &str) -> Self {
        let (issuer, key) = issuer("{}/as").await;
        let origin = issuer.issuer().to_owned();
        let more = more.replace("{}", &origin);
        let server = Everything::default().start_with(&(section(&issuer, names) + &more)).await;
        Self { server, issuer, origin, key }
    }

    /// What a tool is told of the caller; the status of a refusal.
    async fn who(&self, token: String) -> Result<Value, u16> {
        let answer = self.server.client().token(token).call_tool("whoami", json!({})).await;
        match answer.text() {
            Some(text) => Ok(serde_json::from_str(text).expect("JSON")),
            None => Err(answer.status()),
        }
    }

    /// Who presents an opaque token of which the issuer says this.
    async fn opaque(&self, says: Value) -> Result<Value, u16> {
        let mut answer = self.issuer.claims(self.server.url(), says);
        answer["active"] = true.into();
        self.issuer.put(AT, Reply::Json(answer));
        self.who(format!("opaque-{}", self.issuer.asked().len())).await
    }

    /// Who presents a signed token that says this.
    async fn signed(&self, says: Value) -> Result<Value, u16> {
        self.who(self.key.token(&self.issuer.claims(self.server.url(), says))).await
    }

    /// The same person by both kinds of token, as far as a tool can tell: the issuer and the tenant.
    async fn both(&self, says: Value) -> Result<(Value, Value), u16> {
        let (opaque, signed) = (self.opaque(says.clone()).await, self.signed(says.clone()).await);
        let told = |who: &Result<Value, u16>| {
            who.as_ref()
                .map(|who| ["id", "issuer", "subject", "tenant", "client_id"].map(|name| who[name].clone()))
                .map_err(|status| *status)
        };
        assert_eq!(told(&opaque), told(&signed), "{says}");
        opaque.map(|who| (who["issuer"].clone(), who["tenant"].clone()))
    }

    fn name(&self, path: &str) -> Value {
        json!(format!("{}{path}", self.origin))
    }
}

#[tokio::test]
async fn t70_an_answer_says_by_which_listed_name_its_issuer_is_meant_and_no_other_name_passes() {
    for (names, second) in [(SEVERAL, "/old"), (SHARED, "")] {
        let bench = Bench::with(names).await;
        for (iss, expected) in [("", ""), ("/old", second)] {
            let who = bench.both(json!({ "iss": bench.name(iss) })).await;
            assert_eq!(who, Ok((bench.name(expected), Value::Null)), "{names} {iss}");
        }
        for other in ["/", "/as", "/OLD", "/old/", "/olde"] {
            assert_eq!(bench.both(json!({ "iss": bench.name(other) })).await, Err(401), "{names} {other}");
        }
    }
}

#[tokio::test]
async fn t70_an_answer_without_a_name_is_of_the_first_where_all_are_one_and_else_of_none() {
    let shared = Bench::with(SHARED).await;
    let unsaid = shared.opaque(json!({ "iss": null })).await.expect("all names are one");
    let said = shared.opaque(json!({ "iss": shared.name("/old") })).await.unwrap();
    assert_eq!((&unsaid["issuer"], &unsaid["id"]), (&shared.name(""), &said["id"]));
    let several = Bench::with(SEVERAL).await;
    assert_eq!(several.opaque(json!({ "iss": null })).await, Err(401));
    assert!(several.opaque(json!({ "iss": several.name("") })).await.is_ok());
}

#[tokio::test]
async fn a_name_that_is_denied_is_denied_to_an_answer_that_does_not_say_which_name_it_means() {
    let denied = "[[auth.deny]]\nissuer = \"{}/old\"\nsubject = \"alice\"\n";
    let bench = Bench::with_more(SHARED, denied).await;
    assert_eq!(bench.both(json!({ "iss": bench.name("/old") })).await, Err(401));
    assert_eq!(bench.opaque(json!({ "iss": null })).await, Err(401));
    assert!(bench.opaque(json!({ "iss": null, "sub": "bob" })).await.is_ok());
    assert!(bench.both(json!({ "iss": bench.name("") })).await.is_ok(), "it says another name");
}

#[tokio::test]
async fn t71_an_opaque_token_is_of_the_listed_tenant_that_its_answer_says_and_else_refused() {
    let iss = |bench: &Bench, tenant: &str| bench.name(&format!("/{tenant}/v2"));
    for names in [TENANTS, CLAIMED] {
        let bench = Bench::with(names).await;
        for tenant in ["acme", "globex"] {
            let who = bench.both(json!({ "iss": iss(&bench, tenant), "tid": tenant })).await;
            assert_eq!(who, Ok((iss(&bench, tenant), json!(tenant))), "{names}");
        }
        for other in ["evil", "Acme", "acme/../globex", "{tenant}", "{tenantid}", ""] {
            let says = json!({ "iss": iss(&bench, other), "tid": other });
            assert_eq!(bench.both(says).await, Err(401), "{names} {other}");
        }
        let nothing = json!({ "iss": null, "tid": null });
        assert_eq!(bench.opaque(nothing).await, Err(401), "{names}: it says nothing of its tenant");
    }
    let claimed = Bench::with(CLAIMED).await;
    for tid in [json!("globex"), json!(["acme"]), Value::Null] {
        let says = json!({ "iss": iss(&claimed, "acme"), "tid": tid });
        assert_eq!(claimed.both(says).await, Err(401), "{tid}");
    }
    let by_claim = claimed.opaque(json!({ "iss": null, "tid": "acme" })).await.expect("the claim is enough");
    assert_eq!((&by_claim["tenant"], &by_claim["issuer"]), (&json!("acme"), &iss(&claimed, "acme")));
    assert_eq!(claimed.opaque(json!({ "iss": null, "tid": "evil" })).await, Err(401));
    let unclaimed = Bench::with(TENANTS).await;
    assert_eq!(unclaimed.opaque(json!({ "iss": null, "tid": "acme" })).await, Err(401), "no claim is named");
}

#[tokio::test]
async fn t72_the_endpoint_is_read_at_the_authorization_server_whose_metadata_bears_a_listed_name() {
    for (names, name, is_fine) in [
        (SEVERAL, "{}/as", true),
        (SEVERAL, "{}/old", true),
        (SEVERAL, "{}/other", false),
        (SEVERAL, "{}/as/", false),
        (TENANTS, "{}/acme/v2", true),
        (TENANTS, "{}/{tenantid}/v2", true),
        (TENANTS, "{}/{tenant}/v2", false),
        (TENANTS, "{}/evil/v2", false),
    ] {
        let (issuer, _) = issuer(name).await;
        let toml = section(&issuer, names);
        let only_asked = toml.replace("auth = \"none\"", "auth = \"none\"\ntokens = \"all\"");
        for toml in [toml, only_asked] {
            let started = Everything::default().builder(&toml).start().await;
            let started = started.map(drop).map_err(|error| error.to_string());
            assert_eq!(started.is_ok(), is_fine, "{name}: {started:?}");
            let said = started.err().unwrap_or_default();
            assert!(is_fine || said.contains("byte for byte"), "{said}");
        }
    }
}

#[tokio::test]
async fn t71_over_stdio_a_token_is_of_its_tenant_by_the_same_rule() {
    let (issuer, _) = issuer("{}/as").await;
    let launch = |token: &str| {
        launch::toml(&format!("{}\n{}", everything::CONFIG, section(&issuer, CLAIMED)))
            .variable("MCP_SERVER__PUBLIC_URL", launch::RESOURCE)
            .variable("MCP_STDIO__CREDENTIAL", "env:NOTES_TOKEN")
            .variable("NOTES_TOKEN", token)
    };
    let says = |changes: Value| {
        let mut answer = issuer.claims(launch::RESOURCE, changes);
        answer["active"] = true.into();
        issuer.put(AT, Reply::Json(answer));
    };
    says(json!({ "iss": null, "tid": "globex" }));
    let mut pipe = launch("opaque").stdio().era(Era::Stateless);
    pipe.open().await;
    let who: Value = serde_json::from_str(text(&pipe.call_tool("whoami", json!({})).await)).expect("JSON");
    assert_eq!((&who["tenant"], &who["subject"]), (&json!("globex"), &json!("alice")));
    says(json!({ "iss": null }));
    let ended = launch("of-no-tenant").variable("MCP_SERVER__TRANSPORT", "stdio").run().await;
    ended.refused(&["`tid` is not the tenant"]);
}
