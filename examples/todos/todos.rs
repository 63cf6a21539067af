//! The server: what exists and who may call it. No rule is stated anywhere else.

use std::path::Path;

use mcp_auth::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::store::{Store, Todo, TodoId};

/// The longest title a todo may have, in characters.
const MAX_TITLE: usize = 500;

/// The server: one database, each caller's todos apart.
#[derive(Clone)]
pub(crate) struct Todos {
    store: Store,
}

impl Todos {
    /// On the database `TODOS_DB` names, else `todos.db` in `directory`.
    pub(crate) fn new(directory: &Path) -> Self {
        let path = std::env::var_os("TODOS_DB").map_or_else(|| directory.join("todos.db"), Into::into);
        Self { store: Store::at(path) }
    }
}

/// What `list_todos` answers.
#[derive(Serialize, JsonSchema)]
struct TodoList {
    /// The caller's todos: open ones first, oldest first.
    todos: Vec<Todo>,
}

/// What `add_todo` takes.
#[derive(Deserialize, JsonSchema)]
struct NewTodo {
    /// What there is to do, 1 to 500 characters.
    #[schemars(length(min = 1, max = 500))]
    title: String,
}

/// Which todo.
#[derive(Deserialize, JsonSchema)]
struct WhichTodo {
    /// The todo's number, as `list_todos` shows it.
    id: TodoId,
}

/// What `delete_todo` answers.
#[derive(Serialize, JsonSchema)]
struct Deleted {
    /// The number of the todo that is gone.
    id: TodoId,
}

/// A to-do list for each person who logs in. Call `list_todos` first: the other tools take its numbers.
#[server]
impl Todos {
    /// List the caller's todos.
    #[tool(scope = "todos.read", read_only)]
    async fn list_todos(&self, caller: Caller) -> Result<Json<TodoList>, ToolError> {
        Ok(Json(TodoList { todos: self.store.list(caller.id()).await? }))
    }

    /// Add a todo.
    #[tool(scope = "todos.write", destructive = false)]
    async fn add_todo(
        &self,
        caller: Caller,
        Parameters(new): Parameters<NewTodo>,
    ) -> Result<Json<Todo>, ToolError> {
        let title = new.title.trim();
        if title.is_empty() || title.chars().count() > MAX_TITLE {
            return Err(ToolError::new(format!("a title has 1 to {MAX_TITLE} characters")));
        }
        let added = self.store.add(caller.id(), title.to_owned()).await?;
        added.map(Json).ok_or_else(|| ToolError::new("the list is full; delete a todo first"))
    }

    /// Mark one of the caller's todos as done.
    #[tool(scope = "todos.write", destructive = false, idempotent)]
    async fn complete_todo(
        &self,
        caller: Caller,
        Parameters(WhichTodo { id }): Parameters<WhichTodo>,
    ) -> Result<Json<Todo>, ToolError> {
        self.store.complete(caller.id(), id).await?.map(Json).ok_or_else(|| no_such_todo(id))
    }

    /// Delete one of the caller's todos for good.
    #[tool(scope = "todos.write", destructive)]
    async fn delete_todo(
        &self,
        caller: Caller,
        Parameters(WhichTodo { id }): Parameters<WhichTodo>,
    ) -> Result<Json<Deleted>, ToolError> {
        if self.store.delete(caller.id(), id).await? {
            Ok(Json(Deleted { id }))
        } else {
            Err(no_such_todo(id))
        }
    }

    /// Is the server up?
    #[tool(public, read_only)]
    async fn ping(&self) -> &'static str {
        "pong"
    }

    /// One of the caller's todos.
    #[resource(uri = "todo://{id}", scope = "todos.read", mime_type = "application/json")]
    async fn todo(&self, caller: Caller, id: TodoId) -> Result<Json<Todo>, ToolError> {
        self.store.find(caller.id(), id).await?.map(Json).ok_or_else(|| no_such_todo(id))
    }

    /// Plan the day around the caller's open todos.
    #[prompt(scope = "todos.read")]
    async fn plan_my_day(&self, caller: Caller) -> Result<Vec<PromptMessage>, ToolError> {
        let todos = self.store.list(caller.id()).await?;
        let open: Vec<_> = todos.iter().filter(|todo| !todo.done).map(|todo| format!("- {todo}")).collect();
        let text = if open.is_empty() {
            "I have no open todos. Ask me what I want to get done today.".to_owned()
        } else {
            format!("Plan my day around my open todos, the most urgent first:\n{}", open.join("\n"))
        };
        Ok(vec![PromptMessage::new_text(Role::User, text)])
    }
}

/// The same for a todo that does not exist and for another caller's.
fn no_such_todo(id: TodoId) -> ToolError {
    ToolError::not_found(format!("you have no todo {id}"))
}
