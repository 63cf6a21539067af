//! Promises of [`KnownClients`](crate::KnownClients).

use mcp_auth_core::ScopeSet;

use super::records::{client, code, grant};
use crate::{
    Authentication, Code, DeviceAnswer, DeviceAuthorization, Grant, ListedClient, Polled, Redemption,
    SecretHash, Store,
};

const DOCUMENT: &str = "https://app.example/client.json";

/// `subject` allows a client something at second `at`, which it redeems for the grant `id`.
async fn allows(store: &Store, subject: &str, client_id: &str, id: &str, at: u64) {
    let hash = SecretHash::of(&format!("code of {id}"));
    let allowed = Code { subject: subject.into(), expires_at: at + 60, ..code(client_id, "read") };
    store.codes().issue(hash, allowed, at).await.unwrap();
    let granted = Grant {
        client_id: client_id.into(),
        subject: subject.into(),
        last_used: at,
        expires_at: at + 1000,
        ..grant(id, "1")
    };
    assert_eq!(store.codes().redeem(hash, id, Some(granted), at).await.unwrap(), Redemption::First);
}

async fn listed(store: &Store, now: u64) -> Vec<ListedClient> {
    store.known_clients().list(now).await.unwrap()
}

/// Also one that is not registered, and one that has nothing left.
pub async fn every_client_of_which_something_is_kept_is_listed(store: Store) {
    assert!(listed(&store, 0).await.is_empty());
    for id in ["registered", "unused"] {
        store.clients().register(client(id), None, 1).await.unwrap();
    }
    allows(&store, "alice", "registered", "a1", 1000).await;
    allows(&store, "alice", "registered", "a2", 1001).await;
    allows(&store, "bob", "registered", "b1", 1002).await;
    allows(&store, "bob", DOCUMENT, "b2", 1003).await;
    let all = listed(&store, 1100).await;
    let ids: Vec<_> = all.iter().map(|known| &*known.client_id).collect();
    assert_eq!(ids, [DOCUMENT, "registered", "unused"]);
    let counted = |known: &ListedClient| (known.people, known.grants, known.last_used);
    assert_eq!(counted(&all[0]), (1, 1, Some(1003)));
    assert_eq!((all[1].people, all[1].grants), (2, 3));
    // Of a client that is used often it is not written each time.
    assert!(all[1].last_used.is_some_and(|at| (1000..=1002).contains(&at)), "{:?}", all[1].last_used);
    assert_eq!(counted(&all[2]), (0, 0, None));
    assert!(all[0].registered.is_none());
    assert_eq!(all[1].registered.as_ref().unwrap().redirect_uris, client("registered").redirect_uris);
    assert!(all[0].redirect_uris.contains("http://127.0.0.1:33418/callback"));
    assert!(all[2].redirect_uris.is_empty());

    store.consents().end_client_of_person("bob", DOCUMENT, 1100).await.unwrap();
    assert_eq!((listed(&store, 1100).await[0].people, listed(&store, 1100).await[0].grants), (0, 0));
    // The grants are over, and so is the registration that nobody used.
    let later = listed(&store, 1000 + 3600).await;
    let ids: Vec<_> = later.iter().map(|known| &*known.client_id).collect();
    assert_eq!(ids, [DOCUMENT, "registered"]);
    assert_eq!((later[1].people, later[1].grants), (2, 0));
    assert!(listed(&store, 900 * 24 * 60 * 60).await.is_empty());
}

/// Device codes too, whether a person answered them or not. What was redeemed stays.
pub async fn what_a_client_has_not_redeemed_ends_and_that_of_others_stays(store: Store) {
    let code_of = |id: &str| SecretHash::of(&format!("waiting code of {id}"));
    let device_of = |id: &str, what: &str| SecretHash::of(&format!("{what} of {id}"));
    for id in ["app", "other"] {
        allows(&store, "alice", id, &format!("grant of {id}"), 1).await;
        store.codes().issue(code_of(id), code(id, "read"), 2).await.unwrap();
        for n in ["allowed", "waiting"] {
            let asked = DeviceAuthorization {
                client_id: id.into(),
                resource: "http://localhost:8080/mcp".into(),
                scopes: ScopeSet::parse_lossy("read"),
                from: None,
                asked_at: 1,
                interval: 5,
                expires_at: 600,
                answer: None,
            };
            let (device, user) = (device_of(id, n), device_of(id, &format!("user code, {n}")));
            assert!(store.device_codes().begin(device, user, asked, 1).await.unwrap());
        }
        let answer = DeviceAnswer::Allowed {
            subject: "alice".into(),
            authentication: Authentication::at(1),
            scopes: ScopeSet::parse_lossy("read"),
            refresh: true,
        };
        let user = device_of(id, "user code, allowed");
        assert!(store.device_codes().answer(user, answer, 2).await.unwrap());
    }
    for _ in 0..2 {
        store.known_clients().end_codes("app", 3).await.unwrap();
    }
    for (id, stays) in [("app", false), ("other", true)] {
        let redeemed = store.codes().redeem(code_of(id), "new", None, 4).await.unwrap();
        assert_eq!(redeemed, if stays { Redemption::First } else { Redemption::Gone }, "{id}");
        let devices = store.device_codes();
        let waiting = devices.find_by_user_code(device_of(id, "user code, waiting"), 4).await.unwrap();
        assert_eq!(waiting.is_some(), stays, "{id}");
        let polled = devices.poll(device_of(id, "allowed"), 4).await.unwrap();
        assert_eq!(polled, if stays { Polled::Allowed } else { Polled::Gone }, "{id}");
        assert!(store.grants().find(&format!("grant of {id}"), 4).await.unwrap().is_some(), "{id}");
    }
}
