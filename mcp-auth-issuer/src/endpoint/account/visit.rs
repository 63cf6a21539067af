//! Who is at the page, and what they let in.

use mcp_auth_store::{StoreError, grant_name};

use crate::endpoint::login_step::LoginStep;
use crate::endpoint::path::ACCOUNT;
use crate::issuer::Issuer;
use crate::person::Asked;
use crate::person::page::LetIn;

/// The most applications on the page, the ones that end first.
pub(super) const MOST: usize = 100;

/// The person logs in to see the page.
pub(super) fn login_step() -> LoginStep<'static> {
    LoginStep {
        is_asked: false,
        client_id: None,
        client: None,
        asked: Asked::default(),
        then: "The next page shows which applications you let in.",
        refuse: "Cancel",
        url: ACCOUNT,
        request: ACCOUNT,
    }
}

/// The applications that `subject` let in.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn let_in(issuer: &Issuer, subject: &str) -> Result<Vec<LetIn>, StoreError> {
    let mut all = Vec::new();
    for grant in issuer.store.grants().of_person(subject, MOST, issuer.now()).await? {
        let client = issuer.client_to_show(&grant.client_id).await?;
        all.push(LetIn { name: grant_name(&grant.id), grant, client });
    }
    Ok(all)
}
