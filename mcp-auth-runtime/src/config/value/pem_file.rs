//! Files of certificates.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{ValueError, text_value};

/// A file of certificates in PEM: `"file:/path"`, relative to the configuration file. Everyone may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PemFile(PathBuf);

impl PemFile {
    /// Its path, as written.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for PemFile {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        match text.strip_prefix("file:") {
            Some(path) if !path.trim().is_empty() => Ok(Self(path.into())),
            _ => Err(ValueError::malformed(text, "the place of a PEM file, such as \"file:tls/chain.pem\"")),
        }
    }
}

impl Serialize for PemFile {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("file:{}", self.0.display()))
    }
}

text_value!(PemFile, "the place of a PEM file, \"file:/path\"");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pem_file_is_named_by_its_path() {
        let file: PemFile = "file:tls/chain.pem".parse().unwrap();
        assert_eq!(file.path(), Path::new("tls/chain.pem"));
        assert_eq!(serde_json::to_value(file).unwrap(), "file:tls/chain.pem");
        for bad in ["", "file:", "file: ", "tls/chain.pem", "env:CHAIN", "-----BEGIN CERTIFICATE-----"] {
            assert!(bad.parse::<PemFile>().is_err(), "{bad:?}");
        }
    }
}
