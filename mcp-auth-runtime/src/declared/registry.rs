//! What the macros declared: every operation of a server, who may call it, how lists show it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rmcp::model::{JsonObject, Prompt, Resource, ResourceTemplate, Tool};
use serde_json::Value;

use crate::declared::hashes::Hashes;
use crate::declared::schema::{self, Check, Misfits, UnsupportedArguments, UnusableSchema};
use crate::declared::{ClaimsFit, Kind, Rule};
use mcp_auth_core::ScopeSet;
use mcp_auth_core::uri_template::UriTemplate;

/// One declared operation: its rule and what it is.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// Who may call it.
    pub rule: Rule,
    /// What it is, and how lists show it.
    pub item: Item,
    /// Whether some argument of it needs what rmcp's transport knows of a request
    /// (see [`FromCall::NEEDS_TRANSPORT`](crate::call::from_call::FromCall::NEEDS_TRANSPORT)).
    pub needs_transport: bool,
    /// Whether schemars wrote the schema of its arguments, which is then made into what clients take.
    derived_input: bool,
    /// What schemars says of the arguments of a prompt, until it is published.
    prompt_input: Option<Arc<JsonObject>>,
    /// What clients refuse of its schema; `None` until it is looked for.
    refused_by_clients: Option<Vec<String>>,
    /// Hashes of what lists say of it, where that itself is not here.
    hashes: Option<Hashes>,
    /// What its arguments are held against; there once the declaration is published.
    arguments: Option<Arc<Check>>,
    /// What its structured result is held against.
    answer: Option<Arc<Check>>,
    /// How long a call of it may take, if it says.
    timeout: Option<Duration>,
    /// The provider whose API it reaches for the person who calls, if it names one.
    upstream: Option<&'static str>,
    /// What tells it from another of its name, where such a one may come.
    stamp: Option<String>,
    /// Whether headers repeat arguments of it, which rmcp compares.
    repeats_in_headers: bool,
}

/// The extension of JSON Schema by which an argument is repeated in a header (MCP 2026-07-28 tools, `x-mcp-header`).
const HEADER_ANNOTATION: &str = "x-mcp-header";

/// What kind of operation a declaration is, with its entry in the list of its kind.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Item {
    /// `#[tool]`, listed by `tools/list`.
    Tool(Tool),
    /// `#[prompt]`, listed by `prompts/list`.
    Prompt(Prompt),
    /// `#[resource]` with a fixed URI, listed by `resources/list`.
    Resource(Resource),
    /// `#[resource]` with variables in its URI, listed by `resources/templates/list`.
    ResourceTemplate(ResourceTemplate, UriTemplate),
    /// `#[method("…")]`: a protocol method the other macros do not name; in no list.
    Method(Cow<'static, str>),
}

impl Declaration {
    /// An operation that needs everything there is, until told otherwise.
    pub fn new(rule: Rule, item: Item) -> Self {
        Self {
            rule,
            item,
            needs_transport: true,
            derived_input: false,
            prompt_input: None,
            refused_by_clients: None,
            hashes: None,
            arguments: None,
            answer: None,
            timeout: None,
            upstream: None,
            stamp: None,
            repeats_in_headers: false,
        }
    }

    /// Says how long a call of it may take, in seconds, whatever the configuration says.
    #[must_use]
    pub fn with_timeout_seconds(self, seconds: u64) -> Self {
        Self { timeout: Some(Duration::from_secs(seconds)), ..self }
    }

    /// How long a call of it may take, if it says.
    pub fn timeout(&self) -> Option<Duration> {
        self.timeout
    }

    /// Says of which provider it takes an access token of the person who calls: its name in `[upstreams]`.
    #[must_use]
    pub fn with_upstream(self, name: &'static str) -> Self {
        Self { upstream: Some(name), ..self }
    }

