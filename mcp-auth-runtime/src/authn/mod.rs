//! Who is calling. In reading order: `bearer` (the Authorization header), `issuer` (whom we trust and where
//! their keys are), `jwt` (the checks), `jwks` (the keys), `cache` (verified tokens), `token` (the proof),
//! `caller` (what a tool sees of it),
//! `owner` (whom sessions and tasks belong to). Nothing here knows of tools.

pub mod caller;
pub mod owner;
pub mod token;

pub use caller::Caller;
pub use owner::Owner;
pub use token::{Identity, VerifiedToken};
