//! Who may call: exactly one of `scope`, `scopes`, `any_scope`, `any_of`, `authenticated`, `public`, and any of `role`,
//! `any_role`, `login`, `acr`, `any_acr` beside it.

use mcp_auth_core::{Acr, InvalidScope, InvalidScopeTemplate, Role, Scope, ScopeTemplate};
use proc_macro2::Span;
use syn::LitStr;

use super::time::seconds;
use crate::attr::{Arg, Args};
use crate::diagnostics::Diagnostics;

/// The arguments that say who may call, of which there is one.
pub(crate) const WHO: [&str; 6] = ["scope", "scopes", "any_scope", "any_of", "authenticated", "public"];

/// The arguments that narrow it: by roles,
const ROLES: [&str; 2] = ["role", "any_role"];

/// by what a person logged in.
const ACR: [&str; 2] = ["acr", "any_acr"];

/// Every argument that says who may call an operation.
pub(crate) const NAMES: [&str; 11] = [
    "scope",
    "scopes",
    "any_scope",
    "any_of",
    "authenticated",
    "public",
    "role",
    "any_role",
    "login",
    "acr",
    "any_acr",
];

/// Who may call an operation.
#[derive(Clone)]
pub(crate) struct Rule {
    pub(crate) who: Who,
    /// Of each list one role is needed.
    pub(crate) roles: Vec<Vec<LitStr>>,
    /// How the person must have logged in.
    pub(crate) login: Login,
}

/// How the person must have logged in.
#[derive(Clone, Default)]
pub(crate) struct Login {
    /// How long ago at most, in seconds.
    pub(crate) max_age: Option<u64>,
    /// By one of these; empty where nothing is said.
    pub(crate) acr: Vec<LitStr>,
    /// Where that is written.
    at: Option<Span>,
}

/// What the first group says.
#[derive(Clone)]
pub(crate) enum Who {
    Public,
    Authenticated,
    /// All scopes of one of these groups.
    Scopes(Vec<Vec<LitStr>>),
}

/// What an attribute says in the first group.
pub(crate) enum WrittenWho {
    Nothing,
    /// A mistake, which was already reported.
    Wrong,
    Who(Who),
}

impl Rule {
    /// Takes the arguments that say who may call; where none of the first group stands there, `default` counts. `None` only
    /// after a reported mistake.
    pub(crate) fn take(
        args: &mut Args,
        default: &WrittenWho,
        of: &str,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let before = diagnostics.len();
        let roles: Vec<(Span, Vec<LitStr>)> = args
            .take_all(&ROLES)
            .into_iter()
            .filter_map(|arg| Some((arg.name.span(), roles(arg, diagnostics)?)))
            .collect();
        let login = Login::take(args, diagnostics);
        let wrong = diagnostics.len() > before;
        let who = match WrittenWho::take(args, diagnostics) {
            // A role is held by a caller, who logged in.
            WrittenWho::Nothing if !roles.is_empty() || login.at.is_some() || wrong => match default {
                WrittenWho::Nothing => WrittenWho::Who(Who::Authenticated),
                _ => WrittenWho::Nothing,
            },
            written => written,
        };
        let who = who.or_default(default, of, args.span, diagnostics)?;
        if let (Who::Public, Some((span, _))) = (&who, roles.first()) {
            let message = "anyone may call a `public` operation, and only a caller holds a role; write `authenticated` or scopes";
            diagnostics.error(*span, message);
            return None;
        }
        if let (Who::Public, Some(span)) = (&who, login.at) {
            let message = "anyone may call a `public` operation, and only a caller has logged in; write `authenticated` or scopes";
            diagnostics.error(span, message);
            return None;
        }
        (!wrong).then(|| Self { who, roles: roles.into_iter().map(|(_, roles)| roles).collect(), login })
    }

    /// Whether anyone may, without a credential too.
    pub(crate) fn is_public(&self) -> bool {
        matches!(self.who, Who::Public)
    }
}

