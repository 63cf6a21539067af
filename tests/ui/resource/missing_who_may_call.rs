use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[resource(uri = "todo://all")]
    async fn todo(&self) -> &'static str {
        "todo"
    }
}

fn main() {}
