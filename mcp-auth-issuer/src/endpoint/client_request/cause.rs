//! By what a request of a client is refused, cause by cause: the words are for the log, and what the client may know is said beside them.

use crate::assertion::NotOfProfile;

/// Why a client is not authenticated (`invalid_client`, RFC 6749 §5.2). The client is told none of it: who guesses would learn from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAuthenticated {
    #[error("client_id is missing")]
    NoClientId,
    #[error("client_id is unknown")]
    Unknown,
    #[error("client_id differs from the Authorization header's")]
    OtherClientId,
    #[error("authenticates in two ways")]
    TwoWays,
    #[error("two Authorization headers")]
    TwoHeaders,
    #[error("the Authorization header is not a Basic credential")]
    NotBasic,
    #[error("a public client sent a secret")]
    PublicWithSecret,
    #[error("client_secret is wrong")]
    WrongSecret,
    #[error("client_secret is missing")]
    NoSecret,
    #[error("the client authenticates by a key")]
    NeedsKey,
    #[error("the client has to authenticate")]
    NeedsCredential,
    #[error("authenticates beside the assertion of a workload")]
    BesideWorkload,
}

/// Why what was granted cannot be used (`invalid_grant`, RFC 6749 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidGrant {
    #[error("the code is unknown or long expired")]
    UnknownCode,
    #[error("the code was issued to another client")]
    CodeOfOtherClient,
    #[error("the code has expired")]
    CodeExpired,
    #[error("the client no longer lists the redirect URI that the code was sent to")]
    RedirectUriNotListed,
    #[error("redirect_uri is not the authorization request's")]
    OtherRedirectUri,
    #[error("code_verifier is missing")]
    NoVerifier,
    #[error("code_verifier is not 43 to 128 unreserved characters")]
    MalformedVerifier,
    #[error("code_verifier does not fit the code_challenge")]
    OtherVerifier,
    #[error("the device code is unknown, or was used before")]
    UnknownDeviceCode,
    #[error("the device code was issued to another client")]
    DeviceCodeOfOtherClient,
    #[error("not a refresh token of this issuer")]
    MalformedRefreshToken,
    #[error("the refresh token is unknown, expired or revoked")]
    UnknownRefreshToken,
    #[error("the refresh token was issued to another client")]
    RefreshTokenOfOtherClient,
    #[error("the access token was issued to another client")]
    AccessTokenOfOtherClient,
    #[error("it was granted for another resource than this server")]
    OtherResource,
    #[error("the proof is by another key than the grant is bound to")]
    OtherKey,
    #[error("denied by auth.deny")]
    Denied,
    #[error("the document of the client took the grant back")]
    TakenBack,
    #[error("{0}: the grant is dead")]
    Over(#[from] Over),
    /// Found when the first tokens were made already.
    #[error("the login of its person does not count any more")]
    LoginEnded,
    #[error("its client was removed")]
    ClientRemoved,
    #[error("the assertion is not a signed JWT")]
    MalformedAssertion,
    #[error("the assertion is of an issuer that is not trusted")]
    UntrustedIssuer,
    #[error("client_id is not the name of the workload")]
    OtherWorkload,
    #[error("the assertion is bound to a key, and there is no proof of it")]
    UnprovenAssertion,
    #[error("the assertion is bound in a way that cannot be proven here")]
    UnprovableAssertion,
    #[error("the proof is by another key than the assertion is bound to")]
    AssertionOfOtherKey,
    #[error(transparent)]
    NotOfProfile(#[from] NotOfProfile),
}

/// Why a grant is not as good as on the first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Over {
    #[error("its person can no longer log in")]
    Person,
    /// The provider, or who is let in, as the login says.
    #[error("its person has to log in again: {0}")]
    Login(&'static str),
    #[error("denied by auth.deny")]
    Denied,
    #[error("the grant is older than it may be")]
    Age,
    /// After a change of the public URL its access tokens would be refused everywhere.
    #[error("the grant is for another resource than this server")]
    Resource,
    #[error("the client no longer lists the redirect URI of the grant")]
    RedirectUri,
    #[error("the client no longer authenticates by the key of the grant")]
    ClientKey,
}

/// What was used before, so it may have been stolen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Replayed {
    #[error("the code was used before: its tokens are dead")]
    Code,
    #[error("an old refresh token was used: its family is dead")]
    RefreshToken,
    #[error("the assertion was used before")]
    Assertion,
}