impl Login {
    fn take(args: &mut Args, diagnostics: &mut Diagnostics) -> Self {
        let age = args.take("login").and_then(|arg| {
            let at = arg.name.span();
            let given = arg.string(diagnostics)?;
            Some((seconds(&given, "the age of a login", 30 * 86_400, diagnostics)?, at))
        });
        let mut given: Vec<Arg> = args.take_all(&ACR);
        if let [first, second, ..] = &given[..] {
            let message = format!(
                "`{}` and `{}` both say by what the person logged in; keep one",
                first.name, second.name
            );
            diagnostics.error(second.name.span(), message);
            return Self::default();
        }
        let acr = given.pop().and_then(|arg| {
            let at = arg.name.span();
            Some((acr(arg, diagnostics)?, at))
        });
        let (max_age, aged) = age.unzip();
        let (acr, named) = acr.unzip();
        Self { max_age, acr: acr.unwrap_or_default(), at: aged.or(named) }
    }

    /// Whether it says something.
    pub(crate) fn is_said(&self) -> bool {
        self.at.is_some()
    }
}

/// What `acr` or `any_acr` names.
fn acr(arg: Arg, diagnostics: &mut Diagnostics) -> Option<Vec<LitStr>> {
    if arg.name == "acr" {
        let acr = arg.string(diagnostics)?;
        return is_acr(&acr, diagnostics).then(|| vec![acr]);
    }
    let (all, list) = arg.strings(diagnostics)?;
    if all.is_empty() {
        diagnostics.error_at(list, "`any_acr` names none; leave it out where any login will do");
        return None;
    }
    each_once("`acr`", &all, is_acr, diagnostics).then_some(all)
}

/// Checks an authentication context class reference.
fn is_acr(acr: &LitStr, diagnostics: &mut Diagnostics) -> bool {
    let wrong = acr.value().parse::<Acr>().err();
    if let Some(wrong) = &wrong {
        diagnostics.error_at(acr, wrong.to_string());
    }
    wrong.is_none()
}

impl WrittenWho {
    /// Takes the arguments of the first group.
    pub(crate) fn take(args: &mut Args, diagnostics: &mut Diagnostics) -> Self {
        let mut given: Vec<Arg> = args.take_all(&WHO);
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
            Some(arg) => read(arg, diagnostics).map_or(Self::Wrong, Self::Who),
        }
    }

    /// What it says, or the default; having neither is a mistake. `None` only after a reported mistake.
    fn or_default(self, default: &Self, of: &str, span: Span, diagnostics: &mut Diagnostics) -> Option<Who> {
        match (self, default) {
            (Self::Who(who), _) => Some(who),
            (Self::Nothing, Self::Who(who)) => Some(who.clone()),
            (Self::Wrong, _) | (_, Self::Wrong) => None,
            (Self::Nothing, Self::Nothing) => {
                let message = format!(
                    "{of} must say who may call it: `scope = \"…\"`, `scopes = […]`, `any_scope = […]`, \
                     `any_of = [[…], […]]`, `authenticated` or `public`"
                );
                diagnostics.error(span, message);
                None
            }
        }
    }
}

fn read(arg: Arg, diagnostics: &mut Diagnostics) -> Option<Who> {
    match arg.name.to_string().as_str() {
        "public" => arg.flag(diagnostics).map(|()| Who::Public),
        "authenticated" => arg.flag(diagnostics).map(|()| Who::Authenticated),
        "scope" => {
            let token = arg.string(diagnostics)?;
            is_scope(&token, diagnostics).then(|| Who::Scopes(vec![vec![token]]))
        }
        "any_of" => groups(arg, diagnostics).map(Who::Scopes),
        "any_scope" => {
            let tokens = scopes(arg, diagnostics)?;
            Some(Who::Scopes(tokens.into_iter().map(|token| vec![token]).collect()))
        }
        _ => scopes(arg, diagnostics).map(|tokens| Who::Scopes(vec![tokens])),
    }
}

/// A list of scopes.
fn scopes(arg: Arg, diagnostics: &mut Diagnostics) -> Option<Vec<LitStr>> {
    let name = arg.name.to_string();
    let (tokens, list) = arg.strings(diagnostics)?;
    if tokens.is_empty() {
        let message = format!("`{name}` names no scope; for any verified caller write `authenticated`");
        diagnostics.error_at(list, message);
        return None;
    }
    each_once("scope", &tokens, is_scope, diagnostics).then_some(tokens)
}

