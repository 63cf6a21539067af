use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public)]
    async fn add(&self, title: String, count: u32) -> String {
        title.repeat(count as usize)
    }
}

fn main() {}
