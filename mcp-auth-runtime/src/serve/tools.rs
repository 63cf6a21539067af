//! Tools that come and go while the server runs, for servers that wrap something: each with a rule, as in the macro.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use rmcp::model::{JsonObject, Tool};

use crate::call::added::AddedRoute;
use crate::call::answer::IntoToolAnswer;
use crate::call::build::with_output_schema;
use crate::call::from_call::FromCall;
use crate::config::{Checked, Config, ConfigError};
use crate::declared::registry::{Declaration, DeclarationError, Duplicate, Item, OperationId, Registry};
use crate::declared::{Kind, Rule};
use crate::dispatch::{Rulebook, Rules};
use crate::owned::Tasks;

/// The tools of a server that come and go while it runs. Give it to [`ServerBuilder::tools`](crate::serve::ServerBuilder::tools); a
/// clone is the same tools, for a handler or a task that changes them.
///
/// Each tool has a [`Rule`], and everything else that a declared tool has: challenges, its scopes in the metadata, its place in lists,
/// audit, `[tools.NAME]` of the operator. Clients are told when the tools change (`notifications/tools/list_changed`). It has no guard,
/// which is a method of the server: the closure refuses by itself, with [`ToolError::forbidden`](crate::call::tool_error::ToolError::forbidden).
///
/// # Example
/// ```
/// # use mcp_auth_runtime as mcp_auth;
/// # use mcp_auth_runtime::facade::{Caller, Rule, Tools};
/// use mcp_auth::rmcp::model::Tool;
/// use serde_json::json;
///
/// let schema = json!({ "type": "object", "properties": { "id": { "type": "integer" } }, "required": ["id"] });
/// let tool = Tool::new("get_pet", "One pet.", schema.as_object().unwrap().clone());
/// let tools = Tools::new();
/// tools.add(Rule::all_of(["pets.read"])?, tool, |arguments, caller: Caller| async move {
///     format!("pet {} for {}", arguments["id"], caller.subject())
/// })?;
/// assert_eq!(tools.names(), ["get_pet"]);
/// assert!(tools.remove("get_pet") && !tools.remove("get_pet"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Tools(Arc<Mutex<State>>);

/// Why a tool was not added. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ToolNotAdded {
    /// Its name is taken, its schema cannot be used, or a scope of its rule can never be filled.
    #[error(transparent)]
    Declaration(#[from] DeclarationError),
    /// Its rule lets in nobody: a scope is missing in it.
    #[error(
        "the rule of tool `{0}` lets in nobody: name at least one scope, or say `Rule::AUTHENTICATED` or `Rule::PUBLIC`"
    )]
    Nobody(String),
    /// Its rule names a guard.
    #[error(
        "the rule of tool `{0}` names a guard, which is a method of the server; let the tool itself refuse, with `ToolError::forbidden`"
    )]
    Guarded(String),
    /// A server of these operations and this configuration would not start.
    #[error("tool `{name}` cannot be added: {}", reasons.join("; "))]
    Refused {
        /// The name of the tool.
        name: String,
        /// The reasons, in the words of a start.
        reasons: Vec<String>,
    },
    /// The server that the tools were given to has ended.
    #[error("tool `{0}` cannot be added: the server has ended")]
    Ended(String),
}

impl From<Duplicate> for ToolNotAdded {
    fn from(duplicate: Duplicate) -> Self {
        DeclarationError::from(duplicate).into()
    }
}

enum State {
    /// No server has them yet.
    Waiting(Vec<Added>),
    Served(Box<Served>),
}

impl Default for State {
    fn default() -> Self {
        Self::Waiting(Vec::new())
    }
}

/// One tool, ready to be listed and called.
#[derive(Clone)]
struct Added {
    declaration: Declaration,
    route: AddedRoute,
}

/// What other tools took the place of.
#[expect(dead_code, reason = "it is kept until the lock is free")]
enum Gone {
    Waited(AddedRoute),
    Served(Arc<Rules>),
}

/// The server that has them.
struct Served {
    config: Config,
    /// What the program declares, without what the configuration adds.
    program: Registry,
    /// The same of each tool that was added.
    added: BTreeMap<OperationId, Declaration>,
    next: OperationId,
    /// Not kept alive by those who may change it: a tool may hold the handle.
    rules: Weak<Rulebook>,
}

/// What comes of tools that are given to a server.
pub(super) struct Begun {
    pub(super) checked: Checked,
    pub(super) rules: Arc<Rulebook>,
}

