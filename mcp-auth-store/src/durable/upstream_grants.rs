//! What providers gave for people. Tokens, claims and what let them in are encrypted, for the row of their person and provider alone.

use std::collections::BTreeSet;
use std::slice::from_ref;

use mcp_auth_core::{ScopeSet, SecretText};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::record::{alive, of as content_of, put, read, removed};
use super::rows::{Content, Key, Row, Write};
use super::store::Durable;
use crate::{
    ConnectedAccount, Connection, Lease, Leased, SecretHash, StoreError, StoreFuture, UpstreamGrant,
    UpstreamGrants,
};

/// What is kept, without what is encrypted. All of it is always written: what is left out of a row stays as it was.
#[derive(Serialize, Deserialize)]
struct Kept {
    subject: String,
    upstream: String,
    access_expires_at: Option<u64>,
    scopes: ScopeSet,
    seen_at: u64,
    is_over: bool,
    lease: Option<KeptLease>,
    /// Rows of before do not say it: they are of no provider, and count for nothing.
    #[serde(default)]
    provider: String,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
struct KeptLease {
    holder: SecretHash,
    until: u64,
}

/// What is encrypted.
#[derive(Deserialize)]
struct Sealed {
    access_token: Option<SecretText>,
    refresh_token: Option<SecretText>,
    nonce: Option<SecretText>,
    claims: Map<String, Value>,
    /// Rows of before do not say it.
    #[serde(default)]
    let_in_by: BTreeSet<String>,
    account: Option<ConnectedAccount>,
}

/// What is written of [`Sealed`].
#[derive(Serialize)]
struct SealedRef<'a> {
    access_token: Option<&'a str>,
    refresh_token: Option<&'a str>,
    nonce: Option<&'a str>,
    claims: &'a Map<String, Value>,
    let_in_by: &'a BTreeSet<String>,
    account: Option<&'a ConnectedAccount>,
}

fn key(of: Connection<'_>) -> Key {
    // A subject may be longer than a name of a row.
    Key::new("upstream_grants", format!("{} {}", SecretHash::of(of.subject).digits(), of.upstream))
}

/// What is kept of one person.
fn of_person(subject: &str) -> String {
    format!("upstream_grants of {subject}")
}

impl Durable {
    /// What is kept in a row, and who renews it.
    fn upstream_grant(&self, row: &Row) -> Result<(UpstreamGrant, Option<KeptLease>), StoreError> {
        let Kept { access_expires_at, scopes, seen_at, is_over, lease, provider, .. } = read(row)?;
        let sealed = self.unseal(&row.key, row.content.sealed.as_deref())?;
        let sealed: Sealed = serde_json::from_slice(&sealed).map_err(StoreError::new)?;
        let Sealed { access_token, refresh_token, nonce, claims, let_in_by, account } = sealed;
        let grant = UpstreamGrant {
            provider,
            account,
            access_token,
            access_expires_at,
            refresh_token,
            nonce,
            scopes,
            claims,
            let_in_by,
            seen_at,
            is_over,
        };
        Ok((grant, lease))
    }

