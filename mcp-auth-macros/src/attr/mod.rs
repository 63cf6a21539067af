//! The syntax of the attributes: `args` reads them, `value` reads what an argument holds, `doc` reads doc
//! comments. No rule is checked here.

mod args;
mod doc;
mod value;

pub(crate) use args::{Arg, Args};
pub(crate) use doc::Doc;
