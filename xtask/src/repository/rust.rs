//! A Rust source file, read: which paths its code names, and which items hold code. Tests and comments do not count.

use std::collections::BTreeSet;

use proc_macro2::{TokenStream, TokenTree};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, UseTree};

/// What the checks need of one source file.
#[derive(Debug)]
pub(super) struct Source {
    /// Its path from the root of the repository.
    pub(super) name: String,
    /// The paths that its code names, those of `use` included; `super::` is kept as it is written.
    pub(super) reads: Vec<Read>,
    /// Items that are more than a table of contents, each with its line.
    pub(super) code: Vec<(usize, &'static str)>,
    /// Its modules that only tests compile.
    pub(super) test_modules: BTreeSet<String>,
}

/// One path that the code names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Read {
    pub(super) line: usize,
    /// The inline modules around it.
    pub(super) inside: Vec<String>,
    pub(super) path: Vec<String>,
}

impl Source {
    /// # Errors
    /// Where `text` is not Rust.
    pub(super) fn read(name: &str, text: &str) -> Result<Self, String> {
        let file = syn::parse_file(text)
            .map_err(|error| format!("{name}:{}: is not Rust: {error}", error.span().start().line))?;
        let mut reader = Reader { reads: Vec::new(), inside: Vec::new() };
        if !is_for_tests(&file.attrs) {
            reader.visit_file(&file);
        }
        let modules = file.items.iter().filter_map(|item| match item {
            Item::Mod(module) if module.content.is_none() && is_for_tests(&module.attrs) => {
                Some(module.ident.to_string())
            }
            _ => None,
        });
        Ok(Self {
            name: name.to_owned(),
            reads: reader.reads,
            code: file.items.iter().filter_map(code).collect(),
            test_modules: modules.collect(),
        })
    }
}

/// Whether only tests compile what bears `attributes`: `cfg(test)`, or `cfg(all(test, …))`.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.meta.require_list().is_ok_and(|list| {
                let condition = list.tokens.to_string();
                condition == "test" || condition.starts_with("all (test ,")
            })
    })
}

/// What `item` is, if it does not belong into a table of contents.
fn code(item: &Item) -> Option<(usize, &'static str)> {
    let kind = match item {
        Item::Use(_) | Item::ExternCrate(_) => return None,
        Item::Mod(module) if module.content.is_none() => return None,
        Item::Mod(_) => "a module with a body",
        Item::Const(_) => "a constant",
        Item::Enum(_) => "an enum",
        Item::Fn(_) => "a function",
        Item::Impl(_) => "an impl block",
        Item::Macro(_) => "a macro",
        Item::Static(_) => "a static",
        Item::Struct(_) => "a struct",
        Item::Trait(_) | Item::TraitAlias(_) => "a trait",
        Item::Type(_) => "a type alias",
        _ => "an item",
    };
    Some((item.span().start().line, kind))
}

struct Reader {
    reads: Vec<Read>,
    inside: Vec<String>,
}

impl Reader {
    fn note(&mut self, line: usize, path: Vec<String>) {
        if path.len() > 1 {
            self.reads.push(Read { line, inside: self.inside.clone(), path });
        }
    }

    fn tree(&mut self, before: &[String], tree: &UseTree) {
        let line = tree.span().start().line;
        let joined = |name: String| [before, &[name]].concat();
        match tree {
            UseTree::Path(path) => self.tree(&joined(path.ident.to_string()), &path.tree),
            UseTree::Name(name) => self.note(line, joined(name.ident.to_string())),
            UseTree::Rename(rename) => self.note(line, joined(rename.ident.to_string())),
            UseTree::Glob(_) => self.note(line, joined("*".to_owned())),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.tree(before, tree)),
        }
    }

    /// The paths among the tokens of a macro: `a::b::c`.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let (mut line, mut colons) = (0, 0);
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.note(line, std::mem::take(&mut path));
                        line = name.span().start().line;
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.note(line, std::mem::take(&mut path));
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.note(line, path);
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        self.inside.push(module.ident.to_string());
        visit::visit_item_mod(self, module);
        self.inside.pop();
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.tree(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.note(path.span().start().line, names);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        visit::visit_macro(self, call);
        self.tokens(call.tokens.clone());
    }

    // Where something may be seen is not something that is read, and documentation is not code.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}
    fn visit_attribute(&mut self, _: &'ast Attribute) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(text: &str) -> Vec<String> {
        let source = Source::read("src/x.rs", text).unwrap();
        source.reads.iter().map(|read| read.path.join("::")).collect()
    }

    #[test]
    fn every_branch_of_a_use_is_a_path() {
        assert_eq!(
            reads("use crate::{a::{B, C as D}, e::*};"),
            ["crate::a::B", "crate::a::C", "crate::e::*"]
        );
    }

    #[test]
    fn paths_in_types_expressions_and_macros_are_found() {
        let text =
            "fn f(x: crate::a::A) -> u8 { info!(id = crate::b::id(&[crate::c::C]), \"x\"); super::d::e() }";
        assert_eq!(reads(text), ["crate::a::A", "crate::b::id", "crate::c::C", "super::d::e"]);
    }

    #[test]
    fn tests_comments_and_visibilities_are_not_read() {
        let text = "//! [x](crate::a::B)\n/// [y](crate::a::C)\npub(in crate::a) struct S;\n\
                    #[cfg(test)] mod tests { use crate::a::B; }\n#[cfg(test)] use crate::a::C;\n\
                    #[cfg(test)] impl S { fn f() { crate::a::d() } }\n\
                    #[cfg(all(test, unix))] mod more { use crate::a::B; }";
        assert!(reads(text).is_empty(), "{:?}", reads(text));
        assert!(reads("#![cfg(test)]\nuse crate::a::B;").is_empty());
    }

    #[test]
    fn what_another_feature_compiles_is_read() {
        assert_eq!(reads("#[cfg(feature = \"testing\")] use crate::a::B;"), ["crate::a::B"]);
        assert_eq!(reads("#[cfg(not(test))] use crate::a::B;"), ["crate::a::B"]);
    }

    #[test]
    fn the_line_and_the_modules_around_a_path_are_kept() {
        let source = Source::read("src/x.rs", "mod a {\n    use super::b::C;\n}\n").unwrap();
        let path = ["super", "b", "C"].map(str::to_owned).to_vec();
        assert_eq!(source.reads, [Read { line: 2, inside: vec!["a".to_owned()], path }]);
    }

    #[test]
    fn what_is_not_rust_is_said_with_its_line() {
        let error = Source::read("src/x.rs", "fn f() {}\nfn {").unwrap_err();
        assert!(error.starts_with("src/x.rs:2: is not Rust"), "{error}");
    }
}
