//! Promises of [`Confirmations`](crate::Confirmations).

use super::race::{MANY, at_once, count};
use crate::{Answer, Confirmation, MOST_WAITING, SecretHash, Store, Taken};

fn confirmation() -> Confirmation {
    Confirmation {
        subject: "alice".into(),
        client_id: Some("client".into()),
        tool: "delete".into(),
        connects: None,
        arguments: "{\n  \"title\": \"milk \u{1f95b}\"\n}".into(),
        expires_at: 60,
    }
}

async fn asked(store: &Store) -> SecretHash {
    let id = SecretHash::of("the secret in the URL");
    store.confirmations().ask(id, confirmation(), 0).await.unwrap();
    id
}

/// The page shows it as it was asked, and once it is answered nothing more is to be shown.
pub async fn a_call_is_found_as_long_as_it_waits(store: Store) {
    let id = asked(&store).await;
    assert_eq!(store.confirmations().find(id, 59).await.unwrap(), Some(confirmation()));
    assert_eq!(store.confirmations().take(id, 59).await.unwrap(), Taken::Waiting);
    assert_eq!(store.confirmations().find(SecretHash::of("another"), 0).await.unwrap(), None);
    assert!(store.confirmations().answer(id, Answer::Denied, 59).await.unwrap());
    assert_eq!(store.confirmations().find(id, 59).await.unwrap(), None);
}

/// A second answer changes nothing, not even from "no" to "yes".
pub async fn the_first_answer_counts_and_is_taken_once(store: Store) {
    for answer in [Answer::Allowed, Answer::Denied, Answer::Foreign] {
        let id = asked(&store).await;
        assert!(store.confirmations().answer(id, answer, 1).await.unwrap());
        assert!(!store.confirmations().answer(id, Answer::Allowed, 1).await.unwrap());
        assert_eq!(store.confirmations().take(id, 59).await.unwrap(), Taken::Answered(answer));
        assert_eq!(store.confirmations().take(id, 59).await.unwrap(), Taken::Gone);
        assert!(!store.confirmations().answer(id, Answer::Allowed, 59).await.unwrap());
    }
}

/// Neither an answer that came in time nor one that comes late counts from then on.
pub async fn at_its_time_a_call_and_its_answer_are_gone(store: Store) {
    let id = asked(&store).await;
    assert_eq!(store.confirmations().find(id, 60).await.unwrap(), None);
    assert!(!store.confirmations().answer(id, Answer::Allowed, 60).await.unwrap());
    assert!(store.confirmations().answer(id, Answer::Allowed, 59).await.unwrap());
    assert_eq!(store.confirmations().take(id, 60).await.unwrap(), Taken::Gone);
}

/// One person's calls do not push out another's, and a call that was answered makes room.
pub async fn so_many_calls_of_one_person_wait_and_no_more(store: Store) {
    let id = |n: usize| SecretHash::of(&format!("call {n}"));
    for n in 0..MOST_WAITING {
        assert!(store.confirmations().ask(id(n), confirmation(), 0).await.unwrap());
    }
    let more = id(MOST_WAITING);
    assert!(!store.confirmations().ask(more, confirmation(), 0).await.unwrap());
    assert_eq!(store.confirmations().find(more, 0).await.unwrap(), None);
    let for_account = Confirmation { connects: Some("google".into()), ..confirmation() };
    assert!(store.confirmations().ask(SecretHash::of("account"), for_account.clone(), 1).await.unwrap());
    assert_eq!(store.confirmations().find(SecretHash::of("account"), 1).await.unwrap(), Some(for_account));
    let others = Confirmation { subject: "bob".into(), ..confirmation() };
    assert!(store.confirmations().ask(SecretHash::of("another's"), others, 0).await.unwrap());
    assert!(store.confirmations().answer(id(0), Answer::Denied, 1).await.unwrap());
    assert!(store.confirmations().ask(more, confirmation(), 1).await.unwrap());
    let late = Confirmation { expires_at: 120, ..confirmation() };
    assert!(store.confirmations().ask(SecretHash::of("late"), late, 60).await.unwrap(), "those have ended");
}

/// Nothing is allowed that was never asked.
pub async fn what_was_never_asked_is_gone(store: Store) {
    let unknown = SecretHash::of("unknown");
    assert!(!store.confirmations().answer(unknown, Answer::Allowed, 0).await.unwrap());
    assert_eq!(store.confirmations().take(unknown, 0).await.unwrap(), Taken::Gone);
}

/// A call runs once, also when its state is brought back many times at the same moment.
pub async fn of_a_hundred_answers_one_counts_and_of_a_hundred_takers_one_gets_it(store: Store) {
    let id = asked(&store).await;
    let answers = at_once(|n| {
        let (store, answer) = (store.clone(), [Answer::Allowed, Answer::Denied][n % 2]);
        async move { store.confirmations().answer(id, answer, 1).await.unwrap() }
    })
    .await;
    assert_eq!(count(&answers, &true), 1);
    let taken = at_once(|_| {
        let store = store.clone();
        async move { store.confirmations().take(id, 1).await.unwrap() }
    })
    .await;
    assert_eq!(count(&taken, &Taken::Gone), MANY - 1);
}
