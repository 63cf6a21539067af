//! Which documents describe a client (draft-ietf-oauth-client-id-metadata-document-02 §4, RFC 7591 §2).

use mcp_auth_core::{ScopeSet, strict_json};
use mcp_auth_store::{Client, ClientCredential};
use serde_json::{Map, Value};

use super::url::ClientIdUrl;
use crate::client::redirect_uri::{InvalidRedirectUri, RedirectUri};

/// The most characters of a client's name that are kept.
const MAX_NAME: usize = 200;

/// The members of a JWK that are private or shared keys (RFC 7518 §6).
const SECRET_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// Why a document does not describe a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidDocument {
    #[error("the document is not one JSON object with a single reading")]
    NotJson,
    #[error("{0} in the document is not of the type that RFC 7591 gives it")]
    Type(&'static str),
    #[error("client_id in the document is not the URL of the document, byte for byte")]
    ClientId,
    #[error("the document has a client_secret: everyone can read it")]
    SharedSecret,
    #[error("jwks in the document has a private or shared key: everyone can read it")]
    PrivateKey,
    #[error(
        "token_endpoint_auth_method in the document needs a shared secret, and there is no way to share one"
    )]
    SecretMethod,
    #[error(
        "token_endpoint_auth_method in the document is private_key_jwt, which this server does not support yet; a public client writes none"
    )]
    KeyMethod,
    #[error(
        "token_endpoint_auth_method in the document is not supported; this server takes public clients, whose method is none"
    )]
    Method,
    #[error("the document has no client_name")]
    NoName,
    #[error("the document has no redirect_uris")]
    NoRedirectUri,
    #[error("redirect_uris in the document, entry {index}: {source}")]
    RedirectUri { index: usize, source: InvalidRedirectUri },
    #[error("grant_types in the document are without authorization_code")]
    GrantTypes,
    #[error("response_types in the document are without code")]
    ResponseTypes,
}

impl InvalidDocument {
    /// Whether such a document takes back what the client was granted: it is still the client's, and says that the client no
    /// longer returns anywhere or no longer authenticates in the way it did.
    pub(crate) fn ends_grants(self) -> bool {
        match self {
            Self::SharedSecret
            | Self::SecretMethod
            | Self::KeyMethod
            | Self::Method
            | Self::NoRedirectUri => true,
            // A mistake in the document, or a page of somebody else's: the grant outlasts it.
            Self::NotJson
            | Self::Type(_)
            | Self::ClientId
            | Self::PrivateKey
            | Self::NoName
            | Self::RedirectUri { .. }
            | Self::GrantTypes
            | Self::ResponseTypes => false,
        }
    }
}

/// The client that the document at `url` describes. Members that are not named here are not looked at, and what is behind
/// their URLs is never fetched.
pub(super) fn client(url: &ClientIdUrl, document: &[u8]) -> Result<Client, InvalidDocument> {
    let document = strict_json::object(document).map_err(|_| InvalidDocument::NotJson)?;
    // First of all: what follows is about this client only then.
    if text(&document, "client_id")? != Some(url.as_str()) {
        return Err(InvalidDocument::ClientId);
    }
    if document.contains_key("client_secret") || document.contains_key("client_secret_expires_at") {
        return Err(InvalidDocument::SharedSecret);
    }
    if has_secret_key(&document) {
        return Err(InvalidDocument::PrivateKey);
    }
    is_public(&document)?;
    let name = text(&document, "client_name")?.filter(|name| !name.trim().is_empty());
    let name = name.ok_or(InvalidDocument::NoName)?.chars().take(MAX_NAME).collect();
    let redirect_uris = redirect_uris(&document)?;
    let grant_types = texts(&document, "grant_types")?;
    if grant_types.as_ref().is_some_and(|grants| !grants.contains(&"authorization_code")) {
        return Err(InvalidDocument::GrantTypes);
    }
    if texts(&document, "response_types")?.is_some_and(|types| !types.contains(&"code")) {
        return Err(InvalidDocument::ResponseTypes);
    }
    // As with registration: a client that names no grant types gets refresh tokens too.
    let refresh = grant_types.is_none_or(|grants| grants.contains(&"refresh_token"));
    Ok(Client {
        id: url.as_str().to_owned(),
        name: Some(name),
        redirect_uris,
        grant_types: Client::for_people(refresh),
        scopes: ScopeSet::default(),
        credential: ClientCredential::None,
        registered_at: 0,
        registration_token: None,
    })
}

