//! An authenticator for the tests of this folder, which writes byte by byte what it is told: also what a real one would not.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use mcp_auth_core::net::Origin;
use serde_json::json;

use super::relying_party::RelyingParty;

pub(super) const ORIGIN: &str = "http://localhost:8080";
pub(super) const CHALLENGE: &str = "AAECAwQFBgcICQoLDA0ODw";

pub(super) fn relying_party() -> RelyingParty {
    relying_party_at(ORIGIN)
}

pub(super) fn relying_party_at(origin: &str) -> RelyingParty {
    RelyingParty::of(&Origin::of(&origin.parse().unwrap()).unwrap()).unwrap()
}

pub(super) enum Signer {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
}

impl Signer {
    pub(super) fn es256() -> Self {
        Self::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
    }

    pub(super) fn eddsa() -> Self {
        Self::EdDsa(Ed25519KeyPair::generate().unwrap())
    }

    pub(super) fn algorithm(&self) -> i64 {
        match self {
            Self::Es256(_) => -7,
            Self::EdDsa(_) => -8,
        }
    }

    /// The public key, as aws-lc writes it.
    pub(super) fn point(&self) -> Vec<u8> {
        match self {
            Self::Es256(pair) => pair.public_key().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub(super) fn cose_key(&self) -> Vec<u8> {
        let point = self.point();
        let int = |name, value| (cbor_int(name), cbor_int(value));
        let bytes = |name, value: &[u8]| (cbor_int(name), cbor_bytes(value));
        match self {
            Self::Es256(_) => cbor_map(&[
                int(1, 2),
                int(3, -7),
                int(-1, 1),
                bytes(-2, &point[1..33]),
                bytes(-3, &point[33..]),
            ]),
            Self::EdDsa(_) => cbor_map(&[int(1, 1), int(3, -8), int(-1, 6), bytes(-2, &point)]),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Es256(pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

pub(super) fn client_data(ceremony: &str, challenge: &str, origin: &str) -> String {
    json!({ "type": ceremony, "challenge": challenge, "origin": origin, "crossOrigin": false }).to_string()
}

/// What an authenticator signs.
pub(super) fn to_sign(authenticator_data: &[u8], client_data: &[u8]) -> Vec<u8> {
    [authenticator_data, digest::digest(&digest::SHA256, client_data).as_ref()].concat()
}

pub(super) fn authenticator_data(flags: u8, counter: u32, rest: &[u8]) -> Vec<u8> {
    let host = digest::digest(&digest::SHA256, b"localhost");
    [host.as_ref(), &[flags], &counter.to_be_bytes(), rest].concat()
}

/// Attested credential data.
pub(super) fn credential(id: &[u8], cose_key: &[u8]) -> Vec<u8> {
    let length = u16::try_from(id.len()).unwrap();
    [&[0; 16][..], &length.to_be_bytes(), id, cose_key].concat()
}

pub(super) fn attestation_object(format: &str, statement: &[(Vec<u8>, Vec<u8>)], data: &[u8]) -> Vec<u8> {
    cbor_map(&[
        (cbor_text("fmt"), cbor_text(format)),
        (cbor_text("attStmt"), cbor_map(statement)),
        (cbor_text("authData"), cbor_bytes(data)),
    ])
}

pub(super) fn cbor_map(members: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let members_of: Vec<u8> = members.iter().flat_map(|(name, value)| [&name[..], value].concat()).collect();
    [head(5, members.len()), members_of].concat()
}

pub(super) fn cbor_bytes(bytes: &[u8]) -> Vec<u8> {
    [head(2, bytes.len()), bytes.to_vec()].concat()
}

pub(super) fn cbor_text(text: &str) -> Vec<u8> {
    [head(3, text.len()), text.as_bytes().to_vec()].concat()
}

pub(super) fn cbor_int(value: i64) -> Vec<u8> {
    match value {
        0.. => head(0, usize::try_from(value).unwrap()),
        _ => head(1, usize::try_from(-1 - value).unwrap()),
    }
}

fn head(kind: u8, length: usize) -> Vec<u8> {
    let kind = kind << 5;
    match length {
        0..=23 => vec![kind | u8::try_from(length).unwrap()],
        24..=255 => vec![kind | 24, u8::try_from(length).unwrap()],
        _ => [&[kind | 25][..], &u16::try_from(length).unwrap().to_be_bytes()].concat(),
    }
}
