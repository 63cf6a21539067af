//! Chooses the client to log in as: the one the person names, else the one kept, else a metadata document, else a
//! registration. This is the order of MCP authorization, client registration.

use rmcp::transport::auth::{AuthError, OAuthClientConfig};

use super::discovery::Discovered;
use mcp_auth_core::SecretText;

use crate::secret::{SecretError, SecretPlace};
use crate::terminal::shown_line;
use crate::token_store::{ClientSecret, Login, Registration, WayIn};

/// What the person gave to be known by.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Wanted {
    /// A client identifier that the issuer gave you [else the client registers itself].
    #[arg(long, value_name = "ID")]
    pub(crate) client_id: Option<String>,
    /// Where the secret of that client is: env:NAME or file:PATH.
    #[arg(long, value_name = "WHERE", requires = "client_id")]
    pub(crate) client_secret: Option<SecretPlace>,
    /// The https URL of your Client ID Metadata Document; used where the issuer supports it.
    #[arg(long, value_name = "URL", conflicts_with = "client_id")]
    pub(crate) client_metadata: Option<String>,
}

/// Why there is no client to log in as.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RegistrationError {
    #[error("--client-metadata {0:?} is not an https URL with a path, which a client identifier must be")]
    NotADocument(String),
    #[error(
        "{0} supports neither dynamic registration nor client metadata documents; ask its operator for a client \
         with the redirect URI {1}, and give --client-id"
    )]
    NoWayIn(String, String),
    #[error("{issuer} refused to register a client: {why}")]
    Refused { issuer: String, why: String },
    #[error("cannot read the client's secret")]
    Secret(#[from] SecretError),
    #[error("rmcp refuses the client: {0}")]
    Other(String),
}

impl Wanted {
    /// Checks what can be checked before anything is sent.
    ///
    /// # Errors
    /// A secret in place of a reference to it; a document URL that cannot be a client identifier.
    pub(crate) fn check(&self) -> Result<(), RegistrationError> {
        if let Some(place) = &self.client_secret {
            place.reference()?;
        }
        if let Some(document) = &self.client_metadata {
            let url = url::Url::parse(document).ok();
            if !url
                .is_some_and(|url| url.scheme() == "https" && url.path() != "/" && url.fragment().is_none())
            {
                return Err(RegistrationError::NotADocument(document.clone()));
            }
        }
        Ok(())
    }
}

impl Registration {
    /// The secret to send now, if the client has one.
    pub(super) fn secret(&self) -> Result<Option<SecretText>, SecretError> {
        match &self.client_secret {
            None => Ok(None),
            Some(ClientSecret::Issued(secret)) => Ok(Some(secret.clone())),
            Some(ClientSecret::At(place)) => {
                let Ok(place) = place.parse::<SecretPlace>();
                place.read().map(Some)
            }
        }
    }

    /// Makes rmcp act as this client.
    pub(super) fn configure(&self, discovered: &mut Discovered) -> Result<(), RegistrationError> {
        let mut client = OAuthClientConfig::new(&self.client_id, &self.redirect_uri);
        if let Some(secret) = self.secret()? {
            client = client.with_client_secret(secret.expose());
        }
        discovered.manager.configure_client(client).map_err(other)
    }
}

/// The client that is known without a request; `None` means that a client has to be registered.
pub(super) fn known(
    wanted: &Wanted,
    kept: Option<&Login>,
    discovered: &Discovered,
    redirect_uri: &str,
) -> Result<Option<Registration>, RegistrationError> {
    let with = |client_id: &str, client_secret, way| {
        Some(Registration {
            client_id: client_id.to_owned(),
            client_secret,
            redirect_uri: redirect_uri.to_owned(),
            way,
        })
    };
    if let Some(client_id) = &wanted.client_id {
        let place = wanted.client_secret.as_ref();
        let secret = place.map(SecretPlace::reference).transpose()?;
        return Ok(with(client_id, secret.map(ClientSecret::At), WayIn::Preregistered));
    }
    if let Some(document) = &wanted.client_metadata
        && supports_documents(discovered)
    {
        return Ok(with(document, None, WayIn::MetadataDocument));
    }
    // A client identifier is valid only at the issuer that gave it, with the redirect URI it was registered with.
    let ours = kept.filter(|login| {
        let kept = &login.registration;
        kept.redirect_uri == redirect_uri
            && match kept.way {
                WayIn::MetadataDocument => supports_documents(discovered),
                WayIn::Preregistered | WayIn::Dynamic => login.issuer == discovered.issuer,
            }
    });
    Ok(ours.map(|login| login.registration.clone()))
}

/// Registers a client (RFC 7591) for every scope it may need later: some issuers limit a client to the scopes it
/// registered with, and a step-up asks for more than the first login.
pub(super) async fn register(
    discovered: &mut Discovered,
    redirect_uri: &str,
    asked: &[String],
) -> Result<Registration, RegistrationError> {
    let issuer = shown_line(&discovered.issuer, 200);
    if discovered.metadata.registration_endpoint.is_none() {
        return Err(RegistrationError::NoWayIn(issuer, redirect_uri.to_owned()));
    }
    let mut scopes = asked.to_vec();
    for scope in discovered.manager.select_scopes(None, &[]) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    let client =
        discovered.manager.register_client("mcp-auth", redirect_uri, &scopes).await.map_err(|error| {
            RegistrationError::Refused { issuer, why: shown_line(&error.to_string(), 500) }
        })?;
    Ok(Registration {
        client_id: client.client_id,
        client_secret: client.client_secret.map(|secret| ClientSecret::Issued(SecretText::new(secret))),
        redirect_uri: redirect_uri.to_owned(),
        way: WayIn::Dynamic,
    })
}

pub(super) fn supports_documents(discovered: &Discovered) -> bool {
    let member = discovered.metadata.additional_fields.get("client_id_metadata_document_supported");
    member.and_then(serde_json::Value::as_bool).unwrap_or(false)
}

fn other(error: AuthError) -> RegistrationError {
    RegistrationError::Other(shown_line(&error.to_string(), 500))
}