/// Whether the client may leave authentication out. It says so by `none`, which may be one of several methods that it can use
/// (OpenID Connect Relying Party Metadata Choices 1.0), or by saying nothing of either: the default of RFC 7591 §2 is
/// `client_secret_basic`, which no client here can have (draft-02 §4.1).
fn is_public(document: &Map<String, Value>) -> Result<(), InvalidDocument> {
    let method = text(document, "token_endpoint_auth_method")?;
    let offered = texts(document, "token_endpoint_auth_methods_supported")?;
    let methods: Vec<&str> = method.into_iter().chain(offered.into_iter().flatten()).collect();
    match methods.as_slice() {
        methods if methods.iter().any(|method| method.starts_with("client_secret_")) => {
            Err(InvalidDocument::SecretMethod)
        }
        [] if document.contains_key("token_endpoint_auth_methods_supported") => Err(InvalidDocument::Method),
        [] => Ok(()),
        methods if methods.contains(&"none") => Ok(()),
        methods if methods.contains(&"private_key_jwt") => Err(InvalidDocument::KeyMethod),
        _ => Err(InvalidDocument::Method),
    }
}

fn has_secret_key(document: &Map<String, Value>) -> bool {
    let keys = document.get("jwks").and_then(|jwks| jwks["keys"].as_array());
    let is_secret = |key: &Value| SECRET_MEMBERS.iter().any(|member| key.get(member).is_some());
    keys.is_some_and(|keys| keys.iter().any(is_secret))
}

fn redirect_uris(document: &Map<String, Value>) -> Result<Vec<String>, InvalidDocument> {
    let uris = texts(document, "redirect_uris")?.unwrap_or_default();
    if uris.is_empty() {
        return Err(InvalidDocument::NoRedirectUri);
    }
    let (mut read, mut skipped) = (Vec::new(), None);
    for (index, uri) in uris.into_iter().enumerate() {
        match uri.parse::<RedirectUri>() {
            Ok(uri) => read.push(uri.as_str().to_owned()),
            // A document is for every authorization server, and this one does not know the scheme of every program.
            Err(source @ InvalidRedirectUri::Scheme) => {
                skipped = Some(InvalidDocument::RedirectUri { index, source })
            }
            Err(source) => return Err(InvalidDocument::RedirectUri { index, source }),
        }
    }
    match skipped {
        Some(skipped) if read.is_empty() => Err(skipped),
        _ => Ok(read),
    }
}

fn text<'a>(
    document: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Option<&'a str>, InvalidDocument> {
    match document.get(member) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(InvalidDocument::Type(member)),
    }
}