    /// The provider of which it takes an access token of the person who calls.
    pub fn upstream(&self) -> Option<&'static str> {
        self.upstream
    }

    /// Says whether some argument of it needs rmcp's transport.
    #[must_use]
    pub fn needing_transport(self, needs: bool) -> Self {
        // A person is asked through the transport.
        let needs_transport = needs || self.rule.confirm().is_some();
        Self { needs_transport, ..self }
    }

    /// Says which claims its method and its guard take, each where it takes some.
    #[must_use]
    pub fn taking_claims(self, fits: &[Option<ClaimsFit>]) -> Self {
        Self { rule: self.rule.with_claims(fits), ..self }
    }

    /// Whether a call of it may be answered without rmcp's transport.
    pub(crate) fn is_direct(&self) -> bool {
        matches!(self.item, Item::Tool(_)) && !self.needs_transport && !self.repeats_in_headers
    }

    /// Says that schemars wrote the schema of its arguments. A schema written by hand stays as it is written.
    #[must_use]
    pub fn with_derived_input(self) -> Self {
        Self { derived_input: true, ..self }
    }

    /// Says what schemars says of a prompt's arguments, which arrive as text.
    #[must_use]
    pub fn with_prompt_input(self, derived: Arc<JsonObject>) -> Self {
        Self { prompt_input: Some(derived), ..self }
    }

    /// Says what clients refuse of its schema, where the schema itself is not here.
    #[must_use]
    pub(super) fn with_refused_by_clients(self, what: Vec<String>) -> Self {
        Self { refused_by_clients: Some(what), ..self }
    }

    /// What clients refuse of its schema.
    pub(super) fn refused_by_clients(&self) -> &[String] {
        self.refused_by_clients.as_deref().unwrap_or_default()
    }

    /// Says the hashes of what lists say of it, where that itself is not here.
    #[must_use]
    pub(super) fn with_hashes(self, hashes: Hashes) -> Self {
        Self { hashes: Some(hashes), ..self }
    }

    /// Hashes of what lists say of it.
    pub(super) fn hashes(&self) -> Hashes {
        self.hashes.clone().unwrap_or_else(|| Hashes::of(&self.item))
    }

    /// Makes the schema of its arguments into what clients take, looks for what they do not, and makes the schemas ready to be
    /// held against values.
    fn publish(&mut self) -> Result<(), DeclarationError> {
        // Of what another program printed there is no schema to look into, and that program looked.
        let unfillable =
            if self.hashes.is_none() { self.unfillable(self.prompt_input.as_deref()) } else { None };
        if let Some((scope, why)) = unfillable {
            let (kind, name) = (self.kind(), self.name().to_owned());
            return Err(DeclarationError::Unfillable { kind, name, scope, why });
        }
        if let Some(derived) = self.prompt_input.take() {
            let check =
                Check::new(&schema::readable(&derived), None).map_err(|why| DeclarationError::Schema {
                    kind: self.kind(),
                    name: self.name().to_owned(),
                    schema: "input",
                    why,
                })?;
            self.arguments = Some(Arc::new(check));
        }
        let Item::Tool(tool) = &mut self.item else { return Ok(()) };
        let mut exact = None;
        if std::mem::take(&mut self.derived_input) {
            let arguments = schema::arguments(&tool.input_schema)
                .map_err(|why| DeclarationError::Arguments { tool: tool.name.to_string(), why })?;
            tool.input_schema = Arc::new(arguments.published);
            exact = arguments.exact;
        }
        let unusable = |schema| {
            let name = tool.name.to_string();
            move |why| DeclarationError::Schema { kind: Kind::Tool, name, schema, why }
        };
        let input = Check::new(&tool.input_schema, exact.as_ref()).map_err(unusable("input"))?;
        let written = serde_json::to_string(&tool.input_schema).unwrap_or_default();
        self.repeats_in_headers = written.contains(HEADER_ANNOTATION);
        self.arguments = Some(Arc::new(input));
        if let Some(schema) = &tool.output_schema {
            let output = Check::new(schema, None).map_err(unusable("output"))?;
            self.answer = Some(Arc::new(output));
        }
        let name = &tool.name;
        self.refused_by_clients.get_or_insert_with(|| {
            let complaints = schema::complaints(&tool.input_schema);
            complaints
                .iter()
                .map(|complaint| format!("tool `{name}`: its input schema, {complaint}"))
                .collect()
        });
        Ok(())
    }

    /// The same, ready to be listed and to be held against arguments.
    ///
    /// # Errors
    /// [`DeclarationError`] when a schema of it cannot be used, or a scope of its rule never be filled.
    pub(crate) fn published(mut self) -> Result<Self, DeclarationError> {
        self.publish()?;
        Ok(self)
    }

    /// The same, told from others that have its name before or after it: by its rule, and by what lists say of it.
    #[must_use]
    pub(crate) fn stamped(mut self) -> Self {
        let hashes = serde_json::to_string(&self.hashes()).unwrap_or_default();
        self.stamp = Some(format!("{} {hashes}", self.rule));
        self
    }

    /// What tells it from another of its name; `None` for what the program declares, which has its name alone.
    pub(crate) fn stamp(&self) -> Option<&str> {
        self.stamp.as_deref()
    }

    /// Reads the arguments of a prompt from text.
    pub(crate) fn read_texts(&self, arguments: &mut JsonObject) {
        if let Some(check) = &self.arguments {
            check.read_texts(arguments);
        }
    }

    /// Whether `arguments`, a JSON object, fit what lists say of them; those that no schema describes do.
    ///
    /// # Errors
    /// [`Misfits`] names what does not fit.
    pub fn takes(&self, arguments: &Value) -> Result<(), Misfits> {
        self.arguments.as_ref().map_or(Ok(()), |check| check.fits(arguments))
    }

    /// What a structured result is held against, where lists promise one.
    pub(crate) fn answer(&self) -> Option<&Check> {
        self.answer.as_deref()
    }

    /// The operation's name on the wire: tool or prompt name, URI, URI template, or method.
    pub fn name(&self) -> &str {
        match &self.item {
            Item::Tool(tool) => &tool.name,
            Item::Prompt(prompt) => &prompt.name,
            Item::Resource(resource) => &resource.uri,
            Item::ResourceTemplate(template, _) => &template.uri_template,
            Item::Method(method) => method,
        }
    }

    /// What kind of operation it is.
    pub fn kind(&self) -> Kind {
        match &self.item {
            Item::Tool(_) => Kind::Tool,
            Item::Prompt(_) => Kind::Prompt,
            Item::Resource(_) => Kind::Resource,
            Item::ResourceTemplate(..) => Kind::ResourceTemplate,
            Item::Method(_) => Kind::Method,
        }
    }

    /// Its description, if it has one.
    pub fn description(&self) -> Option<&str> {
        match &self.item {
            Item::Tool(tool) => tool.description.as_deref(),
            Item::Prompt(prompt) => prompt.description.as_deref(),
            Item::Resource(resource) => resource.description.as_deref(),
            Item::ResourceTemplate(template, _) => template.description.as_deref(),
            Item::Method(_) => None,
        }
    }
}

