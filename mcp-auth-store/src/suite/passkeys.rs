//! Promises of [`Accounts`](crate::Accounts) about passkeys.

use super::accounts::{alice, by_link, change, confirm, found, id, kept, log_in, reset, text};
use super::race::{MANY, at_once, count};
use crate::{
    Account, AccountChange, Changed, MOST_PASSKEYS, Passkey, PasskeyUse, ResetLink, SecondFactor, Store,
};

pub(super) fn passkey(id: &str, counter: u32) -> Passkey {
    Passkey {
        id: id.into(),
        public_key: "a COSE key".into(),
        name: "phone".into(),
        counter,
        backup_eligible: false,
        backed_up: false,
        user_verified: true,
        transports: vec!["internal".into()],
        created_at: 2,
        last_used: None,
    }
}

fn add_passkey(generation: u64, passkey: Passkey) -> AccountChange {
    let (passkey, user_handle) = (Box::new(passkey), "handle".to_owned());
    AccountChange::AddPasskey { generation, passkey, user_handle, recovery_codes: vec![id("r"), id("s")] }
}

fn used(passkey: &str, counter: u32) -> PasskeyUse {
    PasskeyUse { id: id(passkey), counter, backed_up: false, user_verified: true }
}

fn log_in_by(generation: u64, passkey: PasskeyUse) -> AccountChange {
    AccountChange::LogInByPasskey { generation, passkey }
}

/// Adds a passkey to what the account is now.
async fn has_passkey(store: &Store, passkey: Passkey) -> Changed {
    let generation = found(store).await.generation;
    change(store, add_passkey(generation, passkey), 2).await
}

async fn whose(store: &Store, passkey: &str) -> Option<String> {
    let found = store.accounts().find_by_passkey(id(passkey)).await.unwrap();
    found.map(|(hash, account)| {
        assert_eq!(hash, id(&account.name));
        account.name
    })
}

/// An authenticator that gives two accounts one identifier would log one in as the other.
pub async fn a_passkey_is_found_by_its_identifier_and_is_of_one_account(store: Store) {
    kept(&store, alice()).await;
    kept(&store, Account::new("bob", 1)).await;
    assert_eq!(whose(&store, "p").await, None);
    assert_eq!(has_passkey(&store, passkey("p", 0)).await, Changed::Done);
    assert_eq!(whose(&store, "p").await.as_deref(), Some("alice"));
    assert_eq!(has_passkey(&store, passkey("p", 0)).await, Changed::Refused);
    let of_bob = store.accounts().change(id("bob"), add_passkey(0, passkey("p", 0)), 3).await;
    assert_eq!(of_bob.unwrap(), Changed::Refused);
    assert_eq!(whose(&store, "p").await.as_deref(), Some("alice"));
    let of_bob = store.accounts().change(id("bob"), add_passkey(0, passkey("q", 0)), 3).await;
    assert_eq!((of_bob.unwrap(), whose(&store, "q").await.as_deref()), (Changed::Done, Some("bob")));
    // Once it is gone, it is found no more, and another account may have it.
    let generation = found(&store).await.generation;
    let remove = |generation| AccountChange::RemovePasskey { generation, id: id("p") };
    assert_eq!(change(&store, remove(generation - 1), 4).await, Changed::Refused);
    assert_eq!(change(&store, remove(generation), 4).await, Changed::Done);
    assert_eq!(change(&store, remove(generation + 1), 4).await, Changed::Refused);
    assert_eq!(whose(&store, "p").await, None);
    assert_eq!(has_passkey(&store, passkey("p", 0)).await, Changed::Done);
    assert!(store.accounts().delete(id("alice"), 5).await.unwrap());
    assert_eq!(whose(&store, "p").await, None);
    assert_eq!(whose(&store, "q").await.as_deref(), Some("bob"));
}

/// The one who was told so has it.
pub async fn of_a_hundred_accounts_that_add_one_passkey_at_once_one_has_it(store: Store) {
    for n in 0..MANY {
        kept(&store, Account::new(n.to_string(), 1)).await;
    }
    let outcomes = at_once(|n| {
        let store = store.clone();
        async move {
            let changed = store.accounts().change(id(&n.to_string()), add_passkey(0, passkey("p", 0)), 2);
            (n, changed.await.unwrap())
        }
    })
    .await;
    let done: Vec<_> = outcomes.iter().filter(|(_, changed)| *changed == Changed::Done).collect();
    assert_eq!(done.len(), 1);
    assert_eq!(whose(&store, "p").await, Some(done[0].0.to_string()));
}

