//! What the other crates of this workspace use of the runtime, besides `config` and `testing`. Every other item is
//! private to this crate, so the compiler reports what is no longer used. Users depend on `mcp-auth`, which shows them
//! the first part of this list.

// What `mcp-auth` shows its users.
pub use crate::authn::fetch::{FetchFuture, FetchRequest, Fetched};
pub use crate::authn::{
    Actor, Algorithm, Caller, CredentialFacts, CredentialFuture, CredentialVerifier, Fetch, FetchError,
    HttpFetch, RefusedCredential,
};
pub use crate::authz::Decision;
pub use crate::call::Call;
pub use crate::call::answer::{
    Asked, IntoMethodAnswer, IntoPromptAnswer, IntoResourceAnswer, IntoToolAnswer, audio, image,
};
pub use crate::call::ask::{Ask, Reply};
pub use crate::call::claims::Claims;
pub use crate::call::from_call::FromCall;
pub use crate::call::guard::IntoDecision;
pub use crate::call::handler::{About, CallFn, CallFuture, Guard, Handler, Operations, Part, Route, Routes};
pub use crate::call::tool_error::{Failure, ToolError};
pub use crate::call::upstream::{
    NoUpstreamToken, Upstream, UpstreamConnection, UpstreamConnectionFuture, UpstreamToken,
    UpstreamTokenFuture, UpstreamTokens,
};
pub use crate::declared::registry::{Declaration, DeclarationError, Duplicate, Item, OperationId, Registry};
pub use crate::declared::schema::{UnsupportedArguments, UnusableSchema};
pub use crate::declared::table::{OperationsError, operations_from_json};
pub use crate::declared::{ClaimsFit, Confirm, InvalidRule, Kind, Rule, ScopeTerm, UnfitClaims, Who};
pub use crate::error::{Error, Result};
pub use crate::serve::{Running, ServerBuilder, ToolNotAdded, Tools};
pub use crate::transport::shutdown::Shutdown;

// What the code that the macros write calls.
pub use crate::call::build;
pub use crate::call::from_call::{not_taken, variable};

// What the built-in issuer is given, what it gives, and what it needs besides.
pub use crate::authn::{
    ANY_TENANT, Accepted, Assertion, AssertionIssuer, ClaimAt, ClaimTest, ClaimTests, DeniedIssued,
    InvalidKeys, IssuerMetadata, JwtVerifierError, KeyRefresh, KnownKeys, MalformedJwt, NotAsserted, OwnKeys,
    ProofError, PublicKeys, ReadingKeys, SignatureError, SignedText, Tenant, TokenProof, TokenProofs,
    Unpublished, UnverifiedJwt, VerifiedJwt, freshness_lifetime, has_private_member, proof_algorithms,
    verifies,
};
pub use crate::page::{Brand, Frame, Language, PAGE_STYLE, Script, said, said_plainly};
pub use crate::serve::{LocalIssuer, LocalIssuerSetup};
pub use crate::transport::client_address::ClientAddress;

// What the command asks beside the configuration.
pub use crate::authn::{
    API_KEY_ISSUER, ApiKeyDigest, ApiKeyError, Examined, InvalidDigest, Login, TokenError, examine,
};
pub use crate::authz::Account;
pub use crate::declared::lock::{LOCK_FILE, Lock, LockError};
pub use crate::declared::schema::complaint_about_value;
pub use crate::declared::{Change, Difference, Said, Width};
pub use crate::observe::health::{HEALTHZ, READYZ};
pub use crate::serve::{
    Answered, Explained, ExplainedCall, KnownAs, LoggedCaller, Presents, StdioCaller, explain, stdio_caller,
    try_encryption,
};
// What the command does with a store.
pub use crate::serve::{OpenStore, open_store};

// What the benchmarks measure by itself, and what they need for it.
pub use crate::answer::Rejection;
pub use crate::authn::{
    ApiKeyRules, ApiKeyVerifier, Authenticator, AuthnError, BindingMode, CacheBounds, ClientAuth, Credential,
    Dpop, Held, Identity, IntrospectionRules, IntrospectionVerifier, IssuerRules, JwtVerifier, KeySource,
    TokenRules,
};
pub use crate::authz::{Connect, LoginFault, Named, Policy, Ran, Settings, Verdict, Visibility};
pub use crate::declared::schema::Misfits;
pub use crate::envelope::{EnvelopeError, EnvelopeLimits, Message, read};
pub use crate::observe::log::{InvalidFilter, Log, LogError, LogFormat, start as start_log};