/// Which declaration: its place in the registry. What a `Permit` names and dispatch calls.
///
/// What is declared has the first ids, without a gap. A tool that is added at run time has a later one, which no other tool of this
/// process ever has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OperationId(usize);

impl OperationId {
    /// The place as an index.
    pub fn index(self) -> usize {
        self.0
    }

    /// The id of the first tool that is added at run time: far behind those of declarations.
    pub(crate) const FIRST_ADDED: Self = Self(usize::MAX / 2 + 1);

    /// Whether it is that of a tool which was added at run time.
    pub(crate) fn is_added(self) -> bool {
        self >= Self::FIRST_ADDED
    }

    /// The one after this.
    pub(crate) fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// Every operation of one server, found by what a message names: those that are declared, and the tools that were added since.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    declarations: Vec<Declaration>,
    /// The tools that were added at run time.
    added: BTreeMap<OperationId, Declaration>,
    tools: HashMap<String, OperationId>,
    prompts: HashMap<String, OperationId>,
    resources: HashMap<String, OperationId>,
    methods: HashMap<String, OperationId>,
    /// Whether tools come and go while the server runs.
    changes: bool,
}

/// Two declarations one message could mean.
#[derive(Debug, thiserror::Error)]
#[error(
    "{kind} `{name}` is declared twice; rename one, with `name = \"…\"` if the method must keep its name"
)]
pub struct Duplicate {
    /// The kind that both operations have.
    pub kind: Kind,
    /// The name both have.
    pub name: String,
}

/// Why declarations do not make a server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeclarationError {
    /// Two of one kind have one name.
    #[error(transparent)]
    Duplicate(#[from] Duplicate),
    /// Two resource templates that match the same URIs: the second one would never be read.
    #[error(
        "resource templates `{first}` and `{second}` match the same URIs, so nothing would ever read the second one: keep one of them"
    )]
    SameUris {
        /// The first one.
        first: String,
        /// The other.
        second: String,
    },
    /// No client would take the schema of a tool's arguments.
    #[error("the arguments of tool `{tool}` {why}")]
    Arguments {
        /// The name of the tool.
        tool: String,
        /// Why, and what to write instead.
        why: UnsupportedArguments,
    },
    /// Nothing could be held against a schema of an operation.
    #[error("the {schema} schema of {kind} `{name}` cannot be used: {why}")]
    Schema {
        /// The kind of the operation.
        kind: Kind,
        /// Its name.
        name: String,
        /// `input` or `output`.
        schema: &'static str,
        /// Why.
        why: UnusableSchema,
    },
    /// No call could fill a scope of its rule.
    #[error("the scope {scope} of {kind} `{name}` can never be filled: {why}")]
    Unfillable {
        /// The kind of the operation.
        kind: Kind,
        /// Its name.
        name: String,
        /// The scope as it is declared.
        scope: String,
        /// Why.
        why: String,
    },
}

