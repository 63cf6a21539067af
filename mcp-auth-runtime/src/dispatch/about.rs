//! What the server says of itself: its name from the macro, its capabilities from what it declared.

use rmcp::model::{
    ExtensionCapabilities, Implementation, InitializeResult, JsonObject, PromptsCapability,
    ResourcesCapability, SKILLS_EXTENSION_ID, ServerCapabilities, TASKS_EXTENSION_ID, ToolsCapability,
};

use crate::call::handler::About;
use crate::declared::registry::{Item, Registry};

/// The answer to `initialize`; rmcp fills in the negotiated protocol version.
/// `listens`: the program has a `subscriptions/listen` of its own.
pub(super) fn server_config(about: About, registry: &Registry, listens: bool) -> InitializeResult {
    let mut server = Implementation::new(about.name, about.version);
    server.title = about.title;
    server.description = about.description;
    server.icons = about.icons;
    server.website_url = about.website_url;
    let mut config = InitializeResult::new(capabilities(registry, listens)).with_server_info(server);
    config.instructions = about.instructions;
    config
}

/// Says that tools come and go while the server runs.
pub(super) fn tools_change(config: &mut InitializeResult) {
    config.capabilities.tools.get_or_insert_default().list_changed = Some(true);
}

/// The server claims a capability only for what was declared.
fn capabilities(registry: &Registry, listens: bool) -> ServerCapabilities {
    let has = |is: fn(&Item) -> bool| registry.iter().any(|(_, declaration)| is(&declaration.item));
    let declares = |method: &str| registry.method(method).is_some();
    let listens = listens.then_some(true);

    let mut capabilities = ServerCapabilities::default();
    if has(|item| matches!(item, Item::Tool(_))) {
        let mut tools = ToolsCapability::default();
        tools.list_changed = listens;
        capabilities.tools = Some(tools);
    }
    if has(|item| matches!(item, Item::Prompt(_))) {
        let mut prompts = PromptsCapability::default();
        prompts.list_changed = listens;
        capabilities.prompts = Some(prompts);
    }
    if has(|item| matches!(item, Item::Resource(_) | Item::ResourceTemplate(..))) {
        let mut resources = ResourcesCapability::default();
        resources.list_changed = listens;
        resources.subscribe = (listens.is_some() || declares("resources/subscribe")).then_some(true);
        capabilities.resources = Some(resources);
    }
    capabilities.completions = declares("completion/complete").then(JsonObject::new);
    capabilities.logging = declares("logging/setLevel").then(JsonObject::new);
    let mut extensions: ExtensionCapabilities =
        [(TASKS_EXTENSION_ID, "tasks/"), (SKILLS_EXTENSION_ID, "skills/")]
            .into_iter()
            .filter(|(_, methods)| has_method_under(registry, methods))
            .map(|(extension, _)| (extension.to_owned(), JsonObject::new()))
            .collect();
    if declares("resources/directory/read")
        && let Some(skills) = extensions.get_mut(SKILLS_EXTENSION_ID)
    {
        skills.insert("directoryRead".to_owned(), true.into());
    }
    capabilities.extensions = (!extensions.is_empty()).then_some(extensions);
    capabilities
}

fn has_method_under(registry: &Registry, prefix: &str) -> bool {
    registry
        .iter()
        .any(|(_, declaration)| matches!(&declaration.item, Item::Method(name) if name.starts_with(prefix)))
}
