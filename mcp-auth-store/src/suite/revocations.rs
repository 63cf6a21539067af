//! Promises of [`Revocations`](crate::Revocations).

use super::records::{code, grant};
use crate::{Redemption, Revocable, Revoked, Rotate, Rotation, SecretHash, Store, grant_name};

/// Whether the tokens of a grant are revoked.
fn holds(store: &Store, grant: &str) -> bool {
    let name = grant_name(grant);
    let token = Revocable {
        granted_to: None,
        after_revocation: None,
        grant_id: Some(&name),
        jti: None,
        subject: "alice",
        client_id: Some("client"),
        iat: 100,
    };
    assert!(
        !store.revocations().board().holds(Revocable { grant_id: Some(grant), ..token }),
        "by its name alone"
    );
    store.revocations().board().holds(token)
}

async fn granted(store: &Store, id: &str) -> SecretHash {
    let hash = SecretHash::of(id);
    store.codes().issue(hash, code("client", "read"), 0).await.unwrap();
    let kept = grant(id, "current");
    assert_eq!(store.codes().redeem(hash, id, Some(kept), 1).await.unwrap(), Redemption::First);
    hash
}

/// By whichever step it dies, and its alone.
pub async fn with_a_grant_its_access_tokens_die(store: Store) {
    let code = granted(&store, "replayed").await;
    store.codes().redeem(code, "x", None, 2).await.unwrap();
    assert!(holds(&store, "replayed") && !holds(&store, "x"));
    granted(&store, "reused").await;
    let rotate = Rotate {
        presented: SecretHash::of("an old one"),
        next: mcp_auth_core::SecretText::new("next"),
        expires_at: 1000,
        grace: 30,
        client_key: None,
        dpop_jkt: None,
    };
    assert_eq!(store.grants().rotate("reused", rotate, 2).await.unwrap(), Rotation::Reused);
    assert!(holds(&store, "reused"));
    granted(&store, "revoked").await;
    assert!(!holds(&store, "revoked"));
    store.grants().revoke("ann", "revoked", 2).await.unwrap();
    assert!(holds(&store, "revoked"));
    // A client that does not refresh has no grant that is kept.
    let hash = SecretHash::of("of one that does not refresh");
    store.codes().issue(hash, super::records::code("client", "read"), 0).await.unwrap();
    store.codes().redeem(hash, "not kept", None, 1).await.unwrap();
    assert!(!holds(&store, "not kept"));
    store.codes().redeem(hash, "another", None, 2).await.unwrap();
    assert!(holds(&store, "not kept"));
}

/// It is known at once where it was done, and read by others until its time.
pub async fn what_was_revoked_is_known_until_such_tokens_have_expired(store: Store) {
    let revocations = store.revocations();
    assert_eq!(revocations.board().read_at(), None);
    for of in [Revoked::Token("j".into()), Revoked::Person("alice".into())] {
        revocations.revoke(of.clone(), 200).await.unwrap();
        revocations.revoke(of, 200).await.unwrap();
    }
    let of = |jti, iat| Revocable {
        granted_to: None,
        after_revocation: None,
        grant_id: None,
        jti,
        subject: "alice",
        client_id: None,
        iat,
    };
    for _ in 0..2 {
        let later = Revocable { after_revocation: Some(200), ..of(None, 201) };
        for (token, is_revoked) in [
            (of(Some("j"), 300), true),
            (of(None, 200), true),
            (of(None, 230), true),
            (of(None, 231), false),
            (later, false),
        ] {
            assert_eq!(revocations.board().holds(token), is_revoked);
            assert_eq!(revocations.is_revoked(token).await.unwrap(), is_revoked);
        }
        assert_eq!(revocations.board().last_of(of(None, 0)), Some(200));
        revocations.refresh(300).await.unwrap();
        assert_eq!(revocations.board().read_at(), Some(300));
    }
    revocations.refresh(200 + 70 * 60 - 1).await.unwrap();
    assert!(revocations.board().holds(of(Some("j"), 300)));
    revocations.refresh(200 + 70 * 60).await.unwrap();
    assert!(!revocations.board().holds(of(Some("j"), 300)));
}
