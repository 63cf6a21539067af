//! What lists show: to each caller what policy says now, cacheable by others only where it is the same for all; whole, or in pages
//! (`limits.page_size`). Pages are in the order of names, so that each is found again by the last name of the one before, also where
//! an entry came or went meanwhile, or another version of the program answers.

use rmcp::ErrorData;
use rmcp::model::{
    CacheScope, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams,
};

use super::rulebook::Rules;
use super::security_schemes::SecuritySchemes;
use crate::authn::Identity;
use crate::declared::Kind;
use crate::declared::registry::{Declaration, Item, OperationId};
use crate::owned::{Cursors, invalid_cursor};

/// How lists come.
pub(crate) enum Pages {
    /// Whole.
    Whole,
    /// At most so many entries at once, and a cursor for the rest.
    Of(usize, Box<Cursors>),
}

impl Pages {
    /// Whether a list is one text for all who see the same.
    pub(super) fn are_whole(&self) -> bool {
        matches!(self, Self::Whole)
    }
}

/// What a list shows at once.
struct Page<T> {
    entries: Vec<T>,
    next: Option<String>,
    cache: CacheScope,
}

/// What is shown, to whom, and how.
pub(super) struct Lists<'a> {
    pub(super) rules: &'a Rules,
    pub(super) schemes: &'a SecuritySchemes,
    pub(super) pages: &'a Pages,
    pub(super) identity: &'a Identity,
}

impl Lists<'_> {
    pub(super) async fn tools(
        &self,
        request: Option<&PaginatedRequestParams>,
    ) -> Result<ListToolsResult, ErrorData> {
        let page = self.page("tools/list", Kind::Tool, request, |id, item| self.tool(id, item)).await?;
        let mut list = ListToolsResult::with_all_items(page.entries).with_cache_scope(page.cache);
        list.next_cursor = page.next;
        Ok(list)
    }

    /// All of them, whatever the pages are.
    pub(super) fn all_tools(&self) -> ListToolsResult {
        let tools = self.shown(Kind::Tool).into_iter();
        let tools = tools.filter_map(|(id, declared)| self.tool(id, &declared.item)).collect();
        ListToolsResult::with_all_items(tools).with_cache_scope(self.cache_scope())
    }

    pub(super) async fn prompts(
        &self,
        request: Option<&PaginatedRequestParams>,
    ) -> Result<ListPromptsResult, ErrorData> {
        let pick = |_, item: &Item| match item {
            Item::Prompt(prompt) => Some(prompt.clone()),
            _ => None,
        };
        let page = self.page("prompts/list", Kind::Prompt, request, pick).await?;
        let mut list = ListPromptsResult::with_all_items(page.entries).with_cache_scope(page.cache);
        list.next_cursor = page.next;
        Ok(list)
    }

    pub(super) async fn resources(
        &self,
        request: Option<&PaginatedRequestParams>,
    ) -> Result<ListResourcesResult, ErrorData> {
        let pick = |_, item: &Item| match item {
            Item::Resource(resource) => Some(resource.clone()),
            _ => None,
        };
        let page = self.page("resources/list", Kind::Resource, request, pick).await?;
        let mut list = ListResourcesResult::with_all_items(page.entries).with_cache_scope(page.cache);
        list.next_cursor = page.next;
        Ok(list)
    }

    pub(super) async fn resource_templates(
        &self,
        request: Option<&PaginatedRequestParams>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let pick = |_, item: &Item| match item {
            Item::ResourceTemplate(template, _) => Some(template.clone()),
            _ => None,
        };
        let page = self.page("resources/templates/list", Kind::ResourceTemplate, request, pick).await?;
        let mut list = ListResourceTemplatesResult::with_all_items(page.entries).with_cache_scope(page.cache);
        list.next_cursor = page.next;
        Ok(list)
    }

    fn tool(&self, id: OperationId, item: &Item) -> Option<rmcp::model::Tool> {
        let Item::Tool(tool) = item else { return None };
        let mut tool = tool.clone();
        self.schemes.say_of(id, &mut tool);
        Some(tool)
    }

    /// The page of the list that `method` answers which `request` asks for.
    async fn page<T>(
        &self,
        method: &str,
        kind: Kind,
        request: Option<&PaginatedRequestParams>,
        pick: impl Fn(OperationId, &Item) -> Option<T>,
    ) -> Result<Page<T>, ErrorData> {
        let cursor = request.and_then(|request| request.cursor.as_deref());
        let mut shown = self.shown(kind);
        let mut next = None;
        match (self.pages, cursor) {
            (Pages::Whole, None) => {}
            // The whole list is one page: any cursor is one we never gave out.
            (Pages::Whole, Some(_)) => return Err(invalid_cursor()),
            (Pages::Of(size, cursors), cursor) => {
                let after = match cursor {
                    Some(cursor) => Some(cursors.open(cursor, method, self.identity).await?),
                    None => None,
                };
                shown = after_name(shown, after.as_deref());
                if shown.len() > *size {
                    shown.truncate(*size);
                    if let Some((_, last)) = shown.last() {
                        next = Some(cursors.after(last.name(), method, self.identity).await?);
                    }
                }
            }
        }
        // A cursor is its caller's alone.
        let cache = if next.is_some() { CacheScope::Private } else { self.cache_scope() };
        let entries = shown.into_iter().filter_map(|(id, declared)| pick(id, &declared.item)).collect();
        Ok(Page { entries, next, cache })
    }

    /// What the caller is shown of a kind now, as it was declared.
    fn shown(&self, kind: Kind) -> Vec<(OperationId, &Declaration)> {
        let all = self.rules.registry().iter();
        all.filter(|(id, declared)| declared.kind() == kind && self.rules.policy().shows(*id, self.identity))
            .collect()
    }

    /// Who may cache a list: only the client that asked, if the list depends on the caller.
    fn cache_scope(&self) -> CacheScope {
        match self.rules.policy().lists_depend_on_caller() {
            true => CacheScope::Private,
            false => CacheScope::Public,
        }
    }
}

