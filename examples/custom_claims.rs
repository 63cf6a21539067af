//! Claims that your authorization server adds to its tokens, as your own type.
//!
//! The token is verified before a method runs. Its claims then come as an argument, so a method cannot forget to look.

use mcp_auth::prelude::*;
use serde::Deserialize;

/// What our authorization server says of a person besides who they are. Claims that are not named here are left out.
#[derive(Deserialize)]
struct Work {
    /// Required: a token without it is refused with 403, and the method does not run.
    tenant: String,
    /// Not required.
    #[serde(default)]
    departments: Vec<String>,
}

#[derive(Clone)]
pub(crate) struct Reports;

#[server(name = "reports")]
impl Reports {
    /// The newest report of the caller's company.
    #[tool(scope = "reports.read", read_only)]
    fn newest(&self, Claims(work): Claims<Work>) -> Result<String, ToolError> {
        // A scope says what a client may do for a person; a claim says something about the person.
        if !work.departments.iter().any(|department| department == "finance") {
            return Err(ToolError::new("reports are for the finance department"));
        }
        Ok(format!("the newest report of {}", work.tenant))
    }
}

#[tokio::main]
async fn main() -> mcp_auth::Result {
    mcp_auth::serve(Reports).await
}
