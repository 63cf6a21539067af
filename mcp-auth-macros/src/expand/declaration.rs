//! The declaration of an operation: who may call it, and its entry in the list of its kind.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::ext::IdentExt as _;
use syn::spanned::Spanned as _;

use super::types;
use crate::attr::Doc;
use crate::model::guard::GuardInput;
use crate::model::inputs::{self, Input};
use crate::model::operation::{Description, Kind, ListEntry, Operation};
use crate::model::prompt::Prompt;
use crate::model::resource::Resource;
use crate::model::rule::{Rule, Who};
use crate::model::tool::{Annotations, Confirm, Tool};

/// The `Declaration` expression of one operation.
pub(super) fn tokens(p: &TokenStream, operation: &Operation) -> TokenStream {
    let declared = declared(p, operation);
    let taken = operation.inputs.iter().filter_map(Input::made_by);
    let needs = taken.clone().map(|ty| {
        let (span, ty) = (ty.span(), types::inferred(ty));
        quote_spanned!(span=> || <#ty as #p::FromCall>::NEEDS_TRANSPORT)
    });
    let by_guard = operation.guard.iter().flat_map(|guard| &guard.inputs).filter_map(GuardInput::made_by);
    let claims = taken.chain(by_guard).map(|ty| {
        let (span, ty) = (ty.span(), types::inferred(ty));
        quote_spanned!(span=> <#ty as #p::FromCall>::CLAIMS)
    });
    quote!(#declared.needing_transport(false #(#needs)*).taking_claims(&[#(#claims),*]))
}

fn declared(p: &TokenStream, operation: &Operation) -> TokenStream {
    let rule = rule(p, &operation.rule);
    let guard = operation.guard.as_ref().map(|guard| guard.ident.unraw().to_string());
    let guard = guard.map(|name| quote!(.with_guard(#name)));
    let confirm = match &operation.kind {
        Kind::Tool(Tool { confirm: Some((Confirm::InClient, _)), .. }) => Some(quote!(.with_confirmation())),
        Kind::Tool(Tool { confirm: Some((Confirm::ByLogin, _)), .. }) => {
            Some(quote!(.with_confirmation_by_login()))
        }
        _ => None,
    };
    let rule = quote!(#rule #guard #confirm);
    let name = &operation.name;
    match &operation.kind {
        Kind::Tool(tool) => {
            let given_input = tool.input_schema.as_ref();
            let timeout = tool.timeout.map(|seconds| quote!(.with_timeout_seconds(#seconds)));
            let upstream = tool.upstream.as_ref().map(|name| quote!(.with_upstream(#name)));
            let tool = self::tool(p, operation, tool);
            // A schema that the method's parameters say is schemars' own; one that is given stays as it is written.
            let derived =
                (given_input.is_none() && takes_parameters(operation)).then(|| quote!(.with_derived_input()));
            quote!(#p::tool(#rule, #tool) #derived #timeout #upstream)
        }
        Kind::Prompt(prompt) => {
            let prompt = self::prompt(p, operation, prompt);
            // The arguments arrive as text, so that their types are needed, whatever lists say of them.
            let input = takes_parameters(operation).then(|| input_schema(p, operation));
            let input = input.map(|input| quote!(.with_prompt_input(#input)));
            quote!(#p::prompt(#rule, #prompt) #input)
        }
        Kind::Resource(resource) => self::resource(p, &rule, operation, resource),
        Kind::Method => quote!(#p::method(#rule, #name)),
    }
}

fn rule(p: &TokenStream, rule: &Rule) -> TokenStream {
    let who = match &rule.who {
        Who::Public => quote!(#p::Rule::PUBLIC),
        Who::Authenticated => quote!(#p::Rule::AUTHENTICATED),
        Who::Scopes(groups) => quote!(#p::any_of(&[#(&[#(#groups),*]),*])),
    };
    let roles = rule.roles.iter().map(|any| quote!(#p::any_role(&[#(#any),*])));
    let login = rule.login.is_said().then(|| {
        let (max_age, acr) = (rule.login.max_age.unwrap_or(0), &rule.login.acr);
        quote!(.with_login(#p::login(#max_age, &[#(#acr),*])))
    });
    quote!(#who #(.with_any_role(#roles))* #login)
}

fn tool(p: &TokenStream, operation: &Operation, tool: &Tool) -> TokenStream {
    let name = &operation.name;
    let description = match description(&operation.list_entry) {
        Some(text) => quote!(::core::option::Option::Some(#p::text(#text))),
        None => quote!(::core::option::Option::None),
    };
    let input_schema = match &tool.input_schema {
        Some(given) => quote!(#given),
        None => input_schema(p, operation),
    };
    let output_schema = match (&tool.output_schema, &operation.output) {
        (Some(given), _) => quote!(.with_raw_output_schema(#given)),
        _ => TokenStream::new(),
    };
    let annotations = annotations(p, &tool.annotations);
    let list_entry = list_entry(&operation.list_entry);
    let made = quote! {
        #p::model::Tool::new_with_raw(#name, #description, #input_schema)
            #output_schema #annotations #list_entry
    };
    match (&tool.output_schema, &operation.output) {
        (None, Some(output)) if !types::is_opaque(output) => {
            let span = syn::spanned::Spanned::span(output);
            let output = types::inferred(output);
            let answer = quote::quote_spanned!(span=> #p::IntoToolAnswer);
            quote!(#p::with_output_schema(#made, <#output as #answer>::output_schema()))
        }
        _ => made,
    }
}

/// The schema of `T` for `Parameters<T>`; any object for `JsonObject`; otherwise a schema without arguments.
fn input_schema(p: &TokenStream, operation: &Operation) -> TokenStream {
    let taken = operation.inputs.iter().find_map(|input| match input {
        Input::FromCall(ty) if inputs::is_json_object(ty) => Some(quote!(#p::any_input())),
        Input::FromCall(ty) => inputs::parameters(ty).map(|arguments| {
            let arguments = types::inferred(arguments);
            quote!(#p::input_schema::<#arguments>())
        }),
        Input::Variable { .. } => None,
    });
    taken.unwrap_or_else(|| quote!(#p::no_input()))
}

/// Whether the schema is that of a `Parameters<T>`.
fn takes_parameters(operation: &Operation) -> bool {
    let first = operation.inputs.iter().find_map(|input| match input {
        Input::FromCall(ty) if inputs::is_json_object(ty) => Some(false),
        Input::FromCall(ty) => inputs::parameters(ty).map(|_| true),
        Input::Variable { .. } => None,
    });
    first.unwrap_or(false)
}

fn annotations(p: &TokenStream, annotations: &Annotations) -> TokenStream {
    if annotations.is_empty() {
        return TokenStream::new();
    }
    let title = match &annotations.title {
        Some(title) => quote!(::core::option::Option::Some(#p::string(#title))),
        None => quote!(::core::option::Option::None),
    };
    let hints = annotations.hints.map(|hint| match hint {
        Some(hint) => quote!(::core::option::Option::Some(#hint)),
        None => quote!(::core::option::Option::None),
    });
    quote!(.with_annotations(#p::model::ToolAnnotations::from_raw(#title, #(#hints),*)))
}

fn prompt(p: &TokenStream, operation: &Operation, prompt: &Prompt) -> TokenStream {
    let name = &operation.name;
    let description = match description(&operation.list_entry) {
        Some(text) => quote!(::core::option::Option::Some(#p::string(#text))),
        None => quote!(::core::option::Option::None::<#p::String>),
    };
    let found = || {
        operation.inputs.iter().find_map(|input| match input {
            Input::FromCall(ty) => inputs::parameters(ty).map(|arguments| {
                let arguments = types::inferred(arguments);
                quote!(#p::prompt_arguments::<#arguments>())
            }),
            Input::Variable { .. } => None,
        })
    };
    let arguments = match &prompt.arguments {
        Some(given) => quote!(::core::option::Option::Some(#given)),
        None => found().unwrap_or_else(|| quote!(::core::option::Option::None)),
    };
    let list_entry = list_entry(&operation.list_entry);
    quote!(#p::model::Prompt::from_raw(#name, #description, #arguments) #list_entry)
}

fn resource(p: &TokenStream, rule: &TokenStream, operation: &Operation, resource: &Resource) -> TokenStream {
    let (uri, name) = (&resource.uri, &operation.name);
    let mime_type = resource.mime_type.as_ref().map(|mime_type| quote!(.with_mime_type(#mime_type)));
    let size = resource.size.as_ref().map(|size| quote!(.with_size(#size)));
    let annotations = resource.annotations.as_ref().map(|given| quote!(.with_annotations(#given)));
    let description = description(&operation.list_entry).map(|text| quote!(.with_description(#text)));
    let list_entry = list_entry(&operation.list_entry);
    let (declare, ty) = match resource.variables.is_empty() {
        true => (quote!(#p::resource), quote!(#p::model::Resource)),
        false => (quote!(#p::resource_template), quote!(#p::model::ResourceTemplate)),
    };
    quote! {
        #declare(#rule, #ty::new(#uri, #name) #description #mime_type #size #annotations #list_entry)
    }
}

/// Title, icons and meta, which every list entry has.
fn list_entry(list_entry: &ListEntry) -> TokenStream {
    let title = list_entry.title.as_ref().map(|title| quote!(.with_title(#title)));
    let icons = list_entry.icons.as_ref().map(|icons| quote!(.with_icons(#icons)));
    let meta = list_entry.meta.as_ref().map(|meta| quote!(.with_meta(#meta)));
    quote!(#title #icons #meta)
}

fn description(list_entry: &ListEntry) -> Option<TokenStream> {
    list_entry.description.as_ref().map(|description| match description {
        Description::Given(given) => quote!(#given),
        Description::Doc(text) => doc(text),
    })
}

/// A doc comment as an expression that gives its text.
pub(super) fn doc(doc: &Doc) -> TokenStream {
    match doc {
        Doc::Text(text) => quote!(#text),
        Doc::Lines(lines) => quote!(::core::concat!(#(#lines, "\n"),*)),
    }
}
