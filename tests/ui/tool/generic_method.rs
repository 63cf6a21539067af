use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public)]
    async fn list<T, const N: usize>(&self, name: impl Into<String>) {
        let _ = name;
    }
}

fn main() {}
