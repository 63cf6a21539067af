//! The mark of an attribute that was read.

/// The placeholder for the arguments of an attribute that was already read.
pub(crate) const READ: &str = "__read";

/// Replaces the arguments of an attribute by [`READ`].
pub(crate) fn mark_as_read(attribute: &mut syn::Attribute) {
    let path = attribute.path();
    let mark = quote::format_ident!("{READ}");
    *attribute = syn::parse_quote!(#[#path(#mark)]);
}
