//! The parameters of a method, besides `self`.

use proc_macro2::Span;
use syn::visit_mut::{self, VisitMut};
use syn::{
    FnArg, GenericArgument, Lifetime, ParenthesizedGenericArguments, Pat, PathArguments, PathSegment,
    Signature, Type, TypeFnPtr, TypeReference,
};

use super::rule::Rule;
use crate::diagnostics::Diagnostics;

/// One parameter of a method.
pub(crate) enum Input {
    /// Made from the call, according to its type.
    FromCall(Type),
    /// A variable of a resource's URI, found by its name.
    Variable { name: String, ty: Type },
}

impl Input {
    /// The type that makes it from the call.
    pub(crate) fn made_by(&self) -> Option<&Type> {
        match self {
            Self::FromCall(ty) => Some(ty),
            Self::Variable { .. } => None,
        }
    }
}

/// The parameters of a method. `variables` are those of a resource's URI.
pub(super) fn check(
    signature: &Signature,
    variables: &[String],
    rule: Option<&Rule>,
    diagnostics: &mut Diagnostics,
) -> Vec<Input> {
    let mut inputs = Vec::new();
    let mut arguments_taken = false;
    for input in &signature.inputs {
        let FnArg::Typed(typed) = input else { continue };
        let ty = (*typed.ty).clone();
        if let Type::ImplTrait(_) = ty {
            let message = "a parameter of an operation has one type; `impl Trait` leaves it open";
            diagnostics.error_at(&ty, message);
            continue;
        }
        if let Pat::Ident(pattern) = &*typed.pat
            && let name = syn::ext::IdentExt::unraw(&pattern.ident).to_string()
            && variables.contains(&name)
        {
            inputs.push(Input::Variable { name, ty });
            continue;
        }
        check_caller(&ty, rule, diagnostics);
        check_owned(&ty, diagnostics);
        if takes_arguments(&ty) {
            if arguments_taken {
                let message = "the arguments of the call are taken already; one parameter takes them all";
                diagnostics.error_at(&ty, message);
            }
            arguments_taken = true;
        }
        inputs.push(Input::FromCall(ty));
    }
    inputs
}

/// Where the rule is `public` the request may be anonymous; with every other rule there is always a caller.
fn check_caller(ty: &Type, rule: Option<&Rule>, diagnostics: &mut Diagnostics) {
    let Some(rule) = rule else { return };
    let is_public = rule.is_public();
    for name in ["Caller", "Claims"] {
        let shown = if name == "Claims" { "Claims<T>" } else { name };
        if is_public && is_named(ty, name) {
            let message = format!("a `public` operation may have no caller; take `Option<{shown}>`");
            diagnostics.error_at(ty, message);
        }
        let inner = last_segment(ty).filter(|last| last.ident == "Option").and_then(type_argument);
        if !is_public && inner.is_some_and(|inner| is_named(inner, name)) {
            let message = format!("only a `public` operation may have no caller; take `{shown}`");
            diagnostics.error_at(ty, message);
        }
    }
}

/// What a client sent is read into a value of its own. The compiler says of a type that borrows what is hard to read.
fn check_owned(ty: &Type, diagnostics: &mut Diagnostics) {
    let read = last_segment(ty).filter(|last| last.ident == "Parameters" || last.ident == "Claims");
    if let Some(borrowed) = read.and_then(type_argument).and_then(borrowed) {
        let message =
            "what a client sends is read into a type that borrows nothing; write `String` for `&str`";
        diagnostics.error(borrowed, message);
    }
}

/// Where a type borrows something that does not live for ever, as far as it is written.
pub(super) fn borrowed(ty: &Type) -> Option<Span> {
    struct Borrowed(Option<Span>);
    impl VisitMut for Borrowed {
        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if lifetime.ident != "static" {
                self.0.get_or_insert(lifetime.span());
            }
        }
        fn visit_type_reference_mut(&mut self, reference: &mut TypeReference) {
            if reference.lifetime.is_none() {
                self.0.get_or_insert(reference.and_token.span);
            }
            visit_mut::visit_type_reference_mut(self, reference);
        }
        // These declare their own lifetimes.
        fn visit_type_fn_ptr_mut(&mut self, _: &mut TypeFnPtr) {}
        fn visit_parenthesized_generic_arguments_mut(&mut self, _: &mut ParenthesizedGenericArguments) {}
    }
    let mut found = Borrowed(None);
    found.visit_type_mut(&mut ty.clone());
    found.0
}

/// Whether a type is written `Parameters<T>` or `JsonObject`.
pub(super) fn takes_arguments(ty: &Type) -> bool {
    parameters(ty).is_some() || is_json_object(ty)
}

/// `T` of `Parameters<T>`.
pub(crate) fn parameters(ty: &Type) -> Option<&Type> {
    last_segment(ty).filter(|last| last.ident == "Parameters").and_then(type_argument)
}

/// Whether a type is written `JsonObject`.
pub(crate) fn is_json_object(ty: &Type) -> bool {
    is_named(ty, "JsonObject")
}

pub(super) fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|last| last.ident == name)
}

/// `X<…>` of `a::b::X<…>`.
pub(super) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}

/// `T` of `X<T>`.
pub(super) fn type_argument(segment: &PathSegment) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}
