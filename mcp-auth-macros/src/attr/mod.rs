//! The syntax of the attributes: `args` reads them, `value` reads what an argument holds, `doc` reads doc comments.
//! Rules are checked elsewhere, in `model`.

mod args;
mod doc;
mod value;

pub(crate) use args::{Arg, Args};
pub(crate) use doc::Doc;

/// The placeholder for the arguments of an attribute that was already read.
pub(crate) const READ: &str = "__read";

/// Replaces the arguments of an attribute by [`READ`].
pub(crate) fn mark_as_read(attribute: &mut syn::Attribute) {
    let path = attribute.path();
    let mark = quote::format_ident!("{READ}");
    *attribute = syn::parse_quote!(#[#path(#mark)]);
}
