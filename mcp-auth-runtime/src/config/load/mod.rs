//! How a configuration is loaded, in reading order: `surroundings` (variables, directories and files of the process),
//! `arguments`, `locate` (which file), `environment`, `layers` (who said what; later wins), `extract` (every mistake
//! with key and source), `config` and `builder` ([`Config`]: all of it in order).

pub mod arguments;
mod builder;
mod config;
mod environment;
mod extract;
mod layers;
mod locate;
pub mod surroundings;

pub use builder::ConfigBuilder;
pub use config::Config;