impl Tools {
    /// No tools yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a tool that `rule` says who may call. `run` is called with the arguments, which fit the input schema of `tool`, and with
    /// what else of the call it takes: [`Caller`](crate::authn::Caller), `Option<Caller>` where the rule is public, or anything else of
    /// `mcp_auth::extract`. It answers what a tool may answer. Where `tool` has no output schema, it gets that of the answer.
    ///
    /// Before a server has the tools, only what the tool says by itself is checked; the rest then stops the start.
    ///
    /// # Errors
    /// [`ToolNotAdded`]: what would stop the start of a server that declares such a tool.
    pub fn add<T, F, R>(
        &self,
        rule: Rule,
        tool: Tool,
        run: impl Fn(JsonObject, T) -> F + Send + Sync + 'static,
    ) -> Result<(), ToolNotAdded>
    where
        T: FromCall + Send + 'static,
        F: Future<Output = R> + Send + 'static,
        R: IntoToolAnswer,
    {
        self.put(added(rule, tool, run)?, false)
    }

    /// The same in place of the tool of that name which was added before, if there is one: no call finds neither.
    ///
    /// # Errors
    /// As for [`Tools::add`]; the tool that was there stays then.
    pub fn replace<T, F, R>(
        &self,
        rule: Rule,
        tool: Tool,
        run: impl Fn(JsonObject, T) -> F + Send + Sync + 'static,
    ) -> Result<(), ToolNotAdded>
    where
        T: FromCall + Send + 'static,
        F: Future<Output = R> + Send + 'static,
        R: IntoToolAnswer,
    {
        self.put(added(rule, tool, run)?, true)
    }

    /// Takes away the tool of this name. Calls of it that run go on to their end. `false` where no such tool was added: what is
    /// declared stays.
    pub fn remove(&self, name: &str) -> bool {
        // What goes is dropped when the lock is free again: what a tool holds may change tools then.
        let gone = match &mut *self.state() {
            State::Waiting(waiting) => {
                let there = waiting.iter().position(|other| other.declaration.name() == name);
                there.map(|at| Gone::Waited(waiting.remove(at).route))
            }
            State::Served(served) => served.remove(name).map(Gone::Served),
        };
        gone.is_some()
    }

    /// The names of those that were added and are there now.
    pub fn names(&self) -> Vec<String> {
        match &*self.state() {
            State::Waiting(waiting) => waiting.iter().map(|one| one.declaration.name().to_owned()).collect(),
            State::Served(served) => served.added.values().map(|one| one.name().to_owned()).collect(),
        }
    }

    fn put(&self, tool: Added, replaces: bool) -> Result<(), ToolNotAdded> {
        // As in `remove`.
        let gone = match &mut *self.state() {
            State::Waiting(waiting) => {
                let name = tool.declaration.name();
                let there = waiting.iter().position(|other| other.declaration.name() == name);
                match there {
                    None => {
                        waiting.push(tool);
                        None
                    }
                    Some(at) if replaces => {
                        Some(Gone::Waited(std::mem::replace(&mut waiting[at], tool).route))
                    }
                    Some(_) => return Err(Duplicate { kind: Kind::Tool, name: name.to_owned() }.into()),
                }
            }
            State::Served(served) => Some(Gone::Served(served.put(tool.clone(), replaces)?)),
        };
        drop(gone);
        Ok(())
    }