impl Registry {
    /// Indexes `declarations`, keeping their order: a declaration's index is its [`OperationId`].
    ///
    /// # Errors
    /// [`DeclarationError`] when two of one kind have one name, the arguments of a tool cannot be described, or a schema of one
    /// cannot be used.
    pub fn new(mut declarations: Vec<Declaration>) -> Result<Self, DeclarationError> {
        let mut registry = Self::default();
        let mut templates: Vec<&UriTemplate> = Vec::new();
        for (index, declaration) in declarations.iter().enumerate() {
            let (id, name) = (OperationId(index), declaration.name().to_owned());
            let taken = match &declaration.item {
                Item::Tool(_) => registry.tools.insert(name, id).is_some(),
                Item::Prompt(_) => registry.prompts.insert(name, id).is_some(),
                Item::Resource(_) => registry.resources.insert(name, id).is_some(),
                Item::ResourceTemplate(_, template) => {
                    if let Some(first) = templates.iter().find(|first| first.matches_as(template)) {
                        let (first, second) = (first.to_string(), template.to_string());
                        return Err(DeclarationError::SameUris { first, second });
                    }
                    templates.push(template);
                    false
                }
                Item::Method(_) => registry.methods.insert(name, id).is_some(),
            };
            if taken {
                let (kind, name) = (declaration.kind(), declaration.name().to_owned());
                return Err(Duplicate { kind, name }.into());
            }
        }
        for declaration in &mut declarations {
            declaration.publish()?;
        }
        registry.declarations = declarations;
        Ok(registry)
    }

    /// The same operations, of a server whose tools come and go while it runs.
    #[must_use]
    pub(crate) fn changing(self) -> Self {
        Self { changes: true, ..self }
    }

    /// Whether tools come and go while the server runs: what names a tool or a scope that is not here may be right.
    pub fn changes(&self) -> bool {
        self.changes
    }

    /// The same operations, and `subscriptions/listen` if it is not declared, for who may connect: the server itself tells there
    /// that its tools changed.
    #[must_use]
    pub(crate) fn listening(mut self) -> Self {
        const LISTEN: &str = "subscriptions/listen";
        if self.methods.contains_key(LISTEN) {
            return self;
        }
        let rule = if self.is_public() { Rule::PUBLIC } else { Rule::AUTHENTICATED };
        self.methods.insert(LISTEN.to_owned(), OperationId(self.declarations.len()));
        self.declarations.push(Declaration::new(rule, Item::Method(Cow::Borrowed(LISTEN))));
        self
    }

    /// The same operations and this tool, which was added at run time and is [published](Declaration::published).
    ///
    /// # Errors
    /// [`Duplicate`] when a tool has its name.
    pub(crate) fn with_added(mut self, id: OperationId, tool: Declaration) -> Result<Self, Duplicate> {
        if self.tools.insert(tool.name().to_owned(), id).is_some() {
            return Err(Duplicate { kind: tool.kind(), name: tool.name().to_owned() });
        }
        self.added.insert(id, tool);
        Ok(self)
    }

    /// Every declaration, in order, but for those that are switched off. Tools that were added come last.
    pub fn iter(&self) -> impl Iterator<Item = (OperationId, &Declaration)> {
        self.all().filter(|(_, declaration)| declaration.rule != Rule::NOBODY)
    }

    fn all(&self) -> impl Iterator<Item = (OperationId, &Declaration)> {
        let declared = self.declarations.iter().enumerate().map(|(index, d)| (OperationId(index), d));
        declared.chain(self.added.iter().map(|(id, declaration)| (*id, declaration)))
    }

    pub(super) fn change(&mut self, id: OperationId, change: impl FnOnce(&mut Declaration)) {
        let declared = self.declarations.get_mut(id.0);
        if let Some(declaration) = declared.or_else(|| self.added.get_mut(&id)) {
            change(declaration);
        }
    }

    /// Takes an operation away. Its id stays, and those of the others with it. So does the URI of a resource, which no template reads
    /// instead.
    pub(super) fn switch_off(&mut self, id: OperationId) {
        self.change(id, |declaration| declaration.rule = Rule::NOBODY);
        for names in [&mut self.tools, &mut self.prompts, &mut self.methods] {
            names.retain(|_, named| *named != id);
        }
    }