    /// The write of what is kept instead of `row`.
    fn upstream_grant_kept(
        &self,
        (of, row): (Connection<'_>, Option<&Row>),
        (grant, lease): (&UpstreamGrant, Option<KeptLease>),
        until: u64,
    ) -> Result<Write, StoreError> {
        let key = key(of);
        let expose = |secret: &Option<SecretText>| secret.as_ref().map(|secret| secret.expose().to_owned());
        let (access, refresh, nonce) =
            (expose(&grant.access_token), expose(&grant.refresh_token), expose(&grant.nonce));
        let sealed = SealedRef {
            access_token: access.as_deref(),
            refresh_token: refresh.as_deref(),
            nonce: nonce.as_deref(),
            claims: &grant.claims,
            let_in_by: &grant.let_in_by,
            account: grant.account.as_ref(),
        };
        let sealed = serde_json::to_vec(&sealed).map_err(StoreError::new)?;
        let kept = Kept {
            subject: of.subject.to_owned(),
            upstream: of.upstream.to_owned(),
            access_expires_at: grant.access_expires_at,
            scopes: grant.scopes.clone(),
            seen_at: grant.seen_at,
            is_over: grant.is_over,
            lease,
            provider: grant.provider.clone(),
        };
        let kept = content_of(row, &kept, until)?;
        let sealed = Some(self.seal(&key, &sealed)?);
        let kept = Content { sealed, groups: vec![of_person(of.subject)], rank: kept.forget_at, ..kept };
        Ok(put(&key, row, kept))
    }

    /// Writes what `holder` renewed, if it has the lease.
    async fn write_renewed(
        &self,
        of: Connection<'_>,
        (holder, keeps_lease): (SecretHash, bool),
        grant: &UpstreamGrant,
        now: u64,
    ) -> Result<bool, StoreError> {
        self.step(&[key(of)], now, |rows| {
            let Some(row) = alive(rows[0].as_ref(), now) else { return Ok((false, vec![])) };
            let Kept { lease, .. } = read(row)?;
            let Some(lease) = lease.filter(|lease| lease.holder == holder) else {
                return Ok((false, vec![]));
            };
            let lease = Some(lease).filter(|_| keeps_lease);
            let write = self.upstream_grant_kept((of, Some(row)), (grant, lease), row.content.forget_at)?;
            Ok((true, vec![write]))
        })
        .await
    }
}

impl UpstreamGrants for Durable {
    fn keep<'a>(
        &'a self,
        of: Connection<'a>,
        grant: UpstreamGrant,
        until: u64,
        now: u64,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.step(&[key(of)], now, |rows| {
                let before = alive(rows[0].as_ref(), now).map(|row| self.upstream_grant(row)).transpose()?;
                let lease = before.as_ref().filter(|(before, _)| grant.goes_on_from(before));
                let lease = lease.and_then(|(_, lease)| *lease);
                let after = grant.clone().after(before.as_ref().map(|(before, _)| before));
                let write = self.upstream_grant_kept((of, rows[0].as_ref()), (&after, lease), until)?;
                Ok(((), vec![write]))
            })
            .await
        })
    }

    fn find<'a>(&'a self, of: Connection<'a>, now: u64) -> StoreFuture<'a, Option<UpstreamGrant>> {
        Box::pin(async move {
            let row = self.row(key(of)).await?;
            let kept = alive(row.as_ref(), now).map(|row| self.upstream_grant(row)).transpose()?;
            Ok(kept.map(|(grant, _)| grant))
        })
    }

    fn lease<'a>(&'a self, of: Connection<'a>, lease: Lease, now: u64) -> StoreFuture<'a, Leased> {
        Box::pin(async move {
            let Lease { holder, until } = lease;
            self.step(from_ref(&key(of)), now, |rows| {
                let Some(row) = alive(rows[0].as_ref(), now) else { return Ok((Leased::Absent, vec![])) };
                let (grant, held) = self.upstream_grant(row)?;
                if held.is_some_and(|held| held.until > now && held.holder != holder) {
                    return Ok((Leased::Held, vec![]));
                }
                let lease = Some(KeptLease { holder, until });
                let write =
                    self.upstream_grant_kept((of, Some(row)), (&grant, lease), row.content.forget_at)?;
                Ok((Leased::Taken(Box::new(grant)), vec![write]))
            })
            .await
        })
    }

    fn renew<'a>(
        &'a self,
        of: Connection<'a>,
        holder: SecretHash,
        grant: UpstreamGrant,
        now: u64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.write_renewed(of, (holder, true), &grant, now).await })
    }

    fn release<'a>(
        &'a self,
        of: Connection<'a>,
        holder: SecretHash,
        grant: UpstreamGrant,
        now: u64,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move { self.write_renewed(of, (holder, false), &grant, now).await })
    }

    fn forget<'a>(&'a self, of: Connection<'a>, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            self.step(&[key(of)], now, |rows| Ok(((), rows[0].iter().map(removed).collect()))).await
        })
    }

    fn forget_person<'a>(&'a self, subject: &'a str, now: u64) -> StoreFuture<'a, ()> {
        Box::pin(async move { self.forget_group(of_person(subject), now).await })
    }
}
