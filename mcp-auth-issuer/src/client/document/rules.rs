//! Which documents describe a client (draft-ietf-oauth-client-id-metadata-document-02 §4, RFC 7591 §2).

use mcp_auth_core::{ScopeSet, strict_json};
use mcp_auth_store::{Client, ClientCredential};
use serde_json::{Map, Value};

use super::url::ClientIdUrl;
use crate::client::keys::{InvalidClientKeys, has_secret_key, of_metadata};
use crate::client::redirect_uri::{InvalidRedirectUri, RedirectUri};

/// The most characters of a client's name that are kept.
const MAX_NAME: usize = 200;

/// Why a document does not describe a client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
        "token_endpoint_auth_method in the document is not supported; this server takes none and private_key_jwt"
    )]
    Method,
    /// Its method is `private_key_jwt`, and no keys go with it.
    #[error(
        "token_endpoint_auth_method in the document is private_key_jwt, and it has neither jwks nor jwks_uri"
    )]
    NoKeys,
    #[error("the keys in the document cannot be used: {0}")]
    Keys(#[source] InvalidClientKeys),
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
    pub(crate) fn ends_grants(&self) -> bool {
        match self {
            Self::SharedSecret | Self::SecretMethod | Self::Method | Self::NoKeys | Self::NoRedirectUri => {
                true
            }
            // A mistake in the document, or a page of somebody else's: the grant outlasts it.
            Self::NotJson
            | Self::Type(_)
            | Self::ClientId
            | Self::PrivateKey
            | Self::Keys(_)
            | Self::NoName
            | Self::RedirectUri { .. }
            | Self::GrantTypes
            | Self::ResponseTypes => false,
        }
    }
}

/// The client that the document at `url` describes. Members that are not named here are not looked at, and what is behind
/// their URLs is never fetched, but for the keys of one that authenticates by a key, when it does.
pub(super) fn client(url: &ClientIdUrl, document: &[u8]) -> Result<Client, InvalidDocument> {
    let document = strict_json::object(document).map_err(|_| InvalidDocument::NotJson)?;
    // First of all: what follows is about this client only then.
    if text(&document, "client_id")? != Some(url.as_str()) {
        return Err(InvalidDocument::ClientId);
    }
    if document.contains_key("client_secret") || document.contains_key("client_secret_expires_at") {
        return Err(InvalidDocument::SharedSecret);
    }
    if document.get("jwks").is_some_and(has_secret_key) {
        return Err(InvalidDocument::PrivateKey);
    }
    let credential = credential(&document)?;
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
        credential,
        secret_in_form: false,
        registered_at: 0,
        registration_token: None,
        require_par: flag(&document, "require_pushed_authorization_requests")?,
        dpop_bound: flag(&document, "dpop_bound_access_tokens")?,
    })
}

