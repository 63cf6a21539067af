//! Promises of [`Accounts`](crate::Accounts), and of what ends with a person.

use mcp_auth_core::SecretText;

use super::race::{MANY, at_once, count};
use super::records::{code, grant};
use crate::{
    Account, AccountChange, Authentication, Browser, Changed, Confirmation, Creation, Credential,
    KnownRevocations, ResetLink, Revocable, SecondFactor, SecretHash, Store, grant_name,
};

pub(super) fn id(name: &str) -> SecretHash {
    SecretHash::of(name)
}

pub(super) fn text(text: &str) -> SecretText {
    SecretText::new(text)
}

/// An account with a password.
pub(super) fn alice() -> Account {
    Account { password: Some(text("a PHC string")), ..Account::new("alice", 1) }
}

pub(super) async fn kept(store: &Store, account: Account) {
    let name = account.name.clone();
    assert_eq!(store.accounts().create(id(&name), account, 1).await.unwrap(), Creation::Created);
}

pub(super) async fn found(store: &Store) -> Account {
    store.accounts().find(id("alice")).await.unwrap().unwrap()
}

pub(super) async fn change(store: &Store, change: AccountChange, now: u64) -> Changed {
    store.accounts().change(id("alice"), change, now).await.unwrap()
}

/// An account with one-time codes, of which the one of step 10 is used up, and the recovery codes `r` and `s`.
async fn with_codes(store: &Store) -> Account {
    kept(store, alice()).await;
    assert_eq!(change(store, AccountChange::BeginTotp(text("KEY")), 2).await, Changed::Done);
    assert_eq!(change(store, confirm("KEY"), 3).await, Changed::Done);
    found(store).await
}

pub(super) fn confirm(secret: &str) -> AccountChange {
    AccountChange::ConfirmTotp { secret: text(secret), step: 10, recovery_codes: vec![id("r"), id("s")] }
}

pub(super) fn log_in(generation: u64, with: Option<SecondFactor>) -> AccountChange {
    AccountChange::LogIn { generation, with }
}

pub(super) fn reset(expires_at: u64) -> AccountChange {
    AccountChange::Reset { link: ResetLink { secret: id("link"), expires_at }, and_factors: false }
}

pub(super) fn by_link(link: &str, password: &str) -> AccountChange {
    AccountChange::PasswordByLink { link: id(link), password: text(password) }
}

/// Its secrets too, also those that a database holds encrypted.
pub async fn an_account_is_found_as_it_was_made_and_listed_once(store: Store) {
    let whole = Account {
        display_name: Some("Alice".into()),
        totp: Some(text("KEY")),
        totp_to_confirm: Some(text("NEXT")),
        totp_step: 7,
        recovery_codes: vec![id("r")],
        reset: Some(ResetLink { secret: id("link"), expires_at: 9 }),
        credentials: vec![
            Credential::Passkey { passkey: super::passkeys::passkey("its", 7) },
            Credential::Other(serde_json::json!({ "of": "a later release" })),
        ],
        user_handle: Some("random".into()),
        password_changed_at: Some(3),
        last_login: Some(4),
        ..alice()
    };
    kept(&store, whole.clone()).await;
    assert_eq!(found(&store).await, whole);
    // What a later release made a factor is one here too.
    let of_later = vec![Credential::Other(serde_json::json!({ "of": "a later release" }))];
    let carol = Account { credentials: of_later, ..Account { name: "carol".into(), ..alice() } };
    kept(&store, carol).await;
    let by_password = store.accounts().change(id("carol"), log_in(0, None), 2).await;
    assert_eq!(by_password.unwrap(), Changed::Refused);
    assert!(store.accounts().delete(id("carol"), 3).await.unwrap());
    assert_eq!(store.accounts().find(id("bob")).await.unwrap(), None);
    for name in 0..20 {
        kept(&store, Account::new(format!("person {name}"), 1)).await;
    }
    let mut listed = Vec::new();
    for page in 0..=u8::MAX {
        listed.extend(store.accounts().list(page).await.unwrap());
    }
    assert_eq!(listed.len(), 21);
    assert_eq!(listed.iter().filter(|account| **account == whole).count(), 1);
    assert_eq!(store.accounts().change(id("bob"), AccountChange::Enable, 1).await.unwrap(), Changed::Unknown);
}

