//! References to secrets that the person stores elsewhere: `env:NAME`, `file:PATH`, or `-` for standard input. The
//! secret itself is not accepted: it would be in the shell's history and in every process list.

use std::io::Read as _;
use std::path::PathBuf;
use std::str::FromStr;

use mcp_auth_core::SecretText;

/// The most bytes that are read, because servers refuse larger headers.
const LONGEST: u64 = 64 * 1024;

/// Where a secret is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretPlace {
    Variable(String),
    File(PathBuf),
    StandardInput,
    /// None of these forms, so it may be the secret itself. Reading it reports an error that does not repeat the
    /// text, as the argument parser would.
    Nowhere,
}

/// Why a secret could not be read. Names the place, never its content.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretError {
    #[error(
        "--token and --client-secret say where the secret is, env:NAME or file:PATH (--token also -, standard \
         input), never the secret itself: the shell and every process list would keep it"
    )]
    NotAPlace,
    #[error("standard input cannot be read again when the token is renewed; use env:NAME or file:PATH")]
    OnceOnly,
    #[error("environment variable {0} is not set")]
    NoVariable(String),
    #[error("{0} is not text of at most 64 KiB")]
    NotText(SecretPlace),
    #[error("{0} is empty")]
    Empty(SecretPlace),
    #[error("cannot read {0}")]
    Unreadable(SecretPlace, #[source] std::io::Error),
    #[error("{0} can be read by every user of this machine; run: chmod o-r {0}")]
    WorldReadable(SecretPlace),
}

impl FromStr for SecretPlace {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Self::Variable(name.to_owned()),
            Some(("file", path)) if !path.is_empty() => Self::File(path.into()),
            None if text == "-" => Self::StandardInput,
            _ => Self::Nowhere,
        })
    }
}

impl std::fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "{}", path.display()),
            Self::StandardInput => f.write_str("standard input"),
            Self::Nowhere => f.write_str("nowhere"),
        }
    }
}

impl SecretPlace {
    /// The reference to store instead of the secret, so that it can be read again each time. A file is named by its
    /// absolute path.
    ///
    /// # Errors
    /// Standard input, which can be read only once, or text that is not a reference.
    pub(crate) fn reference(&self) -> Result<String, SecretError> {
        match self {
            Self::Variable(name) => Ok(format!("env:{name}")),
            Self::File(path) => {
                let whole = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                Ok(format!("file:{}", whole.display()))
            }
            Self::StandardInput => Err(SecretError::OnceOnly),
            Self::Nowhere => Err(SecretError::NotAPlace),
        }
    }

    /// Reads the secret now; white space around it is removed.
    ///
    /// # Errors
    /// [`SecretError`] if the secret is missing, unreadable, readable by other users, empty or too long.
    pub(crate) fn read(&self) -> Result<SecretText, SecretError> {
        let unreadable = |error| SecretError::Unreadable(self.clone(), error);
        let mut bytes = Vec::new();
        match self {
            Self::Nowhere => return Err(SecretError::NotAPlace),
            Self::Variable(name) => {
                let value = std::env::var_os(name).ok_or_else(|| SecretError::NoVariable(name.clone()))?;
                bytes = value.into_encoded_bytes();
            }
            Self::File(path) => {
                let file = std::fs::File::open(path).map_err(unreadable)?;
                #[cfg(unix)]
                {
                    use std::os::unix::fs::MetadataExt as _;
                    let metadata = file.metadata().map_err(unreadable)?;
                    if metadata.is_file() && metadata.mode() & 0o004 != 0 {
                        return Err(SecretError::WorldReadable(self.clone()));
                    }
                }
                file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
            }
            Self::StandardInput => {
                std::io::stdin().take(LONGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
            }
        }
        let text = String::from_utf8(bytes).ok().filter(|text| text.len() as u64 <= LONGEST);
        match text.ok_or_else(|| SecretError::NotText(self.clone()))?.trim() {
            "" => Err(SecretError::Empty(self.clone())),
            text => Ok(SecretText::new(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_place_of_a_reference_is_refused_and_not_shown() {
        for bad in ["hunter2", "eyJhbGciOi.x.y", "env:", "file:", "ENV:A", "https://x", ""] {
            let place = bad.parse::<SecretPlace>().unwrap();
            assert!(matches!(place.reference(), Err(SecretError::NotAPlace)), "{bad}");
            let error = place.read().unwrap_err();
            assert!(matches!(error, SecretError::NotAPlace), "{bad}");
            let shown = format!("{place} {place:?} {error} {error:?}");
            assert!(!shown.contains("hunter2") && !shown.contains("eyJ"), "{shown}");
        }
        assert_eq!("env:A".parse::<SecretPlace>().unwrap().reference().unwrap(), "env:A");
        assert_eq!("-".parse::<SecretPlace>().unwrap(), SecretPlace::StandardInput);
    }

    #[cfg(unix)]
    #[test]
    fn c07_a_world_readable_file_is_refused_and_a_private_one_is_read() {
        use std::os::unix::fs::PermissionsExt as _;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token");
        std::fs::write(&path, "s3cr3t\n").unwrap();
        let place: SecretPlace = format!("file:{}", path.display()).parse().unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(place.read(), Err(SecretError::WorldReadable(_))));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(place.read().unwrap().expose(), "s3cr3t");
        for (bytes, read) in
            [(vec![b'a'; 64 * 1024], true), (vec![b'a'; 64 * 1024 + 1], false), (vec![0xff], false)]
        {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(place.read().is_ok(), read);
            assert!(read || matches!(place.read(), Err(SecretError::NotText(_))));
        }
    }
}
