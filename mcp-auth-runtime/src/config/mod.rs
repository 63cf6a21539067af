//! Configuration: what `mcp.toml`, the environment and the arguments say, checked before anything starts.
//!
//! How it is had, in reading order: `surroundings` (what lies around the process), `arguments`, `locate` (which
//! file), `environment`, `layers` (who said what; later wins), `extract` (every mistake with key and source),
//! `load` and `builder` ([`Config`]: all of it in order), `checks` (what each value allows and all together do not).
//!
//! What it holds, a file per section: `document` (the whole), `server`, `auth`, `issuers` (with `audience`,
//! `algorithm`), `embedded`, `scopes`, `stdio`, `limits`, `cors`, `log`; and the kinds of value: `value`, `url`,
//! `secret`. `derived` has what follows from several keys; `schema` the JSON Schema. A new key is a field in its
//! section and a line in `mcp.toml.example`.

mod algorithm;
pub mod arguments;
pub mod audience;
pub mod auth;
mod builder;
pub mod checks;
pub mod cors;
mod derived;
pub mod document;
pub mod embedded;
mod environment;
pub mod error;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod example;
mod extract;
pub mod issuers;
mod layers;
pub mod limits;
mod load;
mod locate;
pub mod log;
pub mod schema;
pub mod scopes;
pub mod secret;
pub mod server;
pub mod stdio;
pub mod surroundings;
pub mod url;
mod value;

pub use arguments::{Arguments, Command, TableFormat};
pub use auth::{Connect, Denial, Mode, Visibility};
pub use builder::ConfigBuilder;
pub use checks::{Checked, Refusal};
pub use error::{ConfigError, Mistake, Warning};
pub use load::Config;
pub use secret::{Secret, SecretError, SecretSource, SecretText};
pub use server::Transport;
pub use surroundings::Surroundings;
pub use value::ValueError;
