//! The store of logins: chosen once for each command, by the person or by what is available.

use std::path::PathBuf;

use super::error::TokenStoreError;
#[cfg(feature = "keyring")]
use super::keyring;
use super::{Login, file, lock};

/// The person's choice, by `--keep` or `MCP_AUTH_KEEP`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Place {
    /// The operating system's keyring.
    Keyring,
    /// A file of mode 0600 in the user's state directory.
    File,
}

/// The store of logins, chosen once for each command.
#[derive(Debug)]
pub(crate) struct TokenStore {
    /// The keyring is used first if there is one, unless the file was chosen.
    #[cfg(feature = "keyring")]
    keyring: Option<keyring::Keyring>,
    file: Option<file::Files>,
    directory: PathBuf,
    description: String,
}

impl TokenStore {
    /// Chooses: `--keep`, else `MCP_AUTH_KEEP`, else the keyring if there is one, else files.
    ///
    /// # Errors
    /// An unknown name; a keyring that was chosen but is not available; no directory for the files.
    pub(crate) fn choose(chosen: Option<Place>) -> Result<Self, TokenStoreError> {
        let chosen = match chosen {
            Some(place) => Some(place),
            None => from_environment()?,
        };
        let directory = file::state_directory()?;
        let files = || file::Files::new(directory.clone());
        let at = |why: &str| format!("in a file of mode 0600 in {} ({why})", directory.display());
        match chosen {
            Some(Place::File) => {
                Ok(Self::files(files(), &directory, at("--keep file or MCP_AUTH_KEEP=file")))
            }
            #[cfg(not(feature = "keyring"))]
            Some(Place::Keyring) => {
                Err(TokenStoreError::NoKeyring("this mcp-auth was built without it".to_owned()))
            }
            #[cfg(not(feature = "keyring"))]
            None => Ok(Self::files(files(), &directory, at("built without the keyring"))),
            #[cfg(feature = "keyring")]
            Some(Place::Keyring) => {
                keyring::Keyring::open().map_err(TokenStoreError::NoKeyring)?;
                let description = "in the operating system's keyring".to_owned();
                Ok(Self { keyring: Some(keyring::Keyring), file: None, directory, description })
            }
            #[cfg(feature = "keyring")]
            None => match keyring::Keyring::open() {
                Ok(keyring) => {
                    let description = "in the operating system's keyring".to_owned();
                    Ok(Self { keyring: Some(keyring), file: Some(files()), directory, description })
                }
                Err(why) => {
                    Ok(Self::files(files(), &directory, at(&format!("no keyring is running here: {why}"))))
                }
            },
        }
    }

    fn files(files: file::Files, directory: &std::path::Path, description: String) -> Self {
        Self {
            #[cfg(feature = "keyring")]
            keyring: None,
            file: Some(files),
            directory: directory.to_owned(),
            description,
        }
    }

    /// The login that is stored for this server.
    ///
    /// # Errors
    /// [`TokenStoreError`]: the store failed, other users can read the file, or its content is not a login that this
    /// command wrote.
    pub(crate) fn load(&self, server: &str) -> Result<Option<Login>, TokenStoreError> {
        #[cfg(feature = "keyring")]
        if let Some(keyring) = &self.keyring
            && let Some(text) = keyring.load(server)?
        {
            return parse(server, &text).map(Some);
        }
        match &self.file {
            Some(files) => files.load(server)?.map(|text| parse(server, &text)).transpose(),
            None => Ok(None),
        }
    }

    /// Stores a login in place of the earlier one for the same server. Returns where it is stored.
    ///
    /// # Errors
    /// As [`TokenStore::load`].
    pub(crate) fn save(&self, login: &Login) -> Result<String, TokenStoreError> {
        let text = serde_json::to_string(login).map_err(|error| TokenStoreError::Unreadable {
            server: login.server.clone(),
            why: error.to_string(),
        })?;
        #[cfg(feature = "keyring")]
        if let Some(keyring) = &self.keyring {
            match (keyring.save(&login.server, &text), &self.file) {
                (Ok(()), Some(files)) => {
                    files.forget(&login.server)?;
                    return Ok(self.description.clone());
                }
                (Ok(()), None) => return Ok(self.description.clone()),
                (Err(error), None) => return Err(error),
                // The keyring is locked, or the login is too long for it: the file is used instead, and the reason is
                // printed.
                (Err(error), Some(files)) => {
                    let _ = keyring.forget(&login.server);
                    files.save(&login.server, &text)?;
                    let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
                    return Ok(format!(
                        "in a file of mode 0600 in {} (the keyring refused: {why})",
                        self.directory.display()
                    ));
                }
            }
        }
        if let Some(files) = &self.file {
            files.save(&login.server, &text)?;
        }
        Ok(self.description.clone())
    }

    /// Removes the login for this server; returns whether there was one.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn forget(&self, server: &str) -> Result<bool, TokenStoreError> {
        let mut was_there = false;
        #[cfg(feature = "keyring")]
        if let Some(keyring) = &self.keyring {
            was_there |= keyring.forget(server)?;
        }
        if let Some(files) = &self.file {
            was_there |= files.forget(server)?;
        }
        Ok(was_there)
    }

    /// Waits until no other `mcp-auth` refreshes a token, because a refresh token that rotates may be used only once.
    ///
    /// # Errors
    /// The directory of the lock cannot be made.
    pub(crate) fn lock(&self) -> Result<lock::Guard, TokenStoreError> {
        Ok(lock::Guard::wait(&self.directory)?)
    }
}

fn from_environment() -> Result<Option<Place>, TokenStoreError> {
    match std::env::var("MCP_AUTH_KEEP") {
        Ok(text) if text == "keyring" => Ok(Some(Place::Keyring)),
        Ok(text) if text == "file" => Ok(Some(Place::File)),
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Err(TokenStoreError::UnknownPlace(text)),
        Err(_) => Ok(None),
    }
}

fn parse(server: &str, text: &str) -> Result<Login, TokenStoreError> {
    let unreadable = |why: String| TokenStoreError::Unreadable { server: server.to_owned(), why };
    // The error says only the position and kind, because serde's own text may quote a value.
    let login: Login = serde_json::from_str(text).map_err(|error| {
        unreadable(format!("not a login of this version, line {} column {}", error.line(), error.column()))
    })?;
    if login.server != server {
        return Err(unreadable("it is another server's".to_owned()));
    }
    Ok(login)
}
