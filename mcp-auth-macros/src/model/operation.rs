//! One method that is marked as an operation.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::{
    Attribute, Expr, FnArg, GenericParam, Ident, ImplItemFn, LitStr, ReceiverKind, ReturnType, Safety,
    Signature, Type,
};

use super::guard::Guard;
use super::inputs::{self, Input};
use super::prompt::Prompt;
use super::resource::Resource;
use super::rule::{self, Rule, WrittenWho};
use super::tool::Tool;
use crate::attr::{Args, Doc};
use crate::diagnostics::Diagnostics;

/// One operation, with every argument checked.
pub(crate) struct Operation {
    /// The `#[cfg(…)]` attributes of the method: if one is false, the operation does not exist.
    pub(crate) cfgs: Vec<Attribute>,
    pub(crate) rule: Rule,
    /// What is asked before it runs.
    pub(crate) guard: Option<Guard>,
    /// The name on the wire, with the span where it is written.
    pub(crate) name: LitStr,
    pub(crate) ident: Ident,
    pub(crate) has_self: bool,
    pub(crate) is_async: bool,
    pub(crate) inputs: Vec<Input>,
    pub(crate) output: Option<Type>,
    pub(crate) list_entry: ListEntry,
    pub(crate) kind: Kind,
}

/// What lists show about the operation.
#[derive(Default)]
pub(crate) struct ListEntry {
    pub(crate) title: Option<LitStr>,
    pub(crate) description: Option<Description>,
    pub(crate) icons: Option<Expr>,
    pub(crate) meta: Option<Expr>,
}

/// Where the description of an operation comes from.
pub(crate) enum Description {
    Given(Expr),
    Doc(Doc),
}

/// The kind of operation, with the arguments that only this kind has.
pub(crate) enum Kind {
    Tool(Tool),
    Prompt(Prompt),
    Resource(Resource),
    Method,
}

/// The attributes that make a method an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Tool,
    Prompt,
    Resource,
    Method,
}

impl Marker {
    /// Finds the attribute of this crate that `attribute` is, if it is one. `#[rmcp::tool]` is not.
    pub(super) fn of(attribute: &Attribute) -> Option<Self> {
        let path = attribute.path();
        if path.segments.len() > 1 && path.segments[0].ident == "rmcp" {
            return None;
        }
        let last = path.segments.last()?;
        [Self::Tool, Self::Prompt, Self::Resource, Self::Method]
            .into_iter()
            .find(|marker| last.ident == marker.name())
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Tool => "tool",
            Self::Prompt => "prompt",
            Self::Resource => "resource",
            Self::Method => "method",
        }
    }

    /// The arguments that this attribute takes, besides those for who may call.
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Tool => &[
                "name",
                "title",
                "description",
                "read_only",
                "destructive",
                "idempotent",
                "open_world",
                "annotations",
                "input_schema",
                "output_schema",
                "timeout",
                "guard",
                "confirm",
                "upstream",
                "icons",
                "meta",
            ],
            Self::Prompt => &["name", "title", "description", "arguments", "guard", "icons", "meta"],
            Self::Resource => &[
                "uri",
                "name",
                "title",
                "description",
                "mime_type",
                "size",
                "annotations",
                "guard",
                "icons",
                "meta",
            ],
            Self::Method => &[],
        }
    }
}

/// The tool that takes `Upstream` names it, and the other way round; and it acts for a person, so there is one.
fn check_upstream(kind: Option<&Kind>, rule: Option<&Rule>, inputs: &[Input], diagnostics: &mut Diagnostics) {
    let named = match kind {
        Some(Kind::Tool(tool)) => tool.upstream.as_ref(),
        _ => None,
    };
    let taken = inputs.iter().filter_map(Input::made_by).find(|ty| inputs::is_named(ty, "Upstream"));
    match (named, taken) {
        (None, Some(ty)) => {
            let message = match kind {
                Some(Kind::Tool(_)) | None => {
                    "which provider? name its table in `[upstreams]`: `#[tool(…, upstream = \"…\")]`"
                }
                Some(Kind::Prompt(_) | Kind::Resource(_) | Kind::Method) => {
                    "only a tool reaches a provider for the person who calls"
                }
            };
            diagnostics.error_at(ty, message);
        }
        (Some(name), None) => {
            diagnostics
                .error(name.span(), "no parameter takes it; add one of the type `Upstream`, or leave it out");
        }
        (Some(name), Some(_)) if rule.is_some_and(Rule::is_public) => {
            let message = "anyone may call a `public` tool, and a provider is reached for a person; write `authenticated` or scopes";
            diagnostics.error(name.span(), message);
        }
        (_, _) => {}
    }
}