/// Also not by two browsers that began with fewer.
pub async fn so_many_passkeys_one_account_has_and_no_more(store: Store) {
    kept(&store, alice()).await;
    for n in 0..MOST_PASSKEYS {
        assert_eq!(has_passkey(&store, passkey(&n.to_string(), 0)).await, Changed::Done);
    }
    assert_eq!(has_passkey(&store, passkey("more", 0)).await, Changed::Refused);
    assert_eq!(found(&store).await.passkeys().count(), MOST_PASSKEYS);
    assert_eq!(whose(&store, "more").await, None);
}

/// A later use that says so proves nothing of the person: whoever has the authenticator may have set it up.
pub async fn a_passkey_whose_person_was_not_verified_logs_in_after_the_password_alone(store: Store) {
    kept(&store, alice()).await;
    assert_eq!(has_passkey(&store, Passkey { user_verified: false, ..passkey("p", 0) }).await, Changed::Done);
    let generation = found(&store).await.generation;
    let alone = |store: Store, use_of| async move { change(&store, log_in_by(generation, use_of), 3).await };
    let unverified = PasskeyUse { user_verified: false, ..used("p", 0) };
    assert_eq!(alone(store.clone(), used("p", 0)).await, Changed::Refused);
    assert_eq!(alone(store.clone(), unverified).await, Changed::Refused);
    let after_the_password = |with| log_in(generation, Some(SecondFactor::Passkey(with)));
    assert_eq!(change(&store, after_the_password(unverified), 4).await, Changed::Done);
    assert_eq!(alone(store.clone(), used("p", 0)).await, Changed::Refused);
    assert_eq!(change(&store, after_the_password(used("p", 0)), 5).await, Changed::Done);
    assert_eq!(alone(store.clone(), unverified).await, Changed::Refused, "and each use alone has to verify");
    assert_eq!(alone(store.clone(), used("p", 0)).await, Changed::Done);
}

/// Nor one that names the person in another way than their other passkeys do.
pub async fn a_passkey_is_not_added_to_what_the_account_was_before(store: Store) {
    kept(&store, alice()).await;
    assert_eq!(change(&store, add_passkey(1, passkey("p", 0)), 2).await, Changed::Refused);
    assert_eq!(change(&store, add_passkey(0, passkey("p", 0)), 2).await, Changed::Done);
    let account = found(&store).await;
    assert_eq!((account.generation, account.user_handle.as_deref()), (1, Some("handle")));
    assert_eq!(change(&store, add_passkey(0, passkey("q", 0)), 2).await, Changed::Refused);
    let AccountChange::AddPasskey { passkey: q, .. } = add_passkey(1, passkey("q", 0)) else { return };
    let (user_handle, recovery_codes) = ("another".to_owned(), vec![]);
    let another = AccountChange::AddPasskey { generation: 1, passkey: q, user_handle, recovery_codes };
    assert_eq!(change(&store, another, 2).await, Changed::Refused);
    change(&store, AccountChange::Disable, 3).await;
    assert_eq!(has_passkey(&store, passkey("q", 0)).await, Changed::Refused);
}

/// Web Authentication Level 3 §7.2, step 22.
pub async fn a_count_of_a_passkey_is_used_once_and_those_before_it_never(store: Store) {
    kept(&store, alice()).await;
    has_passkey(&store, passkey("p", 5)).await;
    has_passkey(&store, passkey("uncounted", 0)).await;
    let generation = found(&store).await.generation;
    let by = |passkey, counter| log_in_by(generation, used(passkey, counter));
    let besides = |passkey, counter| log_in(generation, Some(SecondFactor::Passkey(used(passkey, counter))));
    for refused in
        [by("p", 5), by("p", 4), by("p", 0), besides("p", 5), by("unknown", 9), besides("unknown", 9)]
    {
        assert_eq!(change(&store, refused, 3).await, Changed::Refused);
    }
    assert_eq!(found(&store).await.last_login, None);
    assert_eq!(change(&store, by("p", 6), 4).await, Changed::Done);
    assert_eq!(change(&store, besides("p", 6), 5).await, Changed::Refused);
    assert_eq!(change(&store, besides("p", 9), 5).await, Changed::Done);
    let account = found(&store).await;
    let p = account.passkey(id("p")).unwrap();
    assert_eq!((p.counter, p.last_used, account.last_login), (9, Some(5), Some(5)));
    // One that does not count may be used again and again, until it begins to.
    for changed in [by("uncounted", 0), besides("uncounted", 0), by("uncounted", 1)] {
        assert_eq!(change(&store, changed, 6).await, Changed::Done);
    }
    assert_eq!(change(&store, by("uncounted", 0), 7).await, Changed::Refused);
    assert_eq!(found(&store).await.generation, generation, "a use is not a change");
}

