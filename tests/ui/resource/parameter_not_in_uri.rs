use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[resource(uri = "todo://{id}", public)]
    async fn todo(&self, id: u64, list: String) -> String {
        format!("{list} {id}")
    }
}

fn main() {}
