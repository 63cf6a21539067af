use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[resource(uri = "todo://all", authenticated, confirm)]
    async fn all(&self) -> &'static str {
        "all"
    }

    #[resource(uri = "todo://{id}", authenticated, confirm = "login")]
    async fn one(&self, id: u32) -> String {
        id.to_string()
    }
}

fn main() {}
