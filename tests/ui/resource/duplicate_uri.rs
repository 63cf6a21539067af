use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[resource(uri = "todo://all", public)]
    async fn todos(&self) -> &'static str {
        "all"
    }

    #[resource(uri = "todo://all", public)]
    async fn all(&self) -> &'static str {
        "all"
    }
}

fn main() {}
