//! The value of an argument, read as the required type. A value of another type is one mistake and gives `None`.

use syn::{Expr, ExprLit, Lit, LitBool, LitInt, LitStr, Path};

use super::args::{Arg, Args, Value};
use crate::diagnostics::Diagnostics;

/// The strings of a list, and the list to underline.
pub(crate) type Strings = (Vec<LitStr>, Expr);

impl Arg {
    /// `name = "text"`.
    pub(crate) fn string(self, diagnostics: &mut Diagnostics) -> Option<LitStr> {
        self.literal("a string literal, like `{} = \"…\"`", diagnostics, |lit| match lit {
            Lit::Str(text) => Some(text),
            _ => None,
        })
    }

    /// `name = 42`.
    pub(crate) fn integer(self, diagnostics: &mut Diagnostics) -> Option<LitInt> {
        self.literal("a whole number, like `{} = 42`", diagnostics, |lit| match lit {
            Lit::Int(number) => Some(number),
            _ => None,
        })
    }

    /// `name` alone, or `name = true`, or `name = false`.
    pub(crate) fn boolean(self, diagnostics: &mut Diagnostics) -> Option<bool> {
        if let Value::Flag = self.value {
            return Some(true);
        }
        self.literal("alone or with a bool: `{0}` or `{0} = false`", diagnostics, |lit| match lit {
            Lit::Bool(LitBool { value, .. }) => Some(value),
            _ => None,
        })
    }

    /// `name` alone.
    pub(crate) fn flag(self, diagnostics: &mut Diagnostics) -> Option<()> {
        match self.value {
            Value::Flag => Some(()),
            Value::Expr(_) | Value::List(_) => {
                self.refuse("stands alone: write `{}`", diagnostics);
                None
            }
        }
    }

    /// `name` alone, or `name = "text"`.
    pub(crate) fn flag_or_string(self, diagnostics: &mut Diagnostics) -> Option<Option<LitStr>> {
        if let Value::Flag = self.value {
            return Some(None);
        }
        self.literal("alone or with a string literal: `{0}` or `{0} = \"…\"`", diagnostics, |lit| match lit
        {
            Lit::Str(text) => Some(Some(text)),
            _ => None,
        })
    }

    /// `name = any expression`.
    pub(crate) fn expr(self, diagnostics: &mut Diagnostics) -> Option<Expr> {
        match self.value {
            Value::Expr(expr) => Some(expr),
            Value::Flag | Value::List(_) => {
                self.refuse("takes a value: `{} = …`", diagnostics);
                None
            }
        }
    }

    /// `name = ["a", "b"]`.
    pub(crate) fn strings(self, diagnostics: &mut Diagnostics) -> Option<Strings> {
        let (elements, list) = self.array("strings, like `{} = [\"…\", \"…\"]`", diagnostics)?;
        Some((literals(elements, diagnostics)?, list))
    }

    /// `name = [["a", "b"], ["c"]]`; each list, and the whole to underline.
    pub(crate) fn lists_of_strings(self, diagnostics: &mut Diagnostics) -> Option<(Vec<Strings>, Expr)> {
        let (elements, list) = self.array("lists, like `{} = [[\"…\", \"…\"], [\"…\"]]`", diagnostics)?;
        let before = diagnostics.len();
        let mut lists = Vec::new();
        for element in elements {
            let Expr::Array(inner) = &element else {
                diagnostics.error_at(element, "expected a list of string literals, like `[\"…\"]`");
                continue;
            };
            if let Some(strings) = literals(inner.elems.iter().cloned().collect(), diagnostics) {
                lists.push((strings, element));
            }
        }
        (diagnostics.len() == before).then_some((lists, list))
    }

    /// `name = [path, path]`.
    pub(crate) fn paths(self, diagnostics: &mut Diagnostics) -> Vec<Path> {
        let Some((elements, _)) = self.array("modules, like `{} = [admin, reports]`", diagnostics) else {
            return Vec::new();
        };
        elements
            .into_iter()
            .filter_map(|element| match element {
                Expr::Path(path) if path.qself.is_none() => Some(path.path),
                other => {
                    diagnostics.error_at(other, "expected the path of a module, like `admin`");
                    None
                }
            })
            .collect()
    }

    /// `name = path`.
    pub(crate) fn path(self, diagnostics: &mut Diagnostics) -> Option<Path> {
        match self.value {
            Value::Expr(Expr::Path(path)) if path.qself.is_none() => Some(path.path),
            _ => {
                self.refuse("takes a path: `{} = ::mcp_auth`", diagnostics);
                None
            }
        }
    }

    /// `name(…)`.
    pub(crate) fn list(self, diagnostics: &mut Diagnostics) -> Option<Args> {
        match self.value {
            Value::List(args) => Some(args),
            Value::Flag | Value::Expr(_) => {
                self.refuse("takes arguments: `{}(…)`", diagnostics);
                None
            }
        }
    }

    fn array(self, shape: &str, diagnostics: &mut Diagnostics) -> Option<(Vec<Expr>, Expr)> {
        match self.value {
            Value::Expr(Expr::Array(array)) => {
                Some((array.elems.iter().cloned().collect(), Expr::Array(array)))
            }
            _ => {
                self.refuse(&format!("takes a list of {shape}"), diagnostics);
                None
            }
        }
    }

    fn literal<T>(
        self,
        shape: &str,
        diagnostics: &mut Diagnostics,
        read: impl FnOnce(Lit) -> Option<T>,
    ) -> Option<T> {
        let literal = match &self.value {
            Value::Expr(expr) => bare(expr).and_then(read),
            Value::Flag | Value::List(_) => None,
        };
        if literal.is_none() {
            let takes = if shape.starts_with("alone") { "stands" } else { "takes" };
            self.refuse(&format!("{takes} {shape}"), diagnostics);
        }
        literal
    }

    /// Underlines the value, or the name where there is none. `{}` in `what` is the argument's name.
    fn refuse(&self, what: &str, diagnostics: &mut Diagnostics) {
        let what = what.replace("{0}", "{}").replace("{}", &self.name.to_string());
        let message = format!("`{}` {what}", self.name);
        match &self.value {
            Value::Expr(expr) => diagnostics.error_at(expr, message),
            Value::Flag | Value::List(_) => diagnostics.error(self.name.span(), message),
        }
    }
}

/// String literals; anything else is a mistake each.
fn literals(elements: Vec<Expr>, diagnostics: &mut Diagnostics) -> Option<Vec<LitStr>> {
    let before = diagnostics.len();
    let strings: Vec<_> = elements
        .into_iter()
        .filter_map(|element| match element {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
            other => {
                diagnostics.error_at(other, "expected a string literal");
                None
            }
        })
        .collect();
    (diagnostics.len() == before).then_some(strings)
}

/// The literal that an expression holds, also if it came through a `macro_rules!`.
fn bare(expr: &Expr) -> Option<Lit> {
    match expr {
        Expr::Lit(ExprLit { lit, attrs, .. }) if attrs.is_empty() => Some(lit.clone()),
        Expr::Group(group) => bare(&group.expr),
        _ => None,
    }
}
