//! The accounts of people who log in at the built-in issuer.

use mcp_auth_core::SecretText;
use serde::{Deserialize, Serialize};

use super::passkeys::{Credential, MOST_PASSKEYS, Passkey, PasskeyUse};
use crate::{SecretHash, StoreFuture};

/// So many accounts are kept, and names of deleted ones.
pub const MOST_ACCOUNTS: usize = 100_000;

/// The account of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its name, as it was written when it was made: the `sub` of the person's tokens. It does not change.
    pub name: String,
    /// What pages call the person, where it is not the name.
    #[serde(default)]
    pub display_name: Option<String>,
    /// The hash of the password, as a PHC string. An account without one waits for its person to set one. A backend that lasts encrypts
    /// it: of a copy of the store nobody can guess passwords without its key.
    #[serde(skip)]
    pub password: Option<SecretText>,
    /// The secret of the one-time codes (RFC 6238), in base32, where the person has set them up. Encrypted too.
    #[serde(skip)]
    pub totp: Option<SecretText>,
    /// The same, of codes that the person is about to set up. It does not count yet, and goes with each change of what they log in with.
    #[serde(skip)]
    pub totp_to_confirm: Option<SecretText>,
    /// The time step of the newest one-time code that was used. It and those before it are used up.
    #[serde(default)]
    pub totp_step: u64,
    /// The hashes of the recovery codes that were not used yet.
    #[serde(default)]
    pub recovery_codes: Vec<SecretHash>,
    /// The link by which its person may set a password.
    #[serde(default)]
    pub reset: Option<ResetLink>,
    /// Whether its person may not log in.
    #[serde(default)]
    pub disabled: bool,
    /// It grows with each change of what the person logs in with. A login that began before such a change does not end after it.
    #[serde(default)]
    pub generation: u64,
    /// Further means to log in: passkeys, and what a later release adds.
    #[serde(default)]
    pub credentials: Vec<Credential>,
    /// What authenticators call the person: 32 random bytes in base64url. It is made with their first passkey, and stays.
    #[serde(default)]
    pub user_handle: Option<String>,
    /// When it was made, in Unix seconds.
    #[serde(default)]
    pub created_at: u64,
    /// When its password was set, in Unix seconds.
    #[serde(default)]
    pub password_changed_at: Option<u64>,
    /// When its person logged in last, in Unix seconds.
    #[serde(default)]
    pub last_login: Option<u64>,
}

/// A link by which a person may set a password, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResetLink {
    /// The hash of the secret in it.
    pub secret: SecretHash,
    /// When it ends, in Unix seconds.
    pub expires_at: u64,
}

/// The outcome of [`Accounts::create`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Creation {
    /// It is kept.
    Created,
    /// There is an account of this name.
    Exists,
    /// There was one, and no other person is ever given its name.
    WasDeleted,
    /// There are [`MOST_ACCOUNTS`].
    Full,
}

/// The outcome of [`Accounts::change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// It was done.
    Done,
    /// The account is not what the change asks for, and nothing was changed.
    Refused,
    /// There is no such account.
    Unknown,
}

/// A second factor, as one login uses it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecondFactor {
    /// The one-time code of this time step.
    TotpStep(u64),
    /// The recovery code of this hash.
    RecoveryCode(SecretHash),
    /// A passkey.
    Passkey(PasskeyUse),
}

/// A change of an account.
#[derive(Debug, Clone)]
pub enum AccountChange {
    /// It has this password now. A link to set one is used up.
    Password(SecretText),
    /// The same by a link, which has to be the one that is not used and has not ended; of an account that is not disabled.
    PasswordByLink {
        /// The hash of the secret in the link.
        link: SecretHash,
        /// The hash of the password.
        password: SecretText,
    },
    /// The same by its person, who showed the one that it had; of an account that is not disabled.
    PasswordByPerson {
        /// The [`generation`](Account::generation) of the account whose password was right.
        generation: u64,
        /// The hash of the new one.
        password: SecretText,
    },
    /// It has no password until its person uses this link.
    Reset {
        /// The link.
        link: ResetLink,
        /// Whether one-time codes, passkeys and recovery codes go too.
        and_factors: bool,
    },
    /// Its person may not log in.
    Disable,
    /// Its person may log in.
    Enable,
    /// The person is about to set up one-time codes with this secret.
    BeginTotp(SecretText),
    /// They have done so: this is the secret that they set up, which counts from now on.
    ConfirmTotp {
        /// The secret that was begun last.
        secret: SecretText,
        /// The time step of the code by which they showed that they have it. It is used up.
        step: u64,
        /// Recovery codes instead of those before.
        recovery_codes: Vec<SecretHash>,
    },
    /// One-time codes go, and recovery codes with the last second factor.
    RemoveTotp,
    /// The person made this passkey; of an account that is not disabled and has fewer than [`MOST_PASSKEYS`]. No other account has it.
    AddPasskey {
        /// The [`generation`](Account::generation) of the account when they began.
        generation: u64,
        /// It.
        passkey: Box<Passkey>,
        /// What the authenticator was told to call the person: the [`user_handle`](Account::user_handle), if the account has one.
        user_handle: String,
        /// Recovery codes, if this is the first second factor; else those of before stay.
        recovery_codes: Vec<SecretHash>,
    },
    /// A passkey goes, and recovery codes with the last second factor.
    RemovePasskey {
        /// The [`generation`](Account::generation) of the account that the person saw.
        generation: u64,
        /// The [hash](Passkey::hash) of its identifier.
        id: SecretHash,
    },
    /// Recovery codes instead of those before, of an account with a second factor.
    RecoveryCodes(Vec<SecretHash>),
    /// Its person logged in with their password, and what else they have to show; of an account that is not disabled.
    LogIn {
        /// The [`generation`](Account::generation) of the account whose password was right.
        generation: u64,
        /// What they showed besides. An account with a second factor needs it, and one without takes none.
        with: Option<SecondFactor>,
    },
    /// Its person logged in with a passkey that verified them, and no password; of an account that is not disabled.
    LogInByPasskey {
        /// The [`generation`](Account::generation) of the account whose passkey signed.
        generation: u64,
        /// The use.
        passkey: PasskeyUse,
    },
}