/// How the client authenticates: by `token_endpoint_auth_method`, or, where it does not say one, by the first of those that it can use
/// (OpenID Connect Relying Party Metadata Choices 1.0) and this server can. One that says a method that this server does not know is refused,
/// whatever it offers besides: it would be public, and it said that it is not. One that says neither is public: the default of RFC 7591 §2 is
/// `client_secret_basic`, which no client here can have (draft-02 §4.1).
fn credential(document: &Map<String, Value>) -> Result<ClientCredential, InvalidDocument> {
    let method = text(document, "token_endpoint_auth_method")?;
    let offered = texts(document, "token_endpoint_auth_methods_supported")?;
    let is_silent = method.is_none() && offered.is_none();
    let methods: Vec<&str> = method.into_iter().chain(offered.into_iter().flatten()).collect();
    if methods.iter().any(|method| method.starts_with("client_secret_")) {
        return Err(InvalidDocument::SecretMethod);
    }
    let is_known = |method: &&str| matches!(*method, "none" | "private_key_jwt");
    let named = match method {
        Some(method) => Some(method).filter(is_known),
        None => methods.into_iter().find(is_known),
    };
    match named {
        Some("private_key_jwt") => {
            let keys = of_metadata(document.get("jwks"), text(document, "jwks_uri")?);
            keys.map(ClientCredential::Keys).map_err(|error| match error {
                InvalidClientKeys::Missing => InvalidDocument::NoKeys,
                error => InvalidDocument::Keys(error),
            })
        }
        Some(_) => Ok(ClientCredential::None),
        None if is_silent => Ok(ClientCredential::None),
        None => Err(InvalidDocument::Method),
    }
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

/// A member that is false where it is not there.
fn flag(document: &Map<String, Value>, member: &'static str) -> Result<bool, InvalidDocument> {
    match document.get(member) {
        None => Ok(false),
        Some(value) => value.as_bool().ok_or(InvalidDocument::Type(member)),
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
    use mcp_auth_store::ClientKeys;
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
        let at = ClientKeys::At("https://chatgpt.com/oauth/jwks.json".to_owned());
        assert_eq!(chatgpt.unwrap().credential, ClientCredential::Keys(at));
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
            ("token_endpoint_auth_method", json!("private_key_jwt"), NoKeys),
            ("token_endpoint_auth_method", json!("tls_client_auth"), Method),
            ("token_endpoint_auth_methods_supported", json!(["private_key_jwt"]), NoKeys),
            ("token_endpoint_auth_methods_supported", json!(["tls_client_auth"]), Method),
            ("token_endpoint_auth_methods_supported", json!(["none", "client_secret_post"]), SecretMethod),
            ("token_endpoint_auth_methods_supported", json!([]), Method),
            (
                "token_endpoint_auth_methods_supported",
                json!("none"),
                Type("token_endpoint_auth_methods_supported"),
            ),
            ("token_endpoint_auth_method", json!(["none"]), Type("token_endpoint_auth_method")),
            ("jwks", json!({ "keys": [{ "kty": "EC", "d": "AA" }] }), PrivateKey),
            ("jwks", json!({ "keys": [{ "kty": "AKP", "priv": "AA" }] }), PrivateKey),
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
    fn a_client_that_authenticates_by_a_key_has_its_keys_in_one_place() {
        let key = crate::key::SigningKey::generate().unwrap().jwks();
        let by_key = |change: &dyn Fn(&mut Value)| {
            read(|d| {
                d["token_endpoint_auth_method"] = json!("private_key_jwt");
                change(d);
            })
            .map(|client| client.credential)
        };
        let inline = by_key(&|d| d["jwks"] = key.clone()).unwrap();
        let ClientCredential::Keys(ClientKeys::Set(set)) = inline else { panic!("keys") };
        assert_eq!(serde_json::from_str::<Value>(&set).unwrap(), key);
        let url = "https://keys.example/jwks.json";
        let at = ClientCredential::Keys(ClientKeys::At(url.to_owned()));
        assert_eq!(by_key(&|d| d["jwks_uri"] = json!(url)), Ok(at));
        let both = by_key(&|d| (d["jwks"], d["jwks_uri"]) = (key.clone(), json!(url)));
        assert_eq!(both, Err(InvalidDocument::Keys(InvalidClientKeys::Both)));
        for bad in ["http://keys.example/k", "https://10.0.0.7/k", "https://keys.example", "file:///k", ""] {
            let refused = by_key(&|d| d["jwks_uri"] = json!(bad));
            assert_eq!(refused, Err(InvalidDocument::Keys(InvalidClientKeys::Url)), "{bad}");
        }
        for bad in [json!({ "keys": [] }), json!([]), json!("x"), json!({})] {
            let refused = by_key(&|d| d["jwks"] = bad.clone());
            assert!(matches!(refused, Err(InvalidDocument::Keys(InvalidClientKeys::Set(_)))), "{bad}");
        }
        let first = |methods: Value| {
            read(|d| {
                (d["jwks"], d["token_endpoint_auth_methods_supported"]) = (key.clone(), methods);
            })
        };
        assert!(first(json!(["tls_client_auth", "none", "private_key_jwt"])).unwrap().is_public());
        assert!(!first(json!(["private_key_jwt", "none"])).unwrap().is_public());
        // A method that the document names is the method.
        let named = |method: &str, offered: Value| {
            read(|d| {
                (d["jwks"], d["token_endpoint_auth_methods_supported"]) = (key.clone(), offered);
                d["token_endpoint_auth_method"] = json!(method);
            })
        };
        for unknown in
            ["tls_client_auth", "self_signed_tls_client_auth", "attest_jwt_client_auth", "None", ""]
        {
            for offered in [json!(["none"]), json!(["private_key_jwt", "none"]), json!([])] {
                let refused = named(unknown, offered.clone());
                assert_eq!(refused.map(|_| ()), Err(InvalidDocument::Method), "{unknown} {offered}");
            }
        }
        assert!(!named("private_key_jwt", json!(["none"])).unwrap().is_public());
        assert!(named("none", json!(["private_key_jwt"])).unwrap().is_public());
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
        for ends in [SharedSecret, SecretMethod, NoKeys, Method, NoRedirectUri] {
            assert!(ends.ends_grants(), "{ends}");
        }
        for outlasted in [NotJson, ClientId, NoName, Type("redirect_uris"), GrantTypes, ResponseTypes] {
            assert!(!outlasted.ends_grants(), "{outlasted}");
        }
    }
}