    fn is_off(&self, id: OperationId) -> bool {
        self.get(id).rule == Rule::NOBODY
    }

    /// The declaration of the operation `id`.
    ///
    /// # Panics
    /// When there is none: `id` is not of this registry.
    pub fn get(&self, id: OperationId) -> &Declaration {
        self.declarations.get(id.0).unwrap_or_else(|| &self.added[&id])
    }

    /// The tool of exactly this name.
    pub fn tool(&self, name: &str) -> Option<OperationId> {
        self.tools.get(name).copied()
    }

    /// The prompt of exactly this name.
    pub fn prompt(&self, name: &str) -> Option<OperationId> {
        self.prompts.get(name).copied()
    }

    /// The declared method of exactly this name.
    pub fn method(&self, name: &str) -> Option<OperationId> {
        self.methods.get(name).copied()
    }

    /// The resource a URI names: a fixed URI first, then the first template that matches it. What is switched off is found first too, and
    /// is not there.
    pub fn resource(&self, uri: &str) -> Option<OperationId> {
        self.resource_and_variables(uri).map(|(id, _)| id)
    }

    /// The same with the variables that the URI gives its template, percent-decoded; none for a fixed URI.
    pub fn resource_and_variables(&self, uri: &str) -> Option<(OperationId, HashMap<String, String>)> {
        let by_template = || {
            self.all().find_map(|(id, declaration)| match &declaration.item {
                Item::ResourceTemplate(_, template) => template.matches(uri).map(|variables| (id, variables)),
                _ => None,
            })
        };
        let found = self.resources.get(uri).map(|id| (*id, HashMap::new())).or_else(by_template);
        found.filter(|(id, _)| !self.is_off(*id))
    }

    /// The resource template written exactly so (what `completion/complete` refers to).
    pub fn resource_template(&self, template: &str) -> Option<OperationId> {
        self.iter().find_map(|(id, d)| match &d.item {
            Item::ResourceTemplate(listed, _) if listed.uri_template == template => Some(id),
            _ => None,
        })
    }

    /// Who may call each operation, in the order of their [`OperationId`]s.
    pub fn rules(&self) -> impl Iterator<Item = (OperationId, &Rule)> {
        self.all().map(|(id, declaration)| (id, &declaration.rule))
    }

    /// Every scope some operation declares.
    pub fn scopes(&self) -> ScopeSet {
        self.all().flat_map(|(_, declaration)| declaration.rule.scopes()).cloned().collect()
    }

    /// What clients and model APIs refuse of the tools: of their names, and of their schemas.
    pub fn refused_by_clients(&self) -> impl Iterator<Item = String> {
        let of = |declaration: &Declaration| {
            let name = match &declaration.item {
                Item::Tool(tool) => schema::complaint_about_name(&tool.name),
                _ => None,
            };
            name.into_iter().chain(declaration.refused_by_clients().iter().cloned()).collect::<Vec<_>>()
        };
        self.iter().flat_map(move |(_, declaration)| of(declaration))
    }

