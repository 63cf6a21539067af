//! What the expansion of `#[server]` calls. Not for people: the macros have checked what is given here.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use rmcp::ErrorData;
use rmcp::handler::server::common::{schema_for_empty_input, schema_for_type};
use rmcp::model::{JsonObject, Prompt, PromptArgument, Resource, ResourceTemplate, Tool};
use serde_json::json;

use crate::call::derives::HasJsonSchema;
use crate::call::from_call::Takes;
use crate::call::handler::CallFuture;
use crate::declared::registry::{Declaration, Item};
use crate::declared::schema;
use crate::declared::{Rule, ScopeTerm};
use mcp_auth_core::uri_template::UriTemplate;
use mcp_auth_core::{LoginTerms, Role, Scope, ScopeTemplate};

/// The rule of `scope`, `scopes`, `any_scope` and `any_of`: all scopes of one of these groups.
///
/// # Panics
/// When one is not a scope token, which the macro has refused already.
pub fn any_of(groups: &[&[&'static str]]) -> Rule {
    Rule::any_group_of(groups.iter().map(|group| group.iter().map(|token| term(token)).collect()))
}

/// All of these, as `scopes` says.
#[cfg(test)]
pub(crate) fn all(scopes: &[&'static str]) -> Rule {
    any_of(&[scopes])
}

/// One of these, as `any_scope` says.
#[cfg(test)]
pub(crate) fn any(scopes: &[&'static str]) -> Rule {
    Rule::any_group_of(scopes.iter().map(|token| vec![term(token)]))
}

/// The roles of `role` and `any_role`: one of these.
///
/// # Panics
/// When one is not the name of a role, which the macro has refused already.
#[expect(clippy::expect_used, reason = "the macro checked it; leaving it out would open the operation")]
pub fn any_role(roles: &[&'static str]) -> Vec<Role> {
    roles.iter().map(|name| name.parse().expect("the macro checks every role")).collect()
}

/// The login of `login`, `acr` and `any_acr`: not older than so many seconds, where that is not 0, and by one of these, where there are some.
///
/// # Panics
/// When one is not an `acr`, which the macro has refused already.
#[expect(clippy::expect_used, reason = "the macro checked it; leaving it out would open the operation")]
pub fn login(max_age: u64, acr: &[&'static str]) -> LoginTerms {
    let terms = match max_age {
        0 => LoginTerms::NONE,
        seconds => LoginTerms::NONE.within(Duration::from_secs(seconds)),
    };
    let acr = acr.iter().map(|acr| acr.parse().expect("the macro checks every `acr`")).collect();
    terms.by_any(acr).expect("there is one list")
}

#[expect(clippy::expect_used, reason = "the macro checked it; leaving it out would open the operation")]
fn term(token: &'static str) -> ScopeTerm {
    match ScopeTemplate::is_written_in(token) {
        true => token.parse().expect("the macro checks every scope"),
        false => Scope::new(token).expect("the macro checks every scope").into(),
    }
}

/// The declaration that `#[tool]` writes.
pub fn tool(rule: Rule, tool: Tool) -> Declaration {
    Declaration::new(rule, Item::Tool(tool))
}

/// The declaration that `#[prompt]` writes.
pub fn prompt(rule: Rule, prompt: Prompt) -> Declaration {
    Declaration::new(rule, Item::Prompt(prompt))
}

/// `#[resource]` with a fixed URI.
pub fn resource(rule: Rule, resource: Resource) -> Declaration {
    Declaration::new(rule, Item::Resource(resource))
}

/// `#[resource]` with variables in its URI.
///
/// # Panics
/// When the template is not of a form we serve, which the macro has refused already.
#[expect(clippy::expect_used, reason = "the macro checked it")]
pub fn resource_template(rule: Rule, template: ResourceTemplate) -> Declaration {
    let parsed = UriTemplate::parse(&template.uri_template).expect("the macro checks every URI template");
    Declaration::new(rule, Item::ResourceTemplate(template, parsed))
}

/// The declaration that `#[method]` writes.
pub fn method(rule: Rule, method: &'static str) -> Declaration {
    Declaration::new(rule, Item::Method(method.into()))
}

/// The future of one operation. An error here says that a value which cannot go from thread to thread (an
/// `Rc`, a lock guard) lives across an `.await` of the method: drop it before, or use its `Send` kin.
pub fn future_is_send<'a, R, F>(future: F) -> CallFuture<'a, R>
where
    F: Future<Output = Result<R, ErrorData>> + 'a,
    // The comment behind the bound is what the compiler shows of this function.
    F: Send, // what lives across an `.await` is `Send`: `Arc` for `Rc`; drop a lock guard before, or take tokio's locks
{
    Box::pin(future)
}

/// The schema of a `Parameters<T>`, as schemars says it: `Declaration::with_derived_input` goes with it.
pub fn input_schema<T: HasJsonSchema>() -> Arc<JsonObject> {
    schema_for_type::<T>()
}

/// The input schema of a tool that takes its arguments as they come.
pub fn any_input() -> Arc<JsonObject> {
    let members = [("type", json!("object")), ("properties", json!({}))];
    Arc::new(members.into_iter().map(|(word, value)| (word.to_owned(), value)).collect())
}

/// The input schema of a tool without arguments.
pub fn no_input() -> Arc<JsonObject> {
    schema_for_empty_input()
}

/// The arguments of a prompt with `Parameters<T>`: `T`'s fields.
pub fn prompt_arguments<T: HasJsonSchema>() -> Option<Vec<PromptArgument>> {
    let arguments = schema::prompt_arguments(&schema::readable(&schema_for_type::<T>()));
    (!arguments.is_empty()).then_some(arguments)
}

/// Does not compile where the arguments are taken twice, or by a type whose schema the macro did not see.
/// `others` are the parameters that are not spelled `Parameters<T>` or `JsonObject`, `spelled` is how many
/// are, `seen` how many may take the arguments.
pub const fn check_arguments(others: &[Takes], spelled: usize, seen: usize) {
    let mut taken = spelled;
    let mut at = 0;
    while at < others.len() {
        if !matches!(others[at], Takes::Nothing) {
            taken += 1;
        }
        at += 1;
    }
    assert!(taken < 2, "two parameters take the arguments of the call; keep one");
    assert!(
        taken <= seen,
        "write `Parameters<T>` or `JsonObject` in full, not an alias: the macro finds the schema by that name"
    );
}

/// Does not compile where a guard takes what only a running call has: `Ask`, the peer, the cancellation.
pub const fn guard_needs_no_client(needs: &[bool]) {
    let mut at = 0;
    while at < needs.len() {
        assert!(
            !needs[at],
            "a guard decides before the call runs: it takes `Caller`, `Claims<T>` and the arguments, and asks no client"
        );
        at += 1;
    }
}

/// The schema of what a tool answers, if the answer's type says.
pub fn with_output_schema(tool: Tool, schema: Option<Arc<JsonObject>>) -> Tool {
    match schema {
        Some(schema) => tool.with_raw_output_schema(Arc::new(schema::output(&schema))),
        None => tool,
    }
}

/// `CARGO_BIN_NAME`, else the crate's name.
pub fn server_name(binary: Option<&'static str>, package: Option<&'static str>) -> String {
    binary.or(package).unwrap_or("mcp-server").to_owned()
}

/// `CARGO_PKG_VERSION`, where cargo builds.
pub fn server_version(package: Option<&'static str>) -> String {
    package.unwrap_or("0.0.0").to_owned()
}

/// A description, owned or borrowed.
pub fn text(text: impl Into<Cow<'static, str>>) -> Cow<'static, str> {
    text.into()
}

/// Text of either kind, owned.
pub fn string(text: impl Into<String>) -> String {
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_that_is_not_derived_is_an_object_with_its_members() {
        for schema in [no_input(), any_input()] {
            assert_eq!((&schema["type"], &schema["properties"]), (&json!("object"), &json!({})));
        }
    }

    #[test]
    #[should_panic(expected = "the macro checks every scope")]
    fn scope_outside_the_grammar_is_never_left_out() {
        let _ = all(&["a b"]);
    }

    #[test]
    fn rules_hold_every_scope_in_order() {
        assert_eq!(all(&["b", "a"]).to_string(), "a and b");
        assert_eq!(any(&["b", "a"]).to_string(), "b or a");
        assert_eq!(any(&["b", "a"]).challenge_scopes().to_string(), "b");
    }

    #[test]
    #[should_panic(expected = "not an alias")]
    fn arguments_taken_under_another_name_are_refused() {
        check_arguments(&[Takes::Nothing, Takes::Typed], 0, 0);
    }

    #[test]
    #[should_panic(expected = "two parameters take")]
    fn arguments_taken_twice_are_refused() {
        check_arguments(&[Takes::Everything], 1, 1);
    }

    #[test]
    fn arguments_taken_once_pass() {
        check_arguments(&[Takes::Nothing], 1, 1);
        check_arguments(&[Takes::Typed], 0, 1);
        check_arguments(&[Takes::Nothing, Takes::Nothing], 0, 0);
    }

    #[test]
    fn name_is_the_binary_then_the_package() {
        assert_eq!(server_name(Some("bin"), Some("package")), "bin");
        assert_eq!(server_name(None, Some("package")), "package");
    }
}