/// Whoever has it next would be taken for the person before.
pub async fn a_name_is_given_once_and_never_again(store: Store) {
    kept(&store, alice()).await;
    assert_eq!(store.accounts().create(id("alice"), alice(), 2).await.unwrap(), Creation::Exists);
    assert!(store.accounts().delete(id("alice"), 3).await.unwrap());
    assert!(!store.accounts().delete(id("alice"), 3).await.unwrap());
    assert!(!store.accounts().delete(id("bob"), 3).await.unwrap());
    assert_eq!(store.accounts().find(id("alice")).await.unwrap(), None);
    for now in [4, u64::MAX] {
        assert_eq!(store.accounts().create(id("alice"), alice(), now).await.unwrap(), Creation::WasDeleted);
    }
    assert_eq!(
        store.accounts().create(id("bob"), Account::new("bob", 5), 5).await.unwrap(),
        Creation::Created
    );
    for page in 0..=u8::MAX {
        assert!(store.accounts().list(page).await.unwrap().iter().all(|account| account.name == "bob"));
    }
}

/// The account is that of the one who was told so.
pub async fn of_a_hundred_who_create_it_at_once_one_does(store: Store) {
    let outcomes = at_once(|n| {
        let store = store.clone();
        async move {
            let account = Account { display_name: Some(n.to_string()), ..alice() };
            (n, store.accounts().create(id("alice"), account, 1).await.unwrap())
        }
    })
    .await;
    let created: Vec<_> = outcomes.iter().filter(|(_, creation)| *creation == Creation::Created).collect();
    assert_eq!(created.len(), 1);
    assert_eq!(found(&store).await.display_name, Some(created[0].0.to_string()));
}

/// Until then there is no password, and no login with the one of before.
pub async fn a_password_is_set_by_a_link_once_and_in_time(store: Store) {
    kept(&store, alice()).await;
    let before = found(&store).await.generation;
    assert_eq!(change(&store, by_link("link", "no link yet"), 2).await, Changed::Refused);
    assert_eq!(change(&store, reset(100), 2).await, Changed::Done);
    let waiting = found(&store).await;
    assert!(waiting.password.is_none() && waiting.generation > before);
    assert_eq!(change(&store, log_in(waiting.generation, None), 3).await, Changed::Refused);
    assert_eq!(change(&store, by_link("another", "x"), 3).await, Changed::Refused);
    assert_eq!(change(&store, by_link("link", "too late"), 100).await, Changed::Refused);
    assert_eq!(change(&store, by_link("link", "new"), 99).await, Changed::Done);
    assert_eq!(change(&store, by_link("link", "again"), 99).await, Changed::Refused);
    let set = found(&store).await;
    assert_eq!((set.password, set.reset, set.password_changed_at), (Some(text("new")), None, Some(99)));
    // A link of before does not outlive a password that is set in another way, nor a disabled account.
    assert_eq!(change(&store, reset(1000), 100).await, Changed::Done);
    assert_eq!(change(&store, AccountChange::Password(text("other")), 100).await, Changed::Done);
    assert_eq!(change(&store, by_link("link", "x"), 101).await, Changed::Refused);
    assert_eq!(change(&store, reset(1000), 100).await, Changed::Done);
    assert_eq!(change(&store, AccountChange::Disable, 101).await, Changed::Done);
    assert_eq!(change(&store, AccountChange::Enable, 101).await, Changed::Done);
    assert_eq!(change(&store, by_link("link", "x"), 102).await, Changed::Refused);
}

/// The password is that of the one who was told so.
pub async fn of_a_hundred_uses_of_a_link_at_once_one_sets_the_password(store: Store) {
    kept(&store, alice()).await;
    change(&store, reset(100), 2).await;
    let outcomes = at_once(|n| {
        let store = store.clone();
        async move { (n, change(&store, by_link("link", &n.to_string()), 3).await) }
    })
    .await;
    let done: Vec<_> = outcomes.iter().filter(|(_, changed)| *changed == Changed::Done).collect();
    assert_eq!(done.len(), 1);
    assert_eq!(found(&store).await.password, Some(text(&done[0].0.to_string())));
}

