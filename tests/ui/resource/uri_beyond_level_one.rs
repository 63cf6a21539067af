use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[resource(uri = "todo://{+path}", public)]
    async fn todo(&self, path: String) -> &'static str {
        "todo"
    }
}

fn main() {}
