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
    #[error("the rule of tool `{0}` lets in nobody: name at least one scope, or say `Rule::AUTHENTICATED` or `Rule::PUBLIC`")]
    Nobody(String),
    /// Its rule names a guard.
    #[error("the rule of tool `{0}` names a guard, which is a method of the server; let the tool itself refuse, with `ToolError::forbidden`")]
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
        match &mut *self.state() {
            State::Waiting(waiting) => {
                let before = waiting.len();
                waiting.retain(|other| other.declaration.name() != name);
                waiting.len() < before
            }
            State::Served(served) => served.remove(name),
        }
    }

    /// The names of those that were added and are there now.
    pub fn names(&self) -> Vec<String> {
        match &*self.state() {
            State::Waiting(waiting) => waiting.iter().map(|one| one.declaration.name().to_owned()).collect(),
            State::Served(served) => served.added.values().map(|one| one.name().to_owned()).collect(),
        }
    }

    fn put(&self, tool: Added, replaces: bool) -> Result<(), ToolNotAdded> {
        match &mut *self.state() {
            State::Waiting(waiting) => {
                let name = tool.declaration.name();
                let there = waiting.iter().position(|other| other.declaration.name() == name);
                match there {
                    None => waiting.push(tool),
                    Some(at) if replaces => waiting[at] = tool,
                    Some(_) => return Err(Duplicate { kind: Kind::Tool, name: name.to_owned() }.into()),
                }
                Ok(())
            }
            State::Served(served) => served.put(tool, replaces),
        }
    }

    /// Gives them to a server of `program`, what the program declares.
    ///
    /// # Errors
    /// What stops a start; tools that another server has.
    pub(super) fn begin(&self, config: &Config, program: Registry, tasks: Tasks) -> crate::error::Result<Begun> {
        let mut state = self.state();
        let State::Waiting(waiting) = &mut *state else {
            Err("these tools belong to another server; give each server its own")?
        };
        let program = program.listening();
        let (mut added, mut routes, mut next) = (BTreeMap::new(), HashMap::new(), OperationId::FIRST_ADDED);
        for tool in &*waiting {
            added.insert(next, tool.declaration.clone());
            routes.insert(next, tool.route.clone());
            next = next.next();
        }
        let all = with_all(&program, &added)?;
        let checked = config.check_changing(&all)?;
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
    fn put(&mut self, tool: Added, replaces: bool) -> Result<(), ToolNotAdded> {
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
        let known = reasons(self.config.check_changing(&before));
        let mut reasons = reasons(self.config.check_changing(&after));
        reasons.retain(|reason| !known.contains(reason));
        if !reasons.is_empty() {
            return Err(ToolNotAdded::Refused { name, reasons });
        }
        self.serve(&rules, after, &added, Some((self.next, tool.route)));
        (self.added, self.next) = (added, self.next.next());
        Ok(())
    }

    fn remove(&mut self, name: &str) -> bool {
        let Some(rules) = self.rules.upgrade() else { return false };
        let mut added = self.added.clone();
        added.retain(|_, other| other.name() != name);
        if added.len() == self.added.len() {
            return false;
        }
        let Ok(all) = with_all(&self.program, &added) else { return false };
        self.serve(&rules, all, &added, None);
        self.added = added;
        true
    }

    /// Decides by these tools from now on: one value takes the place of another.
    fn serve(
        &self,
        rules: &Rulebook,
        all: Registry,
        added: &BTreeMap<OperationId, Declaration>,
        new: Option<(OperationId, AddedRoute)>,
    ) {
        let now = rules.now();
        let registry = self.config.narrowed(all);
        let policy = now.policy().of(registry.rules());
        let kept = now.all_added().iter().filter(|(id, _)| added.contains_key(*id));
        let routes = kept.map(|(id, route)| (*id, route.clone())).chain(new).collect();
        rules.replace(Rules::new(registry, policy, routes));
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
    Ok(Added { declaration: declaration.published()?, route: AddedRoute::new(run, own_schema) })
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
