//! How a configuration is loaded, in reading order: `process` (variables, directories and files of the process),
//! `arguments`, `locate` (which file), `environment`, `layers` (who said what; later wins), `extract` (every mistake
//! with key and source: `mistake`; `unknown` finds keys that are not known, `position` the line, `misplaced` where a key belongs, `table` which of `[x]` and
//! `[[x]]`, `syntax` what is wrong with what is not TOML), `config` ([`Config`]), `builder` and `entry` (all of it in order), `again` (of a running server). `secret` reads
//! what the configuration only points to.

mod again;
pub mod arguments;
mod builder;
mod config;
mod entry;
mod environment;
mod extract;
mod gone;
mod layers;
mod locate;
mod misplaced;
mod mistake;
mod position;
pub mod process;
pub(in crate::config) mod secret;
mod syntax;
mod table;
pub(in crate::config) mod touched;
mod unknown;

pub use builder::ConfigBuilder;
pub use config::Config;
pub use mistake::Mistake;
