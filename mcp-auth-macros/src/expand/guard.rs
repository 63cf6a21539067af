//! How a guard is asked: its parameters are made from the call as an operation's are, and its answer is a decision.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::Type;
use syn::spanned::Spanned as _;

use super::types::{self, local};
use crate::model::guard::{Guard, GuardInput};
use crate::model::inputs::Input;

/// The closure that asks a guard.
pub(super) fn tokens(p: &TokenStream, guard: &Guard) -> TokenStream {
    let (server, call, given) = (local("server"), local("call"), local("answer"));
    let arguments: Vec<_> = (0..guard.inputs.len()).map(|at| local(&format!("argument_{at}"))).collect();
    let extractions = guard.inputs.iter().zip(&arguments).map(|(input, argument)| {
        let taken = match input {
            GuardInput::Owned(Input::Variable { name, ty }) => {
                let expected = ty.to_token_stream().to_string().replace(' ', "");
                let ty = types::inferred(ty);
                quote_spanned!(ty.span()=> #p::variable::<#ty>(&#call, #name, #expected)?)
            }
            GuardInput::Owned(Input::FromCall(ty)) | GuardInput::Caller(ty) => from_call(p, ty, &call),
            GuardInput::Arguments(ty) => {
                let ty = types::inferred(ty);
                let parameters = from_call(p, &syn::parse_quote!(#p::Parameters<#ty>), &call);
                quote!(#parameters.0)
            }
        };
        quote!(let #argument = #taken;)
    });
    let passed = guard.inputs.iter().zip(&arguments).map(|(input, argument)| match input {
        GuardInput::Owned(_) => quote!(#argument),
        GuardInput::Caller(_) | GuardInput::Arguments(_) => quote!(&#argument),
    });
    let takes = guard.inputs.iter().any(|input| !matches!(input, GuardInput::Owned(Input::Variable { .. })));
    let mutable = takes.then(|| quote!(mut));
    let method = &guard.ident;
    let receiver = guard.has_self.then(|| quote!(#server,));
    let server = if guard.has_self { server.to_token_stream() } else { quote!(_) };
    let wait = guard.is_async.then(|| quote!(.await));
    let output = guard.output.as_ref().map_or(method.span(), Type::span);
    let decided = match &guard.output {
        Some(ty) if !types::is_opaque(ty) => {
            let ty = types::inferred(ty);
            quote_spanned!(output=> <#ty as #p::IntoDecision>::into_decision)
        }
        Some(_) => quote_spanned!(output=> #p::IntoDecision::into_decision),
        None => quote_spanned!(output=> <() as #p::IntoDecision>::into_decision),
    };
    let needs = guard.inputs.iter().filter_map(GuardInput::made_by).map(|ty| {
        let ty = types::inferred(ty);
        quote_spanned!(ty.span()=> <#ty as #p::FromCall>::NEEDS_TRANSPORT)
    });
    let span = method.span();
    let here = types::respanned(p, span);
    quote_spanned! {span=>
        |#server, #mutable #call| {
            const { #here::guard_needs_no_client(&[#(#needs),*]) };
            #here::future_is_send(async move {
                #(#extractions)*
                let #given = Self::#method(#receiver #(#passed),*)#wait;
                #decided(#given, &#here::Asked::by(&#call))
            })
        }
    }
}

fn from_call(p: &TokenStream, ty: &Type, call: &syn::Ident) -> TokenStream {
    let ty = types::inferred(ty);
    quote_spanned!(ty.span()=> <#ty as #p::FromCall>::from_call(&mut #call)?)
}
