use mcp_auth::Handler;
use mcp_auth::prelude::*;

struct Todos;

type New = Parameters<JsonObject>;

#[server]
impl Todos {
    #[tool(public)]
    async fn add(&self, new: New) {
        drop(new);
    }
}

fn main() {
    let _ = Todos::operations();
}
