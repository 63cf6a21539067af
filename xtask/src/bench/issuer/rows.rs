//! What is asked for, one row each.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::issuer::{
    Browser, CODES_AT_ONCE, Client, Connection, Failure, Given, USERS, is_active, own_token, user,
};

/// How many codes a new store gives before people are asked to wait.
const CODES: usize = USERS * CODES_AT_ONCE;
/// How many codes one connection holds before it redeems them. The store in memory keeps a thousand.
const STOCK: usize = 50;

/// One row of the tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Row {
    /// A client's token for itself: one signature, and nothing in the store.
    Own,
    Login,
    Code,
    Refresh,
    Introspection,
}

impl Row {
    pub(super) const ALL: [Self; 5] =
        [Self::Own, Self::Login, Self::Code, Self::Refresh, Self::Introspection];

    /// As it is called in the table.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Own => "`/token`, client_credentials",
            Self::Login => "a whole login",
            Self::Code => "`/token`, code",
            Self::Refresh => "`/token`, refresh",
            Self::Introspection => "`/introspect`",
        }
    }
}

/// What all connections share: who asks, and how many codes were given.
pub(super) struct Shared {
    pub(super) client: Client,
    codes: AtomicUsize,
}

impl Shared {
    pub(super) fn new(client: Client) -> Self {
        Self { client, codes: AtomicUsize::new(0) }
    }

    /// The number of the next code; none if people would be asked to wait.
    fn next_code(&self) -> Option<usize> {
        let number = self.codes.fetch_add(1, Ordering::Relaxed);
        (number < CODES).then_some(number)
    }
}

/// One connection of a row, ready to be asked.
pub(super) struct Asker<'a> {
    row: Row,
    shared: &'a Shared,
    connection: Connection,
    codes: Vec<String>,
    access: String,
    refresh: String,
}

impl<'a> Asker<'a> {
    /// Opens the connection, and makes what the row needs.
    pub(super) fn new(row: Row, shared: &'a Shared, connection: Connection) -> Result<Self, Failure> {
        let (access, refresh) = (String::new(), String::new());
        let mut asker = Self { row, shared, connection, codes: Vec::new(), access, refresh };
        if matches!(row, Row::Refresh | Row::Introspection) && !asker.log_in()? {
            return Err(Failure::Unexpected("no person is left who may log in at once".to_owned()));
        }
        Ok(asker)
    }

    /// Makes what is used up while the clock runs.
    pub(super) fn stock(&mut self) -> Result<(), Failure> {
        while self.row == Row::Code && self.codes.len() < STOCK {
            match self.code()? {
                Some(code) => self.codes.push(code),
                None => break,
            }
        }
        Ok(())
    }

    /// Asks once; no more if there is nothing left to ask for.
    pub(super) fn ask(&mut self) -> Result<bool, Failure> {
        match self.row {
            Row::Own => own_token(&mut self.connection).map(|()| true),
            Row::Login => self.log_in(),
            Row::Code => match self.codes.pop() {
                Some(code) => self.redeem(&code).map(|()| true),
                None => Ok(false),
            },
            Row::Refresh => {
                let form = self.shared.client.refreshing(&self.refresh);
                self.keep(&form).map(|()| true)
            }
            Row::Introspection => match is_active(&mut self.connection, &self.access)? {
                true => Ok(true),
                false => Err(Failure::Unexpected("the token is not active".to_owned())),
            },
        }
    }

    /// The page, the login, the consent, the code and the token, of a browser that was not here before.
    fn log_in(&mut self) -> Result<bool, Failure> {
        match self.code()? {
            Some(code) => self.redeem(&code).map(|()| true),
            None => Ok(false),
        }
    }

    fn code(&mut self) -> Result<Option<String>, Failure> {
        let Some(number) = self.shared.next_code() else { return Ok(None) };
        let request = self.shared.client.authorize(&self.connection);
        Browser::default().code(&mut self.connection, &request, &user(number)).map(Some)
    }

    fn redeem(&mut self, code: &str) -> Result<(), Failure> {
        let form = self.shared.client.redeeming(code);
        self.keep(&form)
    }

    fn keep(&mut self, form: &str) -> Result<(), Failure> {
        match Given::ask(&mut self.connection, form)? {
            Given::Tokens { access, refresh } => {
                (self.access, self.refresh) = (access, refresh);
                Ok(())
            }
            Given::Refused => Err(Failure::Unexpected("the token endpoint refused a good grant".to_owned())),
        }
    }
}