    /// Whether every operation is public.
    pub fn is_public(&self) -> bool {
        self.iter().all(|(_, declaration)| declaration.rule.is_public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::build;

    fn tool(name: &'static str, rule: Rule) -> Declaration {
        build::tool(rule, Tool::new_with_raw(name, None, JsonObject::new()))
    }

    fn resource(uri: &str) -> Declaration {
        build::resource(Rule::PUBLIC, Resource::new(uri, "a resource"))
    }

    fn template(uri: &str) -> Declaration {
        build::resource_template(Rule::PUBLIC, ResourceTemplate::new(uri, "a template"))
    }

    fn registry(declarations: Vec<Declaration>) -> Registry {
        Registry::new(declarations).unwrap()
    }

    #[test]
    fn j21_names_are_compared_byte_for_byte() {
        let registry = registry(vec![tool("read", Rule::PUBLIC)]);
        assert!(registry.tool("read").is_some());
        for name in ["READ", " read", "read ", "read\0", "rea", ""] {
            assert!(registry.tool(name).is_none(), "{name:?}");
        }
        assert!(registry.prompt("read").is_none() && registry.method("read").is_none());
    }

    #[test]
    fn fixed_uri_wins_over_a_template() {
        let registry = registry(vec![template("todo://{id}"), resource("todo://all")]);
        assert_eq!(registry.get(registry.resource("todo://all").unwrap()).kind(), Kind::Resource);
        let id = registry.resource("todo://a%20b").unwrap();
        assert_eq!(registry.get(id).kind(), Kind::ResourceTemplate);
        let (found, variables) = registry.resource_and_variables("todo://a%20b").unwrap();
        assert_eq!((found, &*variables["id"]), (id, "a b"));
        assert!(registry.resource_and_variables("todo://all").unwrap().1.is_empty());
        assert!(registry.resource("todo://a/b").is_none());
        assert_eq!(registry.resource_template("todo://{id}"), Some(id));
        assert!(registry.resource_template("todo://{other}").is_none());
    }

    #[test]
    fn what_is_switched_off_is_read_by_nothing_else() {
        let mut registry =
            registry(vec![resource("todo://all"), template("todo://a-{id}"), template("todo://{id}")]);
        let (all, of_a) =
            (registry.resource("todo://all").unwrap(), registry.resource("todo://a-1").unwrap());
        registry.switch_off(all);
        registry.switch_off(of_a);
        assert_eq!((registry.resource("todo://all"), registry.resource("todo://a-1")), (None, None));
        assert!(registry.resource_template("todo://a-{id}").is_none());
        assert!(registry.resource("todo://b-1").is_some());
    }

    #[test]
    fn j53_templates_that_match_the_same_uris_are_refused() {
        let same = Registry::new(vec![template("a://{x}/b"), template("a://{y}/b")]).unwrap_err();
        assert!(matches!(&same, DeclarationError::SameUris { .. }), "{same}");
        assert!(Registry::new(vec![template("a://x-{x}"), template("a://{x}")]).is_ok());
    }

    #[test]
    fn duplicate_of_one_kind_is_refused_by_name() {
        for (declaration, kind) in [
            (tool("a", Rule::PUBLIC), Kind::Tool),
            (resource("a://x"), Kind::Resource),
            (build::method(Rule::PUBLIC, "a/b"), Kind::Method),
        ] {
            let duplicate = Registry::new(vec![declaration.clone(), declaration]).unwrap_err();
            let DeclarationError::Duplicate(duplicate) = duplicate else { panic!("{duplicate}") };
            assert_eq!(duplicate.kind, kind);
        }
        let prompt = build::prompt(Rule::PUBLIC, Prompt::new("a", None::<String>, None));
        assert!(Registry::new(vec![tool("a", Rule::PUBLIC), prompt]).is_ok());
    }

    #[test]
    fn scopes_are_those_of_every_operation() {
        let registry = registry(vec![
            tool("a", build::all(&["x", "y"])),
            tool("b", build::any(&["z", "x"])),
            tool("c", Rule::AUTHENTICATED),
        ]);
        assert_eq!(registry.scopes().to_string(), "x y z");
        assert!(!registry.is_public());
        assert!(Registry::default().is_public());
    }

    #[test]
    fn an_added_tool_comes_last_and_leaves_no_gap_behind() {
        let declared = registry(vec![tool("b", Rule::PUBLIC), tool("a", Rule::PUBLIC)]);
        let added =
            |id, name| declared.clone().with_added(id, tool(name, Rule::AUTHENTICATED).published().unwrap());
        let second = OperationId::FIRST_ADDED.next();
        let with = added(second, "c").unwrap();
        assert_eq!(with.tool("c"), Some(second));
        assert_eq!(with.get(second).name(), "c");
        assert_eq!(with.iter().map(|(_, one)| one.name()).collect::<Vec<_>>(), ["b", "a", "c"]);
        assert_eq!(with.rules().map(|(id, _)| id.is_added()).collect::<Vec<_>>(), [false, false, true]);
        assert!(!with.is_public());
        assert_eq!(added(second, "a").unwrap_err().name, "a");
    }

    #[test]
    fn the_server_listens_for_who_may_connect_unless_the_program_does() {
        let rule = |declared: Vec<Declaration>| {
            let registry = registry(declared).listening();
            registry.get(registry.method("subscriptions/listen").unwrap()).rule.clone()
        };
        assert_eq!(rule(vec![tool("a", Rule::PUBLIC)]), Rule::PUBLIC);
        assert_eq!(rule(vec![tool("a", build::all(&["x"]))]), Rule::AUTHENTICATED);
        let own = build::method(build::all(&["y"]), "subscriptions/listen");
        assert_eq!(rule(vec![own]), build::all(&["y"]));
    }
}
