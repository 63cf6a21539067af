//! RSA moduli of the ROCA kind (CVE-2017-15361), whose private key can be computed from the public one.

/// The odd primes up to 167: what the published test looks at.
const PRIMES: [u32; 38] = [
    3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103,
    107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/// Whether `n`, big-endian, is of that kind: a power of 65537 modulo every small prime (Nemec et al., "The Return
/// of Coppersmith's Attack", 2017, §3). One other modulus in over a hundred million looks the same.
pub(super) fn is_roca(n: &[u8]) -> bool {
    PRIMES.iter().all(|&prime| {
        let residue = n.iter().fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        loop {
            if power == residue {
                return true;
            }
            power = power * 65537 % prime;
            if power == 1 {
                return false;
            }
        }
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// 65537 to the `exponent`, big-endian: of the ROCA kind by construction.
    pub(in super::super) fn power(exponent: usize) -> Vec<u8> {
        let mut little = vec![1u8];
        for _ in 0..exponent {
            let shifted = [&[0, 0][..], &little].concat();
            let mut carry = 0;
            little.resize(shifted.len() + 1, 0);
            for (digit, other) in little.iter_mut().zip(shifted.into_iter().chain([0])) {
                let sum = u16::from(*digit) + u16::from(other) + carry;
                (*digit, carry) = (sum.to_le_bytes()[0], sum >> 8);
            }
            while little.last() == Some(&0) {
                little.pop();
            }
        }
        little.reverse();
        little
    }

    #[test]
    fn powers_of_65537_are_of_the_roca_kind_and_their_neighbours_are_not() {
        assert_eq!(power(2), [1, 0, 2, 0, 1]);
        for exponent in [1, 7, 64, 130] {
            let mut n = power(exponent);
            assert!(is_roca(&n), "{exponent}");
            let last = n.len() - 1;
            n[last] += 2;
            assert!(!is_roca(&n), "{exponent}");
        }
    }
}
