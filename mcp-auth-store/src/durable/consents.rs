//! What people allowed clients. The step that issues a code keeps it, and so does the one that allows a device code.

use mcp_auth_core::ScopeSet;
use serde::{Deserialize, Serialize};

use std::slice::from_ref;

use super::record::{alive, changed, content, put, read};
use super::rows::{Content, Key, MOST, Row};
use super::store::Durable;
use crate::aggregate::{AllRemembered, AllowedAt, CONSENT_MEMORY};
use crate::{
    AllowedClient, Consents, RememberedClient, RememberedConsent, SecretHash, StoreError, StoreFuture,
};

/// The most consents of one person that are looked through.
const MOST_OF_PERSON: usize = 10_000;

/// What one person allowed one client.
#[derive(Serialize, Deserialize)]
pub(super) struct Consent {
    pub(super) subject: String,
    pub(super) client_id: String,
    pub(super) scopes: ScopeSet,
    /// For which the person need not be asked again.
    #[serde(default)]
    remembered: AllRemembered,
    /// Whether the person ended it, and allowed nothing since.
    #[serde(default)]
    is_ended: bool,
    /// At which redirect URIs they allowed it.
    #[serde(default)]
    allowed_at: AllowedAt,
}

pub(super) fn key(subject: &str, client_id: &str) -> Key {
    // Neither has a space where the other could begin.
    Key::new("consents", SecretHash::of(&format!("{} {client_id}{subject}", client_id.len())).digits())
}

/// What all people allowed one client.
pub(super) fn of_client(client_id: &str) -> String {
    format!("consents of client {client_id}")
}

/// What all people allowed one client at one redirect URI, of which this is the hash.
fn of_client_at(client_id: &str, redirect_uri: SecretHash) -> String {
    let both = format!("{} {client_id}", redirect_uri.digits());
    format!("consents at {}", SecretHash::of(&both).digits())
}

/// What one person allowed all clients.
pub(super) fn of_person(subject: &str) -> String {
    format!("consents of person {subject}")
}

/// The clients of which one person need not be asked again, by the time at which that ends.
fn remembered_of_person(subject: &str) -> String {
    format!("clients remembered by person {subject}")
}

/// What `row` says that the person `subject` has allowed `client_id`, with the `scopes` that they allow it now, at a redirect URI where there is
/// one.
pub(super) fn with(
    row: Option<&Row>,
    (subject, client_id): (&str, &str),
    (scopes, redirect_uri): (&ScopeSet, Option<&str>),
    now: u64,
) -> Result<Content, StoreError> {
    let before = row.map(read::<Consent>).transpose()?;
    // An older release that ends it leaves the redirect URIs as they are.
    let before = before.filter(|consent| !consent.is_ended);
    let (mut allowed, remembered, mut allowed_at) =
        before.map(|consent| (consent.scopes, consent.remembered, consent.allowed_at)).unwrap_or_default();
    allowed.extend(scopes.iter().cloned());
    redirect_uri.into_iter().for_each(|redirect_uri| allowed_at.add(redirect_uri));
    let consent = Consent {
        subject: subject.to_owned(),
        client_id: client_id.to_owned(),
        scopes: allowed,
        remembered,
        is_ended: false,
        allowed_at,
    };
    kept(row, &consent, now.saturating_add(CONSENT_MEMORY))
}

/// What `row` says when the person has ended it.
pub(super) fn ended(row: &Row) -> Result<Content, StoreError> {
    let consent: Consent = read(row)?;
    let (scopes, remembered, allowed_at) = Default::default();
    let ended = Consent { scopes, remembered, allowed_at, is_ended: true, ..consent };
    kept(Some(row), &ended, row.content.forget_at)
}

/// The row becomes this consent.
fn kept(row: Option<&Row>, consent: &Consent, forget_at: u64) -> Result<Content, StoreError> {
    let kept = match row {
        Some(row) => changed(row, consent, forget_at)?,
        None => content(consent, forget_at)?,
    };
    let mut groups = vec![of_client(&consent.client_id), of_person(&consent.subject)];
    let ends_at = consent.remembered.ends_at();
    groups.extend(ends_at.map(|_| remembered_of_person(&consent.subject)));
    groups.extend(consent.allowed_at.iter().map(|at| of_client_at(&consent.client_id, at)));
    Ok(Content { groups, rank: ends_at.unwrap_or(0).min(MOST), ..kept })
}

