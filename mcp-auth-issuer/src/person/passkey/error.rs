//! Why an answer of an authenticator is refused. The log says it; the person does not learn more than that it did not work.

/// What is wrong with an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasskeyError {
    #[error("the answer of the page is not what its script writes")]
    Answer,
    #[error("clientDataJSON is not one JSON object with a single reading, or is too long")]
    ClientData,
    #[error("clientDataJSON is of another ceremony than {0:?}")]
    Ceremony(&'static str),
    #[error("clientDataJSON has another challenge than the page")]
    Challenge,
    #[error("clientDataJSON is of another origin")]
    Origin,
    #[error("the page was in a frame of another site")]
    Framed,
    #[error("authenticator data breaks off, or has bytes left over")]
    Length,
    #[error("authenticator data is for another host")]
    RelyingPartyId,
    #[error("the authenticator did not notice a person (UP)")]
    NobodyPresent,
    #[error("the authenticator did not verify its person (UV)")]
    NotVerified,
    #[error("authenticator data says that the passkey is backed up and that it cannot be (BS without BE)")]
    BackedUp,
    #[error("authenticator data holds no new credential (AT), or holds one where none belongs")]
    AttestedCredential,
    #[error("extension outputs are not a map (ED)")]
    Extensions,
    #[error("the credential identifier has {0} bytes, not 16 to 1023")]
    IdentifierLength(usize),
    #[error("the answer is about another credential than its authenticator data")]
    OtherIdentifier,
    #[error("CBOR: {0}")]
    Cbor(&'static str),
    #[error("the public key is not exactly one of ES256 on P-256 or EdDSA on Ed25519")]
    KeyMembers,
    #[error("the public key is not a point that can sign")]
    KeyPoint,
    #[error("the attestation object does not have exactly fmt, attStmt and authData")]
    AttestationObject,
    #[error("the attestation statement is not one of its format")]
    AttestationStatement,
    #[error("attestation by certificates is neither asked for nor taken")]
    AttestationCertificates,
    #[error("attestation format {0:?} is not taken: only \"none\", and \"packed\" by the passkey itself")]
    AttestationFormat(String),
    #[error("the signature is wrong")]
    Signature,
    #[error(
        "the passkey says of itself that it can be backed up, and said otherwise when it was made, or the other way round (BE)"
    )]
    BackupEligible,
    #[error("its signature counter is {said}, and was {kept} before: there may be a copy of the passkey")]
    Counter { said: u32, kept: u32 },
    #[error("the answer names another person, or nobody where the page did not name one")]
    UserHandle,
}
