//! The arguments of one attribute: `name`, `name = value`, `name(…)`, in any order.

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Expr, Ident, Meta, Token};

use crate::diagnostics::{Diagnostics, nearest};

/// The arguments of one attribute, taken one by one.
pub(crate) struct Args {
    /// The span to underline for a mistake that has no narrower one.
    pub(crate) span: Span,
    /// The value before all named arguments, as in `#[method("tasks/get", …)]`.
    pub(crate) first: Option<Expr>,
    /// Whether part of the arguments could not be read, so an argument that seems missing may have been written.
    pub(crate) is_broken: bool,
    list: Vec<Arg>,
}

/// One argument: its name and its value.
pub(crate) struct Arg {
    pub(crate) name: Ident,
    pub(crate) value: Value,
}

/// The value of an argument, by its syntax.
pub(crate) enum Value {
    Flag,
    Expr(Expr),
    List(Args),
}

impl Args {
    /// Reads the arguments; each one that cannot be read is one mistake, and the rest are still read.
    pub(crate) fn parse(tokens: TokenStream, span: Span, diagnostics: &mut Diagnostics) -> Self {
        let parser = |input: ParseStream<'_>| Ok(Self::read(input, span, diagnostics));
        // `read` consumes everything and reports its own mistakes.
        parser.parse2(tokens).unwrap_or_else(|_| Self::none(span))
    }

    /// The arguments of an attribute on a method.
    pub(crate) fn of(attribute: &Attribute, diagnostics: &mut Diagnostics) -> Self {
        let span =
            attribute.path().segments.last().map_or_else(Span::call_site, |segment| segment.ident.span());
        match &attribute.meta {
            Meta::Path(_) => Self::none(span),
            Meta::List(list) => Self::parse(list.tokens.clone(), span, diagnostics),
            Meta::NameValue(pair) => {
                diagnostics.error_at(&pair.value, "write the arguments in parentheses");
                Self { is_broken: true, ..Self::none(span) }
            }
        }
    }

    fn read(input: ParseStream<'_>, span: Span, diagnostics: &mut Diagnostics) -> Self {
        let mut args = Self::none(span);
        let before = diagnostics.len();
        if input.peek(syn::Lit) {
            match input.parse() {
                Ok(first) => args.first = Some(first),
                Err(error) => diagnostics.push(error),
            }
            end_of_argument(input, diagnostics);
        }
        while !input.is_empty() {
            match Arg::read(input, diagnostics) {
                Ok(arg) => {
                    let known = args.list.iter().any(|other| other.name == arg.name);
                    if known {
                        let message = format!("`{}` is given twice; keep one", arg.name);
                        diagnostics.error(arg.name.span(), message);
                    } else {
                        args.list.push(arg);
                    }
                    end_of_argument(input, diagnostics);
                }
                Err(error) => {
                    diagnostics.push(error);
                    skip_argument(input);
                }
            }
        }
        args.is_broken = diagnostics.len() > before;
        args
    }

    fn none(span: Span) -> Self {
        Self { span, first: None, is_broken: false, list: Vec::new() }
    }

    /// Takes every argument that has one of these names, in the order they are written.
    pub(crate) fn take_all(&mut self, names: &[&str]) -> Vec<Arg> {
        let list = std::mem::take(&mut self.list);
        let (taken, left) = list.into_iter().partition(|arg| names.iter().any(|name| arg.name == name));
        self.list = left;
        taken
    }

    /// Whether an unknown argument may be a misspelling of one of these names.
    pub(crate) fn may_mean(&self, names: &[&str]) -> bool {
        self.list.iter().any(|arg| nearest(&arg.name.to_string(), names).is_some())
    }

    /// Takes the argument named `name`.
    pub(crate) fn take(&mut self, name: &str) -> Option<Arg> {
        let at = self.list.iter().position(|arg| arg.name == name)?;
        Some(self.list.remove(at))
    }

    /// Reports every argument that was not taken. `of` describes what the arguments belong to; `known` lists all
    /// allowed names.
    pub(crate) fn finish(self, of: &str, known: &[&str], diagnostics: &mut Diagnostics) {
        if let Some(first) = &self.first {
            let message = format!("arguments of {of} have names, like `{} = …`", known[0]);
            diagnostics.error_at(first, message);
        }
        for arg in self.list {
            let name = arg.name.unraw().to_string();
            let message = match nearest(&name, known) {
                Some(near) => format!("unknown argument `{name}` of {of}; did you mean `{near}`?"),
                None => {
                    format!("unknown argument `{name}` of {of}; there are {}", known.join(", "))
                }
            };
            diagnostics.error(arg.name.span(), message);
        }
    }
}

impl Arg {
    fn read(input: ParseStream<'_>, diagnostics: &mut Diagnostics) -> syn::Result<Self> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error("an argument is `name`, `name = value` or `name(…)`"));
        }
        let name = input.call(Ident::parse_any)?;
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Value::Expr(input.parse()?)
        } else if input.peek(syn::token::Paren) {
            let content;
            syn::parenthesized!(content in input);
            Value::List(Args::read(&content, name.span(), diagnostics))
        } else {
            Value::Flag
        };
        Ok(Self { name, value })
    }
}

/// Expects the end or a comma after an argument.
fn end_of_argument(input: ParseStream<'_>, diagnostics: &mut Diagnostics) {
    if !input.is_empty() && !input.peek(Token![,]) {
        diagnostics.push(input.error("expected `,` between two arguments"));
    }
    skip_argument(input);
}

/// Continues after the next comma.
fn skip_argument(input: ParseStream<'_>) {
    while !input.is_empty() {
        let at_comma = input.peek(Token![,]);
        if input.parse::<TokenTree>().is_err() || at_comma {
            return;
        }
    }
}