/// Those whose names come after this one, in the order of names. The name itself need not be there any more.
fn after_name<'d>(
    mut shown: Vec<(OperationId, &'d Declaration)>,
    after: Option<&str>,
) -> Vec<(OperationId, &'d Declaration)> {
    shown.retain(|(_, declared)| after.is_none_or(|after| declared.name() > after));
    shown.sort_unstable_by(|(_, one), (_, other)| one.name().cmp(other.name()));
    shown
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use mcp_auth_core::Hierarchy;
    use mcp_auth_core::ambient::Ambient;
    use mcp_auth_store::{Caps, Store};
    use rmcp::model::{JsonObject, Tool};

    use super::*;
    use crate::authn::holder;
    use crate::authz::{Connect, Policy, Settings, Visibility};
    use crate::call::build;
    use crate::declared::Rule;
    use crate::declared::registry::Registry;

    fn rules(tools: &[(&'static str, Rule)], visibility: Visibility) -> Rules {
        let tools = tools.iter().map(|(name, rule)| {
            build::tool(rule.clone(), Tool::new_with_raw(*name, None, JsonObject::new()))
        });
        let registry = Registry::new(tools.collect()).unwrap();
        let settings = Settings { connect: Connect::Anonymous, visibility, ..Settings::default() };
        let policy = Policy::compile(registry.rules(), &Hierarchy::default(), settings);
        Rules::new(registry, policy, HashMap::new())
    }

    fn pages(size: usize) -> Pages {
        Pages::Of(size, Box::new(Cursors::new(Store::memory(Caps::default()), &Ambient::system())))
    }

    /// The names on one page, and the cursor of the next.
    async fn page(
        rules: &Rules,
        pages: &Pages,
        who: &Identity,
        cursor: Option<String>,
    ) -> (Vec<String>, Option<String>) {
        let schemes = &SecuritySchemes::default();
        let request = PaginatedRequestParams::default().with_cursor(cursor);
        let list = Lists { rules, schemes, pages, identity: who }.tools(Some(&request)).await.unwrap();
        (list.tools.iter().map(|tool| tool.name.to_string()).collect(), list.next_cursor)
    }

    const OPEN: Rule = Rule::PUBLIC;

    #[tokio::test]
    async fn pages_together_show_each_entry_once_in_the_order_of_names() {
        let names = ["d", "b", "e", "a", "c"];
        let rules = rules(&names.map(|name| (name, OPEN)), Visibility::All);
        for (size, expected) in [
            (1, vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"], vec!["e"]]),
            (2, vec![vec!["a", "b"], vec!["c", "d"], vec!["e"]]),
            (5, vec![vec!["a", "b", "c", "d", "e"]]),
            (9, vec![vec!["a", "b", "c", "d", "e"]]),
        ] {
            let (pages, mut cursor, mut read) = (pages(size), None, Vec::new());
            loop {
                let (names, next) = page(&rules, &pages, &holder("x"), cursor).await;
                read.push(names);
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(read, expected, "{size}");
        }
        let (whole, next) = page(&rules, &Pages::Whole, &holder("x"), None).await;
        assert_eq!((whole, next), (names.map(str::to_owned).to_vec(), None), "as declared");
    }

    #[tokio::test]
    async fn a_list_that_changes_between_two_pages_repeats_nothing_and_leaves_nothing_out() {
        let pages = pages(2);
        let before = rules(&["b", "d", "f", "h"].map(|name| (name, OPEN)), Visibility::All);
        let (first, cursor) = page(&before, &pages, &holder("x"), None).await;
        assert_eq!(first, ["b", "d"]);
        for (now, second) in [
            (&["b", "d", "f", "h"][..], ["f", "h"]),
            // The last one that was shown is gone, and others came: before it, and after it.
            (&["a", "b", "c", "e", "f", "h"], ["e", "f"]),
            (&["h", "f", "d", "b"], ["f", "h"]),
        ] {
            let now: Vec<_> = now.iter().map(|name| (*name, OPEN)).collect();
            let (names, _) = page(&rules(&now, Visibility::All), &pages, &holder("x"), cursor.clone()).await;
            assert_eq!(names, second, "{now:?}");
        }
    }

    #[tokio::test]
    async fn the_next_page_shows_what_its_caller_may_see_now() {
        let needs = |scope| build::all(&[scope]);
        let all = [("a", needs("x")), ("b", needs("y")), ("c", needs("x")), ("d", needs("y")), ("e", OPEN)];
        let (rules, pages) = (rules(&all, Visibility::Granted), pages(2));
        let (first, cursor) = page(&rules, &pages, &holder("x y"), None).await;
        assert_eq!(first, ["a", "b"]);
        // The same caller, whose next token holds less.
        assert_eq!(
            page(&rules, &pages, &holder("x"), cursor.clone()).await,
            (vec!["c".into(), "e".into()], None)
        );
        assert_eq!(page(&rules, &pages, &holder(""), cursor).await, (vec!["e".into()], None));
    }

    #[tokio::test]
    async fn a_page_with_a_cursor_is_cached_by_nobody_else() {
        let rules = rules(&["a", "b"].map(|name| (name, OPEN)), Visibility::All);
        let schemes = &SecuritySchemes::default();
        for (size, cache) in [(1, CacheScope::Private), (2, CacheScope::Public)] {
            let pages = &pages(size);
            let lists = Lists { rules: &rules, schemes, pages, identity: &Identity::Anonymous };
            assert_eq!(lists.tools(None).await.unwrap().cache_scope, Some(cache), "{size}");
        }
    }

    #[tokio::test]
    async fn j27_without_pages_every_cursor_is_invalid() {
        let rules = rules(&[("a", OPEN), ("b", OPEN)], Visibility::All);
        let (_, cursor) = page(&rules, &pages(1), &holder("x"), None).await;
        let schemes = &SecuritySchemes::default();
        let lists = Lists { rules: &rules, schemes, pages: &Pages::Whole, identity: &holder("x") };
        let request = PaginatedRequestParams::default().with_cursor(cursor);
        assert_eq!(lists.tools(Some(&request)).await.unwrap_err(), invalid_cursor());
    }
}
