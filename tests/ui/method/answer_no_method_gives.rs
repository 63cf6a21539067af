use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[method("todos/count", authenticated)]
    async fn count(&self) -> usize {
        0
    }
}

fn main() {}
