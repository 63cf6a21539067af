//! `[server]`: how the server is reached.

/// What is not safe in `[server]`. `at` names the key and who set it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerConflict {
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
    /// A picture that pages cannot show.
    #[error("the logo cannot be shown: {why}: {at}")]
    LogoUnusable {
        /// Which file, and why.
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
}
