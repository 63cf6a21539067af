//! Gets a new access token for a refresh token, only at the issuer that the refresh token came from.

use rmcp::transport::auth::{
    AuthError, CredentialStore as _, InMemoryCredentialStore, OAuthTokenResponse, StoredCredentials,
};
use serde_json::json;

use super::Client;
use super::discovery::{DiscoveryError, discover};
use super::flow::{LogInError, tokens_of};
use super::registration::RegistrationError;
use crate::secret::Scrubber;
use crate::terminal::shown_line;
use crate::token_store::{Login, Tokens};

/// The outcome of a refresh.
#[derive(Debug)]
pub(crate) enum Refreshed {
    /// New tokens, to be stored at once, because the old refresh token may no longer work.
    Tokens(Tokens),
    /// The person has to log in again; holds the reason.
    LogInAgain(String),
}

/// A failure that may not occur again at the next attempt. Holds no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefreshError {
    #[error("the token has expired and cannot be renewed")]
    Discovery(#[from] DiscoveryError),
    #[error("the token has expired and cannot be renewed")]
    Registration(#[from] RegistrationError),
    #[error("the token has expired and cannot be renewed")]
    Response(#[from] LogInError),
    #[error("the token has expired and {issuer} did not renew it: {why}")]
    Failed { issuer: String, why: String },
}

/// Errors of the token endpoint that only a new login can solve.
const FINAL: [&str; 3] = ["invalid_client", "unauthorized_client", "invalid_scope"];

/// Refreshes the tokens of a login. The caller holds the lock of the token store.
///
/// # Errors
/// [`RefreshError`]: the login stays as it is.
pub(crate) async fn refresh(client: &Client, login: &Login, now: u64) -> Result<Refreshed, RefreshError> {
    let Some(refresh_token) = &login.tokens.refresh_token else {
        return Ok(Refreshed::LogInAgain(
            "the token has expired, and the issuer gave none to renew it".to_owned(),
        ));
    };
    let mut discovered = discover(client, None).await?;
    // rmcp compares the issuer only if discovery found one, and would otherwise send the token to endpoints it
    // guessed.
    if discovered.issuer != login.issuer {
        return Ok(Refreshed::LogInAgain(format!(
            "the server now names the issuer {}, and the login is from {}",
            shown_line(&discovered.issuer, 200),
            shown_line(&login.issuer, 200)
        )));
    }
    login.registration.configure(&mut discovered)?;

    let scrubber = Scrubber::of([refresh_token, &login.tokens.access_token]);
    let failed = |error: AuthError| RefreshError::Failed {
        issuer: shown_line(&login.issuer, 200),
        why: shown_line(&scrubber.clean(&error.to_string()), 500),
    };
    let old: OAuthTokenResponse = serde_json::from_value(json!({
        "access_token": login.tokens.access_token.expose(),
        "refresh_token": refresh_token.expose(),
        "token_type": "bearer",
    }))
    .map_err(|_| LogInError::Exchange("the kept login has no valid token".to_owned()))?;
    let client_id = login.registration.client_id.clone();
    let credentials = StoredCredentials::new(client_id, Some(old), login.tokens.scopes.clone(), None)
        .with_issuer(Some(login.issuer.clone()));
    let store = InMemoryCredentialStore::new();
    store.save(credentials).await.map_err(failed)?;
    discovered.manager.set_credential_store(store);

    match discovered.manager.refresh_token().await {
        Ok(response) => {
            let scopes = discovered.manager.get_current_scopes().await;
            Ok(Refreshed::Tokens(tokens_of(&response, scopes, now)?))
        }
        Err(AuthError::TokenRefreshRejected(_) | AuthError::AuthorizationRequired) => {
            Ok(Refreshed::LogInAgain("the token has expired, and the issuer no longer renews it".to_owned()))
        }
        // rmcp reports `invalid_grant` separately; trying again does not help with these errors either (RFC 6749
        // §5.2).
        Err(AuthError::TokenRefreshFailed(why)) if FINAL.iter().any(|&error| why.contains(error)) => {
            Ok(Refreshed::LogInAgain(
                "the token has expired, and the issuer no longer renews it for our client".to_owned(),
            ))
        }
        Err(error) => Err(failed(error)),
    }
}
