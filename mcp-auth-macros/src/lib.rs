//! The macros of mcp-auth, re-exported by the facade crate `mcp-auth`.
//!
//! Every macro has three steps: `attr` reads the syntax and keeps its spans, `model` checks the rules and collects
//! every mistake, `expand` writes the tokens and cannot fail. The user's code stays in the output in every case, so
//! one mistake is one message.

mod attr;
mod diagnostics;
mod expand;
mod model;

use diagnostics::Diagnostics;
use proc_macro2::{Span, TokenStream};
use quote::quote;

/// Makes the type of an inherent `impl` block an MCP server: implements `mcp_auth::Handler` for it, with one
/// operation for each method marked `#[tool]`, `#[prompt]`, `#[resource]` or `#[method]`. The methods stay as
/// they are written.
///
/// | argument | means | default |
/// |---|---|---|
/// | `name = "…"` | the server's name | the binary's name, else the crate's |
/// | `version = "…"` | its version | the crate's |
/// | `title`, `description`, `website_url` | what clients show of it | none |
/// | `instructions = "…"` | what the model reads | the doc comment of the block |
/// | `icons = …` | a `Vec<Icon>` | none |
/// | `scope`, `scopes`, `any_scope`, `any_of`, `authenticated`, `public` | who may call an operation that does not say | none: each must say |
/// | `parts = [admin, reports]` | the modules with further blocks | none |
/// | `part` | this block is one of those; one per module | |
/// | `crate = path` | where the facade is | `::mcp_auth` |
#[proc_macro_attribute]
pub fn server(attr: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    run(attr.into(), item.into()).into()
}

/// A tool: listed by `tools/list`, called by `tools/call`.
///
/// Who may call it, exactly one of: `scope = "…"` or `scopes = ["…", "…"]` (all of them), `any_scope =
/// ["…", "…"]` (one is enough), `any_of = [["…", "…"], ["…"]]` (one whole group is enough), `authenticated` (any verified
/// caller), `public` (anyone, no token). Beside it, `role = "…"` and `any_role = ["…", "…"]` (one is enough) need roles of
/// `[roles]` in `mcp.toml`; `login = "5m"` a person who logged in not longer ago, and `acr = "…"` or `any_acr = ["…", "…"]` one who
/// did so by this (RFC 9470).
///
/// | argument | means | default |
/// |---|---|---|
/// | `name = "…"` | its name on the wire | the method's |
/// | `title`, `description` | what clients and the model read | the doc comment is the description |
/// | `read_only`, `destructive`, `idempotent`, `open_world` | hints, bare or `= false` | none |
/// | `annotations(title = "…", read_only_hint = true, …)` | the same in full | none |
/// | `input_schema`, `output_schema` | an `Arc<JsonObject>` | from `Parameters<T>` and `Json<T>` |
/// | `icons`, `meta` | a `Vec<Icon>`, a `MetaObject` | none |
#[proc_macro_attribute]
pub fn tool(attr: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside("tool", attr.into(), item.into()).into()
}

/// A prompt: listed by `prompts/list`, answered by `prompts/get`.
///
/// Who may call it as for [`macro@tool`]. Then `name`, `title`, `description`, `icons`, `meta`, and
/// `arguments` (a `Vec<PromptArgument>`; default: the fields of `Parameters<T>`).
#[proc_macro_attribute]
pub fn prompt(attr: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside("prompt", attr.into(), item.into()).into()
}

/// A resource, or every resource of a URI template: listed and read by `resources/…`.
///
/// Who may call it as for [`macro@tool`]. `uri = "todo://{id}"` is required: a fixed URI or an RFC 6570
/// level 1 template, each variable taken by the parameter of its name through `FromStr`. Then `name`,
/// `title`, `description`, `mime_type`, `icons`, `meta`, `annotations` (an `Annotations`), and, where the
/// URI is fixed, `size` in bytes.
#[proc_macro_attribute]
pub fn resource(attr: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside("resource", attr.into(), item.into()).into()
}

