//! What of a server refuses a message, in a word of the audit: where its reader has to look.

use super::rejection::Rejection;

impl Rejection {
    /// What refuses it.
    pub(crate) fn refused_by(&self) -> &'static str {
        match self {
            Self::InvalidToken { .. } | Self::InvalidProof { .. } | Self::MalformedAuthorization { .. } => {
                CREDENTIAL
            }
            Self::Unauthenticated { .. }
            | Self::InsufficientScope { .. }
            | Self::MissingScope { .. }
            | Self::InsufficientLogin { .. }
            | Self::NoPerson { .. }
            | Self::MissingRole { .. }
            | Self::UnfitClaims(_)
            | Self::Unfit { .. }
            | Self::Unknown { .. }
            | Self::UnknownMethod { .. } => RULE,
            Self::Refused { .. } => GUARD,
            Self::Forbidden { .. } => METHOD,
            Self::UnknownSession => "session",
            Self::BodyTooLarge { .. }
            | Self::TooLargeUnverified { .. }
            | Self::BodyTimeout
            | Self::Crowded(_)
            | Self::HeadTooLong { .. }
            | Self::TooManyHeaders { .. }
            | Self::TargetTooLong => LIMIT,
            Self::KeysUnavailable { .. } | Self::StoreUnavailable => OUTAGE,
            Self::BadMessage { .. }
            | Self::TasksNotDeclared
            | Self::HeaderMismatch(_)
            | Self::MethodNotAllowed { .. }
            | Self::BodyBroken
            | Self::ContentEncoding
            | Self::ContentType
            | Self::NotAcceptable { .. }
            | Self::BadHost { .. }
            | Self::HostNotAllowed { .. }
            | Self::OriginNotAllowed { .. }
            | Self::IssuerOutOfReach { .. }
            | Self::BadFraming { .. }
            | Self::TransferCoding
            | Self::NothingHere { .. } => MESSAGE,
            Self::NoPermit | Self::Internal => "fault",
        }
    }
}

/// A token or key that does not verify. Nobody is known by it.
pub(crate) const CREDENTIAL: &str = "credential";
/// What the operation needs, and its caller does not have.
pub(crate) const RULE: &str = "rule";
/// The server's own guard.
pub(crate) const GUARD: &str = "guard";
/// The person who was asked to confirm the call.
pub(crate) const PERSON: &str = "person";
/// The message, which is malformed, or brings back what is not its own.
pub(crate) const MESSAGE: &str = "message";
/// Something that the server needs and that does not answer.
pub(crate) const OUTAGE: &str = "outage";
/// The method itself, or one of its arguments.
pub(crate) const METHOD: &str = "method";
/// A setting of `[limits]`.
pub(crate) const LIMIT: &str = "limit";
