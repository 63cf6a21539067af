//! Scopes with places to fill, such as `files:{bucket}:read`. In reading order: `template` (one scope with places), `family` (all
//! scopes that it makes, and what values may be), `error` (what is wrong with one).

mod error;
mod family;
mod template;

pub use error::{InvalidCharacter, InvalidScopeTemplate, UnfitValue};
pub use family::ScopeFamily;
pub use template::ScopeTemplate;
