//! The scopes that each call fills: that the operation has something to fill them with.

use mcp_auth_core::ScopeTemplate;
use syn::{LitStr, Type};

use super::inputs::{Input, takes_arguments};
use super::operation::Kind;
use super::rule::{Rule, Who, WrittenWho};
use crate::diagnostics::Diagnostics;

/// Each scope of `rule` that calls fill, as it is written.
fn templates(who: &Who) -> impl Iterator<Item = (&LitStr, ScopeTemplate)> {
    let groups = match who {
        Who::Scopes(groups) => &groups[..],
        Who::Public | Who::Authenticated => &[],
    };
    groups.iter().flatten().filter_map(|token| Some((token, token.value().parse().ok()?)))
}

/// What a default says, which stands for every operation and so has no templates.
pub(super) fn without_templates(default: WrittenWho, diagnostics: &mut Diagnostics) -> WrittenWho {
    let before = diagnostics.len();
    if let WrittenWho::Who(who) = &default {
        for (token, _) in templates(who) {
            let message =
                "the arguments of one operation fill such a scope; write it on each operation that has them";
            diagnostics.error_at(token, message);
        }
    }
    if diagnostics.len() == before { default } else { WrittenWho::Wrong }
}

/// Checks that `kind` has what the templates of `rule` name. What arguments a tool has is checked when the server starts.
pub(super) fn check(rule: &Rule, kind: &Kind, inputs: &[Input], diagnostics: &mut Diagnostics) {
    for (token, template) in templates(&rule.who) {
        let message = match kind {
            Kind::Tool(_) | Kind::Prompt(_) => {
                let takes =
                    inputs.iter().any(|input| matches!(input, Input::FromCall(ty) if takes_arguments(ty)));
                (!takes).then(|| {
                    "the arguments of a call fill this scope, and the method takes none; add `Parameters<T>`".to_owned()
                })
            }
            Kind::Resource(resource) => {
                let mut names = template.paths().map(|path| path.join("."));
                names.find_map(|name| variable(&name, &resource.variables, inputs))
            }
            Kind::Method => {
                Some("the arguments of a protocol method fill no scope; write the scope in full".to_owned())
            }
        };
        if let Some(message) = message {
            diagnostics.error_at(token, message);
        }
    }
}

/// What is wrong with a place that a variable fills.
fn variable(name: &str, variables: &[String], inputs: &[Input]) -> Option<String> {
    if !variables.iter().any(|variable| variable == name) {
        return Some(match variables {
            [] => "a fixed URI has no variable to fill a scope with; write the scope in full".to_owned(),
            all => format!("`{name}` is not a variable of the URI, which has {}", all.join(", ")),
        });
    }
    let is_text = inputs.iter().any(|input| {
        matches!(input, Input::Variable { name: of, ty: Type::Path(ty) } if of == name
            && ty.path.segments.last().is_some_and(|last| last.ident == "String"))
    });
    (!is_text).then(|| {
        format!("the variable `{name}` fills this scope, so its parameter is a `String`: the method then gets it byte for byte")
    })
}
