use mcp_auth::prelude::*;

struct Todos;

impl Todos {
    #[prompt(public)]
    async fn plan(&self) {}
}

fn main() {}
