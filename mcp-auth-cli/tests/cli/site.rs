//! A running mcp-auth server with the built-in issuer, whose clock the test moves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use mcp_auth::ambient::{Ambient, Clock, SystemClock};
use mcp_auth::prelude::*;
use mcp_auth::{Config, Running, Server};

/// Notes of everybody.
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

use mcp_auth::schemars;

#[server(name = "notes")]
impl Notes {
    /// The notes.
    #[tool(scope = "notes.read", read_only)]
    fn list_notes(&self) -> String {
        self.0.lock().unwrap().join(", ")
    }

    /// Add a note.
    #[tool(scope = "notes.write")]
    fn add_note(&self, Parameters(new): Parameters<NewNote>) -> Result<String, ToolError> {
        if new.text.is_empty() {
            return Err(ToolError::new("a note needs a text"));
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

/// The operating system's clock, and how far the test moved it on.
#[derive(Default)]
struct MovedClock(AtomicU64);

impl Clock for MovedClock {
    fn unix_now(&self) -> u64 {
        SystemClock.unix_now() + self.0.load(Ordering::SeqCst)
    }
}

/// A started server.
pub(crate) struct Site {
    running: Running,
    notes: Notes,
    clock: Arc<MovedClock>,
    _state: tempfile::TempDir,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let state = tempfile::tempdir().unwrap();
        let config = format!(
            r#"
            [server]
            listen = "127.0.0.1:0"
            [auth]
            mode = "embedded"
            base_scopes = ["notes.read"]
            [auth.embedded]
            state_dir = {directory:?}
            users = ["alice", "bob"]
            "#,
            directory = state.path(),
        );
        let (notes, clock) = (Notes::default(), Arc::new(MovedClock::default()));
        let ambient = Ambient { clock: Arc::clone(&clock) as Arc<dyn Clock>, ..Ambient::system() };
        let builder = Server::builder(notes.clone()).ambient(ambient);
        let running = builder.config(Config::from_toml_str(&config).unwrap()).start().await.unwrap();
        Self { running, notes, clock, _state: state }
    }

    pub(crate) fn url(&self) -> &str {
        self.running.resource()
    }

    pub(crate) fn notes(&self) -> Vec<String> {
        self.notes.0.lock().unwrap().clone()
    }

    /// Every access token issued until now has expired for the server.
    pub(crate) fn wait_until_tokens_expire(&self) {
        self.clock.0.fetch_add(20 * 60, Ordering::SeqCst);
    }
}