impl Consents for Durable {
    fn allowed<'a>(&'a self, subject: &'a str, client_id: &'a str) -> StoreFuture<'a, ScopeSet> {
        Box::pin(async move {
            let row = self.row(key(subject, client_id)).await?;
            Ok(row
                .as_ref()
                .map(read::<Consent>)
                .transpose()?
                .map(|consent| consent.scopes)
                .unwrap_or_default())
        })
    }

    fn any<'a>(&'a self, client_id: &'a str) -> StoreFuture<'a, bool> {
        Box::pin(async move { Ok(self.rows.count(of_client(client_id), 0).await? > 0) })
    }

    fn any_at<'a>(&'a self, client_id: &'a str, redirect_uri: &'a str) -> StoreFuture<'a, bool> {
        let group = of_client_at(client_id, SecretHash::of(redirect_uri));
        Box::pin(async move { Ok(self.rows.count(group, 0).await? > 0) })
    }

    fn remember<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        remembered: RememberedConsent,
        now: u64,
    ) -> StoreFuture<'a, Option<String>> {
        Box::pin(async move {
            self.step(from_ref(&key(subject, client_id)), now, |rows| {
                let Some(row) = alive(rows[0].as_ref(), now) else { return Ok((None, vec![])) };
                let mut consent: Consent = read(row)?;
                if consent.is_ended {
                    return Ok((None, vec![]));
                }
                let mark = consent.remembered.remember(remembered.clone(), now);
                let after = kept(Some(row), &consent, row.content.forget_at)?;
                Ok((Some(mark), vec![put(&row.key, Some(row), after)]))
            })
            .await
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
            let row = self.row(key(subject, client_id)).await?;
            let consent = alive(row.as_ref(), now).map(read::<Consent>).transpose()?;
            Ok(consent.and_then(|consent| consent.remembered.find(shown, now)))
        })
    }

    fn forget<'a>(&'a self, subject: &'a str, client_id: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.step(from_ref(&key(subject, client_id)), now, |rows| {
                let Some(row) = &rows[0] else { return Ok(((), vec![])) };
                let mut consent: Consent = read(row)?;
                if consent.remembered.ends_at().is_none() {
                    return Ok(((), vec![]));
                }
                consent.remembered = AllRemembered::default();
                let after = kept(Some(row), &consent, row.content.forget_at)?;
                Ok(((), vec![put(&row.key, Some(row), after)]))
            })
            .await
        })
    }

    fn remembered_of_person<'a>(
        &'a self,
        subject: &'a str,
        most: usize,
        now: u64,
    ) -> StoreFuture<'a, Vec<RememberedClient>> {
        Box::pin(async move {
            let rows = self.current_of(remembered_of_person(subject), most, now).await?;
            let consents = rows.iter().map(read::<Consent>).collect::<Result<Vec<_>, _>>()?;
            let known = consents.iter().filter_map(|known| known.remembered.of_client(&known.client_id, now));
            Ok(known.collect())
        })
    }

    fn allowed_since<'a>(
        &'a self,
        subject: &'a str,
        since: u64,
        most: usize,
        now: u64,
    ) -> StoreFuture<'a, Vec<AllowedClient>> {
        Box::pin(async move {
            let mut lately = Vec::new();
            for row in self.rows.first_of(of_person(subject), MOST_OF_PERSON).await? {
                // The step that allows something sets this time, and no other does.
                let at = row.content.forget_at.saturating_sub(CONSENT_MEMORY);
                if at < since || row.content.forget_at <= now {
                    continue;
                }
                let consent: Consent = read(&row)?;
                if !consent.is_ended {
                    let Consent { client_id, scopes, .. } = consent;
                    lately.push(AllowedClient { client_id, scopes, at });
                }
            }
            Ok(AllowedClient::latest(lately, most))
        })
    }

    fn end_client_of_person<'a>(
        &'a self,
        subject: &'a str,
        client_id: &'a str,
        now: u64,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.end_client(subject, client_id, now).await })
    }

    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.forget_group(of_person(subject), now).await })
    }
}
