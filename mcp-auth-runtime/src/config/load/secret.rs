//! Reading a secret from the place that the configuration names.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::process::ProcessContext;
use crate::config::value::secret::{Place, Secret};
use mcp_auth_core::SecretText;

/// A secret with all that is needed to read it, again and again: a `file:` may have been renewed meanwhile.
#[derive(Clone)]
pub struct SecretSource {
    place: Place,
    process: Arc<ProcessContext>,
}

/// Why a secret could not be read. Names the variable or file, never what was in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The environment variable is missing.
    #[error("environment variable {0} is not set")]
    VariableMissing(String),
    /// The environment variable is not UTF-8.
    #[error("environment variable {0} is not UTF-8")]
    VariableNotText(String),
    /// The file could not be read.
    #[error("secret file {} cannot be read: {reason}", path.display())]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// Every user of the machine may read the file.
    #[error("secret file {} can be read by every user of this machine; run: chmod o-r {}", .0.display(), .0.display())]
    FileWorldReadable(PathBuf),
    /// Nothing in it.
    #[error("{0} is empty")]
    Empty(String),
    /// What templates and examples put where a secret belongs.
    #[error("{0} holds a placeholder, not a secret")]
    Placeholder(String),
}

impl SecretSource {
    pub(in crate::config) fn new(secret: &Secret, base: &Path, process: Arc<ProcessContext>) -> Self {
        let place = match secret.place() {
            Place::Variable(name) => Place::Variable(name.clone()),
            Place::File(path) => Place::File(base.join(path)),
        };
        Self { place, process }
    }

    /// Whether the secret may change while the server runs: true for a file, false for a variable.
    pub fn can_change(&self) -> bool {
        matches!(self.place, Place::File(_))
    }

    /// Reads the secret now; one newline at its end is not part of it.
    ///
    /// # Errors
    /// [`SecretError`], for a missing, unreadable, world-readable or empty one, and for a placeholder.
    pub fn read(&self) -> Result<SecretText, SecretError> {
        let raw = match &self.place {
            Place::Variable(name) => {
                let value = self.process.variables.get(std::ffi::OsStr::new(name));
                let value = value.ok_or_else(|| SecretError::VariableMissing(name.clone()))?;
                value.to_str().ok_or_else(|| SecretError::VariableNotText(name.clone()))?.to_owned()
            }
            Place::File(path) => {
                let unreadable = |reason| SecretError::FileUnreadable { path: path.clone(), reason };
                let file = self.process.files.read(path).map_err(unreadable)?;
                if file.world_readable {
                    return Err(SecretError::FileWorldReadable(path.clone()));
                }
                file.text
            }
        };
        let text = raw.strip_suffix('\n').unwrap_or(&raw);
        let text = text.strip_suffix('\r').unwrap_or(text);
        if text.trim().is_empty() {
            return Err(SecretError::Empty(self.to_string()));
        }
        if is_placeholder(text) {
            return Err(SecretError::Placeholder(self.to_string()));
        }
        Ok(SecretText::new(text))
    }
}

/// Names the place, not the secret: `environment variable NAME`, `secret file /path`.
impl fmt::Display for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Variable(name) => write!(f, "environment variable {name}"),
            Place::File(path) => write!(f, "secret file {}", path.display()),
        }
    }
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretSource({self})")
    }
}

/// Words that templates put in the place of a secret, and shell variables that were not replaced.
fn is_placeholder(text: &str) -> bool {
    let plain: String =
        text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    let word = [
        "changeme",
        "changethis",
        "changeit",
        "replaceme",
        "secret",
        "password",
        "yoursecret",
        "yoursecrethere",
    ]
    .contains(&plain.as_str());
    let repeated = plain.len() == text.len() && plain.chars().all(|c| c == 'x');
    word || repeated
        || (text.starts_with("${") && text.ends_with('}'))
        || (text.starts_with('<') && text.ends_with('>'))
}

#[cfg(test)]
mod tests {
    use super::super::process::MemoryFiles;
    use super::*;

    fn read(reference: &str, process: ProcessContext) -> Result<String, String> {
        let source = SecretSource::new(&reference.parse().unwrap(), Path::new("/etc/app"), Arc::new(process));
        source.read().map(|text| text.expose().to_owned()).map_err(|e| e.to_string())
    }

    #[test]
    fn secret_comes_from_variable_or_file_without_its_last_newline() {
        let process = MemoryFiles::default().with("/etc/app/key", "s3cr3t\n").with("/abs", "a\n\n").process();
        let process = process.variable("KEY", "from-env");
        assert_eq!(read("env:KEY", process.clone()).unwrap(), "from-env");
        assert_eq!(read("file:key", process.clone()).unwrap(), "s3cr3t");
        assert_eq!(read("file:/abs", process).unwrap(), "a\n");
    }

    #[test]
    fn missing_or_empty_secret_is_refused_by_its_name() {
        let process = MemoryFiles::default().with("/etc/app/empty", "\n").process().variable("EMPTY", "");
        assert_eq!(read("env:NONE", process.clone()).unwrap_err(), "environment variable NONE is not set");
        assert_eq!(read("env:EMPTY", process.clone()).unwrap_err(), "environment variable EMPTY is empty");
        assert_eq!(read("file:empty", process.clone()).unwrap_err(), "secret file /etc/app/empty is empty");
        assert!(
            read("file:none", process).unwrap_err().starts_with("secret file /etc/app/none cannot be read")
        );
    }

    #[test]
    fn c07_placeholder_or_world_readable_secret_is_refused() {
        let files = MemoryFiles::default().with_world_readable("/etc/app/open", "s3cr3t");
        let process = files.process();
        assert!(read("file:open", process.clone()).unwrap_err().contains("chmod o-r /etc/app/open"));
        for bad in ["changeme", "CHANGE_ME", "${MISSING}", "<token>", "xxxx", "your-secret"] {
            let error = read("env:KEY", process.clone().variable("KEY", bad)).unwrap_err();
            assert_eq!(error, "environment variable KEY holds a placeholder, not a secret", "{bad}");
        }
    }
}