/// The secret that was begun last alone.
pub async fn what_was_begun_with_is_confirmed_before_it_counts(store: Store) {
    kept(&store, alice()).await;
    assert_eq!(change(&store, confirm("KEY"), 2).await, Changed::Refused);
    change(&store, AccountChange::BeginTotp(text("FIRST")), 2).await;
    change(&store, AccountChange::BeginTotp(text("KEY")), 2).await;
    assert_eq!(found(&store).await.totp, None);
    assert_eq!(change(&store, log_in(0, None), 3).await, Changed::Done, "it does not count yet");
    assert_eq!(change(&store, confirm("FIRST"), 3).await, Changed::Refused);
    assert_eq!(change(&store, AccountChange::RecoveryCodes(vec![id("t")]), 3).await, Changed::Refused);
    assert_eq!(change(&store, confirm("KEY"), 3).await, Changed::Done);
    assert_eq!(change(&store, confirm("KEY"), 3).await, Changed::Refused);
    let set_up = found(&store).await;
    assert_eq!((set_up.totp, set_up.totp_to_confirm), (Some(text("KEY")), None));
    assert_eq!(change(&store, log_in(set_up.generation, None), 4).await, Changed::Refused);
    assert_eq!(change(&store, AccountChange::RecoveryCodes(vec![id("t")]), 4).await, Changed::Done);
    assert_eq!(found(&store).await.recovery_codes, [id("t")]);
    assert_eq!(change(&store, AccountChange::RemoveTotp, 5).await, Changed::Done);
    let removed = found(&store).await;
    assert!(removed.totp.is_none() && removed.recovery_codes.is_empty());
    assert_eq!(change(&store, log_in(removed.generation, None), 6).await, Changed::Done);
    let code = Some(SecondFactor::RecoveryCode(id("t")));
    assert_eq!(change(&store, log_in(removed.generation, code), 6).await, Changed::Refused);
}

/// RFC 6238 §5.2.
pub async fn p30_a_time_step_is_used_once_and_those_before_it_never(store: Store) {
    let generation = with_codes(&store).await.generation;
    let step = |step| log_in(generation, Some(SecondFactor::TotpStep(step)));
    assert_eq!(change(&store, step(10), 4).await, Changed::Refused, "it confirmed the codes");
    assert_eq!(change(&store, step(12), 4).await, Changed::Done);
    assert_eq!(found(&store).await.last_login, Some(4));
    for used in [12, 11] {
        assert_eq!(change(&store, step(used), 5).await, Changed::Refused);
    }
    assert_eq!(change(&store, step(13), 5).await, Changed::Done);
}

/// Who reads a code over somebody's shoulder is late.
pub async fn p30_of_a_hundred_uses_of_a_time_step_at_once_one_logs_in(store: Store) {
    let generation = with_codes(&store).await.generation;
    let outcomes = at_once(|_| {
        let store = store.clone();
        async move { change(&store, log_in(generation, Some(SecondFactor::TotpStep(11))), 4).await }
    })
    .await;
    assert_eq!((count(&outcomes, &Changed::Done), count(&outcomes, &Changed::Refused)), (1, MANY - 1));
}

/// The other codes stay.
pub async fn p30_a_recovery_code_is_used_once_by_one_of_a_hundred(store: Store) {
    let generation = with_codes(&store).await.generation;
    let outcomes = at_once(|_| {
        let store = store.clone();
        async move { change(&store, log_in(generation, Some(SecondFactor::RecoveryCode(id("r")))), 4).await }
    })
    .await;
    assert_eq!((count(&outcomes, &Changed::Done), count(&outcomes, &Changed::Refused)), (1, MANY - 1));
    assert_eq!(found(&store).await.recovery_codes, [id("s")]);
}

/// Not of one that was changed since, is disabled, or has none; and what was begun before it does not go on.
pub async fn a_person_changes_the_password_of_the_account_that_they_saw(store: Store) {
    kept(&store, alice()).await;
    let own =
        |generation, password: &str| AccountChange::PasswordByPerson { generation, password: text(password) };
    let seen = found(&store).await.generation;
    assert_eq!(change(&store, AccountChange::BeginTotp(text("KEY")), 5).await, Changed::Done);
    assert_eq!(change(&store, own(seen + 1, "other"), 6).await, Changed::Refused);
    assert_eq!(change(&store, own(seen, "chosen"), 7).await, Changed::Done);
    let account = found(&store).await;
    assert_eq!((account.password, account.password_changed_at), (Some(text("chosen")), Some(7)));
    assert!(account.generation == seen + 1 && account.totp_to_confirm.is_none());
    assert_eq!(change(&store, own(seen, "again"), 8).await, Changed::Refused);
    for before in [AccountChange::Disable, reset(100)] {
        assert_eq!(change(&store, before, 9).await, Changed::Done);
        let seen = found(&store).await.generation;
        assert_eq!(change(&store, own(seen, "too late"), 10).await, Changed::Refused);
        assert_eq!(change(&store, AccountChange::Enable, 11).await, Changed::Done);
    }
}

