//! How an operation is called: its parameters are made from the call, and its result becomes the answer to the
//! client.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Ident;
use syn::spanned::Spanned;

use super::types::{self, local};
use crate::model::inputs::{Input, is_json_object, parameters};
use crate::model::operation::{Kind, Operation};

/// The `Route` expression of one operation.
pub(super) fn tokens(p: &TokenStream, operation: &Operation) -> TokenStream {
    let (variant, answer, convert) = match &operation.kind {
        Kind::Tool(_) => ("Tool", "IntoToolAnswer", "into_tool_answer"),
        Kind::Prompt(_) => ("Prompt", "IntoPromptAnswer", "into_prompt_answer"),
        Kind::Resource(_) => ("Resource", "IntoResourceAnswer", "into_resource_answer"),
        Kind::Method => ("Method", "IntoMethodAnswer", "into_method_answer"),
    };
    let [variant, answer, convert] = [variant, answer, convert].map(|name| format_ident!("{name}"));

    let (server, call, given) = (local("server"), local("call"), local("answer"));
    let arguments: Vec<Ident> =
        (0..operation.inputs.len()).map(|at| local(&format!("argument_{at}"))).collect();
    let extractions = operation
        .inputs
        .iter()
        .zip(&arguments)
        .map(|(input, argument)| extraction(p, operation, input, argument, &call));
    // `mut` only where a parameter is made from the call, to avoid an unused-`mut` warning.
    let takes = operation.inputs.iter().any(|input| matches!(input, Input::FromCall(_)));
    let mutable = takes.then(|| quote!(mut));

    let method = &operation.ident;
    let receiver = operation.has_self.then(|| quote!(#server,));
    let server = if operation.has_self { server.to_token_stream() } else { quote!(_) };
    let wait = operation.is_async.then(|| quote!(.await));
    let asked = asked(p, operation, &call);
    let check = check_arguments(p, operation);

    // Compiler errors about the result underline the return type; errors about the future underline the method's
    // name.
    let output = operation.output.as_ref().map_or(method.span(), Spanned::span);
    let answered = match &operation.output {
        Some(ty) if !types::is_opaque(ty) => {
            let ty = types::inferred(ty);
            quote_spanned!(output=> <#ty as #p::#answer>::#convert)
        }
        Some(_) => quote_spanned!(output=> #p::#answer::#convert),
        None => quote_spanned!(output=> <() as #p::#answer>::#convert),
    };
    let body = quote! {
        #(#extractions)*
        let #given = Self::#method(#receiver #(#arguments),*)#wait;
        #answered(#given, &#asked)
    };
    let span = method.span();
    let here = types::respanned(p, span);
    let future = quote_spanned!(span=> #here::future_is_send(async move { #body }));
    quote! {
        #p::Route::#variant(|#server, #mutable #call| { #check #future })
    }
}

/// The statement `let argument = …?;` that makes one parameter from the call. Of a tool, arguments that do not fit are a
/// result.
fn extraction(
    p: &TokenStream,
    operation: &Operation,
    input: &Input,
    argument: &Ident,
    call: &Ident,
) -> TokenStream {
    match input {
        Input::FromCall(ty) => {
            let span = ty.span();
            let ty = types::inferred(ty);
            let from_call = quote_spanned!(span=> <#ty as #p::FromCall>::from_call);
            if !matches!(operation.kind, Kind::Tool(_)) {
                return quote!(let #argument = #from_call(&mut #call)?;);
            }
            let takes = quote_spanned!(span=> <#ty as #p::FromCall>::TAKES);
            let error = local("error");
            quote! {
                let #argument = match #from_call(&mut #call) {
                    ::core::result::Result::Ok(#argument) => #argument,
                    ::core::result::Result::Err(#error) => return #p::not_taken(#takes, #error),
                };
            }
        }
        Input::Variable { name, ty } => {
            let expected = ty.to_token_stream().to_string().replace(' ', "");
            let span = ty.span();
            let ty = types::inferred(ty);
            let here = types::respanned(p, span);
            quote_spanned!(span=> let #argument = #here::variable::<#ty>(&#call, #name, #expected)?;)
        }
    }
}

/// What turning the result into an answer needs to know about the call.
fn asked(p: &TokenStream, operation: &Operation, call: &Ident) -> TokenStream {
    let more = match &operation.kind {
        Kind::Tool(tool) if tool.output_schema.is_some() => quote!(.with_own_schema()),
        Kind::Resource(resource) => {
            let mime_type = resource.mime_type.as_ref();
            mime_type.map(|mime_type| quote!(.with_mime_type(#mime_type))).unwrap_or_default()
        }
        _ => TokenStream::new(),
    };
    quote!(#p::Asked::by(&#call)#more)
}

/// Checks parameter types that are not spelled `Parameters` or `JsonObject`: one that takes the arguments would have
/// a schema that the macro did not see.
fn check_arguments(p: &TokenStream, operation: &Operation) -> Option<TokenStream> {
    let (spelled, others): (Vec<_>, Vec<_>) = operation
        .inputs
        .iter()
        .filter_map(|input| match input {
            Input::FromCall(ty) => Some(ty),
            Input::Variable { .. } => None,
        })
        .partition(|ty| parameters(ty).is_some() || is_json_object(ty));
    if others.is_empty() {
        return None;
    }
    let schema_is_given = match &operation.kind {
        Kind::Tool(tool) => tool.input_schema.is_some(),
        Kind::Prompt(prompt) => prompt.arguments.is_some(),
        Kind::Resource(_) => false,
        Kind::Method => true,
    };
    let spelled = spelled.len();
    // The arguments are taken once, where the schema does not have to be derived.
    let seen = if schema_is_given && spelled == 0 { 1_usize } else { spelled };
    let others = others.into_iter().map(|ty| {
        let span = ty.span();
        let ty = types::inferred(ty);
        quote_spanned!(span=> <#ty as #p::FromCall>::TAKES)
    });
    let span = operation.ident.span();
    let here = types::respanned(p, span);
    Some(quote_spanned!(span=> const { #here::check_arguments(&[#(#others),*], #spelled, #seen) };))
}
