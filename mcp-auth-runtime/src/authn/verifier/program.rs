//! A kind of credential of the program's own: it says what it found out, and what is made of that is made here.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use mcp_auth_core::ambient::Clock;
use mcp_auth_core::{RoleSet, ScopeSet, SecretText};
use serde_json::{Map, Value};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::claims::{ACR_CLAIM, AUTH_TIME_CLAIM, MAX_CLIENT_BYTES, MAX_SUBJECT_BYTES, identifier};
use super::jwt::bounds::TOKEN_CACHE_TTL;
use super::{Asking, Basis, Pace, Recheck, Verified, Verify, VerifyFuture};
use crate::authn::actor::Actor;
use crate::authn::binding_mode::Bindings;
use crate::authn::confirmation::Confirmation;
use crate::authn::error::TokenError;
use crate::authn::login::Login;
use crate::authn::principal::{Facts, Held, Via};

/// The longest that a program may take over one credential.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a program is asked again about the credential of who holds a stream open.
const AGAIN: Duration = Duration::from_secs(60);
/// What stands before the name of a verifier in the issuer of its callers.
pub(crate) const PROGRAM_ISSUER: &str = "urn:mcp-auth:verifier:";
/// When to come back where a program does not say.
const UNSTATED_RETRY: Duration = Duration::from_secs(5);

/// Verifies a kind of credential that is your program's own, such as the session of a web application beside it.
///
/// Give it to a server with [`verifier`](crate::facade::ServerBuilder::verifier), and name it in `auth.verifiers` of
/// `mcp.toml`. It says who presents a credential and what it holds. Everything after that is as for every other credential:
/// rules, challenges, audit, `[[auth.deny]]`.
///
/// # Example
/// ```
/// use mcp_auth_runtime::facade::{CredentialFacts, CredentialFuture, CredentialVerifier, RefusedCredential};
///
/// struct Sessions;
///
/// impl CredentialVerifier for Sessions {
///     fn claims_it(&self, presented: &str) -> bool {
///         presented.starts_with("sess_")
///     }
///
///     fn verify<'a>(&'a self, presented: &'a str) -> CredentialFuture<'a> {
///         Box::pin(async move {
///             match presented {
///                 "sess_of_ann" => Ok(CredentialFacts::new("ann").scopes("todos.read")),
///                 _ => Err(RefusedCredential::Invalid),
///             }
///         })
///     }
/// }
/// assert!(Sessions.claims_it("sess_1") && !Sessions.claims_it("eyJhbGciOiJFUzI1NiJ9.e30.AA"));
/// ```
pub trait CredentialVerifier: Send + Sync + 'static {
    /// Whether this credential is of the kind that this verifier judges. The first verifier that says yes is the only one that
    /// sees it: say yes to what is surely yours, such as a prefix. API keys of mcp-auth never come here; signed tokens do, if
    /// you say yes to them.
    fn claims_it(&self, presented: &str) -> bool;

    /// Says who presents the credential. It may take 10 seconds; after that it counts as unavailable. Asked again every minute
    /// while its bearer holds a stream open, which ends once the credential is [`RefusedCredential::Invalid`], is somebody else's
    /// or holds less.
    ///
    /// # Errors
    /// [`RefusedCredential`]: whether the credential is bad, or cannot be checked now.
    fn verify<'a>(&'a self, presented: &'a str) -> CredentialFuture<'a>;
}

/// The future of [`CredentialVerifier::verify`].
pub type CredentialFuture<'a> =
    Pin<Box<dyn Future<Output = Result<CredentialFacts, RefusedCredential>> + Send + 'a>>;

/// Why a program does not accept a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusedCredential {
    /// It is not good, or not any more: 401 `invalid_token`.
    Invalid,
    /// It cannot be checked now: 503.
    Unavailable {
        /// When to come back; without it, in 5 seconds.
        retry_after: Option<Duration>,
    },
}

/// What a program found out about a credential.
#[derive(Clone)]
pub struct CredentialFacts {
    subject: String,
    client_id: Option<String>,
    is_client: bool,
    scopes: ScopeSet,
    roles: Vec<String>,
    expires_at: Option<u64>,
    claims: Map<String, Value>,
    remembered_for: Duration,
}

impl CredentialFacts {
    /// A credential for `subject`, which holds nothing yet.
    ///
    /// - Shape: 1 to 255 bytes without control characters, unique within the verifier. Its issuer is
    ///   `urn:mcp-auth:verifier:` and the name of the verifier, so that it is never mistaken for a subject of another issuer.
    pub fn new(subject: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            client_id: None,
            is_client: false,
            scopes: ScopeSet::new(),
            roles: Vec::new(),
            expires_at: None,
            claims: Map::new(),
            remembered_for: Duration::ZERO,
        }
    }

    /// The client that acts for the subject.
    #[must_use]
    pub fn client(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The subject is a program that acts for no person.
    #[must_use]
    pub fn of_a_program(mut self) -> Self {
        self.is_client = true;
        self
    }

    /// The scopes it holds, separated by spaces.
    #[must_use]
    pub fn scopes(mut self, scopes: &str) -> Self {
        self.scopes = ScopeSet::parse_lossy(scopes);
        self
    }

    /// The roles it holds, by their names in `[roles]`; what they imply comes with them. A name that is not there gives nothing.
    #[must_use]
    pub fn roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// When it expires, in Unix seconds: it is refused from then on, and streams end. Without it, it has no end.
    #[must_use]
    pub fn expires_at(mut self, unix: u64) -> Self {
        self.expires_at = Some(unix);
        self
    }

    /// What else is known, for tools and for `[[auth.deny]]`, as claims of a token.
    #[must_use]
    pub fn claims(mut self, claims: Map<String, Value>) -> Self {
        self.claims = claims;
        self
    }

    /// How long it is taken at its word before the program is asked anew, at most a minute. **(default: not at all)**
    #[must_use]
    pub fn remembered_for(mut self, time: Duration) -> Self {
        self.remembered_for = time;
        self
    }
}

