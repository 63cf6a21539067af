//! `[[auth.issuers]]`: whose tokens are accepted.

/// What is not safe in `[[auth.issuers]]`. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrustedIssuerConflict {
    /// Keys would be fetched in the clear.
    #[error("issuer is {issuer:?}: off loopback it must start with https://{allow}: {at}")]
    IssuerNotHttps {
        /// The issuer.
        issuer: String,
        /// How it could be allowed, where it could.
        allow: String,
        /// Key and source.
        at: String,
    },
    /// Keys would be fetched in the clear.
    #[error("jwks_uri is {uri:?}: off loopback it must start with https://{allow}: {at}")]
    JwksUriNotHttps {
        /// The URI.
        uri: String,
        /// How it could be allowed, where it could.
        allow: String,
        /// Key and source.
        at: String,
    },
    /// Metadata would be fetched in the clear.
    #[error("authorization_server is {server:?}: off loopback it must start with https://{allow}: {at}")]
    AuthorizationServerNotHttps {
        /// The server.
        server: String,
        /// How it could be allowed, where it could.
        allow: String,
        /// Key and source.
        at: String,
    },
    /// A key of an issuer that does nothing.
    #[error("{key} is set, but {why}: remove it: {at}")]
    IssuerKeyUnused {
        /// The key.
        key: &'static str,
        /// Why it does nothing.
        why: &'static str,
        /// Key and source.
        at: String,
    },
    /// A tenant's server of an issuer without tenants.
    #[error(
        "{{tenant}} stands in authorization_server and in no issuer: write it there too, or nowhere: {at}"
    )]
    TenantServerOnly {
        /// Key and source.
        at: String,
    },
    /// Names with and without a tenant.
    #[error(
        "{{tenant}} stands in one issuer and not in another: write an [[auth.issuers]] for each kind: {at}"
    )]
    TenantsMixed {
        /// Key and source.
        at: String,
    },
    /// A tenant that could be anyone.
    #[error(
        "{{tenant}} stands in issuer, so tenants must say which ones are accepted: tenants = [\"…\"]: {at}"
    )]
    TenantsMissing {
        /// Key and source.
        at: String,
    },
    /// Tenants without a server.
    #[error(
        "{{tenant}} stands in issuer, so authorization_server must say where clients log in: one URL for all tenants, or one \
         with {{tenant}} in it: {at}"
    )]
    TenantsServerMissing {
        /// Key and source.
        at: String,
    },
    /// A tenant that makes no URL.
    #[error("with tenant {tenant:?} in it, issuer or authorization_server is not a URL: {at}")]
    TenantNotInUrl {
        /// The tenant.
        tenant: String,
        /// Key and source.
        at: String,
    },
    /// An `allow_http` that is not used.
    #[error(
        "allow_http is {host:?}, but neither issuer {issuer:?} nor its jwks_uri is http:// on that host: remove it, or name \
         their host: {at}"
    )]
    PlainHttpUnused {
        /// The issuer.
        issuer: String,
        /// The host.
        host: String,
        /// Key and source.
        at: String,
    },
    /// An issuer that cannot be that of the provider it names.
    #[error("issuer is {issuer:?}, which is not of the provider {provider}: {why}: {at}")]
    NotOfItsProvider {
        /// The issuer.
        issuer: String,
        /// The provider.
        provider: &'static str,
        /// What is wrong with it, and what to write.
        why: &'static str,
        /// Key and source.
        at: String,
    },
    /// What only the operator knows of a provider is missing.
    #[error(
        "{key} is missing beside provider = {provider:?}: {what} For example {key} = {example}; `mcp-auth providers {provider}` \
         says more: {at}"
    )]
    ProviderNeeds {
        /// The provider.
        provider: &'static str,
        /// The key.
        key: &'static str,
        /// An example of its value.
        example: &'static str,
        /// What it is.
        what: &'static str,
        /// Key and source of the provider.
        at: String,
    },
    /// Two entries for one issuer.
    #[error("issuer {issuer:?} is configured twice: {at}")]
    DuplicateIssuer {
        /// The issuer.
        issuer: String,
        /// Key and source of the second.
        at: String,
    },
    /// Issuers that know the scopes by different names.
    #[error(
        "issuers differ in what clients ask them for in front of scopes ({prefixes}), and a challenge is for all of them: give \
         all of them the same scope_prefix, or serve each in a process of its own: {at}"
    )]
    ScopePrefixes {
        /// Those that they have.
        prefixes: String,
        /// Key and source.
        at: String,
    },
    /// A proxy hands on the token, and no scheme says that a proof comes with it.
    #[error(
        "dpop is {dpop:?}, but auth.token_header has tokens read from a header without a scheme, so no proof could come with \
         one: remove one of them: {at}"
    )]
    DpopTokenHeader {
        /// What the key says.
        dpop: &'static str,
        /// Key and source.
        at: String,
    },
    /// On stdio there is no request that a proof could be for.
    #[error(
        "dpop is \"required\", but over stdio nothing can prove that a credential's client sent it: write \"allowed\", or \
         serve over HTTP: {at}"
    )]
    DpopStdio {
        /// Key and source.
        at: String,
    },
    /// Nothing would show the certificates that tokens are bound to.
    #[error(
        "certificate_bound is {mode:?}, but no client certificate reaches this server: ask clients for theirs in [server.tls], name the \
         header in which your proxy passes it on, in server.client_cert_header, or write \"off\": {at}"
    )]
    CertificateBoundUnshown {
        /// What the key says.
        mode: &'static str,
        /// Key and source.
        at: String,
    },
    /// On stdio there is no connection that could show a certificate.
    #[error(
        "certificate_bound is \"required\", but over stdio no client shows a certificate: write \"allowed\", or serve over HTTP: {at}"
    )]
    CertificateBoundStdio {
        /// Key and source.
        at: String,
    },
    /// Tokens for no one in particular, of any client.
    #[error(
        "audience_optional is true, so allowed_clients must name the clients whose tokens are meant for this server: nothing \
         else says so of a token without `aud`: {at}"
    )]
    AudienceOptional {
        /// Key and source.
        at: String,
    },
    /// A minimum above its maximum.
    #[error("jwks_min_refresh is longer than jwks_max_refresh: {at}")]
    RefreshBounds {
        /// Key and source.
        at: String,
    },
    /// An entry for the issuer in this process.
    #[error(
        "issuer {issuer:?} is the built-in issuer, whose tokens are accepted anyway: remove the entry: {at}"
    )]
    OwnIssuerListed {
        /// The issuer.
        issuer: String,
        /// Key and source.
        at: String,
    },
}
