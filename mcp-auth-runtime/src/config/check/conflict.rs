//! Why a configuration is not safe to start with: one name per reason.

use crate::authn::InvalidKey;
use crate::config::derived::ClientKeysError;
use crate::config::load::secret::SecretError;
use crate::declared::Kind;
use mcp_auth_core::{Cycle, InvalidApiKey};

/// A combination that is not safe. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Conflict {
    /// Operations need a caller, and no caller is verified.
    #[error(
        "verify is \"none\", but {kind} `{operation}` needs {rule}: remove it and say whose tokens are accepted in \
         [[auth.issuers]], or make every operation public: {at}"
    )]
    Unverified {
        /// What kind of operation.
        kind: Kind,
        /// Its name.
        operation: String,
        /// What it needs.
        rule: String,
        /// Key and source.
        at: String,
    },
    /// Issuers whose tokens would be ignored.
    #[error("verify is \"none\", but issuers are configured: remove it, or the issuers in {issuers}: {at}")]
    UnusedIssuers {
        /// The tables that name them.
        issuers: &'static str,
        /// Key and source.
        at: String,
    },
    /// Verifiers of the program's own that would not be asked.
    #[error("verify is \"none\", but auth.verifiers names some: remove one of them: {at}")]
    UnusedVerifiers {
        /// Key and source.
        at: String,
    },
    /// Tokens are to be verified, and of no issuer.
    #[error(
        "no issuer is configured, so no token could be accepted: add [[auth.issuers]], or [issuer] while you develop, or \
         [[auth.api_keys]] for programs, or name verifiers of your own program in auth.verifiers; where every operation is public, write verify = \"none\" in [auth]: {at}"
    )]
    NoIssuers {
        /// Key and source.
        at: String,
    },
    /// API keys that would be ignored.
    #[error("verify is \"none\", but [[auth.api_keys]] has keys: remove it, or the keys: {at}")]
    UnusedApiKeys {
        /// Key and source.
        at: String,
    },
    /// More API keys than a server may have.
    #[error("{count} API keys, at most {most}: {at}")]
    TooManyApiKeys {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
        /// Key and source.
        at: String,
    },
    /// Two callers of one name.
    #[error(
        "API key {name:?} is configured twice; a key that is changed has two digests under one name: {at}"
    )]
    DuplicateApiKey {
        /// The name.
        name: String,
        /// Key and source of the second.
        at: String,
    },
    /// One key that would be two callers, or the same digest twice.
    #[error(
        "API key {name:?} has a digest that {other:?} has already: make each key with `mcp-auth key new`: {at}"
    )]
    DuplicateDigest {
        /// The name of the second.
        name: String,
        /// The name of the first.
        other: String,
        /// Key and source of the second.
        at: String,
    },
    /// A name without a key, or with its key said twice.
    #[error("API key {name:?} needs exactly one of `digest` and `key`: {at}")]
    DigestOrKey {
        /// The name.
        name: String,
        /// Key and source.
        at: String,
    },
    /// A secret that may be guessed, or is not whole.
    #[error("API key {name:?} is not as `mcp-auth key new` makes them: {why}: {at}")]
    NotAnApiKey {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: InvalidApiKey,
        /// Key and source.
        at: String,
    },
    /// A server that other machines can reach and that does not know its own URL.
    #[error(
        "listen is {listen}, which other machines can reach, so public_url must say under which URL they do: {at}"
    )]
    PublicUrlMissing {
        /// The address.
        listen: String,
        /// Key and source.
        at: String,
    },
    /// Tokens would travel in the clear.
    #[error("public_url is {url:?}: off loopback it must start with https://: {at}")]
    PublicUrlNotHttps {
        /// The URL.
        url: String,
        /// Key and source.
        at: String,
    },
    /// The metadata would name a URL that is not the endpoint.
    #[error("public_url is {url:?}, but its path must end with server.path, {path:?}: {at}")]
    PublicUrlPath {
        /// The URL.
        url: String,
        /// The endpoint's path.
        path: String,
        /// Key and source.
        at: String,
    },
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
    /// A header with two meanings.
    #[error("header {header} carries the token, so it cannot stand in {other} too: {at}")]
    TokenHeaderTaken {
        /// The header.
        header: String,
        /// The other key.
        other: &'static str,
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
    /// A certificate is public: anyone could write one into the header.
    #[error(
        "client_cert_header is set, but trusted_proxies is not, and from anyone else the header proves nothing: name the proxies that \
         write it in trusted_proxies: {at}"
    )]
    ClientCertWithoutProxies {
        /// Key and source.
        at: String,
    },
    /// Certificates that nothing depends on.
    #[error(
        "client_cert_header is set, but tokens of no issuer may be bound to a certificate: write certificate_bound = \"allowed\" or \
         \"required\" in [[auth.issuers]], or remove it: {at}"
    )]
    ClientCertUnused {
        /// Key and source.
        at: String,
    },
    /// Clients would be told a URL that is not spoken.
    #[error(
        "with [server.tls] clients come by https: set public_url to the https:// URL that they use: {at}"
    )]
    TlsPublicUrl {
        /// Key and source.
        at: String,
    },
    /// No certificate could be held against anything.
    #[error(
        "client_certificates is {mode:?}, but client_ca does not say who issues them: name the file of your authority, or write \"any\" \
         where nothing but tokens depends on them: {at}"
    )]
    TlsWithoutClientCa {
        /// What the key says.
        mode: &'static str,
        /// Key and source.
        at: String,
    },
    /// An authority that would be ignored.
    #[error("client_certificates is \"any\", but client_ca says who issues them: remove one of them: {at}")]
    TlsAnyClientCa {
        /// Key and source.
        at: String,
    },
    /// Files that TLS cannot be served with.
    #[error("TLS cannot be served: {why}: {at}")]
    TlsUnusable {
        /// Why, with nothing of a key.
        why: String,
        /// Key and source.
        at: String,
    },
    /// One header with two meanings.
    #[error("the header {header:?} is {other} already: name another one: {at}")]
    HeaderTwice {
        /// The header.
        header: String,
        /// The other key that names it.
        other: &'static str,
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
    /// Every person that can reach it could log in as any user.
    #[error(
        "other computers can reach the built-in issuer, whose login asks for no proof: set issuer.login, or turn off [issuer]: {at}"
    )]
    IssuerWithoutLogin {
        /// The key that lets them, and its source.
        at: String,
    },
    /// With a restart all logins of all people would be lost, and what was revoked would count again.
    #[error(
        "other computers can reach the built-in issuer, whose store is lost at a restart: set store.url, or turn off [issuer]: {at}"
    )]
    IssuerWithoutStore {
        /// The key that lets them, and its source.
        at: String,
    },
    /// Passwords and tokens would be readable on the way.
    #[error(
        "other computers can reach the built-in issuer, and nothing says that they come by https: set server.public_url to an https \
         URL, and server.tls, or server.trusted_proxies to the proxy that terminates TLS: {at}"
    )]
    IssuerWithoutTls {
        /// The key that lets them, and its source.
        at: String,
    },
    /// Accounts that are lost when the process ends.
    #[error(
        "login is with accounts, and the store is in memory, where all accounts would be lost with the process; set store.url to one \
         that lasts: {at}"
    )]
    AccountsInMemory {
        /// Key and source.
        at: String,
    },
    /// Passkeys at an IP address.
    #[error(
        "passkeys are on, and the built-in issuer is at {host}: authenticators take host names only; set server.public_url to a URL with \
         a name, such as http://localhost:8080/mcp on this computer: {at}"
    )]
    PasskeysAtAddress {
        /// The address.
        host: String,
        /// Key and source.
        at: String,
    },
    /// People are to log in elsewhere, on a page of an application or at a provider, and what is said of it does not suffice.
    #[error("{why}: {at}")]
    OwnLogin {
        /// What is missing or wrong.
        why: &'static str,
        /// Key and source.
        at: String,
    },
    /// No person could log in.
    #[error("users is empty, so a login at the built-in issuer is not possible: {at}")]
    IssuerWithoutUsers {
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
    /// Two clients with one identifier.
    #[error("client {client:?} is configured twice: {at}")]
    DuplicateClient {
        /// The client.
        client: String,
        /// Key and source of the second.
        at: String,
    },
    /// A client that says nothing of how it authenticates.
    #[error(
        "client {client:?} has no credential: give it client_secret, client_secret_sha256, jwks or jwks_uri, or write \
         public = true if it cannot keep one: {at}"
    )]
    ClientWithoutCredential {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// A client that would authenticate in several ways.
    #[error("client {client:?} has {keys}: a client authenticates in one way, so keep one of them: {at}")]
    ClientCredentials {
        /// The client.
        client: String,
        /// The keys that say how.
        keys: String,
        /// Key and source.
        at: String,
    },
    /// Keys of a client that cannot be used.
    #[error("client {client:?}: {error}: {at}")]
    ClientKeys {
        /// The client.
        client: String,
        /// Why.
        #[source]
        error: ClientKeysError,
        /// Key and source.
        at: String,
    },
    /// A public client with a grant that only its authentication would protect.
    #[error(
        "client {client:?} is public and has {grant} in grant_types: anyone who knows its name would get tokens; give it a \
         credential, or remove the grant type: {at}"
    )]
    PublicClientGrant {
        /// The client.
        client: String,
        /// The grant type.
        grant: &'static str,
        /// Key and source.
        at: String,
    },
    /// A client may use device codes, which are turned off.
    #[error(
        "client {client:?} has device_code in grant_types, and device codes are off: set issuer.device_code = true, or remove the \
         grant type: {at}"
    )]
    DeviceCodeOff {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// An issuer of assertions that would be trusted for too much, or for nothing.
    #[error("assertions of {issuer}: {why}: {at}")]
    Assertions {
        /// The issuer.
        issuer: String,
        /// What is wrong, and what to do.
        why: &'static str,
        /// Key and source.
        at: String,
    },
    /// The keys of an issuer of assertions cannot be used.
    #[error("the keys of {issuer} cannot be used: {error}: {at}")]
    AssertionKeys {
        /// The issuer.
        issuer: String,
        /// Why.
        error: ClientKeysError,
        /// Key and source.
        at: String,
    },
    /// A client lists others whose tokens it may exchange, and exchanges none.
    #[error(
        "client {client:?} has exchange_from, and does not exchange tokens: write \"token_exchange\" into its grant_types, or remove \
         exchange_from: {at}"
    )]
    ClientExchangeUnused {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// A client that people log in with, and no answer can be sent to.
    #[error(
        "client {client:?} has authorization_code in grant_types and no redirect_uris: say where answers to it are sent: {at}"
    )]
    ClientWithoutRedirectUri {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// Redirect URIs that no answer is sent to.
    #[error(
        "client {client:?} has redirect_uris, and grant_types without authorization_code: remove one of them: {at}"
    )]
    ClientRedirectUnused {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// A client that would refresh what it never gets.
    #[error(
        "client {client:?} has refresh_token in grant_types, and neither authorization_code nor device_code, which give it one: \
         {at}"
    )]
    ClientRefreshUnused {
        /// The client.
        client: String,
        /// Key and source.
        at: String,
    },
    /// Two initial access tokens of one name.
    #[error("initial access token {name:?} is configured twice: {at}")]
    DuplicateInitialToken {
        /// The name.
        name: String,
        /// Key and source of the second.
        at: String,
    },
    /// An initial access token that is nowhere, or in two places.
    #[error("initial access token {name:?} has either sha256 or token: {at}")]
    HashOrToken {
        /// The name.
        name: String,
        /// Key and source.
        at: String,
    },
    /// An initial access token that can be guessed.
    #[error(
        "initial access token {name:?} is shorter than {least} characters: make one with `openssl rand -base64 32`: {at}"
    )]
    ShortInitialToken {
        /// The name.
        name: String,
        /// The fewest characters.
        least: usize,
        /// Key and source.
        at: String,
    },
    /// A claim that the issuer writes itself.
    #[error(
        "{subject:?} has the claim {claim:?}, which the built-in issuer writes into every token itself: leave it out of claims: {at}"
    )]
    ReservedClaim {
        /// The user or client.
        subject: String,
        /// The claim.
        claim: String,
        /// Key and source.
        at: String,
    },
    /// Ways of logging in of which the program takes none.
    #[error(
        "{kind} `{name}` takes none of these, so no login would do; name one that the program names: {at}"
    )]
    NoCommonAcr {
        /// The kind of the operation.
        kind: Kind,
        /// Its name.
        name: String,
        /// Key and source.
        at: String,
    },
    /// A confirmation of what is not a tool.
    #[error("{kind} `{name}` cannot be confirmed by a person: only tools are; leave confirm out: {at}")]
    ConfirmsNoTool {
        /// What it is.
        kind: Kind,
        /// Its name.
        name: String,
        /// Key and source.
        at: String,
    },
    /// A confirmation by a login without an issuer to log in at.
    #[error(
        "tool `{name}` is confirmed after a login at the built-in issuer, and this server has none; add [issuer], or write `confirm` \
         without \"login\": {at}"
    )]
    NoPageToConfirmOn {
        /// The tool.
        name: String,
        /// Key and source.
        at: String,
    },
    /// A client whose tokens would be taken for a user's.
    #[error(
        "client {client:?} has the name of one of issuer.users, and both names become `sub` of a token: a role or a rule that \
         names the user would hold for the client too; rename one of them: {at}"
    )]
    ClientIsUser {
        /// The client, and the user.
        client: String,
        /// Key and source of the client.
        at: String,
    },
    /// Operations need scopes, and what a first login asks for is not said.
    #[error(
        "{kind} `{operation}` needs {rule}, so auth.base_scopes must say what clients ask for when they log in: \
         base_scopes = [\"…\"], or [] to let them ask for everything: {at}"
    )]
    BaseScopesMissing {
        /// What kind of operation.
        kind: Kind,
        /// Its name.
        operation: String,
        /// What it needs.
        rule: String,
        /// Key and source.
        at: String,
    },
    /// An entry that changes nothing.
    #[error("scope {scope:?} is declared by no operation and implies nothing{}: {at}", hint(nearest.as_deref()))]
    UnusedScope {
        /// The scope.
        scope: String,
        /// The declared scope that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// A scope that neither the operations nor the configuration know.
    #[error(
        "scope {scope:?} is declared by no operation and has no [scopes] entry{}: {at}", hint(nearest.as_deref())
    )]
    UnknownScope {
        /// The scope.
        scope: String,
        /// The known scope that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// A scope that is added to an operation, and that calls of another one choose by a value.
    #[error(
        "scope {scope:?} is what calls with one value need, so no operation can need it besides; add another scope: {at}"
    )]
    ChosenScope {
        /// The scope.
        scope: String,
        /// Key and source.
        at: String,
    },
    /// Characters that the values of a family may not have.
    #[error("scope {scope:?} cannot have such values: {why}: {at}")]
    ValueCharacters {
        /// The family.
        scope: String,
        /// Why.
        why: String,
        /// Key and source.
        at: String,
    },
    /// A family that implies scopes.
    #[error(
        "scope {scope:?} has a value that each call chooses, so it implies nothing; give the scope that implies others another name: {at}"
    )]
    FamilyImplies {
        /// The family.
        scope: String,
        /// Key and source.
        at: String,
    },
    /// Two scopes that one text may be.
    #[error(
        "a value can make scope {scope:?} the same as scope {other:?}, so who holds the one would hold the other; name one of them \
         otherwise: {at}"
    )]
    OverlappingScopes {
        /// The family.
        scope: String,
        /// The other family, or a scope.
        other: String,
        /// Key and source.
        at: String,
    },
    /// Scopes that imply each other in a circle.
    #[error("{cycle}: {at}")]
    ImpliesCycle {
        /// The circle.
        cycle: Cycle,
        /// Key and source.
        at: String,
    },
    /// More roles than a server may have.
    #[error("{count} roles, at most {most}: {at}")]
    TooManyRoles {
        /// How many there are.
        count: usize,
        /// How many there may be.
        most: usize,
        /// Key and source.
        at: String,
    },
    /// A role that has no table.
    #[error("role {role:?} has no [roles] entry{}: {at}", hint(nearest.as_deref()))]
    UnknownRole {
        /// The role.
        role: String,
        /// The configured role that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// A table for an operation that the program does not declare.
    #[error("this server has no {kind} {name:?}{}: {at}", hint(nearest.as_deref()))]
    UnknownOperation {
        /// What kind of operation.
        kind: Kind,
        /// The name.
        name: String,
        /// The operation that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// An operation needs a role that has no table, so nobody could call it.
    #[error(
        "{kind} `{operation}` needs the role {role:?}, which has no [roles] entry{}: say who holds it in \
         [roles.{role}]: {at}", hint(nearest.as_deref())
    )]
    UnknownRoleOfOperation {
        /// What kind of operation.
        kind: Kind,
        /// Its name.
        operation: String,
        /// The role.
        role: String,
        /// The configured role that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// A role that no caller could hold.
    #[error(
        "role {role:?} has no `when`, and no role or API key gives it, so no caller would hold it: say which callers do, in \
         `when`: {at}"
    )]
    RoleWithoutHolder {
        /// The role.
        role: String,
        /// Key and source.
        at: String,
    },
    /// Roles that imply each other in a circle.
    #[error("roles imply each other in a circle: {way}: {at}")]
    RoleCycle {
        /// The way round, with the first role repeated at the end.
        way: String,
        /// Key and source.
        at: String,
    },
    /// A condition that asks for nothing, or for several things of one claim.
    #[error("a condition needs exactly one of `equals`, `contains` and `any`; this one has {given}: {at}")]
    ConditionAsks {
        /// Those that it has.
        given: String,
        /// Key and source.
        at: String,
    },
    /// A condition on the claim of any of several issuers.
    #[error(
        "tokens of several issuers are accepted, and a claim means what its issuer says it means: name the issuer in the \
         condition, issuer = \"…\": {at}"
    )]
    ConditionWithoutIssuer {
        /// Key and source.
        at: String,
    },
    /// A condition on the claim of an issuer whose tokens are not accepted.
    #[error("tokens of issuer {issuer:?} are not accepted{}: {at}", hint(nearest.as_deref()))]
    ConditionIssuer {
        /// The issuer.
        issuer: String,
        /// The accepted issuer that was most likely meant.
        nearest: Option<String>,
        /// Key and source.
        at: String,
    },
    /// `offline_access` where scopes of this server belong.
    #[error(
        "\"offline_access\" is between a client and its issuer and is never a scope of a server; remove it: {at}"
    )]
    OfflineAccess {
        /// Key and source.
        at: String,
    },
    /// A credential that could be for any server.
    #[error(
        "a stdio credential needs server.public_url or stdio.audience, or it could be for any server: {at}"
    )]
    StdioAudienceMissing {
        /// Key and source.
        at: String,
    },
    /// Which of two credentials would count?
    #[error("credential and credential_command are both set: remove one of them: {at}")]
    TwoStdioCredentials {
        /// Key and source.
        at: String,
    },
    /// A table of `[[auth.deny]]` that is about nothing.
    #[error("the table denies nothing: say whom, or remove it: {at}")]
    DeniesNothing {
        /// Key and source.
        at: String,
    },
    /// A store that lasts, without a key.
    #[error(
        "store.url is a store that lasts, so what has to be read back is encrypted: make a key with `openssl rand -hex 32`, and say in store.key \
         where it is, \"env:NAME\" or \"file:/path\": {at}"
    )]
    StoreWithoutKey {
        /// Key and source.
        at: String,
    },
    /// A key for a store that encrypts nothing.
    #[error(
        "store.key or store.keys_before is set, and a store in memory encrypts nothing: set store.url, or remove them: {at}"
    )]
    UnusedStoreKey {
        /// Key and source.
        at: String,
    },
    /// What is read would be too old before it is read again.
    #[error(
        "store.revocation_stale is not longer than store.revocation_lag, so tokens of the built-in issuer would be 503 between two reads: {at}"
    )]
    StaleBeforeRead {
        /// Key and source.
        at: String,
    },
    /// The URL or a key of the store that cannot be read, or is not one.
    #[error("{why}: {at}")]
    StoreUnusable {
        /// Why.
        why: String,
        /// Key and source.
        at: String,
    },
    /// A name in `[[auth.deny]]` that another issuer may have given to somebody else.
    #[error("{key} is denied without issuer: say whose {key} it is: {at}")]
    DenyWithoutIssuer {
        /// The key.
        key: &'static str,
        /// Key and source.
        at: String,
    },
    /// A table of `[[auth.deny]]` that can be true of no credential.
    #[error("api_key and a condition on tokens cannot both hold: write two tables: {at}")]
    DenyKeyAndToken {
        /// Key and source.
        at: String,
    },
    /// A credential that could not be verified.
    #[error("verify is \"none\", so nothing could verify the stdio credential: {at}")]
    StdioCredentialUnverified {
        /// Key and source.
        at: String,
    },
    /// A secret that cannot be read.
    #[error("{error}: {at}")]
    Secret {
        /// Why.
        error: SecretError,
        /// Key and source.
        at: String,
    },
}

fn hint(nearest: Option<&str>) -> String {
    nearest.map(|nearest| format!("; did you mean {nearest:?}?")).unwrap_or_default()
}

impl Conflict {
    /// Whether a tool that is added later may resolve it.
    pub(super) fn awaits_a_tool(&self) -> bool {
        matches!(
            self,
            Self::UnusedScope { .. }
                | Self::UnknownScope { .. }
                | Self::UnknownOperation { kind: Kind::Tool, .. }
        )
    }
}
