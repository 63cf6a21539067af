//! What an issuer calls itself: several names of one authorization server, and one for each tenant.

use jsonwebtoken::Algorithm;
use mcp_auth::serde_json;
use mcp_auth::testing::TestServer;
use serde_json::{Value, json};

use crate::authorization_server::{AuthorizationServer, JWKS, Key, Reply};
use crate::everything::Everything;

/// An authorization server without documents, its origin and a key of it.
async fn issuer() -> (AuthorizationServer, String, Key) {
    let issuer = AuthorizationServer::empty("").await;
    let origin = issuer.issuer().to_owned();
    (issuer, origin, Key::new(Algorithm::ES256, "k"))
}

/// Metadata at this path that calls its issuer `name`.
fn metadata(issuer: &AuthorizationServer, path: &str, name: &str) {
    let document = json!({ "issuer": name, "jwks_uri": issuer.at(JWKS) });
    issuer.put(&format!("/.well-known/oauth-authorization-server{path}"), Reply::Json(document));
}

/// What a tool is told of the caller whose token says this; the status of a refusal.
async fn who(
    server: &TestServer,
    issuer: &AuthorizationServer,
    key: &Key,
    says: Value,
) -> Result<Value, u16> {
    let token = key.token(&issuer.claims(server.url(), says));
    let answer = server.client().token(token).call_tool("whoami", json!({})).await;
    match answer.text() {
        Some(text) => Ok(serde_json::from_str(text).expect("JSON")),
        None => Err(answer.status()),
    }
}

async fn published(server: &TestServer) -> Value {
    let url = server.at("/.well-known/oauth-protected-resource/mcp");
    let body = reqwest::get(url).await.unwrap().bytes().await.unwrap();
    let document: Value = serde_json::from_slice(&body).expect("JSON");
    // The throwaway issuer of the test server stands before those that are configured.
    let all = document["authorization_servers"].as_array().expect("issuers");
    all.iter().filter(|issuer| **issuer != "https://issuer.test").cloned().collect()
}

#[tokio::test]
async fn t70_an_issuer_is_accepted_by_every_name_that_is_listed_and_by_no_other() {
    let (issuer, origin, key) = issuer().await;
    issuer.publish(&[&key]);
    for (shared, calls_itself) in [("false", ""), ("true", "/resources/r1")] {
        metadata(&issuer, "/resources/r1", &format!("{origin}{calls_itself}"));
        let toml = format!(
            "[[auth.issuers]]\nissuer = [\"{origin}\", \"{origin}/resources/r1\"]\n\
             authorization_server = \"{origin}/resources/r1\"\nshared_subjects = {shared}"
        );
        let server = Everything::default().start_with(&toml).await;
        assert_eq!(published(&server).await, json!([format!("{origin}/resources/r1")]));
        let says = async |iss: String| who(&server, &issuer, &key, json!({ "iss": iss })).await;
        let first = says(origin.clone()).await.unwrap();
        let second = says(format!("{origin}/resources/r1")).await.unwrap();
        assert_eq!(first["issuer"], origin.as_str());
        assert_eq!(first["id"] == second["id"], shared == "true");
        assert_eq!(first["issuer"] == second["issuer"], shared == "true");
        assert_eq!(second["tenant"], Value::Null);
        for other in ["/", "/resources/r2", "/resources/r1/", "/resources", "/resources/R1", "/resources/r1?"]
        {
            assert_eq!(says(format!("{origin}{other}")).await, Err(401), "{other}");
        }
    }
}

#[tokio::test]
async fn t70_a_name_is_signed_by_the_keys_of_its_own_section_alone() {
    let ((one, first, key), (two, second, other)) = (issuer().await, issuer().await);
    one.publish(&[&key]);
    two.publish(&[&other]);
    metadata(&one, "", &first);
    metadata(&two, "", &second);
    let toml = format!(
        "[[auth.issuers]]\nissuer = [\"{first}\", \"{first}/old\"]\n[[auth.issuers]]\nissuer = [\"{second}\", \"{second}/old\"]"
    );
    let server = Everything::default().start_with(&toml).await;
    for (signs, says, accepted) in [
        (&key, format!("{first}/old"), true),
        (&key, format!("{second}/old"), false),
        (&other, format!("{second}/old"), true),
        (&other, first.clone(), false),
    ] {
        let answer = who(&server, &one, signs, json!({ "iss": says })).await;
        assert_eq!(answer.is_ok(), accepted, "{says}: {answer:?}");
    }
}

