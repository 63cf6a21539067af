//! Public keys of passkeys: COSE keys (RFC 9053 §7) of the two algorithms that are asked for, with exactly their members.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ED25519, ParsedPublicKey};

use super::cbor::{self, Key, Map, Value};
use super::error::PasskeyError;

/// ES256: ECDSA on P-256 with SHA-256 (RFC 9053 §2.1).
pub(super) const ES256: i64 = -7;
/// EdDSA (RFC 9053 §2.2), of which authenticators have Ed25519.
pub(super) const EDDSA: i64 = -8;

// The members of both kinds of keys (RFC 9052 §7.1, RFC 9053 §7.1).
const KTY: i64 = 1;
const ALG: i64 = 3;
const CRV: i64 = -1;
const X: i64 = -2;
const Y: i64 = -3;

/// The y coordinates of the points of Ed25519 of small order, in its byte order: with such a key everything is signed. Two are written in a
/// second way, over the prime of the field (RFC 8032 §5.1.3).
const SMALL_ORDER: [[u8; 32]; 7] = {
    let mut points = [[0; 32]; 7];
    points[1][0] = 1;
    points[2] = [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5,
        0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
    ];
    points[3] = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    let mut at = 4;
    while at < 7 {
        points[at] = [0xff; 32];
        points[at][31] = 0x7f;
        points[at][0] = 0xe8 + at as u8;
        at += 1;
    }
    points
};

/// A public key that can verify.
#[derive(Debug)]
pub(super) struct PublicKey {
    algorithm: i64,
    key: ParsedPublicKey,
}

impl PublicKey {
    /// Reads the COSE key that `bytes` begin with, and returns it with how many bytes it takes.
    ///
    /// # Errors
    /// [`PasskeyError::Cbor`], [`PasskeyError::KeyMembers`], [`PasskeyError::KeyPoint`].
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, usize), PasskeyError> {
        let (members, length) = cbor::map(bytes)?;
        let int = |name| match members.get(Key::Int(name)) {
            Some(Value::Int(value)) => Some(*value),
            _ => None,
        };
        // Key type 1 is OKP with curve 6, Ed25519; type 2 is EC2 with curve 1, P-256 (RFC 9053 §7.1).
        let key = match (members.len(), int(KTY), int(ALG), int(CRV)) {
            (5, Some(2), Some(ES256), Some(1)) => {
                let (x, y) = (coordinate(&members, X)?, coordinate(&members, Y)?);
                // An uncompressed point (SEC 1 §2.3.3).
                let point = [&[4], x, y].concat();
                let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point);
                Self { algorithm: ES256, key: key.map_err(|_| PasskeyError::KeyPoint)? }
            }
            (4, Some(1), Some(EDDSA), Some(6)) => {
                let point = coordinate(&members, X)?;
                if is_of_small_order(point) {
                    return Err(PasskeyError::KeyPoint);
                }
                let key = ParsedPublicKey::new(&ED25519, point);
                Self { algorithm: EDDSA, key: key.map_err(|_| PasskeyError::KeyPoint)? }
            }
            _ => return Err(PasskeyError::KeyMembers),
        };
        Ok((key, length))
    }

    pub(super) fn algorithm(&self) -> i64 {
        self.algorithm
    }

    /// Verifies a signature: of ES256 in ASN.1 (§6.5.5), of EdDSA 64 bytes.
    ///
    /// # Errors
    /// [`PasskeyError::Signature`].
    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), PasskeyError> {
        self.key.verify_sig(message, signature).map_err(|_| PasskeyError::Signature)
    }
}

fn coordinate<'b>(members: &Map<'b>, name: i64) -> Result<&'b [u8], PasskeyError> {
    match members.get(Key::Int(name)) {
        Some(Value::Bytes(bytes)) if bytes.len() == 32 => Ok(bytes),
        _ => Err(PasskeyError::KeyMembers),
    }
}

