//! A store is copied to another one, and backed up and restored: what was valid stays valid, and what was used up stays used up.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use mcp_auth_core::ambient::SystemRandom;
use mcp_auth_core::{ScopeSet, SecretText};
use mcp_auth_store::suite::records::{CONNECTION, upstream_grant};
use mcp_auth_store::{
    Authentication, Client, ClientCredential, Code, Durable, Grant, OpenError, Redemption, RingKey, Rotate,
    Rotation, SealingKey, SecretHash, SigningRing, SqliteRows, Store, StoreKey, StoreKeys, TransferError,
};

fn keys(byte: u8) -> StoreKeys {
    StoreKeys::of(StoreKey::new([byte; 32]).expect("a key"))
}

async fn opened(file: &Path, keys: StoreKeys) -> Durable {
    let rows = Arc::new(SqliteRows::open(file).expect("a file"));
    Durable::open(rows, keys, Arc::new(SystemRandom), 0).await.expect("a store")
}

/// A store in which a client has a code that was used, and a grant.
async fn filled(durable: &Durable) -> SealingKey {
    let store = Store::new(durable.clone());
    let client = Client {
        id: "app".to_owned(),
        name: None,
        redirect_uris: vec!["http://127.0.0.1/callback".to_owned()],
        grant_types: Client::for_people(true),
        scopes: ScopeSet::default(),
        credential: ClientCredential::None,
        secret_in_form: false,
        registered_at: 0,
        registration_token: None,
        require_par: false,
        dpop_bound: false,
    };
    store.clients().register(client, None, 0).await.expect("a step");
    let code = Code {
        client_id: "app".to_owned(),
        subject: "alice".to_owned(),
        redirect_uri: "http://127.0.0.1/callback".to_owned(),
        code_challenge: "a challenge".to_owned(),
        resource: "http://localhost/mcp".to_owned(),
        scopes: ScopeSet::parse_lossy("read write"),
        refresh: true,
        authentication: Authentication::at(1),
        dpop_jkt: None,
        expires_at: 60,
    };
    let grant = Grant {
        id: "g".to_owned(),
        client_id: "app".to_owned(),
        subject: "alice".to_owned(),
        resource: "http://localhost/mcp".to_owned(),
        scopes: ScopeSet::parse_lossy("read"),
        authentication: Authentication::at(1),
        dpop_jkt: None,
        redirect_uri: "http://127.0.0.1/callback".to_owned(),
        client_key: None,
        granted_at: 1,
        last_used: 1,
        current: SecretHash::of("1"),
        expires_at: 5000,
    };
    let hash = SecretHash::of("code");
    store.codes().issue(hash, code, 0).await.expect("a step");
    assert_eq!(store.codes().redeem(hash, "g", Some(grant), 1).await.expect("a step"), Redemption::First);
    assert!(store.spent().spend(SecretHash::of("over"), 50, 0).await.expect("a step"));
    assert!(store.spent().spend(SecretHash::of("proof"), 5000, 0).await.expect("a step"));
    for number in 0..250 {
        let id = format!("session {number}");
        store.sessions().keep(&id, format!("state {number}"), 5000, 0).await.expect("a step");
        assert!(store.sessions().bind(&id, "ann", None, 0).await.expect("a step"));
    }
    store.signing_keys().ring_or(signing(1), 0).await.expect("a step");
    store.upstream_grants().keep(CONNECTION, upstream_grant(), 5000, 0).await.expect("a step");
    store.sealing_keys().key("cursors", SealingKey::new([1; 32])).await.expect("a step")
}

fn signing(private: u8) -> SigningRing {
    SigningRing::of(RingKey { private: vec![private; 48], made_at: 1, signs_from: 1 })
}

async fn is_the_same(durable: &Durable, sealing: &SealingKey) {
    let store = Store::new(durable.clone());
    assert!(store.clients().find("app", 100).await.expect("a step").is_some());
    assert_eq!(store.consents().allowed("alice", "app").await.expect("a step").to_string(), "read write");
    assert!(
        !store.spent().spend(SecretHash::of("proof"), 5000, 100).await.expect("a step"),
        "it was used up"
    );
    assert_eq!(
        &store.sealing_keys().key("cursors", SealingKey::new([2; 32])).await.expect("a step"),
        sealing
    );
    assert!(store.signing_keys().ring_or(signing(2), 100).await.expect("a step") == signing(1));
    assert_eq!(
        store.sessions().state("session 249", 100).await.expect("a step").as_deref(),
        Some("state 249")
    );
    assert!(!store.sessions().bind("session 0", "bob", None, 100).await.expect("a step"));
    let kept = store.upstream_grants().find(CONNECTION, 100).await.expect("a step");
    assert_eq!(kept, Some(upstream_grant()));
    let rotate = Rotate {
        presented: SecretHash::of("1"),
        next: SecretText::new("2"),
        expires_at: 6000,
        grace: 0,
        client_key: None,
        dpop_jkt: None,
    };
    assert_eq!(store.grants().rotate("g", rotate, 100).await.expect("a step"), Rotation::Rotated);
    assert_eq!(
        store.codes().redeem(SecretHash::of("code"), "x", None, 100).await.expect("a step"),
        Redemption::Replayed
    );
    assert!(store.grants().find("g", 100).await.expect("a step").is_none(), "the replay killed the grant");
}

