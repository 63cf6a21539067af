//! Which provider people log in at, and who of them is let in.

use std::collections::BTreeSet;

use mcp_auth_core::{Acr, IssuerIdentifier, ScopeSet, SecretText};

/// An OpenID Connect provider at which people log in. Its redirect URI for us is `/authorize/login` at our origin.
#[derive(Debug, Clone)]
pub struct UpstreamOptions {
    /// Its issuer identifier: https, or http on loopback. Its metadata says the same, byte for byte.
    pub issuer: IssuerIdentifier,
    /// Our client identifier there.
    pub client_id: String,
    /// Our secret there; without it we are a public client, with PKCE alone.
    pub client_secret: Option<SecretText>,
    /// What we ask for: `openid`, and for example `profile`, for a name to show.
    pub scopes: ScopeSet,
    /// Who is let in.
    pub admitted: Admitted,
    /// By what people can log in there (`acr`), the strongest first. A request that asks for some of them gets a login that reaches one, or
    /// an error; without them nothing depends on the `acr` of an answer.
    pub acr_values: Vec<Acr>,
}

/// Who is let in of those who have an account at the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Admitted {
    /// These, by their `sub` there.
    Subjects(BTreeSet<String>),
    /// Anyone who can log in there.
    Anyone,
}
