//! Schemas of arguments and answers: what schemars says, turned into what clients take, once, at start. In reading order:
//! `published` (the way through), `inline` (`$ref`), `tidy` (one subschema), `root` (the top of arguments), `keywords` (which
//! keywords hold schemas). `clients` holds the rules of clients and model APIs, each with its source. `check` holds values against
//! a schema; what does not fit (a `misfit`) is said by `explain`, in the words of `expected` and by the `limits`. `texts` reads the
//! arguments of prompts. `place` finds one member by its way.

mod check;
mod clients;
mod expected;
mod explain;
mod inline;
mod keywords;
mod limits;
mod misfit;
mod place;
mod published;
mod root;
#[cfg(test)]
mod tests;
mod texts;
mod tidy;

pub(crate) use check::Check;
pub use check::{Misfits, UnusableSchema, complaint_about_value};
pub(crate) use clients::{complaint_about_name, complaints};
pub(crate) use inline::referred;
pub(crate) use place::text_at;
pub(crate) use published::{arguments, output, readable};
pub use root::UnsupportedArguments;
pub(crate) use texts::prompt_arguments;
