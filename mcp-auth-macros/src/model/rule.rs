//! Who may call: exactly one of `scope`, `scopes`, `any_scope`, `authenticated`, `public`.

use mcp_auth_core::{InvalidScope, Scope};
use proc_macro2::Span;
use syn::LitStr;

use crate::attr::{Arg, Args};
use crate::diagnostics::Diagnostics;

/// The arguments that say who may call.
pub(crate) const NAMES: [&str; 5] = ["scope", "scopes", "any_scope", "authenticated", "public"];

/// Who may call an operation.
#[derive(Clone)]
pub(crate) enum Rule {
    Public,
    Authenticated,
    All(Vec<LitStr>),
    Any(Vec<LitStr>),
}

/// What an attribute says about who may call.
pub(crate) enum WrittenRule {
    Nothing,
    /// A mistake, which was already reported.
    Wrong,
    Rule(Rule),
}

impl WrittenRule {
    /// Takes the arguments that say who may call.
    pub(crate) fn take(args: &mut Args, diagnostics: &mut Diagnostics) -> Self {
        let mut given: Vec<Arg> = args.take_all(&NAMES);
        if given.len() > 1 {
            for second in &given[1..] {
                let message =
                    format!("`{}` and `{}` both say who may call; keep one", given[0].name, second.name);
                diagnostics.error(second.name.span(), message);
            }
            return Self::Wrong;
        }
        match given.pop() {
            None if args.is_broken || args.may_mean(&NAMES) => Self::Wrong,
            None => Self::Nothing,
            Some(arg) => read(arg, diagnostics).map_or(Self::Wrong, Self::Rule),
        }
    }

    /// The rule, or the default; having neither is a mistake. `None` only after a reported mistake.
    pub(crate) fn or_default(
        self,
        default: &Self,
        of: &str,
        span: Span,
        diagnostics: &mut Diagnostics,
    ) -> Option<Rule> {
        match (self, default) {
            (Self::Rule(rule), _) => Some(rule),
            (Self::Nothing, Self::Rule(rule)) => Some(rule.clone()),
            (Self::Wrong, _) | (_, Self::Wrong) => None,
            (Self::Nothing, Self::Nothing) => {
                let message = format!(
                    "{of} must say who may call it: `scope = \"…\"`, `scopes = […]`, `any_scope = […]`, \
                     `authenticated` or `public`"
                );
                diagnostics.error(span, message);
                None
            }
        }
    }
}

fn read(arg: Arg, diagnostics: &mut Diagnostics) -> Option<Rule> {
    match arg.name.to_string().as_str() {
        "public" => arg.flag(diagnostics).map(|()| Rule::Public),
        "authenticated" => arg.flag(diagnostics).map(|()| Rule::Authenticated),
        "scope" => {
            let token = arg.string(diagnostics)?;
            is_scope(&token, diagnostics).then(|| Rule::All(vec![token]))
        }
        name => {
            let make = if name == "scopes" { Rule::All } else { Rule::Any };
            let name = name.to_owned();
            let (tokens, list) = arg.strings(diagnostics)?;
            if tokens.is_empty() {
                let message =
                    format!("`{name}` names no scope; for any verified caller write `authenticated`");
                diagnostics.error_at(list, message);
                return None;
            }
            let before = diagnostics.len();
            for (at, token) in tokens.iter().enumerate() {
                let repeated = tokens[..at].iter().any(|other| other.value() == token.value());
                if is_scope(token, diagnostics) && repeated {
                    diagnostics.error_at(token, "this scope is in the list already; name it once");
                }
            }
            (diagnostics.len() == before).then(|| make(tokens))
        }
    }
}

/// Checks `scope-token` of RFC 6749 §3.3, without braces, which are reserved for templates.
fn is_scope(token: &LitStr, diagnostics: &mut Diagnostics) -> bool {
    let text = token.value();
    let brace = text.find(['{', '}']);
    let message = match Scope::new(text[..brace.unwrap_or(text.len())].to_owned()) {
        Err(InvalidScope::Character(' ')) => {
            let each = Scope::each_of(&text).unwrap_or_default();
            let each = each.iter().map(|scope| format!("\"{scope}\"")).collect::<Vec<_>>().join(", ");
            let colon = if each.is_empty() { "" } else { ": " };
            format!("a scope cannot contain a space (RFC 6749 §3.3); write one string per scope{colon}{each}")
        }
        Err(InvalidScope::Character(other)) => format!(
            "a scope cannot contain {other:?} (RFC 6749 §3.3); it is printable ASCII without space, `\"` and `\\`"
        ),
        _ if brace.is_some() => {
            "`{` and `}` in a scope are reserved for templates; write the scope without them".to_owned()
        }
        Ok(_) => return true,
        Err(_) => "a scope cannot be empty (RFC 6749 §3.3); for any verified caller write `authenticated`"
            .to_owned(),
    };
    diagnostics.error_at(token, message);
    false
}
