use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public)]
    async fn list(&self) -> Result<String, std::io::Error> {
        std::fs::read_to_string("todos")
    }
}

fn main() {}
