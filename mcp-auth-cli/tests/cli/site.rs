//! A running mcp-auth server with the built-in issuer, and a clock that the test can set.

use std::sync::{Arc, Mutex};

use mcp_auth::extract::ProgressToken;
use mcp_auth::model::ProgressNotificationParam;
use mcp_auth::prelude::*;

/// A server with one list of notes for all callers.
#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<String>>>);

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[schemars(crate = "mcp_auth::schemars")]
struct NewNote {
    /// What it says.
    text: String,
    /// How often to add it.
    times: Option<u32>,
    /// Words to find it by.
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[schemars(crate = "mcp_auth::schemars")]
struct Sure {
    /// Forget them for good?
    sure: bool,
    why: Option<String>,
}

use mcp_auth::schemars;

#[server(name = "notes")]
impl Notes {
    /// The notes.
    #[tool(scope = "notes.read", read_only)]
    fn list_notes(&self) -> String {
        self.0.lock().unwrap().join(", ")
    }

    /// Forget all notes, after a question.
    #[tool(scope = "notes.write", destructive)]
    async fn clear_notes(
        &self,
        peer: Peer<RoleServer>,
        progress: Option<ProgressToken>,
        mut ask: Ask,
    ) -> Result<String, ToolError> {
        if let Some(token) = progress {
            let report = ProgressNotificationParam::new(token, 1.0).with_total(2.0).with_message("counting");
            peer.notify_progress(report).await?;
        }
        let count = self.0.lock().unwrap().len();
        match ask.form::<Sure>(format!("Forget {count} notes?")).await? {
            Reply::Accepted(Sure { sure: true, why }) => {
                self.0.lock().unwrap().clear();
                Ok(format!("forgotten: {}", why.unwrap_or_default()))
            }
            Reply::Accepted(_) | Reply::Declined => Ok("kept".to_owned()),
            Reply::Cancelled => Ok("no answer came".to_owned()),
        }
    }

    /// Add a note.
    #[tool(scope = "notes.write")]
    fn add_note(&self, Parameters(new): Parameters<NewNote>) -> Result<String, ToolError> {
        if new.text.is_empty() {
            return Err(ToolError::new("a note needs a text"));
        }
        if new.text == "protocol" {
            return Err(ToolError::protocol(ErrorData::invalid_params("a text of another kind", None)));
        }
        let times = new.times.unwrap_or(1);
        let note =
            format!("{}{}", new.text, new.tags.iter().map(|tag| format!("#{tag}")).collect::<String>());
        self.0.lock().unwrap().extend(std::iter::repeat_n(note, times as usize));
        Ok(format!("added {times}"))
    }

    /// Who calls.
    #[tool(authenticated)]
    fn whoami(&self, caller: Caller) -> String {
        caller.subject().to_owned()
    }
}

/// A running server.
pub(crate) struct Site(mcp_auth_tests::site::Site<Notes>);

impl Site {
    pub(crate) async fn start() -> Self {
        let toml = "[auth]\nbase_scopes = [\"notes.read\"]\n";
        Self(mcp_auth_tests::site::Site::start(Notes::default(), toml).await)
    }

    pub(crate) fn url(&self) -> &str {
        self.0.url()
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.0.server().0.lock().unwrap().clone()
    }

    /// Moves the server's clock until every access token issued so far has expired.
    pub(crate) fn wait_until_tokens_expire(&self) {
        self.0.clock().advance(20 * 60);
    }
}
