use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[prompt(authenticated, confirm)]
    async fn plan(&self) -> &'static str {
        "plan"
    }

    #[prompt(authenticated, confirm = "login")]
    async fn review(&self) -> &'static str {
        "review"
    }
}

fn main() {}
