use mcp_auth::prelude::*;

struct Todos;

struct Tenant {
    tenant: String,
}

#[server]
impl Todos {
    #[tool(authenticated)]
    async fn tenant(&self, Claims(claims): Claims<Tenant>) -> String {
        claims.tenant
    }
}

fn main() {}
