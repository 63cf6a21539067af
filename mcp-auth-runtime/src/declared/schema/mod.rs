//! Schemas of arguments and answers: what schemars says, turned into what clients take, once, at start. In reading order:
//! `published` (the way through), `inline` (`$ref`), `tidy` (one subschema), `root` (the top of arguments), `keywords` (which
//! keywords hold schemas). `clients` holds the rules of clients and model APIs, each with its source.

mod clients;
mod inline;
mod keywords;
mod published;
mod root;
#[cfg(test)]
mod tests;
mod tidy;

pub(crate) use clients::{complaint_about_name, complaints};
pub(crate) use inline::referred;
pub(crate) use published::{arguments, output};
pub use root::UnsupportedArguments;
