//! How the configuration writes a signature algorithm: its `alg` name (RFC 7518 §3.1, RFC 8037 §3.1).

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{ValueError, not_one_of, read_text, schema};
use crate::authn::{Algorithm, RefusedAlgorithm};

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = read_text(from, "an algorithm such as \"RS256\"")?;
        text.parse().map_err(|refused| serde::de::Error::custom(why(&text, refused)))
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

schema!(Algorithm, { "type": "string", "enum": names() });

/// Every name that is read: Ed25519 has two (RFC 9864).
fn names() -> Vec<&'static str> {
    Algorithm::ALL.map(Algorithm::name).into_iter().chain(["Ed25519"]).collect()
}

fn why(text: &str, refused: RefusedAlgorithm) -> ValueError {
    match refused {
        RefusedAlgorithm::Unsigned => {
            ValueError::refused(text, "a token without a signature proves nothing (RFC 8725 section 3.2)")
        }
        RefusedAlgorithm::Symmetric => {
            let why = "with a shared secret, everyone who verifies tokens can also make them; use one of the issuer's \
                       asymmetric algorithms, such as \"RS256\" or \"ES256\"";
            ValueError::refused(text, why)
        }
        RefusedAlgorithm::Unknown => not_one_of(text, &names()),
    }
}
