//! Why a proof is refused (RFC 9449 §4.3), in words that hold nothing of it.

use std::fmt;

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// No `DPoP` header.
    Missing,
    /// More than one proof.
    Several,
    /// Longer than 8 KiB.
    TooLong,
    /// Not three parts of base64url around two strict JSON objects.
    Shape,
    /// A header parameter that changes what the other parts mean: `crit`, `b64`, `zip`, `enc`.
    Header,
    /// `typ` is not `dpop+jwt`.
    Type,
    /// `alg` is missing, or is not an asymmetric one that is accepted here.
    Algorithm,
    /// No `jwk` in the header.
    NoKey,
    /// `jwk` is a private or symmetric key.
    PrivateKey,
    /// `jwk` is not a usable key for `alg`.
    Key,
    /// `jwk` is not the key that the token is bound to (`cnf.jkt`).
    OtherKey,
    /// The signature is not one of `jwk`.
    Signature,
    /// A claim is missing.
    MissingClaim(&'static str),
    /// A claim has another shape than it should.
    Claim(&'static str),
    /// `htm` is not the method of the request.
    Method,
    /// `htu` is not the URL of this server.
    Uri,
    /// `iat` is more than five minutes ago.
    Old,
    /// `iat` is more than five minutes ahead, or `nbf` is.
    Early,
    /// `exp` has passed.
    Expired,
    /// `ath` is not the hash of the token.
    Token,
    /// No `nonce`.
    NoNonce,
    /// `nonce` is not one that this server gave in this slot of time or the last.
    OtherNonce,
    /// It was used before.
    Used,
}

impl ProofError {
    /// What the client may read: `error_description` of a challenge.
    pub fn description(self) -> &'static str {
        match self {
            Self::Missing => "the request has no DPoP header",
            Self::Several => "the request has more than one DPoP proof",
            Self::TooLong => "the DPoP proof is too long",
            Self::Shape => "the DPoP proof is not a compact JWS",
            Self::Header => "the header of the DPoP proof has a parameter that is not supported",
            Self::Type => "the typ of the DPoP proof is not dpop+jwt",
            Self::Algorithm => "the alg of the DPoP proof is not accepted",
            Self::NoKey => "the DPoP proof has no jwk",
            Self::PrivateKey => "the jwk of the DPoP proof is not a public key",
            Self::Key => "the jwk of the DPoP proof is not a usable key for its alg",
            Self::OtherKey => "the DPoP proof is made with another key than the token is bound to",
            Self::Signature => "the signature of the DPoP proof is wrong",
            Self::MissingClaim("jti") => "the DPoP proof lacks jti",
            Self::MissingClaim("htm") => "the DPoP proof lacks htm",
            Self::MissingClaim("htu") => "the DPoP proof lacks htu",
            Self::MissingClaim("iat") => "the DPoP proof lacks iat",
            Self::MissingClaim("ath") => "the DPoP proof lacks ath",
            Self::MissingClaim(_) => "the DPoP proof lacks a claim",
            Self::Claim(_) => "a claim of the DPoP proof is malformed",
            Self::Method => "the htm of the DPoP proof is not the method of the request",
            Self::Uri => "the htu of the DPoP proof is not the URL of this server",
            Self::Old => "the iat of the DPoP proof is more than 5 minutes ago",
            Self::Early => {
                "the DPoP proof is not valid yet: check the clocks of the client and of this server"
            }
            Self::Expired => "the exp of the DPoP proof has passed",
            Self::Token => "the ath of the DPoP proof is not the hash of the token",
            Self::NoNonce => "the DPoP proof needs a nonce of this server",
            Self::OtherNonce => "the nonce of the DPoP proof is not one of this server, or is too old",
            Self::Used => "the DPoP proof was used before",
        }
    }

    /// Whether the same client may send a good one with a nonce that it is told (`use_dpop_nonce`, RFC 9449 §9).
    pub fn needs_nonce(self) -> bool {
        matches!(self, Self::NoNonce | Self::OtherNonce)
    }

    /// One of each kind, for tests that walk all of them.
    pub(in crate::authn) fn one_of_each() -> Vec<Self> {
        vec![
            Self::Missing,
            Self::Several,
            Self::TooLong,
            Self::Shape,
            Self::Header,
            Self::Type,
            Self::Algorithm,
            Self::NoKey,
            Self::PrivateKey,
            Self::Key,
            Self::OtherKey,
            Self::Signature,
            Self::MissingClaim("jti"),
            Self::MissingClaim("htm"),
            Self::MissingClaim("htu"),
            Self::MissingClaim("iat"),
            Self::MissingClaim("ath"),
            Self::Claim("jti"),
            Self::Method,
            Self::Uri,
            Self::Old,
            Self::Early,
            Self::Expired,
            Self::Token,
            Self::NoNonce,
            Self::OtherNonce,
            Self::Used,
        ]
    }
}

impl fmt::Display for ProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Claim(claim) => write!(f, "claim `{claim}` of the DPoP proof is malformed"),
            other => f.write_str(other.description()),
        }
    }
}

impl std::error::Error for ProofError {}