/// Why a subject token cannot be exchanged (RFC 8693 §2.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidSubjectToken {
    #[error("not an access token of this issuer")]
    NotOurs,
    #[error("of another issuer")]
    OtherIssuer,
    #[error("for another server")]
    OtherAudience,
    #[error("expired")]
    Expired,
    #[error("denied by auth.deny")]
    Denied,
    #[error("revoked")]
    Revoked,
    #[error("issued to a client that is not listed in exchange_from")]
    OfOtherClient,
    #[error("what another client got for itself")]
    OfOtherProgram,
    #[error("its may_act names another actor")]
    OtherActor,
    #[error("its act is not an object")]
    MalformedActor,
    #[error("too many actors")]
    TooManyActors,
    #[error("bound in a way that cannot be proven here")]
    Unprovable,
    #[error("the proof is by another key than it is bound to")]
    OtherKey,
}

/// A token exchange that is not offered (RFC 8693 §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidExchange {
    #[error("subject_token_type must be urn:ietf:params:oauth:token-type:access_token, or that of a jwt")]
    SubjectTokenType,
    #[error("requested_token_type must be urn:ietf:params:oauth:token-type:access_token")]
    RequestedTokenType,
    /// The client that authenticates is the actor. A second one would have to be checked, and is not.
    #[error("actor_token is not supported: the client that asks is the actor")]
    ActorToken,
}

impl InvalidGrant {
    /// What the client is told. It has authenticated, so of its own code and its own request it may know what is wrong; whether something of
    /// others exists it may not.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::NoVerifier | Self::MalformedVerifier | Self::OtherVerifier => {
                "code_verifier must be sent, 43 to 128 characters long, and be the one that code_challenge was made of (RFC 7636)"
            }
            Self::OtherRedirectUri | Self::RedirectUriNotListed => {
                "redirect_uri must be that of the authorization request, and one that the client lists still"
            }
            Self::CodeExpired => "the code has expired; start again",
            Self::OtherKey => "the DPoP proof must be by the key that this was granted to",
            Self::Over(_) | Self::LoginEnded | Self::ClientRemoved | Self::TakenBack => {
                "the grant has ended; start again"
            }
            Self::MalformedAssertion
            | Self::UntrustedIssuer
            | Self::OtherWorkload
            | Self::UnprovenAssertion
            | Self::UnprovableAssertion
            | Self::AssertionOfOtherKey
            | Self::NotOfProfile(_) => BAD_ASSERTION,
            Self::UnknownCode
            | Self::CodeOfOtherClient
            | Self::UnknownDeviceCode
            | Self::DeviceCodeOfOtherClient
            | Self::MalformedRefreshToken
            | Self::UnknownRefreshToken
            | Self::RefreshTokenOfOtherClient
            | Self::AccessTokenOfOtherClient
            | Self::OtherResource
            | Self::Denied => UNKNOWN,
        }
    }
}

impl Replayed {
    /// What the client is told.
    pub(super) fn description(self) -> &'static str {
        match self {
            Self::Code | Self::RefreshToken => UNKNOWN,
            Self::Assertion => BAD_ASSERTION,
        }
    }
}

/// One text for what does not exist, is over, and is of others.
const UNKNOWN: &str =
    "what was granted is unknown, expired, used, revoked, or of another client; start again";

/// Of an assertion that is not good.
pub(super) const BAD_ASSERTION: &str =
    "the assertion is invalid, expired, used before, or not for this server, its resource and this client";
