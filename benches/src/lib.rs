//! What the benchmarks share: `deployment` (a policy as large as any), `signing` (keys and tokens of an issuer that exists only here), `message` (the
//! requests that are sent), `names` (the tools of the two servers that list two hundred), `proof` (a client that proves its key), `raw` (signatures alone).

pub mod deployment;
pub mod message;
mod names;
pub mod proof;
pub mod raw;
pub mod signing;

/// The issuer of every token.
pub const ISSUER: &str = "https://issuer.example";
/// Where its keys would be, were there a network.
pub const JWKS_URI: &str = "https://issuer.example/jwks";
/// The resource indicator, which is the audience of every token.
pub const RESOURCE: &str = "https://bench.example/mcp";
/// The scope that the protected tool needs.
pub const SCOPE: &str = "bench.call";
/// Where opaque tokens would be asked about, were there a network.
pub const INTROSPECTION: &str = "https://issuer.example/introspect";
