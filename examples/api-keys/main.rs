//! A server for programs: it accepts API keys and nothing else. `cargo run --example api-keys`; `README.md` beside this file
//! says how to make a key and call it.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use mcp_auth::Config;
use mcp_auth::prelude::*;

/// Reports that programs write at night and read in the morning.
#[derive(Clone, Default)]
struct Reports {
    published: Arc<Mutex<Vec<String>>>,
}

/// What `publish_report` takes.
#[derive(serde::Deserialize, schemars::JsonSchema)]
struct Report {
    /// What it says.
    text: String,
}

#[server(name = "reports")]
impl Reports {
    /// Every report, with the key that published it.
    #[tool(scope = "reports.read", read_only)]
    fn list_reports(&self) -> String {
        self.published.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    /// Publish a report.
    #[tool(scope = "reports.write")]
    fn publish_report(&self, caller: Caller, Parameters(report): Parameters<Report>) -> &'static str {
        // The name of the key; it stays the same when the key is changed.
        let line = format!("{}: {}", caller.subject(), report.text);
        self.published.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        "published"
    }

    /// Forget every report. For keys with the role `keeper`.
    #[tool(scope = "reports.write")]
    fn forget_reports(&self, caller: Caller) -> Result<&'static str, ToolError> {
        if !caller.has_role("keeper") {
            return Err(ToolError::forbidden("this is for keepers"));
        }
        self.published.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok("forgotten")
    }
}

#[tokio::main]
async fn main() -> mcp_auth::Result {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/api-keys");
    let config = Config::from_args_or(here.join("mcp.toml"))?;
    mcp_auth::serve_with(Reports::default(), config).await
}
