//! Attestation (§6.5.4): what a new passkey says of its authenticator. We ask for none, so none is the rule, and the other thing that is taken is
//! a statement that the passkey itself signed (§8.2, self attestation). Which maker an authenticator has is not verified.

use super::cbor::{self, Key, Map, Value};
use super::cose_key::PublicKey;
use super::error::PasskeyError;

/// What stands beside the authenticator data.
#[derive(Debug)]
pub(super) struct Attestation<'b> {
    pub(super) authenticator_data: &'b [u8],
    format: &'b str,
    statement: Map<'b>,
}

impl<'b> Attestation<'b> {
    /// Reads an attestation object.
    ///
    /// # Errors
    /// [`PasskeyError::Cbor`], [`PasskeyError::AttestationObject`].
    pub(super) fn read(bytes: &'b [u8]) -> Result<Self, PasskeyError> {
        let members = cbor::only_map(bytes)?;
        let member = |name| members.get(Key::Text(name)).cloned();
        match (members.len(), member("fmt"), member("attStmt"), member("authData")) {
            (
                3,
                Some(Value::Text(format)),
                Some(Value::Map(statement)),
                Some(Value::Bytes(authenticator_data)),
            ) => Ok(Self { authenticator_data, format, statement }),
            _ => Err(PasskeyError::AttestationObject),
        }
    }

    /// Verifies the statement about the passkey with this key.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub(super) fn verify(&self, key: &PublicKey, client_data_hash: &[u8]) -> Result<(), PasskeyError> {
        match self.format {
            "none" if self.statement.len() == 0 => Ok(()),
            "none" => Err(PasskeyError::AttestationStatement),
            "packed" => self.verify_packed(key, client_data_hash),
            other => {
                let shown = other.chars().take(32).collect();
                Err(PasskeyError::AttestationFormat(shown))
            }
        }
    }

    fn verify_packed(&self, key: &PublicKey, client_data_hash: &[u8]) -> Result<(), PasskeyError> {
        let member = |name| self.statement.get(Key::Text(name));
        if member("x5c").is_some() {
            return Err(PasskeyError::AttestationCertificates);
        }
        match (self.statement.len(), member("alg"), member("sig")) {
            (2, Some(Value::Int(algorithm)), Some(Value::Bytes(signature)))
                if *algorithm == key.algorithm() =>
            {
                key.verify(&[self.authenticator_data, client_data_hash].concat(), signature)
            }
            _ => Err(PasskeyError::AttestationStatement),
        }
    }
}
