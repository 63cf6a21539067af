use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[tool(public)]
    async fn list(&self, Parameters(a): Parameters<JsonObject>, rest: JsonObject) {
        let _ = (rest, a);
    }
}

fn main() {}
