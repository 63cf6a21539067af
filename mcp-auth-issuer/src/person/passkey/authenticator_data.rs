//! Authenticator data (§6.1): what an authenticator says and signs.

use aws_lc_rs::constant_time;

use super::cbor;
use super::client_data::Expected;
use super::cose_key::PublicKey;
use super::error::PasskeyError;

// The bits of the flags. The two others are for later use.
const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const CREDENTIAL: u8 = 1 << 6;
const EXTENSIONS: u8 = 1 << 7;

/// The fewest and the most bytes of a credential identifier (§4, §7.1 step 25).
const IDENTIFIER: std::ops::RangeInclusive<usize> = 16..=1023;

/// The bytes of the AAGUID, which says what kind of authenticator it is.
const AAGUID: usize = 16;

/// Authenticator data that was verified, but for its signature.
#[derive(Debug)]
pub(super) struct AuthenticatorData<'b> {
    /// Whether it verified its person.
    pub(super) user_verified: bool,
    pub(super) backup_eligible: bool,
    pub(super) backed_up: bool,
    pub(super) counter: u32,
    /// The passkey that was made.
    pub(super) credential: Option<NewCredential<'b>>,
}

/// A passkey that was made (§6.5.2).
#[derive(Debug)]
pub(super) struct NewCredential<'b> {
    pub(super) id: &'b [u8],
    /// The bytes of the COSE key.
    pub(super) cose_key: &'b [u8],
    pub(super) public_key: PublicKey,
}

impl<'b> AuthenticatorData<'b> {
    /// Reads and verifies it. What is in extension outputs is not asked for, so it does not count.
    ///
    /// - Source: §7.1 steps 13 to 17 and 25, §7.2 steps 15 to 19.
    ///
    /// # Errors
    /// [`PasskeyError`].
    pub(super) fn verify(bytes: &'b [u8], expected: &Expected<'_>) -> Result<Self, PasskeyError> {
        let mut rest = Rest(bytes);
        let id_hash = rest.take(32)?;
        let flags = rest.number(1)?;
        let counter = rest.number(4)?;
        let has = |bit: u8| flags & u32::from(bit) != 0;
        let credential = if has(CREDENTIAL) { Some(NewCredential::read(&mut rest)?) } else { None };
        if has(EXTENSIONS) {
            let (_, length) = cbor::map(rest.0).map_err(|_| PasskeyError::Extensions)?;
            rest.take(length)?;
        }
        if !rest.0.is_empty() {
            return Err(PasskeyError::Length);
        }
        let own = expected.relying_party.id_hash();
        if constant_time::verify_slices_are_equal(id_hash, own.as_ref()).is_err() {
            return Err(PasskeyError::RelyingPartyId);
        }
        if !has(PRESENT) {
            return Err(PasskeyError::NobodyPresent);
        }
        if expected.user_verification && !has(VERIFIED) {
            return Err(PasskeyError::NotVerified);
        }
        if has(BACKED_UP) && !has(BACKUP_ELIGIBLE) {
            return Err(PasskeyError::BackedUp);
        }
        let (user_verified, backup_eligible) = (has(VERIFIED), has(BACKUP_ELIGIBLE));
        Ok(Self { user_verified, backup_eligible, backed_up: has(BACKED_UP), counter, credential })
    }
}

impl<'b> NewCredential<'b> {
    fn read(rest: &mut Rest<'b>) -> Result<Self, PasskeyError> {
        rest.take(AAGUID)?;
        let length = rest.number(2)? as usize;
        if !IDENTIFIER.contains(&length) {
            return Err(PasskeyError::IdentifierLength(length));
        }
        let id = rest.take(length)?;
        let (public_key, length) = PublicKey::read(rest.0)?;
        Ok(Self { id, cose_key: rest.take(length)?, public_key })
    }
}

/// What was not read yet.
struct Rest<'b>(&'b [u8]);

