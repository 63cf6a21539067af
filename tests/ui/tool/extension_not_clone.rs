use mcp_auth::extract::Extension;
use mcp_auth::prelude::*;

struct Todos;

struct Tenant;

#[server]
impl Todos {
    #[tool(public)]
    async fn tenant(&self, Extension(tenant): Extension<Tenant>) {
        let _ = tenant;
    }
}

fn main() {}
