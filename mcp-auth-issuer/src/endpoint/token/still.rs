//! What is asked once more when a grant was just made: whether its person and its client are still there.

use mcp_auth_store::{Authentication, Client, grant_name};

use super::Refusal;
use crate::issuer::Issuer;
use crate::observe::token::GrantEnded;
use crate::observe::{Event as _, Reason, Word};

/// Asked last: of a person or client that ended before a code was used, the code is still found here, and of one that ends after it, the grant
/// and its access token are there to be ended.
///
/// # Errors
/// [`Refusal::Grant`]: one of them is gone, and the grant is ended. [`Refusal::Login`] and [`Refusal::Store`]: it cannot be told.
pub(super) async fn still_there(
    issuer: &Issuer,
    client: &Client,
    (subject, how): (&str, &Authentication),
    grant_id: &str,
) -> Result<(), Refusal> {
    let why = if !issuer.still_counts(subject, how).await.map_err(Refusal::Login)? {
        "the login of its person does not count any more"
    } else if !issuer.is_kept(client).await? {
        "its client was removed"
    } else {
        return Ok(());
    };
    issuer.store.grants().revoke(subject, grant_id, issuer.now()).await?;
    GrantEnded {
        by: Word("issuer"),
        client_id: &client.id,
        subject,
        grant_id: Some(&grant_name(grant_id)),
        address: None,
        reason: Reason::Refused(&why),
    }
    .happened();
    Err(Refusal::Grant(why))
}
