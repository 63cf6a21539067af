use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[resource(uri = "todo://{id}/{id}", public)]
    async fn todo(&self, id: u64) -> &'static str {
        let _ = id;
        "todo"
    }
}

fn main() {}