impl Account {
    /// A new account, without a password.
    pub fn new(name: impl Into<String>, created_at: u64) -> Self {
        Self {
            name: name.into(),
            display_name: None,
            password: None,
            totp: None,
            totp_to_confirm: None,
            totp_step: 0,
            recovery_codes: Vec::new(),
            reset: None,
            disabled: false,
            generation: 0,
            credentials: Vec::new(),
            user_handle: None,
            created_at,
            password_changed_at: None,
            last_login: None,
        }
    }

    /// Its passkeys, the oldest first.
    pub fn passkeys(&self) -> impl Iterator<Item = &Passkey> {
        self.credentials.iter().filter_map(|credential| match credential {
            Credential::Passkey { passkey } => Some(passkey),
            Credential::Other(_) => None,
        })
    }

    /// The passkey of this [hash](Passkey::hash).
    pub fn passkey(&self, id: SecretHash) -> Option<&Passkey> {
        self.passkeys().find(|passkey| passkey.hash() == id)
    }

    /// Whether its password alone does not log in.
    pub fn has_second_factor(&self) -> bool {
        // What this release does not know is one for the release that knows it.
        self.totp.is_some() || !self.credentials.is_empty()
    }

    fn has_password(&mut self, password: SecretText, now: u64) {
        self.password = Some(password);
        self.password_changed_at = Some(now);
        self.reset = None;
        self.begins_anew();
    }

    /// What was begun with what the person logged in with before does not end after the change.
    fn begins_anew(&mut self) {
        self.totp_to_confirm = None;
        self.generation += 1;
    }

    /// A factor was removed.
    fn has_fewer_factors(&mut self) {
        if !self.has_second_factor() {
            self.recovery_codes.clear();
        }
        self.begins_anew();
    }

    fn without_passkeys(&mut self, are_to_go: impl Fn(&Passkey) -> bool) {
        self.credentials.retain(|credential| match credential {
            Credential::Passkey { passkey } => !are_to_go(passkey),
            Credential::Other(_) => true,
        });
    }

    fn uses(&mut self, with: Option<SecondFactor>, now: u64) -> bool {
        match with {
            None => !self.has_second_factor(),
            Some(SecondFactor::TotpStep(step)) => {
                let is_new = self.totp.is_some() && step > self.totp_step;
                self.totp_step = self.totp_step.max(step);
                is_new
            }
            Some(SecondFactor::RecoveryCode(code)) => {
                let before = self.recovery_codes.len();
                self.recovery_codes.retain(|kept| *kept != code);
                self.recovery_codes.len() < before && self.has_second_factor()
            }
            Some(SecondFactor::Passkey(with)) => self.uses_passkey(with, now),
        }
    }

    fn uses_passkey(&mut self, with: PasskeyUse, now: u64) -> bool {
        let mut passkeys = self.credentials.iter_mut().filter_map(|credential| match credential {
            Credential::Passkey { passkey } => Some(passkey),
            Credential::Other(_) => None,
        });
        let Some(passkey) = passkeys.find(|passkey| passkey.hash() == with.id) else { return false };
        if !passkey.is_followed_by(with.counter) {
            return false;
        }
        passkey.counter = with.counter;
        passkey.backed_up = with.backed_up;
        passkey.user_verified |= with.user_verified;
        passkey.last_used = Some(now);
        true
    }
}

