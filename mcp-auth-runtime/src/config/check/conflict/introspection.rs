//! `introspection` of `[[auth.issuers]]`: tokens that the issuer is asked about.

use crate::authn::InvalidKey;

/// What is not safe in how an issuer is asked. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IntrospectionConflict {
    /// Whose a token is would not be known.
    #[error(
        "issuer has several names, and an answer of kind = {kind:?} says none of them, so it would not be known whose a token is: \
         write one name without {{tenant}}, or shared_subjects = true where all of them mean the same subjects: {at}"
    )]
    IntrospectionUnsaidIssuer {
        /// What the issuer answers.
        kind: &'static str,
        /// Key and source.
        at: String,
    },
    /// Which server is asked about a token?
    #[error(
        "{{tenant}} in authorization_server means a server for each tenant, and an opaque token does not say which of them to \
         ask: write introspection.endpoint where one endpoint answers for all of them; else an entry in auth.issuers for each \
         tenant, with introspection.prefixes: {at}"
    )]
    IntrospectionServers {
        /// Key and source.
        at: String,
    },
    /// Whom would a client assertion be for?
    #[error(
        "{{tenant}} in authorization_server means a server for each tenant, and auth = \"private_key_jwt\" signs what is for one \
         of them: write another introspection.auth, or authorization_server without {{tenant}}: {at}"
    )]
    IntrospectionAssertions {
        /// Key and source.
        at: String,
    },
    /// Tokens would be asked about in the clear.
    #[error("endpoint is {uri:?}: off loopback it must start with https://{allow}: {at}")]
    IntrospectionNotHttps {
        /// The endpoint.
        uri: String,
        /// How it could be allowed, where it could.
        allow: String,
        /// Key and source.
        at: String,
    },
    /// The endpoint would not know who asks.
    #[error("this server shows itself to the endpoint by auth = {auth:?}, which needs {needs}: {at}")]
    IntrospectionClient {
        /// How it shows itself.
        auth: &'static str,
        /// What is missing.
        needs: &'static str,
        /// Key and source.
        at: String,
    },
    /// What is there and would not be used.
    #[error("{key} is not used {because}: remove it, or change that: {at}")]
    IntrospectionUnused {
        /// The key.
        key: &'static str,
        /// Because of what.
        because: String,
        /// Key and source.
        at: String,
    },
    /// Tokens of any program that has to do with this issuer would be accepted.
    #[error(
        "every token of every client is active at Google, and its `aud` is a client: name yours in allowed_clients: {at}"
    )]
    IntrospectionAnyClient {
        /// Key and source.
        at: String,
    },
    /// Two issuers that could be asked about one token.
    #[error(
        "issuers {issuer:?} and {other:?} could both be asked about one opaque token: say in `prefixes` of each what its tokens \
         begin with: {at}"
    )]
    IntrospectionOfBoth {
        /// The issuer.
        issuer: String,
        /// The other one.
        other: String,
        /// Key and source.
        at: String,
    },
    /// A key that could not sign.
    #[error("private_key {error}: {at}")]
    IntrospectionKey {
        /// Why.
        error: InvalidKey,
        /// Key and source.
        at: String,
    },
}
