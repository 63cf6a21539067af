use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[resource(uri = "todo://all", public)]
    async fn todos(&self) -> u8 {
        5
    }
}

fn main() {}
