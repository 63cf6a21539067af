//! A grant that begins: what a person allowed a client becomes its first tokens.

use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Code, Grant, GrantType, SecretHash, grant_name};

use super::Binding;
use crate::endpoint::client_request::{Authenticated, InvalidGrant, Refusal};
use crate::issuer::{Grantee, Issuer};
use crate::observe::token::GrantEnded;
use crate::observe::{Event as _, Reason, Word};
use crate::secret::{identifier, secret};

/// Its identifier and its first tokens.
pub(super) struct NewGrant {
    pub(super) id: String,
    /// Those of the allowed scopes that are declared.
    pub(super) scopes: ScopeSet,
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    /// What the store keeps, where there is a refresh token.
    pub(super) kept: Option<Grant>,
}

impl NewGrant {
    /// Makes the tokens for what `code` says was allowed. `bound_refresh`: the key that its refresh tokens are bound to.
    pub(super) fn of(
        issuer: &Issuer,
        client: &Authenticated,
        code: &Code,
        (bound_refresh, binding): (Option<String>, &Binding),
    ) -> Result<Self, Refusal> {
        let scopes = issuer.scopes.known_of(&code.scopes);
        let id = identifier(&*issuer.ambient.random);
        let access_token = issuer.access_token(&Grantee {
            subject: &code.subject,
            client_id: &client.id,
            resource: &code.resource,
            scopes: &scopes,
            authentication: Some(&code.authentication),
            grant_id: Some(&grant_name(&id)),
            binding,
        })?;
        let (refresh_token, kept) = match client.may(GrantType::RefreshToken) && code.refresh {
            true => {
                let (token, grant) = refreshable(issuer, &id, client, code, bound_refresh);
                (Some(token), Some(grant))
            }
            false => (None, None),
        };
        Ok(Self { id, scopes, access_token, refresh_token, kept })
    }

    /// Its name in tokens and events.
    pub(super) fn name(&self) -> String {
        grant_name(&self.id)
    }

    /// Verifies that its person and its client exist, and ends it where one of them is gone.
    ///
    /// It is the last step: of a person or client that ended before a code was used, the code is still found here, and of one that ends after it,
    /// the grant and its access token are there to be ended.
    ///
    /// # Errors
    /// [`Refusal::Grant`]: one of them is gone, and the grant is ended. [`Refusal::Login`] and [`Refusal::Store`]: it cannot be told.
    pub(super) async fn person_and_client_exist(
        &self,
        issuer: &Issuer,
        client: &Authenticated,
        code: &Code,
    ) -> Result<(), Refusal> {
        let (subject, how) = (&code.subject, &code.authentication);
        let why = if !issuer.still_counts(subject, how).await.map_err(Refusal::Login)? {
            InvalidGrant::LoginEnded
        } else if !issuer.is_kept(client).await? {
            InvalidGrant::ClientRemoved
        } else {
            return Ok(());
        };
        issuer.store.grants().revoke(subject, &self.id, issuer.now()).await?;
        GrantEnded {
            by: Word("issuer"),
            client_id: &client.id,
            subject,
            grant_id: Some(&self.name()),
            address: None,
            reason: Reason::Refused(&why),
        }
        .happened();
        Err(why.into())
    }
}

/// The first refresh token of the grant `id`, and what is kept of the grant.
fn refreshable(
    issuer: &Issuer,
    id: &str,
    client: &Authenticated,
    code: &Code,
    dpop_jkt: Option<String>,
) -> (String, Grant) {
    let (now, secret) = (issuer.now(), secret(&*issuer.ambient.random));
    let token = format!("{id}.{secret}");
    let grant = Grant {
        id: id.to_owned(),
        client_id: code.client_id.clone(),
        subject: code.subject.clone(),
        resource: code.resource.clone(),
        scopes: code.scopes.clone(),
        authentication: code.authentication.clone(),
        dpop_jkt,
        client_key: client.thumbprint(),
        redirect_uri: code.redirect_uri.clone(),
        granted_at: now,
        last_used: now,
        current: SecretHash::of(&secret),
        expires_at: expiry(issuer, now, now),
    };
    (token, grant)
}

/// When a grant expires that was allowed at `granted_at` and is used `now`: when it is not used for too long, or is too old.
pub(super) fn expiry(issuer: &Issuer, granted_at: u64, now: u64) -> u64 {
    let idle = now.saturating_add(issuer.lifetimes.refresh_token);
    idle.min(granted_at.saturating_add(issuer.lifetimes.grant))
}
