//! What the login of a person says now, where a grant of theirs begins or goes on: a provider at which they logged in may have ended it, or say
//! something else of them.

use mcp_auth_store::Authentication;

use crate::endpoint::client_request::{InvalidGrant, Over, Refusal};
use crate::issuer::Issuer;
use crate::person::Renewed;

/// How the person logged in, with what their tokens say now. Where the login has ended, all ends that they are logged in with: also what other
/// clients hold, or a copied refresh token would be good again after the next login. `may_ask`: whether a provider may be asked.
///
/// # Errors
/// [`Refusal::Grant`]: it has ended. [`Refusal::Login`], [`Refusal::Store`]: it cannot be told now, and nothing is used up.
pub(super) async fn renewed(
    issuer: &Issuer,
    subject: &str,
    how: &Authentication,
    may_ask: bool,
) -> Result<Authentication, Refusal> {
    match issuer.renew(subject, may_ask).await.map_err(Refusal::Login)? {
        Renewed::Unchanged => Ok(how.clone()),
        Renewed::Claims(claims) => Ok(Authentication { claims, ..how.clone() }),
        Renewed::Ended(why) => {
            // Grants go last: where the store fails before, the client comes again with the same one, and the rest is done then.
            issuer.store.end_person(subject, issuer.now()).await?;
            Err(InvalidGrant::Over(Over::Login(why)).into())
        }
    }
}
