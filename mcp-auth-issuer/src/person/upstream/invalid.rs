//! Options with which nobody could log in, or not safely.

/// Options with which nobody could log in, or not safely.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidUpstream {
    /// Anybody on the way could be the provider.
    #[error("{0:?} is reached without encryption: give the provider's https URL (http only on loopback)")]
    NotEncrypted(String),
    /// Without it there is no ID token.
    #[error(
        "scopes have no openid, without which the provider says nothing of the person: add openid to scopes"
    )]
    NoOpenid,
    /// An empty identifier, for example.
    #[error("ID tokens cannot be verified with these settings: {0}")]
    Rules(String),
    /// A name that a path cannot hold.
    #[error("its name is {0:?}, and is 1 to 64 of A-Z a-z 0-9 _ -")]
    Name(String),
    /// It is the name of another one too.
    #[error("another provider has this name")]
    NameTaken,
    /// A claim that the issuer writes itself.
    #[error("claims: {0:?} is what the issuer writes into its tokens itself")]
    ReservedClaim(String),
    /// GitHub says nothing of how a person logged in.
    #[error("this provider says nothing of how a person logged in: remove acr_values")]
    NoAcr,
}
