//! `securitySchemes`: what lists say of how a client comes to call each tool, for clients that read it (OpenAI Apps SDK,
//! authentication; SEP-1488). It stands at the top of each tool and, for older clients, once more in its `_meta`. Clients take
//! it as a hint: what counts is what the gate decides.

use std::collections::HashMap;

use rmcp::model::{CustomResult, ServerResult, Tool};
use serde_json::{Value, json};

use super::rulebook::Rules;
use crate::authn::ScopePrefix;
use crate::authz::Access;
use crate::declared::registry::{Item, OperationId};

const SCHEMES: &str = "securitySchemes";

/// How clients log in to this server.
#[derive(Debug, Clone)]
pub(crate) enum Logins {
    /// Not at all: nothing issues tokens for it.
    Nowhere,
    /// At an issuer, which is asked for scopes with this in front of them.
    AtIssuer(Option<ScopePrefix>),
}

/// What is said of each tool. Nothing is by default.
#[derive(Debug, Default)]
pub(super) struct SecuritySchemes(HashMap<OperationId, Value>);

impl SecuritySchemes {
    /// What `rules` come to, where clients log in like this.
    pub(super) fn new(rules: &Rules, logins: &Logins) -> Self {
        let tools = rules.registry().iter().filter(|(_, declared)| matches!(declared.item, Item::Tool(_)));
        let said = tools.filter_map(|(id, _)| Some((id, schemes(&rules.policy().access(id)?, logins)?)));
        Self(said.collect())
    }

    /// Says it of the tool.
    pub(super) fn say_of(&self, id: OperationId, tool: &mut Tool) {
        if let Some(schemes) = self.0.get(&id) {
            tool.meta.get_or_insert_default().0.insert(SCHEMES.to_owned(), schemes.clone());
        }
    }
}

/// The ways to a tool, of which any will do. `None` where there is none that the words of this have: a client with an API key takes
/// no notice of it.
fn schemes(access: &Access, logins: &Logins) -> Option<Value> {
    let mut schemes = Vec::new();
    if access.without_login {
        schemes.push(json!({ "type": "noauth" }));
    }
    if let (Some(scopes), Logins::AtIssuer(prefix)) = (&access.by_login, logins) {
        // One entry with the least that suffices, as challenges ask for: clients ask for the scopes of all entries.
        let asked = prefix.as_ref().map(|prefix| prefix.asked(scopes));
        schemes.push(json!({ "type": "oauth2", "scopes": asked.as_ref().unwrap_or(scopes) }));
    }
    (!schemes.is_empty()).then(|| schemes.into())
}

/// The result with what rmcp's [`Tool`] has no field for.
pub(crate) fn with_schemes(result: ServerResult) -> ServerResult {
    let ServerResult::ListToolsResult(list) = result else { return result };
    match serde_json::to_value(&list) {
        Ok(mut written) => {
            lift_schemes(&mut written);
            ServerResult::CustomResult(CustomResult(written))
        }
        Err(_) => ServerResult::ListToolsResult(list), // what cannot be written is said so where it is written
    }
}

/// The same in the result of `tools/list` as rmcp wrote it.
pub(crate) fn lift_schemes(list: &mut Value) {
    let tools = list.get_mut("tools").and_then(Value::as_array_mut);
    for tool in tools.into_iter().flatten() {
        let said = tool.get("_meta").and_then(|meta| meta.get(SCHEMES)).cloned();
        if let (Some(tool), Some(said)) = (tool.as_object_mut(), said) {
            tool.insert(SCHEMES.to_owned(), said);
        }
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ScopeSet;
    use rmcp::model::{JsonObject, ListToolsResult};

    use super::*;

    fn said(without_login: bool, by_login: Option<&str>, logins: &Logins) -> Option<Value> {
        schemes(&Access { without_login, by_login: by_login.map(ScopeSet::parse_lossy) }, logins)
    }

    #[test]
    fn each_way_to_a_tool_is_one_scheme_as_openai_documents_them() {
        let at_issuer = Logins::AtIssuer(None);
        for (without_login, by_login, expected) in [
            (true, None, json!([{ "type": "noauth" }])),
            (
                false,
                Some("todos.write base"),
                json!([{ "type": "oauth2", "scopes": ["base", "todos.write"] }]),
            ),
            (false, Some(""), json!([{ "type": "oauth2", "scopes": [] }])),
            (true, Some("base"), json!([{ "type": "noauth" }, { "type": "oauth2", "scopes": ["base"] }])),
        ] {
            assert_eq!(said(without_login, by_login, &at_issuer), Some(expected));
        }
    }

    #[test]
    fn where_nobody_can_log_in_no_login_is_spoken_of() {
        assert_eq!(said(false, Some("write"), &Logins::Nowhere), None);
        assert_eq!(said(true, Some("write"), &Logins::Nowhere), Some(json!([{ "type": "noauth" }])));
    }

    #[test]
    fn scopes_are_called_what_the_issuer_calls_them() {
        let prefixed = Logins::AtIssuer(Some(ScopePrefix::new("api://todos/")));
        let expected = json!([{ "type": "oauth2", "scopes": ["api://todos/write", "openid"] }]);
        assert_eq!(said(false, Some("write openid"), &prefixed), Some(expected));
    }

    #[test]
    fn what_is_said_stands_at_the_top_and_in_meta_beside_what_else_is_there() {
        let mut tool = Tool::new_with_raw("x", None, JsonObject::new());
        tool.meta.get_or_insert_default().0.insert("mine".to_owned(), json!(1));
        let plain = Tool::new_with_raw("y", None, JsonObject::new());
        let id = {
            let declared = crate::call::build::tool(crate::declared::Rule::PUBLIC, tool.clone());
            let registry = crate::declared::registry::Registry::new(vec![declared]).unwrap();
            registry.tool("x").unwrap()
        };
        let schemes = SecuritySchemes([(id, json!([{ "type": "noauth" }]))].into());
        schemes.say_of(id, &mut tool);
        let list = ServerResult::ListToolsResult(ListToolsResult::with_all_items(vec![tool, plain]));
        let written = serde_json::to_value(with_schemes(list)).unwrap();
        let expected = json!([{ "type": "noauth" }]);
        assert_eq!(written["tools"][0]["securitySchemes"], expected);
        assert_eq!(written["tools"][0]["_meta"], json!({ "mine": 1, "securitySchemes": expected }));
        assert_eq!(written["tools"][1].get("securitySchemes"), None);
        assert_eq!(written["tools"][1].get("_meta"), None);
    }

    #[test]
    fn what_is_no_list_of_tools_stays_what_it_is() {
        for mut other in [json!(null), json!({}), json!({ "tools": "x" }), json!({ "tools": [1, null] })] {
            let before = other.clone();
            lift_schemes(&mut other);
            assert_eq!(other, before);
        }
    }
}