impl AccountChange {
    /// Does it to `account`, and returns whether that was possible; if not, `account` is not what is to be kept. Every backend uses this.
    pub(crate) fn apply(&self, account: &mut Account, now: u64) -> bool {
        match self {
            Self::Password(password) => account.has_password(password.clone(), now),
            Self::PasswordByLink { link, password } => {
                let is_it = account.reset.is_some_and(|kept| kept.secret == *link && kept.expires_at > now);
                if !is_it || account.disabled {
                    return false;
                }
                account.has_password(password.clone(), now);
            }
            Self::PasswordByPerson { generation, password } => {
                let has_one = account.password.is_some() && account.generation == *generation;
                if !has_one || account.disabled {
                    return false;
                }
                account.has_password(password.clone(), now);
            }
            Self::Reset { link, and_factors } => {
                account.password = None;
                account.reset = Some(*link);
                account.begins_anew();
                if *and_factors {
                    account.totp = None;
                    account.credentials.clear();
                    account.has_fewer_factors();
                }
            }
            Self::Disable => {
                account.disabled = true;
                account.reset = None;
                account.begins_anew();
            }
            Self::Enable => account.disabled = false,
            Self::BeginTotp(secret) => {
                if account.disabled {
                    return false;
                }
                account.totp_to_confirm = Some(secret.clone());
            }
            Self::ConfirmTotp { secret, step, recovery_codes } => {
                if account.disabled || account.totp_to_confirm.as_ref() != Some(secret) {
                    return false;
                }
                account.totp = account.totp_to_confirm.take();
                account.totp_step = *step;
                account.recovery_codes.clone_from(recovery_codes);
                account.begins_anew();
            }
            Self::RemoveTotp => {
                account.totp = None;
                account.has_fewer_factors();
            }
            Self::AddPasskey { generation, passkey, user_handle, recovery_codes } => {
                let is_another = account.user_handle.as_ref().is_some_and(|kept| kept != user_handle);
                let is_there = account.passkey(passkey.hash()).is_some();
                let is_full = account.passkeys().count() >= MOST_PASSKEYS;
                if account.disabled || account.generation != *generation || is_another || is_there || is_full
                {
                    return false;
                }
                if !account.has_second_factor() {
                    account.recovery_codes.clone_from(recovery_codes);
                }
                account.user_handle = Some(user_handle.clone());
                account.credentials.push(Credential::Passkey { passkey: (**passkey).clone() });
                account.begins_anew();
            }
            Self::RemovePasskey { generation, id } => {
                if account.generation != *generation || account.passkey(*id).is_none() {
                    return false;
                }
                account.without_passkeys(|passkey| passkey.hash() == *id);
                account.has_fewer_factors();
            }
            Self::RecoveryCodes(codes) => {
                if account.disabled || !account.has_second_factor() {
                    return false;
                }
                account.recovery_codes.clone_from(codes);
            }
            Self::LogIn { generation, with } => {
                let may =
                    !account.disabled && account.password.is_some() && account.generation == *generation;
                if !may || !account.uses(*with, now) {
                    return false;
                }
                account.last_login = Some(now);
            }
            Self::LogInByPasskey { generation, passkey } => {
                let is_enough = account.passkey(passkey.id).is_some_and(|kept| kept.user_verified);
                let may = !account.disabled
                    && account.generation == *generation
                    && is_enough
                    && passkey.user_verified;
                if !may || !account.uses_passkey(*passkey, now) {
                    return false;
                }
                account.last_login = Some(now);
            }
        }
        true
    }
}

/// The accounts, by the hash of their name. Names that are the same for a reader have the same hash: the caller makes them so, by Unicode
/// normalization and small letters.
///
/// They are kept until they are deleted. A name that was deleted is not given again: its hash is kept.
pub trait Accounts: Send + Sync {
    /// Keeps a new account, unless there is or was one of this name. If many create it at once, exactly one does.
    fn create(&self, id: SecretHash, account: Account, now: u64) -> StoreFuture<'_, Creation>;

    /// The account of this name.
    fn find(&self, id: SecretHash) -> StoreFuture<'_, Option<Account>>;

    /// The account that has the passkey of this [hash](Passkey::hash), and its own.
    fn find_by_passkey(&self, passkey: SecretHash) -> StoreFuture<'_, Option<(SecretHash, Account)>>;

    /// Some of all accounts, by their names: each account is on one of 256 pages.
    fn list(&self, page: u8) -> StoreFuture<'_, Vec<Account>>;

    /// Changes an account. If many use up the same code, link or count of a passkey at once, exactly one of them is [`Changed::Done`]. A passkey
    /// that another account has is [`Changed::Refused`].
    fn change(&self, id: SecretHash, change: AccountChange, now: u64) -> StoreFuture<'_, Changed>;

    /// Deletes an account for good, and returns whether there was one. What else is kept of its person goes by
    /// [`Store::forget_person`](crate::Store::forget_person), before.
    fn delete(&self, id: SecretHash, now: u64) -> StoreFuture<'_, bool>;
}
