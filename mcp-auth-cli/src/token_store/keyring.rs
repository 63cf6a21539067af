//! The operating system's keyring: Keychain, Credential Manager, or the Secret Service of a desktop.

use keyring::{Entry, Error};

use super::error::TokenStoreError;

const SERVICE: &str = "mcp-auth";

/// A keyring that was opened successfully.
#[derive(Debug)]
pub(super) struct Keyring;

impl Keyring {
    /// Opens the keyring, once for the process. The error says in words why that is not possible.
    pub(super) fn open() -> Result<Self, String> {
        match Entry::store_status() {
            Ok(()) => Ok(Self),
            Err(error) => Err(crate::terminal::shown_line(&error.to_string(), 200)),
        }
    }

    pub(super) fn load(&self, server: &str) -> Result<Option<String>, TokenStoreError> {
        match Entry::new(SERVICE, server).and_then(|entry| entry.get_password()) {
            Ok(text) => Ok(Some(text)),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(refused(error)),
        }
    }

    pub(super) fn save(&self, server: &str, text: &str) -> Result<(), TokenStoreError> {
        Entry::new(SERVICE, server).and_then(|entry| entry.set_password(text)).map_err(refused)
    }

    /// Removes the login; returns whether there was one.
    pub(super) fn forget(&self, server: &str) -> Result<bool, TokenStoreError> {
        match Entry::new(SERVICE, server).and_then(|entry| entry.delete_credential()) {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(refused(error)),
        }
    }
}

/// Two of the keyring crate's errors carry the bytes they could not read, which `Debug` would show.
fn refused(error: Error) -> TokenStoreError {
    match error {
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            TokenStoreError::Keyring("", Error::BadStoreFormat("the entry is not text".to_owned()))
        }
        Error::TooLong(..) => TokenStoreError::Keyring(" (the tokens are too long for it)", error),
        error => TokenStoreError::Keyring("", error),
    }
}
