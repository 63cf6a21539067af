//! The syntax of the attributes: `args` reads them, `value` reads what an argument holds, `doc` reads doc
//! comments. No rule is checked here.

mod args;
mod doc;
mod value;

pub(crate) use args::{Arg, Args};
pub(crate) use doc::Doc;

/// What stands in place of the arguments of an attribute that was read.
pub(crate) const READ: &str = "__read";

/// The attribute with its arguments read.
pub(crate) fn mark_as_read(attribute: &mut syn::Attribute) {
    let path = attribute.path();
    let mark = quote::format_ident!("{READ}");
    *attribute = syn::parse_quote!(#[#path(#mark)]);
}