fn texts<'a>(
    document: &'a Map<String, Value>,
    member: &'static str,
) -> Result<Option<Vec<&'a str>>, InvalidDocument> {
    let Some(value) = document.get(member) else { return Ok(None) };
    let values = value.as_array().and_then(|values| values.iter().map(Value::as_str).collect());
    values.map(Some).ok_or(InvalidDocument::Type(member))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const URL: &str = "https://client.example/c.json";

    fn read(change: impl FnOnce(&mut Value)) -> Result<Client, InvalidDocument> {
        let mut document = json!({
            "client_id": URL, "client_name": "Example", "redirect_uris": ["http://127.0.0.1:3000/cb"],
            "logo_uri": "https://client.example/logo.png",
        });
        change(&mut document);
        client(&URL.parse().unwrap(), document.to_string().as_bytes())
    }

    #[test]
    fn a_document_describes_a_public_client_with_refresh_tokens() {
        let client = read(|_| ()).unwrap();
        assert_eq!((&*client.id, client.name.as_deref()), (URL, Some("Example")));
        assert_eq!(client.redirect_uris, ["http://127.0.0.1:3000/cb"]);
        assert_eq!(client.grant_types, Client::for_people(true));
        assert!(client.is_public());
        let vscode = read(|d| {
            d["token_endpoint_auth_method"] = json!("none");
            d["response_types"] = json!(["code"]);
            d["grant_types"] = json!(["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]);
            d["redirect_uris"] = json!(["https://vscode.dev/redirect", "http://127.0.0.1:33418/"]);
        });
        assert_eq!(vscode.unwrap().grant_types, Client::for_people(false));
        let chatgpt = read(|d| {
            d["redirect_uris"] = json!(["https://chatgpt.com/connector_platform_oauth_redirect"]);
            d["token_endpoint_auth_method"] = json!("private_key_jwt");
            d["token_endpoint_auth_methods_supported"] = json!(["none", "private_key_jwt"]);
            d["token_endpoint_auth_signing_alg"] = json!("RS256");
            d["jwks_uri"] = json!("https://chatgpt.com/oauth/jwks.json");
        });
        assert!(chatgpt.unwrap().is_public());
        let by_choice = read(|d| d["token_endpoint_auth_methods_supported"] = json!(["none"]));
        assert!(by_choice.is_ok());
        let keyed =
            read(|d| d["jwks"] = json!({ "keys": [{ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }] }));
        assert!(keyed.is_ok());
    }

    #[test]
    fn a_document_that_breaks_a_rule_is_refused_for_it() {
        use InvalidDocument::*;
        let set = |member: &'static str, value: Value| move |d: &mut Value| d[member] = value;
        for (member, value, why) in [
            ("client_id", json!("https://client.example/C.json"), ClientId),
            ("client_id", json!("https://client.example/c.json/"), ClientId),
            ("client_id", json!(7), Type("client_id")),
            ("client_secret", json!("s"), SharedSecret),
            ("client_secret", json!(null), SharedSecret),
            ("client_secret_expires_at", json!(0), SharedSecret),
            ("token_endpoint_auth_method", json!("client_secret_basic"), SecretMethod),
            ("token_endpoint_auth_method", json!("client_secret_post"), SecretMethod),
            ("token_endpoint_auth_method", json!("client_secret_jwt"), SecretMethod),
            ("token_endpoint_auth_method", json!("private_key_jwt"), KeyMethod),
            ("token_endpoint_auth_method", json!("tls_client_auth"), Method),
            ("token_endpoint_auth_methods_supported", json!(["private_key_jwt"]), KeyMethod),
            ("token_endpoint_auth_methods_supported", json!(["none", "client_secret_post"]), SecretMethod),
            ("token_endpoint_auth_methods_supported", json!([]), Method),
            (
                "token_endpoint_auth_methods_supported",
                json!("none"),
                Type("token_endpoint_auth_methods_supported"),
            ),
            ("token_endpoint_auth_method", json!(["none"]), Type("token_endpoint_auth_method")),
            ("jwks", json!({ "keys": [{ "kty": "EC", "d": "AA" }] }), PrivateKey),
            ("jwks", json!({ "keys": [{ "kty": "oct", "k": "AA" }] }), PrivateKey),
            ("client_name", json!(" "), NoName),
            ("redirect_uris", json!([]), NoRedirectUri),
            ("redirect_uris", json!("http://127.0.0.1/cb"), Type("redirect_uris")),
            ("redirect_uris", json!([7]), Type("redirect_uris")),
            (
                "redirect_uris",
                json!(["http://127.0.0.1/cb", "http://evil.example/cb"]),
                RedirectUri { index: 1, source: InvalidRedirectUri::HttpOffLoopback },
            ),
            (
                "redirect_uris",
                json!(["javascript:alert(1)"]),
                RedirectUri { index: 0, source: InvalidRedirectUri::Scheme },
            ),
            ("grant_types", json!(["client_credentials"]), GrantTypes),
            ("response_types", json!(["token"]), ResponseTypes),
        ] {
            assert_eq!(read(set(member, value.clone())).map(|_| ()), Err(why), "{member}: {value}");
        }
        for (member, why) in
            [("client_id", ClientId), ("client_name", NoName), ("redirect_uris", NoRedirectUri)]
        {
            let without = |d: &mut Value| drop(d.as_object_mut().unwrap().remove(member));
            assert_eq!(read(without).map(|_| ()), Err(why), "{member}");
        }
    }

    #[test]
    fn a_document_has_one_reading() {
        let url = URL.parse().unwrap();
        for text in [
            "",
            "[]",
            "<html></html>",
            r#"{"client_id":"https://client.example/c.json"} x"#,
            r#"{"client_id":"https://client.example/c.json","client_id":"https://evil.example/c.json"}"#,
        ] {
            assert_eq!(client(&url, text.as_bytes()).map(|_| ()), Err(InvalidDocument::NotJson), "{text}");
        }
    }

    #[test]
    fn only_what_the_client_says_of_itself_ends_its_grants() {
        use InvalidDocument::*;
        for ends in [SharedSecret, SecretMethod, KeyMethod, Method, NoRedirectUri] {
            assert!(ends.ends_grants(), "{ends}");
        }
        for outlasted in [NotJson, ClientId, NoName, Type("redirect_uris"), GrantTypes, ResponseTypes] {
            assert!(!outlasted.ends_grants(), "{outlasted}");
        }
    }
}
