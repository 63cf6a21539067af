//! Doc comments, which become descriptions.

use syn::{Attribute, Expr, ExprLit, Lit, Meta};

/// The text of the doc comments of an item: literal text and expressions such as `include_str!("…")`.
pub(crate) enum Doc {
    Text(String),
    /// One expression for each line, to be joined by newlines.
    Lines(Vec<Expr>),
}

impl Doc {
    /// The doc comments among `attributes`; `None` when there are none, or when they are blank.
    pub(crate) fn of(attributes: &[Attribute]) -> Option<Self> {
        let lines: Vec<&Expr> = attributes
            .iter()
            .filter_map(|attribute| match &attribute.meta {
                Meta::NameValue(pair) if pair.path.is_ident("doc") => Some(&pair.value),
                _ => None,
            })
            .collect();
        let texts: Option<Vec<String>> = lines.iter().map(|line| literal(line)).collect();
        match texts {
            Some(texts) => {
                let text = texts.join("\n").trim().to_owned();
                (!text.is_empty()).then_some(Self::Text(text))
            }
            None => Some(Self::Lines(lines.into_iter().cloned().collect())),
        }
    }
}

/// A line without the space that `/// ` begins with.
fn literal(line: &Expr) -> Option<String> {
    match line {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
            let text = text.value();
            Some(text.strip_prefix(' ').unwrap_or(&text).trim_end().to_owned())
        }
        _ => None,
    }
}
