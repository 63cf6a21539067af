//! The server: what it offers, and who may call it. No rule is stated anywhere else.
{% if sqlite %}
use std::path::Path;
{% endif %}
use mcp_auth::prelude::*;
use mcp_auth::tracing;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::store::{Note, Store};

/// The longest text of a note, in characters.
const MAX_TEXT: usize = 1000;

/// The server: one store, each caller's notes apart.
#[derive(Clone{% if sqlite %}{% else %}, Default{% endif %})]
pub struct Notes {
    store: Store,
}
{%- if sqlite %}

impl Notes {
    /// On the database at `path`, made if it is not there; `:memory:` is one that ends with the process.
    ///
    /// # Errors
    /// A file that cannot be opened, or is not a database.
    pub fn open(path: &Path) -> mcp_auth::Result<Self> {
        let store = Store::open(path)?;
        Ok(Self { store })
    }
}
{%- endif %}

/// What `list_notes` answers.
#[derive(Serialize, JsonSchema)]
struct NoteList {
    /// The caller's notes, oldest first.
    notes: Vec<Note>,
}

/// What `add_note` takes.
#[derive(Deserialize, JsonSchema)]
struct NewNote {
    /// The text, 1 to 1000 characters.
    #[schemars(length(min = 1, max = 1000))]
    text: String,
}

/// What `delete_note` takes.
#[derive(Deserialize, JsonSchema)]
struct WhichNote {
    /// The note's number, as `list_notes` shows it.
    id: u64,
}

/// {{description}}
#[server]
impl Notes {
    /// List the caller's notes.
    #[tool(scope = "notes.read", read_only)]
    async fn list_notes(&self, caller: Caller) -> Result<Json<NoteList>, ToolError> {
        let notes = self.store.list(caller.id()){% if sqlite %}.await?{% endif %};
        Ok(Json(NoteList { notes }))
    }

    /// Add a note.
    #[tool(scope = "notes.write", destructive = false)]
    async fn add_note(
        &self,
        caller: Caller,
        Parameters(new): Parameters<NewNote>,
    ) -> Result<Json<Note>, ToolError> {
        let text = new.text.trim();
        if text.is_empty() || text.chars().count() > MAX_TEXT {
            let told = format!("a note has 1 to {MAX_TEXT} characters");
            return Err(ToolError::new(told));
        }
        let added = self.store.add(caller.id(), text.to_owned()){% if sqlite %}.await?{% endif %};
        let full = || ToolError::new("there is no room; delete a note first");
        added.map(Json).ok_or_else(full)
    }

    /// Delete one of the caller's notes for good.
    #[tool(scope = "notes.write", destructive)]
    async fn delete_note(
        &self,
        caller: Caller,
        Parameters(WhichNote { id }): Parameters<WhichNote>,
    ) -> Result<Json<Note>, ToolError> {
        let deleted = self.store.delete(caller.id(), id){% if sqlite %}.await?{% endif %};
        let deleted = deleted.ok_or_else(|| no_such_note(id))?;
        tracing::info!(id, "note deleted"); // the log adds whose call it was
        Ok(Json(deleted))
    }

    /// Is the server up?
    #[tool(public, read_only)]
    async fn ping(&self) -> &'static str {
        "pong"
    }

    /// One of the caller's notes.
    #[resource(
        uri = "note://{id}",
        scope = "notes.read",
        mime_type = "application/json"
    )]
    async fn note(&self, caller: Caller, id: u64) -> Result<Json<Note>, ToolError> {
        let found = self.store.find(caller.id(), id){% if sqlite %}.await?{% endif %};
        found.map(Json).ok_or_else(|| no_such_note(id))
    }
}

/// The same for a note that does not exist and for another caller's.
fn no_such_note(id: u64) -> ToolError {
    ToolError::not_found(format!("you have no note {id}"))
}
