//! The profile `id-jag`: the identity provider of an enterprise says which of its people a client acts for, and at which server
//! (draft-ietf-oauth-identity-assertion-authz-grant; MCP enterprise-managed authorization, §4.3 and §5.1).

use mcp_auth_core::{Resource, ScopeSet};
use mcp_auth_runtime::facade::Assertion;
use serde_json::Value;

use super::kind::NotOfProfile;
use super::subject::subject_of;

/// The media type of such an assertion, without `application/`.
const TYPE: &str = "oauth-id-jag+jwt";
/// The longest `jti`, in bytes.
const MAX_JTI: usize = 256;

/// What an assertion of this profile stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct IdJag {
    /// What its person is called here.
    pub(crate) subject: String,
    /// Its identifier, which counts once.
    pub(crate) jti: String,
    /// Until when it could be presented, in Unix seconds.
    pub(crate) ends_at: u64,
    /// What it calls this server.
    pub(crate) resource: Value,
    /// The scopes that it allows; `None` where it says nothing of them.
    pub(crate) scopes: Option<ScopeSet>,
}

impl IdJag {
    /// Reads a verified assertion of `issuer` with this `typ`, which `client_id` presents for `resource`.
    ///
    /// # Errors
    /// [`NotOfProfile`]: the first rule that it breaks.
    pub(crate) fn read(
        assertion: &Assertion,
        typ: Option<&str>,
        issuer: &str,
        client_id: &str,
        resource: &Resource,
    ) -> Result<Self, NotOfProfile> {
        let claims = &assertion.claims;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if typ != Some(TYPE) {
            return Err(NotOfProfile::OtherTypeThanIdJag);
        }
        if text("client_id") != Some(client_id) {
            return Err(NotOfProfile::OtherClient);
        }
        let named = claims.get("resource").filter(|named| names(named, resource));
        let named = named.ok_or(NotOfProfile::OtherResource)?;
        if !claims.contains_key("iat") {
            return Err(NotOfProfile::NoIat);
        }
        let jti = text("jti").filter(|jti| (1..=MAX_JTI).contains(&jti.len()));
        let jti = jti.ok_or(NotOfProfile::NoJti)?;
        // Our token would have to say it, and no rule says how a foreign actor is named here.
        if claims.contains_key("act") || claims.contains_key("may_act") {
            return Err(NotOfProfile::Actor);
        }
        // What it allows would be more than it says, and two people of two tenants would be one.
        if claims.get("authorization_details").is_some_and(|details| *details != Value::Array(Vec::new())) {
            return Err(NotOfProfile::AuthorizationDetails);
        }
        if claims.contains_key("tenant") || claims.contains_key("aud_tenant") {
            return Err(NotOfProfile::Tenant);
        }
        // Some issuers write scopes so. Not to read it would give all that the client may have.
        if claims.contains_key("scp") {
            return Err(NotOfProfile::ScopesInScp);
        }
        let scopes = match claims.get("scope") {
            None => None,
            Some(Value::String(_)) => Some(assertion.scopes.clone()),
            Some(_) => return Err(NotOfProfile::MalformedScope),
        };
        let subject = subject_of(issuer, &assertion.subject).ok_or(NotOfProfile::LongSubject)?;
        Ok(Self { subject, jti: jti.to_owned(), ends_at: assertion.ends_at, resource: named.clone(), scopes })
    }
}

/// Whether `resource` of an assertion is this server alone: a string, or a list of one.
fn names(named: &Value, resource: &Resource) -> bool {
    let is_ours = |named: &Value| named.as_str().is_some_and(|named| resource.is_named_by(named));
    match named {
        Value::Array(several) => several.len() == 1 && several.iter().all(is_ours),
        one => is_ours(one),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    const IDP: &str = "https://idp.example";
    const OURS: &str = "https://todos.example/mcp";

    fn claims() -> Map<String, Value> {
        let claims =
            json!({ "client_id": "editor", "resource": OURS, "iat": 1, "jti": "j", "scope": "todos.read" });
        claims.as_object().unwrap().clone()
    }

    fn read_as(typ: Option<&str>, claims: Map<String, Value>) -> Result<IdJag, NotOfProfile> {
        let scopes = ScopeSet::parse_lossy(claims.get("scope").and_then(Value::as_str).unwrap_or_default());
        let assertion = Assertion { subject: "ann".into(), scopes, ends_at: 330, claims };
        IdJag::read(&assertion, typ, IDP, "editor", &OURS.parse().unwrap())
    }

    fn with(claim: &str, value: Value) -> Result<IdJag, NotOfProfile> {
        let mut claims = claims();
        claims.insert(claim.to_owned(), value);
        read_as(Some(TYPE), claims)
    }

    fn without(claim: &str) -> Result<IdJag, NotOfProfile> {
        let mut claims = claims();
        claims.remove(claim);
        read_as(Some(TYPE), claims)
    }

    #[test]
    fn an_id_jag_stands_for_a_person_of_its_issuer_and_counts_until_it_ends() {
        let read = read_as(Some(TYPE), claims()).unwrap();
        assert_eq!((&*read.subject, &*read.jti, read.ends_at), ("https://idp.example#ann", "j", 330));
        assert_eq!(read.scopes, Some(ScopeSet::parse_lossy("todos.read")));
        assert_eq!(without("scope").unwrap().scopes, None);
        assert_eq!(with("scope", json!("")).unwrap().scopes, Some(ScopeSet::new()), "none at all");
        assert_eq!(
            (read.resource, with("resource", json!([OURS])).unwrap().resource),
            (json!(OURS), json!([OURS]))
        );
        assert!(with("authorization_details", json!([])).is_ok());
        assert!(with("email", json!("ann@example.com")).is_ok(), "what is not asked for is passed over");
    }

    #[test]
    fn no_other_type_of_jwt_is_an_id_jag() {
        for typ in [None, Some("jwt"), Some("at+jwt"), Some("id-jag+jwt"), Some("oauth-id-jag")] {
            assert!(read_as(typ, claims()).is_err(), "{typ:?}");
        }
    }

    #[test]
    fn an_id_jag_for_another_client_or_server_or_without_what_it_must_say_is_refused() {
        for claim in ["client_id", "resource", "iat", "jti"] {
            assert!(without(claim).is_err(), "{claim}");
        }
        for (claim, value) in [
            ("client_id", json!("other")),
            ("client_id", json!(["editor"])),
            ("resource", json!("https://other.example/mcp")),
            ("resource", json!([OURS, "https://other.example/mcp"])),
            ("resource", json!([])),
            ("resource", json!(null)),
            ("jti", json!("")),
            ("jti", json!(5)),
            ("jti", json!("x".repeat(257))),
            ("scope", json!(["todos.read"])),
            ("scope", json!(null)),
            ("act", json!({ "sub": "x" })),
            ("may_act", json!({ "sub": "x" })),
            ("authorization_details", json!([{ "type": "todo" }])),
            ("authorization_details", json!({})),
            ("authorization_details", json!(null)),
            ("tenant", json!("acme")),
            ("aud_tenant", json!("acme")),
        ] {
            assert!(with(claim, value.clone()).is_err(), "{claim} {value}");
        }
    }
}
