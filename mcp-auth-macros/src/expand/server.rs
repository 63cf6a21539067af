//! `impl Handler` for a server, `impl Part` for a part.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{Ident, Path};

use super::declaration::doc;
use super::types::local;
use super::{declaration, guard, route};
use crate::diagnostics::Diagnostics;
use crate::model::operation::Operation;
use crate::model::server::{About, Role, Server};

/// The implementation. After a mistake it is still there, but empty, so that the mistake is the only message.
pub(crate) fn tokens(server: &Server, diagnostics: &Diagnostics) -> TokenStream {
    let facade = &server.facade;
    let p = quote!(#facade::__private);
    let ty = &server.block.self_ty;
    let (generics, _, conditions) = server.block.generics.split_for_impl();
    let attributes = quote! {
        #[automatically_derived]
        #[allow(clippy::all, clippy::pedantic, clippy::nursery, deprecated, unused_qualifications)]
    };
    let usable = diagnostics.is_empty();
    let local = local("operations");
    let operations = operations(&p, &local, if usable { &server.operations } else { &[] });
    match &server.role {
        Role::Main { about, parts } => {
            let about = self::about(&p, about);
            let parts: &[Path] = if usable { parts } else { &[] };
            let parts = parts.iter().map(|module| {
                let mut part = part_ident(&server.ident);
                part.set_span(module.segments.last().map_or(part.span(), |last| last.ident.span()));
                quote!(let #local = #local.join::<#module::#part>();)
            });
            quote! {
                #attributes
                impl #generics #p::Handler for #ty #conditions {
                    fn about() -> #p::About { #about }
                    fn operations() -> #p::Operations<Self> { #operations #(#parts)* #local }
                }
            }
        }
        Role::Part => {
            let part = part_ident(&server.ident);
            quote! {
                #[doc(hidden)]
                #[allow(non_camel_case_types)]
                pub(crate) enum #part {}
                #attributes
                impl #generics #p::Part<#part> for #ty #conditions {
                    fn operations() -> #p::Operations<Self> { #operations #local }
                }
            }
        }
    }
}

/// The hidden type that stands for a part: in the part's module, found there by `parts = […]`.
fn part_ident(server: &Ident) -> Ident {
    format_ident!("__ServerPartOf{}", server)
}

fn operations(p: &TokenStream, local: &Ident, operations: &[Operation]) -> TokenStream {
    let each = operations.iter().map(|operation| {
        let cfgs = &operation.cfgs;
        let declaration = declaration::tokens(p, operation);
        let route = route::tokens(p, operation);
        let with = match &operation.guard {
            None => quote!(with(#declaration, #route)),
            Some(guard) => {
                let guard = guard::tokens(p, guard);
                quote!(guarded(#declaration, #route, #guard))
            }
        };
        quote!(#(#cfgs)* let #local = #local.#with;)
    });
    quote! {
        let #local = <#p::Operations<Self> as ::core::default::Default>::default();
        #(#each)*
    }
}

fn about(p: &TokenStream, about: &About) -> TokenStream {
    let it = local("about");
    let name = match &about.name {
        Some(name) => quote!(#p::string(#name)),
        None => quote! {
            #p::server_name(::core::option_env!("CARGO_BIN_NAME"), ::core::option_env!("CARGO_PKG_NAME"))
        },
    };
    let version = match &about.version {
        Some(version) => quote!(#p::string(#version)),
        None => quote!(#p::server_version(::core::option_env!("CARGO_PKG_VERSION"))),
    };
    let instructions = match (&about.instructions, &about.doc) {
        (Some(given), _) => Some(quote!(#p::string(#given))),
        (None, Some(text)) => {
            let text = doc(text);
            Some(quote!(#p::string(#text)))
        }
        (None, None) => None,
    };
    let string = |value: &Option<syn::Expr>| value.as_ref().map(|value| quote!(#p::string(#value)));
    let icons = about.icons.as_ref().map(|icons| quote!(#icons));
    let optional = [
        ("title", string(&about.title)),
        ("description", string(&about.description)),
        ("instructions", instructions),
        ("icons", icons),
        ("website_url", string(&about.website_url)),
    ]
    .into_iter()
    .filter_map(|(field, value)| {
        let field = format_ident!("{field}");
        value.map(|value| quote!(#it.#field = ::core::option::Option::Some(#value);))
    });
    quote! {
        let mut #it = <#p::About as ::core::default::Default>::default();
        #it.name = #name;
        #it.version = #version;
        #(#optional)*
        #it
    }
}
