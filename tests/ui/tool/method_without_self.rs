use mcp_auth::prelude::*;

struct Todos {
    name: String,
}

#[server]
impl Todos {
    #[tool(public)]
    async fn name() -> String {
        self.name.clone()
    }
}

fn main() {}
