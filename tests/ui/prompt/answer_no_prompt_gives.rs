use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[prompt(public)]
    async fn plan(&self) {}
}

fn main() {}
