//! What `#[server]` emits: the operations of a type and one call per operation. Never `rmcp::ServerHandler`,
//! so the type cannot be served without the gate.

use rmcp::ErrorData;
use rmcp::model::{CallToolResponse, GetPromptResponse, Icon, ReadResourceResponse};

use crate::authz::Decision;
use crate::call::Call;
use crate::declared::registry::{Declaration, DeclarationError, OperationId, Registry};

/// A server type, as `#[server]` implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an mcp-auth server",
    note = "put `#[mcp_auth::server]` on the `impl` block that holds its tools"
)]
#[rustfmt::skip] // It drops the comment behind the bound, which is what the compiler shows of this trait.
pub trait Handler
where
    Self: Sized + Send + Sync + 'static, // calls share it and run at the same time: `Arc` for `Rc`, `Mutex` for `RefCell`
{
    /// What the server says of itself.
    fn about() -> About;

    /// Every operation: what was declared and how it is called. Built once, when the server starts.
    fn operations() -> Operations<Self>;
}

/// A further impl block of a server (`#[server(part)]`), joined by `#[server(parts = […])]`. `P` is a type
/// that stands for the block.
#[diagnostic::on_unimplemented(
    message = "`{P}` is not a part of `{Self}`",
    note = "`parts` names modules, each with one `#[server(part)]` block of this type"
)]
pub trait Part<P>: Handler {
    /// The operations of this block.
    fn operations() -> Operations<Self>;
}

/// What a server says of itself in `initialize` and `server/discover`.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct About {
    /// The server's name on the wire.
    pub name: String,
    /// The server's version, such as `1.2.0`.
    pub version: String,
    /// A human-readable title.
    pub title: Option<String>,
    /// One line on what it is.
    pub description: Option<String>,
    /// Instructions for the model.
    pub instructions: Option<String>,
    /// Icons that a client may show.
    pub icons: Option<Vec<Icon>>,
    /// The URL of its home page.
    pub website_url: Option<String>,
}

/// The future of one call.
pub type CallFuture<'a, R> = std::pin::Pin<Box<dyn Future<Output = Result<R, ErrorData>> + Send + 'a>>;

/// How one operation is called.
pub type CallFn<H, R> = for<'a> fn(&'a H, Call) -> CallFuture<'a, R>;

/// How a guard is asked.
pub type Guard<H> = CallFn<H, Decision>;

/// The call that belongs to a declaration, by what it answers.
pub enum Route<H> {
    /// How a tool is called.
    Tool(CallFn<H, CallToolResponse>),
    /// How a prompt is called.
    Prompt(CallFn<H, GetPromptResponse>),
    /// A resource, fixed or by template.
    Resource(CallFn<H, ReadResourceResponse>),
    /// A protocol method, answering its result as JSON.
    Method(CallFn<H, serde_json::Value>),
}

impl<H> Clone for Route<H> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<H> Copy for Route<H> {}

/// The operations of a server, each declaration with its call.
pub struct Operations<H> {
    entries: Vec<(Declaration, Route<H>, Option<Guard<H>>)>,
}

impl<H> Default for Operations<H> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<H: Handler> Operations<H> {
    /// Adds one operation and how it is called.
    #[must_use]
    pub fn with(mut self, declaration: Declaration, route: Route<H>) -> Self {
        self.entries.push((declaration, route, None));
        self
    }

    /// Adds one operation, how it is called, and what is asked before.
    #[must_use]
    pub fn guarded(mut self, declaration: Declaration, route: Route<H>, guard: Guard<H>) -> Self {
        self.entries.push((declaration, route, Some(guard)));
        self
    }

    /// Adds the operations of another impl block.
    #[must_use]
    pub fn join<P>(mut self) -> Self
    where
        H: Part<P>,
    {
        self.entries.extend(<H as Part<P>>::operations().entries);
        self
    }

    /// The finished table: the registry, and the call of each [`OperationId`].
    ///
    /// # Errors
    /// [`DeclarationError`] when two operations of one kind have one name, across parts too; or when the arguments of a tool
    /// cannot be described in a way that clients take, or a schema of one cannot be used.
    pub fn build(self) -> Result<(Registry, Routes<H>), DeclarationError> {
        let mut declarations = Vec::with_capacity(self.entries.len());
        let mut routes = Vec::with_capacity(self.entries.len());
        for (declaration, route, guard) in self.entries {
            declarations.push(declaration);
            routes.push((route, guard));
        }
        Ok((Registry::new(declarations)?, Routes(routes)))
    }
}

/// The call of each operation.
pub struct Routes<H>(Vec<(Route<H>, Option<Guard<H>>)>);

impl<H> Routes<H> {
    /// How the operation is called.
    pub fn get(&self, id: OperationId) -> Route<H> {
        self.0[id.index()].0
    }

    /// The same; `None` for what the server does itself, and for a tool that was added at run time.
    pub(crate) fn find(&self, id: OperationId) -> Option<Route<H>> {
        self.0.get(id.index()).map(|(route, _)| *route)
    }

    /// What is asked before, if anything is.
    pub(crate) fn guard(&self, id: OperationId) -> Option<Guard<H>> {
        self.0.get(id.index())?.1
    }
}
