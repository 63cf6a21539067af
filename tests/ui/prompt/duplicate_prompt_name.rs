use mcp_auth::prelude::*;

struct Todos;

#[server]
impl Todos {
    #[prompt(public)]
    async fn plan(&self) -> &'static str {
        "plan"
    }

    #[prompt(public, name = "plan")]
    async fn plan_my_day(&self) -> &'static str {
        "plan"
    }
}

fn main() {}
