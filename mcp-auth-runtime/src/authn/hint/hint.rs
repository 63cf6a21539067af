//! One sentence, and the sign by which its refusal is known.

use super::aud::Aud;
use super::glimpse::{Glimpse, Kind};
use super::pattern::looks_like;
use crate::authn::error::TokenError;

/// What one kind of refusal most often means at a provider.
#[derive(Debug)]
pub(crate) struct Hint {
    /// How the refusal is known.
    pub(crate) when: Sign,
    /// What it means, and what helps: a whole sentence, or two.
    pub(crate) says: &'static str,
}

/// How a refusal is known: by its reason, and by what can be seen of the credential.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sign {
    /// It is encrypted: five parts (RFC 7516 §7.1).
    Encrypted,
    /// It is not a JWT, and no issuer is asked about it.
    Opaque,
    /// The same, and it begins with one of these: whose it is can be seen.
    Begins(&'static [&'static str]),
    /// It is a JWT of an issuer that signs none, or an ID token.
    IdToken,
    /// Its `typ` is not that of an access token: it is this one.
    Type(&'static str),
    /// It is signed with this.
    Algorithm(&'static str),
    /// Its `iss` is not configured, and looks like this.
    Issuer(&'static str),
    /// `aud` is such a one, and not accepted.
    Audience(Aud),
    /// This claim is absent.
    Missing(&'static str),
    /// This claim does not say what `require_claims` asks for.
    Required(&'static str),
    /// This claim says what `refuse_claims` names.
    Refused(&'static str),
    /// It lives too long.
    LivesTooLong,
    /// Its issuer was asked, and says that it is not active.
    Inactive,
}

impl Sign {
    /// Whether a credential that was refused for `error` shows this sign.
    pub(super) fn is_shown(self, error: &TokenError, seen: &Glimpse<'_>) -> bool {
        use TokenError::{Malformed, Unclaimed};
        let unread = matches!(error, Malformed(_) | Unclaimed);
        match self {
            Self::Encrypted => unread && seen.kind == Kind::Encrypted,
            Self::Opaque => unread && seen.kind == Kind::Opaque,
            Self::Begins(starts) => {
                unread && seen.kind == Kind::Opaque && starts.iter().any(|start| seen.begins(start))
            }
            Self::IdToken => match error {
                TokenError::IdToken => true,
                Unclaimed => seen.kind == Kind::Jwt,
                _ => false,
            },
            Self::Type(typ) => {
                let is_it = |seen: &str| seen.eq_ignore_ascii_case(typ);
                matches!(error, TokenError::Type(_)) && seen.header("typ").is_some_and(is_it)
            }
            Self::Algorithm(alg) => matches!(error, TokenError::Algorithm) && seen.header("alg") == Some(alg),
            Self::Issuer(pattern) => {
                matches!(error, TokenError::UnknownIssuer(_))
                    && seen.issuer().is_some_and(|iss| looks_like(pattern, iss))
            }
            Self::Audience(aud) => match error {
                TokenError::MissingClaim("aud") => aud.means(None),
                TokenError::Audience(_) => seen.audience_is(aud),
                _ => false,
            },
            Self::Missing(claim) => matches!(error, TokenError::MissingClaim(absent) if *absent == claim),
            Self::Required(claim) => {
                matches!(error, TokenError::RequiredClaim { claim: failing } if failing == claim)
            }
            Self::Refused(claim) => {
                matches!(error, TokenError::RefusedClaim { claim: failing } if failing == claim)
            }
            Self::LivesTooLong => matches!(error, TokenError::LivesTooLong { .. }),
            Self::Inactive => matches!(error, TokenError::Inactive),
        }
    }

    /// Whether the sign itself says which provider is meant.
    pub(super) fn is_telling(self) -> bool {
        match self {
            Self::Begins(_) | Self::Issuer(_) => true,
            // `JWT` is everyone's.
            Self::Type(typ) => typ.contains('/'),
            _ => false,
        }
    }
}
