//! A new passkey (§7.1).

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};

use super::answer::NewPasskey;
use super::attestation::Attestation;
use super::authenticator_data::AuthenticatorData;
use super::client_data::{self, Ceremony, Expected};
use super::error::PasskeyError;

/// A passkey that was made for us just now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::person) struct Registered {
    /// The identifier, in base64url.
    pub(in crate::person) id: String,
    /// The COSE key, in base64url.
    pub(in crate::person) public_key: String,
    pub(in crate::person) counter: u32,
    pub(in crate::person) user_verified: bool,
    pub(in crate::person) backup_eligible: bool,
    pub(in crate::person) backed_up: bool,
}

/// Verifies that an authenticator made a passkey for our page. Whether another account has it is for the store to say (step 26).
///
/// # Errors
/// [`PasskeyError`].
pub(in crate::person) fn verify_registration(
    answer: &NewPasskey,
    expected: &Expected<'_>,
) -> Result<Registered, PasskeyError> {
    let client_data_hash = client_data::verify(&answer.client_data, Ceremony::Create, expected)?;
    let attestation = Attestation::read(&answer.attestation_object)?;
    let data = AuthenticatorData::verify(attestation.authenticator_data, expected)?;
    let made = data.credential.ok_or(PasskeyError::AttestedCredential)?;
    attestation.verify(&made.public_key, client_data_hash.as_ref())?;
    let id = BASE64_URL_SAFE_NO_PAD.encode(made.id);
    if id != answer.id {
        return Err(PasskeyError::OtherIdentifier);
    }
    Ok(Registered {
        id,
        public_key: BASE64_URL_SAFE_NO_PAD.encode(made.cose_key),
        counter: data.counter,
        user_verified: data.user_verified,
        backup_eligible: data.backup_eligible,
        backed_up: data.backed_up,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::passkey::testing::{
        self, CHALLENGE, ORIGIN, Signer, attestation_object, authenticator_data, cbor_bytes, cbor_int,
        cbor_map, cbor_text, client_data, credential, relying_party,
    };

    const ID: [u8; 16] = [7; 16];

    fn verified(answer: &NewPasskey) -> Result<Registered, PasskeyError> {
        let party = relying_party();
        let expected = Expected { relying_party: &party, challenge: CHALLENGE, user_verification: false };
        verify_registration(answer, &expected)
    }

    /// An answer with this attestation of these authenticator data.
    fn answer(data: &[u8], format: &str, statement: &[(Vec<u8>, Vec<u8>)]) -> NewPasskey {
        NewPasskey {
            id: BASE64_URL_SAFE_NO_PAD.encode(ID),
            client_data: client_data("webauthn.create", CHALLENGE, ORIGIN).into_bytes(),
            attestation_object: attestation_object(format, statement, data),
            transports: vec![],
        }
    }

    fn made(signer: &Signer) -> Vec<u8> {
        authenticator_data(0b0100_1001, 3, &credential(&ID, &signer.cose_key()))
    }

    fn signed(signer: &Signer, data: &[u8]) -> Vec<u8> {
        let client_data = client_data("webauthn.create", CHALLENGE, ORIGIN);
        signer.sign(&testing::to_sign(data, client_data.as_bytes()))
    }

    #[test]
    fn a_passkey_without_attestation_or_with_its_own_is_taken() {
        for signer in [Signer::es256(), Signer::eddsa()] {
            let data = made(&signer);
            let own = [
                (cbor_text("alg"), cbor_int(signer.algorithm())),
                (cbor_text("sig"), cbor_bytes(&signed(&signer, &data))),
            ];
            for answer in [answer(&data, "none", &[]), answer(&data, "packed", &own)] {
                let registered = verified(&answer).unwrap();
                assert_eq!((registered.id, registered.counter), (answer.id, 3));
                assert_eq!(registered.public_key, BASE64_URL_SAFE_NO_PAD.encode(signer.cose_key()));
                assert!(registered.backup_eligible && !registered.backed_up);
            }
        }
    }

    #[test]
    fn another_attestation_is_refused_in_words() {
        let signer = Signer::es256();
        let data = made(&signer);
        let certificates = (cbor_text("x5c"), vec![0x80]);
        let algorithm = (cbor_text("alg"), cbor_int(-7));
        let signature = (cbor_text("sig"), cbor_bytes(&signed(&signer, &data)));
        let by_another = (cbor_text("sig"), cbor_bytes(&signed(&Signer::es256(), &data)));
        let of_others = (cbor_text("sig"), cbor_bytes(&signer.sign(b"something else")));
        let statement = PasskeyError::AttestationStatement;
        for (format, members, why) in [
            ("none", vec![algorithm.clone()], statement.clone()),
            ("packed", vec![], statement.clone()),
            ("packed", vec![algorithm.clone()], statement.clone()),
            ("packed", vec![signature.clone()], statement.clone()),
            ("packed", vec![(cbor_text("alg"), cbor_int(-8)), signature.clone()], statement.clone()),
            (
                "packed",
                vec![algorithm.clone(), signature.clone(), (cbor_text("ver"), cbor_text("2.0"))],
                statement,
            ),
            ("packed", vec![algorithm.clone(), by_another], PasskeyError::Signature),
            ("packed", vec![algorithm.clone(), of_others], PasskeyError::Signature),
            ("packed", vec![algorithm, signature, certificates], PasskeyError::AttestationCertificates),
            ("tpm", vec![], PasskeyError::AttestationFormat("tpm".into())),
            ("fido-u2f", vec![], PasskeyError::AttestationFormat("fido-u2f".into())),
            ("NONE", vec![], PasskeyError::AttestationFormat("NONE".into())),
        ] {
            assert_eq!(verified(&answer(&data, format, &members)).unwrap_err(), why, "{format}");
        }
    }

    #[test]
    fn an_attestation_object_has_its_three_members_and_nothing_after_it() {
        let data = made(&Signer::es256());
        let with = |attestation_object| NewPasskey { attestation_object, ..answer(&data, "none", &[]) };
        let member = |name: &str, value: Vec<u8>| (cbor_text(name), value);
        let good = [
            member("fmt", cbor_text("none")),
            member("attStmt", cbor_map(&[])),
            member("authData", cbor_bytes(&data)),
        ];
        assert!(verified(&with(cbor_map(&good))).is_ok());
        for missing in 0..3 {
            let mut members = good.to_vec();
            members.remove(missing);
            assert_eq!(verified(&with(cbor_map(&members))).unwrap_err(), PasskeyError::AttestationObject);
        }
        let more = [&good[..], &[member("epAtt", vec![0xf5])]].concat();
        assert_eq!(verified(&with(cbor_map(&more))).unwrap_err(), PasskeyError::AttestationObject);
        let twice = [&good[..], &[member("authData", cbor_bytes(&data))]].concat();
        let left_over = [cbor_map(&good), vec![0]].concat();
        for bad in [cbor_map(&twice), left_over, vec![]] {
            assert!(matches!(verified(&with(bad)), Err(PasskeyError::Cbor(_))));
        }
    }

    #[test]
    fn it_is_about_one_new_passkey() {
        let signer = Signer::es256();
        let without = authenticator_data(0b1, 0, &[]);
        assert_eq!(verified(&answer(&without, "none", &[])).unwrap_err(), PasskeyError::AttestedCredential);
        let data = made(&signer);
        for id in
            [BASE64_URL_SAFE_NO_PAD.encode([8; 16]), String::new(), BASE64_URL_SAFE_NO_PAD.encode([7; 17])]
        {
            let other = NewPasskey { id, ..answer(&data, "none", &[]) };
            assert_eq!(verified(&other).unwrap_err(), PasskeyError::OtherIdentifier);
        }
    }

    #[test]
    fn the_answer_of_a_login_makes_no_passkey() {
        let data = made(&Signer::es256());
        let client_data = client_data("webauthn.get", CHALLENGE, ORIGIN).into_bytes();
        let other = NewPasskey { client_data, ..answer(&data, "none", &[]) };
        assert_eq!(verified(&other).unwrap_err(), PasskeyError::Ceremony("webauthn.create"));
    }
}
