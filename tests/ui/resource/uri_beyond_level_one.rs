use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[resource(uri = "todo://{+path}", public)]
    async fn todo(&self, path: String) -> &'static str {
        let _ = path;
        "todo"
    }
}

fn main() {}
