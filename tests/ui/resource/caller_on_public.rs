use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[resource(uri = "todo://{id}", public)]
    async fn todo(&self, id: String, caller: Caller) -> String {
        format!("{id} {}", caller.subject())
    }
}

fn main() {}
