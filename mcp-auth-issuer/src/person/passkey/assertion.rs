//! The use of a passkey (§7.2).

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use mcp_auth_store::{Passkey, PasskeyUse};

use super::answer::Assertion;
use super::authenticator_data::AuthenticatorData;
use super::client_data::{self, Ceremony, Expected};
use super::cose_key::PublicKey;
use super::error::PasskeyError;

/// Verifies that `passkey` signed for our page. The store counts the use, and looks at the signature counter once more.
///
/// # Errors
/// [`PasskeyError`].
pub(in crate::person) fn verify_assertion(
    answer: &Assertion,
    passkey: &Passkey,
    expected: &Expected<'_>,
) -> Result<PasskeyUse, PasskeyError> {
    if answer.id != passkey.id {
        return Err(PasskeyError::OtherIdentifier);
    }
    let client_data_hash = client_data::verify(&answer.client_data, Ceremony::Get, expected)?;
    let data = AuthenticatorData::verify(&answer.authenticator_data, expected)?;
    if data.credential.is_some() {
        return Err(PasskeyError::AttestedCredential);
    }
    let kept = BASE64_URL_SAFE_NO_PAD.decode(&passkey.public_key).map_err(|_| PasskeyError::KeyMembers)?;
    let (public_key, _) = PublicKey::read(&kept)?;
    let signed = [&answer.authenticator_data, client_data_hash.as_ref()].concat();
    public_key.verify(&signed, &answer.signature)?;
    if data.backup_eligible != passkey.backup_eligible {
        return Err(PasskeyError::BackupEligible);
    }
    if !passkey.is_followed_by(data.counter) {
        return Err(PasskeyError::Counter { said: data.counter, kept: passkey.counter });
    }
    let AuthenticatorData { counter, backed_up, user_verified, .. } = data;
    Ok(PasskeyUse { id: passkey.hash(), counter, backed_up, user_verified })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::passkey::testing::{
        CHALLENGE, ORIGIN, Signer, authenticator_data, client_data, credential, relying_party, to_sign,
    };

    fn kept(signer: &Signer) -> Passkey {
        Passkey {
            id: BASE64_URL_SAFE_NO_PAD.encode([7; 16]),
            public_key: BASE64_URL_SAFE_NO_PAD.encode(signer.cose_key()),
            name: "phone".into(),
            counter: 5,
            backup_eligible: true,
            backed_up: false,
            user_verified: true,
            transports: vec![],
            created_at: 1,
            last_used: None,
        }
    }

    fn answer(signer: &Signer, data: Vec<u8>) -> Assertion {
        let client_data = client_data("webauthn.get", CHALLENGE, ORIGIN).into_bytes();
        Assertion {
            id: BASE64_URL_SAFE_NO_PAD.encode([7; 16]),
            signature: signer.sign(&to_sign(&data, &client_data)),
            client_data,
            authenticator_data: data,
            user_handle: None,
        }
    }

    fn verified(answer: &Assertion, passkey: &Passkey) -> Result<PasskeyUse, PasskeyError> {
        let party = relying_party();
        let expected = Expected { relying_party: &party, challenge: CHALLENGE, user_verification: true };
        verify_assertion(answer, passkey, &expected)
    }

    #[test]
    fn a_use_of_either_kind_of_passkey_says_its_counter_and_whether_it_is_backed_up() {
        for signer in [Signer::es256(), Signer::eddsa()] {
            let used =
                verified(&answer(&signer, authenticator_data(0b1_1101, 6, &[])), &kept(&signer)).unwrap();
            assert_eq!((used.counter, used.backed_up, used.id), (6, true, kept(&signer).hash()));
        }
    }

    #[test]
    fn a_signature_of_another_key_or_of_something_else_is_refused() {
        let signer = Signer::es256();
        let data = authenticator_data(0b1101, 6, &[]);
        let other = answer(&Signer::es256(), data.clone());
        assert_eq!(verified(&other, &kept(&signer)), Err(PasskeyError::Signature));
        let good = answer(&signer, data);
        let changed = authenticator_data(0b1101, 7, &[]);
        for bad in [
            Assertion { authenticator_data: changed, ..good.clone() },
            Assertion { client_data: [&good.client_data[..], b" "].concat(), ..good.clone() },
            Assertion { signature: vec![], ..good.clone() },
            Assertion { signature: signer.sign(&good.client_data), ..good.clone() },
        ] {
            assert_eq!(verified(&bad, &kept(&signer)), Err(PasskeyError::Signature));
        }
        let other_kind = Passkey { public_key: kept(&Signer::eddsa()).public_key, ..kept(&signer) };
        assert_eq!(verified(&good, &other_kind), Err(PasskeyError::Signature));
        for public_key in ["", "%", "oA"] {
            let broken = Passkey { public_key: public_key.into(), ..kept(&signer) };
            assert!(verified(&good, &broken).is_err(), "{public_key}");
        }
    }

    #[test]
    fn an_answer_about_another_passkey_or_of_its_making_is_refused() {
        let signer = Signer::es256();
        let good = answer(&signer, authenticator_data(0b1101, 6, &[]));
        let other = Passkey { id: "another".into(), ..kept(&signer) };
        assert_eq!(verified(&good, &other), Err(PasskeyError::OtherIdentifier));
        let made = authenticator_data(0b0100_1101, 6, &credential(&[7; 16], &signer.cose_key()));
        assert_eq!(verified(&answer(&signer, made), &kept(&signer)), Err(PasskeyError::AttestedCredential));
        let client_data = client_data("webauthn.create", CHALLENGE, ORIGIN).into_bytes();
        let created = Assertion { client_data, ..good };
        assert_eq!(verified(&created, &kept(&signer)), Err(PasskeyError::Ceremony("webauthn.get")));
    }

    #[test]
    fn without_user_verification_it_is_not_a_first_factor() {
        let signer = Signer::es256();
        let unverified = answer(&signer, authenticator_data(0b1001, 6, &[]));
        assert_eq!(verified(&unverified, &kept(&signer)), Err(PasskeyError::NotVerified));
        let party = relying_party();
        let expected = Expected { relying_party: &party, challenge: CHALLENGE, user_verification: false };
        assert!(verify_assertion(&unverified, &kept(&signer), &expected).is_ok());
    }

    #[test]
    fn a_counter_that_does_not_grow_is_named_as_a_possible_copy() {
        let signer = Signer::es256();
        for (before, said, is_good) in [
            (5, 6, true),
            (5, 5, false),
            (5, 4, false),
            (5, 0, false),
            (0, 0, true),
            (0, 1, true),
            (u32::MAX, 0, false),
        ] {
            let passkey = Passkey { counter: before, ..kept(&signer) };
            let used = verified(&answer(&signer, authenticator_data(0b1101, said, &[])), &passkey);
            match is_good {
                true => assert_eq!(used.unwrap().counter, said),
                false => {
                    let refused = used.unwrap_err();
                    assert_eq!(refused, PasskeyError::Counter { said, kept: before });
                    assert!(refused.to_string().contains("copy"), "{refused}");
                }
            }
        }
    }

    #[test]
    fn whether_it_can_be_backed_up_does_not_change() {
        let signer = Signer::es256();
        let cannot = answer(&signer, authenticator_data(0b0101, 6, &[]));
        assert_eq!(verified(&cannot, &kept(&signer)), Err(PasskeyError::BackupEligible));
        let never = Passkey { backup_eligible: false, ..kept(&signer) };
        assert!(verified(&cannot, &never).is_ok());
        let can = answer(&signer, authenticator_data(0b1101, 6, &[]));
        assert_eq!(verified(&can, &never), Err(PasskeyError::BackupEligible));
    }
}