/// The highest bit is the sign of x.
fn is_of_small_order(point: &[u8]) -> bool {
    let mut y = point.to_vec();
    if let Some(last) = y.last_mut() {
        *last &= 0x7f;
    }
    SMALL_ORDER.iter().any(|small| *small == *y)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::passkey::testing::{Signer, cbor_bytes, cbor_int, cbor_map};

    fn ec2(x: &[u8], y: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let int = |name, value| (cbor_int(name), cbor_int(value));
        let bytes = |name, value: &[u8]| (cbor_int(name), cbor_bytes(value));
        vec![int(1, 2), int(3, -7), int(-1, 1), bytes(-2, x), bytes(-3, y)]
    }

    fn okp(x: &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let int = |name, value| (cbor_int(name), cbor_int(value));
        vec![int(1, 1), int(3, -8), int(-1, 6), (cbor_int(-2), cbor_bytes(x))]
    }

    fn read(members: &[(Vec<u8>, Vec<u8>)]) -> Result<i64, PasskeyError> {
        PublicKey::read(&cbor_map(members)).map(|(key, _)| key.algorithm())
    }

    #[test]
    fn both_kinds_of_keys_verify_their_own_signatures_and_no_others() {
        for signer in [Signer::es256(), Signer::eddsa()] {
            let cose = signer.cose_key();
            let longer = [&cose[..], b"more"].concat();
            let (key, length) = PublicKey::read(&longer).unwrap();
            assert_eq!((length, key.algorithm()), (cose.len(), signer.algorithm()));
            let signature = signer.sign(b"message");
            assert_eq!(key.verify(b"message", &signature), Ok(()));
            assert_eq!(key.verify(b"another", &signature), Err(PasskeyError::Signature));
            let other = if signer.algorithm() == ES256 { Signer::es256() } else { Signer::eddsa() };
            assert_eq!(key.verify(b"message", &other.sign(b"message")), Err(PasskeyError::Signature));
            for bad in [&[][..], &signature[1..], &[&signature[..], &[0]].concat(), &[0; 64], &[0x30, 0]] {
                assert_eq!(key.verify(b"message", bad), Err(PasskeyError::Signature));
            }
        }
    }

    #[test]
    fn a_key_has_exactly_the_members_of_its_kind() {
        let point = Signer::es256().point();
        let (x, y) = (&point[1..33], &point[33..]);
        let good = ec2(x, y);
        assert_eq!(read(&good), Ok(-7));
        for missing in 0..good.len() {
            let mut members = good.clone();
            members.remove(missing);
            assert_eq!(read(&members), Err(PasskeyError::KeyMembers), "{missing}");
        }
        for (at, value) in [
            (0, cbor_int(1)),
            (0, cbor_int(3)),
            (1, cbor_int(-8)),
            (1, cbor_int(-257)),
            (1, cbor_int(-35)),
            (2, cbor_int(2)),
            (2, cbor_int(8)),
            (3, cbor_bytes(&x[1..])),
            (3, cbor_bytes(&[x, &[0]].concat())),
            (4, cbor_int(1)),
            // A compressed point: its y is the sign.
            (4, vec![0xf5]),
        ] {
            let mut members = good.clone();
            members[at].1 = value;
            assert_eq!(read(&members), Err(PasskeyError::KeyMembers), "{at}");
        }
        let more = [good.clone(), vec![(cbor_int(2), cbor_bytes(b"kid"))]].concat();
        assert_eq!(read(&more), Err(PasskeyError::KeyMembers));
        let more = [okp(&[9; 32]), vec![(cbor_int(-3), cbor_bytes(&[9; 32]))]].concat();
        assert_eq!(read(&more), Err(PasskeyError::KeyMembers));
        let twice = [good.clone(), vec![good[3].clone()]].concat();
        assert!(matches!(read(&twice), Err(PasskeyError::Cbor(_))));
    }

    #[test]
    fn a_point_that_is_not_on_p_256_is_refused() {
        let point = Signer::es256().point();
        let (x, y) = (&point[1..33], &point[33..]);
        let mut off = y.to_vec();
        off[31] ^= 1;
        for (x, y) in [(x, &off[..]), (y, x), (&[0; 32], &[0; 32]), (&[0xff; 32], y)] {
            assert_eq!(read(&ec2(x, y)), Err(PasskeyError::KeyPoint));
        }
    }

    #[test]
    fn a_point_of_ed25519_that_signs_everything_or_nothing_logs_nobody_in() {
        for small in SMALL_ORDER {
            for sign in [0, 0x80] {
                let mut point = small;
                point[31] |= sign;
                assert_eq!(read(&okp(&point)), Err(PasskeyError::KeyPoint), "{point:x?}");
            }
        }
        // y = 2 is on no point: whatever is signed, it is not by this key.
        let mut off = [0; 32];
        off[0] = 2;
        if let Ok((key, _)) = PublicKey::read(&cbor_map(&okp(&off))) {
            assert_eq!(
                key.verify(b"message", &Signer::eddsa().sign(b"message")),
                Err(PasskeyError::Signature)
            );
        }
    }
}