/// Names who, and what it holds, never its claims.
impl fmt::Debug for CredentialFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialFacts")
            .field("subject", &self.subject)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes.to_string())
            .field("roles", &self.roles)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A verifier of the program's own, by its name.
#[derive(Clone)]
pub(crate) struct ProgramVerifier {
    name: Arc<str>,
    issuer: Arc<str>,
    program: Arc<dyn CredentialVerifier>,
    /// What the holder of each role has: the role itself, and all that it implies.
    roles: Arc<BTreeMap<String, RoleSet>>,
    clock: Arc<dyn Clock>,
}

impl ProgramVerifier {
    /// The one of this name; `roles` says what the holder of each role has.
    pub(crate) fn new(
        name: &str,
        program: Arc<dyn CredentialVerifier>,
        roles: BTreeMap<String, RoleSet>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let issuer = format!("{PROGRAM_ISSUER}{name}").into();
        Self { name: name.into(), issuer, program, roles: Arc::new(roles), clock }
    }

    async fn check(&self, presented: &str) -> Result<Verified, TokenError> {
        let found = match timeout(PATIENCE, self.program.verify(presented)).await {
            Ok(Ok(found)) => found,
            Ok(Err(RefusedCredential::Invalid)) => {
                return Err(TokenError::Program { name: Arc::clone(&self.name) });
            }
            Ok(Err(RefusedCredential::Unavailable { retry_after })) => {
                return Err(self.unavailable(retry_after));
            }
            Err(_) => return Err(self.unavailable(None)),
        };
        let now = self.clock.unix_now();
        if let Some(expired) = found.expires_at.filter(|at| *at <= now) {
            return Err(TokenError::Expired { ago_secs: now - expired });
        }
        let fault = |claim| move |fault| TokenError::Claim { claim, fault };
        let named = |text: &str, most| identifier(&Value::from(text), most).map(drop);
        named(&found.subject, MAX_SUBJECT_BYTES).map_err(fault("sub"))?;
        if let Some(client) = &found.client_id {
            named(client, MAX_CLIENT_BYTES).map_err(fault("client_id"))?;
        }
        let remembered = found.remembered_for.min(TOKEN_CACHE_TTL.max).as_secs();
        let until = now.saturating_add(remembered);
        let names = ([AUTH_TIME_CLAIM.to_owned()], [ACR_CLAIM.to_owned()]);
        let login = (!found.is_client).then(|| Login::of(&found.claims, (&names.0, &names.1), 0, now));
        let facts = Facts {
            is_client: found.is_client,
            actor: Actor::of(&found.claims)?,
            client_id: found.client_id,
            held: Held { roles: self.with_implied(&found.roles), login, ..Held::of(found.scopes) },
            expires_at: found.expires_at,
            confirmation: Confirmation::of(&found.claims, Bindings::default()),
            claims: found.claims.into(),
            ..Facts::of(Arc::clone(&self.issuer), found.subject)
        };
        let believed_until = facts.expires_at.map_or(until, |at| at.min(until));
        Ok(Verified { facts, believed_until, basis: Basis::default(), withdrawn: CancellationToken::new() })
    }

    fn with_implied(&self, roles: &[String]) -> RoleSet {
        RoleSet::union_of(roles.iter().filter_map(|role| self.roles.get(role)))
    }

    fn unavailable(&self, retry_after: Option<Duration>) -> TokenError {
        let retry_after = retry_after.unwrap_or(UNSTATED_RETRY).max(Duration::from_secs(1));
        TokenError::ProgramUnavailable { name: Arc::clone(&self.name), retry_after }
    }
}

impl Verify for ProgramVerifier {
    fn via(&self) -> Via {
        Via::Program(Arc::clone(&self.name))
    }

    fn claims_it(&self, presented: &str) -> bool {
        self.program.claims_it(presented)
    }

    fn verify<'a>(&'a self, presented: &'a str) -> VerifyFuture<'a> {
        Box::pin(self.check(presented))
    }

    fn again(&self, presented: &str) -> Option<Arc<dyn Recheck>> {
        Some(Arc::new(Open { verifier: self.clone(), credential: SecretText::new(presented) }))
    }
}

/// A credential with which something is open.
struct Open {
    verifier: ProgramVerifier,
    credential: SecretText,
}

impl Recheck for Open {
    fn ask(&self) -> Asking<'_> {
        Box::pin(async { Ok(self.verifier.check(self.credential.expose()).await?.facts) })
    }

    /// A program that cannot say now refuses nothing.
    fn pace(&self) -> Pace {
        Pace { every: AGAIN, unanswered: AGAIN, patience: None }
    }
}

#[cfg(test)]
mod tests;
