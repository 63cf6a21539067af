//! Client authentication by an assertion that a key of the client signs (`private_key_jwt`: RFC 7523 §2.2 and §3, OpenID Connect Core §9,
//! draft-ietf-oauth-rfc7523bis).

use std::net::IpAddr;
use std::sync::Arc;

use mcp_auth_runtime::facade::{MalformedJwt, PublicKeys, SignatureError, UnverifiedJwt};
use mcp_auth_store::{Client, ClientCredential, SecretHash, StoreError};

use crate::issuer::{ClientError, Issuer};
use crate::key::{ForeignClaims, InvalidClaim};
use crate::rate_limit::{RateLimit, TooSoon};

/// The value of `client_assertion_type` (RFC 7523 §2.2).
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What the store counts assertions of strangers under, and those of one client with its identifier behind it.
const COUNTER: &str = "issuer-client-assertions";
/// The longest assertion, in bytes.
const LONGEST: usize = 8 * 1024;
/// How far away `exp` may be, in seconds: programs write five minutes, and clocks differ. What was used is remembered so long.
const LONGEST_LIFE: u64 = 10 * 60;
/// The media types that an assertion may have: none, any JWT, or the one that is for this alone (rfc7523bis). A JWT for something else is
/// not taken for an assertion (RFC 8725 §3.11).
const TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];

/// The assertion of a request.
pub(crate) struct Presented<'a> {
    pub(crate) kind: Option<&'a str>,
    pub(crate) assertion: Option<&'a str>,
    /// The `client_id` beside it, which may be left out.
    pub(crate) client_id: Option<&'a str>,
    pub(crate) strangers: Strangers,
    /// Where the request comes from, if it is known.
    pub(crate) from: Option<IpAddr>,
}

/// Whether a client that describes itself is looked for at its URL where nobody ever allowed it anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strangers {
    /// It has nothing to present here, so nothing is fetched for it.
    Unknown,
    /// It begins here, as at the authorization endpoint. Who calls this counted the request before.
    LookedFor,
}

/// The key that a client authenticated by.
pub(crate) struct ClientKey {
    /// Its thumbprint (RFC 7638).
    pub(crate) thumbprint: String,
    /// All keys of the client.
    pub(crate) keys: Arc<PublicKeys>,
}

/// Why an assertion authenticates nobody. Shows nothing of the assertion.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefusedAssertion {
    #[error("client_assertion and client_assertion_type go together")]
    Half,
    #[error("client_assertion_type is not jwt-bearer")]
    Kind,
    #[error("client_assertion: {0}")]
    Malformed(#[from] MalformedJwt),
    #[error("client_assertion is a JWT of another type")]
    Type,
    #[error("client_assertion: {0}")]
    Claim(#[from] InvalidClaim),
    #[error("iss, sub and client_id of client_assertion differ")]
    OtherClient,
    #[error("client_id is unknown")]
    UnknownClient,
    #[error("the client does not authenticate by a key")]
    NoKeys,
    #[error("client_assertion: {0}")]
    Signature(#[from] SignatureError),
    #[error("client_assertion was used before")]
    Replayed,
}

/// Why a client is not authenticated by an assertion.
pub(crate) enum Failed {
    Refused(RefusedAssertion),
    /// It authenticates too often.
    TooOften {
        /// After so many seconds it can again.
        retry_after: u64,
    },
    /// Its document or its keys cannot be had, or the store is down.
    Client(ClientError),
}

impl<E: Into<RefusedAssertion>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

impl From<ClientError> for Failed {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Client(error.into())
    }
}

/// The client that an assertion names, whether it is good or not.
pub(crate) fn named_by(assertion: &str) -> Option<String> {
    let jwt = UnverifiedJwt::parse(assertion, LONGEST).ok()?;
    Some(ForeignClaims(jwt.unverified_claims()).text("sub").ok()?.to_owned())
}

impl Presented<'_> {
    /// The client that made this assertion, and the key that signed it. Each is good once.
    ///
    /// `aud` is our issuer identifier and nothing else. RFC 7523 §3 allowed the URL of the token endpoint too; rfc7523bis forbids it, because
    /// another authorization server can name our endpoint as its own, and would be sent assertions that are good here.
    ///
    /// # Errors
    /// [`Failed`]. Nothing is fetched for an assertion that its own claims refuse.
    pub(crate) async fn authenticate(&self, issuer: &Issuer) -> Result<(Client, ClientKey), Failed> {
        let (Some(kind), Some(assertion)) = (self.kind, self.assertion) else {
            return Err(RefusedAssertion::Half.into());
        };
        if kind != TYPE {
            return Err(RefusedAssertion::Kind.into());
        }
        let jwt = UnverifiedJwt::parse(assertion, LONGEST)?;
        if jwt.typ().is_some_and(|typ| !TYPES.contains(&&*typ)) {
            return Err(RefusedAssertion::Type.into());
        }
        let claims = ForeignClaims(jwt.unverified_claims());
        let id = claims.text("sub")?.to_owned();
        if claims.text("iss")? != id || self.client_id.is_some_and(|beside| beside != id) {
            return Err(RefusedAssertion::OtherClient.into());
        }
        claims.is_for_only(issuer.origin.as_str())?;
        let now = issuer.now();
        let until = claims.end(now, LONGEST_LIFE)?;
        let once = SecretHash::of(&serde_json::json!(["client assertion", id, claims.id()?]).to_string());

        let client = match self.strangers {
            Strangers::Unknown => issuer.known_client(&id).await?,
            Strangers::LookedFor => issuer.client_from(self.from, &id).await?,
        };
        let client = client.ok_or(RefusedAssertion::UnknownClient)?;
        let ClientCredential::Keys(keys) = &client.credential else {
            return Err(RefusedAssertion::NoKeys.into());
        };
        let keys = issuer.keys_of(&client, keys, jwt.kid(), self.from).await?;
        let verified = keys.verify(jwt)?;
        // Last: what nobody signed uses nothing up, and counts for nobody.
        count(issuer, &id).await?;
        if !issuer.store.spent().spend(once, until, now).await? {
            return Err(RefusedAssertion::Replayed.into());
        }
        Ok((client, ClientKey { thumbprint: verified.key, keys }))
    }
}

/// Counts one assertion of a client that the operator did not name: it signs as many as it likes, and each that was used is remembered. Of a client
/// that somebody allowed something under its name alone, so that strangers use up nothing of it.
async fn count(issuer: &Issuer, id: &str) -> Result<(), Failed> {
    if issuer.is_named(id) {
        return Ok(());
    }
    let (rates, own) = (&issuer.client_assertions, format!("{COUNTER} {id}"));
    let limit = match issuer.is_known(id).await? {
        true => RateLimit::of(own, rates.of_a_client),
        false => RateLimit::of(own, rates.of_a_stranger).and(RateLimit::of(COUNTER, rates.of_strangers)),
    };
    let counted = limit.count(&issuer.store, issuer.now()).await?;
    counted.map_err(|TooSoon { retry_after }| Failed::TooOften { retry_after })
}