/// Groups of scopes: at least one, none of them empty, none twice.
fn groups(arg: Arg, diagnostics: &mut Diagnostics) -> Option<Vec<Vec<LitStr>>> {
    let (groups, list) = arg.lists_of_strings(diagnostics)?;
    if groups.is_empty() {
        let message = "`any_of` names no scope; for any verified caller write `authenticated`";
        diagnostics.error_at(list, message);
        return None;
    }
    let before = diagnostics.len();
    let mut seen: Vec<Vec<String>> = Vec::new();
    let mut given = Vec::new();
    for (tokens, group) in groups {
        if tokens.is_empty() {
            diagnostics.error_at(group, "a group without a scope would let every caller in; leave it out");
            continue;
        }
        if !each_once("scope", &tokens, is_scope, diagnostics) {
            continue;
        }
        let mut sorted: Vec<String> = tokens.iter().map(LitStr::value).collect();
        sorted.sort();
        if seen.contains(&sorted) {
            diagnostics.error_at(group, "this group is in the list already; name it once");
        }
        seen.push(sorted);
        given.push(tokens);
    }
    (diagnostics.len() == before).then_some(given)
}

/// The roles that `role` or `any_role` names.
fn roles(arg: Arg, diagnostics: &mut Diagnostics) -> Option<Vec<LitStr>> {
    if arg.name == "role" {
        let role = arg.string(diagnostics)?;
        return is_role(&role, diagnostics).then(|| vec![role]);
    }
    let (roles, list) = arg.strings(diagnostics)?;
    if roles.is_empty() {
        diagnostics.error_at(list, "`any_role` names no role; leave it out where no role is needed");
        return None;
    }
    each_once("role", &roles, is_role, diagnostics).then_some(roles)
}

/// Whether each name is well-formed and stands there once.
fn each_once(
    what: &str,
    names: &[LitStr],
    is_one: fn(&LitStr, &mut Diagnostics) -> bool,
    diagnostics: &mut Diagnostics,
) -> bool {
    let before = diagnostics.len();
    for (at, name) in names.iter().enumerate() {
        let repeated = names[..at].iter().any(|other| other.value() == name.value());
        if is_one(name, diagnostics) && repeated {
            diagnostics.error_at(name, format!("this {what} is in the list already; name it once"));
        }
    }
    diagnostics.len() == before
}

/// Checks the name of a role, as `[roles.NAME]` in `mcp.toml` has it.
fn is_role(name: &LitStr, diagnostics: &mut Diagnostics) -> bool {
    let wrong = name.value().parse::<Role>().err();
    if let Some(wrong) = &wrong {
        diagnostics.error_at(name, format!("{wrong}, as in `[roles.NAME]` of mcp.toml"));
    }
    wrong.is_none()
}

/// Checks `scope-token` of RFC 6749 §3.3; with braces in it, a template of one.
fn is_scope(token: &LitStr, diagnostics: &mut Diagnostics) -> bool {
    let text = token.value();
    let checked = match ScopeTemplate::is_written_in(&text) {
        false => Scope::new(text.clone()).map(|_| ()),
        true => match text.parse::<ScopeTemplate>() {
            Ok(_) => Ok(()),
            Err(InvalidScopeTemplate::Scope(wrong)) => Err(wrong),
            Err(wrong) => {
                diagnostics.error_at(token, wrong.to_string());
                return false;
            }
        },
    };
    let message = match checked {
        Err(InvalidScope::Character(' ')) => {
            let each = Scope::each_of(&text).unwrap_or_default();
            let each = each.iter().map(|scope| format!("\"{scope}\"")).collect::<Vec<_>>().join(", ");
            let colon = if each.is_empty() { "" } else { ": " };
            format!("a scope cannot contain a space (RFC 6749 §3.3); write one string per scope{colon}{each}")
        }
        Err(InvalidScope::Character(other)) => format!(
            "a scope cannot contain {other:?} (RFC 6749 §3.3); it is printable ASCII without space, `\"` and `\\`"
        ),
        Ok(()) => return true,
        Err(_) => "a scope cannot be empty (RFC 6749 §3.3); for any verified caller write `authenticated`"
            .to_owned(),
    };
    diagnostics.error_at(token, message);
    false
}
