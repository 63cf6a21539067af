//! Every `mcp.toml` of the book starts a server: the to-do server below, with the least a server needs where a fragment
//! leaves it out. A block marked `<!-- refused -->` does not, and the block after it shows what the server says.

use std::io;
use std::path::Path;
use std::sync::Arc;

use mcp_auth::config::process::{FileText, Files, ProcessContext, SystemFiles};
use mcp_auth::prelude::*;
use mcp_auth::{Config, Handler as _};

use crate::markdown::{Block, Page};

#[derive(Clone)]
struct Todos;

/// What the book's examples declare.
#[server(name = "todos")]
impl Todos {
    /// List the caller's todos.
    #[tool(scope = "todos.read")]
    fn list_todos(&self) -> &'static str {
        ""
    }

    /// Add a todo.
    #[tool(scope = "todos.write")]
    fn add_todo(&self) -> &'static str {
        ""
    }
}

#[derive(Clone)]
struct Clock;

/// A server for all callers.
#[server(name = "clock")]
impl Clock {
    /// The time.
    #[tool(public)]
    fn time(&self) -> &'static str {
        ""
    }
}

#[derive(Clone)]
struct Calendar;

/// A server that acts for people at a provider.
#[server(name = "calendar")]
impl Calendar {
    /// What is on today.
    #[tool(scope = "todos.read", upstream = "google")]
    fn events(&self, _google: Upstream) -> &'static str {
        ""
    }
}

/// What a fragment may leave out.
fn least(text: &str) -> &'static str {
    if text.contains("[issuer]") && !text.contains("enabled = false") {
        "[auth]\nbase_scopes = [\"todos.read\"]\n"
    } else if text.contains("\"none\"") {
        ""
    } else {
        "[server]\npublic_url = \"https://todos.example.com/mcp\"\n[auth]\nbase_scopes = [\"todos.read\"]\n\
         [[auth.issuers]]\nissuer = \"https://login.example.com/\"\n"
    }
}

/// The files of `[server.tls]`: one certificate, its own authority, and its key.
struct TlsFiles(rcgen::CertifiedKey<rcgen::KeyPair>);

impl Files for TlsFiles {
    fn read(&self, path: &Path) -> io::Result<FileText> {
        if !path.starts_with("tls") && !path.starts_with("./tls") {
            return SystemFiles.read(path);
        }
        let text = match path.ends_with("key.pem") {
            true => self.0.signing_key.serialize_pem(),
            false => self.0.cert.pem(),
        };
        Ok(FileText { text, world_readable: false })
    }
}

/// A picture at every path.
struct LogoFile;

impl Files for LogoFile {
    fn read(&self, _: &Path) -> io::Result<FileText> {
        let text = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_owned();
        Ok(FileText { text, world_readable: false })
    }
}

/// What the variable `name` of an example holds: something of the kind that its name says.
fn secret(name: &str) -> String {
    match name {
        _ if name.ends_with("STORE_KEY") => "5a".repeat(32),
        _ if name.ends_with("DATABASE_URL") => {
            "postgres://todos:not-a-real-secret@db.internal/todos".to_owned()
        }
        _ if name.ends_with("REDIS_URL") => "rediss://:not-a-real-secret@cache.internal/0".to_owned(),
        _ if name.ends_with("LOGIN_KEY") => "not-a-real-secret-of-32-bytes-or-more".to_owned(),
        _ => "not-a-real-secret".to_owned(),
    }
}

/// What the server says to `text`: nothing, or why it does not start.
fn start(text: &str, least: &str) -> Result<(), String> {
    let mut process = ProcessContext::empty();
    if text.contains("\"file:tls/") {
        let own =
            rcgen::generate_simple_self_signed(["todos.example.com".to_owned()]).expect("a certificate");
        process.files = Arc::new(TlsFiles(own));
    }
    if text.contains("\"file:logo.") {
        process.files = Arc::new(LogoFile);
    }
    for name in text.split("\"env:").skip(1).filter_map(|rest| rest.split('"').next()) {
        process = process.variable(name, secret(name));
    }
    let config = Config::builder().process(process).toml(least).toml(text).build();
    let config = config.map_err(|error| error.to_string())?;
    let operations = if text.contains("\"none\"") {
        Clock::operations().build().map(|(registry, _)| registry)
    } else if text.contains("upstream = \"google\"") {
        Calendar::operations().build().map(|(registry, _)| registry)
    } else {
        Todos::operations().build().map(|(registry, _)| registry)
    };
    let registry = operations.map_err(|error| error.to_string())?;
    config.check(&registry).map(|_| ()).map_err(|error| error.to_string())
}

pub fn check(page: &Page, block: &Block) {
    let at = format!("{}:{}", page.name, block.line);
    if block.marker.as_deref() != Some("refused") {
        let whole = block.marker.as_deref() == Some("whole");
        if let Err(refusal) = start(&block.text, if whole { "" } else { least(&block.text) }) {
            panic!("{at}: this does not start a server:\n{refusal}");
        }
        return;
    }
    let shown = page.blocks.iter().find(|other| other.line > block.line).expect("what the server says");
    assert_eq!(shown.language(), "text", "{at}: the next block shows what the server says");
    let refusal = start(&block.text, least(&block.text)).expect_err("a refusal");
    let refusal = refusal.replace("the configuration text", "mcp.toml");
    assert_eq!(shown.text.trim_end(), refusal, "{at}: what the server says");
}

#[test]
fn a_mistake_in_a_block_is_found() {
    assert!(start("[auth]\nbase_scope = []\n", least("")).is_err());
    assert!(start("[scopes.\"todos.writ\"]\ndescription = \"x\"\n", least("")).is_err());
    assert_eq!(start("[limits]\nbody = \"1 MiB\"\n", least("")), Ok(()));
}
