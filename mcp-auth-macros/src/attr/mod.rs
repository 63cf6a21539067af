//! The syntax of the attributes: `args` reads them, `value` reads what an argument holds, `doc` reads doc comments.
//! Rules are checked elsewhere, in `model`.

mod args;
mod doc;
mod mark;
mod value;

pub(crate) use args::{Arg, Args};
pub(crate) use doc::Doc;
pub(crate) use mark::{READ, mark_as_read};