#[tokio::test]
async fn t71_a_tenant_is_accepted_where_issuer_claim_and_key_agree_on_one_that_is_listed() {
    let (issuer, origin, key) = issuer().await;
    let (any, globex) = (key.called("any"), Key::new(Algorithm::ES256, "globex"));
    let bound = |key: &Key, to: &str| {
        let mut jwk = key.jwk();
        jwk["issuer"] = format!("{origin}/{to}/v2").into();
        jwk
    };
    issuer.publish_jwks(vec![bound(&any, "{tenantid}"), bound(&globex, "globex")]);
    metadata(&issuer, "/common", &format!("{origin}/{{tenantid}}/v2"));
    let toml = format!(
        "[[auth.issuers]]\nissuer = \"{origin}/{{tenant}}/v2\"\ntenants = [\"acme\", \"globex\"]\n\
         tenant_claim = \"tid\"\nauthorization_server = \"{origin}/common\""
    );
    let server = Everything::default().start_with(&toml).await;
    assert_eq!(published(&server).await, json!([format!("{origin}/common")]));
    let says = async |key: &Key, tenant: &str, tid: Value| {
        who(&server, &issuer, key, json!({ "iss": format!("{origin}/{tenant}/v2"), "tid": tid })).await
    };
    let acme = says(&any, "acme", json!("acme")).await.unwrap();
    assert_eq!((&acme["tenant"], &acme["issuer"]), (&json!("acme"), &json!(format!("{origin}/acme/v2"))));
    let globexs = says(&globex, "globex", json!("globex")).await.unwrap();
    assert_eq!(globexs["tenant"], "globex");
    assert_ne!(acme["id"], globexs["id"], "one subject of two tenants is two callers");
    assert!(says(&any, "globex", json!("globex")).await.is_ok());
    let asked = issuer.asked().len();
    for (key, tenant, tid) in [
        (&any, "acme", json!("globex")),
        (&any, "acme", json!(null)),
        (&any, "acme", json!(["acme"])),
        (&any, "evil", json!("evil")),
        (&any, "acme/../evil", json!("evil")),
        (&any, "acme%2f..%2fevil", json!("acme")),
        (&any, "Acme", json!("Acme")),
        (&any, "{tenantid}", json!("{tenantid}")),
        (&any, "{tenant}", json!("acme")),
        (&any, "", json!("")),
        (&any, "common", json!("common")),
    ] {
        assert_eq!(says(key, tenant, tid.clone()).await, Err(401), "{tenant} {tid}");
    }
    assert_eq!(issuer.asked().len(), asked, "nothing was fetched for them");
    assert_eq!(says(&globex, "acme", json!("acme")).await, Err(401), "the key of another tenant");
}

#[tokio::test]
async fn t71_tenants_with_servers_of_their_own_have_keys_of_their_own() {
    let (issuer, origin, key) = issuer().await;
    let other = Key::new(Algorithm::ES256, "other");
    for (tenant, key) in [("acme", &key), ("globex", &other)] {
        let jwks = format!("/{tenant}/keys");
        issuer.put(&jwks, Reply::Json(json!({ "keys": [key.jwk()] })));
        let document = json!({ "issuer": format!("{origin}/realms/{tenant}"), "jwks_uri": issuer.at(&jwks) });
        let path = format!("/.well-known/oauth-authorization-server/realms/{tenant}");
        issuer.put(&path, Reply::Json(document));
    }
    let toml = format!(
        "[[auth.issuers]]\nissuer = \"{origin}/realms/{{tenant}}\"\ntenants = [\"acme\", \"globex\"]\n\
         authorization_server = \"{origin}/realms/{{tenant}}\""
    );
    let server = Everything::default().start_with(&toml).await;
    let servers = json!([format!("{origin}/realms/acme"), format!("{origin}/realms/globex")]);
    assert_eq!(published(&server).await, servers);
    for (key, tenant, accepted) in
        [(&key, "acme", true), (&other, "globex", true), (&key, "globex", false), (&other, "acme", false)]
    {
        let answer = who(&server, &issuer, key, json!({ "iss": format!("{origin}/realms/{tenant}") })).await;
        assert_eq!(answer.is_ok(), accepted, "{tenant}: {answer:?}");
        assert_eq!(answer.ok().map(|who| who["tenant"].clone()), accepted.then(|| json!(tenant)));
    }
}

#[tokio::test]
async fn t72_metadata_by_a_name_that_is_not_the_issuers_stops_the_start() {
    let (issuer, origin, key) = issuer().await;
    issuer.publish(&[&key]);
    let start = async |calls_itself: String, toml: String| {
        metadata(&issuer, "/as", &calls_itself);
        let started = Everything::default().builder(&format!("[[auth.issuers]]\n{toml}")).start().await;
        started.map(drop).map_err(|error| error.to_string())
    };
    let plain = format!("issuer = \"{origin}/iss\"\nauthorization_server = \"{origin}/as\"");
    let tenants = format!(
        "issuer = \"{origin}/{{tenant}}/v2\"\ntenants = [\"acme\"]\nauthorization_server = \"{origin}/as\""
    );
    for (name, toml, fine) in [
        ("/as", &plain, true),
        ("/iss", &plain, true),
        ("/other", &plain, false),
        ("/as/", &plain, false),
        ("/{tenantid}/v2", &plain, false),
        ("/as", &tenants, true),
        ("/acme/v2", &tenants, true),
        ("/{tenantid}/v2", &tenants, true),
        ("/{tenant}/v2", &tenants, false),
        ("/globex/v2", &tenants, false),
        ("/{tenantid}", &tenants, false),
    ] {
        let started = start(format!("{origin}{name}"), toml.clone()).await;
        assert_eq!(started.is_ok(), fine, "{name}: {started:?}");
        if let Err(error) = started {
            assert!(error.contains("cannot be used") && error.contains("byte for byte"), "{error}");
        }
    }
}
