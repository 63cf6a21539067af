//! What lists show: to each caller what policy says, and cacheable by others only where it is the same for all.

use rmcp::ErrorData;
use rmcp::model::{
    CacheScope, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams,
};

use super::security_schemes::SecuritySchemes;
use crate::authn::Identity;
use crate::declared::registry::{Item, OperationId};
use crate::owned::Rulebook;

/// The whole list in one page: any cursor is one we never gave out.
pub(super) fn refuse_cursor(request: Option<&PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor.as_ref()) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params("cursor is not one this server gave out", None)),
    }
}

fn visible<T>(
    rules: &Rulebook,
    identity: &Identity,
    pick: impl Fn(OperationId, &Item) -> Option<T>,
) -> Vec<T> {
    rules
        .registry()
        .iter()
        .filter(|(id, _)| rules.policy().shows(*id, identity))
        .filter_map(|(id, declaration)| pick(id, &declaration.item))
        .collect()
}

/// Who may cache a list: only the client that asked, if the list depends on the caller.
fn cache_scope(rules: &Rulebook) -> CacheScope {
    if rules.policy().lists_depend_on_caller() { CacheScope::Private } else { CacheScope::Public }
}

pub(super) fn tools(rules: &Rulebook, schemes: &SecuritySchemes, identity: &Identity) -> ListToolsResult {
    let tools = visible(rules, identity, |id, item| match item {
        Item::Tool(tool) => {
            let mut tool = tool.clone();
            schemes.say_of(id, &mut tool);
            Some(tool)
        }
        _ => None,
    });
    ListToolsResult::with_all_items(tools).with_cache_scope(cache_scope(rules))
}

pub(super) fn prompts(rules: &Rulebook, identity: &Identity) -> ListPromptsResult {
    let prompts = visible(rules, identity, |_, item| match item {
        Item::Prompt(prompt) => Some(prompt.clone()),
        _ => None,
    });
    ListPromptsResult::with_all_items(prompts).with_cache_scope(cache_scope(rules))
}

pub(super) fn resources(rules: &Rulebook, identity: &Identity) -> ListResourcesResult {
    let resources = visible(rules, identity, |_, item| match item {
        Item::Resource(resource) => Some(resource.clone()),
        _ => None,
    });
    ListResourcesResult::with_all_items(resources).with_cache_scope(cache_scope(rules))
}

pub(super) fn resource_templates(rules: &Rulebook, identity: &Identity) -> ListResourceTemplatesResult {
    let templates = visible(rules, identity, |_, item| match item {
        Item::ResourceTemplate(template, _) => Some(template.clone()),
        _ => None,
    });
    ListResourceTemplatesResult::with_all_items(templates).with_cache_scope(cache_scope(rules))
}