impl<'b> Rest<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], PasskeyError> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(PasskeyError::Length)?;
        self.0 = rest;
        Ok(taken)
    }

    /// A number of `length` bytes, at most four, the highest first.
    fn number(&mut self, length: usize) -> Result<u32, PasskeyError> {
        Ok(self.take(length)?.iter().fold(0, |number, byte| (number << 8) | u32::from(*byte)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::passkey::testing::{
        CHALLENGE, Signer, authenticator_data, credential, relying_party, relying_party_at,
    };

    fn verified(bytes: &[u8], user_verification: bool) -> Result<AuthenticatorData<'_>, PasskeyError> {
        let party = relying_party();
        AuthenticatorData::verify(
            bytes,
            &Expected { relying_party: &party, challenge: CHALLENGE, user_verification },
        )
    }

    fn refused(bytes: &[u8]) -> PasskeyError {
        verified(bytes, true).unwrap_err()
    }

    #[test]
    fn what_it_says_is_read() {
        let bytes = authenticator_data(0b0001_1101, 258, &[]);
        let data = verified(&bytes, true).unwrap();
        assert_eq!((data.counter, data.backup_eligible, data.backed_up), (258, true, true));
        assert!(data.credential.is_none());
        let bytes = authenticator_data(0b0000_0001, 0, &[]);
        let data = verified(&bytes, false).unwrap();
        assert_eq!((data.backup_eligible, data.backed_up), (false, false));
        let signer = Signer::es256();
        let bytes = authenticator_data(0b0100_0101, 1, &credential(&[7; 16], &signer.cose_key()));
        let data = verified(&bytes, true).unwrap();
        let made = data.credential.unwrap();
        assert_eq!((made.id, made.cose_key), (&[7; 16][..], &signer.cose_key()[..]));
    }

    #[test]
    fn it_is_for_this_host() {
        let good = authenticator_data(0b101, 1, &[]);
        for other in ["http://example.com", "http://a.localhost", "http://localhos"] {
            let party = relying_party_at(other);
            let expected = Expected { relying_party: &party, challenge: CHALLENGE, user_verification: true };
            let refused = AuthenticatorData::verify(&good, &expected).unwrap_err();
            assert_eq!(refused, PasskeyError::RelyingPartyId, "{other}");
        }
    }

    #[test]
    fn somebody_is_present_and_verified_where_that_counts() {
        assert_eq!(refused(&authenticator_data(0b100, 1, &[])), PasskeyError::NobodyPresent);
        assert_eq!(refused(&authenticator_data(0b001, 1, &[])), PasskeyError::NotVerified);
        assert!(verified(&authenticator_data(0b001, 1, &[]), false).is_ok());
        assert_eq!(
            verified(&authenticator_data(0b100, 1, &[]), false).unwrap_err(),
            PasskeyError::NobodyPresent
        );
    }

    #[test]
    fn what_cannot_be_backed_up_is_not() {
        assert_eq!(refused(&authenticator_data(0b1_0101, 1, &[])), PasskeyError::BackedUp);
        assert!(verified(&authenticator_data(0b1101, 1, &[]), true).is_ok());
    }

    #[test]
    fn its_length_is_exact() {
        let made = credential(&[7; 16], &Signer::eddsa().cose_key());
        let good = authenticator_data(0b0100_0101, 1, &made);
        for length in 0..good.len() {
            let short = verified(&good[..length], true).unwrap_err();
            assert!(matches!(short, PasskeyError::Length | PasskeyError::Cbor(_)), "{length}: {short}");
        }
        assert_eq!(refused(&[&good[..], &[0]].concat()), PasskeyError::Length);
        assert_eq!(refused(&authenticator_data(0b101, 1, &[0])), PasskeyError::Length);
    }

    #[test]
    fn its_flags_say_what_is_there() {
        let made = credential(&[7; 16], &Signer::eddsa().cose_key());
        let empty_map = [0xa0];
        assert_eq!(refused(&authenticator_data(0b101, 1, &made)), PasskeyError::Length, "without AT");
        assert_eq!(refused(&authenticator_data(0b0100_0101, 1, &[])), PasskeyError::Length, "AT alone");
        assert_eq!(refused(&authenticator_data(0b101, 1, &empty_map)), PasskeyError::Length, "without ED");
        assert_eq!(refused(&authenticator_data(0b1000_0101, 1, &[])), PasskeyError::Extensions, "ED alone");
        assert_eq!(refused(&authenticator_data(0b1000_0101, 1, &[0x80])), PasskeyError::Extensions);
        assert!(verified(&authenticator_data(0b1000_0101, 1, &empty_map), true).is_ok());
        let both = [&made[..], &empty_map].concat();
        assert!(verified(&authenticator_data(0b1100_0101, 1, &both), true).is_ok());
    }

    #[test]
    fn an_identifier_has_16_to_1023_bytes() {
        let key = Signer::eddsa().cose_key();
        for (length, is_good) in
            [(0, false), (15, false), (16, true), (1023, true), (1024, false), (65_535, false)]
        {
            let bytes = authenticator_data(0b0100_0101, 1, &credential(&vec![7; length], &key));
            match is_good {
                true => assert!(verified(&bytes, true).is_ok(), "{length}"),
                false => assert_eq!(refused(&bytes), PasskeyError::IdentifierLength(length)),
            }
        }
    }
}
