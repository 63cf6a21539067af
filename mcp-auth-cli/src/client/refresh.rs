//! A new access token for an old refresh token, at the issuer it came from and nowhere else.

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

/// What came of it.
#[derive(Debug)]
pub(crate) enum Refreshed {
    /// New tokens, to be kept at once: the old refresh token may be spent.
    Tokens(Tokens),
    /// Only a person can help: why.
    LogInAgain(String),
}

/// Trouble that a new attempt may not have. Holds no token.
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

/// Answers of the token endpoint that a person has to mend by logging in.
const FINAL: [&str; 3] = ["invalid_client", "unauthorized_client", "invalid_scope"];

/// Refreshes a login's tokens. The caller holds the lock of the place they are kept in.
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
    // rmcp compares only where it found an issuer, and would send the token to endpoints it made up.
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
    .map_err(|_| LogInError::Exchange("what is kept is no token".to_owned()))?;
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
        // rmcp tells invalid_grant apart; these are no better for trying again (RFC 6749 §5.2).
        Err(AuthError::TokenRefreshFailed(why)) if FINAL.iter().any(|&error| why.contains(error)) => {
            Ok(Refreshed::LogInAgain(
                "the token has expired, and the issuer no longer renews it for our client".to_owned(),
            ))
        }
        Err(error) => Err(failed(error)),
    }
}