    /// Gives them to a server of `program`, what the program declares.
    ///
    /// # Errors
    /// What stops a start; tools that another server has.
    pub(super) fn begin(
        &self,
        config: &Config,
        program: Registry,
        tasks: Tasks,
    ) -> crate::error::Result<Begun> {
        let mut state = self.state();
        let State::Waiting(waiting) = &mut *state else {
            Err("these tools belong to another server; give each server its own")?
        };
        let program = program.changing().listening();
        let (mut added, mut routes, mut next) = (BTreeMap::new(), HashMap::new(), OperationId::FIRST_ADDED);
        for tool in &*waiting {
            added.insert(next, tool.declaration.clone());
            routes.insert(next, tool.route.clone());
            next = next.next();
        }
        let all = with_all(&program, &added)?;
        let checked = config.check(&all)?;
        let rules = Rules::new(config.narrowed(all), checked.policy.clone(), routes);
        let rules = Arc::new(Rulebook::starting_with(rules, tasks));
        let (config, weak) = (config.clone(), Arc::downgrade(&rules));
        *state = State::Served(Box::new(Served { config, program, added, next, rules: weak }));
        Ok(Begun { checked, rules })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Served {
    fn put(&mut self, tool: Added, replaces: bool) -> Result<Arc<Rules>, ToolNotAdded> {
        let name = tool.declaration.name().to_owned();
        let Some(rules) = self.rules.upgrade() else { return Err(ToolNotAdded::Ended(name)) };
        let mut added = self.added.clone();
        if replaces {
            added.retain(|_, other| other.name() != name);
        }
        let before = with_all(&self.program, &added)?;
        added.insert(self.next, tool.declaration);
        let after = with_all(&self.program, &added)?;
        // What is wrong without it, since other tools went, is not the fault of this one.
        let known = reasons(self.config.check(&before));
        let mut reasons = reasons(self.config.check(&after));
        reasons.retain(|reason| !known.contains(reason));
        if !reasons.is_empty() {
            return Err(ToolNotAdded::Refused { name, reasons });
        }
        let before = self.serve(&rules, after, &added, Some((self.next, tool.route)));
        (self.added, self.next) = (added, self.next.next());
        Ok(before)
    }

    fn remove(&mut self, name: &str) -> Option<Arc<Rules>> {
        let rules = self.rules.upgrade()?;
        let mut added = self.added.clone();
        added.retain(|_, other| other.name() != name);
        if added.len() == self.added.len() {
            return None;
        }
        let all = with_all(&self.program, &added).ok()?;
        let before = self.serve(&rules, all, &added, None);
        self.added = added;
        Some(before)
    }

    /// Decides by these tools from now on: one value takes the place of another.
    fn serve(
        &self,
        rules: &Rulebook,
        all: Registry,
        added: &BTreeMap<OperationId, Declaration>,
        new: Option<(OperationId, AddedRoute)>,
    ) -> Arc<Rules> {
        let now = rules.now();
        let registry = self.config.narrowed(all);
        let policy = now.policy().of(registry.rules());
        let kept = now.all_added().iter().filter(|(id, _)| added.contains_key(*id));
        let routes = kept.map(|(id, route)| (*id, route.clone())).chain(new).collect();
        rules.replace(Rules::new(registry, policy, routes))
    }
}

fn added<T, F, R>(
    rule: Rule,
    tool: Tool,
    run: impl Fn(JsonObject, T) -> F + Send + Sync + 'static,
) -> Result<Added, ToolNotAdded>
where
    T: FromCall + Send + 'static,
    F: Future<Output = R> + Send + 'static,
    R: IntoToolAnswer,
{
    if rule == Rule::NOBODY || rule.roles().iter().any(Vec::is_empty) {
        return Err(ToolNotAdded::Nobody(tool.name.into_owned()));
    }
    if rule.guard().is_some() {
        return Err(ToolNotAdded::Guarded(tool.name.into_owned()));
    }
    let own_schema = tool.output_schema.is_some();
    let tool = if own_schema { tool } else { with_output_schema(tool, R::output_schema()) };
    let declaration = Declaration::new(rule, Item::Tool(tool)).needing_transport(T::NEEDS_TRANSPORT);
    let declaration = declaration.taking_claims(&[T::CLAIMS]);
    let declaration = declaration.published()?.stamped();
    Ok(Added { declaration, route: AddedRoute::new(run, own_schema) })
}

fn with_all(program: &Registry, added: &BTreeMap<OperationId, Declaration>) -> Result<Registry, Duplicate> {
    added.iter().try_fold(program.clone(), |all, (id, tool)| all.with_added(*id, tool.clone()))
}

fn reasons(checked: Result<Checked, ConfigError>) -> Vec<String> {
    checked.err().map(|refused| refused.reasons()).unwrap_or_default()
}

/// Names the tools.
impl fmt::Debug for Tools {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tools").field(&self.names()).finish()
    }
}

#[cfg(test)]
mod tests {
    use mcp_auth_core::ambient::SystemClock;
    use mcp_auth_store::{Caps, Store};

    use super::*;
    use crate::authn::{Caller, holder};
    use crate::authz::Verdict;
    use crate::call::build;
    use crate::envelope::Message;

    fn tool(name: &'static str) -> Tool {
        Tool::new(name, "One.", JsonObject::new())
    }

    fn add(tools: &Tools, name: &'static str, rule: Rule) -> Result<(), ToolNotAdded> {
        tools.add(rule, tool(name), |_, _: Option<Caller>| async {})
    }

