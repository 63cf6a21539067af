//! The whole block under `#[server]`.

use syn::ext::IdentExt;
use syn::{Expr, Ident, ImplItem, ItemImpl, LitStr, Path, Signature, parse_quote};

use super::inputs::{borrowed, last_segment};
use super::operation::{self, Marker, Operation};
use super::rule::{self, WrittenWho};
use crate::attr::{self, Args, Doc};
use crate::diagnostics::Diagnostics;

/// One block of a server.
pub(crate) struct Server {
    /// The path of the facade crate, usually `::mcp_auth`.
    pub(crate) facade: Path,
    /// The block, used for its type and generics; its items are already in the output.
    pub(crate) block: ItemImpl,
    /// The name of the type, used to name the hidden type of a part.
    pub(crate) ident: Ident,
    pub(crate) role: Role,
    pub(crate) operations: Vec<Operation>,
}

/// Whether this is the main block of a server or a further one.
pub(crate) enum Role {
    Main { about: Box<About>, parts: Vec<Path> },
    Part,
}

/// What a server tells clients about itself.
pub(crate) struct About {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<Expr>,
    pub(crate) title: Option<Expr>,
    pub(crate) description: Option<Expr>,
    pub(crate) instructions: Option<Expr>,
    pub(crate) doc: Option<Doc>,
    pub(crate) icons: Option<Expr>,
    pub(crate) website_url: Option<Expr>,
}

/// The arguments that only the main block takes.
const MAIN: [&str; 8] =
    ["name", "version", "title", "description", "instructions", "icons", "website_url", "parts"];

/// Checks the block. Returns it with our attributes marked as read, and the server if the block is valid.
pub(crate) fn check(
    mut args: Args,
    mut block: ItemImpl,
    diagnostics: &mut Diagnostics,
) -> (ItemImpl, Option<Server>) {
    let facade = args.take("crate").and_then(|arg| arg.path(diagnostics));
    let default = super::filled::without_templates(WrittenWho::take(&mut args, diagnostics), diagnostics);
    let part = args.take("part");
    let role = match part {
        Some(part) => {
            for name in MAIN {
                if let Some(arg) = args.take(name) {
                    let message = format!("`{name}` belongs to the main `#[server]`, not to a part");
                    diagnostics.error(arg.name.span(), message);
                }
            }
            // `part = [...]` is probably meant to be `parts`.
            part.flag(diagnostics);
            Role::Part
        }
        None => {
            let about = Box::new(About::take(&mut args, &block, diagnostics));
            let parts = args.take("parts").map(|arg| arg.paths(diagnostics)).unwrap_or_default();
            Role::Main { about, parts }
        }
    };
    let known: Vec<&str> = MAIN.iter().chain(&rule::WHO).chain(&["part", "crate"]).copied().collect();
    args.finish("`#[server]`", &known, diagnostics);

    let methods: Vec<Signature> = block
        .items
        .iter()
        .filter_map(|item| match item {
            ImplItem::Fn(method) => Some(method.sig.clone()),
            _ => None,
        })
        .collect();
    let mut operations = Vec::new();
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        let ours: Vec<usize> =
            (0..method.attrs.len()).filter(|at| Marker::of(&method.attrs[*at]).is_some()).collect();
        for (count, at) in ours.into_iter().enumerate() {
            let attribute = method.attrs[at].clone();
            attr::mark_as_read(&mut method.attrs[at]);
            let Some(marker) = Marker::of(&attribute) else {
                continue;
            };
            if count > 0 {
                let message = format!(
                    "`{}` is an operation already; one method is one operation",
                    method.sig.ident.unraw()
                );
                diagnostics.error_at(attribute.path(), message);
                continue;
            }
            operations.extend(operation::check(
                marker,
                &attribute,
                method,
                (&default, &methods),
                diagnostics,
            ));
        }
    }
    operation::check_duplicates(&operations, diagnostics);

    if let Some((path, _)) = &block.trait_ {
        let message =
            "`#[server]` belongs on the type's own block, `impl Todos { … }`, not on that of a trait";
        diagnostics.error_at(path, message);
        return (block, None);
    }
    let Some(ident) = last_segment(&block.self_ty).map(|last| last.ident.clone()) else {
        diagnostics.error_at(&block.self_ty, "a server is a type with a name, like `impl Todos { … }`");
        return (block, None);
    };
    if let Some(borrowed) = borrowed(&block.self_ty) {
        let message = "a server lives as long as the process, so it borrows nothing; let it own what it holds, or an `Arc`";
        diagnostics.error(borrowed, message);
        return (block, None);
    }
    let facade = facade.unwrap_or_else(|| parse_quote!(::mcp_auth));
    let shell = ItemImpl { items: Vec::new(), attrs: Vec::new(), ..block.clone() };
    (block, Some(Server { facade, block: shell, ident, role, operations }))
}

impl About {
    fn take(args: &mut Args, block: &ItemImpl, diagnostics: &mut Diagnostics) -> Self {
        let name = args.take("name").and_then(|arg| arg.string(diagnostics));
        if let Some(name) = &name {
            operation::not_empty(name, diagnostics);
        }
        let mut expr = |name| args.take(name).and_then(|arg| arg.expr(diagnostics));
        Self {
            name,
            version: expr("version"),
            title: expr("title"),
            description: expr("description"),
            instructions: expr("instructions"),
            doc: Doc::of(&block.attrs),
            icons: expr("icons"),
            website_url: expr("website_url"),
        }
    }
}
