//! Promises of [`Transactions`](crate::Transactions).

use mcp_auth_core::SecretText;

use super::race::{at_once, count};
use crate::aggregate::MOST_OF_AN_OWNER;
use crate::{SecretHash, Store, Transaction};

fn transaction() -> Transaction {
    Transaction { owner: "client".into(), about: SecretText::new("scope=a"), expires_at: 60 }
}

async fn begun(store: &Store) -> SecretHash {
    let id = SecretHash::of("its name");
    store.transactions().begin("pushed-request", id, transaction(), 0).await.unwrap();
    id
}

/// One of another kind, or with another name, is not there.
pub async fn what_was_begun_is_found_until_its_time(store: Store) {
    let (id, transactions) = (begun(&store).await, store.transactions());
    assert_eq!(transactions.find("pushed-request", id, 59).await.unwrap(), Some(transaction()));
    assert_eq!(transactions.find("pushed-request", id, 60).await.unwrap(), None);
    assert_eq!(transactions.find("login", id, 1).await.unwrap(), None);
    assert_eq!(transactions.take("login", id, 1).await.unwrap(), None);
    assert_eq!(transactions.find("pushed-request", SecretHash::of("other"), 1).await.unwrap(), None);
    assert_eq!(transactions.take("pushed-request", id, 60).await.unwrap(), None);
}

/// Who takes it has it for himself.
pub async fn of_a_hundred_who_take_it_one_gets_it(store: Store) {
    let id = begun(&store).await;
    let taken = at_once(|_| {
        let store = store.clone();
        async move { store.transactions().take("pushed-request", id, 1).await.unwrap() }
    })
    .await;
    assert_eq!(count(&taken, &Some(transaction())), 1);
    assert_eq!(store.transactions().find("pushed-request", id, 1).await.unwrap(), None);
}

/// Anybody can begin something in the name of a public client: that costs this client what ends first, and another one nothing.
pub async fn one_owner_takes_no_place_of_another(store: Store) {
    let transactions = store.transactions();
    let begin = async |owner: &str, name: &str, expires_at: u64| {
        let transaction = Transaction { owner: owner.to_owned(), expires_at, ..transaction() };
        transactions.begin("pushed-request", SecretHash::of(name), transaction, 0).await.unwrap();
    };
    let is_there = async |name: &str| {
        transactions.find("pushed-request", SecretHash::of(name), 1).await.unwrap().is_some()
    };
    begin("other", "of the other", 50).await;
    begin("flooded", "the first", 60).await;
    for n in 0..MOST_OF_AN_OWNER + 20 {
        begin("flooded", &n.to_string(), 100 + n as u64).await;
    }
    assert!(is_there("of the other").await, "it ends first of all, and is of another owner");
    for gone in ["the first", "0", "19"] {
        assert!(!is_there(gone).await, "{gone}");
    }
    assert!(is_there(&(MOST_OF_AN_OWNER / 2).to_string()).await);
    assert!(is_there(&(MOST_OF_AN_OWNER + 19).to_string()).await, "what was begun last is there");
}
