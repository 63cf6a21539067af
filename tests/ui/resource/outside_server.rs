use mcp_auth::prelude::*;

struct Todos;

impl Todos {
    #[resource(uri = "todo://all", public)]
    async fn todos(&self) {}
}

fn main() {}
