//! Types and names in generated code: the types of a signature with lifetimes left out, and local variables that the
//! user's code cannot see.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit_mut::{self, VisitMut};
use syn::{Ident, Lifetime, TraitBound, Type, TypeFnPtr};

/// `ty` with every lifetime of the method left to the compiler to infer.
pub(super) fn inferred(ty: &Type) -> Type {
    let mut ty = ty.clone();
    Inferred.visit_type_mut(&mut ty);
    ty
}

/// Whether a type contains `impl Trait`, so that generated code cannot name it.
pub(super) fn is_opaque(ty: &Type) -> bool {
    let mut opaque = Opaque(false);
    opaque.visit_type_mut(&mut ty.clone());
    opaque.0
}

struct Inferred;

impl VisitMut for Inferred {
    fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
        if lifetime.ident != "static" {
            *lifetime = Lifetime::new("'_", lifetime.span());
        }
    }

    // A `for<'a>` type declares its own lifetimes.
    fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}

    fn visit_trait_bound_mut(&mut self, bound: &mut TraitBound) {
        if bound.lifetimes.is_none() {
            visit_mut::visit_trait_bound_mut(self, bound);
        }
    }
}

struct Opaque(bool);

impl VisitMut for Opaque {
    fn visit_type_impl_trait_mut(&mut self, _: &mut syn::TypeImplTrait) {
        self.0 = true;
    }
}

/// The facade's path as if the user had written it at `span`, so that a mistake is underlined there. A `$crate` keeps
/// its span, because it means the crate of that span.
pub(super) fn respanned(p: &TokenStream, span: Span) -> TokenStream {
    p.clone()
        .into_iter()
        .map(|mut token| {
            if !matches!(&token, TokenTree::Ident(name) if name == "$crate") {
                token.set_span(span);
            }
            token
        })
        .collect()
}

/// A local variable that the user's expressions cannot see.
pub(super) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