/// It was begun with what does not count any more.
pub async fn a_login_that_began_before_a_change_does_not_end_after_it(store: Store) {
    kept(&store, alice()).await;
    let new = || AccountChange::Password(text("new"));
    let begin = || AccountChange::BeginTotp(text("KEY"));
    for (changes, with) in [
        (vec![new()], None),
        (vec![AccountChange::Disable, AccountChange::Enable], None),
        (vec![reset(100), new()], None),
        (vec![begin(), confirm("KEY")], Some(SecondFactor::TotpStep(11))),
        (vec![AccountChange::RemoveTotp], None),
    ] {
        let before = found(&store).await.generation;
        for each in changes {
            assert_eq!(change(&store, each, 3).await, Changed::Done);
        }
        assert_eq!(change(&store, log_in(before, with), 4).await, Changed::Refused);
        let now = found(&store).await.generation;
        assert_eq!(change(&store, log_in(now, with), 4).await, Changed::Done);
    }
    // Nor is a set-up that was begun before it confirmed after it.
    for changes in [
        vec![new()],
        vec![AccountChange::Disable, AccountChange::Enable],
        vec![reset(100)],
        vec![reset(100), by_link("link", "new")],
        vec![AccountChange::RemoveTotp],
    ] {
        assert_eq!(change(&store, begin(), 5).await, Changed::Done);
        for each in changes {
            assert_eq!(change(&store, each, 5).await, Changed::Done);
        }
        assert_eq!(found(&store).await.totp_to_confirm, None);
        assert_eq!(change(&store, confirm("KEY"), 5).await, Changed::Refused);
    }
    change(&store, AccountChange::Disable, 6).await;
    let now = found(&store).await.generation;
    assert_eq!(change(&store, log_in(now, None), 6).await, Changed::Refused);
}

/// Those of others stay.
pub async fn with_a_person_all_that_is_kept_of_them_ends(store: Store) {
    for person in ["alice", "bob"] {
        let hash = id(&format!("code of {person}"));
        let allowed = crate::Code { subject: person.into(), ..code("client", "read") };
        store.codes().issue(hash, allowed, 0).await.unwrap();
        let granted = crate::Grant { subject: person.into(), ..grant(person, "1") };
        store.codes().redeem(hash, person, Some(granted), 1).await.unwrap();
        let browser = Browser {
            subject: person.into(),
            name: None,
            linked: None,
            known_as: None,
            authentication: Authentication::at(1),
            logged_in_for: id("a request"),
            logged_in_at: 0,
            expires_at: 1000,
        };
        store.browser_sessions().begin(None, id(&format!("browser of {person}")), browser, 1).await.unwrap();
        let waiting = Confirmation {
            subject: person.into(),
            client_id: None,
            tool: "t".into(),
            connects: None,
            arguments: "{}".into(),
            expires_at: 1000,
        };
        assert!(store.confirmations().ask(id(&format!("call of {person}")), waiting, 1).await.unwrap());
    }
    let kept = async |person: &str| {
        let token = Revocable {
            granted_to: None,
            known: KnownRevocations::default(),
            has_login: false,
            grant_id: None,
            jti: None,
            subject: person,
            client_id: None,
            iat: 2,
        };
        let of_grant = Revocable { grant_id: Some(&grant_name(person)), iat: 1000, ..token };
        [
            store.grants().find(person, 3).await.unwrap().is_some(),
            store.codes().find(id(&format!("code of {person}"))).await.unwrap().is_some(),
            store.browser_sessions().find(id(&format!("browser of {person}")), 3).await.unwrap().is_some(),
            !store.revocations().is_revoked(token).await.unwrap(),
            !store.revocations().is_revoked(of_grant).await.unwrap(),
            store.confirmations().find(id(&format!("call of {person}")), 3).await.unwrap().is_some(),
            !store.consents().allowed(person, "client").await.unwrap().is_empty(),
        ]
    };
    store.end_person("alice", 2).await.unwrap();
    assert_eq!(kept("alice").await, [false, false, false, false, false, true, true]);
    for _ in 0..2 {
        store.forget_person("https://as.example", "alice", 2).await.unwrap();
        assert_eq!(kept("alice").await, [false; 7]);
    }
    assert_eq!(kept("bob").await, [true; 7]);
    assert!(store.consents().any("client").await.unwrap());
    let later = Revocable {
        granted_to: None,
        known: KnownRevocations::default(),
        has_login: true,
        grant_id: None,
        jti: None,
        subject: "alice",
        client_id: None,
        iat: 3,
    };
    assert!(store.revocations().is_revoked(later).await.unwrap(), "of an issuer that does not know of it");
    let later = Revocable { known: store.revocations().board().known(later), ..later };
    assert!(!store.revocations().is_revoked(later).await.unwrap(), "of a new login");
}
