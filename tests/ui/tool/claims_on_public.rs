use mcp_auth::prelude::*;

struct Todos;

struct Tenant;

#[server]
impl Todos {
    #[tool(public)]
    async fn list(&self, claims: Claims<Tenant>) {
        let _ = claims;
    }
}

fn main() {}
