use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[resource(uri = "todo://all", public)]
    async fn todo(&self, Parameters(_): Parameters<JsonObject>) -> &'static str {
        "todo"
    }
}

fn main() {}