/// Of a passkey and its copy one logs in.
pub async fn of_a_hundred_uses_of_a_count_at_once_one_logs_in(store: Store) {
    kept(&store, alice()).await;
    has_passkey(&store, passkey("p", 5)).await;
    let generation = found(&store).await.generation;
    let outcomes = at_once(|n| {
        let store = store.clone();
        async move {
            let with = used("p", 6);
            let by = if n % 2 == 0 {
                log_in_by(generation, with)
            } else {
                log_in(generation, Some(SecondFactor::Passkey(with)))
            };
            change(&store, by, 4).await
        }
    })
    .await;
    assert_eq!((count(&outcomes, &Changed::Done), count(&outcomes, &Changed::Refused)), (1, MANY - 1));
}

/// With a passkey the password alone is not enough, and recovery codes come and go with the last second factor.
pub async fn a_passkey_is_a_second_factor_and_a_first_one(store: Store) {
    kept(&store, alice()).await;
    has_passkey(&store, passkey("p", 0)).await;
    let account = found(&store).await;
    assert_eq!(account.recovery_codes, [id("r"), id("s")]);
    let now = account.generation;
    assert_eq!(change(&store, log_in(now, None), 3).await, Changed::Refused);
    assert_eq!(change(&store, log_in(now, Some(SecondFactor::TotpStep(9))), 3).await, Changed::Refused);
    assert_eq!(
        change(&store, log_in(now, Some(SecondFactor::Passkey(used("p", 0)))), 3).await,
        Changed::Done
    );
    assert_eq!(
        change(&store, log_in(now, Some(SecondFactor::RecoveryCode(id("r")))), 3).await,
        Changed::Done
    );
    // It needs no password, and does not outlive a change of the account either.
    assert_eq!(change(&store, reset(100), 4).await, Changed::Done);
    assert_eq!(change(&store, log_in_by(now, used("p", 0)), 4).await, Changed::Refused);
    assert_eq!(change(&store, log_in_by(now + 1, used("p", 0)), 4).await, Changed::Done);
    assert_eq!(change(&store, by_link("link", "new"), 5).await, Changed::Done);
    change(&store, AccountChange::Disable, 6).await;
    let disabled = found(&store).await.generation;
    assert_eq!(change(&store, log_in_by(disabled, used("p", 0)), 6).await, Changed::Refused);
    change(&store, AccountChange::Enable, 6).await;
    // One-time codes beside it have codes of their own; those stay until both are gone.
    change(&store, AccountChange::BeginTotp(text("KEY")), 7).await;
    assert_eq!(change(&store, confirm("KEY"), 7).await, Changed::Done);
    assert_eq!(change(&store, AccountChange::RemoveTotp, 8).await, Changed::Done);
    let account = found(&store).await;
    assert_eq!(account.recovery_codes.len(), 2);
    assert_eq!(change(&store, AccountChange::RecoveryCodes(vec![id("t")]), 8).await, Changed::Done);
    let remove = AccountChange::RemovePasskey { generation: account.generation, id: id("p") };
    assert_eq!(change(&store, remove, 8).await, Changed::Done);
    let account = found(&store).await;
    assert!(account.recovery_codes.is_empty() && !account.has_second_factor());
    assert_eq!(change(&store, log_in(account.generation, None), 9).await, Changed::Done);
}

/// What an operator takes away with the factors.
pub async fn a_reset_leaves_passkeys_unless_they_are_to_go_too(store: Store) {
    kept(&store, alice()).await;
    has_passkey(&store, passkey("p", 0)).await;
    change(&store, reset(100), 3).await;
    assert_eq!(whose(&store, "p").await.as_deref(), Some("alice"));
    let link = ResetLink { secret: id("link"), expires_at: 100 };
    assert_eq!(change(&store, AccountChange::Reset { link, and_factors: true }, 3).await, Changed::Done);
    assert_eq!(whose(&store, "p").await, None);
    let account = found(&store).await;
    assert!(!account.has_second_factor() && account.recovery_codes.is_empty());
    assert_eq!(account.user_handle.as_deref(), Some("handle"), "the person is the same one");
    assert_eq!(change(&store, log_in_by(account.generation, used("p", 0)), 4).await, Changed::Refused);
}
