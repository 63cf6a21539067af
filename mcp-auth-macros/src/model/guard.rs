//! `guard = may_close`: the method of the block that is asked before an operation runs.

use syn::ext::IdentExt as _;
use syn::{FnArg, Ident, Pat, ReturnType, Signature, Type};

use super::inputs::{Input, is_named, last_segment, takes_arguments, type_argument};
use crate::attr::Args;
use crate::diagnostics::{Diagnostics, nearest};

/// The method that is asked.
pub(crate) struct Guard {
    pub(crate) ident: Ident,
    pub(crate) has_self: bool,
    pub(crate) is_async: bool,
    pub(crate) inputs: Vec<GuardInput>,
    pub(crate) output: Option<Type>,
}

/// One parameter of a guard.
pub(crate) enum GuardInput {
    /// As an operation takes it.
    Owned(Input),
    /// `&Caller`.
    Caller(Type),
    /// `&T`: what `Parameters<T>` of the operation is.
    Arguments(Type),
}

impl Guard {
    /// Takes the argument. `methods` are those of the block, `variables` those of a resource's URI. `None` without one, and
    /// after a reported mistake.
    pub(super) fn take(
        args: &mut Args,
        methods: &[Signature],
        (variables, is_public): (&[String], bool),
        is_resource: bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let path = args.take("guard")?.path(diagnostics)?;
        let Some(named) = path.get_ident() else {
            diagnostics.error_at(&path, "`guard` names a method of this block, like `guard = may_close`");
            return None;
        };
        let Some(signature) = methods.iter().find(|signature| signature.ident == *named) else {
            let names: Vec<String> =
                methods.iter().map(|signature| signature.ident.unraw().to_string()).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let hint = nearest(&named.unraw().to_string(), &names);
            let hint = hint.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            let message = format!("`guard` names a method of this block, and there is no `{named}`{hint}");
            diagnostics.error_at(named, message);
            return None;
        };
        let mut inputs = Vec::new();
        let mut takes_arguments = is_resource;
        for input in &signature.inputs {
            let FnArg::Typed(typed) = input else { continue };
            let input = input_of(&typed.pat, &typed.ty, variables);
            if let Some(wrong) = input.misfit(is_public, &mut takes_arguments) {
                diagnostics.error_at(&typed.ty, wrong);
            }
            inputs.push(input);
        }
        Some(Self {
            // Compiler errors about the guard underline its own name.
            ident: signature.ident.clone(),
            has_self: signature.receiver().is_some(),
            is_async: signature.asyncness.is_some(),
            inputs,
            output: match &signature.output {
                ReturnType::Default => None,
                ReturnType::Type(_, ty) => Some((**ty).clone()),
            },
        })
    }
}

impl GuardInput {
    /// The type that makes it from the call as an operation's would.
    pub(crate) fn made_by(&self) -> Option<&Type> {
        match self {
            Self::Owned(input) => input.made_by(),
            Self::Caller(_) | Self::Arguments(_) => None,
        }
    }

    /// What is wrong with it. `taken`: whether the arguments are taken by another one, or there are none.
    fn misfit(&self, is_public: bool, taken: &mut bool) -> Option<&'static str> {
        const CALLER: &str = "a `public` operation may have no caller; take `Option<Caller>`";
        let arguments = |taken: &mut bool| {
            std::mem::replace(taken, true).then_some(
                "the arguments are taken already, or there are none: one parameter takes all of a tool's or a prompt's, and of a \
                 resource the variables of its URI are taken by their names",
            )
        };
        match self {
            Self::Caller(_) => is_public.then_some(CALLER),
            Self::Arguments(_) => arguments(taken),
            Self::Owned(Input::Variable { .. }) => None,
            Self::Owned(Input::FromCall(ty)) if takes_arguments(ty) => arguments(taken),
            Self::Owned(Input::FromCall(ty)) => {
                let inner = option(ty);
                let is_of_the_caller = |ty: &Type| is_named(ty, "Caller") || is_named(ty, "Claims");
                match (is_of_the_caller(ty), inner.is_some_and(is_of_the_caller)) {
                    (true, _) => is_public.then_some(CALLER),
                    (_, true) => None,
                    _ => Some(
                        "a guard decides before the call runs: it takes `Caller`, `Claims<T>`, the arguments, and variables of the URI",
                    ),
                }
            }
        }
    }
}

/// `T` of `Option<T>`.
fn option(ty: &Type) -> Option<&Type> {
    last_segment(ty).filter(|last| last.ident == "Option").and_then(type_argument)
}

fn input_of(pattern: &Pat, ty: &Type, variables: &[String]) -> GuardInput {
    if let Type::Reference(reference) = ty {
        let inner = (*reference.elem).clone();
        return match is_named(&inner, "Caller") {
            true => GuardInput::Caller(inner),
            false => GuardInput::Arguments(inner),
        };
    }
    if let Pat::Ident(named) = pattern
        && let name = named.ident.unraw().to_string()
        && variables.contains(&name)
    {
        return GuardInput::Owned(Input::Variable { name, ty: ty.clone() });
    }
    GuardInput::Owned(Input::FromCall(ty.clone()))
}
