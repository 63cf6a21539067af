//! A long call that says how far it is, and stops when its client no longer wants the answer.
//!
//! `cargo run --example progress`; `mcp.toml` is that of any server, here `[auth] verify = "none"`, since all is public.

use std::time::Duration;

use mcp_auth::extract::{CancellationToken, Peer, ProgressToken, RoleServer};
use mcp_auth::model::ProgressNotificationParam;
use mcp_auth::prelude::*;

/// How many pages there are to read.
const PAGES: u32 = 5;

/// How long one takes.
const PAGE: Duration = Duration::from_millis(100);

#[derive(Clone)]
struct Library;

#[server(name = "library")]
impl Library {
    /// Counts the words of a book, page by page.
    #[tool(public, read_only)]
    async fn count_words(
        &self,
        client: Peer<RoleServer>,
        wanted: Option<ProgressToken>,
        cancelled: CancellationToken,
    ) -> Result<String, ToolError> {
        let mut words = 0;
        for page in 1..=PAGES {
            tokio::select! {
                count = words_of(page) => words += count,
                // What the call has begun is put in order here. What must be finished in any case belongs into
                // `tokio::spawn`: the call itself may be dropped at any `.await`.
                () = cancelled.cancelled() => return Err(ToolError::new(format!("stopped at page {page}"))),
            }
            // Only a client that sent a progress token wants to know.
            if let Some(token) = &wanted {
                let report = ProgressNotificationParam::new(token.clone(), f64::from(page));
                client.notify_progress(report.with_total(f64::from(PAGES))).await?;
            }
        }
        Ok(format!("{words} words"))
    }
}

async fn words_of(page: u32) -> u32 {
    tokio::time::sleep(PAGE).await;
    100 * page
}

#[tokio::main]
async fn main() -> mcp_auth::Result {
    mcp_auth::serve(Library).await
}
