//! Who is at the page, and what they let in.

use mcp_auth_core::ScopeSet;
use mcp_auth_store::{Connection, StoreError, grant_name};

use crate::endpoint::away::Purpose;
use crate::endpoint::device::LIFETIME as DEVICE_CODE_LIFETIME;
use crate::endpoint::login_step::LoginStep;
use crate::endpoint::path::ACCOUNT;
use crate::issuer::Issuer;
use crate::person::Asked;
use crate::person::page::{AllowedApplication, ConnectedLine, texts};

/// The most grants on the page, and the most applications that need not ask again: those that end first. And the most that were let in
/// lately.
const MOST: usize = 100;

/// The person logs in to see the page.
pub(super) fn login_step() -> LoginStep<'static> {
    LoginStep {
        purpose: Purpose::Account,
        is_asked: false,
        client_id: None,
        client: None,
        asked: Asked::default(),
        request_for: None,
        then: texts().then_account,
        refuse: texts().cancel,
        url: ACCOUNT,
        request: ACCOUNT,
    }
}

/// What a person let in.
pub(super) struct Known {
    pub(super) applications: Vec<AllowedApplication>,
    /// Whether there may be more of them.
    pub(super) there_may_be_more: bool,
}

impl Known {
    /// What `subject` let in: the applications that can renew their access, those that need not ask again, and those whose last access may not
    /// have ended yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) async fn of(issuer: &Issuer, subject: &str) -> Result<Self, StoreError> {
        let (store, now) = (&issuer.store, issuer.now());
        let grants = store.grants().of_person(subject, MOST, now).await?;
        let remembered = store.consents().remembered_of_person(subject, MOST, now).await?;
        // Access that was allowed since then may be good still: a code or a device code waits for a while, then the token begins.
        let waits = issuer.lifetimes.code.max(DEVICE_CODE_LIFETIME);
        let since = now.saturating_sub(issuer.lifetimes.access_token.saturating_add(waits));
        let lately = store.consents().allowed_since(subject, since, MOST, now).await?;
        let there_may_be_more = [grants.len(), remembered.len(), lately.len()].iter().any(|n| *n >= MOST);
        let mut known = Self { applications: Vec::new(), there_may_be_more };
        for grant in grants {
            let application = known.application(&grant.client_id, &grant.scopes, grant.granted_at);
            application.last_used = application.last_used.max(Some(grant.last_used));
            application.grants.push(grant_name(&grant.id));
        }
        for client in remembered {
            known.application(&client.client_id, &client.scopes, client.at).is_remembered = true;
        }
        for client in lately {
            // What those have that are there already is known better.
            if known.applications.iter().all(|known| known.client_id != client.client_id) {
                known.application(&client.client_id, &client.scopes, client.at);
            }
        }
        for application in &mut known.applications {
            application.client = issuer.client_to_show(&application.client_id).await?;
        }
        Ok(known)
    }

    /// What is known of this application, with these scopes since then.
    fn application(&mut self, client_id: &str, scopes: &ScopeSet, since: u64) -> &mut AllowedApplication {
        let at = self.applications.iter().position(|known| known.client_id == client_id);
        let at = at.unwrap_or_else(|| {
            self.applications.push(AllowedApplication::new(client_id, since));
            self.applications.len() - 1
        });
        let application = &mut self.applications[at];
        application.scopes.extend(scopes.iter().cloned());
        application.since = application.since.min(since);
        application
    }
}

/// The accounts that `subject` connected.
///
/// # Errors
/// [`StoreError`].
pub(super) async fn connected_accounts<'i>(
    issuer: &'i Issuer,
    subject: &str,
) -> Result<Vec<ConnectedLine<'i>>, StoreError> {
    let mut all = Vec::new();
    for (upstream, provider) in &issuer.connections {
        let of = Connection { subject, upstream };
        let kept = issuer.store.upstream_grants().find(of, issuer.now()).await?;
        let kept = kept.filter(|kept| !kept.is_over && provider.is_connected_by(kept));
        if let Some(account) = kept.and_then(|kept| kept.account) {
            all.push(ConnectedLine { upstream, provider, account });
        }
    }
    Ok(all)
}
