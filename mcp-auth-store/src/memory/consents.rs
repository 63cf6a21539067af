//! Consents in memory.

use mcp_auth_core::ScopeSet;

use super::store::locked;
use crate::aggregate::AllRemembered;
use crate::{
    AllowedClient, Consents, MemoryStore, RememberedClient, RememberedConsent, SecretHash, StoreFuture,
};

impl Consents for MemoryStore {
    fn allowed<'a>(&'a self, subject: &'a str, client_id: &'a str) -> StoreFuture<'a, ScopeSet> {
        Box::pin(async move { Ok(locked(&self.issued).allowed(subject, client_id)) })
    }

    fn any<'a>(&'a self, client_id: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(locked(&self.issued).is_allowed_by_anyone(client_id)) })
    }

    fn any_at<'a>(&'a self, client_id: &'a str, redirect_uri: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(locked(&self.issued).is_allowed_by_anyone_at(client_id, redirect_uri)) })
    }

    fn remember<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        remembered: RememberedConsent,
        now: u64,
    ) -> StoreFuture<'a, Option<String>> {
        Box::pin(async move {
            Ok(match locked(&self.issued).consent(subject, client_id, now) {
                Some(consent) if !consent.is_ended => Some(consent.remembered.remember(remembered, now)),
                Some(_) | None => None,
            })
        })
    }

    fn remembered<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        shown: SecretHash,
        now: u64,
    ) -> StoreFuture<'a, Option<RememberedConsent>> {
        Box::pin(async move {
            let mut issued = locked(&self.issued);
            Ok(issued
                .consent(subject, client_id, now)
                .and_then(|consent| consent.remembered.find(shown, now)))
        })
    }

    fn forget<'a>(&'a self, subject: &'a str, client_id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            if let Some(consent) = locked(&self.issued).consent(subject, client_id, now) {
                consent.remembered = AllRemembered::default();
            }
            Ok(())
        })
    }

    fn remembered_of_person<'a>(
        &'a self,
        subject: &'a str,
        most: usize,
        now: u64,
    ) -> StoreFuture<'a, Vec<RememberedClient>> {
        Box::pin(async move { Ok(locked(&self.issued).remembered_of_person(subject, most, now)) })
    }

    fn allowed_since<'a>(
        &'a self,
        subject: &'a str,
        since: u64,
        most: usize,
        now: u64,
    ) -> StoreFuture<'a, Vec<AllowedClient>> {
        Box::pin(async move {
            let lately = locked(&self.issued).allowed_since(subject, since, now);
            Ok(AllowedClient::latest(lately, most))
        })
    }

    fn end_client_of_person<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        now: u64,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let revoked = locked(&self.issued).end_client_of_person(subject, client_id);
            revoked.into_iter().for_each(|revoked| self.show_revoked(revoked, now));
            Ok(())
        })
    }

    fn forget_person<'a>(&'a self, subject: &'a str, _: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            locked(&self.issued).forget_consents(subject);
            Ok(())
        })
    }
}