/// Checks one marked method. `None` only after a reported mistake.
pub(super) fn check(
    marker: Marker,
    attribute: &Attribute,
    method: &ImplItemFn,
    (default, methods): (&WrittenWho, &[Signature]),
    diagnostics: &mut Diagnostics,
) -> Option<Operation> {
    let before = diagnostics.len();
    let mut args = Args::of(attribute, diagnostics);
    args.is_broken |= args.first.is_some() && marker != Marker::Method;
    let signature = &method.sig;
    let ident = signature.ident.clone();
    let of = format!("{} `{}`", marker.name(), ident.unraw());

    let rule = Rule::take(&mut args, default, &of, diagnostics);
    let given_name = (marker != Marker::Method)
        .then(|| args.take("name"))
        .flatten()
        .and_then(|arg| arg.string(diagnostics));
    let name = given_name.unwrap_or_else(|| LitStr::new(&ident.unraw().to_string(), ident.span()));

    let mut variables = Vec::new();
    let (kind, name) = match marker {
        Marker::Tool => {
            super::tool::check_name(&name, diagnostics);
            (Some(Kind::Tool(Tool::take(&mut args, diagnostics))), Some(name))
        }
        Marker::Prompt => {
            not_empty(&name, diagnostics);
            (Some(Kind::Prompt(Prompt::take(&mut args, diagnostics))), Some(name))
        }
        Marker::Resource => {
            not_empty(&name, diagnostics);
            let resource = Resource::take(&mut args, &of, diagnostics);
            variables = resource.as_ref().map(|r| r.variables.clone()).unwrap_or_default();
            (resource.map(Kind::Resource), Some(name))
        }
        Marker::Method => (Some(Kind::Method), super::method::name(&mut args, diagnostics)),
    };
    let list_entry = if marker == Marker::Method {
        ListEntry::default()
    } else {
        ListEntry::take(&mut args, method, diagnostics)
    };
    let guard = (marker != Marker::Method)
        .then(|| {
            let is_public = rule.as_ref().is_some_and(Rule::is_public);
            let is_resource = marker == Marker::Resource;
            Guard::take(&mut args, methods, (&variables, is_public), is_resource, diagnostics)
        })
        .flatten();
    let known: Vec<&str> = rule::NAMES.iter().chain(marker.arguments()).copied().collect();
    args.finish(&format!("`#[{}]`", marker.name()), &known, diagnostics);

    if let (Some(Kind::Tool(Tool { confirm: Some((_, at)), .. })), Some(rule)) = (&kind, &rule)
        && rule.is_public()
    {
        let message = "anyone may call a `public` tool, and a confirmation is a caller's; write `authenticated` or scopes";
        diagnostics.error(*at, message);
    }
    let has_self = check_signature(signature, diagnostics);
    let inputs = inputs::check(signature, &variables, rule.as_ref(), diagnostics);
    check_upstream(kind.as_ref(), rule.as_ref(), &inputs, diagnostics);
    if let Some(Kind::Resource(resource)) = &kind {
        resource.check_inputs(signature, &inputs, diagnostics);
    }
    if let (Some(rule), Some(kind)) = (&rule, &kind) {
        super::filled::check(rule, kind, &inputs, diagnostics);
    }
    let output = match &signature.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some((**ty).clone()),
    };
    let operation = Operation {
        cfgs: method.attrs.iter().filter(|a| a.path().is_ident("cfg")).cloned().collect(),
        rule: rule?,
        guard,
        name: name?,
        ident,
        has_self,
        is_async: signature.asyncness.is_some(),
        inputs,
        output,
        list_entry,
        kind: kind?,
    };
    (diagnostics.len() == before).then_some(operation)
}

impl ListEntry {
    fn take(args: &mut Args, method: &ImplItemFn, diagnostics: &mut Diagnostics) -> Self {
        let mut expr = |name| args.take(name).and_then(|arg| arg.expr(diagnostics));
        let (given, icons, meta) = (expr("description"), expr("icons"), expr("meta"));
        let doc = || Doc::of(&method.attrs).map(Description::Doc);
        Self {
            title: args.take("title").and_then(|arg| arg.string(diagnostics)),
            description: given.map(Description::Given).or_else(doc),
            icons,
            meta,
        }
    }
}

/// Reports signatures that an operation cannot have; gives whether there is a `self`.
fn check_signature(signature: &Signature, diagnostics: &mut Diagnostics) -> bool {
    if let Safety::Unsafe(keyword) = &signature.safety {
        diagnostics.error_at(keyword, "an operation is called by clients, so it cannot be `unsafe`");
    }
    for parameter in &signature.generics.params {
        if let GenericParam::Type(_) | GenericParam::Const(_) = parameter {
            let message =
                "an operation cannot be generic: a call has no types; put the parameter on the `impl`";
            diagnostics.error_at(parameter, message);
        }
    }
    match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) => {
            if !matches!(&receiver.kind, ReceiverKind::Reference(_, _, None)) {
                let message = "operations run at the same time, so they share the server: take `&self`";
                diagnostics.error_at(receiver, message);
            }
            true
        }
        _ => false,
    }
}

pub(super) fn not_empty(name: &LitStr, diagnostics: &mut Diagnostics) {
    if name.value().is_empty() {
        diagnostics.error_at(name, "a name cannot be empty");
    }
}

/// Reports a second operation of the same kind and name. Operations with a `#[cfg]` are checked when the server
/// starts.
pub(super) fn check_duplicates(operations: &[Operation], diagnostics: &mut Diagnostics) {
    let key = |operation: &Operation| -> (&'static str, String) {
        match &operation.kind {
            Kind::Tool(_) => ("tool", operation.name.value()),
            Kind::Prompt(_) => ("prompt", operation.name.value()),
            Kind::Resource(resource) => ("resource", resource.uri.value()),
            Kind::Method => ("method", operation.name.value()),
        }
    };
    let span = |operation: &Operation| -> Span {
        match &operation.kind {
            Kind::Resource(resource) => resource.uri.span(),
            _ => operation.name.span(),
        }
    };
    let certain: Vec<_> = operations.iter().filter(|operation| operation.cfgs.is_empty()).collect();
    for (at, operation) in certain.iter().enumerate() {
        let (kind, name) = key(operation);
        if let Some(first) = certain[..at].iter().find(|other| key(other) == (kind, name.clone())) {
            let fix = match kind {
                "resource" => "give it its own URI",
                "method" => "keep one",
                _ => "give one of them another: `name = \"…\"`",
            };
            let message = format!("{kind} `{name}` is declared already, by `fn {}`; {fix}", first.ident);
            diagnostics.error(span(operation), message);
        }
    }
}