    fn served(tools: &Tools) -> Arc<Rulebook> {
        let config = Config::from_toml_str("[issuer]\n[auth]\nbase_scopes = []\n").unwrap();
        let program = Registry::new(vec![build::tool(Rule::PUBLIC, tool("fixed"))]).unwrap();
        let tasks = Tasks::new(Store::memory(Caps::default()), Arc::new(SystemClock));
        tools.begin(&config, program, tasks).unwrap().rules
    }

    fn id(rules: &Rules, name: &str) -> Option<OperationId> {
        rules.registry().tool(name)
    }

    #[test]
    fn an_id_is_never_used_again_and_a_request_keeps_what_it_took() {
        let tools = Tools::new();
        add(&tools, "early", Rule::AUTHENTICATED).unwrap();
        let rules = served(&tools);
        let first = rules.now();
        let early = id(&first, "early").unwrap();
        assert!(tools.remove("early"));
        add(&tools, "early", Rule::PUBLIC).unwrap();
        let second = rules.now();
        assert_ne!(id(&second, "early"), Some(early));
        // The permit of then is of the tool of then, which a later request does not find.
        let message = Arc::new(Message::Tool { name: "early".to_owned(), arguments: None });
        let Verdict::Allowed(permit) = first.policy().decide(&first.named(&message, None), &holder(""))
        else {
            panic!("it was allowed")
        };
        assert_eq!(permit.declared(), Some(early));
        assert!(first.all_added().contains_key(&early) && !second.all_added().contains_key(&early));
        assert_eq!(tools.names(), ["early"]);
    }

    #[test]
    fn nothing_changes_where_a_tool_is_refused() {
        let tools = Tools::new();
        let rules = served(&tools);
        let before = rules.now();
        assert!(add(&tools, "fixed", Rule::AUTHENTICATED).is_err());
        assert!(tools.replace(Rule::PUBLIC, tool("fixed"), |_, _: Option<Caller>| async {}).is_err());
        assert!(!tools.remove("fixed") && !tools.remove("other"));
        assert!(Arc::ptr_eq(&before, &rules.now()), "no client is told either");
    }

    #[test]
    fn before_a_server_has_them_names_are_unique_too() {
        let tools = Tools::new();
        add(&tools, "a", Rule::PUBLIC).unwrap();
        assert!(add(&tools, "a", Rule::PUBLIC).unwrap_err().to_string().contains("declared twice"));
        tools.replace(Rule::AUTHENTICATED, tool("a"), |_, _: Caller| async {}).unwrap();
        assert!(tools.remove("a") && !tools.remove("a"));
        add(&tools, "fixed", Rule::PUBLIC).unwrap();
        let config = Config::from_toml_str("[issuer]").unwrap();
        let program = Registry::new(vec![build::tool(Rule::PUBLIC, tool("fixed"))]).unwrap();
        let tasks = Tasks::new(Store::memory(Caps::default()), Arc::new(SystemClock));
        assert!(tools.begin(&config, program, tasks).is_err(), "that stops the start");
    }

    #[test]
    fn what_a_tool_holds_may_change_tools_when_it_goes() {
        struct Last(Tools);
        impl Drop for Last {
            fn drop(&mut self) {
                self.0.remove("other");
            }
        }
        let tools = Tools::new();
        let _rules = served(&tools);
        let last = Arc::new(Last(tools.clone()));
        let run = move |_, _: Option<Caller>| {
            let _held = Arc::clone(&last);
            async {}
        };
        tools.add(Rule::PUBLIC, tool("one"), run).unwrap();
        add(&tools, "other", Rule::PUBLIC).unwrap();
        assert!(tools.remove("one"));
        assert_eq!(tools.names(), [""; 0]);
    }

    #[test]
    fn a_tool_that_holds_its_own_handle_does_not_keep_the_server() {
        let tools = Tools::new();
        let rules = served(&tools);
        let own = tools.clone();
        let run = move |_, _: Option<Caller>| {
            let own = own.clone();
            async move { own.remove("once").to_string() }
        };
        tools.add(Rule::PUBLIC, tool("once"), run).unwrap();
        let gone = Arc::downgrade(&rules);
        drop(rules);
        assert!(gone.upgrade().is_none());
        assert!(matches!(add(&tools, "x", Rule::PUBLIC), Err(ToolNotAdded::Ended(_))));
    }
}
