use mcp_auth::prelude::*;

struct Todos;

struct TodoId;

#[server]
impl Todos {
    #[resource(uri = "todo://{id}", public)]
    async fn todo(&self, id: TodoId) -> &'static str {
        let _ = id;
        "todo"
    }
}

fn main() {}
