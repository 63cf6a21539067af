//! A public client with PKCE (RFC 7636), and a resource server that introspects.

use serde_json::json;

use super::connection::{Answer, Connection, Failure};
use super::form::encoded;
use super::server::{CHECKER, SCOPE, SECRET};

const FORM: &str = "application/x-www-form-urlencoded";
const REDIRECT: &str = "http://127.0.0.1:33418/callback";
/// The pair of RFC 7636, Appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// What the token endpoint said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    Tokens {
        access: String,
        refresh: String,
    },
    /// `invalid_grant`.
    Refused,
}

/// A client that is registered.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: String,
}

/// The path of an authorization request of `client_id`, to `redirect_uri`.
pub(crate) fn authorize_path(client_id: &str, redirect_uri: &str, origin: &str) -> String {
    let resource = format!("{origin}/mcp");
    let query = encoded([
        ("response_type", "code"),
        ("client_id", client_id),
        ("redirect_uri", redirect_uri),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
        ("state", "a state"),
        ("resource", &resource),
        ("scope", SCOPE),
    ]);
    format!("/authorize?{query}")
}

impl Client {
    /// Registers a public client (RFC 7591).
    pub(crate) fn register(connection: &mut Connection, redirect_uri: Option<&str>) -> Result<Self, Failure> {
        let metadata = json!({
            "client_name": "xtask", "redirect_uris": [redirect_uri.unwrap_or(REDIRECT)],
            "grant_types": ["authorization_code", "refresh_token"], "token_endpoint_auth_method": "none",
        });
        let answer = connection.post("/register", "application/json", "", &metadata.to_string())?;
        match (answer.status, answer.json()?["client_id"].as_str()) {
            (201, Some(id)) => Ok(Self { id: id.to_owned() }),
            _ => Err(answer.unexpected("a registered client")),
        }
    }

    /// The path of its authorization request.
    pub(crate) fn authorize(&self, connection: &Connection) -> String {
        authorize_path(&self.id, REDIRECT, &connection.origin())
    }

    /// The form that redeems a code.
    pub(crate) fn redeeming(&self, code: &str) -> String {
        encoded([
            ("grant_type", "authorization_code"),
            ("client_id", &self.id),
            ("code", code),
            ("code_verifier", VERIFIER),
            ("redirect_uri", REDIRECT),
        ])
    }

    /// The form that refreshes.
    pub(crate) fn refreshing(&self, token: &str) -> String {
        encoded([("grant_type", "refresh_token"), ("client_id", &self.id), ("refresh_token", token)])
    }

    /// Revokes a token (RFC 7009).
    pub(crate) fn revoke(&self, connection: &mut Connection, token: &str) -> Result<(), Failure> {
        let form = encoded([("client_id", &*self.id), ("token", token)]);
        let answer = connection.post("/revoke", FORM, "", &form)?;
        if answer.status == 200 { Ok(()) } else { Err(answer.unexpected("a revocation")) }
    }
}

impl Given {
    /// Sends one form to the token endpoint.
    pub(crate) fn ask(connection: &mut Connection, form: &str) -> Result<Self, Failure> {
        Self::send(connection, form)?;
        Self::read(connection)
    }

    /// Sends it and leaves the answer to [`Given::read`].
    pub(crate) fn send(connection: &mut Connection, form: &str) -> Result<(), Failure> {
        connection.send_post("/token", FORM, "", form)
    }

    /// Reads the answer.
    pub(crate) fn read(connection: &mut Connection) -> Result<Self, Failure> {
        Self::of(&connection.answer()?)
    }

    fn of(answer: &Answer) -> Result<Self, Failure> {
        let said = answer.json()?;
        match (answer.status, said["access_token"].as_str(), said["refresh_token"].as_str()) {
            (200, Some(access), Some(refresh)) => {
                Ok(Self::Tokens { access: access.to_owned(), refresh: refresh.to_owned() })
            }
            (400, _, _) if said["error"] == "invalid_grant" => Ok(Self::Refused),
            _ => Err(answer.unexpected("tokens or invalid_grant")),
        }
    }
}

/// A token of the client of the configuration for itself (RFC 6749 §4.4): nothing of it is stored.
pub(crate) fn own_token(connection: &mut Connection) -> Result<(), Failure> {
    let form = encoded([
        ("grant_type", "client_credentials"),
        ("client_id", CHECKER),
        ("client_secret", SECRET),
        ("scope", SCOPE),
    ]);
    let answer = connection.post("/token", FORM, "", &form)?;
    if answer.status == 200 { Ok(()) } else { Err(answer.unexpected("a token")) }
}

/// Whether the issuer says that `token` is active (RFC 7662).
pub(crate) fn is_active(connection: &mut Connection, token: &str) -> Result<bool, Failure> {
    let form = encoded([("token", token), ("client_id", CHECKER), ("client_secret", SECRET)]);
    let answer = connection.post("/introspect", FORM, "", &form)?;
    match (answer.status, answer.json()?["active"].as_bool()) {
        (200, Some(active)) => Ok(active),
        _ => Err(answer.unexpected("what a token is")),
    }
}
