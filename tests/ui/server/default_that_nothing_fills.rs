use mcp_auth::prelude::*;

struct Files;

#[server(scope = "files:{bucket}:read")]
impl Files {
    #[tool]
    async fn list(&self) {}
}

fn main() {}
