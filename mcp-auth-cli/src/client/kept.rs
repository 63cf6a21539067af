//! Makes a kept login usable: its token is renewed when it expires, and stored again before it is used.

use super::Client;
use super::refresh::{Refreshed, refresh};
use crate::Failure;
use crate::token_store::{Login, TokenStore};

/// A login that can be used, or why a person has to log in again.
#[derive(Debug)]
pub(crate) enum Usable {
    Login(Box<Login>),
    LogInAgain(String),
}

/// The values that renewing a login needs.
pub(crate) struct Renewal<'a> {
    pub(crate) client: &'a Client,
    pub(crate) store: &'a TokenStore,
}

impl Renewal<'_> {
    /// The login unchanged if its token is fresh, else renewed.
    ///
    /// # Errors
    /// A failure in between; the kept login stays as it is.
    pub(crate) fn fresh(&self, login: Login) -> Result<Usable, Failure> {
        if login.tokens.are_fresh(self.client.clock.unix_now()) {
            return Ok(Usable::Login(Box::new(login)));
        }
        self.renewed(login)
    }

    /// The login with a new token, even if the old one has not expired, because the server refused it.
    ///
    /// # Errors
    /// As [`Renewal::fresh`].
    pub(crate) fn renewed(&self, login: Login) -> Result<Usable, Failure> {
        let _one_at_a_time = self.store.lock()?;
        let now = self.client.clock.unix_now();
        // Another command may have renewed it while this one waited for the lock.
        let login = match self.store.load(self.client.server.as_str())? {
            Some(other)
                if other.tokens.access_token != login.tokens.access_token && other.tokens.are_fresh(now) =>
            {
                return Ok(Usable::Login(Box::new(other)));
            }
            Some(other) => other,
            None => login,
        };
        match self.client.runtime.block_on(refresh(self.client, &login, now))? {
            Refreshed::Tokens(tokens) => {
                let login = Login { tokens, ..login };
                self.store.save(&login)?;
                Ok(Usable::Login(Box::new(login)))
            }
            Refreshed::LogInAgain(why) => Ok(Usable::LogInAgain(why)),
        }
    }
}