#[tokio::test]
async fn a_copy_with_another_key_is_the_same_store() {
    let directory = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "to"].map(|name| directory.path().join(name));
    let (from, to) = (opened(&from, keys(1)).await, opened(&to, keys(2)).await);
    let sealing = filled(&from).await;
    let census: Vec<_> = from.census(100).await.unwrap().into_iter().collect();
    let expected = [
        ("clients", 1),
        ("codes", 1),
        ("consents", 1),
        ("grants", 1),
        ("sealing_keys", 2),
        ("sessions", 250),
        ("signing_keys", 1),
        ("spent", 1),
        ("upstream_grants", 1),
    ];
    assert_eq!(census, expected.map(|(kind, count)| (kind.to_owned(), count)));
    // A client, a consent, a code, a grant, what was used up, 250 sessions, a key, the signing keys and what a provider gave; not what is over.
    assert_eq!(from.copy_to(&to, 100).await.unwrap(), 258);
    is_the_same(&to, &sealing).await;
    assert!(matches!(from.copy_to(&to, 100).await, Err(TransferError::NotEmpty)));
    drop(to);
    // It is encrypted with its own key alone.
    let rows = Arc::new(SqliteRows::open(&directory.path().join("to")).unwrap());
    let refused = Durable::open(rows, keys(1), Arc::new(SystemRandom), 0).await.unwrap_err();
    assert!(matches!(refused, OpenError::Key));
}

#[tokio::test]
async fn a_backup_that_is_restored_is_the_same_store() {
    let directory = tempfile::tempdir().unwrap();
    let from = opened(&directory.path().join("from"), keys(1)).await;
    let sealing = filled(&from).await;
    let mut backup = Vec::new();
    assert_eq!(from.backup(&mut backup, 100).await.unwrap(), 258);
    let text = String::from_utf8(backup.clone()).unwrap();
    assert!(text.contains("alice"), "this looks at the right text");
    assert!(!text.contains("state 249"), "what has to be read back is encrypted");

    let restored = opened(&directory.path().join("restored"), keys(1)).await;
    assert_eq!(restored.restore(|| Ok(Cursor::new(&backup)), 100).await.unwrap(), 258);
    is_the_same(&restored, &sealing).await;
    let again = restored.restore(|| Ok(Cursor::new(&backup)), 100).await;
    assert!(matches!(again, Err(TransferError::NotEmpty)));

    let with_new_key = keys(2).after(vec![StoreKey::new([1; 32]).unwrap()]);
    let rotated = opened(&directory.path().join("rotated"), with_new_key).await;
    assert_eq!(rotated.restore(|| Ok(Cursor::new(&backup)), 100).await.unwrap(), 258);
    drop(rotated);
    is_the_same(&opened(&directory.path().join("rotated"), keys(2)).await, &sealing).await;
}

#[tokio::test]
async fn s10_what_is_not_a_whole_backup_of_this_store_fills_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let from = opened(&directory.path().join("from"), keys(1)).await;
    filled(&from).await;
    let mut backup = Vec::new();
    from.backup(&mut backup, 100).await.unwrap();
    let text = String::from_utf8(backup).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let empty = opened(&directory.path().join("empty"), keys(1)).await;
    for (wrong, why) in [
        (String::new(), "line 1 of the backup: this is not a backup"),
        ("{}\n".to_owned(), "line 1 of the backup: this is not a backup"),
        (lines[..lines.len() - 1].concat(), "the backup was cut off: its last line is missing"),
        (lines[..10].concat() + &lines[10][..20], "line 11 of the backup: it ends in the middle"),
        (lines[..10].concat() + &lines[11..].concat(), "does not hold as many rows as it says"),
        (text.clone() + "\n", "does not hold as many rows as it says"),
        (text.replace("\"rank\":", "\"rang\":"), "line 2 of the backup: this is not a row"),
        (text.replace("\"min_version\":1", "\"min_version\":9"), "a newer mcp-auth changed this store"),
    ] {
        let refused = empty.restore(|| Ok(Cursor::new(wrong.clone())), 100).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{why}: {refused}");
    }
    let stranger = opened(&directory.path().join("stranger"), keys(2)).await;
    let refused = stranger.restore(|| Ok(Cursor::new(text.clone())), 100).await.unwrap_err();
    assert!(matches!(refused, TransferError::Key), "{refused}");
    assert_eq!(empty.restore(|| Ok(Cursor::new(text.clone())), 100).await.unwrap(), 258, "it is empty still");
    assert_eq!(
        stranger.restore(|| Ok(Cursor::new(lines[0].to_owned() + "{\"rows\":0}\n")), 100).await.unwrap(),
        0
    );
}

/// What was to keep something from happening twice may be in the part that is missing.
#[tokio::test]
async fn a_store_that_was_filled_in_part_is_not_opened() {
    let directory = tempfile::tempdir().unwrap();
    let [from, to] = ["from", "to"].map(|name| directory.path().join(name));
    let from = opened(&from, keys(1)).await;
    filled(&from).await;
    let mut backup = Vec::new();
    from.backup(&mut backup, 100).await.unwrap();
    let half = opened(&to, keys(1)).await;
    // The backup is whole as it is looked through, and cut off as it is read again.
    let mut times = 0;
    let open = || {
        times += 1;
        Ok(Cursor::new(if times == 1 { backup.clone() } else { backup[..backup.len() / 2].to_vec() }))
    };
    assert!(matches!(half.restore(open, 100).await, Err(TransferError::Backup { .. })));
    let again = half.restore(|| Ok(Cursor::new(backup.clone())), 100).await;
    assert!(matches!(again, Err(TransferError::NotEmpty)));
    drop(half);
    let rows = Arc::new(SqliteRows::open(&to).unwrap());
    let refused = Durable::open(rows, keys(1), Arc::new(SystemRandom), 0).await.unwrap_err();
    assert!(matches!(refused, OpenError::Half), "{refused}");
}