/// A protocol method that the other macros do not name, `#[method("completion/complete", scope = "…")]`:
/// completion, subscriptions, tasks, or a method of your own. Its params arrive as `Parameters<T>`, its
/// result is `Json<T>` or a result type of `mcp_auth::model`. Who may call it as for [`macro@tool`].
#[proc_macro_attribute]
pub fn method(attr: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside("method", attr.into(), item.into()).into()
}

/// `#[server]`: parse, check, expand.
fn run(attr: TokenStream, item: TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let args = attr::Args::parse(attr, Span::call_site(), &mut diagnostics);
    let out = match syn::parse2::<syn::ItemImpl>(item.clone()) {
        Ok(block) => {
            let (block, server) = model::check(args, block, &mut diagnostics);
            let implementation = server.map(|server| expand::tokens(&server, &diagnostics));
            quote!(#block #implementation)
        }
        Err(_) => {
            let message = "`#[server]` belongs on an `impl` block: `impl Todos { … }`";
            diagnostics.error(Span::call_site(), message);
            item
        }
    };
    let errors = diagnostics.into_tokens();
    quote!(#out #errors)
}

/// An attribute on a method. `#[server]` has read it and left a mark instead of its arguments, so that the user's
/// import of the attribute counts as used. Without the mark there is no `#[server]`, and the attribute reports that.
fn outside(name: &str, attr: TokenStream, item: TokenStream) -> TokenStream {
    if attr.to_string() == attr::READ {
        return item;
    }
    let mut diagnostics = Diagnostics::default();
    let message = format!(
        "`#[{name}]` belongs on a method of an `impl` block with `#[server]` or `#[server(part)]` above it"
    );
    diagnostics.error(Span::call_site(), message);
    let errors = diagnostics.into_tokens();
    quote!(#item #errors)
}

#[cfg(test)]
mod tests {
    use proc_macro2::{TokenStream, TokenTree};
    use quote::quote;

    /// Every `::name` that begins a path.
    fn roots(tokens: TokenStream, found: &mut Vec<String>) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let is = |at: Option<usize>, c: char| matches!(at.and_then(|at| tokens.get(at)), Some(TokenTree::Punct(p)) if p.as_char() == c);
        for (at, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Group(group) => roots(group.stream(), found),
                TokenTree::Ident(name) if is(at.checked_sub(1), ':') && is(at.checked_sub(2), ':') => {
                    let before = at.checked_sub(3).and_then(|at| tokens.get(at));
                    let continues = matches!(before, Some(TokenTree::Ident(_)))
                        || matches!(before, Some(TokenTree::Punct(p)) if p.as_char() == '>');
                    if !continues {
                        found.push(name.to_string());
                    }
                }
                _ => {}
            }
        }
    }

    #[test]
    fn every_path_goes_through_the_facade_or_core() {
        let expanded = super::run(
            quote!(scope = "a", title = "T", instructions = "I", parts = [more]),
            quote! {
                impl<S: Store> Todos<S> {
                    /// Doc.
                    #[tool(read_only, annotations(title = "t"))]
                    async fn a(&self, caller: Caller, Parameters(p): Parameters<P>) -> Result<Json<T>, E> {}
                    #[tool(any_scope = ["a", "b"])]
                    fn b(rest: JsonObject) {}
                    #[prompt(public)]
                    fn c(&self, Parameters(p): Parameters<P>) -> String {}
                    #[resource(uri = "t://{id}/x", authenticated, mime_type = "text/plain")]
                    fn d(&self, id: u8) -> String {}
                    #[method("tasks/get", authenticated)]
                    fn e(&self) {}
                }
            },
        );
        let text = expanded.to_string();
        assert!(!text.contains("compile_error"), "{text}");
        let mut found = Vec::new();
        roots(expanded, &mut found);
        assert!(found.len() > 50, "{found:?}");
        found.retain(|root| root != "mcp_auth" && root != "core");
        assert_eq!(found, [""; 0]);
    }

    #[test]
    fn crate_argument_replaces_the_facade() {
        let block = quote!(impl Todos { #[tool(public)] fn a() {} });
        let expanded = super::run(quote!(crate = my::facade), block).to_string();
        assert!(expanded.contains("my :: facade :: __private"), "{expanded}");
        assert!(!expanded.contains("mcp_auth"), "{expanded}");
    }
}
