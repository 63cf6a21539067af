//! What lists show: to each caller what policy says, and cacheable by others only where it is the same for all.

use rmcp::ErrorData;
use rmcp::model::{
    CacheScope, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams,
};

use crate::authn::Identity;
use crate::authz::Policy;
use crate::declared::registry::Item;

/// The whole list in one page: any cursor is one we never gave out.
pub(super) fn refuse_cursor(request: Option<&PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor.as_ref()) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params("cursor is not one this server gave out", None)),
    }
}

fn visible<'a, T>(policy: &'a Policy, identity: &'a Identity, pick: fn(&Item) -> Option<&T>) -> Vec<T>
where
    T: Clone + 'a,
{
    policy
        .registry()
        .iter()
        .filter(|(id, _)| policy.shows(*id, identity))
        .filter_map(|(_, declaration)| pick(&declaration.item).cloned())
        .collect()
}

/// Who may cache a list: nobody else, as soon as it depends on who asks.
fn cache_scope(policy: &Policy) -> CacheScope {
    if policy.lists_depend_on_caller() { CacheScope::Private } else { CacheScope::Public }
}

pub(super) fn tools(policy: &Policy, identity: &Identity) -> ListToolsResult {
    let tools = visible(policy, identity, |item| match item {
        Item::Tool(tool) => Some(tool),
        _ => None,
    });
    ListToolsResult::with_all_items(tools).with_cache_scope(cache_scope(policy))
}

pub(super) fn prompts(policy: &Policy, identity: &Identity) -> ListPromptsResult {
    let prompts = visible(policy, identity, |item| match item {
        Item::Prompt(prompt) => Some(prompt),
        _ => None,
    });
    ListPromptsResult::with_all_items(prompts).with_cache_scope(cache_scope(policy))
}

pub(super) fn resources(policy: &Policy, identity: &Identity) -> ListResourcesResult {
    let resources = visible(policy, identity, |item| match item {
        Item::Resource(resource) => Some(resource),
        _ => None,
    });
    ListResourcesResult::with_all_items(resources).with_cache_scope(cache_scope(policy))
}

pub(super) fn resource_templates(policy: &Policy, identity: &Identity) -> ListResourceTemplatesResult {
    let templates = visible(policy, identity, |item| match item {
        Item::ResourceTemplate(template, _) => Some(template),
        _ => None,
    });
    ListResourceTemplatesResult::with_all_items(templates).with_cache_scope(cache_scope(policy))
}
